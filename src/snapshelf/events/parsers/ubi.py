"""User Behavior Insights 1.3: events, and queries with the hits that they returned."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from snapshelf.errors import EventError
from snapshelf.events.event import Event
from snapshelf.events.impression import RELEVANCE_SIGNALS, RENAMED_SIGNALS, Impression, Team
from snapshelf.events.parsers.event_format import EventFields, Format, LineItem
from snapshelf.events.parsers.values import (
    JsonObject,
    read_consent,
    read_id,
    read_numbers,
    read_object,
    read_optional_id,
    read_product_id,
    read_seconds,
    read_shopper,
    read_text,
    show,
)

_MAX_RANK = 1_000_000


def _read(event: JsonObject) -> EventFields:
    attributes = read_object(event, "event_attributes")
    product = read_object(attributes, "object")
    id = product.get("object_id", product.get("internal_id"))
    items = [] if id is None else [LineItem(read_product_id(id, "object_id"), attributes.get("quantity"))]
    return EventFields(
        shopper=read_shopper(event, "user_id", "client_id", "session_id"),
        at=read_seconds(event, "timestamp"),
        items=items,
        event_id=read_optional_id(event, "event_id", "event")
        or read_optional_id(attributes, "event_id", "event"),
        query_id=read_optional_id(event, "query_id", "query"),
        session=read_optional_id(event, "session_id", "session"),
        value=attributes.get("value"),
        currency=read_text(attributes.get("currency")),
        text=read_text(event.get("user_query") or event.get("message")),
        consent=read_consent(event.get("consent", attributes.get("consent"))),
        user_agent=read_text(event.get("user_agent") or attributes.get("user_agent")),
    )


UBI = Format("UBI", ("action_name",), _read)


def write_event(event: Event) -> dict[str, Any]:
    """Return an event as an object of UBI; `parse_events` reads it."""
    attributes = {
        "object": None if event.product is None else {"object_id": event.product},
        "quantity": event.quantity if event.quantity != 1 else None,
        "value": event.value,
        "currency": event.currency,
    }
    fields = {
        "action_name": event.kind,
        "event_id": event.event_id,
        "client_id": event.shopper,
        "session_id": event.session,
        "query_id": event.query_id,
        "timestamp": event.at,
        "message": event.text,
        "event_attributes": {name: value for name, value in attributes.items() if value is not None},
    }
    return {name: value for name, value in fields.items() if value is not None}


def read_impression(query: JsonObject) -> Impression:
    """Read a query of UBI with the hits that it returned.

    Raises
    ------
    EventError
        A field cannot be used.
    """
    attributes = read_object(query, "query_attributes")
    hits = query.get("query_response_hit_ids")
    if not isinstance(hits, list | tuple) or not hits:
        raise EventError("query_response_hit_ids: give a list of product ids", field="query_response_hit_ids")
    products = tuple(read_product_id(hit, "query_response_hit_ids") for hit in hits)
    count = len(products)
    # Without scores the order is all that is known of the relevance.
    relevance = attributes.get("relevance")
    relevance = relevance if relevance is not None else [1 / (rank + 1) for rank in range(count)]
    propensities = attributes.get("propensities")
    return Impression(
        query_id=read_id(query, "query_id", "query"),
        shopper=read_id(query, "client_id", "shopper"),
        at=read_seconds(query, "timestamp"),
        products=products,
        relevance=read_numbers("relevance", relevance, count),
        contributions=_contributions(attributes, count),
        propensities=None if propensities is None else read_numbers("propensities", propensities, count),
        start=_start(attributes),
        text=read_text(query.get("user_query")) or "",
        experiment=read_text(attributes.get("experiment")),
        variant=read_text(attributes.get("variant")),
        interleaving_teams=_teams(attributes.get("teams"), count),
        recommended=read_text(attributes.get("recommended")),
    )


def write_impression(impression: Impression) -> dict[str, Any]:
    """Return an impression as a query of UBI; `read_impression` reads it. Scores keep six significant digits."""
    attributes = {
        "relevance": _rounded(impression.relevance),
        "contributions": {name: _rounded(values) for name, values in impression.contributions.items()}
        or None,
        "propensities": None if impression.propensities is None else _rounded(impression.propensities),
        "start": impression.start or None,
        "experiment": impression.experiment,
        "variant": impression.variant,
        "teams": impression.interleaving_teams,
        "recommended": impression.recommended,
    }
    return {
        "query_id": impression.query_id,
        "client_id": impression.shopper,
        "timestamp": impression.at,
        "user_query": impression.text or None,
        "query_response_hit_ids": impression.products,
        "query_attributes": {name: value for name, value in attributes.items() if value is not None},
    }


def _contributions(attributes: JsonObject, count: int) -> dict[str, tuple[float, ...]]:
    """Read the contributions of known signals; older impressions have ``channels`` with the old names."""
    field = "channels" if "contributions" not in attributes else "contributions"
    named = {
        RENAMED_SIGNALS.get(name, name): values for name, values in read_object(attributes, field).items()
    }
    return {name: read_numbers(name, named[name], count) for name in RELEVANCE_SIGNALS if name in named}


def _start(attributes: JsonObject) -> int:
    start = attributes.get("start") or 0
    if not isinstance(start, int) or not 0 <= start < _MAX_RANK:
        raise EventError(f"start: {show(start)} is no rank", field="start")
    return start


def _teams(teams: object, count: int) -> tuple[Team | None, ...] | None:
    if teams is None:
        return None
    named = tuple(teams) if isinstance(teams, list | tuple) else ()
    if len(named) != count or not all(team in ("a", "b", None) for team in named):
        raise EventError(f'teams: give "a", "b" or null for each of {count} hits', field="teams")
    return named


def _rounded(numbers: Iterable[float]) -> list[float]:
    return [float(f"{number:.6g}") for number in numbers]
