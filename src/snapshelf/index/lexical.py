"""Terms of all records in memory, with their weights and places: the data of BM25 and of the words of a query."""

from __future__ import annotations

import math
from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeAlias

import numpy as np

from snapshelf.errors import SearchIndexError
from snapshelf.index.cache import LeastRecentlyUsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from snapshelf.index.filters import Alternatives, HasWords
    from snapshelf.index.vectors import Scores

Places: TypeAlias = "NDArray[np.uint8]"
"""uint8 (rows,): the place of a word in each row, 0 for a row without the word."""

_ROOM = 1024
_WORDS = 64
"""Words whose places are cached until the next change: a byte for each row."""
_CHANGED, _CHANGED_SHARE = 1024, 32
"""The postings are sorted again when more rows than this, and more than one in so many, have changed."""
_ROUNDING = 1e-9


def term_code(term: str) -> int:
    """Return a term's code: the first 32 bits of its BLAKE2b hash.

    Two terms that share a code are the same term to the index; among 100,000 terms expect a single such pair.
    """
    return int.from_bytes(blake2b(term.encode(), digest_size=4).digest(), "big")


def by_code(terms: Mapping[str, float]) -> dict[int, float]:
    """Return the weights of terms by their codes.

    Raises
    ------
    SearchIndexError
        A weight is not finite or not above 0.
    """
    weights: dict[int, float] = {}
    for term, weight in terms.items():
        if not (math.isfinite(weight) and weight > 0):
            raise SearchIndexError(
                f"the weight of the term {term!r} is {weight}; weights are finite and above 0"
            )
        code = term_code(term)
        weights[code] = weights.get(code, 0.0) + weight
    return weights


class _Postings(NamedTuple):
    """The rows that have a term, each once, with the term's weight and place in each."""

    rows: NDArray[np.int32]
    weights: NDArray[np.float32]
    places: Places

    def at(self, which: NDArray[Any] | slice) -> _Postings:
        """Return some of the postings."""
        return _Postings(self.rows[which], self.weights[which], self.places[which])

    def and_also(self, other: _Postings) -> _Postings:
        """Return these postings and others, of other rows."""
        return _Postings(
            np.concatenate([self.rows, other.rows]),
            np.concatenate([self.weights, other.weights]),
            np.concatenate([self.places, other.places]),
        )


