"""What a ranking would have earned on the searches of a log: clicks, weighed by what chance did there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snapshelf.errors import EvaluationError
from snapshelf.evaluation.off_policy import Estimate, Logged, doubly_robust, ips, naive, snips, trusted
from snapshelf.events import GRADES, Impression, Interaction
from snapshelf.ranking import InteractionHistories, Items, Ranker, candidates_of

_DEPTH = 10
"""First places that are looked at."""
_PRIOR = 5.0
"""Expected clicks that the mean appeal of the shop is worth."""


@dataclass(frozen=True)
class OffPolicyReport:
    """Estimates of clicks per place in the first ten, of the searches that a ranking did not answer itself.

    Parameters
    ----------
    searches, places : int
        What was looked at.
    swapped : int
        Places where chance put another product.
    agreed : float
        Share of the places where the ranking has the product that was shown there.
    estimates : mapping
        ``naive`` (what the log earned), ``ips``, ``snips`` and ``doubly_robust``.
    refused : str or None
        Why they are not to be trusted.
    """

    searches: int
    places: int
    swapped: int
    agreed: float
    estimates: Mapping[str, Estimate]
    refused: str | None

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return {
            "searches": self.searches,
            "places": self.places,
            "swapped": self.swapped,
            "agreed": round(self.agreed, 5),
            "estimates": {
                name: {key: round(value, 5) for key, value in asdict(found).items()}
                for name, found in self.estimates.items()
            },
            "trusted": self.refused is None,
            "refused": self.refused,
        }


def evaluate_off_policy(
    ranker: Ranker,
    items: Items,
    histories: InteractionHistories,
    shown: Iterable[Impression],
    interactions: Iterable[Interaction],
    *,
    since: float,
) -> OffPolicyReport:
    """Estimate what a ranking would have earned on searches of a log that another ranking answered.

    Each of the first ten places of a search is one decision: which of the products shown stands there. The reward
    is 1 for a click on what stood there, the propensity is the logged one, and the ranking chooses what it would
    have put there. What it expects of other products is told by clicks over expected clicks of earlier searches
    (Zhang & Jones, "Comparing click logs and editorial labels for training query rewriting", 2007).

    Parameters
    ----------
    ranker : Ranker
        Its counts should be of the time before `since`.
    items : Items
    histories : InteractionHistories
    shown : iterable of Impression
        First pages; those whose places two rankings shared are left out.
    interactions : iterable of Interaction
    since : float
        Unix seconds: what is estimated is of then and later, what is expected was learned before.

    Raises
    ------
    EvaluationError
        No later search shows two products that there still are.
    """
    searches = [one for one in shown if one.start == 0 and one.teams is None]
    clicked: dict[str, set[str]] = defaultdict(set)
    for interaction in interactions:
        if interaction.query_id is not None and interaction.kind in GRADES:
            clicked[interaction.query_id].add(interaction.product)
    appeal = _Appeal.of([one for one in searches if one.at < since], clicked)
    later = [one for one in searches if one.at >= since]
    rows = [
        row
        for one in later
        for row in _decisions(ranker, items, histories, one, clicked[one.query_id], appeal)
    ]
    if not rows:
        raise EvaluationError(
            "no later search shows two products that there still are, so nothing was decided"
        )
    table = np.array(rows)
    logged = Logged(*table.T)
    estimates = {"naive": naive(logged), "ips": ips(logged), "snips": snips(logged)}
    estimates["doubly_robust"] = doubly_robust(logged)
    refused = None
    try:
        trusted(estimates["ips"])
    except EvaluationError as error:
        refused = str(error)
    swapped = int((logged.propensities < 0.5).sum())
    return OffPolicyReport(len(later), len(table), swapped, float(logged.targets.mean()), estimates, refused)


def _decisions(
    ranker: Ranker,
    items: Items,
    histories: InteractionHistories,
    search: Impression,
    clicked: Collection[str],
    appeal: _Appeal,
) -> list[tuple[float, ...]]:
    """Reward, propensity, target, predicted and predicted target of each place; see `Logged`."""
    table, there = candidates_of(items, search)
    if len(there) < 2:
        return []
    ranking, shopper = ranker.rerank(table, histories.past(search.shopper, search.at), search.at)
    order = there[np.argsort(-(table.relevance + ranking + shopper), kind="stable")]
    chances = search.propensities or (1.0,) * len(search.products)
    decided: list[tuple[float, ...]] = []
    # What is gone left a gap: the ranking fills the places of what is there.
    for rank, (place, chosen) in enumerate(zip(there[:_DEPTH], order[:_DEPTH], strict=True)):
        stood, wanted = search.products[place], search.products[chosen]
        decided.append(
            (
                float(stood in clicked),
                chances[place],
                float(place == chosen),
                appeal.clicks(rank, stood),
                appeal.clicks(rank, wanted),
            )
        )
    return decided


@dataclass(frozen=True)
class _Appeal:
    """Clicks that a product earns at a rank: the rank's click rate, times the product's clicks over expected ones."""

    of_rank: NDArray[np.float64]
    of_product: Mapping[str, float]

    @classmethod
    def of(cls, searches: Sequence[Impression], clicked: Mapping[str, Collection[str]]) -> _Appeal:
        shown, clicks = np.zeros(_DEPTH), np.zeros(_DEPTH)
        for search in searches:
            taken = clicked.get(search.query_id, ())
            for rank, product in enumerate(search.products[:_DEPTH]):
                shown[rank] += 1
                clicks[rank] += product in taken
        of_rank = clicks / np.maximum(shown, 1)
        expected: dict[str, float] = defaultdict(float)
        earned: dict[str, float] = defaultdict(float)
        for search in searches:
            taken = clicked.get(search.query_id, ())
            for rank, product in enumerate(search.products[:_DEPTH]):
                expected[product] += of_rank[rank]
                earned[product] += product in taken
        appeal = {product: (earned[product] + _PRIOR) / (mass + _PRIOR) for product, mass in expected.items()}
        return cls(of_rank, appeal)

    def clicks(self, rank: int, product: str) -> float:
        return float(min(1.0, self.of_rank[rank] * self.of_product.get(product, 1.0)))
