"""Facets: which values the matching products have, and how many of each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from snapshelf._support.wire import documented
from snapshelf.errors import QueryError
from snapshelf.index import And, Between, Filter, Has, Ids, Not, OneOf, SearchIndex
from snapshelf.language import Lexicon, normalise
from snapshelf.query import FieldKind, Fields, resolve_field
from snapshelf.search.corpus import GROUP
from snapshelf.search.request import FacetKind, FacetRequest, Range

MAX_FACETS = 50
"""Most facets of one search."""

_OF_ATTRIBUTES = "attributes."
_ADDED = "added_at"
"""What ``newest`` sorts by; to a shopper it is no property of a product."""

_HAN = re.compile(r"[\u3400-\u9fff]")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class FacetField:
    """A field that may be a facet.

    Parameters
    ----------
    kind : {"values", "numbers"}
    values : int
        Different values it has.
    products : int
        Products that have it, each variant by itself.
    """

    kind: FacetKind
    values: int
    products: int


@documented
@dataclass(frozen=True, slots=True)
class FacetChoice:
    """A value of a facet.

    Examples
    --------
    >>> choice = shelf.search(text="white", facets=["brand"]).facets[0].values[0]
    >>> choice.value, choice.count, choice.chosen
    ('Fernbrook', 2, False)
    """

    value: str
    count: Annotated[int, Field(description="Products that have it; variants count once.")]
    chosen: Annotated[bool, Field(description="Whether it is among the chosen values.")] = False
    labels: Annotated[
        Mapping[str, str] | None,
        Field(
            description="Its name by language, where the lexicon knows it.",
            examples=[{"en": "Red", "zh": "红色"}],
        ),
    ] = None


@documented
@dataclass(frozen=True, slots=True)
class FacetResult:
    """Values of the matching products in one field. A facet's own choice does not narrow it.

    Examples
    --------
    >>> facet = shelf.search(text="white", facets=["brand"]).facets[0]
    >>> facet.kind, facet.total_values, len(facet.values)
    ('values', 3, 3)
    """

    field: Annotated[str, Field(description="As in the request.")]
    kind: Annotated[FacetKind, Field(description="A list of values, or a histogram of numbers.")]
    values: Annotated[
        tuple[FacetChoice, ...],
        Field(description="The most frequent first, the chosen values always among them."),
    ] = ()
    total_values: Annotated[int, Field(description="Number of different values.")] = 0
    missing: Annotated[int, Field(description="Products without the field.")] = 0
    low: Annotated[float | None, Field(description="The smallest number.")] = None
    high: Annotated[float | None, Field(description="The largest number.")] = None
    edges: Annotated[
        tuple[float, ...],
        Field(description="Histogram: bar i is from edge i to edge i + 1, the last edge included."),
    ] = ()
    counts: Annotated[tuple[int, ...], Field(description="Histogram: products in each bar.")] = ()
    chosen: Annotated[Range | None, Field(description="The chosen range of numbers.")] = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """A shopper's choice in one field: some values or a range, and the filter that it is."""

    name: str
    filter: Filter
    values: tuple[str, ...] = ()
    range: Range | None = None


def read_choices(choices: Mapping[str, Sequence[str] | Range], fields: Fields) -> dict[str, Chosen]:
    """Understand chosen facet values; fact → choice. A field without a chosen value is left out.

    Raises
    ------
    QueryError
        There is no such field, or it cannot have such a value.
    """
    chosen: dict[str, Chosen] = {}
    for name, given in choices.items():
        fact, kind = resolve_field(name, fields)
        if isinstance(given, Range):
            if kind not in ("number", "attribute"):
                raise QueryError(f"facet_filters: {name} holds no numbers; choose some of its values")
            if given != Range():
                bounds = Between(fact, at_least=given.low, at_most=given.high)
                chosen[fact] = Chosen(name, bounds, range=given)
        elif isinstance(given, str):
            raise QueryError(f"facet_filters: {name} takes a list of values, as in [{given!r}]")
        elif given:
            chosen[fact] = Chosen(name, _one_of(name, fact, kind, given), tuple(given))
    return chosen


def count_facets(
    store: SearchIndex,
    requests: Sequence[str | FacetRequest],
    base: Filter | None,
    chosen: Mapping[str, Chosen],
    *,
    distinct: bool,
    lexicon: Lexicon | None = None,
) -> tuple[FacetResult, ...]:
    """Count the products that match, facet by facet, each without its own choice.

    Parameters
    ----------
    store : SearchIndex
    requests : sequence of str or FacetRequest
    base : Filter or None
        What matches, choices aside.
    chosen : mapping
        Fact → choice.
    distinct : bool
        Count variants once.
    lexicon : Lexicon or None
        Names the values.

    Raises
    ------
    QueryError
        There is no such field, or there are too many facets.
    """
    if len(requests) > MAX_FACETS:
        raise QueryError(f"the query has {len(requests)} facets; {MAX_FACETS} are the most")
    kinds = _kinds(store) if requests else {}
    group = GROUP if distinct else None
    results = []
    for request in requests:
        request = FacetRequest(request) if isinstance(request, str) else request
        fact, _ = resolve_field(request.field, store)
        where = joined(base, *(choice.filter for other, choice in chosen.items() if other != fact))
        choice = chosen.get(fact)
        kind = request.kind or kinds.get(fact, "values")
        if kind == "numbers":
            results.append(_histogram(store, request, fact, where, choice, group))
        else:
            results.append(_values(store, request, fact, where, choice, group, lexicon))
    return tuple(results)


