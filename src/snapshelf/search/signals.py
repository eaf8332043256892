"""Fusion: the score of a product is a weighted sum of what each signal says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from math import inf
from typing import ClassVar, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict

from snapshelf.errors import QueryError
from snapshelf.query import Query

Mode: TypeAlias = Literal["full", "photo-vectors"]
"""The whole search, or the query's vector against the photo vectors alone (the benchmark protocol)."""

Vector: TypeAlias = NDArray[np.float32]
Numbers: TypeAlias = NDArray[np.float64]

CONTRIBUTIONS: Mapping[str, str] = {
    "photo": "likeness to the photos and the liked products",
    "text": "meaning of the words, compared with the product's photo",
    "title": "meaning of the words, compared with the product's title, and the title's exactness",
    "words": "words of the query that the product's text has (BM25)",
    "facts": "facts read from the words that hold for the product",
    "rules": "rules of the shop",
    "ranking": "behaviour of all shoppers",
    "shopper": "what is known of this shopper",
}
"""Parts of a score by name → what each is."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Part of each signal in the score; chosen by measurement, see ``docs/concepts/search.md``.

    Only their proportions matter: the score is the mean of the signals that the query has, weighted so.

    Parameters
    ----------
    photo : float
        Cosine between the query's photo and the product's.
    text : float
        Cosine between the query's words and the product's photo.
    title : float
        Cosine between the query's words and the product's title, and the title's exactness.
    words : float
        BM25 of the query's words, as a share of the best candidate's.
    facts : float
        Boosts of the facts that were read from the words and hold for the product; no signal of its own, but on top.

    Raises
    ------
    QueryError
        A weight is negative or not finite.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    photo: float = 3.0
    text: float = 1.0
    title: float = 1.0
    words: float = 0.5
    facts: float = 1.0

    def __post_init__(self) -> None:
        for each in fields(self):
            if not 0 <= getattr(self, each.name) < inf:
                raise QueryError(
                    f"the weight of {each.name} is {getattr(self, each.name)}; give a number from 0"
                )

    def of(self, query: Query, mode: Mode) -> Weights:
        """Scale the weights so that those of the signals that a query has add up to 1."""
        if mode == "photo-vectors":
            return Weights(self.photo, self.text, 0.0, 0.0, 0.0)
        photo = self.photo if query.photo is not None else 0.0
        words = (self.text, self.title, self.words if query.terms else 0.0)
        total = photo + (sum(words) if query.text is not None else 0.0)
        if total <= 0:
            return self
        return Weights(*(weight / total for weight in (self.photo, *words, self.facts)))


@dataclass(frozen=True, slots=True)
class QueryVector:
    """The part of the score that is linear in a product's photo vector.

    ``photo · cos(query photo, p) + text · cos(query words, p)`` is what one composed vector gives, so one vector
    recall finds its exact best, and the photo of a product that fits the whole query best is the one that counts.

    Parameters
    ----------
    parts : mapping
        Name → float32 (d,), weighted.
    direction : ndarray
        float32 (d,), the unit vector of their sum: what the engine compares with.
    length : float
        Length of the sum: brings the engine's cosines back to the score.
    """

    parts: Mapping[str, Vector]
    direction: Vector
    length: float

    @classmethod
    def of(cls, query: Query, weights: Weights, mode: Mode) -> Self:
        """Compose a query's vectors."""
        given = {"photo": (weights.photo, query.photo), "text": (weights.text, query.text)}
        parts = {
            name: np.float32(weight) * vector
            for name, (weight, vector) in given.items()
            if vector is not None
        }
        if mode == "photo-vectors":
            # The protocol is plain cosine: unit vectors, and a composed query is normalised too.
            parts = {name: _unit(part) for name, part in parts.items()}
            length = _length(np.sum(list(parts.values()), axis=0)) or 1.0
            parts = {name: part / np.float32(length) for name, part in parts.items()}
        composed: Vector = np.sum(list(parts.values()), axis=0)
        length = _length(composed)
        if length == 0:
            # Parts that cancel each other out ask for nothing: any direction is as good, and it counts nothing.
            return cls(parts, _unit(np.ones_like(composed)), 0.0)
        return cls(parts, composed / np.float32(length), length)

    def divided(self, photos: Sequence[Vector], looks: Sequence[float]) -> list[dict[str, float]]:
        """Divide the looks of products between the parts.

        Parameters
        ----------
        photos : sequence of ndarray
            float32 (m, d) for each product.
        looks : sequence of float
            What the engine gave each of them.
        """
        if len(self.parts) == 1:
            (name,) = self.parts
            return [{name: look} for look in looks]
        divided = []
        for vectors, look in zip(photos, looks, strict=True):
            fits_best = vectors[int(np.argmax(vectors @ self.direction))]
            shares = {name: float(part @ fits_best) for name, part in self.parts.items()}
            # The engine rounds its vectors otherwise: the parts are made to add up to what ordered the hits.
            error = (look - sum(shares.values())) / len(shares)
            divided.append({name: share + error for name, share in shares.items()})
        return divided


