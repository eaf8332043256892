"""Interaction histories of shoppers as rankers read them: rows of items, weights and times."""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snapshelf.events import MAX_HISTORY, WEIGHTS, Interaction, Profile
from snapshelf.ranking.items import UNKNOWN, Items

_FUTURE = 300.0
"""Seconds by which a clock may be ahead."""


@dataclass(frozen=True)
class InteractionHistory:
    """The latest interactions of a shopper, oldest first.

    Parameters
    ----------
    rows : ndarray
        intp (m,): rows of the items.
    weights : ndarray
        float32 (m,): click 1, cart 4, purchase 8 …; below 0 for a skip, a removal or a return.
    times : ndarray
        float64 (m,): Unix seconds, NaN where unknown.
    """

    rows: NDArray[np.intp]
    weights: NDArray[np.float32]
    times: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        rows: NDArray[np.intp],
        weights: NDArray[np.float32] | None = None,
        times: NDArray[np.float64] | None = None,
    ) -> InteractionHistory:
        """Take the latest events; items that are no longer in the catalogue are left out."""
        known = np.flatnonzero(rows != UNKNOWN)[-MAX_HISTORY:]
        return cls(
            rows=rows[known],
            weights=np.ones(len(known), np.float32) if weights is None else weights[known],
            times=np.full(len(known), np.nan) if times is None else times[known],
        )

    def until(self, at: float) -> InteractionHistory:
        """Return the interactions up to `at` (Unix seconds); those at unknown times were before."""
        before = ~(self.times > at)
        return InteractionHistory(self.rows[before], self.weights[before], self.times[before])

    def latest(self, events: int) -> InteractionHistory:
        """Return the latest `events` interactions; ≥ 0."""
        start = max(0, len(self.rows) - events)
        return InteractionHistory(self.rows[start:], self.weights[start:], self.times[start:])

    @classmethod
    def none(cls) -> InteractionHistory:
        """Return an empty history."""
        return cls.of(np.zeros(0, np.intp))


def history_of(profile: Profile, items: Items) -> InteractionHistory:
    """Return a profile's latest interactions; products that `items` does not have are left out."""
    return InteractionHistory.of(
        items.rows(event.product for event in profile.recent),
        np.array([WEIGHTS[event.kind] for event in profile.recent], np.float32),
        np.array([event.at for event in profile.recent], np.float64),
    )


class InteractionHistories:
    """The interactions of all shoppers, by time.

    Parameters
    ----------
    items : Items
    interactions : iterable of Interaction
        In any order; interactions in the future are ignored.
    now : float
        Unix seconds.
    """

    def __init__(self, items: Items, interactions: Iterable[Interaction], *, now: float) -> None:
        self._items = items
        self._by_shopper: dict[str, list[Interaction]] = defaultdict(list)
        for interaction in interactions:
            if interaction.at <= now + _FUTURE:
                self._by_shopper[interaction.shopper].append(interaction)
        for events in self._by_shopper.values():
            events.sort(key=lambda interaction: interaction.at)

    def history(self, shopper: str, at: float) -> InteractionHistory:
        """Return the history of a shopper just before `at`; an empty one for an unknown shopper."""
        events = self._by_shopper.get(shopper, [])
        stop = bisect.bisect_left(events, at, key=lambda interaction: interaction.at)
        latest = events[max(0, stop - MAX_HISTORY) : stop]
        return InteractionHistory.of(
            self._items.rows(interaction.product for interaction in latest),
            np.array([WEIGHTS[interaction.kind] for interaction in latest], np.float32),
            np.array([interaction.at for interaction in latest], np.float64),
        )

    def before(self, at: float) -> dict[str, list[Interaction]]:
        """Return the interactions of each shopper before `at`, oldest first."""
        return {
            shopper: events[: bisect.bisect_left(events, at, key=lambda interaction: interaction.at)]
            for shopper, events in self._by_shopper.items()
        }
