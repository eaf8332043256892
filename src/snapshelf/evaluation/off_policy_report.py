"""Off-policy evaluation of a ranker on the searches of a log, with logged propensities."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snapshelf.errors import EvaluationError
from snapshelf.evaluation.off_policy import (
    Estimate,
    LoggedSamples,
    doubly_robust,
    ips,
    naive,
    require_trustworthy,
    snips,
)
from snapshelf.events import GRADES, Impression, Interaction
from snapshelf.ranking import InteractionHistories, Items, Ranker, candidates_of

_DEPTH = 10
"""Number of evaluated ranks."""
_PRIOR_CLICKS = 5.0
"""Weight of the prior (mean appeal) of a product, in expected clicks."""


@dataclass(frozen=True)
class OffPolicyReport:
    """Estimated clicks per place in the top ten of a ranker that did not answer the logged searches.

    Parameters
    ----------
    searches, places : int
        Number of evaluated searches and places.
    swapped : int
        Places where exploration put another product.
    agreed : float
        Share of the places where the ranker has the product that was shown there.
    estimates : mapping
        ``naive`` (mean of the log), ``ips``, ``snips`` and ``doubly_robust``.
    refused : str or None
        Why the estimates are not trustworthy; None if they are.
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
                name: {key: round(value, 5) for key, value in asdict(estimate).items()}
                for name, estimate in self.estimates.items()
            },
            "trusted": self.refused is None,
            "refused": self.refused,
        }


def evaluate_off_policy(
    ranker: Ranker,
    items: Items,
    histories: InteractionHistories,
    impressions: Iterable[Impression],
    interactions: Iterable[Interaction],
    *,
    since: float,
) -> OffPolicyReport:
    """Estimate the reward of a ranker on searches of a log that another ranker answered.

    Each of the first ten places of a search is a decision among the shown products. The reward is 1 for a click on the
    shown product, the propensity is the logged propensity, and the target is the ranker's choice for the place. The
    reward model is clicks over expected clicks of earlier searches (Zhang & Jones, "Comparing click logs and editorial
    labels for training query rewriting", 2007).

    Parameters
    ----------
    ranker : Ranker
        Its statistics should end before `since`.
    items : Items
    histories : InteractionHistories
    impressions : iterable of Impression
        First pages; interleaved searches are ignored.
    interactions : iterable of Interaction
    since : float
        Unix seconds. Searches from this time on are evaluated; the reward model is fitted on earlier searches.

    Raises
    ------
    EvaluationError
        No evaluated search shows two products that are still in the catalogue.
    """
    searches = [search for search in impressions if search.start == 0 and search.interleaving_teams is None]
    clicked: dict[str, set[str]] = defaultdict(set)
    for interaction in interactions:
        if interaction.query_id is not None and interaction.kind in GRADES:
            clicked[interaction.query_id].add(interaction.product)
    click_model = _ClickModel.of([search for search in searches if search.at < since], clicked)
    evaluated = [search for search in searches if search.at >= since]
    rows = [
        row
        for search in evaluated
        for row in _logged_samples(ranker, items, histories, search, clicked[search.query_id], click_model)
    ]
    if not rows:
        raise EvaluationError(
            "no search since then shows two products that are still in the catalogue; log more searches"
        )
    table = np.array(rows)
    logged = LoggedSamples(*table.T)
    estimates = {"naive": naive(logged), "ips": ips(logged), "snips": snips(logged)}
    estimates["doubly_robust"] = doubly_robust(logged)
    refused = None
    try:
        require_trustworthy(estimates["ips"])
    except EvaluationError as error:
        refused = str(error)
    swapped = int((logged.propensities < 0.5).sum())
    return OffPolicyReport(
        len(evaluated), len(table), swapped, float(logged.targets.mean()), estimates, refused
    )


def _logged_samples(
    ranker: Ranker,
    items: Items,
    histories: InteractionHistories,
    search: Impression,
    clicked: Collection[str],
    click_model: _ClickModel,
) -> list[tuple[float, ...]]:
    """Return reward, propensity, target, predicted reward and target's predicted reward of each place."""
    table, available = candidates_of(items, search)
    if len(available) < 2:
        return []
    ranking, shopper = ranker.rerank(table, histories.history(search.shopper, search.at), search.at)
    order = available[np.argsort(-(table.relevance + ranking + shopper), kind="stable")]
    propensities = search.propensities or (1.0,) * len(search.products)
    samples: list[tuple[float, ...]] = []
    # Removed products leave gaps: the ranker fills only the places of available products.
    for rank, (place, chosen) in enumerate(zip(available[:_DEPTH], order[:_DEPTH], strict=True)):
        shown_product, chosen_product = search.products[place], search.products[chosen]
        samples.append(
            (
                float(shown_product in clicked),
                propensities[place],
                float(place == chosen),
                click_model.clicks(rank, shown_product),
                click_model.clicks(rank, chosen_product),
            )
        )
    return samples


@dataclass(frozen=True)
class _ClickModel:
    """Click model: click rate of the rank × clicks of the product over its expected clicks."""

    click_rate_by_rank: NDArray[np.float64]
    appeal_by_product: Mapping[str, float]

    @classmethod
    def of(cls, searches: Sequence[Impression], clicked: Mapping[str, Collection[str]]) -> _ClickModel:
        impressions, clicks = np.zeros(_DEPTH), np.zeros(_DEPTH)
        for search in searches:
            clicked_products = clicked.get(search.query_id, ())
            for rank, product in enumerate(search.products[:_DEPTH]):
                impressions[rank] += 1
                clicks[rank] += product in clicked_products
        click_rate_by_rank = clicks / np.maximum(impressions, 1)
        expected: dict[str, float] = defaultdict(float)
        clicks_by_product: dict[str, float] = defaultdict(float)
        for search in searches:
            clicked_products = clicked.get(search.query_id, ())
            for rank, product in enumerate(search.products[:_DEPTH]):
                expected[product] += click_rate_by_rank[rank]
                clicks_by_product[product] += product in clicked_products
        click_model = {
            product: (clicks_by_product[product] + _PRIOR_CLICKS) / (mass + _PRIOR_CLICKS)
            for product, mass in expected.items()
        }
        return cls(click_rate_by_rank, click_model)

    def clicks(self, rank: int, product: str) -> float:
        return float(min(1.0, self.click_rate_by_rank[rank] * self.appeal_by_product.get(product, 1.0)))
