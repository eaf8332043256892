"""The response to a recommendation request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, computed_field

from snapshelf._support.wire import documented, photo_path, to_json
from snapshelf.catalogue import Product
from snapshelf.recommend.reasons import RecommendationReason


@documented
@dataclass(frozen=True, slots=True)
class Recommendation:
    """A recommended product.

    Examples
    --------
    >>> recommendation = next(iter(shelf.recommend("similar", product="D-1")))
    >>> recommendation.product.id, recommendation.reason.en
    ('D-2', 'Looks like “Red dress 红色连衣裙”')
    """

    rank: Annotated[int, Field(description="1 for the first product of this list.")]
    product: Product
    score: Annotated[
        float,
        Field(
            description="Comparable within a list. Diversity and exploration may put a product elsewhere than "
            "its score would."
        ),
    ]
    contributions: Annotated[
        Mapping[str, float], Field(description="Parts of the score by kind of reason; they add up to it.")
    ]
    reason: RecommendationReason
    propensity: Annotated[
        float, Field(description="Probability with which the product was to stand at its place.")
    ] = 1.0

    @computed_field(description="Id of the product.")  # type: ignore[prop-decorator]
    @property
    def id(self) -> str:
        """Id of the product."""
        return self.product.id

    @computed_field(description="Path of the product's photo.", examples=["/v1/products/D-17/photo"])  # type: ignore[prop-decorator]
    @property
    def photo(self) -> str:
        """Path under which HTTP serves the product's photo."""
        return photo_path(self.product.id)


@documented
@dataclass(frozen=True, slots=True)
class RecommendationResponse:
    """Recommended products, best first.

    Examples
    --------
    >>> response = shelf.recommend("similar", product="D-1", k=2)
    >>> response.kind, [recommendation.product.id for recommendation in response]
    ('similar', ['D-2', 'S-1'])
    """

    kind: str
    query_id: Annotated[str, Field(description="Name of this list; later events refer to it.")]
    products: Annotated[
        tuple[Recommendation, ...],
        Field(
            description="Empty while the products of a large shelf are being read for the first time, seconds after it "
            "was opened."
        ),
    ]
    personal: Annotated[bool, Field(description="Whether the shopper has a profile.")] = False

    def __iter__(self) -> Iterator[Recommendation]:
        return iter(self.products)

    def __len__(self) -> int:
        return len(self.products)

    def to_json(self) -> dict[str, Any]:
        """Return the response as JSON, as the command line prints it and HTTP sends it."""
        return to_json(self)
