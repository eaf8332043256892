"""The ranker of a shelf: features, a scoring model, and floors that hold irrelevant candidates back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snapshelf.ranking.features import compute_features
from snapshelf.ranking.history import InteractionHistory
from snapshelf.ranking.items import UNKNOWN
from snapshelf.ranking.models import ScoringModel
from snapshelf.ranking.ranker import CandidateTable, RankingColumns
from snapshelf.ranking.statistics import Floats, ItemStatistics

_HEAD = 10
"""First places that only sufficiently relevant candidates can reach."""
_HEAD_FLOOR = 0.7
"""Share of the relevance at rank 10 that a candidate needs to be lifted into the first 10 places."""
_TOP_FLOOR = 0.8
"""Share of the best candidate's probability that a candidate needs to be lifted above it."""


@dataclass(frozen=True)
class ModelRanker:
    """Ranks with a scoring model; see `Ranker` for the contract.

    Parameters
    ----------
    statistics : ItemStatistics
    model : ScoringModel
        A `RankingModel`, or the `FixedFormula` before a model was trained.

    Notes
    -----
    A candidate whose relevance is below 70 % of the relevance at rank 10, or below 0, stays behind the ten best of the
    others: taste does not answer another question than the query asks. Where no relevance is above 0, nothing is held
    back. Where probabilities are known, they are compared instead, and a candidate below 80 % of the best probability
    also stays behind the best of the others: a photographed product is not lost among what the shopper likes.
    """

    statistics: ItemStatistics
    model: ScoringModel

    def rerank(self, table: CandidateTable, history: InteractionHistory, now: float | None) -> RankingColumns:
        """Score the candidates of a search; see `Ranker.rerank`."""
        columns = RankingColumns.zeros(len(table))
        known = np.flatnonzero(self.statistics.items.rows(table.ids) != UNKNOWN)
        if len(known):
            ranking, shopper = self._score(table.take(known), history, now)
            columns.ranking[known], columns.shopper[known] = ranking, shopper
        return columns

    def _score(
        self, table: CandidateTable, history: InteractionHistory, now: float | None
    ) -> tuple[Floats, Floats]:
        impersonal, shopper = self.model.score(compute_features(self.statistics, table, history, now))
        # Model scores are in standard deviations; the search adds in the unit of its relevance.
        relevance = np.asarray(table.relevance, np.float32)
        unit = np.float32(relevance.std() or 1.0)
        shopper = unit * shopper
        ranking = unit * impersonal + relevance.mean() - relevance
        scores = relevance + ranking + shopper
        if table.probabilities is None:
            penalty = _floor(relevance, scores, _HEAD, _HEAD_FLOOR)
        else:
            probabilities = np.asarray(table.probabilities, np.float32)
            penalty = _floor(probabilities, scores, _HEAD, _HEAD_FLOOR)
            penalty = penalty + _floor(probabilities, scores + penalty, 1, _TOP_FLOOR)
        return ranking + penalty, shopper


def _floor(relevance: Floats, scores: Floats, places: int, share: float) -> Floats:
    """Return penalties ≤ 0, float32 (n,), that keep irrelevant candidates behind the first `places` of the others."""
    zeros = np.zeros_like(scores)
    if len(relevance) <= places:
        return zeros
    last_relevant = float(np.partition(relevance, -places)[-places])
    irrelevant = relevance < share * max(last_relevant, 0.0)
    relevant_scores = scores[~irrelevant]
    if not len(relevant_scores):
        return zeros
    # Where rank 10 is below 0, fewer than `places` candidates are relevant; the others stay behind all of them.
    places = min(places, len(relevant_scores))
    last = float(np.partition(relevant_scores, -places)[-places])
    surplus = float(np.max(scores[irrelevant], initial=-np.inf)) - last
    # The same penalty for all keeps the irrelevant candidates in their own order.
    return np.where(irrelevant, -surplus - 1e-3, 0).astype(np.float32) if surplus > 0 else zeros
