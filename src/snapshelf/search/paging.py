"""Page tokens: where a result goes on."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import struct
from typing import NamedTuple

from snapshelf.errors import QueryError
from snapshelf.search.request import SearchRequest

_QUERY = 12
_CHECK = 4
_LAYOUT = struct.Struct(f">I{_QUERY}s")
_FIRST = struct.Struct(">16sd")


class FirstPage(NamedTuple):
    """The search that the first page was an answer to: its query id (32 hexadecimal digits), and Unix seconds."""

    query_id: str
    at: float


class Page(NamedTuple):
    """How many hits come before, and the first page, where its moment decides the order."""

    skip: int
    first: FirstPage | None = None


def query_digest(request: SearchRequest) -> bytes:
    """Return 12 bytes that two searches share only if they give the same hits in the same order."""
    ordering = json.dumps(request.ordering(), sort_keys=True)
    return hashlib.blake2b(ordering.encode(), digest_size=_QUERY).digest()


def page_token(page: Page, query: bytes) -> str:
    """Write the token of a page."""
    body = _LAYOUT.pack(page.skip, query)
    if page.first is not None:
        body += _FIRST.pack(bytes.fromhex(page.first.query_id), page.first.at)
    return base64.urlsafe_b64encode(body + _check(body)).decode().rstrip("=")


def read_page_token(token: str, query: bytes) -> Page:
    """Return the page that a token asks for.

    Raises
    ------
    QueryError
        It is no page token, or that of another query.
    """
    try:
        data = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        body, check = data[:-_CHECK], data[-_CHECK:]
        skip, asked = _LAYOUT.unpack_from(body)
        rest = body[_LAYOUT.size :]
        first = FirstPage(rest[:16].hex(), _FIRST.unpack(rest)[1]) if rest else None
    except (binascii.Error, ValueError, struct.error):
        check = body = b""
    if not body or check != _check(body):
        raise QueryError(
            f"page_token {token[:40]!r} is invalid; pass next_page_token of the previous response unchanged"
        )
    if asked != query:
        raise QueryError(
            "page_token belongs to another query; repeat everything but k and page_token as in the first request"
        )
    return Page(int(skip), first)


def _check(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_CHECK, person=b"page token").digest()
