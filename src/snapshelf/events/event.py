"""An event: an action of a shopper, independent of the format that reported it."""

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
"""Kinds of `Interaction`, and searches."""

EVENT_KINDS: tuple[str, ...] = (*get_args(Kind), "search")
SEARCH_WEIGHT = 0.3
"""Weight of a search in the interests of a shopper, as `WEIGHTS` gives it for interactions."""


_IDS: Mapping[str, IdKind] = {
    "event_id": "event",
    "shopper": "shopper",
    "product": "product",
    "query_id": "query",
    "session": "session",
}
"""Field → kind of its id."""


@dataclass(frozen=True, slots=True)
class Event:
    """An action of a shopper.

    Parameters
    ----------
    event_id : str
        Events with the same id are the same event. It counts once, however often it is sent.
    shopper : str
        An account, or an anonymous session.
    kind : str
        One of `EVENT_KINDS`.
    at : float
        Unix seconds.
    product : str or None
        Id of the product; None for a search.
    query_id : str or None
        The search or recommendation that led to the event.
    session : str or None
        The visit of the shop.
    quantity : float
        Number of pieces.
    value : float or None
        Price of all pieces together.
    currency : str or None
    text : str or None
        Words of a search.
    vector : ndarray or None
        float32 (d,), unit norm: the query vector of a search, in the encoder's space.
    consent : bool or None
        Whether the shopper agreed to be remembered; None where the shop does not report it.
    user_agent : str or None
        User agent of the browser. It identifies robots and is not stored.

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
            raise EventError(f"kind: unknown kind {self.kind!r}; give {', '.join(EVENT_KINDS)}", field="kind")
        for name, kind in _IDS.items():
            if (id := getattr(self, name)) is not None or name in ("event_id", "shopper"):
                check_id(name, id, kind)
        if self.product is None and self.kind != "search":
            raise EventError(
                f"product: it is missing; a {self.kind!r} event needs a product", field="product"
            )
        if not (math.isfinite(self.at) and self.at >= 0):
            raise EventError(f"at: {self.at} is not a time in Unix seconds", field="at")
        if not (math.isfinite(self.quantity) and self.quantity > 0):
            raise EventError(f"quantity: {self.quantity} is not a number above 0", field="quantity")
        if self.value is not None and not (math.isfinite(self.value) and self.value >= 0):
            raise EventError(f"value: {self.value} is not an amount of money", field="value")
        if self.vector is not None and not (self.vector.ndim == 1 and np.isfinite(self.vector).all()):
            raise EventError("vector: it must be a list of finite numbers", field="vector")

    @property
    def weight(self) -> float:
        """Weight in the shopper's interests: that of `WEIGHTS`, or `SEARCH_WEIGHT` for a search."""
        return SEARCH_WEIGHT if self.kind == "search" else WEIGHTS[self.kind]

    @property
    def interaction(self) -> Interaction | None:
        """The event as ranking models learn from it; None for a search."""
        if self.kind == "search" or self.product is None:
            return None
        return Interaction(self.shopper, self.product, self.at, self.kind, self.query_id)


def check_id(field: str, id: object, kind: IdKind) -> None:
    """Refuse an invalid id; `field` names it in the message.

    Raises
    ------
    EventError
        The id is invalid.
    """
    if (problem := id_problem(kind, id)) is not None:
        raise EventError(f"{field}: {problem}", field=field)
