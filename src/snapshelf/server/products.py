"""Routes that read and change single products, and the import of many."""

from collections.abc import AsyncIterator
from functools import partial
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import IO

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from snapshelf._support.wire import product_path
from snapshelf.catalogue import Product
from snapshelf.errors import InputError, NotFoundError
from snapshelf.server.bodies import NDJSON, check_import_type, parse_fields, parse_product, read_product
from snapshelf.server.context import Context, InterleavedOrder
from snapshelf.server.models import ImportLine, WriteAnswer
from snapshelf.server.openapi import IMPORT, PUT_PRODUCT, problems
from snapshelf.server.paths import ProductId, photo_response, rooted
from snapshelf.server.problems import as_problem
from snapshelf.server.settings import MEGABYTE

router = APIRouter(prefix="/v1", tags=["products"])


@router.get("/products/{id}", responses=problems(HTTPStatus.NOT_FOUND))
async def get_product(product_id: ProductId, context: InterleavedOrder) -> Product:
    """Get a product."""
    return await context.read(lambda: context.shelf.get(product_id))


@router.head("/products/{id}/photo", name="head_photo", response_class=Response)
@router.get(
    "/products/{id}/photo",
    response_class=Response,
    responses={
        200: {"content": {"image/jpeg": {}}},
        304: {"description": "The photo still has the ETag in If-None-Match."},
        **problems(HTTPStatus.NOT_FOUND),
    },
)
async def get_photo(product_id: ProductId, request: Request, context: InterleavedOrder) -> Response:
    """Get a product's photo at the size of a thumbnail."""
    return photo_response(request, await context.read(lambda: context.shelf.photo(product_id)))


@router.put(
    "/products/{id}",
    response_model=WriteAnswer,
    responses={
        201: {"model": WriteAnswer, "description": "Created."},
        **problems(
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            HTTPStatus.UNPROCESSABLE_ENTITY,
        ),
    },
    openapi_extra=PUT_PRODUCT,
)
async def put_product(
    product_id: ProductId, request: Request, response: Response, context: InterleavedOrder
) -> WriteAnswer:
    """Create or replace a product. It is durable and searchable when the response comes."""
    product, photos = await read_product(request, context, product_id)
    outcome = await context.write(lambda: context.shelf.put(product, photos))
    if outcome == "created":
        response.status_code = HTTPStatus.CREATED
        response.headers["Location"] = rooted(request, product_path(product_id))
    return WriteAnswer(id=product.id, status=outcome)


@router.delete("/products/{id}", status_code=HTTPStatus.NO_CONTENT, responses=problems(HTTPStatus.NOT_FOUND))
async def delete_product(product_id: ProductId, context: InterleavedOrder) -> None:
    """Delete a product."""
    if not await context.write(lambda: context.shelf.remove(product_id)):
        raise NotFoundError(f"no product has the id {product_id!r}; nothing was deleted.")


@router.post(
    "/products:import",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "A line for each line of the body, in the same order.",
            "content": {NDJSON: {"schema": ImportLine.model_json_schema()}},
        },
        **problems(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    },
    openapi_extra=IMPORT,
)
async def import_products(request: Request, context: InterleavedOrder) -> StreamingResponse:
    """Create or replace many products. A line that cannot be accepted is reported; the other lines are imported.

    The import begins when the whole body has arrived; a line is durable when its status comes.
    """
    check_import_type(request)
    # Answering while the body still comes would lock up with the many clients that read nothing until they
    # have sent everything: both sides would wait with full buffers. So the body waits on disk.
    body = SpooledTemporaryFile[bytes](max_size=MEGABYTE)
    try:
        async for chunk in request.stream():
            await context.fetch(partial(body.write, chunk))
    except BaseException:
        body.close()
        raise
    body.seek(0)
    return StreamingResponse(_import(body, context), media_type=NDJSON)


async def _import(body: IO[bytes], context: Context) -> AsyncIterator[str]:
    number = 0
    try:
        while line := await context.fetch(lambda: _read_line(body, context.settings.max_body_bytes)):
            number += 1
            if line.strip():
                answer = await _import_line(number, line, context)
                yield answer.model_dump_json(exclude=None if answer.error else {"error"}) + "\n"
    finally:
        body.close()


async def _import_line(number: int, line: bytes, context: Context) -> ImportLine:
    limit = context.settings.max_body_bytes
    product_id = None
    try:
        if len(line) > limit:
            raise InputError(f"The line is longer than {limit / MEGABYTE:g} MB.")
        fields = await context.fetch(lambda: parse_fields(line, line=number))
        product_id = str(fields["id"]) if "id" in fields else None
        product, photos = await context.fetch(lambda: parse_product(fields, context.web_photos))
        outcome = await context.write(lambda: context.shelf.put(product, photos))
    except Exception as error:
        return ImportLine(line=number, id=product_id, status="error", error=as_problem(error).detail)
    return ImportLine(line=number, id=product_id, status=outcome)


def _read_line(file: IO[bytes], limit: int) -> bytes:
    line = file.readline(limit + 1)
    end = line
    while len(end) > limit and not end.endswith(b"\n"):
        end = file.readline(limit + 1)
    return line
