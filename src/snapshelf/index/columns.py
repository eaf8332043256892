"""Facts of all records in memory, column by column: what filters, facets, sorting and groups are computed from."""

from __future__ import annotations

import heapq
import itertools
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeAlias, TypeVar, assert_never

import numpy as np

from snapshelf.errors import SearchIndexError
from snapshelf.index.answers import Facet, FacetValue, Histogram, Placed
from snapshelf.index.filters import And, Between, Equals, Filter, Has, Ids, Not, OneOf, Or

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from snapshelf.index.answers import Kind
    from snapshelf.index.protocol import Fact

StoredFact: TypeAlias = "str | float | tuple[str, ...]"
Rows: TypeAlias = "NDArray[np.int64]"
_Answer = TypeVar("_Answer")
_Number = TypeVar("_Number", np.int64, np.float64)
_Some: TypeAlias = "NDArray[np.int64] | slice"

_SELECTIONS, _ANSWERS = 16, 256
"""What is kept until the next change: one search asks about the same few filters again and again, and many
searches ask for the same facets."""

_ROOM = 1024


def stored_fact(field: str, fact: Fact) -> StoredFact | None:
    """A fact as it is kept: numbers as floats of 15 digits, lists as tuples, ``None`` for an empty list.

    Raises
    ------
    SearchIndexError
        The number is not finite, or a list holds something else than text.
    """
    match fact:
        case None | str():
            return fact
        case int() | float():
            number = rounded(fact)
            if not math.isfinite(number):
                raise SearchIndexError(f"the fact {field!r} is {fact}; numbers have to be finite")
            return number
        case _:
            values = tuple(fact)
            if not all(isinstance(value, str) for value in values):
                raise SearchIndexError(f"the fact {field!r} is {fact!r}; a list may hold text only")
            return values or None


def rounded(value: float) -> float:
    """Round to 15 significant digits, the most that survive the engine's JSON unchanged."""
    try:
        return float(f"{value:.15g}") + 0.0  # no negative zero
    except OverflowError:  # an integer beyond all floats
        return math.inf if value > 0 else -math.inf


