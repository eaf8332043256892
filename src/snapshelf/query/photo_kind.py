"""The kind of a photo: which of the shop's categories it shows, and how surely; see ``docs/concepts/queries.md``."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from snapshelf.encoders import Encoder
from snapshelf.index import FieldValue, Filter
from snapshelf.query.categories import CATEGORY

Vector: TypeAlias = NDArray[np.float32]
Numbers: TypeAlias = NDArray[np.float64]

NEIGHBOURS = 20
"""Products that vote for the kind of a photo."""

LEAST_KIND_PROBABILITY = 0.4
"""Probability from which the kind of a photo restricts a search: the chip says so, and removing it is a click."""

_SAMPLE = 2_000
"""Maximum number of products that photos are compared with: 2 MB of vectors, a tenth of a millisecond."""

_OF_EACH = 8
"""Products of each category in the sample, at least, if the category has so many."""

_QUESTIONS = 300
"""Products of the sample whose kind is asked for, to fit the probability."""

_SHARPNESS = np.array([0.1, 0.03])
"""Differences of cosines at which the vote of a neighbour falls to 1/e: all vote, or few but the nearest."""

_LEAST_SHARE = 0.01
"""Shares of votes are clipped to this distance from 0 and 1, where log-odds are infinite."""

_MAX_NAMES = 1_000
"""Number of categories above which their names are not encoded."""

_PRIOR = np.array([0.0, 0.5, 0.5, 0.0])
_PRIOR_PRECISION = np.array([1.0, 4.0, 4.0, 4.0])
"""Coefficients of an unfitted model (intercept, log-odds of both votes, agreement of the name), and how firmly."""

_NOVELTY = 0.01
"""A photo whose nearest product is farther than that of this share of the shop's own photos shows something else."""

_DRIFT = 0.1
"""Change in the number of products, as a share, after which another sample is taken."""

_ITERATIONS, _CONVERGED = 25, 1e-6


class ProductReader(Protocol):
    """Reads the products of the shop; every search index satisfies it."""

    def scroll(self, where: Filter | None = None, *, after: str | None = None, limit: int = 100) -> list[str]:
        """Return ids of products."""
        ...

    def field_values(self, ids: Sequence[str], fields: Sequence[str]) -> list[dict[str, FieldValue]]:
        """Return values of fields of products."""
        ...


class PhotoKind(NamedTuple):
    """A category that a photo shows, with its probability."""

    category: str
    probability: float


