"""What a text of a filter or of a product stands for when values are compared: number, duration, date or text."""

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


class Reading(NamedTuple):
    """A value and its kind; a date is the whole of its day in UTC, everything else one point.

    Parameters
    ----------
    kind : str
        ``"number"``, ``"duration"`` (seconds), ``"time"`` (microseconds since 1970 in UTC) or ``"text"``. Values of
        different kinds do not compare.
    first, last : float, int or str
        The least and the largest point.
    """

    kind: str
    first: float | str
    last: float | str

    def holds(self, comparator: str, value: Reading) -> bool:
        """Whether `value` stands in this relation to this reading: ``value < self`` for ``"<"``."""
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


def read(text: str) -> Reading:
    """Read a text by its form.

    Numbers are such as ``12.5`` and ``3e2``; durations are seconds, ``90s``; times follow RFC 3339,
    ``2024-05-01`` or ``2024-05-01T12:00:00+08:00``, in UTC where no offset is given. All else is text.
    """
    number = read_number(text)
    if number is not None:
        return Reading("number", number, number)
    if duration := _DURATION.fullmatch(text):
        seconds = float(duration[1])
        return Reading("duration", seconds, seconds)
    if is_date(text):
        moment = _moment(text)
        if moment is not None:
            return Reading("time", moment, moment + _DAY - 1 if len(text) == len("2024-05-01") else moment)
    return read_text(text)


def is_date(text: str) -> bool:
    """Whether a text is written like a day or a time, be there such a one or not."""
    return bool(_DATE.fullmatch(text) or _TIMESTAMP.fullmatch(text))


def read_text(text: str) -> Reading:
    """Take a text as nothing but text, in the order of its code points."""
    return Reading("text", text, text)


def read_number(text: str) -> float | None:
    """Read a number; None if it is none."""
    return float(text) if _NUMBER.fullmatch(text) else None


def fits(pieces: Sequence[str], text: str) -> bool:
    """Whether a text is these pieces with anything between them.

    Each piece is taken where it first comes: no order of wildcards takes longer than the text is long.
    """
    first, *middle, last = pieces
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    at, end = len(first), len(text) - len(last)
    for piece in middle:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def _moment(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        return None  # the 30th of February
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // _MICROSECOND


def _less(one: float | str, other: float | str) -> bool:
    return one < other  # type: ignore[operator]  # both are of one kind
