"""From the bytes of an HTTP request to the arguments of the shelf."""

from __future__ import annotations

import base64
import binascii
import json
import re
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from pydantic import ValidationError
from pydantic_core import from_json

from snapshelf._support.options import shape_of
from snapshelf.catalogue import PhotoSource, Product
from snapshelf.errors import EventError, InputError, PhotoError, ProductError, QueryError
from snapshelf.events import json_lines, json_value
from snapshelf.query import MAX_PHOTOS
from snapshelf.server.models import HttpOptions, SearchBody, SearchForm
from snapshelf.server.problems import ProblemError, from_validation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from fastapi import Request

    from snapshelf.events import Line
    from snapshelf.server.context import Context

MULTIPART = "multipart/form-data"
JSON = "application/json"
NDJSON = "application/x-ndjson"
_NDJSON_NAMES = frozenset({NDJSON, "application/ndjson", "application/jsonl", "application/x-jsonlines"})
YAML = "application/yaml"
_YAML_NAMES = frozenset({YAML, "application/x-yaml", "text/yaml", "text/x-yaml"})
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_MAX_FORM_FIELDS = 500
_MAX_PHOTOS = 32


Upload: TypeAlias = tuple[Product, tuple[bytes, ...] | None]
"""A product and its photos; None keeps those that the shelf has."""


Fields = TypeVar("Fields", bound=SearchForm)
Options = TypeVar("Options", bound=HttpOptions)


async def read_search(
    request: Request, context: Context, fields: type[Fields], body: type[Fields]
) -> tuple[Fields, tuple[bytes, ...]]:
    """Read a search from a multipart form, from the bytes of an image or from JSON.

    Parameters
    ----------
    request, context
    fields : type of SearchForm
        What is said beside the photos.
    body : type of SearchBody
        The same with photos, as it comes in JSON.

    Returns
    -------
    fields : SearchForm
    photos : tuple of bytes

    Raises
    ------
    ProblemError
        Wrong content type or fields.
    PhotoError
        Not base64, or an address that must not or cannot be fetched.
    """
    content_type = _content_type(request)
    if content_type == MULTIPART:
        values, photos = await _read_form(request, "photo", max_files=MAX_PHOTOS)
        return parse_texts(fields, values), tuple(photos)
    if content_type.startswith("image/"):
        return parse_texts(fields, request.query_params.multi_items()), (await request.body(),)
    if content_type == JSON:
        data = await request.body()
        return await context.fetch(lambda: _parse_search(data, body, context.web_photos))
    raise _wrong_type(content_type, (MULTIPART, "image/*", JSON))


async def read_product(request: Request, context: Context, product_id: str) -> Upload:
    """Read a product and its photos from JSON, or from a form of a field ``product`` and files ``photos``.

    Raises
    ------
    ProblemError
        Wrong content type or fields.
    InputError
        Not JSON, or a product or photo that cannot be accepted.
    """
    content_type = _content_type(request)
    if content_type == JSON:
        data = await request.body()
        return await context.fetch(lambda: _parse_product_at(product_id, data, context.web_photos))
    if content_type == MULTIPART:
        values, photos = await _read_form(request, "photos", max_files=_MAX_PHOTOS)
        fields = dict(values)
        if unknown := fields.keys() - {"product"}:
            raise InputError(
                f"{', '.join(sorted(unknown))}: no such field; a form has 'product' and 'photos'."
            )
        data = fields.get("product", "").encode()
        product, inline = await context.fetch(lambda: _parse_product_at(product_id, data, context.web_photos))
        if photos and inline is not None:
            raise ProductError(
                "photos: given both in 'product' and as files; give the photos once.", field="photos"
            )
        return product, tuple(photos) or inline
    raise _wrong_type(content_type, (JSON, MULTIPART))


def check_import_type(request: Request) -> None:
    """Refuse an import that is not NDJSON.

    The type is insisted on because a page of another site can make a browser send plain text, but not this
    type, without asking the server first.
    """
    content_type = _content_type(request)
    if content_type not in _NDJSON_NAMES:
        raise _wrong_type(content_type, sorted(_NDJSON_NAMES))


