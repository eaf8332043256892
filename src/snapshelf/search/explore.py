"""Exploration: a pair of neighbours changes its order by chance, with known propensities."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

EXPLORED = 10
"""First places within which a pair may change its order by chance."""

PROPENSITY_FLOOR = 0.01
"""Least propensity that is recorded of a place, so that no impression weighs more than a hundred others in training."""


class Swap(NamedTuple):
    """The pair of neighbours that was drawn: the place of the first, from 0, and whether they were exchanged."""

    place: int | None = None
    exchanged: bool = False


def draw_swap(
    places: Sequence[str],
    fixed: Collection[str],
    tiers: Mapping[str, int] | None = None,
    *,
    seed: str,
    share: float,
) -> Swap:
    """Draw the pair that may change its order, if any; the same for the same seed and places.

    Parameters
    ----------
    places : sequence of str
        Ids in order.
    fixed : collection of str
        Products that chance may not move.
    tiers : mapping or None
        Id → tier: only neighbours of the same tier are exchanged.
    seed : str
    share : float
        Share of the requests in which a pair is drawn, 0 … 1.
    """
    pairs = _pairs(places, fixed, tiers)
    if not pairs or _uniform(seed, "explore") >= share:
        return Swap()
    place = pairs[int(_uniform(seed, "pair") * len(pairs))]
    return Swap(place, _uniform(seed, "swap") < 0.5)


def apply_swap(places: Sequence[str], swap: Swap) -> list[str]:
    """Exchange the pair that was drawn."""
    explored = list(places)
    if swap.exchanged and swap.place is not None:
        explored[swap.place : swap.place + 2] = reversed(explored[swap.place : swap.place + 2])
    return explored


def propensities(
    places: Sequence[str],
    fixed: Collection[str],
    swap: Swap,
    tiers: Mapping[str, int] | None = None,
    *,
    share: float,
) -> list[float]:
    """Return the probability with which each product is where it is, before anything was drawn.

    Each of the m pairs is drawn with the share of explored requests over m, and exchanged in half of the cases. So a
    product is moved to its neighbour's place with probability share / 2m; see `PROPENSITY_FLOOR`.

    Parameters
    ----------
    places : sequence of str
        As shown.
    fixed : collection of str
        Products that chance may not move.
    swap : Swap
        What was drawn for these places before the exchange.
    tiers : mapping or None
        As they were drawn with.
    share : float
    """
    pairs = _pairs(places, fixed, tiers)
    each = share / 2 / len(pairs) if pairs else 0.0
    stays = [1.0 - each * ((place in pairs) + (place - 1 in pairs)) for place in range(len(places))]
    if swap.exchanged and swap.place is not None:
        for place in (swap.place, swap.place + 1):
            stays[place] = each
    return [max(PROPENSITY_FLOOR, propensity) for propensity in stays]


def _pairs(places: Sequence[str], fixed: Collection[str], tiers: Mapping[str, int] | None) -> list[int]:
    """First places, from 0, of the neighbours that may change their order."""
    head = places[:EXPLORED]
    return [
        place
        for place, (first, second) in enumerate(pairwise(head))
        if first not in fixed
        and second not in fixed
        and (tiers is None or tiers.get(first) == tiers.get(second))
    ]


def _uniform(seed: str, purpose: str) -> float:
    """Return a number in [0, 1) that is the same for the same seed and purpose."""
    digest = hashlib.sha256(f"{purpose}\0{seed}".encode()).digest()
    return int.from_bytes(digest[:7], "big") / 2**56
