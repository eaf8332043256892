"""From what was shown and what happened to training requests: time-ordered, nothing known before it was."""

from __future__ import annotations

import bisect
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from snapshelf.events import CHANNELS, GRADES, MAX_HISTORY, WEIGHTS, Impression, Interaction
from snapshelf.ranking.counts import count_histories
from snapshelf.ranking.history import InteractionHistory
from snapshelf.ranking.items import UNKNOWN, Items
from snapshelf.ranking.models import RankingExample
from snapshelf.ranking.ranker import CandidateTable
from snapshelf.ranking.statistics import Floats, ItemStatistics

LONG, RECENT = 90.0, 7.0
"""Half-lives of the two popularities, in days."""
_PRIOR_SHOWN = 100.0
"""Impressions that the mean click rate of the shop is worth."""
_PRIOR_BOUGHT = 20.0
"""Purchases that the mean share of repeats of the shop is worth."""
_DAY = 86_400.0
_FUTURE = 300.0
"""Seconds by which a clock may be ahead."""
_COUNTED_FIRST = 0.5
"""Share of the searches, the earliest, before which behaviour is only counted and not learned from."""


class InteractionHistories:
    """What every shopper did, by time; answers what was known at a moment.

    Deeds may come in any order; those with a clock in the future are left out.
    """

    def __init__(self, items: Items, interactions: Iterable[Interaction], *, now: float) -> None:
        self._items = items
        self._of: dict[str, list[Interaction]] = defaultdict(list)
        for interaction in interactions:
            if interaction.at <= now + _FUTURE:
                self._of[interaction.shopper].append(interaction)
        for own in self._of.values():
            own.sort(key=lambda interaction: interaction.at)

    def past(self, shopper: str, at: float) -> InteractionHistory:
        """Return what was known of a shopper just before `at`; nobody's past for an unknown one."""
        own = self._of.get(shopper, [])
        stop = bisect.bisect_left(own, at, key=lambda interaction: interaction.at)
        latest = own[max(0, stop - MAX_HISTORY) : stop]
        return InteractionHistory.of(
            self._items.rows(interaction.product for interaction in latest),
            np.array([WEIGHTS[interaction.kind] for interaction in latest], np.float32),
            np.array([interaction.at for interaction in latest], np.float64),
        )

    def before(self, at: float) -> dict[str, list[Interaction]]:
        """Return what each shopper did before `at`, oldest first."""
        return {
            shopper: own[: bisect.bisect_left(own, at, key=lambda interaction: interaction.at)]
            for shopper, own in self._of.items()
        }


def count(
    items: Items, histories: InteractionHistories, shown: Iterable[Impression], *, until: float
) -> ItemStatistics:
    """Count everybody's behaviour before `until` (Unix seconds) into what the rankers know."""
    known = histories.before(until)
    liked = {
        shopper: [interaction for interaction in own if WEIGHTS[interaction.kind] > 0]
        for shopper, own in known.items()
    }
    faded = {half: np.zeros(len(items), np.float32) for half in (LONG, RECENT)}
    for own in liked.values():
        rows = items.rows(interaction.product for interaction in own)
        days = (until - np.array([interaction.at for interaction in own])) / _DAY
        for half, sums in faded.items():
            np.add.at(sums, rows[rows != UNKNOWN], (0.5 ** (days / half))[rows != UNKNOWN])
    impressions, clicks = _traffic(items, known, shown, until)
    signals = count_histories(
        items,
        (items.rows(interaction.product for interaction in own) for own in liked.values()),
        orders=(items.rows(order) for own in known.values() for order in orders(own).values()),
        popularity=faded[LONG],
        popularity_recent=faded[RECENT],
        click_rate=click_rates(impressions, clicks),
    )
    return replace(signals, impressions=impressions, clicks=clicks, repeats=_repeats(items, known))


