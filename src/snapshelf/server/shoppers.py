"""Routes that take events, and that return, erase and merge the data of a shopper."""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import StreamingResponse
from pydantic_core import to_json

from snapshelf._support.ids import MAX_ID_LENGTH
from snapshelf.errors import EventError, NotFoundError
from snapshelf.events import Profile, Receipt, check_id, ingest_events
from snapshelf.server.bodies import NDJSON, read_lines
from snapshelf.server.context import Context, InterleavedOrder
from snapshelf.server.middleware import decode_id
from snapshelf.server.models import (
    ConsentAnswer,
    ConsentBody,
    ErasedAnswer,
    EventsAnswer,
    MergeBody,
    ProfileAnswer,
)
from snapshelf.server.openapi import EVENTS, problems

router = APIRouter(prefix="/v1", tags=["shoppers"])

_LINES_AT_ONCE = 500


def _shopper_id(
    segment: Annotated[
        str,
        Path(
            alias="id",
            description="The account or session, percent-encoded as a single segment.",
            examples=["ann"],
            max_length=3 * MAX_ID_LENGTH,  # %2F and %25 are still encoded
        ),
    ],
) -> str:
    shopper = decode_id(segment)
    check_id("id", shopper, "shopper")
    return shopper


ShopperId = Annotated[str, Depends(_shopper_id)]


@router.post(
    "/events",
    responses=problems(
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.INSUFFICIENT_STORAGE,
    ),
    openapi_extra=EVENTS,
)
async def post_events(request: Request, context: InterleavedOrder) -> EventsAnswer:
    """Take events: a single event, a list, or a line for each, in the format of UBI, Google Retail or GA4.

    Accepted events are on disk and in the shopper's profile when the response comes. An event that comes twice counts
    once, so a client without a response sends everything again. A wrong line is reported and refuses no other line; a
    single wrong event is a problem.
    """
    single, lines = await read_lines(request)
    agent = request.headers.get("user-agent")
    receipt = await context.note(lambda: ingest_events(context.shelf.journal, lines, user_agent=agent))
    if single and receipt.refused:
        raise EventError(receipt.refused[0].text, field=receipt.refused[0].field)
    return _answer(receipt)


@router.get(
    "/shoppers/{id}",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The profile, the events and the impressions, a JSON object on each line.",
            "content": {NDJSON: {"schema": {"type": "string"}}},
        },
        **problems(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
    },
)
async def export_shopper(shopper: ShopperId, context: InterleavedOrder) -> StreamingResponse:
    """Export everything that is stored of a shopper."""
    lines = await context.read(lambda: context.shelf.journal.export(shopper))
    first = await context.read(lambda: next(lines, None))
    if first is None:
        raise _unknown(shopper)
    return StreamingResponse(_written(first, lines, context), media_type=NDJSON)


@router.get(
    "/shoppers/{id}/profile", responses=problems(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)
)
async def get_profile(shopper: ShopperId, context: InterleavedOrder) -> ProfileAnswer:
    """Get the profile of a shopper."""
    profile = await context.read(lambda: context.shelf.journal.profile(shopper))
    if not profile:
        raise _unknown(shopper)
    return _profile(profile)


@router.delete("/shoppers/{id}", responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY))
async def forget_shopper(shopper: ShopperId, context: InterleavedOrder) -> ErasedAnswer:
    """Erase a shopper: events, impressions and profile; later models do not learn from them."""
    erased = await context.note(lambda: context.shelf.journal.forget(shopper))
    return ErasedAnswer(**asdict(erased))


@router.get("/shoppers/{id}/consent", responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY))
async def get_consent(shopper: ShopperId, context: InterleavedOrder) -> ConsentAnswer:
    """Get whether a shopper agreed to be remembered."""
    return ConsentAnswer(given=await context.read(lambda: context.shelf.journal.consents(shopper)))


@router.put("/shoppers/{id}/consent", responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY))
async def put_consent(shopper: ShopperId, body: ConsentBody, context: InterleavedOrder) -> ErasedAnswer:
    """Record that a shopper agrees to be remembered, or does not: then everything that is stored is erased."""
    erased = await context.note(lambda: context.shelf.journal.consent(shopper, body.given))
    return ErasedAnswer(**asdict(erased))


@router.post("/shoppers/{id}/merge", responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY))
async def merge_shopper(shopper: ShopperId, body: MergeBody, context: InterleavedOrder) -> ProfileAnswer:
    """Move the events of an anonymous session to the account that logged in."""
    check_id("session", body.session, "session")
    return _profile(await context.note(lambda: context.shelf.journal.merge(body.session, shopper)))


def _profile(profile: Profile) -> ProfileAnswer:
    values = profile.to_json()
    return ProfileAnswer(**{name: values[name] for name in ProfileAnswer.model_fields})


def _answer(receipt: Receipt) -> EventsAnswer:
    return EventsAnswer(**asdict(receipt))


async def _written(
    first: Mapping[str, Any], lines: Iterator[Mapping[str, Any]], context: Context
) -> AsyncIterator[bytes]:
    chunk = [first]
    while chunk:
        yield b"".join(to_json(line) + b"\n" for line in chunk)
        chunk = await context.read(
            lambda: [line for _, line in zip(range(_LINES_AT_ONCE), lines, strict=False)]
        )


def _unknown(shopper: str) -> NotFoundError:
    return NotFoundError(f"nothing is known of a shopper {shopper!r}")
