"""Lists that no score orders: sorted searches, and the shop as it is browsed."""

from __future__ import annotations

import pytest

from snapshelf.index import Equals, QdrantEdgeIndex, record
from snapshelf.query import Query
from snapshelf.search import SearchPlan, Sort, search
from snapshelf.search.hits import hits_of
from snapshelf.search.listing import order_of
from snapshelf.search.rules.merchandising import Merchandising, Shift
from snapshelf.search.sort import BESTSELLING, rating_field, read_sort
from tests.search.sample_shop import Shop, chip, unit

NOTHING = Query(None, None)
DAY = 86_400


@pytest.fixture
def furnished(shop: Shop) -> Shop:
    """Six chairs of two brands and two lamps, all of the same day."""
    for number in range(6):
        shop.put(
            f"chair{number}",
            unit(1, number / 10),
            title=f"Chair {number}",
            category=["Home", "Chairs"],
            brand="Acme" if number < 4 else "Best",
            price=str(100 - number),
        )
    for number in range(2):
        shop.put(f"lamp{number}", unit(0, 1), title="Lamp", category=["Home", "Lamps"], brand="Best")
    return shop


def test_the_shop_shows_a_bit_of_everything_first(furnished: Shop) -> None:
    assert furnished.top(NOTHING, 99) == [
        *("chair0", "lamp0", "chair4", "lamp1"),
        *("chair1", "chair5", "chair2", "chair3"),
    ]
    assert furnished.top(NOTHING, 3, within=Equals("category", "Chairs")) == ["chair0", "chair4", "chair1"]


def test_what_sells_comes_first(furnished: Shop) -> None:
    sold = ("lamp1", "chair3", "gone")
    assert furnished.top(NOTHING, 4, bestsellers=sold) == ["lamp1", "chair3", "chair0", "lamp0"]
    chairs = Equals("category", "Chairs")
    assert furnished.top(NOTHING, 2, bestsellers=sold, within=chairs) == ["chair3", "chair0"]
    # Asked for, it goes before what the query is most like.
    said = Query(unit(1), None, chips=(chip("chairs", chairs, hard=True),))
    found = furnished.top(said, 3, bestsellers=sold, sort=BESTSELLING, within=chairs)
    assert found == ["chair3", "chair0", "chair1"]


def test_new_goods_come_before_old_ones(shop: Shop) -> None:
    for id, day in (("old", 3), ("new", 8), ("newer", 8.5), ("unknown", None)):
        shop.put(id, unit(1), title=id)
        added = None if day is None else int(day * DAY)
        shop.store.upsert([record(shop.products[id], shop.photos[id], None, added)])
    assert shop.top(NOTHING, 9) == ["new", "newer", "old", "unknown"]
    assert shop.top(NOTHING, 9, sort=Sort("added_at", descending=True)) == ["newer", "new", "old", "unknown"]


def test_rules_arrange_what_is_browsed(furnished: Shop) -> None:
    rules = Merchandising(
        shifts=(
            Shift("best", Equals("brand", "Best"), 0.1),
            Shift("no lamps", Equals("category", "Lamps"), -0.3),
        ),
        pins={2: ("chair2", "of the week"), 9: ("lamp1", "last"), 4: ("gone", "old")},
    )
    results = furnished.search(NOTHING, rules=rules)
    assert list(results.places) == [
        *("chair4", "chair2", "chair5", "chair0", "chair1", "chair3", "lamp0", "lamp1")
    ]
    pinned, best = furnished.hits(results, ["chair2", "chair4"])
    assert (pinned.rules, pinned.contributions, pinned.relevance) == (("of the week",), {}, None)
    assert (best.rules, best.contributions) == (("best",), {"rules": 0.1})
    # Who sorts by price gets the order of prices.
    assert furnished.top(NOTHING, 2, rules=rules, sort=Sort("price")) == ["chair5", "chair4"]


