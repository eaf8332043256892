"""Terms of all records in memory, row by row, with their weights and document frequencies: the data of BM25."""

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


class TermTable:
    """The terms of each row with their weights, by the terms' indices; exact after every change.

    Terms and weights of all rows lie in turn, 8 bytes each; the start and the number of each row are kept apart.
    Removed terms leave gaps until the gaps are half of all.
    """

    def __init__(self) -> None:
        self._term_codes = np.empty(_ROOM, np.uint32)
        self._weights = np.empty(_ROOM, np.float32)
        self._used = 0
        self._starts = np.zeros(_ROOM, np.int64)
        self._lengths = np.zeros(_ROOM, np.int64)
        self._having: Counter[int] = Counter()

    def put(self, row: int, weights: Mapping[int, float]) -> None:
        """Replace the terms of a row."""
        self.remove([row])
        if row >= len(self._starts):
            size = max(row + 1, 2 * len(self._starts))
            self._starts, self._lengths = _longer(self._starts, size), _longer(self._lengths, size)
        if self._used + len(weights) > len(self._term_codes):
            self._make_room(len(weights))
        place = slice(self._used, self._used + len(weights))
        self._term_codes[place] = list(weights)
        self._weights[place] = list(weights.values())
        self._starts[row], self._lengths[row] = self._used, len(weights)
        self._used += len(weights)
        self._having.update(weights.keys())

    def remove(self, rows: Iterable[int]) -> None:
        """Remove the terms of rows."""
        for row in rows:
            if row < len(self._lengths) and self._lengths[row]:
                start = self._starts[row]
                self._having.subtract(self._term_codes[start : start + self._lengths[row]].tolist())
                self._lengths[row] = 0

    def idf(self, term: int, total: int) -> float:
        """Return the inverse document frequency among `total` records; see `SearchIndex.matching` for the formula."""
        having = self._having[term]
        return math.log(1 + (total - having + 0.5) / (having + 0.5))

    def __contains__(self, term: int) -> bool:
        return self._having[term] > 0

    def scores(self, rows: NDArray[np.int64], weights: Mapping[int, float]) -> Scores:
        """Sum, over the terms that a row shares with a query, the products of both weights."""
        places, lengths = self._places_of(rows)
        terms = self._term_codes[places]
        ends = np.cumsum(lengths)
        scores = np.zeros(len(rows), np.float64)
        has_any = np.zeros(len(rows), np.bool_)
        for term, weight in weights.items():
            at = np.flatnonzero(terms == term)
            # A row has a term once, so no row is among these twice.
            having = np.searchsorted(ends, at, side="right")
            scores[having] += weight * self._weights[places[at]]
            has_any[having] = True
        return np.where(has_any, scores, np.nan).astype(np.float32)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything that `read` needs, for a file."""
        self._compact()
        used = slice(0, self._used)
        return {
            "word_terms": self._term_codes[used],
            "word_weights": self._weights[used],
            "word_counts": self._lengths,
        }

    @classmethod
    def read(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Make a table of the arrays from `arrays`.

        Raises
        ------
        ValueError, KeyError
            The arrays are not of a table.
        """
        table = cls()
        table._term_codes, table._weights = arrays["word_terms"], arrays["word_weights"]
        table._lengths = arrays["word_counts"]
        table._starts = np.cumsum(table._lengths) - table._lengths
        table._used = len(table._term_codes)
        if not int(table._lengths.sum()) == table._used == len(table._weights):
            raise ValueError("these are not the terms of a table")
        different, counts = np.unique(table._term_codes, return_counts=True)
        table._having.update(dict(zip(different.tolist(), counts.tolist(), strict=True)))
        return table

    def _make_room(self, needed: int) -> None:
        if 2 * int(self._lengths.sum()) < self._used:
            self._compact()
        size = self._used + needed
        if size > len(self._term_codes):
            size = max(size, len(self._term_codes) + len(self._term_codes) // 2)
            self._term_codes, self._weights = _longer(self._term_codes, size), _longer(self._weights, size)

    def _compact(self) -> None:
        """Close the gaps and put the rows in order."""
        places, _ = self._places_of(np.arange(len(self._starts)))
        self._term_codes, self._weights = self._term_codes[places], self._weights[places]
        self._starts = np.cumsum(self._lengths) - self._lengths
        self._used = len(places)

    def _places_of(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the places of the terms of rows, row after row, and how many each row has."""
        lengths = self._lengths[rows]
        before = np.cumsum(lengths) - lengths
        places = np.arange(int(lengths.sum())) + np.repeat(self._starts[rows] - before, lengths)
        return places, lengths


def _longer(array: NDArray[Any], size: int) -> NDArray[Any]:
    return np.concatenate([array, np.zeros(size - len(array), array.dtype)])
