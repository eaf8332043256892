"""Routes that search, and the examples to search with."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request, Response

from snapshelf.errors import NotFoundError
from snapshelf.server._bodies import read_search
from snapshelf.server._context import Shared
from snapshelf.server._models import WHERE, ExampleModel, HitModel, SearchAnswer
from snapshelf.server._openapi import SEARCH, problems
from snapshelf.server._paths import ProductId, photo_path, photo_response, rooted
from snapshelf.shelf import MAX_K

if TYPE_CHECKING:
    from snapshelf import SearchResult

router = APIRouter(prefix="/v1", tags=["search"])


@router.post(
    "/search",
    response_model=SearchAnswer,
    responses=problems(
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    ),
    openapi_extra=SEARCH,
)
async def search(request: Request, context: Shared) -> SearchAnswer:
    """Find products by a photo, by words or by both at once.

    With both, the words change what the photo asks for: a photo of a red dress with "green" finds green
    dresses like it.
    """
    query = await read_search(request, context)
    result = await context.read(
        lambda: context.shelf.search(photo=query.photo, text=query.text, k=query.k, where=query.where)
    )
    context.metrics.observe_search(result.timings)
    return _answer(result, request)


@router.get(
    "/products/{id}/similar",
    response_model=SearchAnswer,
    responses=problems(HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
)
async def similar(
    product_id: ProductId,
    request: Request,
    context: Shared,
    k: Annotated[int, Query(ge=1, le=MAX_K, description="How many hits to answer.")] = 10,
    where: Annotated[str | None, Query(description=WHERE)] = None,
) -> SearchAnswer:
    """Find products like this one, itself left out."""
    result = await context.read(lambda: context.shelf.similar(product_id, k=k, where=where))
    context.metrics.observe_search(result.timings)
    return _answer(result, request)


@router.get("/examples")
async def examples(request: Request, context: Shared) -> list[ExampleModel]:
    """List queries to try."""
    return [
        ExampleModel(
            label_en=example.label_en,
            label_zh=example.label_zh,
            text=example.text,
            photo=rooted(request, f"/v1/examples/{number}/photo") if example.photo is not None else None,
        )
        for number, example in enumerate(context.examples)
    ]


@router.get(
    "/examples/{number}/photo",
    response_class=Response,
    responses={200: {"content": {"image/*": {}}}, **problems(HTTPStatus.NOT_FOUND)},
)
async def example_photo(number: int, request: Request, context: Shared) -> Response:
    """Get the photo of an example."""
    photo = context.examples[number].photo if 0 <= number < len(context.examples) else None
    if photo is None:
        raise NotFoundError(f"example {number} has no photo; /v1/examples lists them.")
    return photo_response(request, photo)


def _answer(result: "SearchResult", request: Request) -> SearchAnswer:
    hits = [
        HitModel(
            rank=rank,
            score=hit.score,
            contributions=dict(hit.contributions),
            why=hit.why,
            product=hit.product,
            photo=photo_path(request, hit.product.id),
        )
        for rank, hit in enumerate(result.hits, start=1)
    ]
    timings = {stage: seconds * 1_000 for stage, seconds in result.timings.items()}
    return SearchAnswer(query_id=result.query_id, hits=hits, timings_ms=timings)
