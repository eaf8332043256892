"""Recall → fuse → order: from an understood query to the places of its products."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from snapshelf.catalogue import Product
from snapshelf.query import Query
from snapshelf.search._diversity import diversified
from snapshelf.search._fold import Folder
from snapshelf.search._fusion import Looks, Mode, Numbers, Pool, Scores, Weights, fuse
from snapshelf.search._merchandising import Merchandising
from snapshelf.search._recall import Recall
from snapshelf.store import Filter, Ids, Store

WINDOWS = (250, 1_000)
"""Candidates that each signal brings: for the first places, and for those after them. The second window only adds
to what the first has ordered, so no place changes when a later page is asked for."""

_DIVERSIFIED = 200
"""Places that diversity looks at; what comes later stays in the order of its scores."""


class Products(Protocol):
    """Where products and their vectors are read; a catalogue is one."""

    def get_many(self, ids: Sequence[str]) -> Mapping[str, Product]:
        """Products by id, those that there are."""
        ...

    def vectors(self, ids: Sequence[str]) -> Mapping[str, NDArray[np.float32]]:
        """Unit photo vectors float32 (m, d) by id, of the products that there are."""
        ...


@dataclass(frozen=True, slots=True)
class Sort:
    """By a number, the least first or the largest; products without it come last."""

    field: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Manner:
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
    """

    within: Filter | None = None
    mode: Mode = "full"
    weights: Weights = field(default_factory=Weights)
    sort: Sort | None = None
    diversity: float = 0.0
    collapse: bool = True
    merchandising: Merchandising = field(default_factory=Merchandising)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A product's place in the result: `score` is the sum of the `contributions`."""

    product: Product
    score: float
    contributions: Mapping[str, float]
    facts: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Window:
    """Candidates that came together, and their scores."""

    pool: Pool
    scores: Scores
    total: Numbers


