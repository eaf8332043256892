"""Facets: the values of the matching products in a field, with counts; and filters of chosen values."""

from __future__ import annotations

import heapq
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field

from snapshelf._support.wire import documented
from snapshelf.errors import QueryError
from snapshelf.index import And, Between, Filter, Has, Ids, Not, OneOf, SearchIndex
from snapshelf.language import Lexicon, normalise
from snapshelf.query import FieldKind, Fields, resolve_field
from snapshelf.search.corpus import GROUP
from snapshelf.search.facet_fields import FacetSettings, facet_kind
from snapshelf.search.facet_numbers import readable_histogram
from snapshelf.search.facet_values import EVERY, NUMBER, FacetValues
from snapshelf.search.request import FacetKind, FacetRequest, Range

MAX_FACETS = 50
"""Most facets of a search."""

_HAN = re.compile(r"[\u3400-\u9fff]")


@documented
@dataclass(frozen=True, slots=True)
class FacetChoice:
    """A value of a facet.

    Examples
    --------
    >>> choice = shelf.search(facets=["brand"]).facets[0].values[0]
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
    >>> facet = shelf.search(facets=["brand"]).facets[0]
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
    labels: Annotated[
        Mapping[str, str] | None,
        Field(description="Name of the field by language, where `search.yaml` gives it."),
    ] = None


@dataclass(frozen=True, slots=True)
class FacetFilter:
    """The chosen values, or the chosen range, of a field, and the filter that they are."""

    name: str
    filter: Filter
    values: tuple[str, ...] = ()
    range: Range | None = None


def read_facet_filters(
    chosen: Mapping[str, Sequence[str] | Range], fields: Fields, values_of: FacetValues
) -> dict[str, FacetFilter]:
    """Read chosen facet values; field → filter. A field without a chosen value is left out.

    A value stands for all of its spellings, and for the lists that have it.

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
            has = _any_of(name, field, kind, values, values_of)
            filters[field] = FacetFilter(name, has, tuple(values))
    return filters


