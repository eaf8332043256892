"""Product ids in paths; responses with paths and photos."""

from hashlib import blake2b
from typing import Annotated

from fastapi import Depends, Path, Request, Response
from fastapi.responses import JSONResponse

from snapshelf._support.ids import id_problem
from snapshelf._support.wire import with_root
from snapshelf.errors import ProductError
from snapshelf.recommend import RecommendationResponse
from snapshelf.search import HeatMap, SearchResponse, WhyNot
from snapshelf.server.middleware import decode_id

_PHOTO_SECONDS = 300


def _product_id(
    segment: Annotated[
        str,
        Path(
            alias="id",
            description="The product's id, percent-encoded as one segment: A/1 is A%2F1.",
            examples=["D-17"],
        ),
    ],
) -> str:
    id = decode_id(segment)
    if (problem := id_problem("product", id)) is not None:
        raise ProductError(f"id: {problem}", field="id")
    return id


ProductId = Annotated[str, Depends(_product_id)]
"""Parameter of a route that has a product's id in its path."""


def rooted(request: Request, path: str) -> str:
    """Put the prefix before a path under which a reverse proxy may serve the application."""
    return f"{request.scope.get('root_path', '')}{path}"


def json_response(
    request: Request, response: SearchResponse | WhyNot | HeatMap | RecommendationResponse
) -> JSONResponse:
    """Send a response of the shelf as JSON, with the prefix of a reverse proxy before its paths."""
    return JSONResponse(with_root(response.to_json(), request.scope.get("root_path", "")))


def photo_response(request: Request, photo: bytes) -> Response:
    """Return a photo, or 304 if the client has it already."""
    tag = f'"{blake2b(photo, digest_size=16).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": f"public, max-age={_PHOTO_SECONDS}"}
    known = {name.strip().removeprefix("W/") for name in request.headers.get("if-none-match", "").split(",")}
    if known & {tag, "*"}:
        return Response(status_code=304, headers=headers)
    return Response(photo, media_type=_media_type(photo), headers=headers)


def _media_type(photo: bytes) -> str:
    if photo.startswith(b"\x89PNG"):
        return "image/png"
    return "image/webp" if photo[8:12] == b"WEBP" else "image/jpeg"
