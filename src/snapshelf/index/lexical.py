"""Words of all records in memory, row by row: what listed records are compared with, and how rare each word is."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from snapshelf.index.vectors import Scores

_ROOM = 1024


class Words:
    """The terms of each row with their weights, by the terms' indices; exact after every change.

    Terms and weights of all rows lie one after another, 8 bytes each; where those of a row begin and how many they are
    is kept apart. What a row no longer has stays as a gap until gaps are half of all.
    """

    def __init__(self) -> None:
        self._terms = np.empty(_ROOM, np.uint32)
        self._weights = np.empty(_ROOM, np.float32)
        self._used = 0
        self._starts = np.zeros(_ROOM, np.int64)
        self._lengths = np.zeros(_ROOM, np.int64)
        self._having: Counter[int] = Counter()

    def put(self, row: int, weights: Mapping[int, float]) -> None:
        """Set the terms of a row in place of those that it had."""
        self.remove([row])
        if row >= len(self._starts):
            size = max(row + 1, 2 * len(self._starts))
            self._starts, self._lengths = _longer(self._starts, size), _longer(self._lengths, size)
        if self._used + len(weights) > len(self._terms):
            self._make_room(len(weights))
        place = slice(self._used, self._used + len(weights))
        self._terms[place] = list(weights)
        self._weights[place] = list(weights.values())
        self._starts[row], self._lengths[row] = self._used, len(weights)
        self._used += len(weights)
        self._having.update(weights.keys())

    def remove(self, rows: Iterable[int]) -> None:
        """Forget the terms of rows."""
        for row in rows:
            if row < len(self._lengths) and self._lengths[row]:
                start = self._starts[row]
                self._having.subtract(self._terms[start : start + self._lengths[row]].tolist())
                self._lengths[row] = 0

    def idf(self, term: int, total: int) -> float:
        """Inverse document frequency among `total` records; see `SearchIndex.matching` for the formula."""
        having = self._having[term]
        return math.log(1 + (total - having + 0.5) / (having + 0.5))

    def __contains__(self, term: int) -> bool:
        return self._having[term] > 0

    def scores(self, rows: NDArray[np.int64], weights: Mapping[int, float]) -> Scores:
        """Sums, over the terms that a row shares with a query, of the products of both weights."""
        places, lengths = self._places_of(rows)
        terms = self._terms[places]
        ends = np.cumsum(lengths)
        scores = np.zeros(len(rows), np.float64)
        has_any = np.zeros(len(rows), np.bool_)
        for term, weight in weights.items():
            found = np.flatnonzero(terms == term)
            # A row has a term once, so no row is among these twice.
            having = np.searchsorted(ends, found, side="right")
            scores[having] += weight * self._weights[places[found]]
            has_any[having] = True
        return np.where(has_any, scores, np.nan).astype(np.float32)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything, for a file."""
        self._compact()
        used = slice(0, self._used)
        return {
            "word_terms": self._terms[used],
            "word_weights": self._weights[used],
            "word_counts": self._lengths,
        }

    @classmethod
    def read(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Read what `arrays` gave.

        Raises
        ------
        ValueError, KeyError
            It is something else.
        """
        words = cls()
        words._terms, words._weights = arrays["word_terms"], arrays["word_weights"]
        words._lengths = arrays["word_counts"]
        words._starts = np.cumsum(words._lengths) - words._lengths
        words._used = len(words._terms)
        if not int(words._lengths.sum()) == words._used == len(words._weights):
            raise ValueError("these are not the words of a table")
        different, counts = np.unique(words._terms, return_counts=True)
        words._having.update(dict(zip(different.tolist(), counts.tolist(), strict=True)))
        return words

    def _make_room(self, needed: int) -> None:
        if 2 * int(self._lengths.sum()) < self._used:
            self._compact()
        size = self._used + needed
        if size > len(self._terms):
            size = max(size, len(self._terms) + len(self._terms) // 2)
            self._terms, self._weights = _longer(self._terms, size), _longer(self._weights, size)

    def _compact(self) -> None:
        """Close the gaps; rows lie in their order afterwards."""
        places, _ = self._places_of(np.arange(len(self._starts)))
        self._terms, self._weights = self._terms[places], self._weights[places]
        self._starts = np.cumsum(self._lengths) - self._lengths
        self._used = len(places)

    def _places_of(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The places of the terms of rows, one row's after another's, and how many each row has."""
        lengths = self._lengths[rows]
        before = np.cumsum(lengths) - lengths
        places = np.arange(int(lengths.sum())) + np.repeat(self._starts[rows] - before, lengths)
        return places, lengths


def _longer(array: NDArray[Any], size: int) -> NDArray[Any]:
    return np.concatenate([array, np.zeros(size - len(array), array.dtype)])
