"""Ingest of events: from JSON lines to the journal, with a report for each line."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import TypeAlias

from pydantic_core import from_json

from snapshelf.errors import EventError
from snapshelf.events.event import Event
from snapshelf.events.journal import EventNotice, Journal, Receipt
from snapshelf.events.parsers import ParsedEvent, parse_events

Line: TypeAlias = "tuple[int | None, object]"
"""Line number, from 1 (None for a single value), and the JSON value of the line or the error that it is not JSON."""

_AT_ONCE = 2_000
"""Lines per transaction."""


def json_lines(lines: Iterable[bytes]) -> Iterator[Line]:
    """Read JSON lines; empty lines are skipped."""
    for number, line in enumerate(lines, 1):
        if text := line.strip():
            yield number, json_value(text)


def json_value(text: bytes) -> object:
    """Return a JSON value, or the error that the text is not JSON. NaN is accepted, so that its event is not lost."""
    try:
        return from_json(text)
    except ValueError as error:
        return EventError(f"this is not JSON: {error}")


def ingest_events(journal: Journal, lines: Iterable[Line], *, user_agent: str | None = None) -> Receipt:
    """Append events in any format that `parse_events` reads. An invalid line does not stop the others.

    Parameters
    ----------
    journal : Journal
    lines : iterable of (int or None, value)
    user_agent : str or None
        User agent of the request, for events that do not name their own.

    Raises
    ------
    StorageError
        The events could not be written; the lines of earlier transactions are stored.
    """
    receipt = Receipt()
    rest = iter(lines)
    while chunk := list(islice(rest, _AT_ONCE)):
        receipt += _ingest_chunk(journal, chunk, user_agent)
    return receipt


def _ingest_chunk(journal: Journal, lines: Iterable[Line], user_agent: str | None) -> Receipt:
    events: list[tuple[int | None, Event]] = []
    refused: list[EventNotice] = []
    notes: list[EventNotice] = []
    ignored = shown = 0
    now = time.time()
    for line, value in lines:
        for parsed in _parse(value, now, user_agent):
            if isinstance(parsed, EventError):
                refused.append(EventNotice(line, None, str(parsed), parsed.field))
                continue
            notes += [EventNotice(line, event_id, text) for event_id, text in parsed.notes]
            events += [(line, event) for event in parsed.events]
            if parsed.impression is not None:
                journal.record_impression(parsed.impression)
                shown += 1
            elif not parsed.events:
                ignored += 1
    # After the impressions, so that these are on disk too.
    receipt = journal.append(event for _, event in events)
    notes += [
        replace(note, line=None if note.line is None else events[note.line - 1][0]) for note in receipt.notes
    ]
    return replace(
        receipt, ignored=ignored, shown=shown, refused=(*receipt.refused, *refused), notes=tuple(notes)
    )


def _parse(value: object, now: float, user_agent: str | None) -> Iterator[ParsedEvent | EventError]:
    if isinstance(value, EventError):
        yield value
    else:
        yield from parse_events(value, now=now, user_agent=user_agent)
