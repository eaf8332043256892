"""Events and searches in the shapes that shops have them in: UBI 1.3, Google Retail and GA4."""

from __future__ import annotations

import json
import math
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, TypeAlias

from snapshelf._support.ids import IdKind, product_id
from snapshelf.errors import EventError
from snapshelf.events.event import Event, EventKind, check_id
from snapshelf.events.impression import CHANNELS, Impression, Team

_Object: TypeAlias = Mapping[str, Any]

_KINDS: Mapping[str, EventKind] = {
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
"""Names of UBI, Retail and GA4, with underscores."""

_SILENT = {
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
"""Names that everybody sends and that say nothing of one product."""

_LONGEST_TEXT = 1_024
_MOST_HITS = 1_000_000
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class ParsedEvent:
    """What one object said.

    Parameters
    ----------
    events : list of Event
        One for each product; empty for what says nothing of interest.
    shown : Impression or None
        What a search was answered with.
    notes : list of (str or None, str)
        Event id and what was put right, or why nothing was taken.
    """

    events: list[Event] = field(default_factory=list)
    shown: Impression | None = None
    notes: list[tuple[str | None, str]] = field(default_factory=list)


def parse_events(
    value: object, *, now: float, user_agent: str | None = None
) -> Iterator[ParsedEvent | EventError]:
    """Read what a shop tells: one object, or a list of them, in any of the three shapes.

    Parameters
    ----------
    value : object
        As JSON is read: an event, a search of UBI, a list of these, or an envelope (``{"userEvents": […]}`` of Retail,
        ``{"client_id": …, "events": […]}`` of GA4).
    now : float
        Unix seconds; the time of events that have none.
    user_agent : str or None
        Of the browser that told, for events that do not say it.

    Yields
    ------
    Told or EventError
        For each object in turn what it says, or what is wrong with it.
    """
    for told in _objects(value):
        try:
            yield _read(told, now, user_agent)
        except EventError as error:
            yield error


def write_event(event: Event) -> dict[str, Any]:
    """Say an event as an object of UBI; `parse_events` reads it."""
    attributes = {
        "object": None if event.product is None else {"object_id": event.product},
        "quantity": event.quantity if event.quantity != 1 else None,
        "value": event.value,
        "currency": event.currency,
    }
    told = {
        "action_name": event.kind,
        "event_id": event.event_id,
        "client_id": event.shopper,
        "session_id": event.session,
        "query_id": event.query_id,
        "timestamp": event.at,
        "message": event.text,
        "event_attributes": {name: value for name, value in attributes.items() if value is not None},
    }
    return {name: value for name, value in told.items() if value is not None}


def read_shown(told: _Object) -> Impression:
    """Read a search and its answer from an object of UBI.

    Raises
    ------
    EventError
        It is none.
    """
    attributes = _object(told, "query_attributes")
    hits = told.get("query_response_hit_ids")
    if not isinstance(hits, list | tuple) or not hits:
        raise EventError("query_response_hit_ids: give a list of product ids", field="query_response_hit_ids")
    products = tuple(_product(hit, "query_response_hit_ids") for hit in hits)
    count = len(products)
    # Without scores the order is all that is known of the relevance.
    relevance = attributes.get("relevance")
    relevance = relevance if relevance is not None else [1 / (rank + 1) for rank in range(count)]
    propensities = attributes.get("propensities")
    return Impression(
        query_id=_id(told, "query_id", "query"),
        shopper=_id(told, "client_id", "shopper"),
        at=_seconds(told, "timestamp"),
        products=products,
        relevance=_numbers("relevance", relevance, count),
        channels={
            name: _numbers(name, values, count)
            for name, values in _object(attributes, "channels").items()
            if name in CHANNELS
        },
        propensities=None if propensities is None else _numbers("propensities", propensities, count),
        start=_start(attributes),
        text=_text(told.get("user_query")) or "",
        experiment=_text(attributes.get("experiment")),
        variant=_text(attributes.get("variant")),
        teams=_teams(attributes.get("teams"), count),
        recommended=_text(attributes.get("recommended")),
    )


def write_shown(shown: Impression) -> dict[str, Any]:
    """Say a search and its answer as an object of UBI; `read_shown` reads it. Scores have six digits."""
    attributes = {
        "relevance": _short(shown.relevance),
        "channels": {name: _short(values) for name, values in shown.channels.items()} or None,
        "propensities": None if shown.propensities is None else _short(shown.propensities),
        "start": shown.start or None,
        "experiment": shown.experiment,
        "variant": shown.variant,
        "teams": shown.teams,
        "recommended": shown.recommended,
    }
    return {
        "query_id": shown.query_id,
        "client_id": shown.shopper,
        "timestamp": shown.at,
        "user_query": shown.text or None,
        "query_response_hit_ids": shown.products,
        "query_attributes": {name: value for name, value in attributes.items() if value is not None},
    }


def _objects(value: object) -> Iterator[object]:
    if isinstance(value, list):
        for one in value:
            yield from _objects(one)
    elif isinstance(value, dict) and isinstance(value.get("userEvents"), list):
        yield from value["userEvents"]
    elif isinstance(value, dict) and isinstance(value.get("events"), list):
        # What is said of all events of GA4 holds for each, unless it says otherwise.
        common = {name: one for name, one in value.items() if name != "events"}
        yield from ({**common, **one} if isinstance(one, dict) else one for one in value["events"])
    else:
        yield value


def _read(told: object, now: float, user_agent: str | None) -> ParsedEvent:
    if not isinstance(told, dict):
        raise EventError('an event is a JSON object, such as {"action_name": "click", …}')
    if "query_response_hit_ids" in told:
        return ParsedEvent(shown=read_shown(told))
    where = next((where for where in _SHAPES if where in told), None)
    if where is None:
        raise EventError(
            "it has neither action_name (UBI), eventType (Google Retail) nor name (GA4)", field="action_name"
        )
    action = _id(told, where, "event")
    name = action.lower().replace("-", "_")
    if name not in _KINDS:
        known = name in _SILENT
        return ParsedEvent(
            notes=[] if known else [(None, f"{action!r} is no action that anything is learned from")]
        )
    kind, parts = _KINDS[name], _SHAPES[where](told)
    return _events(told, kind, parts, now, parts.user_agent or user_agent)


@dataclass(frozen=True, slots=True)
class _Ware:
    """A product of an event; quantity and price as they were given."""

    id: str
    quantity: object = None
    price: object = None


@dataclass(frozen=True, slots=True)
class _Parts:
    """The parts of an event, found in its shape."""

    shopper: str
    at: float | None
    wares: list[_Ware]
    event_id: str | None
    query_id: str | None
    session: str | None
    value: object
    currency: str | None
    text: str | None
    consent: bool | None
    user_agent: str | None


def _events(told: _Object, kind: EventKind, parts: _Parts, now: float, user_agent: str | None) -> ParsedEvent:
    if kind == "search":
        wares: list[_Ware | None] = [None]
    elif parts.wares:
        wares = [*parts.wares]
    else:
        raise EventError(f"a {kind!r} without a product; say which", field="product")
    notes: list[tuple[str | None, str]] = []
    event_id = parts.event_id or _derived_id(told, parts.at)
    events = []
    for number, ware in enumerate(wares):
        own = event_id if len(wares) == 1 else f"{event_id}/{number}"
        value = parts.value if ware is None or (ware.price is None and len(wares) == 1) else ware.price
        quantity = _quantity(None if ware is None else ware.quantity, own, notes)
        money = _money(value, own, notes)
        if money is not None and ware is not None and ware.price is not None:
            money *= quantity
        events.append(
            Event(
                event_id=own,
                shopper=parts.shopper,
                kind=kind,
                at=now if parts.at is None else parts.at,
                product=None if ware is None else ware.id,
                query_id=parts.query_id,
                session=parts.session,
                quantity=quantity,
                value=money,
                currency=parts.currency,
                text=parts.text if kind == "search" else None,
                consent=parts.consent,
                user_agent=user_agent,
            )
        )
    return ParsedEvent(events, notes=notes)


def _derived_id(told: _Object, at: float | None) -> str:
    """Name an event by what it says, so that it counts once however often it is sent."""
    if at is None:
        return uuid.uuid4().hex
    try:
        text = json.dumps(told, sort_keys=True, default=str)
    except ValueError:
        raise EventError("a number in it has thousands of digits") from None
    return blake2b(text.encode(errors="backslashreplace"), digest_size=16).hexdigest()


def _ubi(told: _Object) -> _Parts:
    attributes = _object(told, "event_attributes")
    ware = _object(attributes, "object")
    named = ware.get("object_id", ware.get("internal_id"))
    wares = [] if named is None else [_Ware(_product(named, "object_id"), attributes.get("quantity"))]
    return _Parts(
        shopper=_shopper(told, "user_id", "client_id", "session_id"),
        at=_seconds(told, "timestamp"),
        wares=wares,
        event_id=_optional_id(told, "event_id", "event") or _optional_id(attributes, "event_id", "event"),
        query_id=_optional_id(told, "query_id", "query"),
        session=_optional_id(told, "session_id", "session"),
        value=attributes.get("value"),
        currency=_text(attributes.get("currency")),
        text=_text(told.get("user_query") or told.get("message")),
        consent=_consent(told.get("consent", attributes.get("consent"))),
        user_agent=_text(told.get("user_agent") or attributes.get("user_agent")),
    )


def _retail(told: _Object) -> _Parts:
    user, bought = _object(told, "userInfo"), _object(told, "purchaseTransaction")
    wares = [
        _Ware(_retail_product(_object(detail, "product")), detail.get("quantity"))
        for detail in _list(told, "productDetails")
    ]
    return _Parts(
        shopper=_optional_id(user, "userId", "shopper") or _shopper(told, "visitorId"),
        at=_seconds(told, "eventTime") if told.get("eventTime") is not None else None,
        wares=wares,
        event_id=_optional_id(told, "eventId", "event"),
        query_id=_optional_id(told, "attributionToken", "query"),
        session=_optional_id(told, "sessionId", "session"),
        value=bought.get("revenue"),
        currency=_text(bought.get("currencyCode")),
        text=_text(told.get("searchQuery")),
        consent=_consent(told.get("consent")),
        user_agent=_text(user.get("userAgent")),
    )


def _ga4(told: _Object) -> _Parts:
    given = _object(told, "params") or told
    wares = [
        _Ware(
            _ga4_product(item),
            item.get("quantity"),
            item.get("price"),
        )
        for item in _list(given, "items")
    ]
    agreed = told.get("consent")
    if isinstance(agreed, dict):
        agreed = {"GRANTED": True, "DENIED": False}.get(
            (_text(agreed.get("ad_personalization")) or "").upper()
        )
    moment = next(
        (name for name in ("timestamp_micros", "event_timestamp", "timestamp") if told.get(name)), None
    )
    transaction = _optional_id(given, "transaction_id", "event")
    action = _optional_id(told, "name", "event") or _optional_id(told, "event_name", "event")
    return _Parts(
        shopper=_shopper(told, "user_id", "client_id", "user_pseudo_id", "app_instance_id"),
        at=None if moment is None else _seconds(told, moment),
        wares=wares,
        event_id=_optional_id(given, "event_id", "event") or (transaction and f"{action}:{transaction}"),
        query_id=_optional_id(given, "query_id", "query"),
        session=_optional_id(given, "session_id", "session")
        or _optional_id(given, "ga_session_id", "session"),
        value=given.get("value"),
        currency=_text(given.get("currency")),
        text=_text(given.get("search_term")),
        consent=_consent(agreed),
        user_agent=_text(told.get("user_agent")),
    )


_SHAPES: Mapping[str, Callable[[_Object], _Parts]] = {
    "action_name": _ubi,
    "eventType": _retail,
    "event_name": _ga4,
    "name": _ga4,
}
"""Where an event says its action → how the rest is read."""


def _object(told: _Object, name: str) -> _Object:
    found = told.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise EventError(f"{name}: give an object, not {_shown_value(found)}", field=name)
    return found


def _list(told: _Object, name: str) -> list[_Object]:
    found = told.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise EventError(f"{name}: give a list of objects", field=name)
    return found


def _id(told: _Object, name: str, kind: IdKind) -> str:
    found = _optional_id(told, name, kind)
    if found is None:
        raise EventError(f"{name}: it is missing", field=name)
    return found


def _optional_id(told: _Object, name: str, kind: IdKind) -> str | None:
    found = told.get(name)
    return None if found is None or found == "" else _named(found, name, kind)


def _named(value: object, name: str, kind: IdKind) -> str:
    id = _written(value, name)
    check_id(name, id, kind)
    return id


def _product(value: object, name: str) -> str:
    id = product_id(_written(value, name))
    check_id(name, id, "product")
    return id


def _retail_product(product: _Object) -> str:
    """The id, which may come with the name of its whole branch: projects/…/products/ID."""
    named = product.get("id")
    if named is None:
        raise EventError("id: it is missing", field="id")
    return _product(_written(named, "id").rpartition("/products/")[2], "id")


def _ga4_product(item: _Object) -> str:
    name = "item_id" if item.get("item_id") else "item_name"
    if item.get(name) is None:
        raise EventError(f"{name}: it is missing", field=name)
    return _product(item[name], name)


def _written(value: object, name: str) -> str:
    """Write an id that may be a whole number."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise EventError(f"{name}: give a text or a whole number, not {_shown_value(value)}", field=name)
    try:
        return str(value)
    except ValueError:
        # Python refuses to write whole numbers of more than 4,300 digits.
        raise EventError(f"{name}: it is a number of thousands of digits", field=name) from None


def _shopper(told: _Object, *names: str) -> str:
    """Return the first that is there: an account is known before a browser."""
    for name in names:
        if (found := _optional_id(told, name, "shopper")) is not None:
            return found
    raise EventError(f"it does not say whose it is; give {' or '.join(names)}", field=names[0])


def _seconds(told: _Object, name: str) -> float:
    """Unix seconds of a number (milli- or microseconds where it must be) or an ISO 8601 text; UTC without a zone."""
    value = told.get(name)
    if value is None:
        raise EventError(f"{name}: it is missing; give the time in ISO 8601 or Unix seconds", field=name)
    try:
        return _unix(value)
    except (ValueError, TypeError, OverflowError):
        raise EventError(
            f"{name}: {_shown_value(value)} is no time; give ISO 8601, such as 2026-05-01T10:00:00Z, or Unix seconds",
            field=name,
        ) from None


def _unix(value: object) -> float:
    if isinstance(value, bool):
        raise TypeError
    if isinstance(value, str) and not value.isdecimal():
        moment = datetime.fromisoformat(value)
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        if seconds < 0:
            raise ValueError
        return seconds
    seconds = float(value)  # type: ignore[arg-type]
    if not 0 <= seconds < 1e17:
        raise ValueError
    return seconds / 1e6 if seconds > 1e14 else seconds / 1e3 if seconds > 1e11 else seconds


def _text(value: object) -> str | None:
    """Return a text that can be kept: without control characters, of bounded length."""
    if not isinstance(value, str | int | float):
        return None
    try:
        text = str(value)
    except ValueError:
        return None  # a whole number of more than 4,300 digits
    return _UNPRINTABLE.sub(" ", text)[:_LONGEST_TEXT].strip() or None


def _consent(value: object) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise EventError(f"consent: give true or false, not {_shown_value(value)}", field="consent")


def _quantity(value: object, event_id: str, notes: list[tuple[str | None, str]]) -> float:
    number = _number(value)
    if value is not None and (number is None or number <= 0):
        notes.append((event_id, f"quantity: {_shown_value(value)} is no number above 0; it was taken as 1"))
    return number if number is not None and number > 0 else 1.0


def _money(value: object, event_id: str, notes: list[tuple[str | None, str]]) -> float | None:
    number = _number(value)
    if value is not None and (number is None or number < 0):
        notes.append((event_id, f"value: {_shown_value(value)} is no amount of money; it was left out"))
        return None
    return number


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _numbers(name: str, values: object, count: int) -> tuple[float, ...]:
    try:
        if not isinstance(values, list | tuple):
            raise TypeError
        numbers = tuple(map(float, values))
    except (TypeError, ValueError, OverflowError):
        raise EventError(f"{name}: give a list of numbers", field=name) from None
    if len(numbers) != count:
        raise EventError(f"{name}: {len(numbers)} numbers for {count} hits", field=name)
    if not all(map(math.isfinite, numbers)):
        raise EventError(f"{name}: a number is not finite", field=name)
    return numbers


def _start(attributes: _Object) -> int:
    start = attributes.get("start") or 0
    if not isinstance(start, int) or not 0 <= start < _MOST_HITS:
        raise EventError(f"start: {_shown_value(start)} is no rank", field="start")
    return start


def _teams(teams: object, count: int) -> tuple[Team | None, ...] | None:
    if teams is None:
        return None
    named = tuple(teams) if isinstance(teams, list | tuple) else ()
    if len(named) != count or not all(team in ("a", "b", None) for team in named):
        raise EventError(f'teams: give "a", "b" or null for each of {count} hits', field="teams")
    return named


def _short(numbers: Iterable[float]) -> list[float]:
    return [float(f"{number:.6g}") for number in numbers]


def _shown_value(value: object) -> str:
    try:
        text = repr(value)
    except ValueError:
        return "a number of thousands of digits"
    return text if len(text) <= 40 else f"{text[:40]}…"