class Columns:
    """A table of facts: one row for each record, one column or two for each field.

    A field's numbers are an array of floats, its texts an array of codes into the list of the different facts
    that it has; a list of texts is one such fact. A filter is then a few comparisons of arrays, and a facet a
    count of codes.

    Row numbers are given out by `reserve` and are those of the engine's points. A row is used again
    when its record is gone. The table does not lock: its owner does.
    """

    def __init__(self) -> None:
        self._rows: dict[str, int] = {}
        self._ids: list[str] = []  # of a row without a record, anything
        self._free: list[int] = []
        self._alive = np.zeros(_ROOM, np.bool_)  # longer than there are rows, as all columns are
        self._numbers: dict[str, _Numbers] = {}
        self._texts: dict[str, _Texts] = {}
        self._selections: Kept[_Selection] = Kept(_SELECTIONS)
        self._groups: Kept[_Groups] = Kept(_SELECTIONS)
        self._members: Kept[_Members] = Kept(_SELECTIONS)
        self._facets: Kept[Facet] = Kept(_ANSWERS)
        self._histograms: Kept[Histogram] = Kept(_ANSWERS)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, row: int) -> bool:
        """Whether a row holds a record."""
        return row < len(self._alive) and bool(self._alive[row])

    # Rows

    def reserve(self, ids: Sequence[str]) -> list[int]:
        """Rows for records that are about to be put: those that they have, or unused ones."""
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
        """Take back reserved rows that have not been put."""
        self._free += [row for row in rows if row not in self]

    def put(self, row: int, id: str, facts: Mapping[str, StoredFact]) -> None:
        """Set the record of a row, and all of its facts."""
        self._forget()
        if row >= len(self._alive):
            self._grow(max(row + 1, 2 * len(self._alive)))
        if self._alive[row]:
            self._clear(row)
        self._ids[row] = id
        self._rows[id] = row
        self._alive[row] = True
        self._set(row, facts)

    def change(self, row: int, facts: Mapping[str, StoredFact | None]) -> None:
        """Set some facts of a row; ``None`` removes one."""
        self._forget()
        for _, column in self._of(facts):
            column.remove(row)
        self._set(row, facts)

    def remove(self, ids: Iterable[str]) -> None:
        """Free the rows of records; unknown ids are ignored."""
        self._forget()
        for id in ids:
            row = self._rows.pop(id, None)
            if row is not None:
                self._alive[row] = False
                self._free.append(row)
                self._clear(row)

    def rows_of(self, ids: Iterable[str]) -> list[int]:
        """Rows of those records that are there."""
        return [self._rows[id] for id in ids if id in self._rows]

    def ids_of(self, rows: Iterable[int]) -> list[str]:
        """Records of rows that have one."""
        return [self._ids[row] for row in rows]

    def facts_of(self, rows: Sequence[int], fields: Iterable[str]) -> list[dict[str, StoredFact]]:
        """Facts of each row: those of the given fields that it has."""
        facts: list[dict[str, StoredFact]] = [{} for _ in rows]
        for field, column in self._of(dict.fromkeys(fields)):
            for those, fact in zip(facts, column.some(rows), strict=True):
                if fact is not None:
                    those[field] = fact
        return facts

    # Filters

    def mask(self, where: Filter | None) -> NDArray[np.bool_]:
        """Which rows hold a record that matches, bool (rows,)."""
        return self._select(where).mask

    def rows(self, where: Filter | None) -> Rows:
        """Rows of the records that match, ascending."""
        return self._select(where).rows

    def among(self, rows: Sequence[int], where: Filter) -> list[int]:
        """Which of these rows match."""
        some = np.array(rows, np.int64)
        matching: list[int] = some[self._test(where, some)].tolist()
        return matching

    def count(self, where: Filter | None, distinct: str | None = None) -> int:
        """Number of matching records, or of their different values of a field."""
        return len(self.rows(where)) if distinct is None else self._counting(where, distinct).count

    def first(self, where: Filter | None, after: str | None, limit: int) -> list[str]:
        """Ids of matching records, the least of those above `after`."""
        ids = self.ids_of(self.rows(where).tolist())
        return heapq.nsmallest(limit, ids if after is None else (id for id in ids if id > after))

    # Fields

    def fields(self) -> dict[str, Kind]:
        """Fields of which some record has a fact, in order, and what they hold."""
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
        """Different texts of a field, in order."""
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
        # Stable, so that numbers stay before texts and either in their order.
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
            raise SearchIndexError("a histogram has one bin or more, and edges that ascend")
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
        # One bin more at either end is for what is outside.
        once, several = (np.searchsorted(limits, some, side="right") for some in values)
        for at, some in zip((once, several), values, strict=True):
            at[some == limits[-1]] = len(limits) - 1
        counts = having.counts(once, several, np.arange(len(several)), len(limits) + 1)
        return Histogram(low, high, edges, tuple(counts[1:-1].tolist()))

    def ordered(self, field: str, k: int, where: Filter | None, descending: bool, skip: int) -> list[Placed]:
        """Sort by a field; see `SearchIndex.ordered`."""
        rows, wanted = self.rows(where), skip + k
        placed: list[Placed] = []
        parts: list[tuple[Rows, NDArray[Any]]] = []
        left = np.ones(len(rows), np.bool_)
        # Numbers come before texts, as they do in a facet.
        for _, column in self._of([field]):
            having = left & column.has(rows)
            left &= ~having
            parts.append((rows[having], column.keys(rows[having], descending)))
        if descending:
            parts.reverse()
        parts.append((rows[left], np.zeros(int(left.sum()), np.int64)))
        for some, keys in parts:
            short = wanted - len(placed)
            if short <= 0:
                break
            if len(some) > short:
                bound = np.partition(keys, short - 1)[short - 1]
                near = keys <= bound
                some, keys = some[near], keys[near]
            triples = (
                (key, self._ids[row], row) for key, row in zip(keys.tolist(), some.tolist(), strict=True)
            )
            placed += [
                Placed(id, self.facts_of([row], [field])[0].get(field))
                for _, id, row in heapq.nsmallest(short, triples)
            ]
        return placed[skip:]

    def group_sizes(self, ids: Sequence[str], where: Filter | None, field: str) -> dict[str, int]:
        """Number of matching records in each record's group; see `SearchIndex.group_sizes`."""
        groups = self._grouped(field)
        known = [id for id in ids if id in self._rows]
        codes = groups.codes[self.rows_of(known)]
        wanted, places = np.unique(codes, return_inverse=True)
        members = groups.codes[self.rows(where)]
        at = np.searchsorted(wanted, members)
        at[at == len(wanted)] = 0
        sizes = np.bincount(at[wanted[at] == members], minlength=len(wanted)) if len(wanted) else wanted
        return dict(zip(known, sizes[places].tolist(), strict=True))

    # On disk

    @classmethod
    def of(cls, records: Iterable[tuple[int, str, Mapping[str, StoredFact]]]) -> Columns:
        """Make the table of rows, ids and facts.

        Raises
        ------
        SearchIndexError
            Two rows have one id.
        """
        table, rows = cls(), 0
        for row, id, facts in records:
            table._ids.extend([""] * (row + 1 - len(table._ids)))
            table.put(row, id, facts)
            rows += 1
        if rows != len(table):
            raise SearchIndexError("the engine has some record twice: rebuild the store")
        table._free = np.flatnonzero(~table.mask(None)).tolist()
        return table

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything, for a file."""
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
            arrays[f"facts{n}"], arrays[f"codes{n}"] = _packed(text.facts[1:]), text.codes[:size]
        return arrays

    @classmethod
    def read(cls, arrays: Mapping[str, NDArray[Any]]) -> Columns:
        """Read what `arrays` gave.

        Raises
        ------
        ValueError, KeyError
            It is something else.
        """
        table = cls()
        table._ids = _unpacked(arrays["ids"])
        table._alive = arrays["alive"]
        table._rows = {table._ids[row]: row for row in table.rows(None).tolist()}
        table._free = np.flatnonzero(~table._alive).tolist()
        numbers, texts = _unpacked(arrays["fields"])
        for n, field in enumerate(numbers):
            table._numbers[field] = _Numbers(arrays[f"numbers{n}"])
        for n, field in enumerate(texts):
            facts = [
                fact if isinstance(fact, str) else tuple(fact) for fact in _unpacked(arrays[f"facts{n}"])
            ]
            table._texts[field] = _Texts(arrays[f"codes{n}"], facts)
        return table

    def _set(self, row: int, facts: Mapping[str, StoredFact | None]) -> None:
        for field, fact in facts.items():
            if isinstance(fact, float):
                if field not in self._numbers:
                    self._numbers[field] = _Numbers(np.full(len(self._alive), np.nan))
                self._numbers[field].set(row, fact)
            elif fact is not None:
                if field not in self._texts:
                    self._texts[field] = _Texts(np.zeros(len(self._alive), np.int32), [])
                self._texts[field].set(row, fact)

    def _clear(self, row: int) -> None:
        for _, column in self._all():
            column.remove(row)

    def _grow(self, size: int) -> None:
        self._alive = _longer(self._alive, size, False)
        for _, column in self._all():
            column.grow(size)

    def _all(self) -> Iterable[tuple[str, _Numbers | _Texts]]:
        return itertools.chain(self._numbers.items(), self._texts.items())

    def _of(self, fields: Iterable[str]) -> Iterable[tuple[str, _Numbers | _Texts]]:
        for field in fields:
            for columns in (self._numbers, self._texts):
                if field in columns:
                    yield field, columns[field]

    def _forget(self) -> None:
        for kept in (self._selections, self._groups, self._members, self._facets, self._histograms):
            kept.clear()

    def _select(self, where: Filter | None) -> _Selection:
        def select() -> _Selection:
            mask = self._alive[: len(self._ids)]
            if where is not None:
                mask = mask & self._test(where, slice(0, len(mask)))
            return _Selection(mask, np.flatnonzero(mask))

        return self._selections.get(where, select)

    def _counting(self, where: Filter | None, distinct: str | None) -> _Members:
        """What matches, for counting it or its groups."""

        def counting() -> _Members:
            rows = self.rows(where)
            return _Members.of(rows) if distinct is None else self._grouped(distinct).among(rows)

        return self._members.get((where, distinct), counting)

    def _grouped(self, field: str) -> _Groups:
        def group() -> _Groups:
            alive = self.rows(None)
            codes = np.arange(len(self._ids))  # a record without the fact is a group of its own
            for _, column in self._of([field]):
                having = alive[column.has(alive)]
                codes[having] = column.groups(having) + codes.max(initial=-1) + 1
            return _Groups(codes, alive)

        return self._groups.get(field, group)

    def _test(self, where: Filter, rows: _Some) -> NDArray[np.bool_]:
        """Which of some rows match, whether they hold a record or not."""
        size = rows.stop if isinstance(rows, slice) else len(rows)
        match where:
            case Equals(field, value):
                return self._test(OneOf(field, (value,)), rows)
            case OneOf(field, values):
                texts = [value for value in values if isinstance(value, str)]
                numbers = [rounded(value) for value in values if not isinstance(value, str)]
                found = np.zeros(size, np.bool_)
                if texts and field in self._texts:
                    found |= self._texts[field].among(texts, rows)
                if numbers and field in self._numbers:
                    found |= np.isin(self._numbers[field].values[rows], numbers)
                return found
            case Between(field):
                if field not in self._numbers:
                    return np.zeros(size, np.bool_)
                return _within(self._numbers[field].values[rows], where)
            case Has(field):
                found = np.zeros(size, np.bool_)
                for _, column in self._of([field]):
                    found |= column.has(rows)
                return found
            case Ids(ids):
                wanted = self.rows_of(ids)
                if isinstance(rows, slice):
                    found = np.zeros(size, np.bool_)
                    found[wanted] = True
                    return found
                return np.isin(rows, wanted)
            case And(parts):
                found = np.ones(size, np.bool_)
                for part in parts:
                    found &= self._test(part, rows)
                return found
            case Or(parts):
                found = np.zeros(size, np.bool_)
                for part in parts:
                    found |= self._test(part, rows)
                return found
            case Not(part):
                return ~self._test(part, rows)
            case _:
                assert_never(where)


class _Selection(NamedTuple):
    """What a filter leaves: bool (rows,), and the numbers of the rows that are true."""

    mask: NDArray[np.bool_]
    rows: Rows


class Kept(Generic[_Answer]):
    """The last answers to questions, until they are out of date."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._answers: dict[Hashable, _Answer] = {}

    def get(self, question: Hashable, answer: Callable[[], _Answer]) -> _Answer:
        """The answer that is kept, or a new one."""
        # What was asked for last is at the end, what was not for the longest time is first.
        found = self._answers.pop(question) if question in self._answers else answer()
        self._answers[question] = found
        if len(self._answers) > self._size:
            del self._answers[next(iter(self._answers))]
        return found

    def clear(self) -> None:
        """Forget everything."""
        self._answers.clear()


