"""Sort keys: by what records are ordered, and how rows of field values are put in that order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias, assert_never

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from snapshelf.index.filters import Filter
    from snapshelf.index.groups import Rows


@dataclass(frozen=True, slots=True)
class ByNumber:
    """By the number that a field holds; records without a number come last.

    Parameters
    ----------
    field : str
    descending : bool
        The largest number first.
    step : float or None
        Numbers of the same multiple are equal: with 86,400, moments of the same day.
    """

    field: str
    descending: bool = False
    step: float | None = None


@dataclass(frozen=True, slots=True)
class ByRank:
    """In the order of the ids; records that are not among them come last."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ByTests:
    """By the sum of the weights of the filters that a record matches, the largest first."""

    tests: tuple[tuple[Filter, float], ...]


@dataclass(frozen=True, slots=True)
class TakeTurns:
    """The values of fields take turns: the first record of each value, then the second of each, and so on.

    The records of a value are in the order of their ids; with further fields, the values of the next field take turns
    among them. Within a turn, values of more records come first. Records without a value share a turn of their own.
    """

    fields: tuple[str, ...]


SortKey: TypeAlias = ByNumber | ByRank | ByTests | TakeTurns
"""Orders records that are equal by the keys before it."""


class Table(Protocol):
    """What sorting reads of the field values; all arrays are by row."""

    def numbers(self, field: str) -> NDArray[np.float64]:
        """Return the numbers of a field, NaN where a row has none."""
        ...

    def codes(self, field: str) -> NDArray[np.int64]:
        """Number the values of a field, 0 where a row has none."""
        ...

    def mask(self, where: Filter | None) -> NDArray[np.bool_]:
        """Tell which rows match."""
        ...

    def rows_of(self, ids: Sequence[str]) -> list[int]:
        """Return the rows of records; unknown ids are left out."""
        ...

    def id_ranks(self) -> NDArray[np.int64]:
        """Return the place of each row in the order of the ids."""
        ...


def sort_rows(table: Table, rows: Rows, by: Sequence[SortKey]) -> Rows:
    """Sort rows by keys, the first key first; what is equal by all keys is in the order of the ids."""
    ids = table.id_ranks()[rows]
    classes = np.zeros(len(rows), np.int64)
    for key in by:
        classes = _dense(_values(table, key, rows, classes, ids), classes)
    return rows[np.lexsort((ids, classes))]


def _values(
    table: Table, key: SortKey, rows: Rows, classes: NDArray[np.int64], ids: NDArray[np.int64]
) -> NDArray[np.float64] | NDArray[np.int64]:
    """Return a number for each row, the least first."""
    match key:
        case ByNumber(field, descending, step):
            numbers = table.numbers(field)[rows]
            steps = numbers if step is None else np.floor(numbers / step)
            return np.where(np.isnan(steps), np.inf, -steps if descending else steps)
        case ByRank(ranked):
            known = table.rows_of(list(dict.fromkeys(ranked)))
            ranks = np.full(len(table.id_ranks()), len(known), np.int64)
            ranks[known] = np.arange(len(known))
            return ranks[rows]
        case ByTests(tests):
            weights = np.zeros(len(rows))
            for where, weight in tests:
                weights += weight * table.mask(where)[rows]
            return -weights
        case TakeTurns(fields):
            return _turns(classes, [table.codes(field)[rows] for field in fields], ids)
        case _:
            assert_never(key)


def _turns(
    classes: NDArray[np.int64], values: Sequence[NDArray[np.int64]], ids: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the turn of each row within its class; of the same turn, rows of larger values first."""
    groups = [classes]
    for codes in values:
        groups.append(_dense(codes, groups[-1]))
    turns = np.zeros(len(classes), np.int64)
    for codes in reversed(groups[1:]):
        order = np.lexsort((ids, turns, codes))
        sizes = np.bincount(codes)
        starts = np.cumsum(sizes) - sizes
        place = np.empty(len(codes), np.int64)
        place[order] = np.arange(len(codes)) - starts[codes[order]]
        turns = _dense(-sizes[codes], place)
    return turns


def _dense(values: NDArray[np.float64] | NDArray[np.int64], classes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number rows from 0 by class and then by value, equal rows alike."""
    order = np.lexsort((values, classes))
    is_new = np.zeros(len(order), np.bool_)
    is_new[1:] = (np.diff(classes[order]) != 0) | (values[order][1:] != values[order][:-1])
    dense = np.empty(len(order), np.int64)
    dense[order] = np.cumsum(is_new)
    return dense
