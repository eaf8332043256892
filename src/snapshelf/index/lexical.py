"""Terms of all records in memory, with their weights and places: the data of BM25 and of the words of a query."""

from __future__ import annotations

import math
from collections import Counter
from functools import reduce
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeAlias

import numpy as np

from snapshelf.errors import SearchIndexError
from snapshelf.index.cache import LeastRecentlyUsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from snapshelf.index.field_columns import SomeRows
    from snapshelf.index.filters import Alternatives, HasWords

Places: TypeAlias = "NDArray[np.uint8]"
"""uint8 (rows,): the place of a word in each row, 0 for a row without the word."""

_ROOM = 1024
_WORDS = 64
"""Words whose places are cached until the next change: a byte for each row."""
_QUERIES = 2
"""Queries whose scores are cached until the next change: a search asks again for what lies behind its best."""
_CHANGED, _CHANGED_SHARE = 1024, 32
"""All postings are made again when more rows than this, and more than one in so many, have changed."""
_SAMPLE = 4096
_TOGETHER = 8
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


def idf(having: int, total: int) -> float:
    """Return the inverse document frequency of a term that `having` of `total` records have.

    See `SearchIndex.matching` for the formula.
    """
    return math.log(1 + (total - having + 0.5) / (having + 0.5))


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


_NOTHING = _Postings(np.empty(0, np.int32), np.empty(0, np.float32), np.empty(0, np.uint8))