class _Numbers:
    """A field's numbers: float64 (rows,), NaN where a row has none."""

    def __init__(self, values: NDArray[np.float64]) -> None:
        self.values = values
        self.present = int(np.count_nonzero(~np.isnan(values)))

    def some(self, rows: Sequence[int]) -> list[float | None]:
        """Facts of rows."""
        values: list[float] = self.values[np.array(rows, np.int64)].tolist()
        return [None if math.isnan(value) else value for value in values]

    def set(self, row: int, value: float) -> None:
        self.present += math.isnan(self.values[row])
        self.values[row] = value

    def remove(self, row: int) -> None:
        self.present -= not math.isnan(self.values[row])
        self.values[row] = np.nan

    def grow(self, size: int) -> None:
        self.values = _longer(self.values, size, np.nan)

    def has(self, rows: _Some) -> NDArray[np.bool_]:
        return np.logical_not(np.isnan(self.values[rows]))

    def keys(self, rows: Rows, descending: bool) -> NDArray[np.float64]:
        """What to sort by, ascending."""
        values = self.values[rows]
        return -values if descending else values

    def groups(self, rows: Rows) -> NDArray[np.int64]:
        """The same number ≥ 0 for rows with the same fact."""
        return np.unique(self.values[rows], return_inverse=True)[1]

    def counts(self, members: _Members) -> tuple[list[float], NDArray[np.int64]]:
        """Different values, and of how many of the members each is."""
        members = members.where(self.has)
        values = np.concatenate([self.values[members.once], self.values[members.several]])
        different = _different(values)
        once, several = np.split(np.searchsorted(different, values), [len(members.once)])
        return different.tolist(), members.counts(once, several, np.arange(len(several)), len(different))


