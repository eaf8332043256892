"""Candidate generation: the best products of each retrieved signal, scored by all of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from snapshelf.index import Filter, Ids, ScoredCandidates, SearchIndex
from snapshelf.search.corpus import GROUP
from snapshelf.search.facets import joined
from snapshelf.search.plan import WINDOWS, SearchPlan
from snapshelf.search.score_table import ScoreTable
from snapshelf.search.signals import Numbers
from snapshelf.search.word_match import NO_RIGHTS


class Retrieved(NamedTuple):
    """New candidates, and whether no further product matches."""

    table: ScoreTable
    is_complete: bool


def retrieve(
    plan: SearchPlan,
    index: SearchIndex,
    phase: Filter | None = None,
    width: int = WINDOWS[0],
    *,
    number: int = 0,
    known: Collection[str] = (),
    also: Sequence[str] = (),
) -> Retrieved:
    """Retrieve a window of candidates: the best products of each signal.

    Parameters
    ----------
    plan : SearchPlan
    index : SearchIndex
    phase : Filter or None
        What they have to match beside `SearchPlan.within`.
    width : int
        How many products each signal brings.
    number : int
        Number of the window, from 0.
    known : collection of str
        Candidates of the windows before; they are left out.
    also : sequence of str
        Products that are candidates whatever the signals say, if they match.
    """
    candidates = _candidates(plan, index, width, joined(plan.within, phase), also)
    is_complete = len(candidates) < width
    if known:
        new = [row for row, id in enumerate(candidates.ids) if id not in known]
        candidates = candidates.take(np.array(new, np.int64))
    return Retrieved(_table(plan, candidates, number), is_complete)


def retrieve_product(plan: SearchPlan, index: SearchIndex, id: str) -> ScoreTable:
    """Retrieve a product, whether it matches or not; the table is empty if the index does not have it."""
    return retrieve_products(plan, index, [id])


def retrieve_products(
    plan: SearchPlan, index: SearchIndex, ids: Sequence[str], *, window: int = 0
) -> ScoreTable:
    """Retrieve products, whether they match or not; unknown products are left out."""
    return _table(plan, _candidates(plan, index, 1, Ids(tuple(ids)), also=ids), window)


def _candidates(
    plan: SearchPlan, index: SearchIndex, width: int, within: Filter | None, also: Sequence[str] = ()
) -> ScoredCandidates:
    text = plan.query.text if plan.has_words else None
    return index.retrieve(
        width,
        within,
        photo=None if plan.is_browsing else plan.query_vector.direction,
        # The words' vector is zero where all of it was moved away from; the index compares with a direction only.
        title=text if text is not None and text.any() else None,
        terms=plan.query.terms if plan.has_words else None,
        also=also,
        tests=plan.tests,
        words=plan.words.asked,
        fields=[GROUP],
    )


def _table(plan: SearchPlan, candidates: ScoredCandidates, window: int) -> ScoreTable:
    count = len(candidates)
    codes = plan.query.codes
    # The index gives cosines; the words' vector may be longer or shorter than 1.
    text_length = float(np.linalg.norm(plan.query.text)) if plan.query.text is not None else 0.0
    groups = [values.get(GROUP) for values in candidates.fields]
    return ScoreTable(
        ids=candidates.ids,
        window=np.full(count, window),
        visual=_scaled(candidates.photo, plan.query_vector.length, count),
        title=_scaled(candidates.text_title, text_length, count),
        bm25=candidates.lexical,
        tests=candidates.passed,
        words=candidates.words[:, : len(plan.words.words)],
        written=candidates.words[:, len(plan.words.words) :],
        codes=np.array([codes.get(id, 0) for id in candidates.ids], np.int64)
        if codes
        else np.zeros(count, np.int64),
        tier=np.full(count, NO_RIGHTS),
        groups=tuple(group if isinstance(group, str) else None for group in groups),
        exactness=np.zeros(count),
        probability=np.full(count, np.nan),
        reranked=np.zeros(count, bool),
        draft=np.zeros(count, np.int64),
    )


def _scaled(cosines: NDArray[np.float32] | None, length: float, count: int) -> Numbers:
    """Return cosines times the length of a query's vector; 0 where there is no cosine."""
    return np.zeros(count) if cosines is None else length * np.nan_to_num(cosines.astype(np.float64))
