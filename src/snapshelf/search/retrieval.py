"""Recall: the candidates of a query, each scored by every signal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from snapshelf.index import Filter, ScoredCandidate, SearchIndex
from snapshelf.query import Query
from snapshelf.search.signals import Mode, Pool, QueryVector

GROUP = "group_id"
"""The fact that variants of one product share."""


@dataclass(frozen=True, slots=True)
class Recall:
    """How candidates are brought, and what is to be said of them.

    Parameters
    ----------
    looks : QueryVector
    query : Query
    mode : Mode
    within : Filter or None
        Only products that match.
    tests : tuple of Filter
        Soft facts and boosts, answered for each candidate.
    sorted_by : str or None
        A number to sort by.
    """

    looks: QueryVector
    query: Query
    mode: Mode
    within: Filter | None = None
    tests: tuple[Filter, ...] = ()
    sorted_by: str | None = None

    def bring(
        self, store: SearchIndex, width: int, also: Sequence[str] = (), *, where: Filter | None = None
    ) -> Pool:
        """Bring the `width` best of each signal, and those products of `also` that match.

        Parameters
        ----------
        store : SearchIndex
        width : int
        also : sequence of str
        where : Filter or None
            Takes the place of `within`.
        """
        text = self.query.text
        with_words = self.mode == "full" and text is not None
        # The words' vector is zero where all of it was moved away from; the engine compares with a direction only.
        with_titles = with_words and text is not None and bool(text.any())
        found = store.recall(
            width,
            where if where is not None else self.within,
            photo=self.looks.direction,
            title=text if with_titles else None,
            terms=self.query.terms if with_words else None,
            also=also,
            tests=self.tests,
            fields=[GROUP] if self.sorted_by is None else [GROUP, self.sorted_by],
        )
        return self._pool(found)

    def _pool(self, found: Sequence[ScoredCandidate]) -> Pool:
        text = self.query.text
        # The engine gives cosines; the words' vector may be longer or shorter than 1.
        length = float(np.linalg.norm(text)) if text is not None else 0.0
        number = [one.facts.get(self.sorted_by) if self.sorted_by else None for one in found]
        groups = [one.facts.get(GROUP) for one in found]
        return Pool(
            ids=tuple(one.id for one in found),
            looks=self.looks.length * np.array([one.photo or 0.0 for one in found], np.float64),
            title=length * np.array([one.title or 0.0 for one in found], np.float64),
            words=np.array([one.words for one in found], np.float64),
            passed=np.array([one.passed for one in found], bool).reshape(len(found), len(self.tests)),
            groups=tuple(group if isinstance(group, str) else None for group in groups),
            values=tuple(float(value) if isinstance(value, int | float) else None for value in number),
        )
