"""The columns of a single field: its numbers, its texts, and the values that they take."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from snapshelf.errors import SearchIndexError
from snapshelf.index.groups import different_numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from snapshelf.index.groups import Members, Rows
    from snapshelf.index.protocol import FieldValue

StoredValue: TypeAlias = "str | float | tuple[str, ...]"
SomeRows: TypeAlias = "NDArray[np.int64] | slice"

ROOM = 1024
"""Rows that a table has room for to begin with."""


def stored_value(field: str, value: FieldValue) -> StoredValue | None:
    """Convert a value for storage: a number to a float of 15 digits, a list to a tuple, an empty list to ``None``.

    Raises
    ------
    SearchIndexError
        The number is not finite, or a list holds anything but text.
    """
    match value:
        case None | str():
            return value
        case int() | float():
            number = rounded(value)
            if not math.isfinite(number):
                raise SearchIndexError(f"the field {field!r} is {value}; numbers have to be finite")
            return number
        case _:
            values = tuple(value)
            if not all(isinstance(value, str) for value in values):
                raise SearchIndexError(f"the field {field!r} is {value!r}; a list may hold text only")
            return values or None


def rounded(value: float) -> float:
    """Round to 15 significant digits, the most that survive the engine's JSON unchanged."""
    try:
        return float(f"{value:.15g}") + 0.0  # no negative zero
    except OverflowError:  # an integer beyond all floats
        return math.inf if value > 0 else -math.inf


class NumberColumn:
    """Numbers of a field: float64 (rows,), NaN where a row has no number."""

    def __init__(self, values: NDArray[np.float64]) -> None:
        self.values = values
        self.present = int(np.count_nonzero(~np.isnan(values)))

    def some(self, rows: Sequence[int]) -> list[float | None]:
        """Return the values of rows."""
        values: list[float] = self.values[np.array(rows, np.int64)].tolist()
        return [None if math.isnan(value) else value for value in values]

    def set(self, row: int, value: float) -> None:
        """Set the number of a row."""
        self.present += math.isnan(self.values[row])
        self.values[row] = value

    def remove(self, row: int) -> None:
        """Remove the value of a row, if it has any."""
        self.present -= not math.isnan(self.values[row])
        self.values[row] = np.nan

    def grow(self, size: int) -> None:
        """Have room for so many rows."""
        self.values = longer(self.values, size, np.nan)

    def has(self, rows: SomeRows) -> NDArray[np.bool_]:
        """Tell which rows have a value."""
        return np.logical_not(np.isnan(self.values[rows]))

    def groups(self, rows: Rows) -> NDArray[np.int64]:
        """Number the rows from 0, rows with the same value alike."""
        return np.unique(self.values[rows], return_inverse=True)[1]

    def counts(self, members: Members) -> tuple[list[float], NDArray[np.int64]]:
        """Return the different values, and how many members have each."""
        members = members.where(self.has)
        values = np.concatenate([self.values[members.once], self.values[members.several]])
        different = different_numbers(values)
        once, several = np.split(np.searchsorted(different, values), [len(members.once)])
        return different.tolist(), members.counts(once, several, np.arange(len(several)), len(different))


