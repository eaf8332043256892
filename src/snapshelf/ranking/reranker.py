"""The last step of a search: candidates in the order for this shopper, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from snapshelf.ranking.features import Floats, ItemStatistics, RankRequest
from snapshelf.ranking.history import InteractionHistory
from snapshelf.ranking.models import Ranker

_KEPT_IN_FRONT = 10
_FLOOR = 0.7
"""Share of rank 10's relevance that a candidate needs to be lifted into the top 10."""
_FIRST = 0.8
"""Share of the best candidate's probability that another one needs to be lifted above it."""


@dataclass(frozen=True)
class Reranked:
    """Scores that are sums: ``score = relevance + ranking + shopper``.

    Parameters
    ----------
    scores : ndarray
        float32 (n,), larger is better, in the unit of the request's relevance.
    ranking : ndarray
        float32 (n,): what everybody's behaviour adds to the relevance.
    shopper : ndarray
        float32 (n,): what this shopper's past adds; zeros without one.
    """

    scores: Floats
    ranking: Floats
    shopper: Floats


@dataclass(frozen=True)
class Reranker:
    """A ranker with what it needs to know.

    Parameters
    ----------
    signals : ItemStatistics
    ranker : Ranker
        A `RankingModel`, or the `FixedFormula` while there is none.
    """

    signals: ItemStatistics
    ranker: Ranker

    def rerank(self, request: RankRequest, *, personal: bool = True) -> Reranked:
        """Score the candidates of a request.

        Parameters
        ----------
        request : RankRequest
        personal : bool
            False leaves the shopper out: opted out, an exact model number, a photo of the very product.

        Notes
        -----
        A candidate whose relevance is below 70 % of rank 10's, or below 0, stays behind the ten best of the others: a
        taste does not answer another question than the one that was asked. Where none is above 0, nothing is held
        back. Where probabilities are known, they are what is compared, and one below 80 % of the best candidate's stays
        behind the best of the others: the photographed product is not lost among what the shopper likes.
        """
        if not len(request.candidates):
            nothing = np.zeros(0, np.float32)
            return Reranked(nothing, nothing, nothing)
        if not personal:
            request = replace(request, past=InteractionHistory.none())
        impersonal, shopper = self.ranker.parts(self.signals.features(request))
        relevance = request.relevance
        unit = np.float32(relevance.std() or 1.0)
        shopper = unit * shopper
        ranking = unit * impersonal + relevance.mean() - relevance
        scores = relevance + ranking + shopper
        if request.chances is None:
            held = _held_back(relevance, scores, _KEPT_IN_FRONT, _FLOOR)
        else:
            held = _held_back(request.chances, scores, _KEPT_IN_FRONT, _FLOOR)
            held = held + _held_back(request.chances, scores + held, 1, _FIRST)
        return Reranked(scores + held, ranking + held, shopper)


def _held_back(relevance: Floats, scores: Floats, places: int, share: float) -> Floats:
    """What is taken from the scores of candidates that are not relevant enough for the first places."""
    nothing = np.zeros_like(scores)
    if len(relevance) <= places:
        return nothing
    last_relevant = float(np.partition(relevance, -places)[-places])
    far = relevance < share * max(last_relevant, 0.0)
    near = scores[~far]
    if not len(near):
        return nothing
    # Fewer than that many are near where rank 10 is below 0; the others stay behind all of them.
    places = min(places, len(near))
    last = float(np.partition(near, -places)[-places])
    # Kept in their order, below the last of the first places.
    surplus = float(np.max(scores[far], initial=-np.inf)) - last
    return np.where(far, -surplus - 1e-3, 0).astype(np.float32) if surplus > 0 else nothing
