"""What a shopper did: one event in the shop's own terms, whatever shape it came in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from snapshelf._support.ids import IdKind, id_problem
from snapshelf.errors import EventError
from snapshelf.events.interaction import WEIGHTS, Interaction, Kind

EventKind: TypeAlias = Kind | Literal["search"]
"""Kinds of `Interaction`, and what was looked for."""

EVENT_KINDS: tuple[str, ...] = (*get_args(Kind), "search")
SEARCH_WEIGHT = 0.3
"""What a search says of the interest in what was looked for, as `WEIGHTS` does for the other kinds."""


_IDS: Mapping[str, IdKind] = {
    "event_id": "event",
    "shopper": "shopper",
    "product": "product",
    "query_id": "query",
    "session": "session",
}
"""Fields that are ids → whose."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that a shopper did.

    Parameters
    ----------
    event_id : str
        The same id is the same event: it counts once, however often it is told.
    shopper : str
        An account, or an anonymous session.
    kind : str
        One of `EVENT_KINDS`.
    at : float
        Unix seconds.
    product : str or None
        With what; None for a search only.
    query_id : str or None
        The search or recommendation that it followed.
    session : str or None
        The visit that it was part of.
    quantity : float
        Pieces bought, put into the cart …
    value : float or None
        Money for all of them.
    currency : str or None
    text : str or None
        Words of a search.
    vector : ndarray or None
        Of a search: float32 (d,), unit vector of what was looked for in the encoder's space; a photo's vector for a
        photo.
    consent : bool or None
        Whether the shopper agreed to be remembered; None where the shop does not say.
    user_agent : str or None
        Of the browser; it tells robots and is not kept.

    Raises
    ------
    EventError
        A field cannot be used.
    """

    event_id: str
    shopper: str
    kind: EventKind
    at: float
    product: str | None = None
    query_id: str | None = None
    session: str | None = None
    quantity: float = 1.0
    value: float | None = None
    currency: str | None = None
    text: str | None = None
    vector: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)
    consent: bool | None = None
    user_agent: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in EVENT_KINDS:
            raise EventError(f"kind: {self.kind!r} is none of {', '.join(EVENT_KINDS)}", field="kind")
        for name, kind in _IDS.items():
            if (id := getattr(self, name)) is not None or name in ("event_id", "shopper"):
                check_id(name, id, kind)
        if self.product is None and self.kind != "search":
            raise EventError(f"product: a {self.kind!r} is of a product; say which", field="product")
        if not (math.isfinite(self.at) and self.at >= 0):
            raise EventError(f"at: {self.at} is no time in Unix seconds", field="at")
        if not (math.isfinite(self.quantity) and self.quantity > 0):
            raise EventError(f"quantity: {self.quantity} is no number above 0", field="quantity")
        if self.value is not None and not (math.isfinite(self.value) and self.value >= 0):
            raise EventError(f"value: {self.value} is no amount of money", field="value")

        if self.vector is not None and not (self.vector.ndim == 1 and np.isfinite(self.vector).all()):
            raise EventError("vector: it must be a list of finite numbers", field="vector")

    @property
    def weight(self) -> float:
        """What it says of the shopper's interest: `WEIGHTS`, and `SEARCH_WEIGHT` for a search."""
        return SEARCH_WEIGHT if self.kind == "search" else WEIGHTS[self.kind]

    @property
    def interaction(self) -> Interaction | None:
        """What rankings learn from it; nothing from a search alone."""
        if self.kind == "search" or self.product is None:
            return None
        return Interaction(self.shopper, self.product, self.at, self.kind, self.query_id)


def check_id(field: str, id: object, kind: IdKind) -> None:
    """Raise `EventError` for an id that breaks the rule of ids; `field` is where it was given."""
    if (problem := id_problem(kind, id)) is not None:
        raise EventError(f"{field}: {problem}", field=field)