class _Texts:
    """A field's texts and lists of texts: int32 (rows,) codes into the different facts, 0 where a row has none."""

    def __init__(self, codes: NDArray[np.int32], facts: Sequence[str | tuple[str, ...]]) -> None:
        self.codes = codes
        self._learn(facts)
        self.present = int(np.count_nonzero(codes))
        is_list = np.array([isinstance(fact, tuple) for fact in self.facts])
        self.lists = int(np.count_nonzero(is_list[codes])) - len(codes) + self.present

    def some(self, rows: Sequence[int]) -> list[str | tuple[str, ...] | None]:
        """Facts of rows."""
        codes: list[int] = self.codes[np.array(rows, np.int64)].tolist()
        return [self.facts[code] if code else None for code in codes]

    def set(self, row: int, fact: str | tuple[str, ...]) -> None:
        self.remove(row)
        self.present += 1
        self.lists += isinstance(fact, tuple)
        if len(self.facts) > 2 * self.present + _ROOM:
            self.compact()
        self.codes[row] = self._code_of[fact] if fact in self._code_of else self._new(fact)

    def remove(self, row: int) -> None:
        if code := int(self.codes[row]):
            self.present -= 1
            self.lists -= isinstance(self.facts[code], tuple)
            self.codes[row] = 0

    def grow(self, size: int) -> None:
        self.codes = _longer(self.codes, size, 0)

    def has(self, rows: _Some) -> NDArray[np.bool_]:
        return np.not_equal(self.codes[rows], 0)

    def among(self, texts: Iterable[str], rows: _Some) -> NDArray[np.bool_]:
        """Which rows have one of the texts."""
        codes = [code for text in texts for code in self._codes_with(text)]
        if len(codes) == 1:
            return np.equal(self.codes[rows], codes[0])
        wanted = np.zeros(len(self.facts), np.bool_)
        wanted[codes] = True
        return wanted[self.codes[rows]]

    def keys(self, rows: Rows, descending: bool) -> NDArray[np.int64]:
        """What to sort by, ascending: the place of the text, or of the list's first text in that order."""
        used, at = np.unique(self.codes[rows], return_inverse=True)
        extreme = max if descending else min
        texts = [
            fact if isinstance(fact, str) else extreme(fact) for fact in map(self.facts.__getitem__, used)
        ]
        places = {text: place for place, text in enumerate(sorted(set(texts), reverse=descending))}
        return np.array([places[text] for text in texts], np.int64)[at]

    def groups(self, rows: Rows) -> NDArray[np.int64]:
        """The same number ≥ 0 for rows with the same fact."""
        return self.codes[rows].astype(np.int64)

    def counts(self, members: _Members) -> tuple[list[str], NDArray[np.int64]]:
        """Different values, and of how many of the members each is."""
        names, flat, starts = self._spread()
        lengths = np.diff(starts)
        each = np.repeat(np.bincount(self.codes[members.once], minlength=len(self.facts)), lengths)
        once = np.bincount(flat, each, len(names)).astype(np.int64)
        few = self.codes[members.several]
        times = lengths[few]
        first = np.cumsum(times) - times
        places = np.arange(int(times.sum())) + np.repeat(starts[few] - first, times)
        whose = np.repeat(np.arange(len(few)), times)
        return names, once + members.counts(np.empty(0, np.int64), flat[places], whose, len(names))

    def compact(self) -> None:
        """Forget facts that no row has any more."""
        used, codes = np.unique(np.append(self.codes, np.int32(0)), return_inverse=True)
        self.codes = codes[:-1].astype(np.int32)
        self._learn([self.facts[code] for code in used.tolist() if code])

    def _learn(self, facts: Sequence[str | tuple[str, ...]]) -> None:
        self.facts: list[str | tuple[str, ...]] = [()]
        self._code_of: dict[str | tuple[str, ...], int] = {}
        self._lists_with: dict[str, list[int]] = {}
        self._spreading: tuple[list[str], NDArray[np.int64], NDArray[np.int64]] | None = None
        for fact in facts:
            self._new(fact)

    def _new(self, fact: str | tuple[str, ...]) -> int:
        code = len(self.facts)
        self.facts.append(fact)
        self._code_of[fact] = code
        if isinstance(fact, tuple):
            for text in dict.fromkeys(fact):
                self._lists_with.setdefault(text, []).append(code)
        self._spreading = None
        return code

    def _codes_with(self, text: str) -> Iterable[int]:
        if text in self._code_of:
            yield self._code_of[text]
        yield from self._lists_with.get(text, ())

    def _spread(self) -> tuple[list[str], NDArray[np.int64], NDArray[np.int64]]:
        """Different texts; the texts of all facts one after another, by number; where each fact's begin."""
        if self._spreading is None:
            numbers: dict[str, int] = {}
            flat: list[int] = []
            starts = [0]
            for fact in self.facts:
                texts = (fact,) if isinstance(fact, str) else dict.fromkeys(fact)
                flat += [numbers.setdefault(text, len(numbers)) for text in texts]
                starts.append(len(flat))
            self._spreading = list(numbers), np.array(flat, np.int64), np.array(starts, np.int64)
        return self._spreading


