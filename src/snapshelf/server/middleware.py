"""Middleware of every request, as plain ASGI so that bodies stream."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect

from snapshelf.server.problems import ProblemError, logger, requested_path
from snapshelf.server.settings import MEGABYTE, ServerSettings

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from snapshelf.server.metrics import Metrics

IMPORT_PATH = "/v1/products:import"

_SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_CLIENT_LEFT = 499
"""Counted for requests whose client left before it had sent everything; nobody is there to read a status."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Envelope:
    """Outermost: counts and times requests, adds the security headers and turns crashes into problems."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status: int | None = None

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message).update(_SECURITY_HEADERS)
            await send(message)

        start = time.perf_counter()
        with self._metrics.in_flight.track_inprogress():
            try:
                await self._app(scope, receive, send_with_headers)
            except ClientDisconnect:
                status = _CLIENT_LEFT
            except Exception:
                logger.exception("%s %s failed", scope["method"], requested_path(scope))
                if status is not None:
                    raise
                problem = ProblemError(
                    HTTPStatus.INTERNAL_SERVER_ERROR,
                    "internal",
                    "Something went wrong inside the server. Its log says what.",
                )
                await problem.response(requested_path(scope))(scope, receive, send_with_headers)
            finally:
                # Labels come from closed sets: a client must not be able to make the registry grow.
                method = scope["method"] if scope["method"] in _METHODS else "other"
                route = getattr(scope.get("route"), "path", "none")
                self._metrics.requests.labels(method, route, str(status)).inc()
                self._metrics.request_seconds.labels(method, route).observe(time.perf_counter() - start)


class EncodedSlashes:
    """Route by the path with ``%2F`` and ``%25`` still encoded.

    Servers decode the whole path, after which the id ``a/similar`` and the products similar to ``a`` look the
    same. Kept encoded, an id is always a single segment; `decode_id` decodes it after routing.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http" and b"%2" in scope["raw_path"]:
            path = requested_path(scope)
            for code in ("%25", "%2F", "%2f"):
                path = path.replace(code, f"%25{code[1:]}")
            scope["path"] = unquote(path)
        await self._app(scope, receive, send)


def decode_id(segment: str) -> str:
    """Product id of a path segment that `EncodedSlashes` let through."""
    return unquote(segment)


class BodyLimit:
    """Stops a body that is too long, by its declared length or else as soon as too much has come."""

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_import = scope["path"].endswith(IMPORT_PATH)
        limit = self._settings.max_import_bytes if is_import else self._settings.max_body_bytes
        declared = int(Headers(scope=scope).get("content-length", "0"))
        received = 0

        async def receive_within_limit() -> Message:
            nonlocal received
            # Before the first receive, so that a client that waits for "100 Continue" sends nothing.
            if declared <= limit:
                message = await receive()
                received += len(message.get("body", b""))
                if received <= limit:
                    return message
            raise ProblemError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                "body-too-large",
                f"The body is longer than {limit / MEGABYTE:g} MB. Send less at once.",
            )

        await self._app(scope, receive_within_limit, send)
