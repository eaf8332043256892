"""Reading the values of an event's JSON: ids, times, numbers, texts.

Every function takes the object and the name of the field, so that an `EventError` names the field.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

from snapshelf._support.ids import IdKind, product_id
from snapshelf.errors import EventError
from snapshelf.events.event import check_id

JsonObject: TypeAlias = Mapping[str, Any]

_MAX_TEXT_LENGTH = 1_024
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")


def read_object(parent: JsonObject, name: str) -> JsonObject:
    """Return a nested object; an empty one where the field is missing."""
    value = parent.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise EventError(f"{name}: give an object, not {show(value)}", field=name)
    return value


def read_objects(parent: JsonObject, name: str) -> list[JsonObject]:
    """Return a list of objects; an empty one where the field is missing."""
    values = parent.get(name)
    if values is None:
        return []
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise EventError(f"{name}: give a list of objects", field=name)
    return values


def read_id(parent: JsonObject, name: str, kind: IdKind) -> str:
    """Return an id that must be given."""
    id = read_optional_id(parent, name, kind)
    if id is None:
        raise EventError(f"{name}: it is missing", field=name)
    return id


def read_optional_id(parent: JsonObject, name: str, kind: IdKind) -> str | None:
    """Return an id; None where it is missing or empty."""
    value = parent.get(name)
    if value is None or value == "":
        return None
    id = id_text(value, name)
    check_id(name, id, kind)
    return id


def read_product_id(value: object, name: str) -> str:
    """Return the id of a product, in the form in which the catalogue keeps it."""
    id = product_id(id_text(value, name))
    check_id(name, id, "product")
    return id


def read_shopper(parent: JsonObject, *names: str) -> str:
    """Return the first id that is given: an account comes before a browser."""
    for name in names:
        if (id := read_optional_id(parent, name, "shopper")) is not None:
            return id
    raise EventError(f"the shopper is missing; give {' or '.join(names)}", field=names[0])


def id_text(value: object, name: str) -> str:
    """Return an id as text; a whole number is an id too."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise EventError(f"{name}: give a text or a whole number, not {show(value)}", field=name)
    try:
        return str(value)
    except ValueError:
        # Python refuses to write whole numbers of more than 4,300 digits.
        raise EventError(f"{name}: the number has thousands of digits", field=name) from None


def read_seconds(parent: JsonObject, name: str) -> float:
    """Return Unix seconds of a number or an ISO 8601 text.

    Large numbers are milliseconds or microseconds. A text without a time zone is UTC.
    """
    value = parent.get(name)
    if value is None:
        raise EventError(f"{name}: it is missing; give the time in ISO 8601 or Unix seconds", field=name)
    try:
        return _unix(value)
    except (ValueError, TypeError, OverflowError):
        raise EventError(
            f"{name}: {show(value)} is no time; give ISO 8601, such as 2026-05-01T10:00:00Z, or Unix seconds",
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


def read_text(value: object) -> str | None:
    """Return a text without control characters, at most 1,024 long; None for an empty one or another type."""
    if not isinstance(value, str | int | float):
        return None
    try:
        text = str(value)
    except ValueError:
        return None  # a whole number of more than 4,300 digits
    return _UNPRINTABLE.sub(" ", text)[:_MAX_TEXT_LENGTH].strip() or None


def read_consent(value: object) -> bool | None:
    """Return whether the shopper agreed to be remembered; None where the event does not say it."""
    if value is None or isinstance(value, bool):
        return value
    raise EventError(f"consent: give true or false, not {show(value)}", field="consent")


def read_number(value: object) -> float | None:
    """Return a finite number; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def read_numbers(name: str, values: object, count: int) -> tuple[float, ...]:
    """Return `count` finite numbers."""
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


def show(value: object) -> str:
    """Return a value for a message, shortened."""
    try:
        text = repr(value)
    except ValueError:
        return "a number of thousands of digits"
    return text if len(text) <= 40 else f"{text[:40]}…"
