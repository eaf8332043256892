from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from snapshelf.errors import EvaluationError
from snapshelf.evaluation import Metric, evaluate, parse_metrics

NAMES = "R@1,R@3,R@50,P@1,P@3,P@50,RR,RR@1,RR@3,nDCG,nDCG@1,nDCG@3,nDCG@50,AP,AP@3,Success@1,Success@3"

PRODUCTS = ["1", "10", "2", "a", "B", "é", "连衣裙", "😀", "\uffee"]
QUERIES = ["q1", "q2", "q3", "q4"]


def drawn_case(rng: np.random.Generator) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, int]]]:
    """A run with many ties and qrels of a few queries; every query has something relevant."""
    levels = [0.0, 0.5, 1.0, 1.0 + 1e-9, -2.0, *rng.uniform(-10, 10, 3)]
    run, qrels = {}, {}
    for query in QUERIES:
        scores = rng.permutation(PRODUCTS)[: rng.integers(1, len(PRODUCTS) + 1)]
        judged = rng.permutation(PRODUCTS)[: rng.integers(1, len(PRODUCTS) + 1)]
        if rng.random() < 0.8:
            run[query] = {str(product): float(rng.choice(levels)) for product in scores}
        if rng.random() < 0.8:
            qrels[query] = {str(product): int(rng.integers(0, 4)) for product in judged} | {str(judged[0]): 1}
    return run or {QUERIES[0]: {PRODUCTS[0]: 1.0}}, qrels or {QUERIES[0]: {PRODUCTS[0]: 1}}


REFEREE = """
import json, sys, ir_measures
names, cases = json.load(sys.stdin)
measures = [ir_measures.parse_measure(name) for name in names.split(",")]
print(json.dumps([
    [[value.query_id, str(value.measure), value.value] for value in ir_measures.iter_calc(measures, qrels, run)]
    for run, qrels in cases
]))
"""


def test_every_metric_equals_ir_measures() -> None:
    """The referee works in a process of its own: trec_eval's C code has been seen to loop for ever."""
    pytest.importorskip("ir_measures")
    rng = np.random.default_rng(11)
    cases = [drawn_case(rng) for _ in range(60)]
    try:
        done = subprocess.run(
            [sys.executable, "-c", REFEREE],
            input=json.dumps([NAMES, cases]),
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    except subprocess.TimeoutExpired:
        pytest.skip("trec_eval's own code did not come to an end")
    for (run, qrels), values in zip(cases, json.loads(done.stdout), strict=True):
        expected = {(query, measure): value for query, measure, value in values if query in qrels}
        scores = evaluate(
            {query: list(hits.items()) for query, hits in run.items()}, qrels, parse_metrics(NAMES)
        )
        assert {
            (query, str(metric)): pytest.approx(scores.values[row, column], abs=1e-12)
            for row, query in enumerate(scores.queries)
            for column, metric in enumerate(scores.metrics)
        } == expected


def test_values_worked_out_by_hand() -> None:
    run = {"q": [("a", 0.9), ("b", 0.8), ("c", 0.7), ("d", 0.6)]}
    qrels = {"q": {"b": 2, "d": 1, "x": 1, "a": 0}}
    scores = evaluate(run, qrels, parse_metrics("R@2 P@2 RR AP nDCG@4 Success@1"))
    ideal = 2 + 1 / np.log2(3) + 1 / 2
    assert scores.values[0] == pytest.approx(
        [1 / 3, 1 / 2, 1 / 2, (1 / 2 + 2 / 4) / 3, (2 / np.log2(3) + 1 / np.log2(5)) / ideal, 0]
    )


def test_a_query_that_the_run_does_not_answer_scores_0() -> None:
    scores = evaluate({"other": [("a", 1.0)]}, {"q": {"a": 1}}, [Metric("RR")])
    assert scores.queries == ("q",)
    assert scores.values.tolist() == [[0.0]]


def test_a_grade_below_0_is_not_relevant() -> None:
    run = {"q": [("spam", 0.9), ("a", 0.8)]}
    metrics = parse_metrics(NAMES)
    below, zero = (evaluate(run, {"q": {"spam": grade, "a": 2}}, metrics).values for grade in (-2, 0))
    assert below.tolist() == zero.tolist()


def test_ties_are_broken_as_ir_measures_does() -> None:
    scores = evaluate({"q": [("a", 1.0), ("b", 1.0)]}, {"q": {"a": 1}}, parse_metrics("RR,RR@10,P@1"))
    assert scores.values.tolist() == [[0.5, 1.0, 0.0]]


def test_a_product_found_twice_is_an_error() -> None:
    with pytest.raises(EvaluationError, match="'q': the run has the same product twice"):
        evaluate({"q": [("a", 1.0), ("a", 0.5)]}, {"q": {"a": 1}}, [Metric("RR")])


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_a_score_that_is_no_number_is_an_error(score: float) -> None:
    with pytest.raises(EvaluationError, match="'q': a score is not a finite number"):
        evaluate({"q": [("a", score)]}, {"q": {"a": 1}}, [Metric("RR")])


def test_parse_metrics() -> None:
    assert parse_metrics(" R@1, nDCG@10 RR,R@1") == [Metric("R", 1), Metric("nDCG", 10), Metric("RR")]
    assert [str(metric) for metric in parse_metrics(NAMES)] == NAMES.split(",")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("", "no metric given; use R@k, P@k"),
        ("MRR@10", "unknown metric 'MRR@10'; known: R@k, P@k"),
        ("r@1", "unknown metric 'r@1'"),
        ("R", "'R' needs a cutoff, for example R@10"),
        ("R@0", "cutoff of the metric 'R@0' must be 1 or more"),
        ("R@ten", "cutoff of the metric 'R@ten' is not an integer"),
        ("R@", "cutoff of the metric 'R@' is not an integer"),
        ("R@-1", "cutoff of the metric 'R@-1' is not an integer"),
    ],
)
def test_a_metric_that_is_not_known_lists_those_that_are(names: str, message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        parse_metrics(names)
