"""The grammar of filters: what they mean, and where and how bad ones are refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapshelf.catalogue import Product
from snapshelf.errors import FilterError, QueryError
from snapshelf.index import And, Between, Equals, Filter, Has, Ids, Not, OneOf, Or
from snapshelf.index.documents import fields_of
from snapshelf.query import parse_filter
from snapshelf.query.filters import MAX_FILTER_LENGTH
from snapshelf.query.filters.fields import FIELD_KINDS

TEXTS = {
    "brand": ["Acme", "Acme (UK)", "Best", "a*b"],
    "attributes.size": ["38", "042", "42", "L"],
    "attributes.launched": ["2024-05-01", "2024-05-01T10:00:00Z", "2024-06-01"],
}


class Shop:
    def fields(self) -> list[str]:
        return ["attributes.NOT", "attributes.colour", "attributes.heel height", "price", *TEXTS]

    def texts(self, field: str, limit: int) -> list[str]:
        return TEXTS.get(field, [])[:limit]


CHEAP, DEAR, IN_STOCK = Between("price", below=300), Between("price", above=900), Equals("in_stock", True)
ACME = Equals("brand", "Acme")
UK = Equals("brand", "Acme (UK)")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", And(())),
        (" \n\t ", And(())),
        ("price < 300", CHEAP),
        ("((price<3e2))", CHEAP),
        ("price < 300 AND in_stock", And((CHEAP, IN_STOCK))),
        ("price < 300 in_stock", And((CHEAP, IN_STOCK))),
        ("in_stock AND price < 300 OR price > 900", And((IN_STOCK, Or((CHEAP, DEAR))))),
        ("price < 300 OR price > 900 in_stock", And((Or((CHEAP, DEAR)), IN_STOCK))),
        ("(in_stock AND price < 300) OR price > 900", Or((And((IN_STOCK, CHEAP)), DEAR))),
        ("-in_stock", Not(IN_STOCK)),
        ("NOT in_stock", Not(IN_STOCK)),
        ("NOT(in_stock OR price<300)", Not(Or((IN_STOCK, CHEAP)))),
        ("in_stock = false", Equals("in_stock", False)),
        ("price >= 12.50", Between("price", at_least=12.5)),
        ("price <= 5", Between("price", at_most=5.0)),
        ("price > -5", Between("price", above=-5.0)),
        ('price = "5"', Equals("price", 5.0)),
        ("added_at >= 2026-11-01", Between("added_at", at_least=1793491200.0)),
        ("added_at > 2026-11-01", Between("added_at", above=1793577599.999999)),
        ("added_at = 2026-11-01", Between("added_at", at_least=1793491200.0, at_most=1793577599.999999)),
        ("added_at < 1793491200", Between("added_at", below=1793491200.0)),
        ("price = (-5 OR 3)", Or((Equals("price", -5.0), Equals("price", 3.0)))),
        ("brand=Acme", ACME),
        ("brand != 'Acme'", Not(ACME)),
        ('brand = ("Acme" OR "Acme (UK)")', Or((ACME, UK))),
        ("category:(a b)", And((Equals("category", "a"), Equals("category", "b")))),
        ("category = (NOT a)", Not(Equals("category", "a"))),
        ('brand = "Ac*"', OneOf("brand", ("Acme", "Acme (UK)"))),
        ('brand = "*c*e"', OneOf("brand", ("Acme",))),
        (r'brand = "a\*b"', Equals("brand", "a*b")),
        (r'brand = "\"\'\\\n\t"', Equals("brand", "\"'\\\n\t")),
        ("brand:*", Has("brand")),
        ("-brand:*", Not(Has("brand"))),
        ('brand > "Acme"', OneOf("brand", ("Acme (UK)", "Best", "a*b"))),
        ("availability = preorder", Equals("availability", "preorder")),
        ("id = (a OR b)", Or((Ids(("a",)), Ids(("b",))))),
        ("size = 42", OneOf("attributes.size", (42.0, "042", "42"))),
        ('size = "42"', OneOf("attributes.size", ("42", 42.0))),
        ("size = L", Equals("attributes.size", "L")),
        ("launched = 2024-05-01", OneOf("attributes.launched", ("2024-05-01", "2024-05-01T10:00:00Z"))),
        ("launched > 2024-05-01", OneOf("attributes.launched", ("2024-06-01",))),
        (
            "launched >= 2024-05-01T18:00:00+08:00",
            OneOf("attributes.launched", ("2024-05-01T10:00:00Z", "2024-06-01")),
        ),
        ("attributes:colour", Has("attributes.colour")),
        ('attributes."heel height":*', Has("attributes.heel height")),
        ("attributes.NOT = x", Equals("attributes.NOT", "x")),
        ("colour = 红", Equals("attributes.colour", "红")),
        ('colour = "😀"', OneOf("attributes.colour", ("😀",))),
    ],
)
def test_meaning(text: str, where: Filter) -> None:
    assert parse_filter(text, Shop()) == where


@pytest.mark.parametrize(
    ("text", "position", "hint"),
    [
        ("colr = red", 1, "did you mean colour"),
        ("in_stock AND Brnd:*", 14, "did you mean brand"),
        ("Acme", 1, "the fields are id, brand"),
        ("attributes:hell", 12, "did you mean attributes."),
        ("price <", 8, "a value is missing"),
        ("price < 3 AND", 14, "a condition is missing"),
        ("(price < 3", 11, "a ) is missing"),
        ("price < 3)", 10, "no ( opens"),
        ("()", 2, "something is missing"),
        ("price == 3", 8, "comparisons are"),
        ("price <> 3", 8, "comparisons are"),
        ("price＜3", 6, "type < instead"),
        ("brand = “x”", 9, 'type " instead'),
        ('brand = "x', 9, "no closing quote"),
        (r'brand = "ab\q"', 12, "the escapes are"),
        ("price < 3 and in_stock", 11, "write AND in capitals"),
        ("price < 3 && in_stock", 11, "write AND"),
        ("brand = AND", 9, 'to compare with the text, write "AND"'),
        ("NOT NOT in_stock", 5, "stands before or between"),
        ('"Acme"', 1, "name the field"),
        ("brand", 1, "brand:*"),
        ("price < cheap", 9, "a plain number"),
        ("price = 3*", 9, "no wildcards"),
        ("in_stock = 1", 12, "in_stock = true"),
        ("in_stock < 1", 12, "no order"),
        ("availability = instock", 16, "use in_stock, out_of_stock"),
        ("brand < Ac*", 9, "use wildcards with"),
        ("launched > 2024-02-30", 12, "does not exist"),
        ("f(price) < 3", 1, "in quotes"),
        ("price < (3 OR brand = x)", 15, "only values"),
        ("in_stock\x00", 9, "a condition is written like"),
        ("brand = \ud800", 9, "UTF-8"),
        ("😀", 1, "the fields are"),
        ("x" * (MAX_FILTER_LENGTH + 1), MAX_FILTER_LENGTH + 1, "the maximum is 10,000"),
        ("(in_stock OR " * 60 + "in_stock" + ")" * 60, None, "fewer parentheses"),
        ("(" * 9_000, 9_001, ""),
        ("-" * 9_000, None, ""),
    ],
)
def test_bad_filters_are_refused_with_position_and_hint(text: str, position: int | None, hint: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter(text, Shop())
    assert position is None or caught.value.position == position
    assert hint in caught.value.hint
    assert caught.value.hint in str(caught.value)
    assert len(str(caught.value)) < 500
    assert isinstance(caught.value, QueryError)


def test_long_and_nested_filters_that_are_sound() -> None:
    assert parse_filter("(" * 4_990 + "in_stock" + ")" * 4_990, Shop()) == IN_STOCK
    many = parse_filter(" OR ".join(["price<300"] * 769), Shop())
    assert many == Or((CHEAP,) * 769)
    deep = parse_filter("(in_stock OR (in_stock AND " * 20 + "in_stock" + "))" * 20, Shop())
    assert isinstance(deep, Or)


def test_filters_that_compare_too_many_texts_are_refused() -> None:
    class Large(Shop):
        reads = 0

        def texts(self, field: str, limit: int) -> list[str]:
            self.reads += 1
            return ["x"] * 300_000

    fields = Large()
    with pytest.raises(FilterError, match="too many texts of brand") as caught:
        parse_filter('brand = "a*" OR brand = "b*" OR brand = "c*" OR brand = "d*"', fields)
    assert (fields.reads, caught.value.position) == (1, 57)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.text(max_size=40)
    | st.lists(
        st.sampled_from(
            [
                "price",
                "brand",
                "colour",
                ".",
                ":",
                "=",
                "<",
                "!=",
                "(",
                ")",
                " ",
                "AND",
                "OR",
                "NOT",
                "-",
                "*",
                '"a"',
                "3",
            ]
        ),
        max_size=14,
    ).map(" ".join)
)
def test_any_text_is_a_filter_or_a_filter_error(text: str) -> None:
    position = 1
    try:
        parse_filter(text, Shop())
    except FilterError as error:
        position = error.position
    assert 1 <= position <= len(text) + 1


def test_every_fact_of_a_product_can_be_named() -> None:
    product = Product.parse(
        {"id": "1", "title": "A", "brand": "B", "category": "C", "price": 1, "stock": 1, "group_id": "g"}
    )
    of_the_catalogue = {"id", "added_at"}
    assert fields_of(product).keys() | of_the_catalogue == FIELD_KINDS.keys()


@pytest.mark.parametrize("text", ["added_at > soon", "added_at = 2026-02-30", "price > 2026-11-01"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(FilterError, match=r"date|day|plain number"):
        parse_filter(text, Shop())
