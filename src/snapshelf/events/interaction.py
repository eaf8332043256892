"""An interaction: an action of a shopper on a product, with its weight and its relevance grade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

MAX_HISTORY = 100
"""Latest interactions of a shopper that profiles keep and features use."""

Kind: TypeAlias = Literal["skip", "view", "click", "long_view", "cart", "purchase", "remove", "return"]

WEIGHTS: Mapping[str, float] = {
    "skip": -0.1,
    "view": 1.0,
    "click": 1.0,
    "long_view": 2.0,
    "cart": 4.0,
    "purchase": 8.0,
    "remove": -4.0,
    "return": -4.0,
}
"""Weight of an interaction in the interests of a shopper."""

GRADES: Mapping[str, int] = {"click": 1, "long_view": 1, "cart": 3, "purchase": 7}
"""Relevance grade of a hit by the interaction that followed; the largest counts."""


@dataclass(frozen=True, slots=True)
class Interaction:
    """A shopper, a product, Unix seconds, the kind of action, and the query that led to it, if any."""

    shopper: str
    product: str
    at: float
    kind: Kind
    query_id: str | None = None
