"""The response to a recommendation request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from snapshelf.catalogue import Product
from snapshelf.recommend.reasons import RecommendationReason


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A recommended product.

    Parameters
    ----------
    product : Product
    score : float
        Comparable within one list. Diversity and exploration may put a product elsewhere than its score would.
    contributions : mapping
        Parts of the score, which is their sum. See ``docs/concepts/recommendations.md`` for their names.
    reason : RecommendationReason
    propensity : float
        Probability with which the product was to stand at its place.

    Examples
    --------
    >>> recommendation = next(iter(shelf.recommend("similar", product="D-1")))
    >>> recommendation.product.id, recommendation.reason.en
    ('D-2', 'Looks like “Red dress 红色连衣裙”')
    """

    product: Product
    score: float
    contributions: Mapping[str, float]
    reason: RecommendationReason
    propensity: float = 1.0


@dataclass(frozen=True, slots=True)
class RecommendationResponse:
    """Recommended products, best first.

    Parameters
    ----------
    kind : str
    query_id : str
        Names this list in the events that follow it.
    products : tuple of Recommendation
        Empty while the products of a large shelf are being read for the first time, seconds after it was opened.
    personal : bool
        Whether the shopper has a profile.

    Examples
    --------
    >>> response = shelf.recommend("similar", product="D-1", k=2)
    >>> response.kind, [recommendation.product.id for recommendation in response]
    ('similar', ['D-2', 'S-1'])
    """

    kind: str
    query_id: str
    products: tuple[Recommendation, ...]
    personal: bool = False

    def __iter__(self) -> Iterator[Recommendation]:
        return iter(self.products)

    def __len__(self) -> int:
        return len(self.products)
