"""Training data: impressions joined with the interactions that followed, divided by time."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snapshelf.events import GRADES, RELEVANCE_SIGNALS, Impression, Interaction
from snapshelf.ranking.history import InteractionHistories
from snapshelf.ranking.items import UNKNOWN, Items
from snapshelf.ranking.models import RankingExample
from snapshelf.ranking.ranker import CandidateTable
from snapshelf.ranking.statistics import ItemStatistics, count

_COUNTED_FIRST = 0.5
"""Share of the searches, the earliest, before which behaviour is only counted and not learned from."""


def candidates_of(items: Items, search: Impression) -> tuple[CandidateTable, NDArray[np.intp]]:
    """Return the candidates of a recorded search that are still in the catalogue, and their places, intp (n,)."""
    places = np.flatnonzero(items.rows(search.products) != UNKNOWN)
    table = CandidateTable(
        ids=search.products,
        relevance=np.array(search.relevance, np.float32),
        contributions={
            name: np.array(search.contributions[name], np.float32)
            for name in RELEVANCE_SIGNALS
            if name in search.contributions
        },
    )
    return table.take(places), places


def label_impressions(
    items: Items,
    histories: InteractionHistories,
    shown: Iterable[Impression],
    interactions: Iterable[Interaction],
) -> list[RankingExample]:
    """Join searches with the interactions that followed, ordered by time; searches without any are left out.

    Recommendations are left out too: they have no query.
    """
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    for interaction in interactions:
        if interaction.query_id is not None and interaction.kind in GRADES:
            of_query = grades[interaction.query_id]
            of_query[interaction.product] = max(
                of_query.get(interaction.product, 0), GRADES[interaction.kind]
            )
    examples = []
    for search in sorted(shown, key=lambda search: search.at):
        followed = grades.get(search.query_id)
        if not followed or search.recommended is not None:
            continue
        table, places = candidates_of(items, search)
        got = np.array([followed.get(product, 0) for product in table.ids], np.int32)
        if got.any():
            examples.append(
                RankingExample(
                    table,
                    histories.history(search.shopper, search.at),
                    got,
                    now=search.at,
                    positions=(places + search.start).astype(np.int32),
                )
            )
    return examples


@dataclass(frozen=True)
class TrainingSplit:
    """Statistics of the earlier half of the searches, examples of the later half, and of the last fifth.

    Parameters
    ----------
    statistics : ItemStatistics
        Counts of the time before `learn`.
    learn, test : list of RankingExample
        `test` is later than `learn`.
    histories : InteractionHistories
    test_from : float
        Unix seconds of the first search of `test`; infinite where there is none.
    """

    statistics: ItemStatistics
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
    statistics = count(items, histories, shown, until=start)
    examples = label_impressions(
        items, histories, [search for search in shown if search.at >= start], interactions
    )
    split = round(len(examples) * 0.6)
    test = examples[split:]
    return TrainingSplit(
        statistics, examples[:split], test, histories, (test[0].now or 0.0) if test else math.inf
    )