class _Groups:
    """Rows that count as one: int64 (rows,) codes, the same within a group."""

    def __init__(self, codes: NDArray[np.int64], alive: Rows) -> None:
        self.codes = codes
        sizes = np.bincount(codes[alive], minlength=int(codes.max(initial=0)) + 1)
        self._shared = sizes[codes] > 1
        """Whether a row's group has other rows too: only those can be counted twice."""

    def among(self, rows: Rows) -> _Members:
        """Rows by their groups."""
        is_shared = self._shared[rows]
        shared = rows[is_shared]
        _, numbers, sizes = np.unique(self.codes[shared], return_inverse=True, return_counts=True)
        # Of most groups a narrow filter leaves one row: it counts like a row that has no group.
        is_several = sizes[numbers] > 1
        is_once = ~is_shared
        is_once[is_shared] = ~is_several
        return _Members(rows[is_once], shared[is_several], numbers[is_several])


@dataclass(frozen=True, slots=True)
class _Members:
    """Rows that are counted, or whose groups are: those alone in their group, and the others with its number each."""

    once: Rows
    several: Rows
    groups: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Rows) -> _Members:
        """Rows that are counted one by one."""
        return cls(rows, rows[:0], rows[:0])

    @property
    def count(self) -> int:
        """How many they are."""
        return len(self.once) + len(_different(self.groups))

    def where(self, test: Callable[[Rows], NDArray[np.bool_]]) -> _Members:
        """Those of which a test of their rows is true."""
        passed = test(self.several)
        return _Members(self.once[test(self.once)], self.several[passed], self.groups[passed])

    def counts(
        self, once: NDArray[np.int64], several: NDArray[np.int64], whose: NDArray[np.int64], bins: int
    ) -> NDArray[np.int64]:
        """How many are in each bin.

        Parameters
        ----------
        once : ndarray
            Bins of rows alone in their group.
        several : ndarray
            Bins of the other rows; a group counts once in each …
        whose : ndarray
            … of which of `several` each is.
        bins : int
        """
        width = self.groups.max(initial=0) + 1
        different = _different(several * width + self.groups[whose]) // width
        return np.bincount(once, minlength=bins) + np.bincount(different, minlength=bins)


def _different(numbers: NDArray[_Number]) -> NDArray[_Number]:
    """Different numbers, ascending; `np.unique` hashes, which takes several times as long."""
    ascending = np.sort(numbers)
    is_new = np.append(True, ascending[1:] != ascending[:-1])[: len(ascending)]
    different: NDArray[_Number] = ascending[is_new]
    return different


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


def _longer(array: NDArray[Any], size: int, filling: float) -> NDArray[Any]:
    return np.concatenate([array, np.full(size - len(array), filling, array.dtype)])


def _packed(value: object) -> NDArray[np.uint8]:
    return np.frombuffer(json.dumps(value).encode(), np.uint8)


def _unpacked(array: NDArray[np.uint8]) -> Any:
    return json.loads(array.tobytes())