def facet_fields(store: SearchIndex) -> dict[str, FacetField]:
    """Which facets may be asked for, by the short name of their field."""
    found: dict[str, FacetField] = {}
    products = store.count()
    for fact, kind in _kinds(store).items():
        name = fact.removeprefix(_OF_ATTRIBUTES)
        counted = store.facet(fact, limit=1)
        # A short name belongs to the field that every product may have.
        found[fact if name in found else name] = FacetField(
            kind, counted.total_values, products - counted.missing
        )
    return found


def _kinds(store: SearchIndex) -> dict[str, FacetKind]:
    numbers = {fact for fact, kind in store.field_kinds().items() if kind == "number"} - {"in_stock"}
    known = set(store.fields()) - {_ADDED}
    facts = sorted(known, key=lambda fact: (fact.startswith(_OF_ATTRIBUTES), fact))
    return {fact: "numbers" if fact in numbers else "values" for fact in facts}


def joined(*filters: Filter | None) -> Filter | None:
    """Everything that all of the filters leave; None without one."""
    given = tuple(each for each in filters if each is not None)
    return None if not given else given[0] if len(given) == 1 else And(given)


def _values(
    store: SearchIndex,
    request: FacetRequest,
    fact: str,
    where: Filter | None,
    choice: Chosen | None,
    group: str | None,
    lexicon: Lexicon | None,
) -> FacetResult:
    counted = store.facet(fact, where, limit=request.limit, distinct=group)
    chosen = set(choice.values) if choice else set()
    values: dict[str, int] = {}
    for each in counted.values:
        # An attribute may hold the number 40 and the text "40": one value to a shopper.
        text = _text(fact, each.value)
        values[text] = values.get(text, 0) + each.count
    for value in sorted(chosen - values.keys()):
        has = _one_of(request.field, fact, resolve_field(request.field, store)[1], [value])
        values[value] = store.count(joined(where, has), group)
    return FacetResult(
        request.field,
        "values",
        tuple(
            FacetChoice(value, count, value in chosen, _labels(value, lexicon) if lexicon else None)
            for value, count in values.items()
        ),
        counted.total_values,
        counted.missing,
    )


def _histogram(
    store: SearchIndex,
    request: FacetRequest,
    fact: str,
    where: Filter | None,
    choice: Chosen | None,
    group: str | None,
) -> FacetResult:
    counted = store.histogram(fact, where, bins=request.bins, distinct=group)
    return FacetResult(
        request.field,
        "numbers",
        low=counted.low,
        high=counted.high,
        edges=tuple(counted.edges),
        counts=tuple(counted.counts),
        missing=store.count(joined(where, Not(Has(fact))), group),
        chosen=choice.range if choice else None,
    )


def _labels(value: str, lexicon: Lexicon) -> dict[str, str] | None:
    """Name a value in both languages; in its own it stays as the shop writes it."""
    whole = [match for match in lexicon.find(value) if match.end - match.start == len(normalise(value))]
    if not whole:
        return None
    labels = {language: whole[0].concept.label(language) for language in ("en", "zh")}
    labels["zh" if _HAN.search(value) else "en"] = value
    return labels


def _one_of(name: str, fact: str, kind: FieldKind, values: Sequence[str]) -> Filter:
    match kind:
        case "id":
            return Ids(tuple(values))
        case "truth":
            if not set(values) <= {"true", "false"}:
                raise QueryError(
                    f"facet_filters: {name} is true or false, not {', '.join(map(repr, values))}"
                )
            return OneOf(fact, tuple(value == "true" for value in values))
        case "number":
            if wrong := [value for value in values if not _NUMBER.fullmatch(value)]:
                raise QueryError(f"facet_filters: {name} holds numbers, and {wrong[0]!r} is none")
            return OneOf(fact, tuple(map(float, values)))
        case _:
            # An attribute may hold texts and numbers; "40" chooses both.
            numbers = [float(value) for value in values if kind == "attribute" and _NUMBER.fullmatch(value)]
            return OneOf(fact, (*values, *numbers))


def _text(fact: str, value: str | float) -> str:
    if isinstance(value, str):
        return value
    return str(bool(value)).lower() if fact == "in_stock" else f"{value:.15g}"
