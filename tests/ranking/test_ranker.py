"""The contract that every ranker keeps; see `snapshelf.ranking.Ranker`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapshelf.ranking import (
    CandidateTable,
    FixedFormula,
    InteractionHistories,
    InteractionHistory,
    ModelRanker,
    NoRanking,
    Ranker,
    Settings,
    count,
    train,
    training_split,
)
from tests.ranking.taste_shop import DAY, NOW, Shop

UNKNOWN_IDS = ("gone", "not yet read")


@pytest.fixture(scope="module")
def rankers(shop: Shop) -> dict[str, Ranker]:
    split = training_split(shop.items, shop.shown, shop.interactions, now=NOW)
    model = train(split.statistics, split.learn, Settings(trees=30, leaves=7, least_in_leaf=10, threads=1))
    histories = InteractionHistories(shop.items, shop.interactions, now=NOW)
    statistics = count(shop.items, histories, shop.shown, until=NOW)
    return {
        "none": NoRanking(),
        "formula": ModelRanker(statistics, FixedFormula()),
        "model": ModelRanker(statistics, model),
    }


@pytest.fixture(params=["none", "formula", "model"])
def ranker(rankers: dict[str, Ranker], request: pytest.FixtureRequest) -> Ranker:
    return rankers[request.param]


@st.composite
def tables(draw: st.DrawFn, ids: tuple[str, ...]) -> CandidateTable:
    """Candidates with different relevances, some of them unknown to the ranker; with and without probabilities."""
    chosen = draw(st.lists(st.sampled_from((*ids, *UNKNOWN_IDS)), max_size=25, unique=True))
    count = len(chosen)
    relevance = np.array(
        draw(st.lists(st.integers(-200, 1_000), min_size=count, max_size=count, unique=True)), np.float64
    )
    probabilities = draw(st.none() | st.lists(st.floats(0, 1), min_size=count, max_size=count))
    return CandidateTable(
        chosen,
        relevance / 1_000,
        {"title": relevance / 1_000},
        None if probabilities is None else np.array(probabilities),
    )


def histories(shop: Shop) -> st.SearchStrategy[InteractionHistory]:
    def history(events: list[tuple[int, float]]) -> InteractionHistory:
        rows = np.array([row for row, _ in events], np.intp)
        weights = np.array([weight for _, weight in events], np.float32)
        return InteractionHistory.of(rows, weights, NOW - DAY * np.arange(len(events))[::-1])

    rows = st.integers(0, len(shop.items) - 1)
    return st.lists(st.tuples(rows, st.sampled_from([1.0, 4.0, 8.0, -1.0])), max_size=12).map(history)


@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_the_columns_are_finite_and_as_long_as_the_table(
    shop: Shop, rankers: dict[str, Ranker], data: st.DataObject
) -> None:
    table = data.draw(tables(shop.items.ids))
    history, now = data.draw(histories(shop)), data.draw(st.sampled_from([NOW, None]))
    order = np.array(data.draw(st.permutations(range(len(table)))), np.intp)
    for name, ranker in rankers.items():
        columns = ranker.rerank(table, history, now)
        again = ranker.rerank(table, history, now)
        shuffled = ranker.rerank(table.take(order), history, now)
        unknown = [place for place, id in enumerate(table.ids) if id in UNKNOWN_IDS]
        for column, repeated, other in zip(columns, again, shuffled, strict=True):
            assert column.shape == (len(table),), name
            assert column.dtype == np.float32, name
            assert np.isfinite(column).all(), name
            assert not column[unknown].any(), name
            np.testing.assert_array_equal(repeated, column, err_msg=name)
            # Between equal scores of trees rounding decides whether a floor's margin of 0.001 applies.
            np.testing.assert_allclose(other, column[order], rtol=1e-3, atol=2e-3, err_msg=name)
        assert not ranker.rerank(table, InteractionHistory.none(), now).shopper.any(), name


def test_the_score_is_the_sum_of_relevance_and_columns(shop: Shop, rankers: dict[str, Ranker]) -> None:
    """Ranking changes the order, not the level: the mean score stays the mean relevance."""
    ids = [product.id for product in shop.products if product.category[-1] == "shoe"]
    # All are relevant enough, so that no floor holds a candidate back.
    relevance = np.linspace(1.0, 0.9, len(ids))
    history = InteractionHistory.of(shop.items.rows(["Ahorn-bag-0", "Ahorn-hat-1"]))
    table = CandidateTable(ids, relevance)
    for ranker in rankers.values():
        columns = ranker.rerank(table, history, NOW)
        scores = relevance + columns.ranking + columns.shopper
        assert scores.mean() == pytest.approx(relevance.mean(), abs=1e-4)
    # The shopper's column prefers the brand of the history; without it there is no preference.
    liked = np.array([id.startswith("Ahorn") for id in ids])
    for name in ("formula", "model"):
        shopper = rankers[name].rerank(table, history, NOW).shopper
        assert shopper[liked].mean() > shopper[~liked].max(), name


def test_an_empty_table_has_empty_columns(ranker: Ranker) -> None:
    columns = ranker.rerank(CandidateTable([], np.zeros(0)), InteractionHistory.none(), NOW)
    assert [len(column) for column in columns] == [0, 0]


def test_only_the_identity_moves_nothing(shop: Shop, rankers: dict[str, Ranker]) -> None:
    table = CandidateTable(shop.items.ids[:20], np.linspace(1, 0.8, 20))
    moved = {name: ranker.rerank(table, InteractionHistory.none(), NOW) for name, ranker in rankers.items()}
    assert [name for name, columns in moved.items() if columns.ranking.any()] == ["formula", "model"]
