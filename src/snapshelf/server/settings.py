"""Limits, permissions and examples of a server."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Limits and permissions of a server.

    Parameters
    ----------
    max_body_bytes : int
        Longest body of a request, and longest line of an import.
    max_import_bytes : int
        Longest body of an import. It waits on disk, not in memory.
    allow_http : bool
        Fetch photos from the http(s) addresses that requests name. Private addresses stay forbidden.
    threads : int
        Requests that search or read the shelf at the same time; others wait their turn.
    """

    max_body_bytes: int = 25 * MEGABYTE
    max_import_bytes: int = 256 * MEGABYTE
    allow_http: bool = False
    threads: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A query that the page offers to click: words, a photo (the bytes of a JPEG, PNG or WebP) or both."""

    label_en: str
    label_zh: str
    text: str | None = None
    photo: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleShopper:
    """A shopper of the journal that the page offers to be: the name, and the taste in a few words."""

    id: str
    name_en: str
    name_zh: str
    likes_en: str
    likes_zh: str
