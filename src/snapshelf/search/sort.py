"""Orders of hits: by score, by a number of the products, or by what sells."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from snapshelf.errors import QueryError
from snapshelf.query import Fields, resolve_field
from snapshelf.search.score_table import Rows, ScoreTable
from snapshelf.search.word_match import NO_RIGHTS

_RATING = re.compile(
    r"(?:(?:average|avg|mean|customer|product|review|overall)[ _-]?)*"
    r"(?:ratings?|stars?|评分|评价|星级)(?:[ _-]?(?:average|avg|mean|value|score))?",
    re.IGNORECASE,
)
"""Names of attributes that hold the mean rating of a product, but not the number of its ratings."""


@dataclass(frozen=True, slots=True)
class Sort:
    """By a number, the smallest or the largest first; products without it come last."""

    field: str
    descending: bool = False


BESTSELLING = Sort("bestselling", descending=True)
"""By what sells, which is no field of the products."""

_NAMED = {"newest": Sort("added_at", descending=True), "bestselling": BESTSELLING}


def read_sort(text: str | None, fields: Fields) -> Sort | None:
    """Read ``"price"``, ``"-price"``, ``"newest"``, ``"rating"``, ``"bestselling"``; None for ``"relevance"``.

    Raises
    ------
    QueryError
        No product has the field, or it holds no numbers.
    """
    if text is None or text == "relevance":
        return None
    if text in _NAMED:
        return _NAMED[text]
    if text == "rating":
        return Sort(rating_field(fields) or "attributes.rating", descending=True)
    name = text.removeprefix("-")
    field, kind = resolve_field(name, fields)
    if kind not in ("number", "attribute"):
        raise QueryError(
            f"sort: {name} holds no numbers; sort by price, newest, rating, bestselling or another number"
        )
    return Sort(field, descending=text.startswith("-"))


def rating_field(fields: Fields) -> str | None:
    """Return the attribute that holds the mean rating of the products; None where there is none."""
    names = [name for name in fields.fields() if is_rating(name) and not fields.texts(name, 1)]
    return min(names, key=lambda name: (len(name), name), default=None)


def is_rating(name: str) -> bool:
    """Whether a field has the name of a mean rating."""
    return _RATING.fullmatch(name.removeprefix("attributes.")) is not None


def by_score(table: ScoreTable) -> Rows:
    """Order candidates: those whose words have rights first, then by window, tier and code, then by score; ties by id.

    Windows before tiers, so that what a wider window brings comes behind; see `WordStatistics.tiers` for the rights,
    all of whose candidates come in the first window or before any others.
    """
    has_none = table.tier == NO_RIGHTS
    return np.lexsort(
        (-table.total, table.draft, ~table.reranked, -table.codes, table.tier, table.window, has_none)
    )