class TermTable:
    """The terms of each row by their codes, with weights and places; exact after every change.

    Terms, weights and places of all rows lie in turn, 9 bytes each; the start and the number of each row are kept
    apart. Removed terms leave gaps until the gaps are half of all.

    The same by term, the postings, is made when it is first asked for, 9 bytes each again. Rows that change later are
    left out there and looked through by themselves, until they are so many that the postings are made again.
    """

    def __init__(self) -> None:
        self._codes = np.empty(_ROOM, np.uint32)
        self._weights = np.empty(_ROOM, np.float32)
        self._places = np.empty(_ROOM, np.uint8)
        self._used = 0
        self._starts = np.zeros(_ROOM, np.int64)
        self._lengths = np.zeros(_ROOM, np.int64)
        self._having: Counter[int] = Counter()
        self._inverted: _Inverted | None = None
        self._changed: set[int] = set()
        self._recent: _Inverted | None = None
        self._words: LeastRecentlyUsed[Places] = LeastRecentlyUsed(_WORDS)

    def put(self, row: int, weights: Mapping[int, float], places: Mapping[int, int]) -> None:
        """Replace the terms of a row; a term without a place stands in the text."""
        self.remove([row])
        self._note_change(row)
        if row >= len(self._starts):
            size = max(row + 1, 2 * len(self._starts))
            self._starts, self._lengths = _longer(self._starts, size), _longer(self._lengths, size)
        if self._used + len(weights) > len(self._codes):
            self._make_room(len(weights))
        at = slice(self._used, self._used + len(weights))
        self._codes[at] = list(weights)
        self._weights[at] = list(weights.values())
        self._places[at] = [places.get(code, 1) for code in weights]
        self._starts[row], self._lengths[row] = self._used, len(weights)
        self._used += len(weights)
        self._having.update(weights.keys())

    def remove(self, rows: Iterable[int]) -> None:
        """Remove the terms of rows."""
        self._words.clear()
        for row in rows:
            if row < len(self._lengths) and self._lengths[row]:
                self._note_change(row)
                start = self._starts[row]
                self._having.subtract(self._codes[start : start + self._lengths[row]].tolist())
                self._lengths[row] = 0

    def idf(self, term: int, total: int) -> float:
        """Return the inverse document frequency among `total` records; see `SearchIndex.matching` for the formula."""
        having = self._having[term]
        return math.log(1 + (total - having + 0.5) / (having + 0.5))

    def __contains__(self, term: int) -> bool:
        return self._having[term] > 0

    def scores(self, rows: NDArray[np.int64], weights: Mapping[int, float]) -> Scores:
        """Sum, over the terms that a row shares with a query, the products of both weights."""
        at, lengths = self._of_rows(rows)
        terms = self._codes[at]
        ends = np.cumsum(lengths)
        scores = np.zeros(len(rows), np.float64)
        has_any = np.zeros(len(rows), np.bool_)
        for term, weight in weights.items():
            same = np.flatnonzero(terms == term)
            # A row has a term once, so no row is among these twice.
            having = np.searchsorted(ends, same, side="right")
            scores[having] += weight * self._weights[at[same]]
            has_any[having] = True
        return np.where(has_any, scores, np.nan).astype(np.float32)

    def places(self, word: Alternatives, size: int) -> Places:
        """Return the place of a word in each of `size` rows, all that there are; not to be written to."""
        return self._words.get((word, size), lambda: self._places_of(word, size))

    def having(self, where: HasWords, size: int) -> NDArray[np.bool_]:
        """Tell which of `size` rows, all that there are, have enough of some words."""
        sums = np.zeros(size, np.float64)
        for word, weight in zip(where.words, where.weights, strict=True):
            sums += weight * (self.places(word, size) >= max(where.place, 1))
        return sums >= where.at_least - _ROUNDING

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything that `read` needs, for a file."""
        self._compact()
        used = slice(0, self._used)
        return {
            "word_terms": self._codes[used],
            "word_weights": self._weights[used],
            "word_places": self._places[used],
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
        table._codes, table._weights = arrays["word_terms"], arrays["word_weights"]
        table._places = arrays["word_places"]
        table._lengths = arrays["word_counts"]
        table._starts = np.cumsum(table._lengths) - table._lengths
        table._used = len(table._codes)
        if not int(table._lengths.sum()) == table._used == len(table._weights) == len(table._places):
            raise ValueError("these are not the terms of a table")
        different, counts = np.unique(table._codes, return_counts=True)
        table._having.update(dict(zip(different.tolist(), counts.tolist(), strict=True)))
        return table

    def _places_of(self, word: Alternatives, size: int) -> Places:
        best = np.zeros(size, np.uint8)
        for terms in word:
            codes = {term_code(term) for term in terms}
            least: Places | None = None
            for postings in map(self._postings, codes):
                places = np.zeros(size, np.uint8)
                places[postings.rows] = postings.places
                least = places if least is None else np.minimum(least, places, out=least)
            if least is not None:
                np.maximum(best, least, out=best)
        return best

    def _postings(self, code: int) -> _Postings:
        if self._inverted is None or len(self._changed) > max(_CHANGED, len(self._starts) // _CHANGED_SHARE):
            self._compact()
            self._inverted = self._invert(np.arange(len(self._starts)))
            self._changed.clear()
            self._recent = None
        old = self._inverted.postings(code)
        if not self._changed:
            return old
        changed = np.fromiter(self._changed, np.int64, len(self._changed))
        if self._recent is None:
            self._recent = self._invert(changed)
        new = self._recent.postings(code)
        return old.at(~np.isin(old.rows, changed)).and_also(new)

    def _invert(self, rows: NDArray[np.int64]) -> _Inverted:
        at, lengths = self._of_rows(rows)
        owners = np.repeat(rows.astype(np.int32), lengths)
        return _Inverted(self._codes[at], _Postings(owners, self._weights[at], self._places[at]))

    def _note_change(self, row: int) -> None:
        if self._inverted is not None:
            self._changed.add(row)
            self._recent = None

    def _make_room(self, needed: int) -> None:
        if 2 * int(self._lengths.sum()) < self._used:
            self._compact()
        size = self._used + needed
        if size > len(self._codes):
            size = max(size, len(self._codes) + len(self._codes) // 2)
            self._codes, self._weights = _longer(self._codes, size), _longer(self._weights, size)
            self._places = _longer(self._places, size)

    def _compact(self) -> None:
        """Close the gaps and put the rows in order."""
        at, _ = self._of_rows(np.arange(len(self._starts)))
        self._codes, self._weights, self._places = self._codes[at], self._weights[at], self._places[at]
        self._starts = np.cumsum(self._lengths) - self._lengths
        self._used = len(at)

    def _of_rows(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return where the terms of rows lie, row after row, and how many each row has."""
        lengths = self._lengths[rows]
        before = np.cumsum(lengths) - lengths
        at = np.arange(int(lengths.sum())) + np.repeat(self._starts[rows] - before, lengths)
        return at, lengths


class _Inverted:
    """Postings of terms, sorted by term.

    Parameters
    ----------
    codes : ndarray
        uint32 (n,): a term of a row.
    postings : _Postings
        (n,): the row, and the term's weight and place in it.
    """

    def __init__(self, codes: NDArray[np.uint32], postings: _Postings) -> None:
        order = np.argsort(codes, kind="stable")
        self._codes, self._starts = np.unique(codes[order], return_index=True)
        self._starts = np.append(self._starts, len(codes))
        self._all = postings.at(order)

    def postings(self, code: int) -> _Postings:
        """Return the postings of a term."""
        at = int(np.searchsorted(self._codes, np.uint32(code)))
        is_known = at < len(self._codes) and self._codes[at] == code
        same = slice(self._starts[at], self._starts[at + 1]) if is_known else slice(0, 0)
        return self._all.at(same)


def _longer(array: NDArray[Any], size: int) -> NDArray[Any]:
    return np.concatenate([array, np.zeros(size - len(array), array.dtype)])
