"""Routes that search, and the examples to search with."""

from dataclasses import asdict
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from snapshelf.errors import NotFoundError
from snapshelf.query import MAX_TEXT_LENGTH
from snapshelf.search import MAX_K, MAX_SUGGESTIONS, SearchOptions
from snapshelf.server.bodies import read_search
from snapshelf.server.context import Context, InterleavedOrder, is_recorded
from snapshelf.server.facets import facet_fields, facet_model, sorts
from snapshelf.server.models import (
    WHERE,
    ChipModel,
    ExampleModel,
    ExampleShopperModel,
    FacetsAnswer,
    HeatMapAnswer,
    HeatMapBody,
    HeatMapFields,
    HitModel,
    NoteModel,
    SearchAnswer,
    SearchBody,
    SearchFields,
    SuggestAnswer,
    SuggestionModel,
    WhyNotAnswer,
    WhyNotBody,
    WhyNotFields,
)
from snapshelf.server.openapi import problems, search_body
from snapshelf.server.paths import ProductId, photo_path, photo_response, rooted

if TYPE_CHECKING:
    from snapshelf.query import Chip
    from snapshelf.search import Hit, SearchResponse

router = APIRouter(prefix="/v1", tags=["search"])


_REFUSED = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)


@router.post("/search", responses=problems(*_REFUSED), openapi_extra=search_body(SearchFields, SearchBody))
async def search(request: Request, context: InterleavedOrder) -> SearchAnswer:
    """Find products by photos, by words, by liked products, or by several of these at once.

    With photo and words, the words change what the photo asks for: a photo of a red dress with "green" finds
    green dresses like it.
    """
    fields, photos = await read_search(request, context, SearchFields, SearchBody)
    options: SearchOptions = {**fields.options(photos), "record": is_recorded(request)}
    result = await context.read(lambda: context.shelf.search(**options))
    context.metrics.observe_search(result.timings)
    return _answer(result, request, context)


@router.post(
    "/search/why-not", responses=problems(*_REFUSED), openapi_extra=search_body(WhyNotFields, WhyNotBody)
)
async def why_not(request: Request, context: InterleavedOrder) -> WhyNotAnswer:
    """Say why a product is not among the hits of a search, or where it is."""
    fields, photos = await read_search(request, context, WhyNotFields, WhyNotBody)
    reason = await context.read(lambda: context.shelf.why_not(fields.id, **fields.options(photos)))
    return WhyNotAnswer(
        **{**asdict(reason), "contributions": dict(reason.contributions), "failing": list(reason.failing)}
    )


@router.post(
    "/search/heat-map", responses=problems(*_REFUSED), openapi_extra=search_body(HeatMapFields, HeatMapBody)
)
async def heat_map(request: Request, context: InterleavedOrder) -> HeatMapAnswer:
    """Show which parts of a photo make a product fit a search."""
    fields, photos = await read_search(request, context, HeatMapFields, HeatMapBody)
    heat = await context.read(
        lambda: context.shelf.heat_map(fields.id, side=fields.side, **fields.options(photos))
    )
    grid = [[round(float(weight), 3) for weight in row] for row in heat.grid]
    return HeatMapAnswer(id=fields.id, side=heat.side, grid=grid, fit=heat.fit)


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
    found = await context.read(lambda: context.shelf.suggest(q, k, language=language))
    return SuggestAnswer(
        suggestions=[SuggestionModel(text=one.text, kind=one.kind, language=one.language) for one in found]
    )


@router.get("/facets")
async def facets(context: InterleavedOrder) -> FacetsAnswer:
    """List what searches may be narrowed down and sorted by."""
    fields = await context.read(context.shelf.facet_fields)
    return FacetsAnswer(facets=facet_fields(fields), sorts=sorts(fields))


@router.get(
    "/products/{id}/similar",
    response_model=SearchAnswer,
    responses=problems(HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
)
async def similar(
    product_id: ProductId,
    request: Request,
    context: InterleavedOrder,
    k: Annotated[int, Query(ge=1, le=MAX_K, description="How many hits to answer.")] = 10,
    where: Annotated[str | None, Query(description=WHERE)] = None,
) -> SearchAnswer:
    """Find products like this one, itself left out."""
    result = await context.read(lambda: context.shelf.similar(product_id, k=k, where=where))
    context.metrics.observe_search(result.timings)
    return _answer(result, request, context)


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


def _answer(result: "SearchResponse", request: Request, context: Context) -> SearchAnswer:
    hits = {hit.product.id: _hit(rank, hit, request) for rank, hit in enumerate(result.hits, start=1)}
    return SearchAnswer(
        query_id=result.query_id,
        total=result.total,
        hits=list(hits.values()),
        facets=[facet_model(facet, context.shelf.lexicon) for facet in result.facets],
        chips=[_chip(chip) for chip in result.chips],
        searched_as=result.searched_as,
        did_you_mean=result.did_you_mean,
        related=list(result.related),
        notes=[NoteModel(kind=note.kind, text=note.text, values=dict(note.values)) for note in result.notes],
        next_page_token=result.next_page_token,
        no_good_match=result.no_good_match,
        cut_off=result.cut_off,
        near_misses=[hits[hit.product.id] for hit in result.near_misses],
        redirect=result.redirect,
        timings_ms={stage: seconds * 1_000 for stage, seconds in result.timings.items()},
    )


def _hit(rank: int, hit: "Hit", request: Request) -> HitModel:
    return HitModel(
        rank=rank,
        score=hit.score,
        relevance=hit.relevance,
        contributions=dict(hit.contributions),
        why=hit.why,
        matched_terms=list(hit.matched_terms),
        constraints=list(hit.constraints),
        rules=list(hit.rules),
        variants=hit.variants,
        duplicates=hit.duplicates,
        product=hit.product,
        photo=photo_path(request, hit.product.id),
    )


def _chip(chip: "Chip") -> ChipModel:
    return ChipModel(
        **{name: getattr(chip, name) for name in ChipModel.model_fields if name != "labels"},
        labels=dict(chip.labels),
    )
