"""Page tokens: where a result goes on."""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from collections.abc import Iterable

from snapshelf.errors import QueryError

_QUERY = 12
_CHECK = 4
_LAYOUT = struct.Struct(f">I{_QUERY}s")


def query_digest(parts: Iterable[object]) -> bytes:
    """Tell queries apart: 12 bytes of a hash over everything that decides the order of the hits.

    Parameters
    ----------
    parts : iterable
        Bytes, or things whose ``repr`` says all.
    """
    digest = hashlib.blake2b(digest_size=_QUERY)
    for part in parts:
        data = part if isinstance(part, bytes) else repr(part).encode("utf-8", "surrogatepass")
        digest.update(struct.pack(">Q", len(data)))
        digest.update(data)
    return digest.digest()


def page_token(skip: int, query: bytes) -> str:
    """Write the token of the page that begins after `skip` hits."""
    body = _LAYOUT.pack(skip, query)
    return base64.urlsafe_b64encode(body + _check(body)).decode().rstrip("=")


def read_page_token(token: str, query: bytes) -> int:
    """Return how many hits come before the page.

    Raises
    ------
    QueryError
        It is no page token, or that of another query.
    """
    try:
        data = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        body, check = data[: _LAYOUT.size], data[_LAYOUT.size :]
        skip, asked = _LAYOUT.unpack(body)
    except (binascii.Error, ValueError, struct.error):
        check = body = b""
    if not body or check != _check(body):
        raise QueryError(
            f"page_token {token[:40]!r} is none of ours; take it from the answer before, as it is"
        )
    if asked != query:
        raise QueryError(
            "page_token belongs to another query; repeat everything but k and page_token as in the first request"
        )
    return int(skip)


def _check(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_CHECK, person=b"page token").digest()