async def read_lines(request: Request) -> tuple[bool, list[Line]]:
    """Read a JSON value, or lines of JSON; the first item of the result says whether it is a single value.

    Raises
    ------
    ProblemError
        Wrong content type.
    InputError
        The body is not JSON. A line that is not JSON does not refuse the other lines.
    """
    content_type = _content_type(request)
    data = await request.body()
    if content_type in _NDJSON_NAMES:
        return False, list(json_lines(data.split(b"\n")))
    if content_type != JSON:
        raise _wrong_type(content_type, (JSON, *sorted(_NDJSON_NAMES)))
    value = json_value(data)
    if isinstance(value, EventError):
        raise InputError(f"The body cannot be read: {value}")
    if isinstance(value, list):
        return False, list(enumerate(value, 1))
    return True, [(None, value)]


async def read_yaml(request: Request) -> str:
    """Read a body of YAML.

    Raises
    ------
    ProblemError
        Wrong content type.
    InputError
        It is not UTF-8.
    """
    content_type = _content_type(request)
    if content_type not in _YAML_NAMES:
        raise _wrong_type(content_type, sorted(_YAML_NAMES))
    try:
        return (await request.body()).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"The body is not UTF-8: byte {error.start + 1} is wrong.") from error


def parse_fields(data: bytes, *, line: int = 1) -> dict[str, Any]:
    """Parse the JSON object that begins on a line of the body, counted from 1.

    Raises
    ------
    ProductError
        A field holds half of a character.
    InputError
        Not JSON or not an object.
    """
    try:
        # With the end of its line, the error in a truncated object would be reported on the next line.
        fields = from_json(data.rstrip(), allow_inf_nan=False)
    except ValueError as error:
        _refuse_lone_surrogates(data)
        reason = re.sub(r"(?<= at line )\d+", lambda match: str(line - 1 + int(match[0])), str(error))
        raise InputError(f"This is not JSON: {reason}.") from error
    if not isinstance(fields, dict):
        raise InputError('A product is a JSON object, such as {"id": "D-17", "title": "Red dress"}.')
    return fields


def _refuse_lone_surrogates(data: bytes) -> None:
    r"""Name the field that holds a lone surrogate: JSON can write it (``"\ud83d"``), but it is no text."""
    try:
        values = json.loads(data)
        texts = {name: json.dumps([name, value], ensure_ascii=False) for name, value in values.items()}
    except (AttributeError, ValueError, RecursionError):
        return
    for name, text in texts.items():
        if surrogate := _LONE_SURROGATE.search(text):
            field = name.encode(errors="backslashreplace").decode()
            half = surrogate[0].encode(errors="backslashreplace").decode()
            raise ProductError(
                f"{field}: holds half of a character (the lone surrogate {half}); take it out or complete it",
                field=field,
            )


def parse_product(fields: dict[str, Any], web_photos: PhotoSource | None) -> Upload:
    """Make a product and the bytes of its photos (None: keep those that the shelf has) from plain values.

    Raises
    ------
    ProductError
        A field that cannot be accepted.
    PhotoError
        A photo that is not base64 or cannot be fetched.
    """
    references = fields.get("photos")
    product = Product.parse({name: value for name, value in fields.items() if name != "photos"})
    if references is None:
        return product, None
    if not isinstance(references, list) or not all(isinstance(reference, str) for reference in references):
        raise ProductError("photos: give a list of texts in base64.", field="photos")
    return product, tuple(_load_photos(references, web_photos))


def _parse_product_at(product_id: str, data: bytes, web_photos: PhotoSource | None) -> Upload:
    product, photos = parse_product({"id": product_id, **parse_fields(data)}, web_photos)
    if product.id != product_id:
        raise ProductError(f"id: the address says {product_id!r}, the body {product.id!r}.", field="id")
    return product, photos


