"""The route that recommends."""

from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from snapshelf.recommend import RecommendationResponse
from snapshelf.server.bodies import parse_texts
from snapshelf.server.context import InterleavedOrder, is_recorded
from snapshelf.server.models import RecommendationForm
from snapshelf.server.openapi import problems, query_parameters
from snapshelf.server.paths import json_response

router = APIRouter(prefix="/v1", tags=["recommendations"])


@router.get(
    "/recommendations",
    response_model=RecommendationResponse,
    responses=problems(HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
    openapi_extra={"parameters": query_parameters(RecommendationForm)},
)
async def recommendations(request: Request, context: InterleavedOrder) -> JSONResponse:
    """Recommend products for a place of the shop where nothing was searched for.

    Send events with the `query_id` of the response, as for a search. Sold-out products are left out.
    """
    form = parse_texts(RecommendationForm, request.query_params.multi_items())
    query = form.to_request(record=is_recorded(request))
    return json_response(request, await context.read(lambda: context.shelf.recommend(query)))
