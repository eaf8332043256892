"""What experiments on a shop's searches have shown so far."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from snapshelf.evaluation.experiment_statistics import Share, preference, share
from snapshelf.events import Impression, Interaction
from snapshelf.ranking import Interleaved

_OUTCOMES: Mapping[str, frozenset[str]] = {
    "click": frozenset({"click", "long_view", "cart", "purchase"}),
    "cart": frozenset({"cart", "purchase"}),
    "purchase": frozenset({"purchase"}),
}
"""What a search led to; what goes further counts as well."""


@dataclass(frozen=True)
class VariantReport:
    """What became of the searches of one variant.

    Parameters
    ----------
    searches, shoppers : int
        Each search once, by its first page.
    of_searches, of_shoppers : mapping
        ``click``, ``cart`` and ``purchase`` → share of the searches that led to it, and of the shoppers who came to it.
        Shoppers are what was divided, and one shopper's searches are alike: where the two differ, trust the second.
    """

    searches: int
    shoppers: int
    of_searches: Mapping[str, Share]
    of_shoppers: Mapping[str, Share]


@dataclass(frozen=True)
class ExperimentReport:
    """An experiment so far.

    Parameters
    ----------
    name : str
    variants : mapping
    preference : Share or None
        Where places were shared: how often a's products were preferred among the searches that preferred any; None
        where none did.
    """

    name: str
    variants: Mapping[str, VariantReport] = field(default_factory=dict)
    preference: Share | None = None

    @property
    def verdict(self) -> str:
        """What can be said by now, in a sentence."""
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
    return "no difference can be told yet"


def report_experiments(
    shown: Sequence[Impression], interactions: Iterable[Interaction]
) -> list[ExperimentReport]:
    """Join the searches of experiments with what followed them.

    Parameters
    ----------
    shown : sequence of Impression
    interactions : iterable of Interaction
        Those that name the search that they followed.

    Returns
    -------
    list of ExperimentReport
        By name.
    """
    followed: dict[str, list[Interaction]] = defaultdict(list)
    for interaction in interactions:
        if interaction.query_id is not None:
            followed[interaction.query_id].append(interaction)
    of: dict[str, list[Impression]] = defaultdict(list)
    for one in shown:
        if one.experiment is not None and one.variant is not None:
            of[one.experiment].append(one)
    return [_report(name, of[name], followed) for name in sorted(of)]


def _report(
    name: str, shown: Sequence[Impression], followed: Mapping[str, list[Interaction]]
) -> ExperimentReport:
    by_variant: dict[str, list[Impression]] = defaultdict(list)
    for one in shown:
        by_variant[str(one.variant)].append(one)
    preferred = [
        Interleaved(one.products, one.teams).credit([interaction.product for interaction in clicks])
        for one in shown
        if one.teams is not None and (clicks := _leading_to(followed.get(one.query_id, ()), "click"))
    ]
    return ExperimentReport(
        name,
        {variant: _variant(by_variant[variant], followed) for variant in sorted(by_variant)},
        preference(preferred) if any(preferred) else None,
    )


def _variant(shown: Sequence[Impression], followed: Mapping[str, list[Interaction]]) -> VariantReport:
    first = [one for one in shown if one.start == 0]
    shoppers = {one.shopper for one in shown}
    of_searches, of_shoppers = {}, {}
    for outcome in _OUTCOMES:
        led = [one for one in shown if _leading_to(followed.get(one.query_id, ()), outcome)]
        if first:
            of_searches[outcome] = share(sum(one.start == 0 for one in led), len(first))
        of_shoppers[outcome] = share(len({one.shopper for one in led}), len(shoppers))
    return VariantReport(len(first), len(shoppers), of_searches, of_shoppers)


def _leading_to(interactions: Iterable[Interaction], outcome: str) -> list[Interaction]:
    return [interaction for interaction in interactions if interaction.kind in _OUTCOMES[outcome]]
