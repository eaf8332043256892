"""Events in the shapes that shops have them in: UBI 1.3, Google Retail and GA4."""

from __future__ import annotations

from typing import Any

from snapshelf.shoppers._events import Event


def write_event(event: Event) -> dict[str, Any]:
    """Say an event as an object of UBI."""
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