def count_facets(
    index: SearchIndex,
    requests: Sequence[str | FacetRequest],
    base: Filter | None,
    chosen: Mapping[str, FacetFilter],
    *,
    distinct: bool,
    values_of: FacetValues,
    settings: FacetSettings | None = None,
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
    values_of : FacetValues
    settings : FacetSettings or None
        Size and names of facets that are requested by their fields alone.
    lexicon : Lexicon or None
        Names the values.

    Raises
    ------
    QueryError
        No product has a field, or there are too many facets.
    """
    if len(requests) > MAX_FACETS:
        raise QueryError(f"the query has {len(requests)} facets; {MAX_FACETS} are the most")
    settings = settings or FacetSettings()
    counter = _Counter(index, GROUP if distinct else None, values_of, lexicon)
    results = []
    for request in map(settings.request, requests):
        field, _ = resolve_field(request.field, index)
        where = joined(base, *(choice.filter for other, choice in chosen.items() if other != field))
        kind = request.kind or facet_kind(index, field)
        count = counter.bars if kind == "numbers" else counter.values
        result = count(request, field, where, chosen.get(field))
        setting = settings.of(request.field)
        results.append(replace(result, labels=setting.label or None) if setting else result)
    return tuple(results)


def joined(*filters: Filter | None) -> Filter | None:
    """Return the filter that all of the filters make together; None without filters."""
    parts = tuple(each for each in filters if each is not None)
    return None if not parts else parts[0] if len(parts) == 1 else And(parts)


@dataclass(frozen=True, slots=True)
class _Counter:
    """Counts facets.

    Parameters
    ----------
    index : SearchIndex
    group : str or None
        Field whose values count once.
    values_of : FacetValues
    lexicon : Lexicon or None
    """

    index: SearchIndex
    group: str | None
    values_of: FacetValues
    lexicon: Lexicon | None

    def values(
        self, request: FacetRequest, field: str, where: Filter | None, choice: FacetFilter | None
    ) -> FacetResult:
        """Count values, all spellings of a value together."""
        spelled = self.values_of.of(field)
        is_plain = spelled.is_plain and self.index.field_kinds().get(field) != "mixed"
        counted = self.index.facet(
            field, where, limit=request.limit if is_plain else EVERY, distinct=self.group
        )
        sums: defaultdict[str, int] = defaultdict(int)
        cells: defaultdict[str, list[str | float]] = defaultdict(list)
        for cell in counted.values:
            text = _text(field, cell.value)
            # An attribute may hold the number 40 and the text "40": the same value to a shopper.
            labels = spelled.labels.get(text, (text,)) if isinstance(cell.value, str) else (text,)
            for label in labels:
                sums[label] += cell.count
                cells[label].append(cell.value)

        def count(label: str) -> int:
            if len(cells[label]) == 1 or not self.values_of.overlap(field, label, self.group):
                return sums[label]
            return self.index.count(joined(where, OneOf(field, tuple(cells[label]))), self.group)

        values = _most_frequent(sums, count, request.limit)
        chosen = {spelled.label_of(value) for value in choice.values} if choice else set()
        for value in sorted(chosen - values.keys()):
            kind = resolve_field(request.field, self.index)[1]
            has = _any_of(request.field, field, kind, [value], self.values_of)
            values[value] = self.index.count(joined(where, has), self.group)
        return FacetResult(
            request.field,
            "values",
            tuple(
                FacetChoice(value, number, value in chosen, self._labels(value))
                for value, number in values.items()
            ),
            counted.total_values if is_plain else len(sums),
            counted.missing,
        )

    def bars(
        self, request: FacetRequest, field: str, where: Filter | None, choice: FacetFilter | None
    ) -> FacetResult:
        """Count numbers in bars."""
        counted = readable_histogram(self.index, field, where, bins=request.bins, distinct=self.group)
        return FacetResult(
            request.field,
            "numbers",
            low=counted.low,
            high=counted.high,
            edges=counted.edges,
            counts=counted.counts,
            missing=self.index.count(joined(where, Not(Has(field))), self.group),
            chosen=choice.range if choice else None,
        )

    def _labels(self, value: str) -> dict[str, str] | None:
        """Name a value in both languages; in its own it stays as the shop writes it."""
        matches = self.lexicon.find(value) if self.lexicon is not None else ()
        whole = [match for match in matches if match.end - match.start == len(normalise(value))]
        if not whole:
            return None
        labels = {language: whole[0].concept.label(language) for language in ("en", "zh")}
        labels["zh" if _HAN.search(value) else "en"] = value
        return labels


def _most_frequent(sums: Mapping[str, int], count: Callable[[str], int], limit: int) -> dict[str, int]:
    """Return the `limit` values with the largest counts, of which `sums` are upper bounds; the largest first."""
    counts: dict[str, int] = {}
    least: list[int] = []  # heap of the `limit` largest counts
    for value, bound in sorted(sums.items(), key=lambda each: (-each[1], each[0])):
        if len(least) == limit and bound < least[0]:
            break
        counts[value] = count(value)
        heapq.heappush(least, counts[value])
        if len(least) > limit:
            heapq.heappop(least)
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return dict(ordered[:limit])


def _any_of(name: str, field: str, kind: FieldKind, values: Sequence[str], values_of: FacetValues) -> Filter:
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
            if wrong := [value for value in values if not NUMBER.fullmatch(value)]:
                raise QueryError(f"facet_filters: {name} holds numbers, and {wrong[0]!r} is none")
            return OneOf(field, tuple(map(float, values)))
        case _:
            # An attribute may hold texts and numbers; "40" chooses both.
            numbers = [float(value) for value in values if kind == "attribute" and NUMBER.fullmatch(value)]
            spelled = values_of.of(field)
            cells = dict.fromkeys(cell for value in values for cell in spelled.cells_of(value))
            return OneOf(field, (*cells, *numbers))


def _text(field: str, value: str | float) -> str:
    if isinstance(value, str):
        return value
    return str(bool(value)).lower() if field == "in_stock" else f"{value:.15g}"