class Search:
    """One query's candidates: brought, scored, and ordered as far as they are asked for.

    Parameters
    ----------
    store : Store
    products : Products
    query : Query
    manner : Manner

    Attributes
    ----------
    variants : dict
        Id of a variant that is not shown → id of the variant that is.
    timings : dict
        Seconds of the stages ``recall`` and ``rank``.
    """

    def __init__(self, store: Store, products: Products, query: Query, manner: Manner) -> None:
        self.query = query
        self.manner = manner
        self.variants: dict[str, str] = {}
        self.timings = {"recall": 0.0, "rank": 0.0}
        self._store = store
        self._products = products
        self._soft = [chip for chip in query.chips if not chip.hard]
        self._looks = Looks.of(query, manner.weights, manner.mode)
        tests = [chip.filter for chip in self._soft] + [shift.filter for shift in manner.merchandising.shifts]
        self._recall = Recall(
            self._looks,
            query,
            manner.mode,
            manner.within,
            tuple(tests),
            manner.sort.field if manner.sort else None,
        )
        self._pins = {id: place for place, (id, _) in sorted(manner.merchandising.pins.items())}
        self._most_words = 0.0
        self._row: dict[str, tuple[_Window, int]] = {}
        self._shown_group: dict[str, str] = {}
        self._order: list[str] = []
        self._folder = Folder(products.get_many, products.vectors, fold=manner.collapse)
        self._wider = list(WINDOWS) if manner.sort is None else [WINDOWS[-1]]
        self._extend()

    @property
    def alike(self) -> Mapping[str, str]:
        """Id of each product that was folded → id of the one that stands for it."""
        return self._folder.alike

    @property
    def candidates(self) -> int:
        """Products that were brought."""
        return len(self._row)

    def top(self, count: int) -> list[str]:
        """Ids at the first `count` places, fewer where there are no more."""
        pinned = sum(id in self._row for id in self._pins)
        self._folder.keep(self._order, count + pinned)
        while len(self._folder.kept) < count and self._wider:
            self._extend()
            self._folder.keep(self._order, count + pinned)
        start = time.perf_counter()
        places = [id for id in self._folder.kept if id not in self._pins]
        for id, place in self._pins.items():
            if id in self._folder.kept:
                places.insert(place - 1, id)
        self.timings["rank"] += time.perf_counter() - start
        return places[:count]

    def ranked(self, ids: Sequence[str]) -> list[Ranked]:
        """Say of products among the places what their scores are made of."""
        start = time.perf_counter()
        contributions = self._contributions(ids)
        merchandising = self.manner.merchandising
        pins = dict(merchandising.pins.values())
        ranked = []
        for id, parts in zip(ids, contributions, strict=True):
            window, row = self._row[id]
            passed = window.pool.passed[row]
            met = [chip for chip, passes in zip(self._soft, passed, strict=False) if passes]
            moved = [
                shift.rule
                for shift, passes in zip(merchandising.shifts, passed[len(self._soft) :], strict=True)
                if passes
            ]
            ranked.append(
                Ranked(
                    self._folder.products[id],
                    sum(parts.values()),
                    parts,
                    tuple(chip.where for chip in self.query.chips if chip.hard or chip in met),
                    tuple(dict.fromkeys([*moved, *([pins[id]] if id in pins else [])])),
                )
            )
        self.timings["rank"] += time.perf_counter() - start
        return ranked

    def score_alone(self, id: str) -> Mapping[str, float] | None:
        """Parts of the score of a product, whether it matches or not; None if the engine does not have it."""
        if id not in self._row:
            pool = self._recall.bring(self._store, 1, where=Ids((id,)))
            if not pool.ids:
                return None
            self._take(pool)
        return self._contributions([id])[0]

    def _extend(self) -> None:
        """Bring the next window and put it behind what is there."""
        start = time.perf_counter()
        width = self._wider.pop(0)
        pool = self._recall.bring(self._store, width, list(self._pins) if not self._row else ())
        if len(pool) < width:
            self._wider.clear()
        new = [place for place, id in enumerate(pool.ids) if id not in self._row]
        self.timings["recall"] += time.perf_counter() - start
        start = time.perf_counter()
        first = not self._row
        window = self._take(pool.at(new))
        ids = self._sorted(window)
        if first:
            ids.sort(key=lambda id: id not in self._pins)
        if self.manner.collapse:
            ids = self._collapsed(ids)
        if first and self.manner.diversity > 0:
            ids = self._diversified(ids)
        self._order += ids
        self.timings["rank"] += time.perf_counter() - start

    def _take(self, pool: Pool) -> _Window:
        self._most_words = self._most_words or float(pool.words.max(initial=0.0))
        scores = fuse(
            pool,
            self.manner.weights,
            self._most_words,
            [chip.boost for chip in self._soft],
            [shift.by for shift in self.manner.merchandising.shifts],
        )
        window = _Window(pool, scores, scores.total)
        self._row.update((id, (window, row)) for row, id in enumerate(pool.ids))
        return window

    def _sorted(self, window: _Window) -> list[str]:
        """Ids in order; the pool is in the order of ids, which decides between equals."""
        order = np.argsort(-window.total, kind="stable")
        if self.manner.sort is not None:
            sign = -1.0 if self.manner.sort.descending else 1.0
            keys = [sign * value if value is not None else np.inf for value in window.pool.values]
            order = order[np.argsort(np.array(keys)[order], kind="stable")]
        return [window.pool.ids[row] for row in order]

    def _collapsed(self, ids: Sequence[str]) -> list[str]:
        kept = []
        for id in ids:
            window, row = self._row[id]
            group = window.pool.groups[row]
            shown = id if group is None else self._shown_group.setdefault(group, id)
            if shown == id:
                kept.append(id)
            else:
                self.variants[id] = shown
        return kept

    def _diversified(self, ids: list[str]) -> list[str]:
        head = [id for id in ids[:_DIVERSIFIED] if id not in self._pins]
        vectors = self._products.vectors(head)
        head = [id for id in head if id in vectors]
        scores = [float(window.total[row]) for window, row in map(self._row.__getitem__, head)]
        spread = [
            head[place]
            for place in diversified(scores, [vectors[id][0] for id in head], self.manner.diversity)
        ]
        taken = set(spread)
        return (
            [id for id in ids if id in self._pins]
            + spread
            + [id for id in ids if id not in taken and id not in self._pins]
        )

    def _contributions(self, ids: Sequence[str]) -> list[dict[str, float]]:
        rows = [self._row[id] for id in ids]
        looks = [float(window.scores.looks[row]) for window, row in rows]
        none = np.zeros((1, len(self._looks.direction)), np.float32)
        vectors = self._products.vectors(ids) if len(self._looks.parts) > 1 else {}
        contributions = self._looks.divided([vectors.get(id, none) for id in ids], looks)
        for parts, (window, row) in zip(contributions, rows, strict=True):
            for name in ("title", "words", "facts", "rules"):
                value = float(getattr(window.scores, name)[row])
                if value:
                    parts[name] = value
        return contributions
