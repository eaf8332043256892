"""What every event format gives: the fields of an event, read from the format's own names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from snapshelf.events.parsers.values import JsonObject


@dataclass(frozen=True, slots=True)
class LineItem:
    """A product of an event. Quantity and price are as given, not yet validated."""

    product: str
    quantity: object = None
    price: object = None


@dataclass(frozen=True, slots=True)
class EventFields:
    """The fields of an event, the action aside.

    Parameters
    ----------
    shopper : str
    at : float or None
        Unix seconds; None where the event has no time.
    items : list of LineItem
    event_id, query_id, session : str or None
    value : object
        Money of the whole event, not yet validated.
    currency, text : str or None
    consent : bool or None
    user_agent : str or None
    """

    shopper: str
    at: float | None
    items: list[LineItem]
    event_id: str | None
    query_id: str | None
    session: str | None
    value: object
    currency: str | None
    text: str | None
    consent: bool | None
    user_agent: str | None


@dataclass(frozen=True, slots=True)
class Format:
    """An event format.

    Parameters
    ----------
    name : str
        As messages call it.
    action_fields : tuple of str
        Fields that may hold the action. An object with one of them is of this format.
    read : callable
        Reads the other fields of an event. It raises `EventError` for a field that it cannot use.
    """

    name: str
    action_fields: tuple[str, ...]
    read: Callable[[JsonObject], EventFields]