class PhotoKinds:
    """Estimates the kind of photos from the products of a shop that look most like them.

    The 20 nearest of a sample of products vote for their categories, nearer products with more weight. The encoder
    compares the photo with the names of the categories. A logistic regression turns both into a probability; it is
    fitted on the shop's own products, each asked for without itself and its variants. So an encoder that does not know
    the goods gets no say.

    Parameters
    ----------
    index : ProductReader
    vectors : callable
        Ids → unit photo vectors float32 (m, d) of each product.
    encoder : Encoder
    names : callable
        The English name of a category, to compare with photos.
    """

    def __init__(
        self,
        index: ProductReader,
        vectors: Callable[[Sequence[str]], Mapping[str, Vector]],
        encoder: Encoder,
        names: Callable[[str], str],
    ) -> None:
        self._index = index
        self._vectors = vectors
        self._encoder = encoder
        self._names = names

    def prepare(self) -> None:
        """Read the sample and fit the probability, so that the first estimate is quick."""
        if len(self._sample.matrix):
            self.estimate(self._sample.matrix[0], 0.0)

    def estimate(self, photo: Vector, least: float) -> PhotoKind | None:
        """Return the category that a photo shows with at least a probability; None if there is none.

        Of several it is the one that says most: the largest probability × information.

        Parameters
        ----------
        photo : ndarray
            float32 (d,), a unit vector.
        least : float
            The least probability.
        """
        sample = self._sample
        if not len(sample.matrix):
            return None
        # Not by BLAS: waking its threads takes longer than the product.
        cosines = np.einsum("ij,j->i", sample.matrix, photo)
        if float(cosines.max()) < self._farthest:
            return None
        categories, features = self._candidates(photo, cosines)
        probabilities = _sigmoid(features @ self._coefficients)
        gains = np.where(probabilities >= least, probabilities * sample.information[categories], 0.0)
        best = int(np.argmax(gains))
        if gains[best] <= 0:
            return None
        return PhotoKind(sample.names[categories[best]], float(probabilities[best]))

    def is_current(self, categories: Collection[str], products: int) -> bool:
        """Return whether the sample still stands for the shop: the same categories, about as many products."""
        sample = self._sample
        return set(categories) == set(sample.names) and abs(products - sample.products) <= _DRIFT * products

    def _candidates(self, photo: Vector, cosines: NDArray[np.float32]) -> _Candidates:
        """Return the categories that neighbours of a photo vote for; cosines of products to ignore are -inf."""
        sample = self._sample
        count = min(NEIGHBOURS, len(cosines))
        nearest = np.argpartition(-cosines, count - 1)[:count]
        closeness = np.exp((cosines[nearest] - cosines[nearest].max())[:, None] / _SHARPNESS)
        listed = [sample.categories[row] for row in nearest.tolist()]
        voted, place = np.unique(np.concatenate(listed), return_inverse=True)
        votes = np.repeat(closeness / closeness.sum(axis=0), [len(each) for each in listed], axis=0)
        shares = np.column_stack([np.bincount(place, votes[:, column]) for column in range(votes.shape[1])])
        shares = np.clip(shares, _LEAST_SHARE, 1 - _LEAST_SHARE)
        log_odds = np.log(shares / (1 - shares))
        return _Candidates(
            voted, np.column_stack([np.ones(len(voted)), log_odds, self._agreement(photo)[voted]])
        )

    def _agreement(self, photo: Vector) -> Numbers:
        """Return how much nearer each name is to a photo than names are on average, in standard deviations."""
        if not len(self._name_vectors):
            return np.zeros(len(self._sample.names))
        cosines = np.einsum("ij,j->i", self._name_vectors, photo).astype(np.float64)
        standardised: Numbers = (cosines - cosines.mean()) / (float(cosines.std()) or 1.0)
        return standardised

    @cached_property
    def _name_vectors(self) -> Vector:
        categories = self._sample.names
        if not 1 < len(categories) <= _MAX_NAMES:
            return np.empty((0, 0), np.float32)
        return self._encoder.encode_texts([self._names(category) for category in categories])

    @cached_property
    def _sample(self) -> _Sample:
        ids = self._index.scroll(limit=1_000_000)
        values = self._index.field_values(ids, [CATEGORY, "group_id"])
        categories = [_categories(value) for value in values]
        sizes = Counter(category for listed in categories for category in listed)
        chosen = _chosen(categories, sizes)
        vectors = self._vectors([ids[row] for row in chosen])
        rows = [row for row in chosen if ids[row] in vectors]
        names = sorted(sizes)
        number = {category: place for place, category in enumerate(names)}
        groups = [str(values[row].get("group_id") or f"id {ids[row]}") for row in rows]
        return _Sample(
            np.array([vectors[ids[row]][0] for row in rows], np.float32),
            [np.array([number[category] for category in categories[row]]) for row in rows],
            np.unique(groups, return_inverse=True)[1],
            names,
            np.log(len(ids) / np.array([sizes[name] for name in names], np.float64)),
            len(ids),
        )

    @cached_property
    def _questions(self) -> Mapping[int, NDArray[np.float32]]:
        """Rows of some products → their cosines with all others, if any of these is of the same kind.

        The cosine is -inf for the product itself and, in every second question, for its variants: shoppers take photos
        of what the shop has, and of what it does not have. The only product of a kind asks for what cannot be answered.
        """
        sample = self._sample
        count = len(sample.categories)
        rows = random.Random(0).sample(range(count), min(_QUESTIONS, count))
        questions: dict[int, NDArray[np.float32]] = {}
        for row, cosines in zip(rows, sample.matrix[rows] @ sample.matrix.T, strict=True):
            cosines[row] = -np.inf
            if row % 2:
                cosines[sample.groups == sample.groups[row]] = -np.inf
            others = [sample.categories[other] for other in np.flatnonzero(np.isfinite(cosines))]
            if others and np.isin(sample.categories[row], np.concatenate(others)).all():
                questions[row] = cosines
        return questions

    @cached_property
    def _farthest(self) -> float:
        """The cosine with the nearest product below which a photo shows nothing that the shop has."""
        nearest = [float(cosines.max()) for cosines in self._questions.values()]
        # Shoppers' photos are farther away than the shop's own: half of the distance more.
        return 1.5 * float(np.quantile(nearest, _NOVELTY)) - 0.5 if nearest else -1.0

    @cached_property
    def _coefficients(self) -> Numbers:
        """Logistic regression with a Gaussian prior, fitted by Newton's method."""
        features: list[Numbers] = []
        labels: list[bool] = []
        for row, cosines in self._questions.items():
            candidates = self._candidates(self._sample.matrix[row], cosines)
            features.append(candidates.features)
            labels += np.isin(candidates.categories, self._sample.categories[row]).tolist()
        coefficients = _PRIOR.copy()
        if not features:
            return coefficients
        x, y = np.concatenate(features), np.array(labels, np.float64)
        for _ in range(_ITERATIONS):
            p = _sigmoid(x @ coefficients)
            gradient = x.T @ (p - y) + _PRIOR_PRECISION * (coefficients - _PRIOR)
            hessian = (x.T * (p * (1 - p))) @ x + np.diag(_PRIOR_PRECISION)
            step = np.linalg.solve(hessian, gradient)
            coefficients -= step
            # A vote for a category never speaks against it, whatever few products say.
            coefficients[1:] = np.maximum(coefficients[1:], 0.0)
            if np.abs(step).max() < _CONVERGED:
                break
        return coefficients


