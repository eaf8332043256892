"""The order of the shop and of the shopper: what moves, what stays, and what chance does."""

from __future__ import annotations

from collections import Counter
from itertools import product as combinations

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
from snapshelf.search import Merchandising, Ranking, Sort
from snapshelf.search.exact_match import names_one
from snapshelf.search.rerank import propensities
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


def ranking(ranker: Ranker, past: InteractionHistory | None = None, seed: str = "q", **more) -> Ranking:
    return Ranking(ranker, InteractionHistory.none() if past is None else past, NOW, seed, **more)


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
    past = history_of(ranker, "p01", "p05")
    for collapse, diversity, explore, rules, shared in combinations((False, True), repeat=5):
        search = shop.search(
            query,
            within=RULES.left if rules else None,
            merchandising=RULES if rules else Merchandising(),
            collapse=collapse,
            diversity=0.4 * diversity,
            ranking=ranking(ranker, past, explore=float(explore), interleaved=shared),
        )
        places = search.top(COUNT)
        assert len(places) == len(set(places)) == COUNT - rules - 2 * collapse
        ranked = search.ranked(places)
        for one in ranked:
            assert one.score == pytest.approx(sum(one.contributions.values()), abs=1e-9)
        if rules:
            assert places[1] == "p17"
            assert "p03" not in places
            assert all(("rules" in one.contributions) == (one.product.brand == "Birke") for one in ranked)
        if not (diversity or rules or explore or shared):
            scores = [one.score for one in ranked]
            assert scores == sorted(scores, reverse=True)
        assert any("ranking" in one.contributions for one in ranked)
        assert any("shopper" in one.contributions for one in ranked)
        assert search.top(5) == places[:5]


@pytest.mark.parametrize("query", QUERIES)
def test_nothing_known_is_nothing_moved(shop: Shop, ranker: ModelRanker, query: Query) -> None:
    plain = shop.search(query)
    empty = ModelRanker(count_histories(ranker.statistics.items, []), FixedFormula())
    for given in (None, ranking(NoRanking()), ranking(empty)):
        search = shop.search(query, ranking=given)
        assert search.top(COUNT) == plain.top(COUNT)
        scores = [one.score for one in search.ranked(search.top(COUNT))]
        assert scores == pytest.approx([one.score for one in plain.ranked(plain.top(COUNT))], abs=1e-6)


def test_taste_decides_between_what_fits_alike(shop: Shop, ranker: ModelRanker) -> None:
    of_brand = {}
    for brand, bought in (("Ahorn", "p20"), ("Birke", "p21")):
        search = shop.search(words("dress", at(5)), ranking=ranking(ranker, history_of(ranker, bought)))
        of_brand[brand] = Counter(search.product(id).brand for id in search.top(10))[brand]
        nobody = shop.search(words("dress", at(5)), ranking=ranking(ranker))
        assert of_brand[brand] > Counter(nobody.product(id).brand for id in nobody.top(10))[brand]


def test_sorting_and_the_benchmark_protocol_know_no_taste(shop: Shop, ranker: ModelRanker) -> None:
    given = ranking(ranker, history_of(ranker, "p01"), explore=1.0)
    for manner in ({"sort": Sort("price")}, {"mode": "photo-vectors"}):
        plain, moved = (shop.search(Query(at(5), None), ranking=one, **manner) for one in (None, given))
        assert moved.top(COUNT) == plain.top(COUNT)
        assert not any("shopper" in one.contributions for one in moved.ranked(moved.top(COUNT)))
        assert moved.propensities(10) is None


