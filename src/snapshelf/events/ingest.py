"""From the lines that a shop sends to the journal, and back what became of each."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import TypeAlias

from pydantic_core import from_json

from snapshelf.errors import EventError
from snapshelf.events.event import Event
from snapshelf.events.journal import Journal, Receipt, Remark
from snapshelf.events.parsers import ParsedEvent, parse_events

Line: TypeAlias = "tuple[int | None, object]"
"""Number of a line, from 1 (None where there is one only), and the JSON value on it, or the error that it is none."""

_AT_ONCE = 2_000
"""Lines of one transaction."""


def json_lines(lines: Iterable[bytes]) -> Iterator[Line]:
    """Read lines of JSON; empty ones are passed over."""
    for number, line in enumerate(lines, 1):
        if text := line.strip():
            yield number, json_value(text)


def json_value(text: bytes) -> object:
    """Read a JSON value, or return the error that it is none. NaN is a number here: what has it is not lost for it."""
    try:
        return from_json(text)
    except ValueError as error:
        return EventError(f"this is not JSON: {error}")


def tell(journal: Journal, lines: Iterable[Line], *, user_agent: str | None = None) -> Receipt:
    """Keep what a shop tells, in any shape that `parse_events` reads; what is wrong with one line stops no other.

    Parameters
    ----------
    journal : Journal
    lines : iterable of (int or None, value)
    user_agent : str or None
        Of who tells, for events that do not say whose browser it was.

    Raises
    ------
    StorageError
        It could not be written; the lines of earlier transactions are kept.
    """
    receipt = Receipt()
    rest = iter(lines)
    while chunk := list(islice(rest, _AT_ONCE)):
        receipt += _tell(journal, chunk, user_agent)
    return receipt


def _tell(journal: Journal, lines: Iterable[Line], user_agent: str | None) -> Receipt:
    events: list[tuple[int | None, Event]] = []
    refused: list[Remark] = []
    notes: list[Remark] = []
    ignored = shown = 0
    now = time.time()
    for line, value in lines:
        for told in _read(value, now, user_agent):
            if isinstance(told, EventError):
                refused.append(Remark(line, None, str(told), told.field))
                continue
            notes += [Remark(line, event_id, text) for event_id, text in told.notes]
            events += [(line, event) for event in told.events]
            if told.impression is not None:
                journal.show(told.impression)
                shown += 1
            elif not told.events:
                ignored += 1
    # After the last of them, so that what was shown is on disk too.
    receipt = journal.append(event for _, event in events)
    notes += [
        replace(note, line=None if note.line is None else events[note.line - 1][0]) for note in receipt.notes
    ]
    return replace(
        receipt, ignored=ignored, shown=shown, refused=(*receipt.refused, *refused), notes=tuple(notes)
    )


def _read(value: object, now: float, user_agent: str | None) -> Iterator[ParsedEvent | EventError]:
    if isinstance(value, EventError):
        yield value
    else:
        yield from parse_events(value, now=now, user_agent=user_agent)
