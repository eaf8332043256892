"""Errors as RFC 9457 problem details."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from snapshelf.errors import (
    EventError,
    FilterError,
    InputError,
    NotFoundError,
    PhotoError,
    ProductError,
    QueryError,
    RuleError,
    SearchIndexError,
    ShelfError,
    ShelfInUseError,
    SnapshelfError,
    StorageError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fastapi import FastAPI, Request
    from starlette.types import Scope

logger = logging.getLogger("snapshelf.server")

MEDIA_TYPE = "application/problem+json"

_KINDS: Mapping[type[SnapshelfError], tuple[HTTPStatus, str]] = {
    FilterError: (HTTPStatus.BAD_REQUEST, "filter"),
    QueryError: (HTTPStatus.UNPROCESSABLE_ENTITY, "query"),
    EventError: (HTTPStatus.UNPROCESSABLE_ENTITY, "event"),
    RuleError: (HTTPStatus.UNPROCESSABLE_ENTITY, "rules"),
    ProductError: (HTTPStatus.UNPROCESSABLE_ENTITY, "product"),
    PhotoError: (HTTPStatus.BAD_REQUEST, "photo"),
    InputError: (HTTPStatus.BAD_REQUEST, "input"),
    NotFoundError: (HTTPStatus.NOT_FOUND, "not-found"),
    ShelfInUseError: (HTTPStatus.CONFLICT, "shelf-in-use"),
    StorageError: (HTTPStatus.INSUFFICIENT_STORAGE, "storage"),
    SearchIndexError: (HTTPStatus.SERVICE_UNAVAILABLE, "engine"),
    ShelfError: (HTTPStatus.SERVICE_UNAVAILABLE, "shelf"),
    SnapshelfError: (HTTPStatus.INTERNAL_SERVER_ERROR, "internal"),
}
"""Error → status and problem type; the nearest ancestor decides. No other place maps errors."""

_SERVER_DETAILS: Mapping[str, str] = {
    "storage": "The shelf could not be written. The server's log says why; what was acknowledged is safe.",
    "engine": "The search engine does not answer. Try again; the server's log says why.",
    "shelf": "The shelf cannot be used. The server's log says why.",
    "internal": "Something went wrong inside the server. Its log says what.",
}
"""What a client reads instead of messages that may name files of the server."""


class FieldError(BaseModel):
    """One field that cannot be accepted."""

    field: str = Field(description="Where: a field, parameter or header, with dots into nested values.")
    detail: str = Field(description="What is wrong with it.")


class Problem(BaseModel):
    """What went wrong, after RFC 9457."""

    type: str = Field(
        description="Kind of problem, stable across releases.", examples=["urn:snapshelf:problem:photo"]
    )
    title: str = Field(description="Short name of the status.", examples=["Bad Request"])
    status: int = Field(description="HTTP status code.", examples=[400])
    detail: str = Field(description="What is wrong and what to do.")
    instance: str = Field(description="Path that was asked for.", examples=["/v1/search"])
    errors: list[FieldError] | None = Field(
        default=None, description="The fields at fault, where there are any."
    )
    position: int | None = Field(
        default=None, description="Character of the filter where it is wrong, from 1; of bad filters only."
    )
    hint: str | None = Field(default=None, description="What to write instead; of bad filters only.")


class ProblemError(Exception):
    """A request that the server itself refuses.

    Parameters
    ----------
    status : HTTPStatus
    kind : str
        Last part of the problem's type.
    detail : str
        What is wrong and what to do.
    errors : sequence of FieldError
        The fields at fault.
    position : int or None
        Character of the filter where it is wrong, from 1.
    hint : str or None
        What to write in the filter instead.
    headers : mapping of str to str
        Further headers of the answer.
    """

    def __init__(
        self,
        status: HTTPStatus,
        kind: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        position: int | None = None,
        hint: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.errors = tuple(errors)
        self.position = position
        self.hint = hint
        self.headers = headers

    def response(self, instance: str) -> JSONResponse:
        """Write it as ``application/problem+json``; `instance` is the path that was asked for."""
        problem = Problem(
            type=f"urn:snapshelf:problem:{self.kind}",
            title=self.status.phrase,
            status=self.status,
            detail=self.detail,
            instance=instance,
            errors=list(self.errors) or None,
            position=self.position,
            hint=self.hint,
        )
        return JSONResponse(
            problem.model_dump(exclude_none=True),
            status_code=self.status,
            headers=self.headers,
            media_type=MEDIA_TYPE,
        )


def as_problem(error: Exception) -> ProblemError:
    """Turn any error into a problem; faults of the server are logged, and their problem has no internals."""
    if isinstance(error, ProblemError):
        return error
    ancestors = (*type(error).__mro__, SnapshelfError)
    status, kind = next(_KINDS[ancestor] for ancestor in ancestors if ancestor in _KINDS)
    if kind in _SERVER_DETAILS:
        logger.error("%s", error, exc_info=error)
        return ProblemError(status, kind, _SERVER_DETAILS[kind])
    field = error.field if isinstance(error, ProductError | EventError) else None
    position = hint = None
    if isinstance(error, FilterError):
        field, position, hint = "where", error.position, error.hint
    errors = [FieldError(field=field, detail=str(error))] if field else []
    return ProblemError(status, kind, str(error), errors=errors, position=position, hint=hint)


def from_validation(errors: Sequence[Mapping[str, Any]]) -> ProblemError:
    """Turn Pydantic's errors into a problem."""
    fields = [
        FieldError(field=".".join(str(part) for part in error["loc"]) or "body", detail=error["msg"])
        for error in errors
    ]
    if any(error["type"] == "json_invalid" for error in errors):
        return ProblemError(HTTPStatus.BAD_REQUEST, "input", f"The body cannot be read: {fields[0].detail}.")
    detail = "; ".join(f"{field.field}: {field.detail}" for field in fields)
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "validation", detail, errors=fields)