def orders(own: Sequence[Interaction]) -> dict[int, list[str]]:
    """Return the baskets of a shopper by day since 1970: purchases of one day are one."""
    by_day: dict[int, list[str]] = defaultdict(list)
    for interaction in own:
        if interaction.kind == "purchase":
            by_day[int(interaction.at // _DAY)].append(interaction.product)
    return by_day


def _traffic(
    items: Items, known: Mapping[str, Sequence[Interaction]], shown: Iterable[Impression], until: float
) -> tuple[Floats, Floats]:
    """Count how often each item was shown, and how often it was clicked after it was shown."""
    impressions, clicks = np.zeros(len(items), np.float32), np.zeros(len(items), np.float32)
    for search in shown:
        if search.at < until:
            rows = items.rows(search.products)
            np.add.at(impressions, rows[rows != UNKNOWN], 1)
    for own in known.values():
        rows = items.rows(
            interaction.product for interaction in own if interaction.kind == "click" and interaction.query_id
        )
        np.add.at(clicks, rows[rows != UNKNOWN], 1)
    return impressions, clicks


def click_rates(impressions: Floats, clicks: Floats) -> Floats:
    """Return the clicks per impression of each item, pulled to the mean; NaN where nothing was shown yet."""
    if not impressions.any():
        return np.full(len(impressions), np.nan, np.float32)
    mean = clicks.sum() / impressions.sum()
    return np.asarray((clicks + _PRIOR_SHOWN * mean) / (impressions + _PRIOR_SHOWN), dtype=np.float32)


def _repeats(items: Items, known: Mapping[str, Sequence[Interaction]]) -> Floats:
    bought, again = np.zeros(len(items), np.float32), np.zeros(len(items), np.float32)
    for own in known.values():
        days = {
            (interaction.product, interaction.at // _DAY)
            for interaction in own
            if interaction.kind == "purchase"
        }
        times = Counter(product for product, _ in days)
        rows, taken = items.rows(times), np.array([*times.values()], np.float32)
        there = rows != UNKNOWN
        np.add.at(bought, rows[there], taken[there])
        np.add.at(again, rows[there], taken[there] - 1)
    return repeat_shares(items, bought, again)


def repeat_shares(items: Items, bought: Floats, again: Floats) -> Floats:
    """Return the share of the purchases of each item's category that came again on a later day.

    Pulled to the shop's mean by as much as `_PRIOR_BOUGHT` purchases would say.

    Parameters
    ----------
    items : Items
    bought, again : ndarray
        float32 (n,): on how many days each item was bought by its buyers, and on how many of these once more.
    """
    size = int(items.category.max(initial=-1)) + 2  # the last is for items without a category
    of_category, of_again = (
        np.bincount(items.category % size, weights=sums, minlength=size) for sums in (bought, again)
    )
    mean = again.sum() / max(bought.sum(), 1.0)
    share = (of_again + _PRIOR_BOUGHT * mean) / (of_category + _PRIOR_BOUGHT)
    return np.asarray(share[items.category], dtype=np.float32)


def candidates_of(items: Items, search: Impression) -> tuple[CandidateTable, NDArray[np.intp]]:
    """Return the candidates of a recorded search that are still in the catalogue, and their places, intp (n,)."""
    places = np.flatnonzero(items.rows(search.products) != UNKNOWN)
    table = CandidateTable(
        ids=search.products,
        relevance=np.array(search.relevance, np.float32),
        contributions={
            name: np.array(search.channels[name], np.float32) for name in CHANNELS if name in search.channels
        },
    )
    return table.take(places), places


def label_impressions(
    items: Items,
    histories: InteractionHistories,
    shown: Iterable[Impression],
    interactions: Iterable[Interaction],
) -> list[RankingExample]:
    """Join searches with what followed them, in the order of time; a search without a follower is left out.

    Recommendations are left out too: nobody asked for anything there.
    """
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    for interaction in interactions:
        if interaction.query_id is not None and interaction.kind in GRADES:
            of_query = grades[interaction.query_id]
            of_query[interaction.product] = max(
                of_query.get(interaction.product, 0), GRADES[interaction.kind]
            )
    judged = []
    for search in sorted(shown, key=lambda search: search.at):
        followed = grades.get(search.query_id)
        if not followed or search.recommended is not None:
            continue
        table, places = candidates_of(items, search)
        got = np.array([followed.get(product, 0) for product in table.ids], np.int32)
        if got.any():
            judged.append(
                RankingExample(
                    table,
                    histories.past(search.shopper, search.at),
                    got,
                    now=search.at,
                    positions=(places + search.start).astype(np.int32),
                )
            )
    return judged


@dataclass(frozen=True)
class TrainingSplit:
    """What there is to learn from: counts of the earlier half, judged searches of the later, and of the last fifth.

    Parameters
    ----------
    signals : ItemStatistics
        Counts of the time before `learn`.
    learn, test : list of RankingExample
        `test` is later than `learn`.
    histories : InteractionHistories
    test_from : float
        Unix seconds of the first search of `test`; infinite where there is none.
    """

    signals: ItemStatistics
    learn: list[RankingExample]
    test: list[RankingExample]
    histories: InteractionHistories
    test_from: float


def training_split(
    items: Items, shown: Sequence[Impression], interactions: Sequence[Interaction], *, now: float
) -> TrainingSplit:
    """Divide a journal by time: count the earlier half of the searches, learn from the next, test on the last fifth."""
    histories = InteractionHistories(items, interactions, now=now)
    times = sorted(search.at for search in shown)
    start = times[int(len(times) * _COUNTED_FIRST)] if times else now
    signals = count(items, histories, shown, until=start)
    judged = label_impressions(
        items, histories, [search for search in shown if search.at >= start], interactions
    )
    split = round(len(judged) * 0.6)
    test = judged[split:]
    return TrainingSplit(signals, judged[:split], test, histories, (test[0].now or 0.0) if test else math.inf)
