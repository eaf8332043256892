"""The result set: the products that belong to the answer of a query, as the calibrated probability decides."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from snapshelf.index import Filter, Ids, Or
from snapshelf.search.corpus import Corpus
from snapshelf.search.exact_match import SAME
from snapshelf.search.plan import SearchPlan
from snapshelf.search.relevance import JUDGED, Calibration, evidence_of
from snapshelf.search.score_table import Rows, ScoreTable
from snapshelf.search.signals import Numbers
from snapshelf.search.sort import by_score
from snapshelf.search.word_match import ALL_WORDS

_JUDGED_WITH_PHOTO = 200
"""Best candidates of a photo with words that are judged: their photos' vectors have to be read."""

_MOST = 0.5
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Assessment:
    """What the probabilities say of the candidates of a query.

    Parameters
    ----------
    accepted : ndarray or None
        bool (n,): candidates that belong to the result; None where all do.
    best : ndarray or None
        float64 (s,): the best signals among the first candidates, for later candidates; None where nothing is known.
    cut_off : float or None
        Least probability of a good match.
    has_good_match : bool
    enough : Filter or None
        Products that belong to the result for their words, candidates or not.
    """

    accepted: NDArray[np.bool_] | None = None
    best: Numbers | None = None
    cut_off: float | None = None
    has_good_match: bool = True
    enough: Filter | None = None


def judge(
    table: ScoreTable,
    plan: SearchPlan,
    corpus: Corpus,
    calibration: Calibration | None,
    best: Numbers | None = None,
) -> tuple[ScoreTable, Assessment]:
    """Judge scored candidates: which belong to the result, and whether any is a good match.

    A query of words is answered by the products that have enough of its words, all over the shop, and by the
    candidates whose photo or title means the same. A photo is answered by the candidates that are like it.

    Parameters
    ----------
    table : ScoreTable
    plan : SearchPlan
    corpus : Corpus
    calibration : Calibration or None
        Nothing is judged without one.
    best : ndarray or None
        See `Assessment`; for candidates that come after others.

    Returns
    -------
    table : ScoreTable
        With probabilities.
    assessment : Assessment
    """
    kind = plan.query.kind
    if calibration is None or kind not in calibration.curves or not plan.is_judged:
        return table, Assessment()
    cut_off = calibration.cut_off(kind)
    if kind == "words" and not plan.words.is_known.any():
        cut_off = calibration.unknown_cut_off(kind)
    rows = by_score(table)
    if kind == "both":
        rows = rows[:_JUDGED_WITH_PHOTO]
    accepted = np.zeros(len(table), np.bool_)
    if not len(rows):
        return table, Assessment(accepted, best, cut_off, has_good_match=False)
    table = with_probabilities(table, rows, plan, corpus, calibration, best)
    if best is None:
        best = calibration.best_signals(evidence_of(table, rows[:JUDGED], plan, corpus))
    probability = table.probability[rows]
    certain = (table.codes[rows] > 0) | (table.exactness[rows] == SAME)
    if plan.words.all_known:
        certain |= table.tier[rows] <= ALL_WORDS
        if kind == "words" and not certain.any():
            certain |= plan.words.has_all(table.words[rows])  # descriptions speak, where no name does
    least = plan.min_relevance if plan.min_relevance is not None else calibration.member(kind)
    if plan.query.nearest is not None:
        # What the photos of other kinds look like says nothing of a kind that the shop does not have.
        probability = np.where(certain, probability, 0.0)
    good = bool(certain.any() or (probability >= cut_off).any())
    if plan.min_relevance == 0:
        return table, Assessment(None, best, cut_off, good)
    if good or plan.min_relevance is not None:
        accepted[rows] = certain | (probability >= least)
    enough = None
    if kind == "words" and accepted.any():
        coverage = plan.words.coverage(table.words)
        level = _enough_coverage(coverage[rows], accepted[rows])
        if level is not None:
            enough = plan.words.covering(level - _ROUNDING)
            accepted |= coverage >= level - _ROUNDING
    accepted |= plan.is_kept(table.tests)
    return table, Assessment(accepted, best, cut_off, good, enough)


def with_probabilities(
    table: ScoreTable,
    rows: Rows,
    plan: SearchPlan,
    corpus: Corpus,
    calibration: Calibration,
    best: Numbers | None = None,
) -> ScoreTable:
    """Fill `ScoreTable.probability` for some candidates; `best` is needed where they do not begin with the first."""
    relevance = calibration.relevance(evidence_of(table, rows, plan, corpus), best)
    probability = table.probability.copy()
    probability[rows] = np.nan if relevance is None else relevance
    return replace(table, probability=probability)


def members(table: ScoreTable, assessment: Assessment, plan: SearchPlan) -> Filter | None:
    """Return the filter of the result set; None where every product belongs to it."""
    if assessment.accepted is None:
        return None
    parts = [part for part in (assessment.enough, plan.kept) if part is not None]
    accepted = {table.ids[row] for row in np.flatnonzero(assessment.accepted).tolist()}
    return Or((*parts, Ids(tuple(sorted(accepted | set(plan.pins))))))


def _enough_coverage(coverage: Numbers, accepted: NDArray[np.bool_]) -> float | None:
    """Return the least coverage from which most candidates of every coverage are accepted; None if there is none."""
    enough = None
    levels = np.round(coverage, 6)
    for level in np.unique(levels[levels > 0])[::-1]:
        if accepted[levels == level].mean() < _MOST:
            break
        enough = float(level)
    return enough
