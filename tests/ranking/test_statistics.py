"""The counter of statistics: against the definitions, event by event, and in any number of parts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapshelf.catalogue import Product
from snapshelf.events import WEIGHTS, Impression, Interaction
from snapshelf.ranking import (
    InteractionHistories,
    Items,
    ItemStatistics,
    count,
    count_histories,
)
from snapshelf.ranking.statistics import StatisticsCounter

DAY = 86_400.0
NOW = 20_000 * DAY
IDS = [f"p{number}" for number in range(8)]
ITEMS = Items.of(
    [
        Product(id=id, title=id, brand=f"b{place % 3}", category=("Shop", f"kind{place % 2}"))
        for place, id in enumerate(IDS)
    ]
)
BRANDS = {id: f"b{place % 3}" for place, id in enumerate(IDS)}

interactions = st.builds(
    Interaction,
    st.sampled_from(["ann", "bob", "cem"]),
    st.sampled_from([*IDS, "gone"]),
    st.integers(1, 60 * 24).map(lambda hours: NOW - hours * 3_600.0),
    st.sampled_from(["click", "cart", "purchase", "remove", "return"]),
    st.sampled_from(["q1", None]),
)
impressions = st.builds(
    lambda products, hours: Impression(
        "q1", "ann", NOW - hours * 3_600.0, tuple(products), (1.0,) * len(products)
    ),
    st.lists(st.sampled_from([*IDS, "gone"]), min_size=1, max_size=4, unique=True),
    st.integers(1, 60 * 24),
)
quick = settings(deadline=None, max_examples=60)


def neighbours(sets: Sequence[set[str]], names: Sequence[str], shrinkage: float) -> np.ndarray:
    counts = {name: sum(name in each for each in sets) for name in names}
    near = np.zeros((len(names), len(names)))
    for row, a in enumerate(names):
        for column, b in enumerate(names):
            both = sum(a in each and b in each for each in sets) if a != b else 0
            if both:
                near[row, column] = both / (np.sqrt(counts[a] * counts[b]) + shrinkage)
    return near


def by_definition(events: Sequence[Interaction], shown: Sequence[Impression]) -> dict[str, np.ndarray]:
    """The statistics of `ITEMS`, by nothing but their definitions."""
    events = [event for event in events if event.product in IDS]
    shoppers = {event.shopper for event in events}
    liked = [event for event in events if WEIGHTS[event.kind] > 0]
    taken = [{event.product for event in liked if event.shopper == shopper} for shopper in shoppers]
    baskets = defaultdict(set)
    for event in events:
        if event.kind == "purchase":
            baskets[event.shopper, event.at // DAY].add(event.product)
    days = {(event.shopper, event.product, event.at // DAY) for event in events if event.kind == "purchase"}
    brands = [{BRANDS[id] for id in own} for own in taken]
    impressions = np.array([sum(id in search.products for search in shown) for id in IDS])
    clicks = np.array(
        [sum(e.product == id and e.kind == "click" and e.query_id is not None for e in events) for id in IDS]
    )
    bought = np.array([sum(product == id for _, product, _ in days) for id in IDS])
    buyers = np.array([len({shopper for shopper, product, _ in days if product == id}) for id in IDS])
    again, kind = bought - buyers, np.arange(len(IDS)) % 2
    mean_again = again.sum() / max(bought.sum(), 1)
    mean_click = clicks.sum() / max(impressions.sum(), 1)
    return {
        "together": neighbours(taken, IDS, 20.0),
        "baskets": neighbours(list(baskets.values()), IDS, 5.0),
        "brands": neighbours(brands, ["b0", "b1", "b2"], 20.0),
        "brand_popularity": np.array([sum(brand in own for own in brands) for brand in ("b0", "b1", "b2")]),
        **{
            name: np.array(
                [sum(0.5 ** ((NOW - e.at) / DAY / half) for e in liked if e.product == id) for id in IDS]
            )
            for name, half in (("popularity", 90), ("popularity_recent", 7))
        },
        "impressions": impressions,
        "clicks": clicks,
        "click_rate": (clicks + 100 * mean_click) / (impressions + 100)
        if impressions.any()
        else np.full(len(IDS), np.nan),
        "repeats": np.array(
            [(again[kind == k].sum() + 20 * mean_again) / (bought[kind == k].sum() + 20) for k in kind]
        ),
    }


def assert_equal(statistics: ItemStatistics, expected: dict[str, np.ndarray]) -> None:
    for name, values in expected.items():
        counted = getattr(statistics, name)
        counted = counted.toarray() if name in ("together", "baskets", "brands") else counted
        np.testing.assert_allclose(counted, values, rtol=1e-5, atol=1e-6, err_msg=name)


@quick
@given(st.lists(interactions, max_size=25), st.lists(impressions, max_size=6))
def test_a_count_is_what_the_definitions_say(events: list[Interaction], shown: list[Impression]) -> None:
    histories = InteractionHistories(ITEMS, events, now=NOW)
    assert_equal(count(ITEMS, histories, shown, until=NOW), by_definition(events, shown))


@quick
@given(st.lists(interactions, max_size=25), st.lists(impressions, max_size=6), st.data())
def test_events_in_any_number_of_parts_give_the_count_of_all(
    events: list[Interaction], shown: list[Impression], data: st.DataObject
) -> None:
    """Events come late as well: a part may hold older events than the parts before it."""
    counter, before = StatisticsCounter(), []
    parts = [data.draw(st.integers(0, 2)) for _ in events]
    searches = [data.draw(st.integers(0, 2)) for _ in shown]
    for part, at in enumerate((NOW - 9 * DAY, NOW - DAY, NOW)):
        added = [event for event, own in zip(events, parts, strict=True) if own == part]
        counter.update(
            by_shopper(before, {event.shopper for event in added}),
            by_shopper(added, {event.shopper for event in added}),
            [search for search, own in zip(shown, searches, strict=True) if own == part],
            BRANDS,
            at=at,
        )
        before += added
    statistics = counter.statistics(ITEMS, ["b0", "b1", "b2"], None)
    assert_equal(statistics, by_definition(events, shown))


def by_shopper(events: Sequence[Interaction], shoppers: set[str]) -> dict[str, list[Interaction]]:
    return {
        shopper: sorted((event for event in events if event.shopper == shopper), key=lambda event: event.at)
        for shopper in shoppers
    }


@quick
@given(st.lists(st.lists(st.integers(0, len(IDS) - 1), max_size=6), max_size=8))
def test_histories_without_times_count_every_shopper_once(baskets: list[list[int]]) -> None:
    statistics = count_histories(ITEMS, [np.array(basket, np.intp) for basket in baskets])
    sets = [{IDS[row] for row in basket} for basket in baskets]
    expected = {
        "together": neighbours(sets, IDS, 20.0),
        "brands": neighbours([{BRANDS[id] for id in own} for own in sets], ["b0", "b1", "b2"], 20.0),
        "popularity": np.array([sum(id in own for own in sets) for id in IDS]),
    }
    assert_equal(statistics, expected)
    assert statistics.popularity_recent is statistics.popularity
    assert statistics.repeats is statistics.impressions is None
    assert np.isnan(statistics.click_rate).all()


def test_few_shoppers_have_a_finite_taste_space() -> None:
    """Six shoppers with the same two products leave nothing to a second direction."""
    taste = count_histories(ITEMS, [np.array([0, 1], np.intp)] * 6).taste
    assert taste is not None
    assert np.isfinite(taste).all()
    assert not taste[2:].any()


def test_events_after_the_moment_are_not_counted() -> None:
    events = [Interaction("ann", "p0", NOW - DAY, "click"), Interaction("ann", "p1", NOW + 60, "click")]
    shown = [Impression("q", "ann", NOW + 1, ("p2",), (1.0,))]
    statistics = count(ITEMS, InteractionHistories(ITEMS, events, now=NOW), shown, until=NOW)
    assert statistics.popularity[0] == pytest.approx(0.5 ** (1 / 90))
    assert not statistics.popularity[1:].any()
    assert statistics.impressions is not None
    assert not statistics.impressions.any()
