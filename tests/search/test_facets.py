"""Facets against plain counting; choices that do not hide their siblings."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snapshelf.errors import QueryError
from snapshelf.index import Between, Equals, Filter, QdrantEdgeIndex
from snapshelf.language import Lexicon
from snapshelf.search import (
    FacetFilter,
    FacetRequest,
    FacetResult,
    FacetSettings,
    FacetValues,
    Range,
    facet_fields,
    joined,
)
from snapshelf.search import facets as counting
from tests.search.sample_shop import Shop, unit

LEXICON = Lexicon.bundled()
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


def count_facets(
    store: QdrantEdgeIndex,
    requests: list[str | FacetRequest],
    where: Filter | None = None,
    chosen=None,
    **options,
) -> tuple[FacetResult, ...]:
    options = {"distinct": False, "values_of": FacetValues(store, LEXICON), "lexicon": LEXICON, **options}
    return counting.count_facets(store, requests, where, chosen or {}, **options)


def read_facet_filters(chosen, store: QdrantEdgeIndex) -> dict[str, FacetFilter]:
    return counting.read_facet_filters(chosen, store, FacetValues(store, LEXICON))


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
    fields = facet_fields(filled.store, FacetValues(filled.store))
    assert (fields["colour"].kind, fields["colour"].values, fields["colour"].products) == ("values", 3, 60)
    assert (fields["price"].kind, fields["price"].values, fields["price"].products) == ("numbers", 7, 48)
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
    assert len(price.edges) == len(price.counts) + 1 <= bins + 1
    lasts = [False] * (len(price.counts) - 1) + [True]
    for left, right, last, count in zip(price.edges, price.edges[1:], lasts, price.counts, strict=False):
        assert count == sum(left <= value < right or (last and value == right) for value in prices)


@pytest.fixture
def messy(shop: Shop) -> Shop:
    """A shop that writes its values as exports do."""
    colours = (
        "Red",
        "red",
        "RED ",
        "Red",
        "red/black",
        "black,red",
        "Blue",
        "blue; Red",
        "红色/黑色",
        "黑色",
        "Red",
    )
    for number, colour in enumerate(colours):
        shop.put(f"p{number:02}", unit(1, number), attributes={"colour": colour}, group_id=f"g{number // 4}")
    return shop


@pytest.mark.parametrize("distinct", [False, True])
@pytest.mark.parametrize("value", ["Red", "red ", "红色"])
def test_spellings_and_lists_of_a_value_are_one_value(messy: Shop, distinct: bool, value: str) -> None:
    (colour,) = count_facets(messy.store, ["colour"], distinct=distinct)
    red = {f"p{number:02}" for number in (0, 1, 2, 3, 4, 5, 7, 8, 10)}
    assert shown(colour) == (
        {"Red": 3, "黑色": 2, "Blue": 1} if distinct else {"Red": 9, "黑色": 4, "Blue": 2}
    )
    assert colour.total_values == 3
    assert colour.values[0].labels == {"en": "Red", "zh": "红色"}
    # Whoever chooses the value gets the products that were counted.
    chosen = read_facet_filters({"colour": [value]}, messy.store)
    where = joined(*(choice.filter for choice in chosen.values()))
    assert set(messy.store.scroll(where)) == red
    (again,) = count_facets(messy.store, [FacetRequest("colour", limit=1)], None, chosen, distinct=distinct)
    assert [(choice.value, choice.chosen) for choice in again.values] == [("Red", True)]
    (few,) = count_facets(messy.store, ["colour"], Between("added_at", at_least=0), chosen, distinct=distinct)
    assert [(choice.value, choice.count) for choice in few.values] == [("Red", 0)]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        # Only parts that are values by themselves elsewhere make a list.
        (["AC/DC", "AC", "DC", "Queen"], ["AC", "AC/DC", "DC", "Queen"]),
        (["1/2 inch", "1", "2 inch"], ["1", "1/2 inch", "2 inch"]),
        (["S/M", "S", "M", "S, M"], ["M", "S", "S/M"]),
        (["Paris, France", "Lyon, France", "Paris"], ["Lyon, France", "Paris", "Paris, France"]),
        (["1,5", "1", "5"], ["1", "1,5", "5"]),
        (["Nylon\nPolyester", "Nylon\nMesh"], ["Mesh", "Nylon", "Polyester"]),
        (["Cotton & Linen", "cotton", "Linen", "Cotton"], ["Cotton", "Linen"]),
        (["Large, Medium, Small", "Large", "Medium", "small"], ["Large", "Medium", "small"]),
        (["Tee & Short Set", "Tee"], ["Tee", "Tee & Short Set"]),
        (["navy", "dark blue", "深蓝色"], ["dark blue", "navy"]),
        (["Ｒｅｄ", "red", "RED", "red"], ["red"]),
        (["棉、麻", "棉", "麻"], ["棉", "麻"]),
    ],
)
def test_lists_are_split_only_into_values(shop: Shop, cells: list[str], expected: list[str]) -> None:
    for number, cell in enumerate(cells):
        shop.put(f"p{number}", unit(1, number), attributes={"made": cell})
    (facet,) = count_facets(shop.store, ["made"])
    assert sorted(shown(facet)) == expected


def test_brands_and_categories_are_never_split(shop: Shop) -> None:
    for number, name in enumerate(("Red / Black", "Red", "Black", "red")):
        shop.put(f"p{number}", unit(1, number), brand=name, category=[name, "Shoes"])
    brand, category = count_facets(shop.store, ["brand", "category"])
    assert shown(brand) == {"Black": 1, "Red": 2, "Red / Black": 1}
    assert shown(category) == {"Shoes": 4, "Black": 1, "Red": 2, "Red / Black": 1}


@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from(("Red", "red", "Blue", "red/blue", "x")), max_size=3), st.integers(0, 5)
        ),
        min_size=1,
        max_size=12,
    ),
    st.booleans(),
    st.integers(1, 4),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_count_is_the_number_of_products_that_the_choice_gives(
    shop: Shop, products: list[tuple[list[str], int]], distinct: bool, limit: int
) -> None:
    shop.store.clear()
    for number, (colours, group) in enumerate(products):
        fields = {"attributes": {"colour": colours}} if colours else {}
        shop.put(f"p{number:02}", unit(1, number), group_id=f"g{group}", price=str(number), **fields)
    if not any(colours for colours, _ in products):
        return
    where = Between("price", at_least=len(products) // 3)
    (facet,) = count_facets(shop.store, [FacetRequest("colour", limit=limit)], where, distinct=distinct)
    (every,) = count_facets(shop.store, [FacetRequest("colour", limit=100)], where, distinct=distinct)
    assert facet.values == every.values[:limit]
    assert len(every.values) == facet.total_values
    for choice in facet.values:
        chosen = read_facet_filters({"colour": [choice.value]}, shop.store)["attributes.colour"]
        assert choice.count == shop.store.count(
            joined(where, chosen.filter), "group_id" if distinct else None
        )


EXPORTED = {
    "use_config_manage_stock": 1.0,
    "image_label": "Photo",
    "small_image": "/a/b.jpg",
    "weight": 1.5,
    "taxClass": "full",
    "meta_title": "Buy",
    "url_key": "buy",
    "created_at": "2024-01-02",
    "attribute_set_code": "Top",
    "html": "<p>Nice</p>",
}


@pytest.fixture
def exported(shop: Shop) -> Shop:
    """A shop with the columns of its export beside what shoppers look for; every column has several values."""
    for number in range(60):
        columns = {
            name: value + number % 4 if isinstance(value, float) else f"{value} {number % 4}"
            for name, value in EXPORTED.items()
        }
        shop.put(
            f"p{number:02}",
            unit(1, number),
            price=str(number % 9),
            category=["Clothes", f"Kind {number % 7}"],
            attributes={
                **columns,
                "fabric": ("cotton", "linen", "silk")[number % 3],
                "size": ("S", "M", "L", "XL")[number % 4],
                "shoe": float(38 + number % 5),
                "rare": f"v{number % 5}" if number < 8 else "",
                "story": f"A long story about the thing number {number % 3}, to be read at leisure.",
                "style code": f"X-{number}",
                "same": "yes",
                "flag": float(number % 2),
                "seen": f"2024-0{1 + number % 3}-01",
                "page": f"https://shop.example/{number % 3}",
            },
        )
    return shop


def test_facets_that_shoppers_want_come_first_and_columns_of_exports_never(exported: Shop) -> None:
    fields = facet_fields(exported.store, FacetValues(exported.store), lexicon=LEXICON)
    offered = [name for name, field in fields.items() if field.shown]
    assert offered[:2] == ["category", "price"]
    assert set(offered) == {"category", "price", "size", "fabric", "shoe", "rare"}
    assert offered[-1] == "rare"
    assert fields["shoe"].kind == "values"
    assert fields["shoe"].numeric
    assert list(fields)[: len(offered)] == offered


def test_what_shoppers_choose_moves_up(exported: Shop) -> None:
    values = FacetValues(exported.store)
    before = list(facet_fields(exported.store, values))
    after = list(facet_fields(exported.store, values, used={"attributes.rare": 1, "shoe": 999}))
    assert after.index("shoe") < before.index("shoe")


def test_settings_say_which_facets_are_shown_in_which_order_and_how(exported: Shop) -> None:
    rules = FacetSettings.model_validate(
        {
            "shown": ["same", {"field": "size", "label": {"en": "Size", "zh": "尺码"}, "values": 2}],
            "hidden": ["price"],
        }
    )
    fields = facet_fields(exported.store, FacetValues(exported.store), rules)
    offered = [name for name, field in fields.items() if field.shown]
    assert offered[:3] == ["same", "size", "category"]
    assert "price" not in offered
    assert (fields["size"].labels, fields["size"].limit) == ({"en": "Size", "zh": "尺码"}, 2)
    only = facet_fields(
        exported.store, FacetValues(exported.store), rules.model_copy(update={"others": False})
    )
    assert [name for name, field in only.items() if field.shown] == ["same", "size"]
    size, shoe = count_facets(exported.store, ["size", "shoe"], settings=rules)
    assert (len(size.values), size.total_values, size.labels) == (2, 4, {"en": "Size", "zh": "尺码"})
    assert (shoe.kind, shoe.labels) == ("values", None)
    with pytest.raises(ValueError, match="give en and zh"):
        FacetSettings.model_validate({"shown": [{"field": "size", "label": {"fr": "Taille"}}]})


@pytest.mark.parametrize(
    ("prices", "bins", "edges"),
    [
        ([39, 59, 349], 2, (0, 200, 400)),
        ([3, 97], 10, tuple(range(0, 101, 10))),
        ([0.12, 0.47], 4, (0.1, 0.2, 0.3, 0.4, 0.5)),
        ([7, 7], 5, (7, 7)),
        ([2011, 2014], 20, (2011, 2012, 2013, 2014)),
        # A piano among its strings: the last bar has it.
        ([*[float(price % 50) for price in range(400)], 12_000], 11, (*range(0, 51, 5), 12_000)),
    ],
)
def test_bars_have_rounded_edges(
    shop: Shop, prices: list[float], bins: int, edges: tuple[float, ...]
) -> None:
    for number, price in enumerate(prices):
        shop.put(f"p{number}", unit(1, number), price=str(price))
    (facet,) = count_facets(shop.store, [FacetRequest("price", bins=bins)])
    assert facet.edges == edges
    assert sum(facet.counts) == len(prices)
    assert (facet.low, facet.high) == (min(prices), max(prices))
