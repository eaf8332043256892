"""The first order of candidates: by score, or by a number of the products."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snapshelf.errors import QueryError
from snapshelf.query import Fields, resolve_field
from snapshelf.search.score_table import Rows, ScoreTable


@dataclass(frozen=True, slots=True)
class Sort:
    """By a number, the smallest or the largest first; products without it come last."""

    field: str
    descending: bool = False


_NAMED = {"newest": Sort("added_at", descending=True), "rating": Sort("attributes.rating", descending=True)}


def read_sort(text: str | None, fields: Fields) -> Sort | None:
    """Read ``"price"``, ``"-price"``, ``"newest"``, ``"rating"``; None for ``"relevance"``.

    Raises
    ------
    QueryError
        No product has the field, or it holds no numbers.
    """
    if text is None or text == "relevance":
        return None
    if text in _NAMED:
        return _NAMED[text]
    name = text.removeprefix("-")
    field, kind = resolve_field(name, fields)
    if kind not in ("number", "attribute"):
        raise QueryError(f"sort: {name} holds no numbers; sort by price, newest, rating or another number")
    return Sort(field, descending=text.startswith("-"))


def by_score(table: ScoreTable) -> Rows:
    """Order candidates by window, then reranked ones first, then by score; ties by id."""
    return np.lexsort((-table.total, table.draft, ~table.reranked, table.window))


def by_number(table: ScoreTable, sort: Sort, *, keep_all: bool) -> Rows:
    """Order candidates by a number; ties by score.

    Parameters
    ----------
    table : ScoreTable
    sort : Sort
    keep_all : bool
        Otherwise candidates whose score is nearer to the mean than to the best are left out: the cheapest of what is
        unlike the query helps nobody.
    """
    rows = by_score(table)
    if len(rows) and not keep_all:
        scores = table.total[rows]
        rows = rows[scores >= (scores.max() + scores.mean()) / 2]
    keys = table.sort_values[rows] * (-1.0 if sort.descending else 1.0)
    return rows[np.argsort(np.where(np.isnan(keys), np.inf, keys), kind="stable")]
