"""Field values of all records in memory, column by column: filters, facets and groups are computed from them."""

from __future__ import annotations

import heapq
import itertools
import json
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any, assert_never

import numpy as np

from snapshelf.errors import SearchIndexError
from snapshelf.index.cache import LeastRecentlyUsed
from snapshelf.index.field_columns import ROOM, NumberColumn, TextColumn, longer, rounded
from snapshelf.index.filters import And, Between, Equals, Filter, Has, HasWords, Ids, Not, OneOf, Or
from snapshelf.index.groups import Groups, Members
from snapshelf.index.order import sort_rows
from snapshelf.index.protocol import Facet, FacetValue, Histogram

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from snapshelf.index.field_columns import SomeRows, StoredValue
    from snapshelf.index.groups import Rows
    from snapshelf.index.lexical import TermTable
    from snapshelf.index.order import SortKey
    from snapshelf.index.protocol import Kind

_SELECTIONS, _FACETS = 32, 256
"""Results cached until the next change: a search asks about the same few filters again and again, and many searches ask
for the same facets."""


class Columns:
    """A table of field values: a row for each record, up to two columns for each field.

    The numbers of a field are an array of floats. Its texts are an array of codes into the list of its different
    values; a list of texts is such a value. A filter is a few comparisons of arrays, and a facet a count of codes.

    `reserve` assigns the row numbers, which are the ids of the engine's points. A row is used again when its record is
    gone. The table does not lock: its owner does.

    Parameters
    ----------
    terms : TermTable
        The terms of the same rows, for filters that ask for words. A change there comes before the change here.
    """

    def __init__(self, terms: TermTable) -> None:
        self._terms = terms
        self._rows: dict[str, int] = {}
        self._ids: list[str] = []  # anything for a row without a record
        self._free: list[int] = []
        self._alive = np.zeros(ROOM, np.bool_)  # longer than there are rows, as all columns are
        self._numbers: dict[str, NumberColumn] = {}
        self._texts: dict[str, TextColumn] = {}
        self._selections: LeastRecentlyUsed[_Selection] = LeastRecentlyUsed(_SELECTIONS)
        self._groups: LeastRecentlyUsed[Groups] = LeastRecentlyUsed(_SELECTIONS)
        self._members: LeastRecentlyUsed[Members] = LeastRecentlyUsed(_SELECTIONS)
        self._facets: LeastRecentlyUsed[Facet] = LeastRecentlyUsed(_FACETS)
        self._histograms: LeastRecentlyUsed[Histogram] = LeastRecentlyUsed(_FACETS)
        self._orders: LeastRecentlyUsed[Rows] = LeastRecentlyUsed(_SELECTIONS)
        self._id_ranks: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def size(self) -> int:
        """Number of rows, with or without a record."""
        return len(self._ids)

    def __contains__(self, row: int) -> bool:
        """Whether a row holds a record."""
        return row < len(self._alive) and bool(self._alive[row])

    # Rows

    def known(self, rows: Rows) -> Rows:
        """Return those of some rows that hold a record."""
        rows = rows[rows < len(self._alive)]
        return rows[self._alive[rows]]

    def reserve(self, ids: Sequence[str]) -> list[int]:
        """Return rows for records that are about to be put: their own, or unused rows."""
        rows = []
        for id in ids:
            if (row := self._rows.get(id)) is None:
                if self._free:
                    row = self._free.pop()
                else:
                    row = len(self._ids)
                    self._ids.append("")
            rows.append(row)
        return rows

    def release(self, rows: Iterable[int]) -> None:
        """Take back reserved rows that were not put."""
        self._free += [row for row in rows if row not in self]

    def put(self, row: int, id: str, fields: Mapping[str, StoredValue]) -> None:
        """Set the record of a row and its values."""
        self._clear_caches()
        if row >= len(self._alive):
            self._grow(max(row + 1, 2 * len(self._alive)))
        if self._alive[row]:
            self._clear(row)
        self._ids[row] = id
        self._rows[id] = row
        self._alive[row] = True
        self._set(row, fields)

    def remove(self, ids: Iterable[str]) -> None:
        """Free the rows of records; unknown ids are ignored."""
        self._clear_caches()
        for id in ids:
            row = self._rows.pop(id, None)
            if row is not None:
                self._alive[row] = False
                self._free.append(row)
                self._clear(row)

    def rows_of(self, ids: Iterable[str]) -> list[int]:
        """Return the rows of records; unknown ids are left out."""
        return [self._rows[id] for id in ids if id in self._rows]

    def known_ids(self, ids: Iterable[str]) -> list[str]:
        """Return the ids of which there is a record, each once."""
        return [id for id in dict.fromkeys(ids) if id in self._rows]

    def ids_of(self, rows: Iterable[int]) -> list[str]:
        """Return the ids of rows that hold a record."""
        return [self._ids[row] for row in rows]

    def values_of(self, rows: Sequence[int], fields: Iterable[str]) -> list[dict[str, StoredValue]]:
        """Return the values that each row has of the given fields."""
        values: list[dict[str, StoredValue]] = [{} for _ in rows]
        for field, column in self._of(dict.fromkeys(fields)):
            for row_values, value in zip(values, column.some(rows), strict=True):
                if value is not None:
                    row_values[field] = value
        return values

    # Filters

    def mask(self, where: Filter | None) -> NDArray[np.bool_]:
        """Tell which rows hold a matching record, bool (rows,)."""
        return self._select(where).mask

    def rows(self, where: Filter | None) -> Rows:
        """Return the rows of the matching records, ascending."""
        return self._select(where).rows

    def among(self, rows: Sequence[int], where: Filter) -> list[int]:
        """Return those of some rows that match."""
        matching: list[int] = np.array(rows, np.int64)[self.test(rows, where)].tolist()
        return matching

    def test(self, rows: Sequence[int], where: Filter) -> NDArray[np.bool_]:
        """Tell which of some rows match."""
        return self._test(where, np.array(rows, np.int64))

    def count(self, where: Filter | None, distinct: str | None = None) -> int:
        """Count the matching records, or their different values of a field."""
        if distinct is None or self._grouped(distinct).is_trivial:
            return int(np.count_nonzero(self.mask(where)))
        return self._counting(where, distinct).count

    def first(self, where: Filter | None, after: str | None, limit: int) -> list[str]:
        """Return the least ids of matching records above `after`."""
        ids = self.ids_of(self.rows(where).tolist())
        return heapq.nsmallest(limit, ids if after is None else (id for id in ids if id > after))

    # Order

    def ordered(
        self, where: Filter | None, by: Sequence[SortKey], distinct: str | None, limit: int
    ) -> list[str]:
        """Return the first ids of the matching records in an order; see `SearchIndex.ordered`."""
        keys = tuple(by)

        def order() -> Rows:
            rows = sort_rows(self, self.rows(where), keys)
            if distinct is None:
                return rows
            groups = self._grouped(distinct).codes[rows]
            return rows[np.sort(np.unique(groups, return_index=True)[1])]

        return self.ids_of(self._orders.get((where, keys, distinct), order)[:limit].tolist())

    def numbers(self, field: str) -> NDArray[np.float64]:
        """Return the numbers of a field by row, NaN where a row has none."""
        column = self._numbers.get(field)
        size = len(self._ids)
        return np.full(size, np.nan) if column is None else column.values[:size]

    def codes(self, field: str) -> NDArray[np.int64]:
        """Number the values of a field by row, equal values alike, 0 where a row has none."""
        codes = np.zeros(len(self._ids), np.int64)
        for _, column in self._of([field]):
            having = np.flatnonzero(column.has(slice(0, len(codes))))
            codes[having] = column.groups(having) + codes.max(initial=0) + 1
        return codes

    def id_ranks(self) -> NDArray[np.int64]:
        """Return the place of each row in the order of the ids."""
        if self._id_ranks is None:
            rows = sorted(range(len(self._ids)), key=self._ids.__getitem__)
            self._id_ranks = np.empty(len(rows), np.int64)
            self._id_ranks[rows] = np.arange(len(rows))
        return self._id_ranks

    # Fields

    def fields(self) -> dict[str, Kind]:
        """Return the fields of which some record has a value, in order, and what they hold."""
        kinds: dict[str, Kind] = {}
        for field in sorted({field for field, column in self._all() if column.present}):
            numbers, texts = self._numbers.get(field), self._texts.get(field)
            if texts is None or not texts.present:
                kinds[field] = "number"
            elif numbers is not None and numbers.present:
                kinds[field] = "mixed"
            else:
                kinds[field] = "list" if texts.lists else "text"
        return kinds

    def texts(self, field: str, limit: int) -> list[str]:
        """Return the different texts of a field, in order."""
        if field not in self._texts:
            return []
        names, counts = self._texts[field].counts(self._counting(None, None))
        return sorted(name for name, count in zip(names, counts.tolist(), strict=True) if count)[:limit]

    # Facets, histograms, order, groups

    def facet(self, field: str, where: Filter | None, limit: int, distinct: str | None) -> Facet:
        """Count the values of a field; see `SearchIndex.facet`."""
        return self._facets.get(
            (field, where, limit, distinct), lambda: self._facet(field, where, limit, distinct)
        )

    def _facet(self, field: str, where: Filter | None, limit: int, distinct: str | None) -> Facet:
        members = self._counting(where, distinct)
        values: list[FacetValue] = []
        total = 0
        without = members
        for _, column in self._of([field]):
            names: Sequence[str | float]
            names, counts = column.counts(members)
            some = np.flatnonzero(counts)
            total += len(some)
            order = zip((-counts[some]).tolist(), [names[n] for n in some.tolist()], strict=True)
            values += [FacetValue(name, -count) for count, name in heapq.nsmallest(limit, order)]
            without = without.where(lambda rows, column=column: ~column.has(rows))  # type: ignore[misc]
        # Stable, so that numbers stay before texts and both in their order.
        values.sort(key=lambda each: -each.count)
        return Facet(tuple(values[:limit]), total, without.count)

    def histogram(
        self,
        field: str,
        where: Filter | None,
        bins: int,
        edges: Sequence[float] | None,
        distinct: str | None,
    ) -> Histogram:
        """Count a field's numbers by size; see `SearchIndex.histogram`."""
        if bins < 1 or (edges is not None and not _ascend(edges)):
            raise SearchIndexError("a histogram needs at least one bin, and edges that ascend")
        bounds = None if edges is None else tuple(edges)
        return self._histograms.get(
            (field, where, bins, bounds, distinct),
            lambda: self._histogram(field, where, bins, bounds, distinct),
        )

    def _histogram(
        self,
        field: str,
        where: Filter | None,
        bins: int,
        edges: tuple[float, ...] | None,
        distinct: str | None,
    ) -> Histogram:
        column = self._numbers.get(field)
        having = None if column is None else self._counting(where, distinct).where(column.has)
        if column is None or having is None or not having.count:
            return Histogram(None, None, edges or (), (0,) * (len(edges) - 1 if edges else 0))
        values = column.values[having.once], column.values[having.several]
        low = min(float(some.min(initial=np.inf)) for some in values)
        high = max(float(some.max(initial=-np.inf)) for some in values)
        if edges is None:
            edges = (low, high) if low == high else tuple(np.linspace(low, high, bins + 1).tolist())
        limits = np.asarray(edges)
        # A further bin at either end is for numbers outside.
        once, several = (np.searchsorted(limits, some, side="right") for some in values)
        for at, some in zip((once, several), values, strict=True):
            at[some == limits[-1]] = len(limits) - 1
        counts = having.counts(once, several, np.arange(len(several)), len(limits) + 1)
        return Histogram(low, high, edges, tuple(counts[1:-1].tolist()))

    def group_sizes(self, ids: Sequence[str], where: Filter | None, field: str) -> dict[str, int]:
        """Count the matching records in the group of each record; see `SearchIndex.group_sizes`."""
        groups = self._grouped(field)
        known = self.known_ids(ids)
        rows = np.array(self.rows_of(known), np.int64)
        sizes = self.mask(where)[rows].astype(np.int64)  # of a record that is alone in its group
        shared = groups.shared[rows]
        if shared.any():
            sizes[shared] = groups.sizes(rows[shared], self.rows(where))
        return dict(zip(known, sizes.tolist(), strict=True))

    # On disk

    @classmethod
    def of(cls, terms: TermTable, records: Iterable[tuple[int, str, Mapping[str, StoredValue]]]) -> Columns:
        """Make a table of rows, ids and fields.

        Raises
        ------
        SearchIndexError
            Two rows have the same id.
        """
        table, rows = cls(terms), 0
        for row, id, fields in records:
            table._ids.extend([""] * (row + 1 - len(table._ids)))
            table.put(row, id, fields)
            rows += 1
        if rows != len(table):
            raise SearchIndexError("the engine has some record twice: rebuild the index")
        table._free = np.flatnonzero(~table.mask(None)).tolist()
        return table

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything that `read` needs, for a file."""
        arrays: dict[str, NDArray[Any]] = {
            "ids": _packed(self._ids),
            "alive": self.mask(None),
        }
        numbers = {field: column for field, column in self._numbers.items() if column.present}
        texts = {field: column for field, column in self._texts.items() if column.present}
        arrays["fields"] = _packed([list(numbers), list(texts)])
        size = len(self._ids)
        for n, number in enumerate(numbers.values()):
            arrays[f"numbers{n}"] = number.values[:size]
        for n, text in enumerate(texts.values()):
            text.compact()
            arrays[f"facts{n}"], arrays[f"codes{n}"] = _packed(text.values[1:]), text.codes[:size]
        return arrays

    @classmethod
    def read(cls, terms: TermTable, arrays: Mapping[str, NDArray[Any]]) -> Columns:
        """Make a table of the arrays from `arrays`.

        Raises
        ------
        ValueError, KeyError
            The arrays are not of a table.
        """
        table = cls(terms)
        table._ids = _unpacked(arrays["ids"])
        table._alive = arrays["alive"]
        table._rows = {table._ids[row]: row for row in table.rows(None).tolist()}
        table._free = np.flatnonzero(~table._alive).tolist()
        numbers, texts = _unpacked(arrays["fields"])
        for n, field in enumerate(numbers):
            table._numbers[field] = NumberColumn(arrays[f"numbers{n}"])
        for n, field in enumerate(texts):
            values = [
                value if isinstance(value, str) else tuple(value) for value in _unpacked(arrays[f"facts{n}"])
            ]
            table._texts[field] = TextColumn(arrays[f"codes{n}"], values)
        return table

    def _set(self, row: int, fields: Mapping[str, StoredValue | None]) -> None:
        for field, value in fields.items():
            if isinstance(value, float):
                if field not in self._numbers:
                    self._numbers[field] = NumberColumn(np.full(len(self._alive), np.nan))
                self._numbers[field].set(row, value)
            elif value is not None:
                if field not in self._texts:
                    self._texts[field] = TextColumn(np.zeros(len(self._alive), np.int32), [])
                self._texts[field].set(row, value)

    def _clear(self, row: int) -> None:
        for _, column in self._all():
            column.remove(row)

    def _grow(self, size: int) -> None:
        self._alive = longer(self._alive, size, False)
        for _, column in self._all():
            column.grow(size)

    def _all(self) -> Iterable[tuple[str, NumberColumn | TextColumn]]:
        return itertools.chain(self._numbers.items(), self._texts.items())

    def _of(self, fields: Iterable[str]) -> Iterable[tuple[str, NumberColumn | TextColumn]]:
        for field in fields:
            for columns in (self._numbers, self._texts):
                if field in columns:
                    yield field, columns[field]

    def _clear_caches(self) -> None:
        for cache in (
            self._selections,
            self._groups,
            self._members,
            self._facets,
            self._histograms,
            self._orders,
        ):
            cache.clear()
        self._id_ranks = None

    def _select(self, where: Filter | None) -> _Selection:
        return self._selections.get(where, lambda: _Selection(self._match(where)))

    def _match(self, where: Filter | None) -> NDArray[np.bool_]:
        """Tell which rows hold a matching record; the parts of a filter are cached, too."""
        alive = self._alive[: len(self._ids)]
        match where:
            case None:
                return alive
            case And(parts):
                return reduce(np.bitwise_and, map(self.mask, parts), alive)
            case Or(parts):
                return reduce(np.bitwise_or, map(self.mask, parts), np.zeros(len(alive), np.bool_))
            case Not(part):
                return alive & ~self.mask(part)
            case _:
                return alive & self._test(where, slice(0, len(alive)))

    def _counting(self, where: Filter | None, distinct: str | None) -> Members:
        """Return the matching rows, for counting them or their groups."""

        def counting() -> Members:
            rows = self.rows(where)
            return Members.of(rows) if distinct is None else self._grouped(distinct).among(rows)

        return self._members.get((where, distinct), counting)

    def _grouped(self, field: str) -> Groups:
        def group() -> Groups:
            alive = self.rows(None)
            codes = np.arange(len(self._ids))  # a record without the value is a group of its own
            for _, column in self._of([field]):
                having = alive[column.has(alive)]
                codes[having] = column.groups(having) + codes.max(initial=-1) + 1
            return Groups(codes, alive)

        return self._groups.get(field, group)

    def _test(self, where: Filter, rows: SomeRows) -> NDArray[np.bool_]:
        """Tell which rows match, whether they hold a record or not."""
        size = rows.stop if isinstance(rows, slice) else len(rows)
        match where:
            case Equals(field, value):
                return self._test(OneOf(field, (value,)), rows)
            case OneOf(field, values):
                texts = [value for value in values if isinstance(value, str)]
                numbers = [rounded(value) for value in values if not isinstance(value, str)]
                matching = np.zeros(size, np.bool_)
                if texts and field in self._texts:
                    matching |= self._texts[field].among(texts, rows)
                if numbers and field in self._numbers:
                    matching |= np.isin(self._numbers[field].values[rows], numbers)
                return matching
            case Between(field):
                if field not in self._numbers:
                    return np.zeros(size, np.bool_)
                return _within(self._numbers[field].values[rows], where)
            case Has(field):
                matching = np.zeros(size, np.bool_)
                for _, column in self._of([field]):
                    matching |= column.has(rows)
                return matching
            case Ids(ids):
                wanted = self.rows_of(ids)
                if isinstance(rows, slice):
                    matching = np.zeros(size, np.bool_)
                    matching[wanted] = True
                    return matching
                return np.isin(rows, wanted)
            case HasWords():
                return self._terms.having(where, rows, len(self._ids))
            case And(parts):
                matching = np.ones(size, np.bool_)
                for part in parts:
                    matching &= self._test(part, rows)
                return matching
            case Or(parts):
                matching = np.zeros(size, np.bool_)
                for part in parts:
                    matching |= self._test(part, rows)
                return matching
            case Not(part):
                return ~self._test(part, rows)
            case _:
                assert_never(where)


@dataclass(frozen=True)
class _Selection:
    """The rows that match a filter: bool (rows,), and their numbers."""

    mask: NDArray[np.bool_]

    @cached_property
    def rows(self) -> Rows:
        return np.flatnonzero(self.mask)


def _within(values: NDArray[np.float64], bounds: Between) -> NDArray[np.bool_]:
    # NaN is within no bounds.
    tests = (
        (np.greater_equal, bounds.at_least),
        (np.less_equal, bounds.at_most),
        (np.greater, bounds.above),
        (np.less, bounds.below),
    )
    passed = [test(values, rounded(bound)) for test, bound in tests if bound is not None]
    return np.logical_and.reduce(passed) if passed else ~np.isnan(values)


def _ascend(edges: Sequence[float]) -> bool:
    return len(edges) > 1 and all(low < high for low, high in itertools.pairwise(edges))


def _packed(value: object) -> NDArray[np.uint8]:
    return np.frombuffer(json.dumps(value).encode(), np.uint8)


def _unpacked(array: NDArray[np.uint8]) -> Any:
    return json.loads(array.tobytes())
