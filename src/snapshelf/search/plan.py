"""The search plan: what a request means, before anything is retrieved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from snapshelf.index import Filter
from snapshelf.query import CATEGORY, Chip, Note, Query
from snapshelf.search.facets import FacetFilter, joined
from snapshelf.search.request import MAX_RESULTS
from snapshelf.search.rules.merchandising import Merchandising
from snapshelf.search.signals import Mode, QueryVector, Weights
from snapshelf.search.sort import Sort
from snapshelf.search.word_match import WordStatistics

WINDOWS = (120, 400, MAX_RESULTS)
"""Candidates that each signal brings: for the first places, and for those after them. A wider window only adds behind
what is in order already, so no place changes when a later page is asked for."""


@dataclass(frozen=True)
class SearchPlan:
    """What a request means.

    Parameters
    ----------
    query : Query
        Its chips as they are followed: those that would have left nothing are soft.
    within : Filter or None
        What matches: filter, facet filters, hard chips, and what the rules do not hide.
    mode : Mode
    weights : Weights
    sort : Sort or None
        None for the order by relevance; where the shop is browsed, for its usual order.
    bestsellers : tuple of str
        Ids of what sells, where the order needs them.
    min_relevance : float or None
        Least probability that a product is what was asked for; None for the shelf's own.
    diversity : float
    collapse : bool
        Variants share a place, and so do products that look the same.
    rules : Merchandising
        What the shop's rules do to the query.
    windows : tuple of int
        See `WINDOWS`.
    where : Filter or None
        The filter of the request, a part of `within`.
    chosen : mapping
        Field → chosen facet values, parts of `within`.
    base : Filter or None
        `within` without the facet filters.
    words : WordStatistics
        The words of the query, as the shop has them.
    is_judged : bool
        Whether only products that are probably relevant belong to the result; otherwise all that match.
    result : Filter or None
        What the total and the facets count: `within`, as far as it is probably relevant. Where nothing is, the hits are
        the nearest products, and none of them is counted.
    notes : tuple of Note
        What the shopper should know.
    """

    query: Query
    within: Filter | None = None
    mode: Mode = "full"
    weights: Weights = field(default_factory=Weights)
    sort: Sort | None = None
    bestsellers: tuple[str, ...] = ()
    min_relevance: float | None = None
    diversity: float = 0.0
    collapse: bool = True
    rules: Merchandising = field(default_factory=Merchandising)
    windows: tuple[int, ...] = WINDOWS
    where: Filter | None = None
    chosen: Mapping[str, FacetFilter] = field(default_factory=dict)
    base: Filter | None = None
    words: WordStatistics = field(default_factory=WordStatistics)
    is_judged: bool = True
    result: Filter | None = None
    notes: tuple[Note, ...] = ()

    @property
    def is_browsing(self) -> bool:
        """Whether nothing is looked for in particular, so that all that matches is listed."""
        return self.query.is_empty

    @property
    def is_listed(self) -> bool:
        """Whether all that matches is listed in an order that is not that of the score."""
        return self.sort is not None or self.is_browsing

    @property
    def is_by_relevance(self) -> bool:
        """Whether the whole search orders the products, so that rankers may move them."""
        return self.mode == "full" and not self.is_listed

    @property
    def rights(self) -> Filter | None:
        """The products whose words come first, whatever else speaks for others.

        Beside a photo whose kind restricts, they are those that have exactly the properties of the words: green
        backpacks, then backpacks.
        """
        if not self.has_words:
            return None
        return self.words.rights if self.query.kind == "words" else joined(*self._properties.values())

    @cached_property
    def _properties(self) -> Mapping[int, Filter]:
        """What the words say of the kind of a photo: place among the boosted chips → exact filter."""
        if self.query.kind != "both" or not any(
            chip.hard and chip.kind == CATEGORY for chip in self.query.chips
        ):
            return {}
        return {
            place: chip.exact
            for place, chip in enumerate(self.boosted_chips)
            if not chip.hard and not chip.excluded and chip in self.query.chips
        }

    def has_properties(self, tests: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which candidates have rights beside a photo, bool (n,), by the results bool (n, t) of `tests`."""
        if not self._properties:
            return np.zeros(len(tests), np.bool_)
        exact = [len(self.boosted_chips) + place for place in self._properties]
        has_all: NDArray[np.bool_] = np.logical_and.reduce(tests[:, exact], axis=1)
        return has_all

    @property
    def written_rights(self) -> Filter | None:
        """Those of them whose words stand there as they are written in the query."""
        return self.words.written_rights if self.rights is not None else None

    @property
    def has_words(self) -> bool:
        """Whether titles, words and constraints are signals of the query."""
        return self.mode == "full" and self.query.text is not None

    @cached_property
    def scaled_weights(self) -> Weights:
        """The weights for the signals that the query has."""
        return self.weights.scaled(self.query, self.mode)

    @cached_property
    def query_vector(self) -> QueryVector:
        """The composed vector of the query."""
        return QueryVector.of(self.query, self.scaled_weights, self.mode)

    @property
    def signals(self) -> tuple[str, ...]:
        """Signals of the query that are part of the relevance."""
        of_words = ("text_title", "lexical", "constraints") if self.has_words else ()
        return (*self.query_vector.parts, *of_words)

    @cached_property
    def boosted_chips(self) -> tuple[Chip, ...]:
        """Constraints that add to the score: soft ones, hard ones that some products meet more exactly, near kinds."""
        chips = tuple(chip for chip in self.query.chips if not chip.hard or chip.exact != chip.filter)
        return chips if self.query.nearest is None else (*chips, self.query.nearest.chip)

    @cached_property
    def boosts(self) -> Sequence[float]:
        """What the boosted chips add: for matching products, then for those that match exactly.

        Half for what is asked for or narrower, half for exactly that: red before maroon, and maroon before blue. All
        products match a hard chip, so only the exact ones gain by it.
        """
        matching = [0.0 if chip.hard else chip.boost / 2 for chip in self.boosted_chips]
        exact = [chip.boost if chip.hard else chip.boost / 2 for chip in self.boosted_chips]
        return [*matching, *exact]

    @cached_property
    def kept(self) -> Filter | None:
        """Products that belong to the result whatever their probability: the kind of the photo, or the nearest kinds.

        "In green" of a backpack shows green backpacks, then backpacks; "sofa" shows armchairs where there is no sofa.
        """
        if self.query.nearest is not None:
            return self.query.nearest.chip.filter
        kinds = [chip.filter for chip in self.query.chips if chip.hard and chip.source == "photo"]
        return kinds[0] if kinds else None

    def is_kept(self, tests: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which candidates are `kept`, bool (n,), by the results bool (n, t) of `tests`."""
        if self.query.nearest is not None:
            return tests[:, len(self.boosted_chips) - 1]
        return np.full(len(tests), self.kept is not None)

    @property
    def tests(self) -> tuple[Filter, ...]:
        """Filters that are tested for each candidate: boosted chips, what they name exactly, boosts of the rules."""
        return (
            *(chip.filter for chip in self.boosted_chips),
            *(chip.exact for chip in self.boosted_chips),
            *(shift.filter for shift in self.rules.shifts),
        )

    @cached_property
    def pins(self) -> Mapping[str, tuple[int, str]]:
        """Id → pinned place, from 1, and name of the rule; in the order of the places. Empty where a number orders."""
        pins = {} if self.sort else self.rules.pins
        return {id: (place, rule) for place, (id, rule) in sorted(pins.items())}
