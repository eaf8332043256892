"""A log of searches and events in the shape of UBI 1.3, as lines of JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from snapshelf.errors import InputError
from snapshelf.shoppers._experiments import Team
from snapshelf.shoppers._features import CHANNELS
from snapshelf.shoppers._learning import WEIGHTS, Deed, Shown


@dataclass(frozen=True)
class ShopLog:
    """What was shown and what happened.

    Parameters
    ----------
    shown : list of Shown
    deeds : list of Deed
    refused : list of str
        One sentence for each line that could not be used.
    """

    shown: list[Shown]
    deeds: list[Deed]
    refused: list[str]


def read_log(path: Path) -> ShopLog:
    """Read searches and events, in any order, each event once.

    A line with ``query_response_hit_ids`` is a search; its ``query_attributes`` may have ``relevance`` (a score
    for each hit), ``channels`` (name → contribution of each hit), ``propensities``, ``start`` (rank of the first hit,
    from 0), ``experiment``, ``variant`` and ``teams``. A line with ``action_name``
    is an event with ``client_id``, ``timestamp``, ``event_attributes.object.object_id`` and perhaps ``query_id``.
    Actions that say nothing of interest are passed over.

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


def parse_log(lines: Iterable[str], where: str) -> ShopLog:
    """Read the lines of a log; `where` names it in the refusals. See `read_log`."""
    log = ShopLog([], [], [])
    seen: set[str] = set()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            told = json.loads(line)
            if "query_response_hit_ids" in told:
                log.shown.append(read_shown(told))
            elif told["action_name"] in WEIGHTS and (id := str(told.get("event_id", number))) not in seen:
                seen.add(id)
                log.deeds.append(_deed(told))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            log.refused.append(f"{where}, line {number}: {type(error).__name__} {error}")
    return log


def read_shown(told: Mapping[str, Any]) -> Shown:
    """Read a search from its object of UBI.

    Raises
    ------
    ValueError, KeyError, TypeError
        It is none.
    """
    products = tuple(map(str, told["query_response_hit_ids"]))
    attributes = told.get("query_attributes") or {}
    # Without scores the order is all that is known of the relevance.
    relevance = attributes.get("relevance") or [1 / (rank + 1) for rank in range(len(products))]
    channels = {
        name: _numbers(values, len(products))
        for name, values in (attributes.get("channels") or {}).items()
        if name in CHANNELS
    }
    propensities = attributes.get("propensities")
    return Shown(
        query_id=str(told["query_id"]),
        shopper=str(told["client_id"]),
        at=_seconds(told["timestamp"]),
        products=products,
        relevance=_numbers(relevance, len(products)),
        channels=channels,
        propensities=None if propensities is None else _numbers(propensities, len(products)),
        start=int(attributes.get("start") or 0),
        text=str(told.get("user_query") or ""),
        experiment=attributes.get("experiment"),
        variant=attributes.get("variant"),
        teams=_teams(attributes.get("teams"), len(products)),
    )


def write_shown(shown: Shown) -> dict[str, Any]:
    """Say a search as an object of UBI; `read_shown` reads it. Numbers have six digits."""
    attributes = {
        "relevance": _short(shown.relevance),
        "channels": {name: _short(values) for name, values in shown.channels.items()} or None,
        "propensities": None if shown.propensities is None else _short(shown.propensities),
        "start": shown.start or None,
        "experiment": shown.experiment,
        "variant": shown.variant,
        "teams": shown.teams,
    }
    return {
        "query_id": shown.query_id,
        "client_id": shown.shopper,
        "timestamp": shown.at,
        "user_query": shown.text or None,
        "query_response_hit_ids": shown.products,
        "query_attributes": {name: value for name, value in attributes.items() if value is not None},
    }


def _short(numbers: Iterable[float]) -> list[float]:
    return [float(f"{number:.6g}") for number in numbers]


def _deed(told: Mapping[str, Any]) -> Deed:
    query = told.get("query_id")
    return Deed(
        shopper=str(told["client_id"]),
        product=str(told["event_attributes"]["object"]["object_id"]),
        at=_seconds(told["timestamp"]),
        kind=told["action_name"],
        query_id=None if query is None else str(query),
    )


def _numbers(values: Iterable[Any], count: int) -> tuple[float, ...]:
    numbers = tuple(map(float, values))
    if len(numbers) != count:
        raise ValueError(f"{len(numbers)} numbers for {count} hits")
    if not all(map(math.isfinite, numbers)):
        raise ValueError("a number is not finite")
    return numbers


def _teams(teams: Sequence[Team | None] | None, count: int) -> tuple[Team | None, ...] | None:
    if teams is not None and (len(teams) != count or not {*teams} <= {"a", "b", None}):
        raise ValueError(f'teams must be "a", "b" or null for each of {count} hits')
    return None if teams is None else tuple(teams)


def _seconds(value: Any) -> float:
    """Unix seconds of a number (milliseconds where it must be) or an ISO 8601 text."""
    if isinstance(value, str):
        return datetime.fromisoformat(value).timestamp()
    seconds = float(value)
    if not math.isfinite(seconds):
        raise ValueError("the timestamp is not finite")
    return seconds / 1_000 if seconds > 1e11 else seconds
