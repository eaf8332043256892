"""What a shelf is asked for an evaluation, and for a calibration."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from snapshelf.errors import EvaluationError
from snapshelf.evaluation import EvaluationQuery, calibrate_shelf, evaluate_shelf, parse_metrics
from snapshelf.index import Ids, Not
from snapshelf.search import Evidence

PRODUCTS = [f"p{number:02}" for number in range(40)]
QUERIES = [EvaluationQuery(f"q{number}", f"canvas shoes {number}") for number in range(60)]
QRELS = {f"q{number}": {PRODUCTS[number % 40]: 1} for number in range(60)}


@dataclass
class Listening:
    """Answers the product with the query's number first, unless it is filtered out; remembers what it is asked."""

    searches: list[dict[str, Any]] = field(default_factory=list)

    def search(self, **options: Any) -> Any:
        self.searches.append(options)
        number = next(int(word) for word in options["text"].split() if word.isdigit())
        right = PRODUCTS[number % len(PRODUCTS)]
        where = options["where"]
        left = [id for id in PRODUCTS if where is None or id not in where.part.ids]
        order = sorted(left, key=lambda id: id != right)[: options["k"]]
        looks = np.array([0.9 if id == right else 0.3 for id in order])
        hits = [
            SimpleNamespace(product=SimpleNamespace(id=id), score=score)
            for id, score in zip(order, looks, strict=True)
        ]
        return SimpleNamespace(
            hits=hits, evidence=Evidence(text_image=looks, text_title=looks, lexical=looks)
        )

    def get(self, product: str, /) -> object:
        return product

    def stats(self) -> Any:
        return SimpleNamespace(products=len(PRODUCTS), fingerprint="abc")


def test_every_product_stands_for_itself() -> None:
    shelf = Listening()
    report = evaluate_shelf(shelf, QUERIES, QRELS, parse_metrics("R@1"))
    assert report.metrics["R@1"].value == 1
    assert {search["text"] for search in shelf.searches} == {query.text for query in QUERIES}
    for search in shelf.searches:
        assert (search["collapse"], search["rules"], search["where"], search["mode"]) == (
            False,
            False,
            None,
            "full",
        )


@pytest.mark.parametrize("variation", ["typo", "order"])
def test_a_variation_changes_what_is_asked_and_nothing_else(variation: Any) -> None:
    shelf = Listening()
    report = evaluate_shelf(shelf, QUERIES, QRELS, parse_metrics("R@1"), variation=variation)
    assert report.variation == variation
    searches = [search["text"] for search in shelf.searches]
    assert len(set(searches) - {query.text for query in QUERIES}) > 30
    again = Listening()
    evaluate_shelf(again, QUERIES, QRELS, parse_metrics("R@1"), variation=variation)
    assert sorted(search["text"] for search in again.searches) == sorted(searches)


def test_a_calibration_asks_with_and_without_the_answer() -> None:
    shelf = Listening()
    fit = calibrate_shelf(shelf, QUERIES, QRELS)
    assert fit.calibration.fingerprint == "abc"
    wheres = [search["where"] for search in shelf.searches]
    assert wheres.count(None) == 60
    assert sorted(map(repr, filter(None, wheres))) == sorted(
        repr(Not(Ids(tuple(judged)))) for judged in QRELS.values()
    )
    (kind, report), *others = fit.kinds.items()
    assert (kind, others, report.queries) == ("words", [], 60)
    # Signals of .9 and .3 tell right from wrong without error.
    assert report.error < 0.05
    looks = np.array([0.9, 0.3])
    best = fit.calibration.relevance(Evidence(text_image=looks, text_title=looks, lexical=looks))
    assert best is not None
    assert best[0] > 0.9
    assert best[1] < 0.1


def test_too_few_queries() -> None:
    with pytest.raises(
        EvaluationError, match="49 judged queries are too few to calibrate; give at least 50 of a kind"
    ):
        calibrate_shelf(Listening(), QUERIES[:49], QRELS)