class _Candidates(NamedTuple):
    """Numbers of categories (n,), and their features float64 (n, 4)."""

    categories: NDArray[np.int64]
    features: Numbers


class _Sample(NamedTuple):
    """Products that vote, and the categories of the shop.

    Parameters
    ----------
    matrix : ndarray
        float32 (n, d), unit vectors.
    categories : list of ndarray
        Numbers of the categories of each product.
    groups : ndarray
        int64 (n,); variants of a product have the same number.
    names : list of str
        Name of each category.
    information : ndarray
        float64: ln(products of the shop / products of the category).
    products : int
        Products of the shop.
    """

    matrix: Vector
    categories: list[NDArray[np.int64]]
    groups: NDArray[np.int64]
    names: list[str]
    information: Numbers
    products: int


def _categories(values: Mapping[str, FieldValue]) -> tuple[str, ...]:
    value = values.get(CATEGORY)
    listed = (value,) if isinstance(value, str) else value if isinstance(value, tuple | list) else ()
    return tuple(dict.fromkeys(str(category) for category in listed))


def _chosen(categories: Sequence[tuple[str, ...]], sizes: Mapping[str, int]) -> list[int]:
    """Return rows of products with categories: all, or some of each narrowest category and others by chance."""
    rows = [row for row, listed in enumerate(categories) if listed]
    if len(rows) <= _SAMPLE:
        return rows
    random.Random(0).shuffle(rows)
    taken = Counter[str]()
    first: list[int] = []
    others: list[int] = []
    for row in rows:
        narrowest = min(categories[row], key=sizes.__getitem__)
        taken[narrowest] += 1
        (first if taken[narrowest] <= _OF_EACH else others).append(row)
    return [*first, *others][:_SAMPLE]


def _sigmoid(values: Numbers) -> Numbers:
    result: Numbers = 1 / (1 + np.exp(-np.clip(values, -30, 30)))
    return result
