"""Conditions written as a filter mean what they meant."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapshelf.errors import QueryError
from snapshelf.index import And, Between, Equals, Filter, Has, HasWords, Ids, Not, OneOf, Or
from snapshelf.query import parse_filter, resolve_field, write_filter

FIELDS = [
    "attributes.colour",
    "attributes.heel height",
    "attributes.price",
    "attributes.NOT",
    'attributes.a"b*\\',
]


class Shop:
    def fields(self) -> list[str]:
        return ["brand", "price", *FIELDS]

    def texts(self, field: str, limit: int) -> list[str]:
        return []


@pytest.mark.parametrize(
    ("where", "text"),
    [
        (Equals("attributes.colour", "Red"), 'colour = "Red"'),
        (OneOf("attributes.colour", ("Red", "Navy Blue")), 'colour = ("Red" OR "Navy Blue")'),
        (Between("price", below=300), "price < 300"),
        (Between("price", at_least=99.5, at_most=1e6), "price >= 99.5 AND price <= 1000000"),
        (Not(Between("price", above=1, at_most=2)), "NOT (price > 1 AND price <= 2)"),
        (Equals("attributes.price", "low"), 'attributes.price = "low"'),
        (Equals("attributes.heel height", "5 cm"), '"heel height" = "5 cm"'),
        (Equals("brand", 'Say "A*"\\'), r'brand = "Say \"A\*\"\\"'),
        (Equals("in_stock", True), "in_stock = true"),
        (Has("attributes.colour"), "colour:*"),
        (Ids(("1", "2")), 'id = ("1" OR "2")'),
        (And(()), ""),
    ],
)
def test_filters_are_written(where: Filter, text: str) -> None:
    assert write_filter(where) == text


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
conditions = st.one_of(
    st.builds(Equals, st.sampled_from(["brand", "currency", *FIELDS]), texts),
    st.builds(OneOf, st.sampled_from(["brand", *FIELDS]), st.lists(texts, min_size=1, max_size=3).map(tuple)),
    st.builds(
        Between, st.just("price"), at_least=st.floats(-1e9, 1e9), below=st.none() | st.floats(-1e9, 1e9)
    ),
    st.builds(Ids, st.lists(texts, min_size=1, max_size=3).map(tuple)),
    st.builds(Has, st.sampled_from(["brand", *FIELDS])),
)
filters = st.recursive(
    conditions,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)


def holds(where: Filter, product: dict[str, object]) -> bool:
    match where:
        case Equals(field, value):
            return product.get(field) == value
        case OneOf(field, values):
            return product.get(field) in values
        case Between(field, at_least, at_most, above, below):
            value = product.get(field)
            return isinstance(value, float) and not (
                (at_least is not None and value < at_least)
                or (at_most is not None and value > at_most)
                or (above is not None and value <= above)
                or (below is not None and value >= below)
            )
        case Has(field):
            return field in product
        case Ids(ids):
            return product["id"] in ids
        case Not(part):
            return not holds(part, product)
        case And(parts):
            return all(holds(part, product) for part in parts)
        case Or(parts):
            return any(holds(part, product) for part in parts)


def _mentioned(where: Filter) -> list[dict[str, object]]:
    match where:
        case Equals(field, value):
            return [{field: value}]
        case OneOf(field, values):
            return [{field: value} for value in values]
        case Between(field):
            bounds = (where.at_least, where.at_most, where.above, where.below)
            return [
                {field: float(bound) + more} for bound in bounds if bound is not None for more in (-1, 0, 1)
            ]
        case Ids(ids):
            return [{"id": id} for id in ids]
        case Not(part):
            return _mentioned(part)
        case And(parts) | Or(parts):
            return [product for part in parts for product in _mentioned(part)]
    return [{where.field: "something"}]


@given(filters)
@settings(max_examples=200, deadline=None)
def test_what_is_written_means_the_same_when_read(where: Filter) -> None:
    again = parse_filter(write_filter(where), Shop())
    for product in [{}, *_mentioned(where)]:
        product = {"id": "?", **product}
        assert holds(where, product) == holds(again, product), product


def test_words_are_no_text_of_a_filter() -> None:
    with pytest.raises(QueryError, match="cannot be written as a filter"):
        write_filter(Not(HasWords(((("red",),),), (1.0,), 1.0)))


def test_fields_are_resolved_as_in_filters() -> None:
    assert resolve_field("colour", Shop()) == ("attributes.colour", "attribute")
    assert resolve_field("price", Shop()) == ("price", "number")
    with pytest.raises(QueryError, match="unknown field 'colr'; did you mean colour"):
        resolve_field("colr", Shop())
