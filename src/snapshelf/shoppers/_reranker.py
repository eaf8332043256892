"""The last step of a search: candidates in the order for this shopper, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from snapshelf.shoppers._features import Floats, Past, RankRequest, Signals
from snapshelf.shoppers._ranker import Ranker

_KEPT_IN_FRONT = 10
_FLOOR = 0.7
"""Share of rank 10's relevance that a candidate needs to be lifted into the top 10."""


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
    signals : Signals
    ranker : Ranker
        A `RankingModel`, or the `FixedFormula` while there is none.
    """

    signals: Signals
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
        A candidate whose relevance is below 70 % of rank 10's stays behind the ten best of the others: a taste
        does not answer another question than the one that was asked.
        """
        if not len(request.candidates):
            nothing = np.zeros(0, np.float32)
            return Reranked(nothing, nothing, nothing)
        if not personal:
            request = replace(request, past=Past.none())
        impersonal, shopper = self.ranker.parts(self.signals.features(request))
        relevance = request.relevance
        unit = np.float32(relevance.std() or 1.0)
        shopper = unit * shopper
        ranking = unit * impersonal + relevance.mean() - relevance
        scores = relevance + ranking + shopper
        held = self._held_back(relevance, scores)
        return Reranked(scores + held, ranking + held, shopper)

    @staticmethod
    def _held_back(relevance: Floats, scores: Floats) -> Floats:
        """What is taken from the scores of candidates that are not relevant enough to lead."""
        if len(relevance) <= _KEPT_IN_FRONT:
            return np.zeros_like(scores)
        tenth = np.partition(relevance, -_KEPT_IN_FRONT)[-_KEPT_IN_FRONT]
        far = relevance < _FLOOR * tenth
        last = np.partition(scores[~far], -_KEPT_IN_FRONT)[-_KEPT_IN_FRONT]
        # Kept in their order, below the tenth.
        surplus = float(np.max(scores[far], initial=-np.inf)) - float(last)
        return (
            np.where(far, -max(surplus, 0.0) - 1e-3, 0).astype(np.float32)
            if surplus > 0
            else np.zeros_like(scores)
        )
