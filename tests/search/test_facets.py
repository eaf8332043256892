"""Facets against plain counting; choices that do not hide their siblings."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snapshelf.errors import QueryError
from snapshelf.index import Between, Equals
from snapshelf.search import FacetField, FacetRequest, FacetResult, Range, facet_fields, joined
from snapshelf.search.facets import count_facets, read_facet_filters
from tests.search.sample_shop import Shop, unit

COLOURS, SIZES = ("red", "blue", "green"), ("38", "39", "40")


@pytest.fixture
def filled(shop: Shop) -> Shop:
    for number in range(60):
        shop.put(
            f"p{number:02}",
            unit(1, number),
            price=str(number % 7 * 10) if number % 5 else None,
            brand=("Acme", "Best")[number % 2],
            group_id=f"g{number // 3}" if number % 4 else None,
            stock=number % 3,
            attributes={
                "colour": COLOURS[number % 3],
                "size": 38.0 + number % 3 if number % 2 else SIZES[number % 3],
                "tags": [COLOURS[number % 3], COLOURS[(number + 1) % 3]],
            },
        )
    return shop


def counted(shop: Shop, ids: list[str], values_of, *, distinct: bool) -> dict[str, int]:
    """Count values by hand; products of one group once for each value."""
    seen = {
        (value, shop.products[id].group_id or f"id {id}" if distinct else id)
        for id in ids
        for value in values_of(shop.products[id])
    }
    return dict(Counter(value for value, _ in seen))


def ids_where(shop: Shop, holds) -> list[str]:
    return [id for id, product in shop.products.items() if holds(product)]


def shown(result: FacetResult) -> dict[str, int]:
    return {choice.value: choice.count for choice in result.values if choice.count}


@pytest.mark.parametrize("distinct", [False, True])
def test_a_choice_narrows_the_other_facets_only(filled: Shop, distinct: bool) -> None:
    chosen = read_facet_filters({"colour": ["red", "blue"], "price": Range(10, 30)}, filled.store)
    base = Equals("brand", "Acme")
    colour, tags, price = count_facets(
        filled.store, ["colour", "attributes.tags", "price"], base, chosen, distinct=distinct
    )

    def acme(product) -> bool:
        return product.brand == "Acme"

    def in_range(product) -> bool:
        return product.price is not None and 10 <= product.price.amount <= 30

    def is_chosen(product) -> bool:
        return product.attributes["colour"] in ("red", "blue")

    assert shown(colour) == counted(
        filled,
        ids_where(filled, lambda p: acme(p) and in_range(p)),
        lambda p: [p.attributes["colour"]],
        distinct=distinct,
    )
    assert {choice.value for choice in colour.values if choice.chosen} == {"red", "blue"}
    assert shown(tags) == counted(
        filled,
        ids_where(filled, lambda p: acme(p) and in_range(p) and is_chosen(p)),
        lambda p: p.attributes["tags"],
        distinct=distinct,
    )
    left = ids_where(filled, lambda p: acme(p) and is_chosen(p))
    prices = [float(filled.products[id].price.amount) for id in left if filled.products[id].price]
    assert (price.low, price.high, price.chosen) == (min(prices), max(prices), Range(10, 30))
    if not distinct:
        assert sum(price.counts) == len(prices)
        assert price.missing == len(left) - len(prices)


def test_a_chosen_value_is_listed_however_rare(filled: Shop) -> None:
    chosen = read_facet_filters({"brand": ["Best"], "colour": ["no such colour"]}, filled.store)
    brand, colour = count_facets(
        filled.store, [FacetRequest("brand", limit=1), "colour"], None, chosen, distinct=False
    )
    assert [(choice.value, choice.chosen) for choice in brand.values][-1] == ("Best", True)
    assert (colour.values[-1].value, colour.values[-1].count) == ("no such colour", 0)
    assert brand.total_values == 0  # nothing has the other choice


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        ({"size": ["40"]}, lambda p: str(p.attributes["size"]) in ("40", "40.0")),
        ({"in_stock": ["true"]}, lambda p: p.stock != 0),
        ({"in_stock": ["false", "true"]}, lambda _: True),
        ({"stock": ["0", "2"]}, lambda p: p.stock in (0, 2)),
        ({"price": Range(None, 20)}, lambda p: p.price is not None and p.price.amount <= 20),
        ({"size": Range(39, None)}, lambda p: p.attributes["size"] in (39.0, 40.0)),
        ({"id": ["p07", "p08"]}, lambda p: p.id in ("p07", "p08")),
        ({"tags": ["red"], "brand": []}, lambda p: "red" in p.attributes["tags"]),
        ({"price": Range()}, lambda _: True),
    ],
)
def test_choices_are_filters(filled: Shop, choices, expected) -> None:
    chosen = read_facet_filters(choices, filled.store)
    where = joined(*(choice.filter for choice in chosen.values()))
    assert filled.store.scroll(where, limit=100) == sorted(ids_where(filled, expected))


def test_numbers_may_be_listed_and_truth_reads_as_such(filled: Shop) -> None:
    chosen = read_facet_filters({"in_stock": ["true"]}, filled.store)
    stock, in_stock, sizes = count_facets(
        filled.store,
        [FacetRequest("stock", kind="values"), "in_stock", "size"],
        None,
        chosen,
        distinct=False,
    )
    assert shown(stock) == {"1": 20, "2": 20}
    assert shown(in_stock) == {"true": 40, "false": 20}
    # Those of size 38 are out of stock; 39 stands for a number and a text.
    assert shown(sizes) == {"39": 20, "40": 20}


@pytest.mark.parametrize(
    ("choices", "problem"),
    [
        ({"colr": ["red"]}, "did you mean colour"),
        ({"colour": "red"}, r"takes a list of values, as in \['red'\]"),
        ({"stock": ["many"]}, "holds numbers, and 'many' is none"),
        ({"in_stock": ["yes"]}, "true or false"),
        ({"brand": Range(1, 2)}, "holds no numbers"),
    ],
)
def test_choices_that_cannot_be_are_refused(filled: Shop, choices, problem: str) -> None:
    with pytest.raises(QueryError, match=problem):
        read_facet_filters(choices, filled.store)


def test_requests_that_cannot_be_are_refused(filled: Shop) -> None:
    with pytest.raises(QueryError, match="did you mean colour"):
        count_facets(filled.store, ["colr"], None, {}, distinct=True)
    with pytest.raises(QueryError, match="50 are the most"):
        count_facets(filled.store, ["brand"] * 51, None, {}, distinct=True)
    for wrong in ({"limit": 0}, {"limit": 1_001}, {"bins": 0}, {"bins": 201}):
        with pytest.raises(QueryError, match="must be between"):
            FacetRequest("brand", **wrong)
    for bound in (float("nan"), float("inf")):
        with pytest.raises(QueryError, match="finite"):
            Range(bound)


def test_what_may_be_asked(filled: Shop) -> None:
    fields = facet_fields(filled.store)
    assert fields["colour"] == FacetField("values", 3, 60)
    assert fields["price"] == FacetField("numbers", 7, 48)
    assert fields["in_stock"].kind == "values"
    assert fields["group_id"].products == 45


@given(low=st.integers(-10, 70), width=st.integers(0, 70), bins=st.integers(1, 30))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_histograms_count_everything_once(filled: Shop, low: int, width: int, bins: int) -> None:
    where = Between("stock", at_least=0, at_most=1)
    chosen = read_facet_filters({"brand": ["Acme"], "price": Range(low, low + width)}, filled.store)
    (price,) = count_facets(filled.store, [FacetRequest("price", bins=bins)], where, chosen, distinct=False)
    prices = [
        float(product.price.amount)
        for product in filled.products.values()
        if product.price and product.brand == "Acme" and product.stock in (0, 1)
    ]
    assert len(price.edges) == len(price.counts) + 1 == bins + 1
    for left, right, last, count in zip(
        price.edges, price.edges[1:], [False] * (bins - 1) + [True], price.counts, strict=False
    ):
        assert count == sum(left <= value < right or (last and value == right) for value in prices)