def requested_path(scope: Scope) -> str:
    """Path of a request exactly as the client wrote it."""
    return bytes(scope["raw_path"]).decode("ascii")


def answer_errors_as_problems(app: FastAPI) -> None:
    """Register the handlers, so that no error leaves the application in another shape."""

    @app.exception_handler(SnapshelfError)
    @app.exception_handler(ProblemError)
    async def on_error(request: Request, error: Exception) -> JSONResponse:
        return as_problem(error).response(requested_path(request.scope))

    @app.exception_handler(RequestValidationError)
    async def on_validation(request: Request, error: RequestValidationError) -> JSONResponse:
        # FastAPI puts the place ("path", "query") first; the name alone is enough.
        errors = [{**each, "loc": each["loc"][1:]} for each in error.errors()]
        return from_validation(errors).response(requested_path(request.scope))

    @app.exception_handler(HTTPException)
    async def on_http(request: Request, error: HTTPException) -> JSONResponse:
        status = HTTPStatus(error.status_code)
        kind = status.phrase.lower().replace(" ", "-")
        detail = {
            HTTPStatus.NOT_FOUND: "There is nothing at this address; /openapi.json lists what there is.",
            HTTPStatus.METHOD_NOT_ALLOWED: f"{request.method} is not possible here.",
        }.get(status, error.detail)
        headers = dict(error.headers or {})
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            headers |= _allowed_methods(app, request)
        return ProblemError(status, kind, detail, headers=headers).response(requested_path(request.scope))


def _allowed_methods(app: FastAPI, request: Request) -> dict[str, str]:
    """Name all methods of an address: the router names those of the first of several routes only."""
    operations = app.openapi()["paths"].get(getattr(request.scope.get("route"), "path", None))
    return {"Allow": ", ".join(sorted(method.upper() for method in operations))} if operations else {}
