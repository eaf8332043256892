"""Other rankings judged by a log whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from snapshelf.catalogue import Product
from snapshelf.errors import EvaluationError
from snapshelf.evaluation import evaluate_off_policy
from snapshelf.events import Impression, Interaction
from snapshelf.ranking import (
    CandidateTable,
    FixedFormula,
    InteractionHistories,
    InteractionHistory,
    Items,
    ItemStatistics,
    ModelRanker,
    RankingColumns,
    count_histories,
)

NOW = 1_700_000_000.0
APPEAL = {"p0": 0.15, "p1": 0.55, "p2": 0.3, "p3": 0.45}
LOOKED_AT = (1.0, 0.5)
ITEMS = Items.of([Product(id=id, title=id) for id in APPEAL])


class Truth:
    """Orders by the true appeal, whatever the features are."""

    def rerank(self, table: CandidateTable, history: InteractionHistory, now: float | None) -> RankingColumns:
        appeal = np.array([APPEAL[id] for id in table.ids], np.float32)
        return RankingColumns(appeal - np.asarray(table.relevance, np.float32), np.zeros_like(appeal))


def log(searches: int, seed: int = 0) -> tuple[list[Impression], list[Interaction]]:
    """Lists of two, exchanged by chance with the logged probability; the lower place is looked at half as often."""
    draw = np.random.default_rng(seed)
    names = list(APPEAL)
    shown, interactions = [], []
    for number in range(searches):
        pair = [names[place] for place in sorted(draw.choice(4, 2, replace=False))]
        chance = 0.2
        exchanged = draw.random() < chance
        if exchanged:
            pair.reverse()
        query, at = f"q{number}", NOW - 1_000 + number * 1e-3
        probability = chance if exchanged else 1 - chance
        shown.append(
            Impression(
                query, f"s{number}", at, tuple(pair), (1.0, 0.9), propensities=(probability, probability)
            )
        )
        interactions += [
            Interaction(f"s{number}", product, at + 1e-4, "click", query)
            for product, looked in zip(pair, LOOKED_AT, strict=True)
            if draw.random() < looked * APPEAL[product]
        ]
    return shown, interactions


def true_clicks() -> float:
    """Clicks for each place under the order by appeal, over all pairs."""
    names = list(APPEAL)
    gained = []
    for first in range(4):
        for second in range(first + 1, 4):
            pair = sorted((names[first], names[second]), key=lambda id: -APPEAL[id])
            gained += [looked * APPEAL[id] for looked, id in zip(LOOKED_AT, pair, strict=True)]
    return float(np.mean(gained))


@pytest.fixture(scope="module")
def signals() -> ItemStatistics:
    return count_histories(ITEMS, [])


def test_the_estimates_find_what_the_ranking_would_have_earned() -> None:
    shown, interactions = log(12_000)
    report = evaluate_off_policy(
        Truth(),
        ITEMS,
        InteractionHistories(ITEMS, interactions, now=NOW),
        shown,
        interactions,
        since=shown[4_000].at,
    )
    truth = true_clicks()
    assert report.searches == 8_000
    assert report.places == 16_000
    assert report.refused is None
    assert report.swapped == pytest.approx(0.2 * 16_000, rel=0.1)
    naive = report.estimates["naive"]
    assert not naive.low <= truth <= naive.high
    for name in ("ips", "snips", "doubly_robust"):
        estimate = report.estimates[name]
        assert estimate.low - 0.005 <= truth <= estimate.high + 0.005, name
        assert estimate.value == pytest.approx(truth, abs=0.02)
    width = {name: estimate.high - estimate.low for name, estimate in report.estimates.items()}
    assert width["doubly_robust"] < width["ips"]


def test_few_searches_are_not_trusted() -> None:
    shown, interactions = log(300)
    report = evaluate_off_policy(
        Truth(),
        ITEMS,
        InteractionHistories(ITEMS, interactions, now=NOW),
        shown,
        interactions,
        since=shown[100].at,
    )
    assert report.refused is not None
    assert "effective sample size" in report.refused
    assert report.to_json()["trusted"] is False


def test_shared_lists_later_pages_and_single_products_decide_nothing(signals: ItemStatistics) -> None:
    shown = [
        Impression("shared", "s", NOW, ("p0", "p1"), (1.0, 0.9), interleaving_teams=("a", "b")),
        Impression("page 2", "s", NOW, ("p0", "p1"), (1.0, 0.9), start=10),
        Impression("gone", "s", NOW, ("p0", "other"), (1.0, 0.9)),
    ]
    with pytest.raises(EvaluationError, match="no search since then shows two products"):
        evaluate_off_policy(
            ModelRanker(signals, FixedFormula()),
            ITEMS,
            InteractionHistories(ITEMS, [], now=NOW),
            shown,
            [],
            since=0,
        )
