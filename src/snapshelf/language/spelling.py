"""Fuzzy lookup: the words within one or two edits of a word."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_MAX_WORD_LENGTH = 24
_FIRST_LETTER = ord("a")
_WINDOW = 2


class NearWord(NamedTuple):
    """A known word and its edit distance."""

    word: str
    distance: int


class Speller:
    """Finds known words by their Damerau-Levenshtein distance; read-only after construction.

    Two vectorised filters leave a few words to compare letter by letter. An edit changes at most two letter counts by
    1, so the bit sketches of the counts differ in at most two bits for each edit. All letters outside of the edits
    occur in the other word near the same position.

    Parameters
    ----------
    words : Iterable[str]
        Known words. Words with other characters than a–z or more than 24 letters are ignored.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words = sorted(
            {word for word in words if word.isascii() and word.isalpha() and len(word) <= _MAX_WORD_LENGTH}
        )
        order = sorted(range(len(self._words)), key=lambda place: len(self._words[place]))
        self._by_length = np.array(order, np.intp)
        lengths = [len(self._words[place]) for place in order]
        self._starts = np.searchsorted(lengths, np.arange(_MAX_WORD_LENGTH + 3))
        self._letters = _letters([self._words[place] for place in order])
        self._sketches = _sketches(self._letters)

    def near(self, word: str, distance: int) -> list[NearWord]:
        """Return the known words within `distance` (1 or 2) of `word`, in alphabetical order.

        Two edits require the same first letter, which is rarely mistyped.
        """
        shortest, longest = max(len(word) - distance, 1), min(len(word) + distance, _MAX_WORD_LENGTH)
        if longest < shortest or not (word.isascii() and word.isalpha() and word.islower()):
            return []
        first, last = self._starts[shortest], self._starts[longest + 1]
        letters = _letters([word])
        different = self._sketches[first:last] ^ _sketches(letters)[0]
        rows = first + np.flatnonzero(np.bitwise_count(different) <= 2 * distance)
        if distance > 1:
            rows = rows[self._letters[rows, 0] == letters[0, 0]]
        rows = rows[self._missing_letters(rows, letters[0, : len(word)]) <= distance]
        near_words = (
            NearWord(known, edits)
            for known in (self._words[place] for place in self._by_length[rows])
            if (edits := edit_distance(word, known, distance)) <= distance
        )
        return sorted(near_words)

    def _missing_letters(self, rows: NDArray[np.intp], word: NDArray[np.uint8]) -> NDArray[np.intp]:
        """Count for each row the letters of `word` that it lacks near their position."""
        padded = np.pad(self._letters[rows], ((0, 0), (_WINDOW, _WINDOW + 1)))
        lacking = np.zeros(len(rows), np.intp)
        for place, letter in enumerate(word):
            lacking += ~(padded[:, place : place + 2 * _WINDOW + 1] == letter).any(axis=1)
        return lacking

    def words_with_prefix(self, prefix: str) -> list[str]:
        """Return the known words that begin with `prefix`, in alphabetical order."""
        return self._words[bisect_left(self._words, prefix) : bisect_left(self._words, prefix + "{")]


def _letters(words: list[str]) -> NDArray[np.uint8]:
    """Return the letters of words, uint8 (n, 24), padded with zeros."""
    array = np.array([word.encode() for word in words], dtype=f"S{_MAX_WORD_LENGTH}")
    return array.view(np.uint8).reshape(len(words), _MAX_WORD_LENGTH)


def _sketches(letters: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return the letter counts up to 2 in unary, two bits for each of the 26 letters, uint64 (n,)."""
    sketches = np.zeros(len(letters), np.uint64)
    for place in range(26):
        count = (letters == _FIRST_LETTER + place).sum(axis=1)
        sketches |= (count >= 1).astype(np.uint64) << np.uint64(2 * place)
        sketches |= (count >= 2).astype(np.uint64) << np.uint64(2 * place + 1)
    return sketches


def edit_distance(first: str, second: str, limit: int) -> int:
    """Return the restricted Damerau-Levenshtein distance (optimal string alignment), or ``most + 1`` above `limit`.

    An edit deletes, inserts or replaces a letter, or transposes two adjacent letters.
    """
    start = 0
    while start < min(len(first), len(second)) and first[start] == second[start]:
        start += 1
    end = 0
    while end < min(len(first), len(second)) - start and first[-1 - end] == second[-1 - end]:
        end += 1
    first, second = first[start : len(first) - end], second[start : len(second) - end]
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, letter in enumerate(first, 1):
        beyond, before, row = before, row, [i]
        for j, letter_2 in enumerate(second, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != letter_2))
            if i > 1 and j > 1 and letter == second[j - 2] and first[i - 2] == letter_2:
                cost = min(cost, beyond[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return row[-1]
