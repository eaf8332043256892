"""The contract of a ranker: candidates of a search go in, two columns of score differences come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from snapshelf.ranking.history import InteractionHistory

_Numbers = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class CandidateTable:
    """The candidates of a search, in any order.

    Parameters
    ----------
    ids : sequence of str
        Product ids, n of them.
    relevance : ndarray
        floating (n,): score of the search without ranking, shopper and rules; larger is better.
    contributions : mapping
        Signal → floating (n,): parts of `relevance`.
    probabilities : ndarray or None
        floating (n,): calibrated probability that each candidate is what the query asks for. None where `relevance`
        alone says what is irrelevant; cosines of photos lie too close together for that.
    """

    ids: Sequence[str]
    relevance: _Numbers
    contributions: Mapping[str, _Numbers] = field(default_factory=dict)
    probabilities: _Numbers | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, places: NDArray[np.intp]) -> Self:
        """Return the candidates at `places`, intp (m,), in that order."""
        return type(self)(
            ids=[self.ids[place] for place in places.tolist()],
            relevance=self.relevance[places],
            contributions={name: values[places] for name, values in self.contributions.items()},
            probabilities=None if self.probabilities is None else self.probabilities[places],
        )


class RankingColumns(NamedTuple):
    """What a ranker adds to the relevance of each candidate: ``score = relevance + ranking + shopper``.

    Parameters
    ----------
    ranking : ndarray
        float32 (n,), in the unit of the relevance: what the behaviour of all shoppers adds.
    shopper : ndarray
        float32 (n,), in the same unit: what the history of this shopper adds.
    """

    ranking: NDArray[np.float32]
    shopper: NDArray[np.float32]

    @classmethod
    def zeros(cls, count: int) -> Self:
        """Return columns that move nothing."""
        return cls(np.zeros(count, np.float32), np.zeros(count, np.float32))


class Ranker(Protocol):
    """Moves the candidates of a search.

    Every implementation keeps this contract: the columns are finite and as long as the table; without a history
    `RankingColumns.shopper` is 0; the order of the rows does not matter; a product that the ranker does not know gets
    0 in both columns; the same input gives the same columns.
    """

    def rerank(self, table: CandidateTable, history: InteractionHistory, now: float | None) -> RankingColumns:
        """Score the candidates of a search.

        Parameters
        ----------
        table : CandidateTable
        history : InteractionHistory
            Of the shopper; `InteractionHistory.none()` for an anonymous search, after an opt-out, and for a query that
            names a product.
        now : float or None
            Unix seconds of the request; None where time is unknown.
        """
        ...


class NoRanking:
    """Leaves the order of the search as it is."""

    def rerank(
        self,
        table: CandidateTable,
        history: InteractionHistory,  # noqa: ARG002
        now: float | None,  # noqa: ARG002
    ) -> RankingColumns:
        """Return zeros; see `Ranker.rerank`."""
        return RankingColumns.zeros(len(table))
