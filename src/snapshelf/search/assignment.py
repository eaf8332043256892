"""The assignment of a search: which ranker orders it, for whom, and what is left to chance."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from snapshelf.ranking import InteractionHistory, NoRanking, Ranker
from snapshelf.search.paging import FirstPage


@dataclass(frozen=True, slots=True)
class RankingAssignment:
    """How a search is ordered beyond its plan.

    Parameters
    ----------
    first : FirstPage
        This search, or the search that it is a later page of. Its query id decides what is left to chance, and its
        moment is the ranker's now.
    ranker : Ranker
        `NoRanking` leaves the order of the search.
    history : InteractionHistory
        Of the shopper.
    challenger : Ranker or None
        A second ranker whose best products share the places with those of the first; None where places are not shared.
    explore : float
        Share of the requests in which a pair of neighbours may change its order.
    experiment, variant : str or None
        The experiment that the search takes part in.
    """

    first: FirstPage
    ranker: Ranker = field(default_factory=NoRanking)
    history: InteractionHistory = field(default_factory=InteractionHistory.none)
    challenger: Ranker | None = None
    explore: float = 0.0
    experiment: str | None = None
    variant: str | None = None

    @property
    def reranks(self) -> bool:
        """Whether a ranker moves candidates."""
        rankers = (self.ranker, self.challenger)
        return any(ranker is not None and not isinstance(ranker, NoRanking) for ranker in rankers)

    @property
    def is_particular(self) -> bool:
        """Whether the order of this search may differ from that of the same query asked again."""
        return self.reranks or self.explore > 0 or self.experiment is not None

    @property
    def settled(self) -> RankingAssignment:
        """The same without exploration, to explain where a product usually is."""
        return replace(self, explore=0.0)
