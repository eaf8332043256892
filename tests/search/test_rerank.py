"""The order of the shop and of the shopper: what moves, what stays, and what chance does."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import product as combinations
from typing import Any

import numpy as np
import pytest

from snapshelf.index import Equals, Ids
from snapshelf.query import Query
from snapshelf.ranking import (
    FixedFormula,
    InteractionHistory,
    Items,
    ModelRanker,
    NoRanking,
    Ranker,
    count_histories,
)
from snapshelf.search import FirstPage, Merchandising, RankedResults, RankingAssignment, Sort
from snapshelf.search.exact_match import names_model
from snapshelf.search.explore import apply_swap, draw_swap, propensities
from snapshelf.search.rules.merchandising import Shift
from tests.search.sample_shop import Shop, chip, unit, words

COUNT = 24
NOW = 1_700_000_000.0


def at(angle: float) -> np.ndarray:
    return unit(np.cos(np.radians(angle)), np.sin(np.radians(angle)))


@pytest.fixture
def ranker(shop: Shop) -> ModelRanker:
    """Products that fit a little worse and worse, of two brands; half of the shoppers buy the one, half the other."""
    for number in range(COUNT):
        brand = ("Ahorn", "Birke")[number % 2]
        shop.put(
            f"p{number:02}",
            at(number),
            title=f"{brand} dress number{number}",
            title_vector=at(2 * number),
            brand=brand,
            group_id=f"g{number // 2}" if number >= 20 else None,
            price=number + 1,
        )
    items = Items.of(list(shop.products.values()))
    bought = [np.arange(start, COUNT, 2) for start in (0, 1) for _ in range(30)]
    bought += [np.array([11, 13])] * 40
    return ModelRanker(count_histories(items, bought), FixedFormula())


def history_of(ranker: ModelRanker, *ids: str) -> InteractionHistory:
    return InteractionHistory.of(ranker.statistics.items.rows(ids))


def assigned(
    ranker: Ranker, history: InteractionHistory | None = None, seed: str = "q", **more: Any
) -> RankingAssignment:
    return RankingAssignment(FirstPage(seed, NOW), ranker, history or InteractionHistory.none(), **more)


QUERIES = (
    Query(at(-20), None),
    words("dress", at(5)),
    Query(at(5), at(9), {"dress": 1.0}, normalised="dress"),
    words("ahorn dress", at(5), chip("brand = Ahorn", Equals("brand", "Ahorn"), boost=0.1)),
)
RULES = Merchandising(
    shifts=(Shift("push", Equals("brand", "Birke"), 0.02),),
    hidden={"recalled": Ids(("p03",))},
    pins={2: ("p17", "pinned")},
)


@pytest.mark.parametrize("query", QUERIES)
def test_the_parts_add_up_and_the_rules_win(shop: Shop, ranker: ModelRanker, query: Query) -> None:
    history = history_of(ranker, "p01", "p05")
    for collapse, diversity, explore, rules, shared in combinations((False, True), repeat=5):
        results = shop.search(
            query,
            assigned(ranker, history, explore=float(explore), challenger=NoRanking() if shared else None),
            within=RULES.left if rules else None,
            rules=RULES if rules else Merchandising(),
            collapse=collapse,
            diversity=0.4 * diversity,
        )
        places = list(results.places)
        assert len(places) == len(set(places)) == COUNT - rules - 2 * collapse
        hits = shop.hits(results)
        for hit in hits:
            assert hit.score == pytest.approx(sum(hit.contributions.values()), abs=1e-9)
        if rules:
            assert places[1] == "p17"
            assert "p03" not in places
            assert all(("rules" in hit.contributions) == (hit.product.brand == "Birke") for hit in hits)
        if not (diversity or rules or explore or shared):
            tiers = results.table.tier[results.table.rows(places)].tolist()
            order = [(tier, -hit.score) for tier, hit in zip(tiers, hits, strict=True)]
            assert order == sorted(order)
        assert any("ranking" in hit.contributions for hit in hits)
        assert any("shopper" in hit.contributions for hit in hits)


@pytest.mark.parametrize("query", QUERIES)
def test_nothing_known_is_nothing_moved(shop: Shop, ranker: ModelRanker, query: Query) -> None:
    plain = shop.search(query)
    empty = ModelRanker(count_histories(ranker.statistics.items, []), FixedFormula())
    for assignment in (assigned(NoRanking()), assigned(empty)):
        results = shop.search(query, assignment)
        assert results.places == plain.places
        scores = [hit.score for hit in shop.hits(results)]
        assert scores == pytest.approx([hit.score for hit in shop.hits(plain)], abs=1e-6)


def test_taste_decides_between_what_fits_alike(shop: Shop, ranker: ModelRanker) -> None:
    def brands(results: RankedResults) -> Counter[str]:
        return Counter(shop.products[id].brand for id in results.places[:10])

    query = words("dress", at(5))
    nobody = brands(shop.search(query, assigned(ranker)))
    for brand, bought in (("Ahorn", "p20"), ("Birke", "p21")):
        own = brands(shop.search(query, assigned(ranker, history_of(ranker, bought))))
        assert own[brand] > nobody[brand]


def test_sorting_and_the_benchmark_protocol_know_no_taste(shop: Shop, ranker: ModelRanker) -> None:
    assignment = assigned(ranker, history_of(ranker, "p01"), explore=1.0)
    for plan in ({"sort": Sort("price")}, {"mode": "photo-vectors"}):
        plain, moved = (shop.search(Query(at(5), None), each, **plan) for each in (None, assignment))
        assert moved.places == plain.places
        assert not any("shopper" in hit.contributions for hit in shop.hits(moved))
        assert moved.propensities() is None


@pytest.mark.parametrize(
    ("query", "known_item"),
    [
        (Query(at(0), None), True),  # the photo of p00
        (Query(at(0.5), None), True),
        (Query(at(-20), None), False),
        (words("Ahorn dress number2", at(20)), True),  # a title
        (words("dress", at(20)), False),
        (replace(words("p07", at(14)), codes={"p07": 3}), True),  # an id
        (words("dress p1-4", at(20)), False),
    ],
)
def test_who_names_a_product_gets_it_whoever_it_is(
    shop: Shop, ranker: ModelRanker, query: Query, known_item: bool
) -> None:
    results = shop.search(query, assigned(ranker, history_of(ranker, "p21", "p19")))
    moved = any("shopper" in hit.contributions for hit in shop.hits(results))
    assert moved is not known_item


@pytest.mark.parametrize(
    ("text", "title", "named"),
    [
        ("wh-1000xm4", "Sony WH-1000XM4 headphones", True),
        ("sony wh1000xm4 black", "Sony WH-1000XM4 headphones", True),
        ("wh-1000xm5", "Sony WH-1000XM4 headphones", False),
        ("4006381333931", "Pen 4006381333931", True),
        ("milk 500ml", "Milk 500ml", False),
        ("dress 2024", "Dress 2024", False),
        ("iphone", "iphone 15", False),
    ],
)
def test_model_numbers_differ_from_other_words(text: str, title: str, named: bool) -> None:
    read = [(text.index("500ml"), len(text))] if "500ml" in text else []
    assert names_model(text, read, [title]) is named


def test_judging_goes_by_what_fits_best_whatever_moved_it(shop: Shop, ranker: ModelRanker) -> None:
    query = words("dress", at(5))
    plain, moved = shop.search(query), shop.search(query, assigned(ranker, history_of(ranker, "p21")))
    assert moved.places[:10] != plain.places[:10]
    assert moved.best == plain.best == plain.places[:10]


def test_chance_swaps_a_pair_of_the_first_ten_and_knows_its_probability(
    shop: Shop, ranker: ModelRanker
) -> None:
    query = words("dress", at(5))
    usual = shop.search(query, assigned(ranker)).places
    seen: dict[tuple[int, str], float] = {}
    for number in range(60):
        assignment = assigned(ranker, seed=f"q{number}", explore=0.6)
        results = shop.search(query, assignment)
        places = results.places
        assert shop.search(query, assignment, depth=3).places[:3] == places[:3]
        moved = [place for place in range(len(usual)) if places[place] != usual[place]]
        assert moved == [] or (len(moved) == 2 and moved[1] == moved[0] + 1 and moved[1] < 10)
        assert sorted(places) == sorted(usual)
        chances = results.propensities()
        assert chances is not None
        seen.update(zip(enumerate(places), chances, strict=True))
    for place in range(len(usual)):
        assert sum(chance for (at, _), chance in seen.items() if at == place) <= 1 + 1e-9
    assert seen[0, usual[0]] == pytest.approx(1 - 0.6 / 2 / 9)
    assert seen[4, usual[4]] == pytest.approx(1 - 0.6 / 9)
    assert seen[15, usual[15]] == 1.0


def test_the_frequencies_are_the_probabilities() -> None:
    places, fixed = [f"p{number}" for number in range(12)], {"p3"}
    seen: Counter[tuple[int, str]] = Counter()
    expected: dict[tuple[int, str], float] = {}
    draws = 6_000
    for number in range(draws):
        swap = draw_swap(places, fixed, seed=str(number), share=0.8)
        shown = apply_swap(places, swap)
        assert shown[3] == "p3"
        for place, chance in enumerate(propensities(shown, fixed, swap, share=0.8)):
            seen[place, shown[place]] += 1
            expected[place, shown[place]] = chance
    for where, chance in expected.items():
        assert seen[where] / draws == pytest.approx(chance, abs=0.03)


def test_two_rankings_share_the_places(shop: Shop, ranker: ModelRanker) -> None:
    query = words("dress", at(5))
    history = history_of(ranker, "p21")
    a = shop.search(query, assigned(ranker, history), collapse=False).places
    b = shop.search(query, collapse=False).places
    seen: Counter[str | None] = Counter()
    for number in range(30):
        assignment = assigned(ranker, history, seed=str(number), challenger=NoRanking())
        results = shop.search(query, assignment, collapse=False)
        assert sorted(results.places) == sorted(a)
        teams = results.table.teams
        seen.update(teams[id] for id in results.places[:10])
        assert results.propensities() is None
        for hit in shop.hits(results):
            assert ("shopper" in hit.contributions) == (teams[hit.product.id] != "b")
    assert seen["a"] == pytest.approx(seen["b"], rel=0.2)
    assert a != b