@pytest.mark.parametrize(
    ("query", "one"),
    [
        (Query(at(0), None), True),  # the photo of p00
        (Query(at(0.5), None), True),
        (Query(at(-20), None), False),
        (words("Ahorn dress number2", at(20)), True),  # a title
        (words("dress", at(20)), False),
        (words("p07", at(14)), True),  # an id
        (words("dress p1-4", at(20)), False),
    ],
)
def test_who_asks_for_one_product_gets_it_whoever_it_is(
    shop: Shop, ranker: ModelRanker, query: Query, one: bool
) -> None:
    search = shop.search(query, ranking=ranking(ranker, history_of(ranker, "p21", "p19")))
    moved = any("shopper" in hit.contributions for hit in search.ranked(search.top(COUNT)))
    assert moved is not one


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
def test_model_numbers_are_told_from_other_words(text: str, title: str, named: bool) -> None:
    from snapshelf.catalogue import Product

    read = [(text.index("500ml"), len(text))] if "500ml" in text else []
    assert names_one(text, read, [Product(id="x", title=title)]) is named


def test_judging_goes_by_what_fits_best_whatever_moved_it(shop: Shop, ranker: ModelRanker) -> None:
    query = words("dress", at(5))
    plain, moved = shop.search(query), shop.search(query, ranking=ranking(ranker, history_of(ranker, "p21")))
    assert moved.top(10) != plain.top(10)
    assert moved.best(10) == plain.best(10)


def test_chance_swaps_one_pair_of_the_first_ten_and_knows_its_probability(
    shop: Shop, ranker: ModelRanker
) -> None:
    query = words("dress", at(5))
    usual = shop.search(query, ranking=ranking(ranker)).top(COUNT)
    told: dict[tuple[int, str], float] = {}
    for number in range(60):
        search = shop.search(query, ranking=ranking(ranker, seed=f"q{number}", explore=0.6))
        places = search.top(COUNT)
        assert search.top(3) == places[:3]
        moved = [place for place in range(len(usual)) if places[place] != usual[place]]
        assert moved == [] or (len(moved) == 2 and moved[1] == moved[0] + 1 and moved[1] < 10)
        assert sorted(places) == sorted(usual)
        chances = search.propensities(len(places))
        assert chances is not None
        told.update(zip(enumerate(places), chances, strict=True))
    for place in range(len(usual)):
        assert sum(chance for (there, _), chance in told.items() if there == place) <= 1 + 1e-9
    assert told[0, usual[0]] == pytest.approx(1 - 0.6 / 2 / 9)
    assert told[4, usual[4]] == pytest.approx(1 - 0.6 / 9)
    assert told[15, usual[15]] == 1.0


def test_the_frequencies_are_the_probabilities() -> None:
    from snapshelf.search.rerank import drawn_swap

    places, fixed = [f"p{number}" for number in range(12)], {"p3"}
    seen, told = Counter(), {}
    draws = 6_000
    for number in range(draws):
        given = ranking(None, seed=str(number), explore=0.8)
        swap, shown = drawn_swap(places, fixed, given), list(places)
        if swap.exchanged and swap.place is not None:
            shown[swap.place : swap.place + 2] = reversed(shown[swap.place : swap.place + 2])
        assert shown[3] == "p3"
        for place, chance in enumerate(propensities(shown, fixed, given, swap)):
            seen[place, shown[place]] += 1
            told[place, shown[place]] = chance
    for where, chance in told.items():
        assert seen[where] / draws == pytest.approx(chance, abs=0.03)


def test_two_rankings_share_the_places(shop: Shop, ranker: ModelRanker) -> None:
    query = words("dress", at(5))
    past = history_of(ranker, "p21")
    a = shop.search(query, ranking=ranking(ranker, past), collapse=False).top(COUNT)
    b = shop.search(query, collapse=False).top(COUNT)
    seen = Counter()
    for number in range(30):
        search = shop.search(
            query, ranking=ranking(ranker, past, seed=str(number), interleaved=True), collapse=False
        )
        places = search.top(COUNT)
        assert sorted(places) == sorted(a)
        seen.update(search.teams[id] for id in places[:10])
        assert search.propensities(10) is None
        ranked = {one.product.id: one for one in search.ranked(places)}
        for id, team in search.teams.items():
            if id in ranked:
                assert ("shopper" in ranked[id].contributions) == (team != "b")
    assert seen["a"] == pytest.approx(seen["b"], rel=0.2)
    assert a != b
