"""Signals: what the score of a product is made of, and the query vector that two of them share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from math import inf
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field

from snapshelf.errors import QueryError
from snapshelf.events import RENAMED_SIGNALS
from snapshelf.query import Query

Mode: TypeAlias = Literal["full", "photo-vectors"]
"""The whole search, or the query's vector against the photo vectors alone (the benchmark protocol)."""

Vector: TypeAlias = NDArray[np.float32]
Numbers: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Signal:
    """A part of the score of a product.

    Parameters
    ----------
    name : str
        Its name in weights, contributions and recorded impressions.
    retrieved_by : {"photo vectors", "title vectors", "BM25", "filter tests", "ranker"}
        What gives its values. The first three also bring candidates.
    en, zh : str
        Its meaning in English and Chinese.
    weight : float or None
        Default weight; None for a signal that is added as it is.
    in_relevance : bool
        Whether it says how well the product fits the query. Impressions keep these signals and rankers learn from them.
    """

    name: str
    retrieved_by: Literal["photo vectors", "title vectors", "BM25", "filter tests", "ranker"]
    en: str
    zh: str
    weight: float | None = None
    in_relevance: bool = True


SIGNALS = (
    Signal(
        "photo",
        "photo vectors",
        "likeness of the product's photo to the photos of the query and to the liked products",
        "商品照片与查询照片、喜欢的商品的相似度",
        weight=3.0,
    ),
    Signal(
        "text_image",
        "photo vectors",
        "meaning of the words, compared with the product's photo",
        "查询文字的含义与商品照片的相似度",
        weight=1.0,
    ),
    Signal(
        "text_title",
        "title vectors",
        "meaning of the words, compared with the product's title, and the exactness of the title",
        "查询文字的含义与商品标题的相似度，以及标题是否完全一致",
        weight=1.0,
    ),
    Signal(
        "lexical",
        "BM25",
        "words of the query in the text of the product (BM25), as a share of the best candidate's",
        "商品文字中出现的查询词（BM25），以得分最高的候选商品为 1",
        weight=0.5,
    ),
    Signal(
        "constraints",
        "filter tests",
        "constraints read from the words that the product meets",
        "从查询文字中读出、且商品符合的条件",
        weight=1.0,
    ),
    Signal("rules", "filter tests", "boosts of the shop's rules", "店铺规则的加分或减分", in_relevance=False),
    Signal("ranking", "ranker", "behaviour of all shoppers", "全体顾客的行为", in_relevance=False),
    Signal("shopper", "ranker", "history of this shopper", "该顾客的历史行为", in_relevance=False),
)
"""Every signal, in the order in which contributions are added up.

``docs/howto/extend.md`` shows how to add a signal.
"""

WEIGHTED = tuple(signal.name for signal in SIGNALS if signal.weight is not None)
"""Names of the signals that have a weight."""

_OF_WORDS = tuple(
    signal.name
    for signal in SIGNALS
    if signal.name != "photo" and signal.retrieved_by in ("photo vectors", "title vectors", "BM25")
)

_Class = TypeVar("_Class")


def _declare_weights(cls: type[_Class]) -> type[_Class]:
    """Make a dataclass with a field for each signal that has a weight."""
    weighted = [signal for signal in SIGNALS if signal.weight is not None]
    cls.__annotations__ |= {
        signal.name: Annotated[float, Field(description=signal.en.capitalize() + ".")] for signal in weighted
    }
    for signal in weighted:
        setattr(cls, signal.name, signal.weight)
    return dataclass(frozen=True)(cls)


