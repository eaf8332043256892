"""The route that recommends."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request

from snapshelf._support.wire import photo_path
from snapshelf.recommend import MAX_RECOMMENDED, RecommendationKind
from snapshelf.server.context import InterleavedOrder, is_recorded
from snapshelf.server.models import WHERE, ReasonModel, RecommendationModel, RecommendationsAnswer
from snapshelf.server.openapi import problems
from snapshelf.server.paths import rooted

router = APIRouter(prefix="/v1", tags=["recommendations"])


@router.get(
    "/recommendations",
    responses=problems(HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
)
async def recommendations(
    request: Request,
    context: InterleavedOrder,
    kind: Annotated[RecommendationKind, Query(description="Which place of the shop asks.")] = "for-you",
    shopper: Annotated[
        str | None, Query(description="An account, or a session; without one, what everybody likes.")
    ] = None,
    product: Annotated[
        str | None,
        Query(description="Id of the product at hand; `similar` and `viewed-together` need it."),
    ] = None,
    cart: Annotated[
        list[str] | None,
        Query(description="Ids of the products in the cart; by default what the journal knows of it."),
    ] = None,
    k: Annotated[int, Query(ge=1, le=MAX_RECOMMENDED, description="How many products to answer.")] = 10,
    where: Annotated[str | None, Query(description=WHERE)] = None,
    personal: Annotated[bool, Query(description="False leaves out what is known of the shopper.")] = True,
) -> RecommendationsAnswer:
    """Choose products for a place of the shop where nothing was asked for.

    Tell what was clicked with the `query_id` of the answer, as for a search. What is not in stock is left out.
    """
    found = await context.read(
        lambda: context.shelf.recommend(
            kind,
            shopper=shopper,
            product=product,
            cart=cart,
            k=k,
            where=where,
            personal=personal,
            record=is_recorded(request),
        )
    )
    return RecommendationsAnswer(
        kind=kind,
        query_id=found.query_id,
        personal=found.personal,
        products=[
            RecommendationModel(
                rank=rank,
                score=one.score,
                contributions=dict(one.contributions),
                reason=ReasonModel(
                    kind=one.reason.kind, en=one.reason.en, zh=one.reason.zh, product=one.reason.product
                ),
                propensity=one.propensity,
                product=one.product,
                photo=rooted(request, photo_path(one.product.id)),
            )
            for rank, one in enumerate(found, start=1)
        ],
    )
