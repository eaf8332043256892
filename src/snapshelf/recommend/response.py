"""What a recommendation request is answered with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from snapshelf.catalogue import Product


@dataclass(frozen=True, slots=True)
class RecommendationReason:
    """Why a product is recommended, in a few words.

    Parameters
    ----------
    kind : str
        ``"together"``, ``"viewed"``, ``"basket"``, ``"photo"``, ``"words"``, ``"category"``, ``"popularity"``,
        ``"growth"``, ``"fresh"``, ``"new"``, ``"seen"`` or ``"bought"``.
    en, zh : str
        A short sentence in English and in Chinese.
    product : str or None
        Id of the product that it refers to.
    """

    kind: str
    en: str
    zh: str
    product: str | None = None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A product that is recommended.

    Parameters
    ----------
    product : Product
    score : float
        Comparable within one list. Diversity and what few have seen may put a product elsewhere than its score would.
    contributions : mapping
        What makes up the score; they add up to it. See ``docs/concepts/recommendations.md`` for their names.
    reason : RecommendationReason
    propensity : float
        Probability with which it was to stand at its place.
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
        Names this list in whatever is told about it later.
    products : tuple of Recommendation
    personal : bool
        Whether anything is known of the shopper.
    """

    kind: str
    query_id: str
    products: tuple[Recommendation, ...]
    personal: bool = False

    def __iter__(self) -> Iterator[Recommendation]:
        return iter(self.products)

    def __len__(self) -> int:
        return len(self.products)
