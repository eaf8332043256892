"""Recall → fuse → rank → explain."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from snapshelf.query import Query
from snapshelf.store import Filter, Ids, Store

Mode: TypeAlias = Literal["full", "photo-vectors"]
"""The whole search, or the query's vector against the photo vectors alone (the benchmark protocol)."""

Vectors: TypeAlias = Mapping[str, NDArray[np.float32]]
VectorsOf: TypeAlias = Callable[[Sequence[str]], Vectors]
"""Ids → unit photo vectors float32 (m, d) of each."""

_LEAST_RECALL = 100
"""Candidates that each recall brings, at least: a product that both find late may still be the best."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Part of each signal in the score; chosen by measurement, see ``docs/search.md``.

    Parameters
    ----------
    photo : float
        Cosine between the query's photo and the product's.
    text : float
        Cosine between the query's words and the product's photo.
    words : float
        BM25 of the query's words, as a share of the best candidate's.
    """

    photo: float = 1.0
    text: float = 1.0
    words: float = 1.0


@dataclass(frozen=True, slots=True)
class Ranked:
    """A product's place in the result: `score` is the sum of the `contributions`."""

    id: str
    score: float
    contributions: Mapping[str, float]


def search(
    store: Store,
    vectors_of: VectorsOf,
    query: Query,
    k: int,
    *,
    where: Filter | None = None,
    mode: Mode = "full",
    weights: Weights | None = None,
) -> tuple[list[Ranked], dict[str, float]]:
    """Find the k best products for a query.

    The vector part of the score is linear: for the photo p* of a product that fits best,
    ``photo · cos(photo, p*) + text · cos(text, p*)``, which is what the composed vector ``photo·q + text·t`` gives,
    so one vector recall finds its exact best. Words recall brings products of its own; the union is scored in full.

    Returns
    -------
    ranked : list of Ranked
        Best first, ties by id.
    timings : dict
        Seconds of the stages ``recall`` and ``rank``.
    """
    weights = weights or Weights()
    start = time.perf_counter()
    parts = {
        name: (np.float32(weight) * vector)
        for name, weight, vector in (
            ("photo", weights.photo, query.photo),
            ("text", weights.text, query.text),
        )
        if vector is not None
    }
    if mode == "photo-vectors":
        # The protocol is plain cosine: unit vectors, and a composed query is normalised too.
        parts = _normalised(parts)
    composed: NDArray[np.float32] = np.sum(list(parts.values()), axis=0)
    width = max(_LEAST_RECALL, 2 * k) if mode == "full" and query.terms else k
    # The engine compares directions; the order is the same for any length of the query.
    found = [candidate.id for candidate in store.nearest(_unit(composed), width, where)]
    words: dict[str, float] = {}
    if mode == "full" and query.terms:
        words = {candidate.id: candidate.score for candidate in store.matching(query.terms, width, where)}
        unscored = tuple(id for id in found if id not in words)
        found = list(dict.fromkeys([*found, *words]))
        if words and unscored:
            rest = store.matching(query.terms, len(unscored), Ids(unscored))
            words |= {candidate.id: candidate.score for candidate in rest}
    recalled = time.perf_counter()
    best_words = max(words.values(), default=1.0)
    ranked = []
    for id, photos in vectors_of(found).items():
        best = photos[int(np.argmax(photos @ composed))]
        contributions = {name: float(part @ best) for name, part in parts.items()}
        if id in words:
            contributions["words"] = weights.words * words[id] / best_words
        ranked.append(Ranked(id, sum(contributions.values()), contributions))
    ranked.sort(key=lambda one: (-one.score, one.id))
    return ranked[:k], {"recall": recalled - start, "rank": time.perf_counter() - recalled}


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if length > 0 else vector


def _normalised(parts: dict[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    units = {name: _unit(part) for name, part in parts.items()}
    length = float(np.linalg.norm(np.sum(list(units.values()), axis=0)))
    return {name: unit / np.float32(length or 1.0) for name, unit in units.items()}
