"""Recall → fuse → rank → explain."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from snapshelf.query import Query
from snapshelf.store import Candidate, Filter, Ids, Store

Mode: TypeAlias = Literal["full", "photo-vectors"]
"""The whole search, or the query's vector against the photo vectors alone (the benchmark protocol)."""

Vectors: TypeAlias = Mapping[str, NDArray[np.float32]]
VectorsOf: TypeAlias = Callable[[Sequence[str]], Vectors]
"""Ids → unit photo vectors float32 (m, d) of each."""

_LEAST_RECALL = 50
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
    # The engine compares directions; its cosines are brought back to the length of the composed query.
    length = float(np.linalg.norm(composed))
    direction = _unit(composed)
    with_words = mode == "full" and bool(query.terms)
    width = max(_LEAST_RECALL, 2 * k) if with_words else k
    looks = _scores(store.nearest(direction, width, where))
    words = _scores(store.matching(query.terms, width, where)) if with_words else {}
    share = weights.words / max(words.values(), default=1.0)
    if words:
        # What one recall found, the other one scores too.
        if missing := tuple(words.keys() - looks.keys()):
            looks |= _scores(store.nearest(direction, len(missing), Ids(missing)))
        # A full list leaves out products with at most its least score, a short one those without a common term:
        # only a product that could reach the k best with that much is worth the engine's time.
        unlisted = share * min(words.values()) if len(words) == width else 0.0
        # A product removed meanwhile is in one list only.
        sure = sorted(
            (length * looks[id] + share * words[id] for id in words.keys() & looks.keys()), reverse=True
        )
        bar = sure[k - 1] if len(sure) >= k else -np.inf
        unsure = tuple(id for id in looks.keys() - words.keys() if length * looks[id] + unlisted >= bar)
        if unsure and unlisted > 0:
            words |= _scores(store.matching(query.terms, len(unsure), Ids(unsure)))
    recalled = time.perf_counter()
    totals = {id: length * look + share * words.get(id, 0.0) for id, look in looks.items()}
    best = sorted(totals, key=lambda id: (-totals[id], id))[:k]
    seen = _parts_of(best, parts, composed, looks, length, vectors_of)
    ranked = []
    for id in best:
        contributions = dict(seen[id])
        if id in words:
            contributions["words"] = share * words[id]
        ranked.append(Ranked(id, sum(contributions.values()), contributions))
    return ranked, {"recall": recalled - start, "rank": time.perf_counter() - recalled}


def _scores(candidates: Sequence[Candidate]) -> dict[str, float]:
    return {candidate.id: candidate.score for candidate in candidates}


def _parts_of(
    ids: Sequence[str],
    parts: Mapping[str, NDArray[np.float32]],
    composed: NDArray[np.float32],
    looks: Mapping[str, float],
    length: float,
    vectors_of: VectorsOf,
) -> dict[str, dict[str, float]]:
    """The vector part of each score, divided between photo and words where the query has both."""
    if len(parts) == 1:
        (name,) = parts
        return {id: {name: length * looks[id]} for id in ids}
    vectors = vectors_of(ids)
    divided = {}
    for id in ids:
        # A product removed since recall has no vectors any more, and will be no hit.
        photos = vectors.get(id, np.zeros((1, len(composed)), np.float32))
        fits_best = photos[int(np.argmax(photos @ composed))]
        divided[id] = {name: float(part @ fits_best) for name, part in parts.items()}
    return divided


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if length > 0 else vector


def _normalised(parts: dict[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    units = {name: _unit(part) for name, part in parts.items()}
    length = float(np.linalg.norm(np.sum(list(units.values()), axis=0)))
    return {name: unit / np.float32(length or 1.0) for name, unit in units.items()}
