"""Facets: the values of the matching products in a field, with counts; and filters of chosen values."""

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
"""Most facets of a search."""

_OF_ATTRIBUTES = "attributes."
_ADDED = "added_at"
"""What ``newest`` sorts by; to a shopper it is no attribute of a product."""

_HAN = re.compile(r"[\u3400-\u9fff]")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class FacetField:
    """A field that can be a facet.

    Parameters
    ----------
    kind : {"values", "numbers"}
    values : int
        Number of different values.
    products : int
        Products that have the field; variants count each.
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
class FacetFilter:
    """The chosen values, or the chosen range, of a field, and the filter that they are."""

    name: str
    filter: Filter
    values: tuple[str, ...] = ()
    range: Range | None = None


def read_facet_filters(chosen: Mapping[str, Sequence[str] | Range], fields: Fields) -> dict[str, FacetFilter]:
    """Read chosen facet values; field → filter. A field without a chosen value is left out.

    Raises
    ------
    QueryError
        No product has the field, or it cannot have such a value.
    """
    filters: dict[str, FacetFilter] = {}
    for name, values in chosen.items():
        field, kind = resolve_field(name, fields)
        if isinstance(values, Range):
            if kind not in ("number", "attribute"):
                raise QueryError(f"facet_filters: {name} holds no numbers; choose some of its values")
            if values != Range():
                bounds = Between(field, at_least=values.low, at_most=values.high)
                filters[field] = FacetFilter(name, bounds, range=values)
        elif isinstance(values, str):
            raise QueryError(f"facet_filters: {name} takes a list of values, as in [{values!r}]")
        elif values:
            filters[field] = FacetFilter(name, _any_of(name, field, kind, values), tuple(values))
    return filters


def count_facets(
    index: SearchIndex,
    requests: Sequence[str | FacetRequest],
    base: Filter | None,
    chosen: Mapping[str, FacetFilter],
    *,
    distinct: bool,
    lexicon: Lexicon | None = None,
) -> tuple[FacetResult, ...]:
    """Return the facets of the matching products; a facet is not narrowed by its own chosen values.

    Parameters
    ----------
    index : SearchIndex
    requests : sequence of str or FacetRequest
    base : Filter or None
        What matches, facet filters aside.
    chosen : mapping
        Field → chosen values.
    distinct : bool
        Count variants once.
    lexicon : Lexicon or None
        Names the values.

    Raises
    ------
    QueryError
        No product has a field, or there are too many facets.
    """
    if len(requests) > MAX_FACETS:
        raise QueryError(f"the query has {len(requests)} facets; {MAX_FACETS} are the most")
    kinds = _kinds(index) if requests else {}
    group = GROUP if distinct else None
    results = []
    for request in requests:
        request = FacetRequest(request) if isinstance(request, str) else request
        field, _ = resolve_field(request.field, index)
        where = joined(base, *(choice.filter for other, choice in chosen.items() if other != field))
        choice = chosen.get(field)
        kind = request.kind or kinds.get(field, "values")
        if kind == "numbers":
            results.append(_histogram(index, request, field, where, choice, group))
        else:
            results.append(_values(index, request, field, where, choice, group, lexicon))
    return tuple(results)


def facet_fields(index: SearchIndex, where: Filter | None = None) -> dict[str, FacetField]:
    """Return the fields that can be facets, by their short names; counts are of the products that match."""
    facets: dict[str, FacetField] = {}
    products = index.count(where)
    for field, kind in _kinds(index).items():
        name = field.removeprefix(_OF_ATTRIBUTES)
        counted = index.facet(field, where, limit=1)
        # A short name belongs to the field that every product may have.
        facets[field if name in facets else name] = FacetField(
            kind, counted.total_values, products - counted.missing
        )
    return facets


def _kinds(index: SearchIndex) -> dict[str, FacetKind]:
    numbers = {field for field, kind in index.field_kinds().items() if kind == "number"} - {"in_stock"}
    fields = sorted(
        set(index.fields()) - {_ADDED}, key=lambda field: (field.startswith(_OF_ATTRIBUTES), field)
    )
    return {field: "numbers" if field in numbers else "values" for field in fields}


def joined(*filters: Filter | None) -> Filter | None:
    """Return the filter that all of the filters make together; None without filters."""
    parts = tuple(each for each in filters if each is not None)
    return None if not parts else parts[0] if len(parts) == 1 else And(parts)


def _values(
    index: SearchIndex,
    request: FacetRequest,
    field: str,
    where: Filter | None,
    choice: FacetFilter | None,
    group: str | None,
    lexicon: Lexicon | None,
) -> FacetResult:
    counted = index.facet(field, where, limit=request.limit, distinct=group)
    chosen = set(choice.values) if choice else set()
    values: dict[str, int] = {}
    for value_count in counted.values:
        # An attribute may hold the number 40 and the text "40": the same value to a shopper.
        text = _text(field, value_count.value)
        values[text] = values.get(text, 0) + value_count.count
    for value in sorted(chosen - values.keys()):
        has = _any_of(request.field, field, resolve_field(request.field, index)[1], [value])
        values[value] = index.count(joined(where, has), group)
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
    index: SearchIndex,
    request: FacetRequest,
    field: str,
    where: Filter | None,
    choice: FacetFilter | None,
    group: str | None,
) -> FacetResult:
    counted = index.histogram(field, where, bins=request.bins, distinct=group)
    return FacetResult(
        request.field,
        "numbers",
        low=counted.low,
        high=counted.high,
        edges=tuple(counted.edges),
        counts=tuple(counted.counts),
        missing=index.count(joined(where, Not(Has(field))), group),
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


def _any_of(name: str, field: str, kind: FieldKind, values: Sequence[str]) -> Filter:
    match kind:
        case "id":
            return Ids(tuple(values))
        case "truth":
            if not set(values) <= {"true", "false"}:
                raise QueryError(
                    f"facet_filters: {name} is true or false, not {', '.join(map(repr, values))}"
                )
            return OneOf(field, tuple(value == "true" for value in values))
        case "number":
            if wrong := [value for value in values if not _NUMBER.fullmatch(value)]:
                raise QueryError(f"facet_filters: {name} holds numbers, and {wrong[0]!r} is none")
            return OneOf(field, tuple(map(float, values)))
        case _:
            # An attribute may hold texts and numbers; "40" chooses both.
            numbers = [float(value) for value in values if kind == "attribute" and _NUMBER.fullmatch(value)]
            return OneOf(field, (*values, *numbers))


def _text(field: str, value: str | float) -> str:
    if isinstance(value, str):
        return value
    return str(bool(value)).lower() if field == "in_stock" else f"{value:.15g}"
