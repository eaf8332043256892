from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapshelf.evaluation import evaluate, parse_metrics
from snapshelf.evaluation.random_baseline import random_baseline

METRICS = parse_metrics(
    "R@1,R@4,R@99,P@1,P@4,P@99,RR,RR@1,RR@4,nDCG,nDCG@1,nDCG@4,nDCG@99,AP,AP@1,AP@4,Success@1,Success@4,Success@99"
)


def simulate(judged: dict[str, int], corpus: list[str], rounds: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard error of every metric over random rankings of the corpus."""
    random = np.random.default_rng(1)
    run = {
        str(i): list(zip(corpus, random.permuted(range(len(corpus))).astype(float), strict=True))
        for i in range(rounds)
    }
    values = evaluate(run, dict.fromkeys(run, judged), METRICS).values
    return values.mean(axis=0), values.std(axis=0) / math.sqrt(rounds)


@pytest.mark.parametrize(
    ("judged", "size", "missing"),
    [
        ({"0": 1}, 12, set()),
        ({"0": 1, "1": 1, "2": 3, "3": 0, "4": 2}, 12, set()),
        ({"0": 1, "1": 2, "x": 3, "y": 1}, 12, {"x", "y"}),
        ({"0": 1, "1": 1, "2": 1, "3": 1}, 4, set()),
        ({"0": 1}, 1, set()),
    ],
)
def test_the_closed_forms_agree_with_simulation(judged: dict[str, int], size: int, missing: set[str]) -> None:
    mean, error = simulate(judged, [str(i) for i in range(size)], rounds=2_000)
    expected = [random_baseline(metric, judged, size, missing) for metric in METRICS]
    np.testing.assert_array_less(np.abs(np.array(expected) - mean), 4.5 * error + 1e-9)


@settings(max_examples=20, deadline=None)
@given(corpus=st.integers(1, 6), relevant=st.integers(1, 6))
def test_the_closed_forms_are_the_mean_over_all_rankings(corpus: int, relevant: int) -> None:
    """Every ranking of a small corpus, taken once, rather than a sample."""
    relevant = min(relevant, corpus)
    products = [str(i) for i in range(corpus)]
    judged = {product: 1 + i % 3 for i, product in enumerate(products[:relevant])}
    run = {
        str(i): [(product, -float(rank)) for rank, product in enumerate(order)]
        for i, order in enumerate(permutations(products))
    }
    values = evaluate(run, dict.fromkeys(run, judged), METRICS).values.mean(axis=0)
    assert values == pytest.approx([random_baseline(metric, judged, corpus) for metric in METRICS])


def test_one_relevant_product_in_a_large_catalogue() -> None:
    names = {str(metric): random_baseline(metric, {"a": 1}, 41_623) for metric in METRICS}
    assert [names["R@1"], names["P@1"], names["Success@1"]] == pytest.approx([1 / 41_623] * 3)
    assert [names["RR"], names["AP"]] == pytest.approx([sum(1 / i for i in range(1, 41_624)) / 41_623] * 2)


def test_nothing_relevant_scores_0() -> None:
    assert [random_baseline(metric, {"a": 0}, 10) for metric in METRICS] == [0.0] * len(METRICS)
