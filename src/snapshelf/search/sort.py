"""Sorting by something else than relevance."""

from __future__ import annotations

from snapshelf.errors import QueryError
from snapshelf.query import Fields, resolve_field
from snapshelf.search.pipeline import Sort

_NAMED = {"newest": Sort("added_at", descending=True), "rating": Sort("attributes.rating", descending=True)}


def read_sort(text: str | None, fields: Fields) -> Sort | None:
    """Understand ``"price"``, ``"-price"``, ``"newest"``, ``"rating"``; None for ``"relevance"``.

    Raises
    ------
    QueryError
        There is no such field, or it holds no numbers.
    """
    if text is None or text == "relevance":
        return None
    if text in _NAMED:
        return _NAMED[text]
    name = text.removeprefix("-")
    fact, kind = resolve_field(name, fields)
    if kind not in ("number", "attribute"):
        raise QueryError(f"sort: {name} holds no numbers; sort by price, newest, rating or another number")
    return Sort(fact, descending=text.startswith("-"))
