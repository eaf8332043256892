"""Words within a slip or two of a given one."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_LONGEST = 24
_FIRST_LETTER = ord("a")
_WINDOW = 2


class Near(NamedTuple):
    """A known word close to one that was asked for."""

    word: str
    distance: int


class Speller:
    """Finds known words by their Damerau-Levenshtein distance; read-only once made.

    Two filters over arrays leave a handful of words to compare letter by letter. Each slip changes at most two
    of a word's letter counts by one, so that sketches of the counts differ in at most two bits for each slip; and
    each letter but those that slipped is found in the other word not far from its place.

    Parameters
    ----------
    words : Iterable[str]
        Known words; those that are not all of a–z, or longer than 24 letters, are left out.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words = sorted(
            {word for word in words if word.isascii() and word.isalpha() and len(word) <= _LONGEST}
        )
        order = sorted(range(len(self._words)), key=lambda place: len(self._words[place]))
        self._by_length = np.array(order, np.intp)
        lengths = [len(self._words[place]) for place in order]
        self._starts = np.searchsorted(lengths, np.arange(_LONGEST + 3))
        self._letters = _letters([self._words[place] for place in order])
        self._sketches = _sketches(self._letters)

    def near(self, word: str, distance: int) -> list[Near]:
        """Return the known words within `distance` (1 or 2) of `word`, in alphabetical order.

        Two slips are looked for only behind the same first letter, which people rarely get wrong.
        """
        shortest, longest = max(len(word) - distance, 1), min(len(word) + distance, _LONGEST)
        if longest < shortest or not (word.isascii() and word.isalpha() and word.islower()):
            return []
        first, last = self._starts[shortest], self._starts[longest + 1]
        letters = _letters([word])
        different = self._sketches[first:last] ^ _sketches(letters)[0]
        rows = first + np.flatnonzero(np.bitwise_count(different) <= 2 * distance)
        if distance > 1:
            rows = rows[self._letters[rows, 0] == letters[0, 0]]
        rows = rows[self._misplaced(rows, letters[0, : len(word)]) <= distance]
        found = (
            Near(known, slips)
            for known in (self._words[place] for place in self._by_length[rows])
            if (slips := slips_between(word, known, distance)) <= distance
        )
        return sorted(found)

    def _misplaced(self, rows: NDArray[np.intp], word: NDArray[np.uint8]) -> NDArray[np.intp]:
        """How many letters of `word` each row lacks near their place."""
        padded = np.pad(self._letters[rows], ((0, 0), (_WINDOW, _WINDOW + 1)))
        lacking = np.zeros(len(rows), np.intp)
        for place, letter in enumerate(word):
            lacking += ~(padded[:, place : place + 2 * _WINDOW + 1] == letter).any(axis=1)
        return lacking

    def beginning_with(self, prefix: str) -> list[str]:
        """Return the known words that begin with `prefix`, in alphabetical order."""
        return self._words[bisect_left(self._words, prefix) : bisect_left(self._words, prefix + "{")]


def _letters(words: list[str]) -> NDArray[np.uint8]:
    """Letters of words in rows, uint8 (n, 24); zeros behind their end."""
    array = np.array([word.encode() for word in words], dtype=f"S{_LONGEST}")
    return array.view(np.uint8).reshape(len(words), _LONGEST)


def _sketches(letters: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Letter counts up to two in unary: two bits for each of the 26 letters, uint64 (n,)."""
    sketches = np.zeros(len(letters), np.uint64)
    for place in range(26):
        count = (letters == _FIRST_LETTER + place).sum(axis=1)
        sketches |= (count >= 1).astype(np.uint64) << np.uint64(2 * place)
        sketches |= (count >= 2).astype(np.uint64) << np.uint64(2 * place + 1)
    return sketches


def slips_between(one: str, other: str, most: int) -> int:
    """Return the restricted Damerau-Levenshtein distance (optimal string alignment), or ``most + 1`` above `most`.

    A slip is a letter left out, put in or exchanged, or two neighbours swapped.
    """
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    end = 0
    while end < min(len(one), len(other)) - start and one[-1 - end] == other[-1 - end]:
        end += 1
    one, other = one[start : len(one) - end], other[start : len(other) - end]
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        beyond, before, row = before, row, [i]
        for j, letter_2 in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != letter_2))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == letter_2:
                cost = min(cost, beyond[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]