class TextColumn:
    """Texts and lists of a field: int32 (rows,) codes into the different values, 0 where a row has none."""

    def __init__(self, codes: NDArray[np.int32], values: Sequence[str | tuple[str, ...]]) -> None:
        self.codes = codes
        self._learn(values)
        self.present = int(np.count_nonzero(codes))
        is_list = np.array([isinstance(value, tuple) for value in self.values])
        self.lists = int(np.count_nonzero(is_list[codes])) - len(codes) + self.present

    def some(self, rows: Sequence[int]) -> list[str | tuple[str, ...] | None]:
        """Return the values of rows."""
        codes: list[int] = self.codes[np.array(rows, np.int64)].tolist()
        return [self.values[code] if code else None for code in codes]

    def set(self, row: int, value: str | tuple[str, ...]) -> None:
        """Set the text or list of a row."""
        self.remove(row)
        self.present += 1
        self.lists += isinstance(value, tuple)
        if len(self.values) > 2 * self.present + ROOM:
            self.compact()
        self.codes[row] = self._code_of[value] if value in self._code_of else self._new(value)

    def remove(self, row: int) -> None:
        """Remove the value of a row, if it has any."""
        if code := int(self.codes[row]):
            self.present -= 1
            self.lists -= isinstance(self.values[code], tuple)
            self.codes[row] = 0

    def grow(self, size: int) -> None:
        """Have room for so many rows."""
        self.codes = longer(self.codes, size, 0)

    def has(self, rows: SomeRows) -> NDArray[np.bool_]:
        """Tell which rows have a value."""
        return np.not_equal(self.codes[rows], 0)

    def among(self, texts: Iterable[str], rows: SomeRows) -> NDArray[np.bool_]:
        """Tell which rows have any of the texts."""
        codes = [code for text in texts for code in self._codes_with(text)]
        if len(codes) == 1:
            return np.equal(self.codes[rows], codes[0])
        wanted = np.zeros(len(self.values), np.bool_)
        wanted[codes] = True
        return wanted[self.codes[rows]]

    def groups(self, rows: Rows) -> NDArray[np.int64]:
        """Number the rows from 0, rows with the same value alike."""
        return self.codes[rows].astype(np.int64)

    def counts(self, members: Members) -> tuple[list[str], NDArray[np.int64]]:
        """Return the different values, and how many members have each."""
        names, flat, starts = self._spread()
        lengths = np.diff(starts)
        each = np.repeat(np.bincount(self.codes[members.once], minlength=len(self.values)), lengths)
        once = np.bincount(flat, each, len(names)).astype(np.int64)
        few = self.codes[members.several]
        times = lengths[few]
        first = np.cumsum(times) - times
        places = np.arange(int(times.sum())) + np.repeat(starts[few] - first, times)
        whose = np.repeat(np.arange(len(few)), times)
        return names, once + members.counts(np.empty(0, np.int64), flat[places], whose, len(names))

    def compact(self) -> None:
        """Drop values that no row has any more."""
        used, codes = np.unique(np.append(self.codes, np.int32(0)), return_inverse=True)
        self.codes = codes[:-1].astype(np.int32)
        self._learn([self.values[code] for code in used.tolist() if code])

    def _learn(self, values: Sequence[str | tuple[str, ...]]) -> None:
        self.values: list[str | tuple[str, ...]] = [()]
        self._code_of: dict[str | tuple[str, ...], int] = {}
        self._lists_with: dict[str, list[int]] = {}
        self._spreading: tuple[list[str], NDArray[np.int64], NDArray[np.int64]] | None = None
        for value in values:
            self._new(value)

    def _new(self, value: str | tuple[str, ...]) -> int:
        code = len(self.values)
        self.values.append(value)
        self._code_of[value] = code
        if isinstance(value, tuple):
            for text in dict.fromkeys(value):
                self._lists_with.setdefault(text, []).append(code)
        self._spreading = None
        return code

    def _codes_with(self, text: str) -> Iterable[int]:
        if text in self._code_of:
            yield self._code_of[text]
        yield from self._lists_with.get(text, ())

    def _spread(self) -> tuple[list[str], NDArray[np.int64], NDArray[np.int64]]:
        """Return the different texts, the numbers of the texts of all values in turn, and where each value begins."""
        if self._spreading is None:
            numbers: dict[str, int] = {}
            flat: list[int] = []
            starts = [0]
            for value in self.values:
                texts = (value,) if isinstance(value, str) else dict.fromkeys(value)
                flat += [numbers.setdefault(text, len(numbers)) for text in texts]
                starts.append(len(flat))
            self._spreading = list(numbers), np.array(flat, np.int64), np.array(starts, np.int64)
        return self._spreading


def longer(array: NDArray[Any], size: int, filling: float) -> NDArray[Any]:
    """Append elements to an array up to a size."""
    return np.concatenate([array, np.full(size - len(array), filling, array.dtype)])