def test_what_is_sold_out_comes_last_among_equals(shop: Shop) -> None:
    gone = {"availability": "out_of_stock"}
    for id, price, more in (("a", "5", gone), ("b", "5", {}), ("c", "4", gone), ("d", "9", {})):
        shop.put(id, unit(1), title=id, price=price, **more)
    for id, more in (("s", gone), ("m", {})):
        shop.put(id, unit(1), title="Shirt", price="7", group_id="shirt", **more)
    assert shop.top(NOTHING, 9) == ["b", "d", "m", "a", "c"]
    assert shop.top(NOTHING, 9, sort=Sort("price")) == ["c", "b", "a", "m", "d"]


def test_variants_share_a_place(shop: Shop) -> None:
    for id, price in (("S", "9"), ("M", "7"), ("L", "8")):
        shop.put(id, unit(1), title="Shirt", group_id="shirt", price=price)
    shop.put("hat", unit(0, 1), title="Hat", price="7.5")
    twin = {"title": "Twin", "price": "20"}
    shop.put("twin1", unit(0, 0, 1), **twin)
    shop.put("twin2", unit(0, 0, 1), **twin)
    results = shop.search(NOTHING, sort=Sort("price"))
    # What looks alike stays in a list, so that it has as many products as were counted.
    assert list(results.places) == ["M", "hat", "twin1", "twin2"]
    assert [hit.variants for hit in shop.hits(results)] == [2, 0, 0, 0]
    assert shop.top(NOTHING, 9, sort=Sort("price", descending=True))[:3] == ["twin1", "twin2", "S"]
    assert shop.top(NOTHING, 9, sort=Sort("price"), collapse=False)[:4] == ["M", "hat", "L", "S"]
    assert shop.top(NOTHING, 9, rules=Merchandising(pins={1: ("L", "size")}))[0] == "L"


def test_a_sorted_search_lists_everything_that_belongs_to_it(shop: Shop) -> None:
    for number in range(300):
        shop.put(f"p{number:03}", unit(1, number / 100), title=f"t{number}", price=str(1 + number % 7))
    everything = chip("price", Equals("currency", "EUR"), hard=True)
    query = Query(unit(1), None, chips=(everything,))
    plan = {"sort": Sort("price"), "windows": (10, 20)}
    places = shop.top(query, 1_000, **plan)
    prices = [int(shop.products[id].price.amount) for id in places if shop.products[id].price]
    assert (len(set(places)), prices) == (300, sorted(prices))
    # Of the same price, what is most like the photo comes first.
    assert places[:3] == ["p000", "p007", "p014"]
    for start in range(0, 300, 90):
        results = shop.search(query, depth=start + 90, **plan)
        assert list(results.places) == places[: start + 90]


def test_a_later_page_is_scored(shop: Shop) -> None:
    for number in range(50):
        shop.put(f"p{number:02}", unit(1, number / 10), title=f"t{number}", price=str(number))
    plan = SearchPlan(Query(unit(1), None), sort=Sort("price", descending=True), windows=(5, 10))
    results = search(plan, shop.corpus, depth=9, start=6)
    hits = hits_of(results, results.places[6:9], shop.corpus)
    assert all(hit.score > 0 for hit in hits)


def test_the_keys_say_what_decides() -> None:
    plan = SearchPlan(Query(unit(1), None), sort=Sort("price"))
    assert [type(key).__name__ for key in order_of(plan, ["a"])] == ["ByNumber", "ByTests", "ByRank"]
    assert [type(key).__name__ for key in order_of(SearchPlan(NOTHING))] == [
        *("ByRank", "ByTests", "ByTests", "ByRank", "ByNumber", "TakeTurns")
    ]


def test_the_rating_has_many_names(shop: Shop) -> None:
    def rating(**attributes: object) -> str | None:
        shop.put("a", unit(1), attributes=attributes)
        return rating_field(shop.store)

    assert rating(rating_count=9, ratings=["good"], stars_text="4 of 5") is None
    assert rating(average_rating=4.5, rating_count=9) == "attributes.average_rating"
    assert rating(customer_rating=4.5, rating=3) == "attributes.rating"
    assert rating(评分=4.8) == "attributes.评分"
    assert read_sort("rating", shop.store) == Sort("attributes.评分", descending=True)
    assert isinstance(shop.store, QdrantEdgeIndex)