@dataclass(frozen=True, slots=True)
class Pool:
    """Candidates and what each signal says of them; arrays of length n, in the order of `ids`.

    Parameters
    ----------
    ids : tuple of str
        Ascending.
    looks : ndarray
        Dot product of the composed vector with the photo that fits best.
    title : ndarray
        Dot product of the words' vector with the title's; 0 without one.
    words : ndarray
        BM25.
    passed : ndarray
        bool (n, t): which tests each candidate passes.
    groups : tuple of str or None
        `group_id` of each.
    values : tuple of float or None
        The number each is sorted by.
    """

    ids: tuple[str, ...]
    looks: Numbers
    title: Numbers
    words: Numbers
    passed: NDArray[np.bool_]
    groups: tuple[str | None, ...]
    values: tuple[float | None, ...]

    def __len__(self) -> int:
        return len(self.ids)

    def at(self, rows: Sequence[int]) -> Pool:
        """Those candidates alone."""
        if len(rows) == len(self):
            return self
        return Pool(
            tuple(self.ids[row] for row in rows),
            self.looks[rows],
            self.title[rows],
            self.words[rows],
            self.passed[rows],
            tuple(self.groups[row] for row in rows),
            tuple(self.values[row] for row in rows),
        )


@dataclass(frozen=True, slots=True)
class Scores:
    """The parts of the score of each candidate of a pool, and their sum; float64 (n,) each."""

    looks: Numbers
    title: Numbers
    words: Numbers
    facts: Numbers
    rules: Numbers
    ranking: Numbers
    shopper: Numbers

    @property
    def total(self) -> Numbers:
        """The scores."""
        relevance = self.looks + self.title + self.words + self.facts
        return relevance + self.rules + self.ranking + self.shopper


def fuse(
    pool: Pool, weights: Weights, most_words: float, boosts: Sequence[float], shifts: Sequence[float]
) -> Scores:
    """Score the candidates.

    Parameters
    ----------
    pool : Pool
        Its tests are those of the boosts, then those of the shifts.
    weights : Weights
    most_words : float
        BM25 that counts 1.
    boosts : sequence of float
        What the query's soft facts add.
    shifts : sequence of float
        What the shop's rules add, or take if negative.
    """
    passed = pool.passed.astype(np.float64)
    return Scores(
        looks=pool.looks,
        title=weights.title * pool.title,
        words=weights.words / (most_words or 1.0) * pool.words,
        facts=weights.facts * (passed[:, : len(boosts)] @ np.asarray(boosts, np.float64)),
        rules=passed[:, len(boosts) :] @ np.asarray(shifts, np.float64),
        ranking=np.zeros(len(pool)),
        shopper=np.zeros(len(pool)),
    )


def _length(vector: Vector) -> float:
    return float(np.linalg.norm(vector))


def _unit(vector: Vector) -> Vector:
    length = _length(vector)
    return vector / np.float32(length) if length > 0 else vector
