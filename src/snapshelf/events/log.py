"""A log of impressions and events, in JSON lines."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from snapshelf.errors import EventError, InputError
from snapshelf.events.impression import Impression
from snapshelf.events.interaction import Interaction
from snapshelf.events.parsers import parse_events


@dataclass(frozen=True)
class EventLog:
    """Impressions and the interactions that followed.

    Parameters
    ----------
    impressions : list of Impression
    interactions : list of Interaction
    refused : list of str
        A message for each line that could not be used.
    """

    impressions: list[Impression]
    interactions: list[Interaction]
    refused: list[str]


def read_log(path: Path) -> EventLog:
    """Read impressions and events, in any order. Each event counts once.

    A line with ``query_response_hit_ids`` is an impression; its ``query_attributes`` may have ``relevance`` (a score
    for each hit), ``contributions`` (signal → contribution to each hit), ``propensities``, ``start`` (rank of the first
    hit, from 0), ``experiment``, ``variant`` and ``teams``. Other lines are events in any shape that `parse_events`
    reads. Other actions are ignored.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: the log cannot be read ({error})") from None
    return parse_log(lines, str(path))


def parse_log(lines: Iterable[str], where: str) -> EventLog:
    """Parse the lines of a log; `where` names the file in messages. See `read_log`."""
    log = EventLog([], [], [])
    seen: set[str] = set()
    now = time.time()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            log.refused.append(f"{where}, line {number}: not JSON: {error}")
            continue
        for parsed in parse_events(value, now=now):
            if isinstance(parsed, EventError):
                log.refused.append(f"{where}, line {number}: {parsed}")
                continue
            if parsed.impression is not None:
                log.impressions.append(parsed.impression)
            for event in parsed.events:
                if event.event_id not in seen and (interaction := event.interaction) is not None:
                    log.interactions.append(interaction)
                seen.add(event.event_id)
    return log
