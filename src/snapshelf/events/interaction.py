"""An interaction: one thing that a shopper did with a product, and what it says of their interest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

MAX_HISTORY = 100
"""Latest interactions of a shopper that are kept and looked at."""

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
"""What an event says of the shopper's interest."""
GRADES: Mapping[str, int] = {"click": 1, "long_view": 1, "cart": 3, "purchase": 7}
"""What an event that followed a search says of the result; the largest counts."""


@dataclass(frozen=True, slots=True)
class Interaction:
    """One event: who did what with which product, when (Unix seconds), and after which search if any."""

    shopper: str
    product: str
    at: float
    kind: Kind
    query_id: str | None = None
