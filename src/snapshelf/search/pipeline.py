"""Recall → fuse → order: from an understood query to the places of its products."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from snapshelf.catalogue import Product
from snapshelf.events import Team
from snapshelf.index import Filter, SearchIndex
from snapshelf.language import Lexicon
from snapshelf.query import Query
from snapshelf.ranking import Ranker
from snapshelf.search.candidates import Candidates, Products, Read
from snapshelf.search.collapse import DuplicateCollapser
from snapshelf.search.diversify import diversified
from snapshelf.search.relevance import Evidence
from snapshelf.search.rerank import (
    EXPLORED,
    RERANKED,
    Numbers,
    Ranking,
    ScoreDeltas,
    Swap,
    drawn_swap,
    moves,
    propensities,
    shared,
)
from snapshelf.search.rules.merchandising import Merchandising
from snapshelf.search.signals import Mode, Vector, Weights

WINDOWS = (120, 400, 1_000)
"""Candidates that each signal brings: for the first places, and for those after them. A wider window only adds to
what is in order already, so no place changes when a later page is asked for."""

_DIVERSIFIED = 200
"""Places that diversity looks at; what comes later stays in the order of its scores."""


@dataclass(frozen=True, slots=True)
class Sort:
    """By a number, the least first or the largest; products without it come last."""

    field: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class RankingOptions:
    """How the products that match are put in order.

    Parameters
    ----------
    within : Filter or None
        What matches: filter, choices, hard facts, and what the rules do not hide.
    mode : Mode
    weights : Weights
    sort : Sort or None
        By relevance, unless something else is said.
    diversity : float
    collapse : bool
        Variants share a place, and so do products that look the same.
    merchandising : Merchandising
    ranking : Ranking or None
        Moves the best candidates, where the order is by relevance; None leaves the order of the search.
    """

    within: Filter | None = None
    mode: Mode = "full"
    weights: Weights = field(default_factory=Weights)
    sort: Sort | None = None
    diversity: float = 0.0
    collapse: bool = True
    merchandising: Merchandising = field(default_factory=Merchandising)
    ranking: Ranking | None = None


@dataclass(frozen=True, slots=True)
class Ranked:
    """A product in its place: `score` is the sum of the `contributions`."""

    product: Product
    score: float
    contributions: Mapping[str, float]
    facts: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


class Search:
    """One query's places, filled as far as they are asked for.

    Parameters
    ----------
    store : SearchIndex
    products : Products
    query : Query
    manner : RankingOptions
    lexicon : Lexicon or None
        The bundled one by default.

    Attributes
    ----------
    variants : dict
        Id of a variant that is not shown → id of the variant that is.
    timings : dict
        Seconds of the stages ``recall`` and ``rank``.
    teams : mapping
        Id → team, where two rankings share the places.
    """

    def __init__(
        self,
        store: SearchIndex,
        products: Products,
        query: Query,
        manner: RankingOptions,
        lexicon: Lexicon | None = None,
    ) -> None:
        self.query = query
        self.manner = manner
        self.variants: dict[str, str] = {}
        self.timings = {"recall": 0.0, "rank": 0.0}
        self.teams: Mapping[str, Team | None] = {}
        products = Read(products)
        self._products = products
        sort = manner.sort
        self._candidates = Candidates(
            store,
            products,
            query,
            manner.weights,
            manner.mode,
            within=manner.within,
            shifts=manner.merchandising.shifts,
            sorted_by=sort.field if sort else None,
            lexicon=lexicon or Lexicon.bundled(),
        )
        # Who sorts by price wants the least price, wherever a rule would have it.
        pins = {} if sort else manner.merchandising.pins
        self._pins = {id: (place, rule) for place, (id, rule) in sorted(pins.items())}
        self._ranking = manner.ranking if sort is None and manner.mode == "full" else None
        self._by_relevance: list[str] = []
        self._wider = list(WINDOWS) if sort is None else [WINDOWS[-1]]
        self._first_of_group: dict[str, str] = {}
        self._order: list[str] = []
        self._folder = DuplicateCollapser(products.get_many, products.vectors, fold=manner.collapse)
        self._extend()

    @property
    def alike(self) -> Mapping[str, str]:
        """Id of each product that was folded → id of the one that stands for it."""
        return self._folder.alike

    def top(self, count: int) -> list[str]:
        """Ids at the first `count` places; fewer where there are no more."""
        places = self._places(max(count, EXPLORED) if self._explores else count)
        if (swap := self._swap(places)).exchanged and (place := swap.place) is not None:
            places[place : place + 2] = reversed(places[place : place + 2])
        return places[:count]

    def best(self, count: int) -> list[str]:
        """Ids of the `count` products that fit the query best, whatever else moved them."""
        places = self.top(count)
        if not self._by_relevance:
            return places
        return [id for id in self._by_relevance if id not in self._folder.alike][:count]

    def asks_for_one(self, best: Sequence[str]) -> bool:
        """Whether the query is the very title, number or photo of one of the best products."""
        return self._candidates.ask_for_one(best)

    def propensities(self, count: int) -> list[float] | None:
        """Probability with which each of the first places has its product; None where nothing was left to chance."""
        if self._ranking is None or not self._explores:
            return None
        wanted = max(count, EXPLORED)
        swap = self._swap(self._places(wanted))
        return propensities(self.top(wanted), self._pins, self._ranking, swap)[:count]

    @property
    def direction(self) -> Vector | None:
        """Unit vector of what is looked for, float32 (d,); None where its parts cancel each other out."""
        return self._candidates.direction

    @property
    def channels(self) -> tuple[str, ...]:
        """The signals that the query has, as contributions are named."""
        return self._candidates.channel_names

    @property
    def _explores(self) -> bool:
        # Where two rankings are compared, chance has its part already.
        return self._ranking is not None and self._ranking.explore > 0 and not self.teams

    def _swap(self, places: Sequence[str]) -> Swap:
        if self._ranking is None or not self._explores:
            return Swap(None, exchanged=False)
        return drawn_swap(places, self._pins, self._ranking)

    def _places(self, count: int) -> list[str]:
        pinned = sum(id in self._candidates for id in self._pins)
        with self._timed("rank"):
            self._folder.keep(self._order, count + pinned)
        while len(self._folder.kept) < count and self._wider:
            self._extend()
            with self._timed("rank"):
                self._folder.keep(self._order, count + pinned)
        places = [id for id in self._folder.kept if id not in self._pins]
        there = set(self._folder.kept)
        for id, (place, _) in self._pins.items():
            if id in there:
                places.insert(place - 1, id)
        return places[:count]

    def ranked(self, ids: Sequence[str]) -> list[Ranked]:
        """Say of products in their places what their scores are made of."""
        with self._timed("rank"):
            return [
                Ranked(
                    self._folder.products[id],
                    sum(parts.values()),
                    parts,
                    self._facts(id),
                    self._rules(id),
                )
                for id, parts in zip(ids, self._candidates.parts(ids), strict=True)
            ]

    def product(self, id: str) -> Product:
        """Give a product in its place."""
        return self._folder.products[id]

    def evidence(self, ids: Sequence[str]) -> Evidence:
        """What the signals say of products in their places."""
        return self._candidates.evidence(ids)

    def parts_of_any(self, id: str) -> dict[str, float] | None:
        """The parts of the score of any product, matching or not; None if the engine does not have it."""
        return self._candidates.parts_of_any(id)

    def _facts(self, id: str) -> tuple[str, ...]:
        met = self._candidates.met(id)
        return tuple(chip.where for chip in self.query.chips if chip.hard or chip in met)

    def _rules(self, id: str) -> tuple[str, ...]:
        pinned = [self._pins[id][1]] if id in self._pins else []
        return tuple(dict.fromkeys([*self._candidates.moved_by(id), *pinned]))

    def _extend(self) -> None:
        """Bring the next window, and put it behind what is there."""
        first = not self._order
        with self._timed("recall"):
            ids, complete = self._candidates.bring(self._wider.pop(0), list(self._pins) if first else ())
        if complete:
            self._wider.clear()
        with self._timed("rank"):
            if self.manner.sort is not None:
                ids = self._sorted(ids, self.manner.sort)
            elif first and ids and self._ranking is not None and self._ranking.moves_any:
                ids = self._reranked(ids, self._ranking)
            # A pinned variant stands for its group.
            ids.sort(key=lambda id: id not in self._pins)
            if self.manner.collapse:
                ids = self._collapsed(ids)
            if first and self.manner.diversity > 0:
                ids = self._diversified(ids)
            self._order += ids

    def _sorted(self, ids: Sequence[str], sort: Sort) -> list[str]:
        """By the number, among what is good enough: the cheapest of what is like nothing asked for helps nobody."""
        if not any(chip.hard for chip in self.query.chips):
            scores = np.array([self._candidates[id].score for id in ids])
            enough = (scores.max(initial=-np.inf) + scores.mean()) / 2 if len(ids) else 0.0
            ids = [id for id, score in zip(ids, scores, strict=True) if score >= enough]
        sign = -1.0 if sort.descending else 1.0

        def key(id: str) -> float:
            pool, _, row = self._candidates[id]
            value = pool.values[row]
            return np.inf if value is None else sign * value

        return sorted(ids, key=key)

    def _reranked(self, ids: list[str], ranking: Ranking) -> list[str]:
        head, rest = ids[:RERANKED], ids[RERANKED:]
        channels = self._candidates.channels(head)
        relevance: Numbers = np.sum(list(channels.values()), axis=0)
        chances: Numbers | None = None
        if ranking.calibration is not None and "photo" in channels:
            chances = ranking.calibration.relevance(self._candidates.evidence(head))
        personal = not self._candidates.ask_for_one(head)

        def moved(by: Ranker) -> ScoreDeltas:
            return moves(by, ranking, head, relevance, channels, chances, personal=personal)

        own = moved(ranking.ranker)
        # Diversity makes an order of its own, in which nobody's choice could be told.
        if ranking.interleaved and self.manner.diversity == 0:
            challenger = moved(ranking.challenger)
            b = self._candidates.move(head, challenger)
            order, self.teams = shared(self._candidates.move(head, own), b, ranking.seed)
            is_rivals = np.array([self.teams[id] == "b" for id in head])
            self._candidates.move(
                head,
                ScoreDeltas(
                    *(np.where(is_rivals, theirs, ours) for ours, theirs in zip(own, challenger, strict=True))
                ),
            )
        else:
            order = self._candidates.move(head, own)
        self._by_relevance = [head[row] for row in np.argsort(-relevance, kind="stable")]
        return order + rest

    def _collapsed(self, ids: Sequence[str]) -> list[str]:
        kept = []
        for id in ids:
            pool, _, row = self._candidates[id]
            group = pool.groups[row]
            first = id if group is None else self._first_of_group.setdefault(group, id)
            if first == id:
                kept.append(id)
            else:
                self.variants[id] = first
        return kept

    def _diversified(self, ids: Sequence[str]) -> list[str]:
        pinned = [id for id in ids if id in self._pins]
        free = [id for id in ids if id not in self._pins]
        vectors = self._products.vectors(free[:_DIVERSIFIED])
        head = [id for id in free[:_DIVERSIFIED] if id in vectors]
        scores = [self._candidates[id].score for id in head]
        looks = np.stack([vectors[id][0] for id in head]) if head else np.zeros((0, 1), np.float32)
        order = diversified(scores, looks @ looks.T, self.manner.diversity)
        return pinned + [head[place] for place in order] + free[_DIVERSIFIED:]

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.timings[stage] += time.perf_counter() - start
