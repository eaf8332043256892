"""Reports of experiments on a shop's searches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from snapshelf.evaluation.experiment_statistics import Proportion, preference, proportion
from snapshelf.events import Impression, Interaction
from snapshelf.ranking import Interleaved

_OUTCOMES: Mapping[str, frozenset[str]] = {
    "click": frozenset({"click", "long_view", "cart", "purchase"}),
    "cart": frozenset({"cart", "purchase"}),
    "purchase": frozenset({"purchase"}),
}
"""Outcome of a search → kinds of interactions that count; stronger interactions count too."""


@dataclass(frozen=True)
class VariantReport:
    """Outcomes of the searches of a variant.

    Parameters
    ----------
    searches, shoppers : int
        Each search counts once, by its first page.
    of_searches, of_shoppers : mapping
        ``click``, ``cart`` and ``purchase`` → proportion of searches and of shoppers with this outcome. Shoppers are
        the unit of randomisation and the searches of a shopper are correlated, so trust `of_shoppers` if they differ.
    """

    searches: int
    shoppers: int
    of_searches: Mapping[str, Proportion]
    of_shoppers: Mapping[str, Proportion]


@dataclass(frozen=True)
class ExperimentReport:
    """The current results of an experiment.

    Parameters
    ----------
    name : str
    variants : mapping
    preference : Proportion or None
        For interleaving: proportion of wins of a among the searches with a preference; None without any.
    """

    name: str
    variants: Mapping[str, VariantReport] = field(default_factory=dict)
    preference: Proportion | None = None

    @property
    def verdict(self) -> str:
        """The current conclusion, in a sentence."""
        if self.preference is not None:
            return _verdict(self.preference.low > 0.5, self.preference.high < 0.5)
        if not {"a", "b"} <= self.variants.keys():
            return "nothing to compare yet"
        a, b = (self.variants[name].of_shoppers["click"] for name in ("a", "b"))
        return _verdict(a.low > b.high, b.low > a.high)

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return {**asdict(self), "verdict": self.verdict}


def _verdict(a_wins: bool, b_wins: bool) -> str:
    if a_wins or b_wins:
        return f"{'a' if a_wins else 'b'} is better"
    return "no significant difference yet"


def report_experiments(
    impressions: Sequence[Impression], interactions: Iterable[Interaction]
) -> list[ExperimentReport]:
    """Join the searches of experiments with the interactions that followed.

    Parameters
    ----------
    impressions : sequence of Impression
    interactions : iterable of Interaction
        Interactions with a `query_id`; others are ignored.

    Returns
    -------
    list of ExperimentReport
        Reports in the order of their names.
    """
    interactions_by_query: dict[str, list[Interaction]] = defaultdict(list)
    for interaction in interactions:
        if interaction.query_id is not None:
            interactions_by_query[interaction.query_id].append(interaction)
    by_experiment: dict[str, list[Impression]] = defaultdict(list)
    for impression in impressions:
        if impression.experiment is not None and impression.variant is not None:
            by_experiment[impression.experiment].append(impression)
    return [_report(name, by_experiment[name], interactions_by_query) for name in sorted(by_experiment)]


def _report(
    name: str, impressions: Sequence[Impression], interactions_by_query: Mapping[str, list[Interaction]]
) -> ExperimentReport:
    by_variant: dict[str, list[Impression]] = defaultdict(list)
    for impression in impressions:
        by_variant[str(impression.variant)].append(impression)
    search_credits = [
        Interleaved(impression.products, impression.interleaving_teams).credit(
            [interaction.product for interaction in clicks]
        )
        for impression in impressions
        if impression.interleaving_teams is not None
        and (clicks := _interactions_for(interactions_by_query.get(impression.query_id, ()), "click"))
    ]
    return ExperimentReport(
        name,
        {variant: _variant(by_variant[variant], interactions_by_query) for variant in sorted(by_variant)},
        preference(search_credits) if any(search_credits) else None,
    )


def _variant(
    impressions: Sequence[Impression], interactions_by_query: Mapping[str, list[Interaction]]
) -> VariantReport:
    first_pages = [impression for impression in impressions if impression.start == 0]
    shoppers = {impression.shopper for impression in impressions}
    of_searches, of_shoppers = {}, {}
    for outcome in _OUTCOMES:
        converted = [
            impression
            for impression in impressions
            if _interactions_for(interactions_by_query.get(impression.query_id, ()), outcome)
        ]
        if first_pages:
            of_searches[outcome] = proportion(
                sum(impression.start == 0 for impression in converted), len(first_pages)
            )
        of_shoppers[outcome] = proportion(
            len({impression.shopper for impression in converted}), len(shoppers)
        )
    return VariantReport(len(first_pages), len(shoppers), of_searches, of_shoppers)


def _interactions_for(interactions: Iterable[Interaction], outcome: str) -> list[Interaction]:
    return [interaction for interaction in interactions if interaction.kind in _OUTCOMES[outcome]]