@_declare_weights
class Weights:
    """Weight of each signal in the score; the defaults were measured, see ``docs/figures/fusion.md``.

    Only proportions matter: the score is the mean of the signals that the query has, weighted so. Signals that bring no
    candidates, such as ``constraints``, are not part of that mean; what they give comes on top.

    Parameters
    ----------
    **weights : float
        By name of the signal: ``photo``, ``text_image``, ``text_title``, ``lexical``, ``constraints``; see `SIGNALS`.

    Raises
    ------
    QueryError
        A weight is negative or not finite.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    if TYPE_CHECKING:

        def __init__(self, **weights: float) -> None: ...

        def __getattr__(self, signal: str) -> float: ...

    def __post_init__(self) -> None:
        for name, weight in self.items():
            if not 0 <= weight < inf:
                raise QueryError(f"the weight of {name} is {weight}; give a number from 0")

    def items(self) -> list[tuple[str, float]]:
        """Return signals and weights, in the order of `SIGNALS`."""
        return [(each.name, getattr(self, each.name)) for each in fields(self)]  # type: ignore[arg-type]

    def scaled(self, query: Query, mode: Mode) -> Weights:
        """Scale the weights so that those of the signals that a query has add up to 1."""
        weights = dict(self.items())
        if mode == "photo-vectors":
            visual = {signal.name for signal in SIGNALS if signal.retrieved_by == "photo vectors"}
            return Weights(**{name: weight if name in visual else 0.0 for name, weight in weights.items()})
        if not query.terms:
            weights["lexical"] = 0.0
        of_words = sum(weight for name, weight in weights.items() if name in _OF_WORDS)
        total = (self.photo if query.photo is not None else 0.0) + (
            of_words if query.text is not None else 0.0
        )
        if total <= 0:
            return self
        return Weights(**{name: weight / total for name, weight in weights.items()})


def check_weight_names(weights: object) -> object:
    """Refuse weights with old names, and say the new names."""
    if isinstance(weights, Mapping):
        for name in weights.keys() & RENAMED_SIGNALS.keys():
            raise ValueError(f"{name!r} is called {RENAMED_SIGNALS[name]!r} now; rename the key")
    return weights


@dataclass(frozen=True, slots=True)
class QueryVector:
    """The composed query vector: the part of the score that is linear in a product's photo vector.

    ``photo · cos(query photo, p) + text_image · cos(query words, p)`` is what a composed vector gives. So a single
    vector search finds its exact best, and the photo of a product that fits the whole query best counts.

    Parameters
    ----------
    parts : mapping
        Signal → float32 (d,), weighted.
    direction : ndarray
        float32 (d,), the unit vector of their sum: what the index compares with; (0,) without parts.
    length : float
        Length of the sum: turns the cosines of the index into parts of the score.
    """

    parts: Mapping[str, Vector]
    direction: Vector
    length: float

    @classmethod
    def of(cls, query: Query, weights: Weights, mode: Mode) -> Self:
        """Compose the vectors of a query, with scaled weights."""
        vectors = {"photo": query.photo, "text_image": query.text}
        parts = {
            name: np.float32(getattr(weights, name)) * vector
            for name, vector in vectors.items()
            if vector is not None
        }
        if mode == "photo-vectors":
            # The protocol is plain cosine: unit vectors, and a composed query is normalised too.
            parts = {name: _unit(part) for name, part in parts.items()}
            length = _length(np.sum(list(parts.values()), axis=0)) or 1.0
            parts = {name: part / np.float32(length) for name, part in parts.items()}
        if not parts:
            return cls({}, np.zeros(0, np.float32), 0.0)
        composed: Vector = np.sum(list(parts.values()), axis=0)
        length = _length(composed)
        if length == 0:
            # Parts that cancel each other out ask for nothing: any direction is as good, and it counts nothing.
            return cls(parts, _unit(np.ones_like(composed)), 0.0)
        return cls(parts, composed / np.float32(length), length)

    def split(self, photos: Sequence[Vector], visual: Numbers) -> dict[str, Numbers]:
        """Split the visual score of products into its signals.

        Parameters
        ----------
        photos : sequence of ndarray
            float32 (m, d) for each of n products.
        visual : ndarray
            float64 (n,): what the index gave each of them.

        Returns
        -------
        dict
            Signal → float64 (n,); they add up to `visual`.
        """
        if len(self.parts) <= 1:
            return dict.fromkeys(self.parts, visual)
        shares = {name: np.zeros(len(visual)) for name in self.parts}
        for row, vectors in enumerate(photos):
            best_photo = vectors[int(np.argmax(vectors @ self.direction))]
            for name, part in self.parts.items():
                shares[name][row] = float(part @ best_photo)
        # The index rounds its vectors otherwise: the parts are made to add up to what ordered the hits.
        error = (visual - sum(shares.values())) / len(shares)
        return {name: share + error for name, share in shares.items()}


def _length(vector: Vector) -> float:
    return float(np.linalg.norm(vector))


def _unit(vector: Vector) -> Vector:
    length = _length(vector)
    return vector / np.float32(length) if length > 0 else vector
