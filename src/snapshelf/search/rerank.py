"""The ranking of one search: which model moves the candidates, for whom, and what is left to chance."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from snapshelf.events import Team
from snapshelf.ranking import CandidateTable, InteractionHistory, NoRanking, Ranker, team_draft
from snapshelf.search.relevance import Calibration

RERANKED = 200
"""Best candidates that a ranking moves; what comes after them stays in the order of the search."""

EXPLORED = 10
"""First places within which a pair may change its order by chance."""

PROPENSITY_FLOOR = 0.01
"""Least probability that is told of a place, so that nothing learned from it weighs more than a hundred others."""

Numbers = NDArray[np.float64]


class ScoreDeltas(NamedTuple):
    """What a ranking adds to the scores of candidates, float64 (n,) each."""

    ranking: Numbers
    shopper: Numbers


@dataclass(frozen=True, slots=True)
class Ranking:
    """What puts the best candidates into the order of the shop and of the shopper.

    Parameters
    ----------
    ranker : Ranker
        `NoRanking` leaves the order of the search.
    past : InteractionHistory
        Of the shopper, by the rows of the ranker's items.
    at : float
        Unix seconds of the request, or of the request for the first page.
    seed : str
        Decides what is left to chance: the same one gives the same places.
    challenger : Ranker
        A second ranking, whose best products share the places with those of the first.
    interleaved : bool
        Whether the places are shared.
    explore : float
        Share of the requests in which a pair of neighbours may change its order.
    calibration : Calibration or None
        Says how likely candidates are what a photo asks for, so that what is far from it is not moved to the front.
    """

    ranker: Ranker
    past: InteractionHistory
    at: float
    seed: str
    challenger: Ranker = field(default_factory=NoRanking)
    interleaved: bool = False
    explore: float = 0.0
    calibration: Calibration | None = None

    @property
    def moves_any(self) -> bool:
        """Whether there is a model that moves candidates."""
        return not isinstance(self.ranker, NoRanking) or (
            self.interleaved and not isinstance(self.challenger, NoRanking)
        )


def moves(
    ranker: Ranker,
    ranking: Ranking,
    ids: Sequence[str],
    relevance: Numbers,
    channels: Mapping[str, Numbers],
    chances: Numbers | None,
    *,
    personal: bool,
) -> ScoreDeltas:
    """Say what a ranker adds to candidates.

    Parameters
    ----------
    ranker : Ranker
    ranking : Ranking
    ids : sequence of str
    relevance : ndarray
        What the search says of each, rules aside.
    channels : mapping
        The parts of it.
    chances : ndarray or None
        Probability that each is what was asked for, where it is known.
    personal : bool
        Whether the shopper counts.
    """
    table = CandidateTable(ids, relevance, channels, chances)
    columns = ranker.rerank(table, ranking.past if personal else InteractionHistory.none(), ranking.at)
    return ScoreDeltas(columns.ranking.astype(np.float64), columns.shopper.astype(np.float64))


class InterleavedOrder(NamedTuple):
    """Candidates of two rankings in one order, and whose choice each is; None for what both begin with."""

    ids: list[str]
    teams: Mapping[str, Team | None]


def shared(a: Sequence[str], b: Sequence[str], seed: str) -> InterleavedOrder:
    """Put two orders of the same candidates together; see `team_draft`."""
    drafted = team_draft(a, b, len(a), seed=seed)
    return InterleavedOrder(list(drafted.products), dict(zip(drafted.products, drafted.teams, strict=True)))


class Swap(NamedTuple):
    """The pair of neighbours that chance looked at: the place of the first, from 0, and whether they were exchanged."""

    place: int | None
    exchanged: bool


def drawn_swap(places: Sequence[str], fixed: Collection[str], ranking: Ranking) -> Swap:
    """Draw the pair that may change its order, if any; the same for the same seed and places."""
    pairs = _pairs(places, fixed)
    if not pairs or _chance(ranking.seed, "explore") >= ranking.explore:
        return Swap(None, False)
    place = pairs[int(_chance(ranking.seed, "pair") * len(pairs))]
    return Swap(place, _chance(ranking.seed, "swap") < 0.5)


def propensities(places: Sequence[str], fixed: Collection[str], ranking: Ranking, swap: Swap) -> list[float]:
    """Return the probability with which each product is where it is, before anything was drawn.

    Each of the m pairs is drawn with the share of explored requests over m, and exchanged in half of the cases. So a
    product is moved to its neighbour's place with probability share / 2m; see `PROPENSITY_FLOOR`.

    Parameters
    ----------
    places : sequence of str
        As shown.
    fixed : collection of str
        Products that chance may not move.
    ranking : Ranking
    swap : Swap
        What `drawn_swap` answered for these places before the exchange.
    """
    pairs = _pairs(places, fixed)
    each = ranking.explore / 2 / len(pairs) if pairs else 0.0
    stays = [1.0 - each * ((place in pairs) + (place - 1 in pairs)) for place in range(len(places))]
    if swap.exchanged and swap.place is not None:
        for place in (swap.place, swap.place + 1):
            stays[place] = each
    return [max(PROPENSITY_FLOOR, chance) for chance in stays]


def _pairs(places: Sequence[str], fixed: Collection[str]) -> list[int]:
    """First places, from 0, of the neighbours that may change their order."""
    head = places[:EXPLORED]
    return [
        place
        for place, (first, second) in enumerate(pairwise(head))
        if first not in fixed and second not in fixed
    ]


def _chance(seed: str, of: str) -> float:
    told = hashlib.sha256(f"{of}\0{seed}".encode()).digest()
    return int.from_bytes(told[:7], "big") / 2**56
