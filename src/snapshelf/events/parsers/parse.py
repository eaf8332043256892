"""From JSON to events: which format an object has, which action it reports, and the events that follow from it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from snapshelf.errors import EventError
from snapshelf.events.event import Event, EventKind
from snapshelf.events.impression import Impression
from snapshelf.events.parsers.event_format import EventFields, Format, LineItem
from snapshelf.events.parsers.ga4 import GA4
from snapshelf.events.parsers.retail import RETAIL
from snapshelf.events.parsers.ubi import UBI, read_impression
from snapshelf.events.parsers.values import JsonObject, read_id, read_number, show

FORMATS: tuple[Format, ...] = (UBI, RETAIL, GA4)
"""The formats, in the order in which an object is compared with them."""

_ACTIONS: Mapping[str, EventKind] = {
    "click": "click",
    "click_through": "click",
    "select_item": "click",
    "view": "view",
    "view_item": "view",
    "detail_page_view": "view",
    "long_view": "long_view",
    "watch": "long_view",
    "add_to_wishlist": "long_view",
    "cart": "cart",
    "add_to_cart": "cart",
    "remove": "remove",
    "remove_from_cart": "remove",
    "purchase": "purchase",
    "purchase_complete": "purchase",
    "return": "return",
    "refund": "return",
    "search": "search",
    "view_search_results": "search",
    "skip": "skip",
}
"""Actions of all formats, in lower case with underscores → kind of the event."""

_IGNORED_ACTIONS = {
    "impression",
    "view_item_list",
    "view_promotion",
    "select_promotion",
    "page_view",
    "home_page_view",
    "category_page_view",
    "shopping_cart_page_view",
    "view_cart",
    "begin_checkout",
    "add_payment_info",
    "add_shipping_info",
    "session_start",
    "user_engagement",
    "scroll",
    "first_visit",
    "login",
    "sign_up",
    "share",
}
"""Usual actions that say nothing of a single product; they are ignored without a note."""

_Notes = list[tuple[str | None, str]]


@dataclass(frozen=True, slots=True)
class ParsedEvent:
    """The content of an object.

    Parameters
    ----------
    events : list of Event
        An event for each product; empty for an ignored action.
    impression : Impression or None
        The hits that a query returned.
    notes : list of (str or None, str)
        Event id, and what was corrected or why the object was ignored.
    """

    events: list[Event] = field(default_factory=list)
    impression: Impression | None = None
    notes: _Notes = field(default_factory=list)


def parse_events(
    value: object, *, now: float, user_agent: str | None = None
) -> Iterator[ParsedEvent | EventError]:
    """Parse an event, a query of UBI, or a list of these, in any of the formats.

    Parameters
    ----------
    value : object
        A JSON value: an object, a list, or an envelope (``{"userEvents": […]}`` of Google Retail,
        ``{"client_id": …, "events": […]}`` of GA4).
    now : float
        Unix seconds; the time of events that have none.
    user_agent : str or None
        User agent of the request, for events that do not name their own.

    Yields
    ------
    ParsedEvent or EventError
        For each object in turn.
    """
    for item in _objects(value):
        try:
            yield _parse(item, now, user_agent)
        except EventError as error:
            yield error


def _objects(value: object) -> Iterator[object]:
    if isinstance(value, list):
        for item in value:
            yield from _objects(item)
    elif isinstance(value, dict) and isinstance(value.get("userEvents"), list):
        yield from value["userEvents"]
    elif isinstance(value, dict) and isinstance(value.get("events"), list):
        # The fields of a GA4 envelope hold for each of its events, unless an event overrides them.
        common = {name: common_value for name, common_value in value.items() if name != "events"}
        yield from ({**common, **item} if isinstance(item, dict) else item for item in value["events"])
    else:
        yield value


def _parse(item: object, now: float, user_agent: str | None) -> ParsedEvent:
    if not isinstance(item, dict):
        raise EventError('an event is a JSON object, such as {"action_name": "click", …}')
    if "query_response_hit_ids" in item:
        return ParsedEvent(impression=read_impression(item))
    matches = ((format, name) for format in FORMATS for name in format.action_fields if name in item)
    format, action_field = next(matches, (None, ""))
    if format is None:
        names = [f"{format.action_fields[-1]} ({format.name})" for format in FORMATS]
        raise EventError(
            f"the action is missing; give {', '.join(names[:-1])} or {names[-1]}", field="action_name"
        )
    action = read_id(item, action_field, "event")
    name = action.lower().replace("-", "_")
    if name in _IGNORED_ACTIONS:
        return ParsedEvent()
    if name not in _ACTIONS:
        return ParsedEvent(notes=[(None, f"the action {action!r} is unknown and was ignored")])
    fields = format.read(item)
    return _events(item, _ACTIONS[name], fields, now, fields.user_agent or user_agent)


def _events(
    item: JsonObject, kind: EventKind, fields: EventFields, now: float, user_agent: str | None
) -> ParsedEvent:
    """Return an event for each line item."""
    line_items: list[LineItem | None] = [None] if kind == "search" else [*fields.items]
    if not line_items:
        raise EventError(f"product: it is missing; a {kind!r} event needs a product", field="product")
    notes: _Notes = []
    event_id = fields.event_id or _derived_id(item, fields.at)
    events = []
    for number, line_item in enumerate(line_items):
        id = event_id if len(line_items) == 1 else f"{event_id}/{number}"
        price = None if line_item is None else line_item.price
        # The value of the whole event is that of its only product; of several, each needs a price of its own.
        value = fields.value if price is None and len(line_items) == 1 else price
        quantity = _quantity(None if line_item is None else line_item.quantity, id, notes)
        money = _money(value, id, notes)
        if money is not None and price is not None:
            money *= quantity
        events.append(
            Event(
                event_id=id,
                shopper=fields.shopper,
                kind=kind,
                at=now if fields.at is None else fields.at,
                product=None if line_item is None else line_item.product,
                query_id=fields.query_id,
                session=fields.session,
                quantity=quantity,
                value=money,
                currency=fields.currency,
                text=fields.text if kind == "search" else None,
                consent=fields.consent,
                user_agent=user_agent,
            )
        )
    return ParsedEvent(events, notes=notes)


def _derived_id(item: JsonObject, at: float | None) -> str:
    """Return an id made of the content, so that an event counts once however often it is sent."""
    if at is None:
        return uuid.uuid4().hex
    try:
        text = json.dumps(item, sort_keys=True, default=str)
    except ValueError:
        raise EventError("a number has thousands of digits") from None
    return blake2b(text.encode(errors="backslashreplace"), digest_size=16).hexdigest()


def _quantity(value: object, event_id: str, notes: _Notes) -> float:
    number = read_number(value)
    if value is not None and (number is None or number <= 0):
        notes.append((event_id, f"quantity: {show(value)} is no number above 0; 1 was used"))
    return number if number is not None and number > 0 else 1.0


def _money(value: object, event_id: str, notes: _Notes) -> float | None:
    number = read_number(value)
    if value is not None and (number is None or number < 0):
        notes.append((event_id, f"value: {show(value)} is no amount of money; it was left out"))
        return None
    return number
