"""The score table: a row for each candidate of a query, a column for each signal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from snapshelf.events import Team
from snapshelf.search.signals import SIGNALS, Numbers

Rows: TypeAlias = NDArray[np.intp]
"""Places of candidates in a table."""

VISUAL = "visual"
"""The composed part of the score: ``photo`` and ``text_image`` together, until `split_visual` tells them apart."""

_RELEVANCE = (VISUAL, *(signal.name for signal in SIGNALS if signal.in_relevance))


@dataclass(frozen=True)
class ScoreTable:
    """Candidates of a query; columns are arrays of length n, in the order of `ids`.

    Parameters
    ----------
    ids : tuple of str
        Ascending within a window.
    window : ndarray
        int64 (n,): which window of the retrieval brought the candidate, from 0.
    visual : ndarray
        float64 (n,): dot product of the composed query vector with the photo that fits best.
    title : ndarray
        float64 (n,): dot product of the words' vector with the title's; 0 without a title vector.
    bm25 : ndarray
        float64 (n,).
    tests : ndarray
        bool (n, t): which tests of the plan each candidate passes.
    words : ndarray
        uint8 (n, w): place of each word of the query in the candidate, see `TermPlace`; 0 where it does not have it.
    written : ndarray
        uint8 (n, w): the same of the words as they are written.
    codes : ndarray
        int64 (n,): how well a code of the candidate matches what was typed: 3 exactly, 2 and 1 in part, 0 not.
    tier : ndarray
        int64 (n,): see `WordStatistics.tiers`. Scores order candidates within a tier.
    groups : tuple of str or None
        `group_id` of each.
    exactness : ndarray
        float64 (n,): what the title gets for being what was typed; filled by `score`.
    contributions : mapping
        Signal → float64 (n,): the parts of the score; ``photo`` and ``text_image`` are in `VISUAL`. Filled by `score`
        and `rerank`.
    probability : ndarray
        float64 (n,): probability that the candidate is what the query asks for; NaN where it is unknown.
    reranked : ndarray
        bool (n,): candidates that a ranker has ordered. They come before the others of their window.
    draft : ndarray
        int64 (n,): place of reranked candidates in an interleaved list; 0 where the score orders them.
    teams : mapping
        Id → team of each interleaved candidate; None for the common beginning of both rankings.
    """

    ids: tuple[str, ...]
    window: NDArray[np.int64]
    visual: Numbers
    title: Numbers
    bm25: Numbers
    tests: NDArray[np.bool_]
    words: NDArray[np.uint8]
    written: NDArray[np.uint8]
    codes: NDArray[np.int64]
    tier: NDArray[np.int64]
    groups: tuple[str | None, ...]
    exactness: Numbers
    probability: Numbers
    reranked: NDArray[np.bool_]
    draft: NDArray[np.int64]
    contributions: Mapping[str, Numbers] = field(default_factory=dict)
    teams: Mapping[str, Team | None] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def row(self) -> Mapping[str, int]:
        """Id → row."""
        return {id: row for row, id in enumerate(self.ids)}

    @cached_property
    def total(self) -> Numbers:
        """The scores, float64 (n,): the sum of the contributions."""
        return self._sum(self.contributions)

    @cached_property
    def relevance(self) -> Numbers:
        """What the search says of each candidate, float64 (n,): the score without rules, ranking and shopper."""
        return self._sum([name for name in self.contributions if name in _RELEVANCE])

    def rows(self, ids: Sequence[str]) -> Rows:
        """Return the rows of candidates."""
        return np.array([self.row[id] for id in ids], np.intp)

    def take(self, rows: Rows) -> ScoreTable:
        """Return the candidates of some rows, in that order."""
        arrays: dict[str, Any] = {name: getattr(self, name)[rows] for name in _ARRAYS}
        return replace(
            self,
            ids=tuple(self.ids[row] for row in rows),
            groups=tuple(self.groups[row] for row in rows),
            contributions={name: values[rows] for name, values in self.contributions.items()},
            **arrays,
        )

    def extended(self, other: ScoreTable) -> ScoreTable:
        """Return the candidates of both tables, those of the other behind; both are scored."""
        arrays: dict[str, Any] = {
            name: np.concatenate([getattr(self, name), getattr(other, name)]) for name in _ARRAYS
        }
        return replace(
            self,
            ids=self.ids + other.ids,
            groups=self.groups + other.groups,
            contributions={
                name: np.concatenate([values, other.contributions[name]])
                for name, values in self.contributions.items()
            },
            **arrays,
        )

    def _sum(self, names: Sequence[str] | Mapping[str, Numbers]) -> Numbers:
        total = np.zeros(len(self))
        for name in names:
            total = total + self.contributions[name]
        return total


_ARRAYS = tuple(
    column.name
    for column in fields(ScoreTable)
    if column.name not in ("ids", "groups", "contributions", "teams")
)
