"""Events of Google Analytics 4: the Measurement Protocol and the BigQuery export."""

from __future__ import annotations

from snapshelf.errors import EventError
from snapshelf.events.parsers.event_format import EventFields, Format, LineItem
from snapshelf.events.parsers.values import (
    JsonObject,
    read_consent,
    read_object,
    read_objects,
    read_optional_id,
    read_product_id,
    read_seconds,
    read_shopper,
    read_text,
)

_TIME_FIELDS = ("timestamp_micros", "event_timestamp", "timestamp")


def _read(event: JsonObject) -> EventFields:
    parameters = read_object(event, "params") or event
    items = [
        LineItem(_product(item), item.get("quantity"), item.get("price"))
        for item in read_objects(parameters, "items")
    ]
    consent = event.get("consent")
    if isinstance(consent, dict):
        status = (read_text(consent.get("ad_personalization")) or "").upper()
        consent = {"GRANTED": True, "DENIED": False}.get(status)
    time_field = next((name for name in _TIME_FIELDS if event.get(name)), None)
    transaction = read_optional_id(parameters, "transaction_id", "event")
    action = read_optional_id(event, "name", "event") or read_optional_id(event, "event_name", "event")
    return EventFields(
        shopper=read_shopper(event, "user_id", "client_id", "user_pseudo_id", "app_instance_id"),
        at=None if time_field is None else read_seconds(event, time_field),
        items=items,
        event_id=read_optional_id(parameters, "event_id", "event")
        or (transaction and f"{action}:{transaction}"),
        query_id=read_optional_id(parameters, "query_id", "query"),
        session=read_optional_id(parameters, "session_id", "session")
        or read_optional_id(parameters, "ga_session_id", "session"),
        value=parameters.get("value"),
        currency=read_text(parameters.get("currency")),
        text=read_text(parameters.get("search_term")),
        consent=read_consent(consent),
        user_agent=read_text(event.get("user_agent")),
    )


def _product(item: JsonObject) -> str:
    name = "item_id" if item.get("item_id") else "item_name"
    if item.get(name) is None:
        raise EventError(f"{name}: it is missing", field=name)
    return read_product_id(item[name], name)


GA4 = Format("GA4", ("event_name", "name"), _read)
