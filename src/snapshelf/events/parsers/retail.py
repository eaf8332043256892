"""User events of Google Cloud Retail (Vertex AI Search for commerce)."""

from __future__ import annotations

from snapshelf.errors import EventError
from snapshelf.events.parsers.event_format import EventFields, Format, LineItem
from snapshelf.events.parsers.values import (
    JsonObject,
    id_text,
    read_consent,
    read_object,
    read_objects,
    read_optional_id,
    read_product_id,
    read_seconds,
    read_shopper,
    read_text,
)


def _read(event: JsonObject) -> EventFields:
    user, transaction = read_object(event, "userInfo"), read_object(event, "purchaseTransaction")
    items = [
        LineItem(_product(read_object(detail, "product")), detail.get("quantity"))
        for detail in read_objects(event, "productDetails")
    ]
    return EventFields(
        shopper=read_optional_id(user, "userId", "shopper") or read_shopper(event, "visitorId"),
        at=read_seconds(event, "eventTime") if event.get("eventTime") is not None else None,
        items=items,
        event_id=read_optional_id(event, "eventId", "event"),
        query_id=read_optional_id(event, "attributionToken", "query"),
        session=read_optional_id(event, "sessionId", "session"),
        value=transaction.get("revenue"),
        currency=read_text(transaction.get("currencyCode")),
        text=read_text(event.get("searchQuery")),
        consent=read_consent(event.get("consent")),
        user_agent=read_text(user.get("userAgent")),
    )


def _product(product: JsonObject) -> str:
    """Return the id, which may come with the name of its whole branch: ``projects/…/products/ID``."""
    name = product.get("id")
    if name is None:
        raise EventError("id: it is missing", field="id")
    return read_product_id(id_text(name, "id").rpartition("/products/")[2], "id")


RETAIL = Format("Google Retail", ("eventType",), _read)
