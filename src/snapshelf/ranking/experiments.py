"""Two rankings against each other on real traffic: who gets which, and results that hold both."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from snapshelf.errors import InputError
from snapshelf.events import Team

_BUCKETS = 2**64


def assign(experiment: str, shopper: str, shares: Mapping[str, float]) -> str:
    """Return the variant of a shopper: always the same, and independent between experiments.

    Parameters
    ----------
    experiment : str
        Its name is part of the hash, so another experiment divides the shoppers anew.
    shopper : str
    shares : mapping
        Variant → share of the shoppers; they need not add up to 1. Changing a share moves no more shoppers than it
        must when the order of the variants stays.

    Raises
    ------
    InputError
        There is no variant, or a share is negative, or all are 0.
    """
    total = sum(shares.values())
    if not shares or total <= 0 or min(shares.values()) < 0:
        raise InputError(f"experiment {experiment!r}: shares must be 0 or more, and at least one above 0")
    digest = hashlib.sha256(f"{experiment}\0{shopper}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") / _BUCKETS * total
    for variant, share in shares.items():
        place -= share
        if place < 0:
            return variant
    return max(shares, key=lambda variant: shares[variant])


@dataclass(frozen=True)
class Interleaved:
    """A list that interleaves two rankings.

    Parameters
    ----------
    products : tuple of str
        Best first.
    teams : tuple of {"a", "b"} or None
        Whose choice each product was; None for the common beginning, whose clicks tell nothing.
    """

    products: tuple[str, ...]
    teams: tuple[Team | None, ...]

    def credit(self, clicked: Sequence[str]) -> float:
        """Return +1 where the clicks prefer a, −1 where they prefer b, 0 for neither."""
        teams = dict(zip(self.products, self.teams, strict=True))
        won = [teams.get(product) for product in dict.fromkeys(clicked)]
        difference = won.count("a") - won.count("b")
        return float((difference > 0) - (difference < 0))


def team_draft(a: Sequence[str], b: Sequence[str], k: int, *, seed: str) -> Interleaved:
    """Interleave two rankings: in each round both teams, in an order drawn by chance, add their best product left.

    Radlinski, Kurup & Joachims, "How does clickthrough data reflect retrieval quality?", CIKM 2008.

    Parameters
    ----------
    a, b : sequence of str
        Product ids, best first.
    k : int
        How many are shown.
    seed : str
        Such as the query id: the same seed gives the same list.
    """
    products: dict[str, Team | None] = {}
    for first, second in zip(a, b, strict=False):
        if first != second or len(products) == k:
            break
        products[first] = None
    draw = int.from_bytes(hashlib.sha256(seed.encode()).digest(), "big")
    rankings: dict[Team, Sequence[str]] = {"a": a, "b": b}
    number = 0
    while len(products) < k:
        order: tuple[Team, Team] = ("a", "b") if draw >> number % 256 & 1 else ("b", "a")
        number += 1
        added = False
        for team in order:
            product = next((id for id in rankings[team] if id not in products), None)
            if product is not None and len(products) < k:
                products[product] = team
                added = True
        if not added:
            break
    return Interleaved(tuple(products), tuple(products.values()))
