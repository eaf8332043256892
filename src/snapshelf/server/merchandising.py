"""Routes for merchandisers: rules of the shop, and searches without results."""

from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from snapshelf.server.bodies import YAML, read_yaml
from snapshelf.server.context import InterleavedOrder
from snapshelf.server.models import RulesAnswer, RuleWarningModel, ZeroResult, ZeroResultsAnswer
from snapshelf.server.openapi import RULES, problems

router = APIRouter(prefix="/v1", tags=["merchandising"])


@router.get(
    "/rules",
    response_class=Response,
    responses={200: {"description": "The rules; empty if there are none.", "content": {YAML: {}}}},
)
async def get_rules(context: InterleavedOrder) -> Response:
    """Get the rules of the shop, as they were written."""
    return Response(await context.read(lambda: context.shelf.rules), media_type=YAML)


@router.put(
    "/rules",
    responses=problems(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    ),
    openapi_extra=RULES,
)
async def put_rules(request: Request, context: InterleavedOrder) -> RulesAnswer:
    """Replace the rules of the shop. They hold for every search that comes after the answer."""
    text = await read_yaml(request)
    warnings = await context.write(lambda: context.shelf.set_rules(text))
    return RulesAnswer(warnings=[RuleWarningModel(**asdict(warning)) for warning in warnings])


@router.get("/reports/zero-results", responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY))
async def zero_results(
    context: InterleavedOrder,
    days: Annotated[int, Query(ge=1, le=3_650, description="How many days back, today included.")] = 30,
) -> ZeroResultsAnswer:
    """List the words of searches without a good match."""
    queries = await context.read(lambda: context.shelf.zero_results(days))
    return ZeroResultsAnswer(
        days=days, queries=[ZeroResult(text=text, times=times) for text, times in queries]
    )
