from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapshelf.errors import EvaluationError
from snapshelf.evaluation import Metric, evaluate, parse_metrics

NAMES = "R@1,R@3,R@50,P@1,P@3,P@50,RR,RR@1,RR@3,nDCG,nDCG@1,nDCG@3,nDCG@50,AP,AP@3,Success@1,Success@3"

products = st.sampled_from(["1", "10", "2", "a", "B", "é", "连衣裙", "😀", "\uffee"])
# Few different scores make ties; 1 + 1e-9 is another float64 and the same float32 as 1.
scores = st.sampled_from([0.0, 0.5, 1.0, 1.0 + 1e-9, -2.0]) | st.floats(-10, 10)
queries = st.sampled_from(["q1", "q2", "q3", "q4"])
runs = st.dictionaries(queries, st.dictionaries(products, scores, min_size=1))
# Not below 0: trec_eval's own code does not stand it, and may loop for ever.
judgements = st.dictionaries(queries, st.dictionaries(products, st.integers(0, 3), min_size=1), min_size=1)


@settings(max_examples=150, deadline=None)
@given(run=runs, qrels=judgements)
def test_every_metric_equals_ir_measures(
    run: dict[str, dict[str, float]], qrels: dict[str, dict[str, int]]
) -> None:
    ir_measures = pytest.importorskip("ir_measures")
    measures = [ir_measures.parse_measure(name) for name in NAMES.split(",")]
    expected = {
        (value.query_id, str(value.measure)): value.value
        for value in ir_measures.iter_calc(measures, qrels, run)
        if value.query_id in qrels
    }
    found = evaluate({query: list(hits.items()) for query, hits in run.items()}, qrels, parse_metrics(NAMES))
    assert {
        (query, str(metric)): pytest.approx(found.values[row, column], abs=1e-12)
        for row, query in enumerate(found.queries)
        for column, metric in enumerate(found.metrics)
    } == expected


def test_values_worked_out_by_hand() -> None:
    run = {"q": [("a", 0.9), ("b", 0.8), ("c", 0.7), ("d", 0.6)]}
    qrels = {"q": {"b": 2, "d": 1, "x": 1, "a": 0}}
    found = evaluate(run, qrels, parse_metrics("R@2 P@2 RR AP nDCG@4 Success@1"))
    ideal = 2 + 1 / np.log2(3) + 1 / 2
    assert found.values[0] == pytest.approx(
        [1 / 3, 1 / 2, 1 / 2, (1 / 2 + 2 / 4) / 3, (2 / np.log2(3) + 1 / np.log2(5)) / ideal, 0]
    )


def test_a_query_that_the_run_does_not_answer_scores_0() -> None:
    found = evaluate({"other": [("a", 1.0)]}, {"q": {"a": 1}}, [Metric("RR")])
    assert found.queries == ("q",)
    assert found.values.tolist() == [[0.0]]


def test_a_grade_below_0_is_not_relevant() -> None:
    run = {"q": [("spam", 0.9), ("a", 0.8)]}
    metrics = parse_metrics(NAMES)
    below, zero = (evaluate(run, {"q": {"spam": grade, "a": 2}}, metrics).values for grade in (-2, 0))
    assert below.tolist() == zero.tolist()


def test_ties_are_broken_as_ir_measures_does() -> None:
    found = evaluate({"q": [("a", 1.0), ("b", 1.0)]}, {"q": {"a": 1}}, parse_metrics("RR,RR@10,P@1"))
    assert found.values.tolist() == [[0.5, 1.0, 0.0]]


def test_a_product_found_twice_is_an_error() -> None:
    with pytest.raises(EvaluationError, match="'q': the run finds the same product twice"):
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
        ("", "no metric given; known: R@k, P@k"),
        ("MRR@10", "unknown metric 'MRR@10'; known: R@k, P@k"),
        ("r@1", "unknown metric 'r@1'"),
        ("R", "'R' needs a cutoff, for example R@10"),
        ("R@0", "cutoff of the metric 'R@0' must be 1 or more"),
        ("R@ten", "cutoff of the metric 'R@ten' is no whole number"),
        ("R@", "cutoff of the metric 'R@' is no whole number"),
        ("R@-1", "cutoff of the metric 'R@-1' is no whole number"),
    ],
)
def test_a_metric_that_is_not_known_lists_those_that_are(names: str, message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        parse_metrics(names)
