"""A recommendation request: each option with its type, bounds, default and description, declared once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, TypeAlias, TypedDict, get_args

from pydantic import AfterValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from snapshelf._support.ids import MAX_ID_LENGTH, MAX_PRODUCT_ID_LENGTH
from snapshelf._support.options import ADVICE, Option, OptionsModel
from snapshelf._support.wire import documented
from snapshelf.index import Filter
from snapshelf.search import Personal, Record, Shopper, Where

RecommendationKind: TypeAlias = Literal[
    "for-you",
    "similar",
    "viewed-together",
    "bought-together",
    "complete-the-look",
    "post-cart",
    "trending",
    "recently-seen",
    "buy-again",
]
RECOMMENDATIONS: tuple[RecommendationKind, ...] = get_args(RecommendationKind)
"""All kinds of recommendations."""

MAX_RECOMMENDED = 100
"""Most products of a list."""

MAX_CART = 100
"""Most products of a cart."""

_NEEDS_PRODUCT: tuple[RecommendationKind, ...] = ("similar", "viewed-together")


class RecommendationOptions(TypedDict, total=False):
    """The options of a `RecommendationRequest` as keywords."""

    kind: RecommendationKind
    shopper: str | None
    product: str | None
    cart: Sequence[str] | None
    k: int
    where: str | Filter | None
    personal: bool
    record: bool


def _check_product(product: str | None, info: ValidationInfo) -> str | None:
    kind = info.data.get("kind")
    if product is None and kind in _NEEDS_PRODUCT:
        raise PydanticCustomError(
            ADVICE, "recommendations of kind {kind} require product=…", {"kind": repr(kind)}
        )
    return product


@documented
class RecommendationRequest(OptionsModel):
    """A list of products for a place of the shop where nothing was searched for."""

    kind: Annotated[
        RecommendationKind,
        Field(
            description="The place of the shop: " + ", ".join(f"`{kind}`" for kind in RECOMMENDATIONS) + "."
        ),
        Option(metavar="KIND", argument=True),
    ] = "for-you"
    shopper: Annotated[
        Shopper,
        Field(
            description="An account or a session, as events name it; without a history the list is what all shoppers "
            f"like. Up to {MAX_ID_LENGTH} characters."
        ),
    ] = None
    product: Annotated[
        str | None,
        AfterValidator(_check_product),
        Field(
            description="Id of the product at hand; "
            + " and ".join(f"`{kind}`" for kind in _NEEDS_PRODUCT)
            + " require it.",
            validate_default=True,
        ),
        Option(metavar="ID"),
    ] = None
    cart: Annotated[
        tuple[Annotated[str, Field(max_length=MAX_PRODUCT_ID_LENGTH)], ...] | None,
        Field(
            max_length=MAX_CART,
            description="Ids of the products in the cart, unknown ones are ignored; by default the cart that the "
            f"journal knows. At most {MAX_CART}.",
        ),
        Option(metavar="ID"),
    ] = None
    k: Annotated[
        int,
        Field(ge=1, le=MAX_RECOMMENDED, description="How many products to return."),
        Option(flags=("--k", "-k")),
    ] = 10
    where: Where = None
    personal: Personal = True
    record: Record = True
