"""Parse texts of filters and products to typed values: number, duration, time or text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DURATION = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)s")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIMESTAMP = re.compile(
    rf"{_DATE.pattern}[Tt ][0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:\.[0-9]+)?)?(?:[Zz]|[+-][0-9]{{2}}:[0-9]{{2}})?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1) // _MICROSECOND


class TypedValue(NamedTuple):
    """A value with its kind; a date spans its day in UTC, all other values are a single point.

    Parameters
    ----------
    kind : str
        ``"number"``, ``"duration"`` (seconds), ``"time"`` (microseconds since 1970 in UTC) or ``"text"``. Values of
        different kinds do not compare.
    first, last : float, int or str
        The smallest and the largest point.
    """

    kind: str
    first: float | str
    last: float | str

    def holds(self, comparator: str, value: TypedValue) -> bool:
        """Return whether ``value comparator self`` is true."""
        if value.kind != self.kind:
            return False
        point = value.first
        before, after = _less(point, self.first), _less(self.last, point)
        match comparator:
            case "<":
                return before
            case "<=":
                return not after
            case ">":
                return after
            case ">=":
                return not before
            case _:
                return not before and not after


def parse_value(text: str) -> TypedValue:
    """Parse a text by its form.

    Numbers are such as ``12.5`` and ``3e2``; durations are seconds, ``90s``; times follow RFC 3339,
    ``2024-05-01`` or ``2024-05-01T12:00:00+08:00``, in UTC where no offset is given. All else is text.
    """
    number = parse_number(text)
    if number is not None:
        return TypedValue("number", number, number)
    if duration := _DURATION.fullmatch(text):
        seconds = float(duration[1])
        return TypedValue("duration", seconds, seconds)
    if looks_like_timestamp(text):
        moment = _moment(text)
        if moment is not None:
            return TypedValue("time", moment, moment + _DAY - 1 if len(text) == len("2024-05-01") else moment)
    return text_value(text)


def looks_like_timestamp(text: str) -> bool:
    """Return whether a text has the form of a day or a time, even of a day that does not exist."""
    return bool(_DATE.fullmatch(text) or _TIMESTAMP.fullmatch(text))


def text_value(text: str) -> TypedValue:
    """Return a text value; texts compare by code points."""
    return TypedValue("text", text, text)


def parse_number(text: str) -> float | None:
    """Return the number that a text holds; None if it holds no number."""
    return float(text) if _NUMBER.fullmatch(text) else None


def matches_wildcard(pieces: Sequence[str], text: str) -> bool:
    """Return whether a text consists of the pieces with any text between them.

    Each piece matches at its first place, so the time is linear in the length of the text.
    """
    first, *middle, last = pieces
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    at, end = len(first), len(text) - len(last)
    for piece in middle:
        position = text.find(piece, at, end)
        if position < 0:
            return False
        at = position + len(piece)
    return True


def _moment(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        return None  # the 30th of February
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // _MICROSECOND


def _less(left: float | str, right: float | str) -> bool:
    return left < right  # type: ignore[operator]  # both have the same kind
