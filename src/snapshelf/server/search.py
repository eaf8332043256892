"""Routes that search, and the examples to search with."""

from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from snapshelf.errors import NotFoundError
from snapshelf.query import MAX_TEXT_LENGTH
from snapshelf.search import MAX_K, MAX_SUGGESTIONS, HeatMap, SearchResponse, WhyNot
from snapshelf.server.bodies import read_search
from snapshelf.server.context import InterleavedOrder, is_recorded
from snapshelf.server.facets import facet_fields, sorts
from snapshelf.server.models import (
    WHERE,
    ExampleModel,
    ExampleShopperModel,
    FacetsAnswer,
    HeatMapBody,
    HeatMapForm,
    SearchBody,
    SearchForm,
    SuggestAnswer,
    SuggestionModel,
    WhyNotBody,
    WhyNotForm,
)
from snapshelf.server.openapi import problems, search_body
from snapshelf.server.paths import ProductId, json_response, photo_response, rooted

router = APIRouter(prefix="/v1", tags=["search"])


_REFUSED = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)


@router.post(
    "/search",
    response_model=SearchResponse,
    responses=problems(*_REFUSED),
    openapi_extra=search_body(SearchForm, SearchBody),
)
async def search(request: Request, context: InterleavedOrder) -> JSONResponse:
    """Search by photos, by words, by liked products, or by several of these at once.

    With photo and words, the words change what the photo asks for: a photo of a red dress with "green" gives green
    dresses like it. Without photo, words and liked products the shop is browsed: all that matches `where` and
    `facet_filters` is listed, what sells first.
    """
    body, photos = await read_search(request, context, SearchForm, SearchBody)
    query = body.to_request(photos, record=is_recorded(request))
    response = await context.read(lambda: context.shelf.search(query))
    context.metrics.observe_search(response.timings)
    return json_response(request, response)


@router.post(
    "/search/why-not",
    response_model=WhyNot,
    responses=problems(*_REFUSED),
    openapi_extra=search_body(WhyNotForm, WhyNotBody),
)
async def why_not(request: Request, context: InterleavedOrder) -> JSONResponse:
    """Explain why a product is not among the hits of a search, or at which rank it is."""
    body, photos = await read_search(request, context, WhyNotForm, WhyNotBody)
    query = body.to_request(photos)
    return json_response(request, await context.read(lambda: context.shelf.why_not(body.id, query)))


@router.post(
    "/search/heat-map",
    response_model=HeatMap,
    responses=problems(*_REFUSED),
    openapi_extra=search_body(HeatMapForm, HeatMapBody),
)
async def heat_map(request: Request, context: InterleavedOrder) -> JSONResponse:
    """Show which parts of a photo make a product fit a search."""
    body, photos = await read_search(request, context, HeatMapForm, HeatMapBody)
    query = body.to_request(photos)
    heat = await context.read(lambda: context.shelf.heat_map(body.id, query, side=body.side))
    return json_response(request, heat)


@router.get("/suggest", responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY))
async def suggest(
    context: InterleavedOrder,
    q: Annotated[str, Query(description="What was typed so far.", max_length=MAX_TEXT_LENGTH)],
    k: Annotated[int, Query(ge=1, le=MAX_SUGGESTIONS, description="How many to answer.")] = 8,
    language: Annotated[
        Literal["en", "zh"] | None, Query(description="Prefer this language; by default that of `q`.")
    ] = None,
) -> SuggestAnswer:
    """Complete what is being typed, from titles, brands, categories, the lexicon and earlier searches."""
    suggestions = await context.read(lambda: context.shelf.suggest(q, k, language=language))
    return SuggestAnswer(
        suggestions=[
            SuggestionModel.model_validate(suggestion, from_attributes=True) for suggestion in suggestions
        ]
    )


@router.get("/facets")
async def facets(context: InterleavedOrder) -> FacetsAnswer:
    """List what searches may be narrowed down and sorted by."""
    fields = await context.read(context.shelf.facet_fields)
    return FacetsAnswer(facets=facet_fields(fields), sorts=sorts(fields))


@router.get(
    "/products/{id}/similar",
    response_model=SearchResponse,
    responses=problems(HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
)
async def similar(
    product_id: ProductId,
    request: Request,
    context: InterleavedOrder,
    k: Annotated[int, Query(ge=1, le=MAX_K, description="How many hits to answer.")] = 10,
    where: Annotated[str | None, Query(description=WHERE)] = None,
) -> JSONResponse:
    """Search for products that look like this product; it is left out."""
    response = await context.read(lambda: context.shelf.similar(product_id, k=k, where=where))
    context.metrics.observe_search(response.timings)
    return json_response(request, response)


@router.get("/examples")
async def examples(request: Request, context: InterleavedOrder) -> list[ExampleModel]:
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


@router.get("/examples/shoppers")
async def example_shoppers(context: InterleavedOrder) -> list[ExampleShopperModel]:
    """List shoppers to see the shop as they do."""
    return [ExampleShopperModel(**asdict(shopper)) for shopper in context.shoppers]


@router.head("/examples/{number}/photo", name="head_example_photo", response_class=Response)
@router.get(
    "/examples/{number}/photo",
    response_class=Response,
    responses={200: {"content": {"image/*": {}}}, **problems(HTTPStatus.NOT_FOUND)},
)
async def example_photo(number: int, request: Request, context: InterleavedOrder) -> Response:
    """Get the photo of an example."""
    photo = context.examples[number].photo if 0 <= number < len(context.examples) else None
    if photo is None:
        raise NotFoundError(f"example {number} has no photo; /v1/examples lists them.")
    return photo_response(request, photo)