class TermTable:
    """The terms of each row by their codes, with weights and places; exact after every change.

    Terms, weights and places of all rows lie in turn, 9 bytes each; the start and the number of each row are kept
    apart. Removed terms leave gaps until the gaps are half of all.

    The same by term, the postings, is made when it is first asked for, 9 bytes each again. Rows that change later are
    left out there and have postings of their own, until they are so many that all postings are made again.
    """

    def __init__(self) -> None:
        self._codes = np.empty(_ROOM, np.uint32)
        self._weights = np.empty(_ROOM, np.float32)
        self._places = np.empty(_ROOM, np.uint8)
        self._used = 0
        self._starts = np.zeros(_ROOM, np.int64)
        self._lengths = np.zeros(_ROOM, np.int64)
        self._inverted: _Inverted | None = None
        self._has_changed = np.zeros(_ROOM, np.bool_)  # since all postings were made
        self._gone: Counter[int] = Counter()  # postings of rows that have changed
        self._changed: set[int] = set()
        self._recent: _Inverted | None = None
        self._words: LeastRecentlyUsed[Places] = LeastRecentlyUsed(_WORDS)
        self._scores: LeastRecentlyUsed[NDArray[np.float64]] = LeastRecentlyUsed(_QUERIES)

    def put(self, row: int, weights: Mapping[int, float], places: Mapping[int, int]) -> None:
        """Replace the terms of a row; a term without a place stands in the text."""
        self.remove([row])
        if row >= len(self._starts):
            size = max(row + 1, 2 * len(self._starts))
            self._starts, self._lengths = _longer(self._starts, size), _longer(self._lengths, size)
            self._has_changed = _longer(self._has_changed, size)
        self._note_change(row)
        if self._used + len(weights) > len(self._codes):
            self._make_room(len(weights))
        at = slice(self._used, self._used + len(weights))
        self._codes[at] = list(weights)
        self._weights[at] = list(weights.values())
        self._places[at] = [places.get(code, 1) for code in weights]
        self._starts[row], self._lengths[row] = self._used, len(weights)
        self._used += len(weights)

    def remove(self, rows: Iterable[int]) -> None:
        """Remove the terms of rows."""
        self._words.clear()
        self._scores.clear()
        for row in rows:
            if row < len(self._lengths) and self._lengths[row]:
                self._note_change(row)
                self._lengths[row] = 0

    def frequency(self, code: int) -> int:
        """Return the number of rows that have a term."""
        postings = self._all_postings()
        recent = self._recent_postings().count(code) if self._changed else 0
        return postings.count(code) - self._gone[code] + recent

    def scores(self, weights: Mapping[int, float], size: int) -> NDArray[np.float64]:
        """Sum, over the terms that each row shares with a query, the products of both weights.

        Parameters
        ----------
        weights : mapping
            Code of a term → its weight in the query.
        size : int
            Number of rows, all that there are.

        Returns
        -------
        ndarray
            float64 (size,); 0 for a row that shares no term. Not to be written to.
        """
        return self._scores.get((frozenset(weights.items()), size), lambda: self._sums(weights, size))

    def _sums(self, weights: Mapping[int, float], size: int) -> NDArray[np.float64]:
        postings = [(self._postings(code), weight) for code, weight in weights.items()]
        if not postings:
            return np.zeros(size, np.float64)
        rows = np.concatenate([term.rows for term, _ in postings])
        products = np.concatenate([term.weights * np.float64(weight) for term, weight in postings])
        return np.bincount(rows, products, minlength=size).astype(np.float64, copy=False)

    def places(self, word: Alternatives, size: int) -> Places:
        """Return the place of a word in each of `size` rows, all that there are; not to be written to."""
        return self._words.get((word, size), lambda: self._places_of(word, size))

    def having(self, where: HasWords, rows: SomeRows, size: int) -> NDArray[np.bool_]:
        """Tell which of some rows have enough of some words; `size` rows are all that there are."""
        place = max(where.place, 1)
        has = [self.places(word, size)[rows] >= place for word in where.words]
        at_least = where.at_least - _ROUNDING
        if has and sum(where.weights) - min(where.weights) < at_least <= sum(where.weights):
            return reduce(np.bitwise_and, has)
        sums = np.zeros(size if isinstance(rows, slice) else len(rows), np.float64)
        # A sum for each combination of a few words: adding weights for all rows takes several times as long.
        for start in range(0, len(has), _TOGETHER):
            combination = np.zeros(len(sums), np.uint8)
            worth = np.zeros(1, np.float64)
            weights = where.weights[start : start + _TOGETHER]
            for bit, (has_word, weight) in enumerate(zip(has[start:], weights, strict=False)):
                combination |= has_word.view(np.uint8) << np.uint8(bit)
                worth = np.concatenate([worth, worth + weight])
            sums += worth[combination]
        return sums >= at_least

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything that `read` needs, for a file."""
        self._compact()
        used = slice(0, self._used)
        return {
            "word_terms": self._codes[used],
            "word_weights": self._weights[used],
            "word_places": self._places[used],
            "word_counts": self._lengths,
            "word_order": _order(self._codes[used]).astype(np.uint32),
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
        table._has_changed = np.zeros(len(table._lengths), np.bool_)
        table._used = len(table._codes)
        order = arrays["word_order"]
        lengths = len(table._weights), len(table._places), len(order), int(table._lengths.sum())
        if set(lengths) != {table._used}:
            raise ValueError("these are not the terms of a table")
        table._inverted = table._invert(np.arange(len(table._lengths)), order)
        return table

    def _places_of(self, word: Alternatives, size: int) -> Places:
        best = np.zeros(size, np.uint8)
        for terms in word:
            first, *others = [self._postings(code) for code in {term_code(term) for term in terms}] or [
                _NOTHING
            ]
            rows, least = first.rows, first.places
            for postings in others:
                places = np.zeros(size, np.uint8)
                places[postings.rows] = postings.places
                least = np.minimum(least, places[rows])
            best[rows] = np.maximum(best[rows], least)
        return best

    def _postings(self, code: int) -> _Postings:
        old = self._all_postings().postings(code)
        if not self._changed:
            return old
        return old.at(~self._has_changed[old.rows]).and_also(self._recent_postings().postings(code))

    def _all_postings(self) -> _Inverted:
        limit = max(_CHANGED, len(self._starts) // _CHANGED_SHARE)
        if self._inverted is None or len(self._changed) > limit:
            self._inverted = self._invert(np.arange(len(self._starts)))
            self._has_changed[:] = False
            self._gone.clear()
            self._changed.clear()
            self._recent = None
        return self._inverted

    def _recent_postings(self) -> _Inverted:
        if self._recent is None:
            self._recent = self._invert(np.fromiter(self._changed, np.int64, len(self._changed)))
        return self._recent

    def _invert(self, rows: NDArray[np.int64], order: NDArray[Any] | None = None) -> _Inverted:
        at, lengths = self._of_rows(rows)
        codes = self._codes[at]
        order = _order(codes) if order is None else order
        owners = np.repeat(rows.astype(np.int32), lengths)
        at = at[order]
        return _Inverted(codes[order], _Postings(owners[order], self._weights[at], self._places[at]))

    def _note_change(self, row: int) -> None:
        if self._inverted is not None:
            self._recent = None
            if not self._has_changed[row]:
                start = self._starts[row]
                self._gone.update(self._codes[start : start + self._lengths[row]].tolist())
                self._has_changed[row] = True
                self._changed.add(row)

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
    """Postings by term.

    Parameters
    ----------
    codes : ndarray
        uint32 (n,), ascending: a term of a row.
    postings : _Postings
        (n,): the row, and the term's weight and place in it.
    """

    def __init__(self, codes: NDArray[np.uint32], postings: _Postings) -> None:
        starts = np.flatnonzero(np.append(True, codes[1:] != codes[:-1])[: len(codes)])
        self._codes = codes[starts]
        self._starts = np.append(starts, len(codes))
        self._all = postings

    def count(self, code: int) -> int:
        """Return the number of postings of a term."""
        place = self._place(code)
        return int(place.stop - place.start)

    def postings(self, code: int) -> _Postings:
        """Return the postings of a term."""
        return self._all.at(self._place(code))

    def _place(self, code: int) -> slice:
        at = int(self._codes.searchsorted(np.uint32(code)))
        if at < len(self._codes) and self._codes[at] == code:
            return slice(int(self._starts[at]), int(self._starts[at + 1]))
        return slice(0, 0)


def largest(scores: NDArray[np.float64], k: int) -> NDArray[np.int64]:
    """Return the indices of the k largest scores that are above 0, in any order; fewer where there are fewer."""
    # A sample says about where the k-th is. Sorting is several times as fast as a partition where many are equal.
    step = max(1, len(scores) // _SAMPLE)
    sample = scores[::step]
    wanted = 2 * k // step + 8
    bound = np.sort(sample)[-wanted] if step > 1 and wanted < len(sample) else 0.0
    indices = np.flatnonzero(scores >= bound if bound > 0 else scores > 0)
    if bound > 0 and len(indices) < k:
        indices = np.flatnonzero(scores > 0)
    if len(indices) <= k:
        return indices
    some = scores[indices]
    last = np.sort(some)[-k]
    above = indices[some > last]
    return np.concatenate([above, indices[some == last][: k - len(above)]])


def _order(codes: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Return the order of codes, equal ones as they stand; NumPy sorts 16 bits several times as fast as 32."""
    by_low = np.argsort(codes.astype(np.uint16), kind="stable")
    order: NDArray[np.int64] = by_low[np.argsort((codes >> 16).astype(np.uint16)[by_low], kind="stable")]
    return order


def _longer(array: NDArray[Any], size: int) -> NDArray[Any]:
    return np.concatenate([array, np.zeros(size - len(array), array.dtype)])
