"""Words have rights: which words of a query stand in a product, and what that is worth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from snapshelf.index import Alternatives, Filter, HasWords, Or, SearchIndex, TermPlace
from snapshelf.language import QueryWord
from snapshelf.search.signals import Numbers

_RARE_SHARE, _RARE_COUNT = 0.1, 3

EXACT_CODE, TITLE, TITLE_WORDS, TITLE_STEMS, WRITTEN, ALL_WORDS, RARE_WORDS, NO_RIGHTS = range(8)
"""Tiers of candidates, best first: the product's code was typed; its title was; the words of its title were, in another
order; they were, in other forms; it has every word of the query that the shop knows, the rare ones as they are written,
in title, brand, category or code; the same, in any form; it has the rare ones there; neither."""

_TEXT_SHARE = 0.5
"""What a word counts that stands in a description only: descriptions speak of other products too."""

_EXACT = 3

Places = NDArray[np.uint8]
"""Place of each word in each candidate, (n, w); see `TermPlace`, 0 where the candidate does not have the word."""


def most_of_rare(products: int) -> float:
    """Return how many of a shop's products have a rare word at most: a tenth of them, or three."""
    return max(_RARE_COUNT, _RARE_SHARE * products)


@dataclass(frozen=True)
class WordStatistics:
    """The words of a query, and how many products of the shop have each.

    Parameters
    ----------
    words : tuple of QueryWord
    frequencies : ndarray
        int64 (w,): products that have the word.
    written : ndarray
        int64 (w,): products whose title, brand, category or code has it as it is written in the query.
    products : int
        Products of the shop.
    """

    words: tuple[QueryWord, ...] = ()
    frequencies: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    written: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    products: int = 0

    @classmethod
    def of(cls, words: Sequence[QueryWord], index: SearchIndex) -> WordStatistics:
        """Ask the index about the words of a query."""
        if not words:
            return cls()
        # Words as they are written are indexed for names only.
        counts = index.frequencies([*(word.alternatives for word in words), *_written(words)])
        in_any_form, written = np.array(counts, np.int64).reshape(2, len(words))
        return cls(tuple(words), in_any_form, written, index.count())

    @property
    def asked(self) -> list[Alternatives]:
        """What the index is asked of each candidate: its words in any form, then as they are written."""
        return [*(word.alternatives for word in self.words), *_written(self.words)]

    @cached_property
    def mass(self) -> Numbers:
        """What each word weighs, float64 (w,): its inverse document frequency; a word that nobody has weighs most."""
        return np.array(
            [math.log(1 + (self.products - n + 0.5) / (n + 0.5)) for n in self.frequencies.tolist()],
            np.float64,
        )

    @cached_property
    def is_known(self) -> NDArray[np.bool_]:
        """Which words some product of the shop has, bool (w,)."""
        return self.frequencies > 0

    @cached_property
    def is_rare(self) -> NDArray[np.bool_]:
        """Which of the known words few products have in any form, bool (w,).

        If there are none, those that few products have as they are written: many are blue, few titles have "blues".
        """
        few = most_of_rare(self.products)
        rare = self.is_known & (self.frequencies <= few)
        return rare if rare.any() else (self.written > 0) & (self.written <= few)

    @property
    def all_known(self) -> bool:
        """Whether there are words, and the shop knows them all."""
        return bool(len(self.words)) and bool(self.is_known.all())

    @cached_property
    def rights(self) -> HasWords | None:
        """Products with every rare word in title, brand, category or code; None without rare words."""
        return _all_named([word.alternatives for word in self._rare])

    @cached_property
    def written_rights(self) -> HasWords | None:
        """The same, as the words are written, as far as any product has them so."""
        rare = zip(self._rare, self.written[self.is_rare].tolist(), strict=True)
        return _all_named([(word.written,) if written else word.alternatives for word, written in rare])

    @property
    def _rare(self) -> list[QueryWord]:
        return [word for word, rare in zip(self.words, self.is_rare.tolist(), strict=True) if rare]

    def tiers(self, places: Places, written: Places, codes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the tier of each candidate, int64 (n,).

        Parameters
        ----------
        places : ndarray
            uint8 (n, w).
        written : ndarray
            uint8 (n, w): the same of the words as they are written.
        codes : ndarray
            int64 (n,): how well a code of the candidate matches, 3 for exactly.
        """
        named = places >= TermPlace.NAME
        has_rare = named[:, self.is_rare].all(axis=1) & bool(self.is_rare.any())
        has_all = (places > 0)[:, self.is_known].all(axis=1) & bool(self.is_known.any())
        if not self.is_rare.any():
            # Without a rare word, at least a word has to stand where products are named.
            has_rare = has_all & named.any(axis=1)
        as_written = (written >= TermPlace.NAME)[:, self.is_rare & (self.written > 0)].all(axis=1)
        tiers = np.full(len(places), NO_RIGHTS)
        tiers[has_rare] = RARE_WORDS
        tiers[has_rare & has_all] = ALL_WORDS
        tiers[has_rare & has_all & as_written] = WRITTEN
        tiers[(codes > 0) & (tiers == NO_RIGHTS)] = RARE_WORDS
        tiers[codes == _EXACT] = EXACT_CODE
        return tiers

    def has_all(self, places: Places) -> NDArray[np.bool_]:
        """Which candidates have every word, wherever it stands, bool (n,); none if the shop does not know them all."""
        everything: NDArray[np.bool_] = np.asarray((places > 0).all(axis=1))
        return everything if self.all_known else np.zeros_like(everything)

    def coverage(self, places: Places) -> Numbers:
        """Return the mass of the words that each candidate has, as a share of all, float64 (n,)."""
        total = float(self.mass.sum())
        if total <= 0:
            return np.zeros(len(places))
        worth = np.array([0.0, _TEXT_SHARE, 1.0, 1.0])[places]
        coverage: Numbers = worth @ self.mass / total
        return coverage

    def covering(self, at_least: float) -> Filter:
        """Return the products whose `coverage` is at least a share, by names and attributes or by all that they say."""
        words = tuple(word.alternatives for word in self.words)
        shares = tuple((self.mass / self.mass.sum()).tolist())
        named = HasWords(words, shares, at_least, int(TermPlace.ATTRIBUTE))
        if at_least > _TEXT_SHARE:
            return named
        return Or((named, HasWords(words, shares, at_least / _TEXT_SHARE, int(TermPlace.TEXT))))


def _written(words: Sequence[QueryWord]) -> list[Alternatives]:
    return [(word.written,) if word.written else () for word in words]


def _all_named(words: Sequence[Alternatives]) -> HasWords | None:
    return HasWords.all_of(words, TermPlace.NAME) if words else None