def _load_photos(references: Sequence[str], web_photos: PhotoSource | None) -> Iterable[bytes]:
    for number, reference in enumerate(references):
        field = f"photos.{number}"
        if reference.startswith(("http://", "https://")):
            yield _fetch(reference, field, web_photos)
        else:
            yield _from_base64(reference, field)


def _parse_search(
    data: bytes, body: type[Fields], web_photos: PhotoSource | None
) -> tuple[Fields, tuple[bytes, ...]]:
    with _problems_of_fields():
        fields = body.model_validate_json(data)
    assert isinstance(fields, SearchBody)  # noqa: S101  (every body of a search is both)
    given = {"photo": fields.photo, "photo_url": fields.photo_url, "photos": fields.photos or None}
    names = [name for name, value in given.items() if value is not None]
    if len(names) > 1:
        raise InputError(
            f"{', '.join(names)}: give a single field, not {'both' if len(names) == 2 else 'all'}."
        )
    if fields.photo is not None:
        return fields, (_from_base64(fields.photo, "photo"),)
    if fields.photo_url is not None:
        return fields, (_fetch(fields.photo_url, "photo_url", web_photos),)
    return fields, tuple(_load_photos(fields.photos, web_photos))


def parse_texts(fields: type[Options], values: Sequence[tuple[str, str]]) -> Options:
    """Parse what came as texts: a list is a field that is repeated, an object a text in JSON.

    Raises
    ------
    ProblemError
        A field is unknown, of the wrong type or out of range.
    InputError
        An object is not JSON.
    """
    shapes = {name: shape_of(field) for name, field in fields.model_fields.items()}
    given: dict[str, Any] = {}
    for name, value in values:
        if shapes.get(name) == "list":
            given.setdefault(name, []).append(_nested(name, value) if value.startswith("{") else value)
        else:
            given[name] = _nested(name, value) if shapes.get(name) == "object" else value
    with _problems_of_fields():
        return fields.model_validate(given)


@contextmanager
def _problems_of_fields() -> Iterator[None]:
    """Turn an error of validation into a problem that lists the fields."""
    try:
        yield
    except ValidationError as error:  # the text is not JSON
        raise from_validation(error.errors()) from error
    except QueryError as error:
        if not isinstance(error.__cause__, ValidationError):
            raise
        raise from_validation(error.__cause__.errors()) from error


def _nested(name: str, text: str) -> Any:
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise InputError(f"{name}: this is not JSON: {error}.") from error


def _from_base64(text: str, field: str) -> bytes:
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        # Encoders wrap lines, so white space is no error; everything else outside the alphabet is.
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise PhotoError(f"{field}: this is not base64 ({error}).") from error


def _fetch(url: str, field: str, web_photos: PhotoSource | None) -> bytes:
    if web_photos is None:
        raise PhotoError(
            f"{field}: this server fetches no addresses; send the photo, or start it with --allow-http."
        )
    return web_photos.read(url)


async def _read_form(
    request: Request, file_field: str, *, max_files: int
) -> tuple[list[tuple[str, str]], list[bytes]]:
    fields: list[tuple[str, str]] = []
    files: list[bytes] = []
    async with request.form(max_files=max_files, max_fields=_MAX_FORM_FIELDS) as form:
        for name, value in form.multi_items():
            if not isinstance(value, str):
                if name != file_field:
                    raise InputError(f"{name}: no such file field; the photo goes into {file_field!r}.")
                # Browsers send a file without a name for a file field that was left empty.
                if value.filename:
                    files.append(await value.read())
            elif name == file_field:
                raise InputError(f"{name}: give it as a file, with a file name.")
            else:
                fields.append((name, value))
    return fields, files


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _wrong_type(given: str, accepted: Sequence[str]) -> ProblemError:
    return ProblemError(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "content-type",
        f"{'Content type ' + given if given else 'A body without a content type'} cannot be read here. "
        f"Send {', '.join(accepted)}.",
        headers={"Accept": ", ".join(accepted)},
    )
