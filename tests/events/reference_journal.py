"""A journal that is right because there is nothing to it: lists, and profiles by their definition."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from snapshelf.events import (
    START,
    WEIGHTS,
    Erased,
    Event,
    EventLog,
    EventNotice,
    Impression,
    JournalStats,
    Position,
    ProductPurchases,
    Profile,
    Receipt,
    RecentInteraction,
    SearchedVector,
    TraitsLookup,
    write_event,
)

DAY = 86_400.0


@dataclass
class Kept:
    """What outlives an opened journal."""

    space: str = ""
    number: int = 0
    told: list[tuple[int, Event]] = field(default_factory=list)
    robots: set[str] = field(default_factory=set)
    held_robots: set[str] = field(default_factory=set)
    shown: dict[str, Impression] = field(default_factory=dict)
    consent: dict[str, bool] = field(default_factory=dict)
    forgotten: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    revised: float = 0.0


class ReferenceJournal:
    """See `Journal`."""

    def __init__(
        self, kept: Kept, traits: TraitsLookup, space: str, *, consent_required: bool = False
    ) -> None:
        self._kept = kept
        self._traits = traits
        self._space = space
        self._required = consent_required
        if kept.space != space:
            kept.told = [(number, replace(event, vector=None)) for number, event in kept.told]
            kept.space = space

    def append(self, events: Iterable[Event]) -> Receipt:
        kept, now = self._kept, time.time()
        taken: list[tuple[int, Event]] = []
        late: list[EventNotice] = []
        counts = {"duplicates": 0, "without_consent": 0, "forgotten": 0}
        for line, event in enumerate(events, 1):
            if any(event.event_id == known.event_id for _, known in kept.told):
                counts["duplicates"] += 1
            elif not self._may_keep(event.shopper, event.consent):
                counts["without_consent"] += 1
            elif event.at <= kept.forgotten.get(event.shopper, -1.0):
                counts["forgotten"] += 1
            else:
                if event.at > now + 300:
                    hours = round((event.at - now) / 3_600)
                    late.append(EventNotice(line, event.event_id, f"{hours} hours ahead"))
                    event = replace(event, at=now)
                kept.number += 1
                kept.told.append((kept.number, replace(event, consent=None, user_agent=None)))
                taken.append((line, event))
                if "bot" in (event.user_agent or "") or event.shopper in kept.held_robots:
                    kept.robots.add(event.event_id)
        for shopper in {event.shopper for _, event in taken}:
            latest = sorted(event.at for event in self._of(shopper) if event.kind != "search")[-100:]
            if len(latest) == 100 and latest[-1] - latest[0] < 60:
                kept.held_robots.add(shopper)
                kept.robots |= {event.event_id for _, event in kept.told if event.shopper == shopper}
                kept.shown = {name: one for name, one in kept.shown.items() if one.shopper != shopper}
                kept.revised = time.time()
        robots = sum(event.event_id in kept.robots for _, event in taken)
        receipt = Receipt(accepted=len(taken) - robots, robots=robots, **counts, notes=tuple(late))
        for name in ("accepted", "robots", *counts):
            kept.counts[name] += getattr(receipt, name)
        return receipt

    def append_soon(self, events: Iterable[Event]) -> None:
        self.append(events)

    def record_impression(self, shown: Impression) -> None:
        if shown.shopper in self._kept.held_robots:
            return
        since = self._kept.forgotten.get(shown.shopper, -1.0)
        if self._may_keep(shown.shopper, None) and shown.at > since:
            self._kept.shown.setdefault(shown.query_id, shown)

    def impression(self, query_id: str) -> Impression | None:
        return self._kept.shown.get(query_id)

    def events(self, shopper: str) -> list[Event]:
        return [event for _, event in self._kept.told if event.shopper == shopper]

    def merge(self, session: str, account: str) -> Profile:
        kept = self._kept
        kept.told = [
            (number, replace(event, shopper=account) if event.shopper == session else event)
            for number, event in kept.told
        ]
        kept.shown = {
            name: replace(one, shopper=account) if one.shopper == session else one
            for name, one in kept.shown.items()
        }
        kept.revised = time.time()
        return self.profile(account)

    def forget(self, shopper: str) -> Erased:
        erased = self._erase(lambda one: one.shopper == shopper)
        self._kept.forgotten[shopper] = time.time()
        return erased

    def consent(self, shopper: str, given: bool) -> Erased:
        self._kept.consent[shopper] = given
        return Erased() if given else self._erase(lambda one: one.shopper == shopper)

    def consents(self, shopper: str) -> bool | None:
        return self._kept.consent.get(shopper)

    def export(self, shopper: str) -> Iterator[dict[str, Any]]:
        if known := self.profile(shopper):
            yield {"profile": known.to_json()}
        yield from map(write_event, self.events(shopper))
        for one in self._kept.shown.values():
            if one.shopper == shopper:
                yield {
                    "query_id": one.query_id,
                    "client_id": shopper,
                    "timestamp": one.at,
                    "query_response_hit_ids": list(one.products),
                }

    def prune(self, older_than: float) -> Erased:
        return self._erase(lambda one: one.at < older_than)

    def log(
        self, since: Position = START, until: Position | None = None, *, of: Collection[str] | None = None
    ) -> EventLog:
        end = until or Position(1 << 62, 1 << 62)
        shown = [
            one
            for number, one in enumerate(self._kept.shown.values(), 1)
            if since.impressions < number <= end.impressions and (of is None or one.shopper in of)
        ]
        interactions = [
            event.interaction
            for number, event in self._kept.told
            if since.events < number <= end.events
            and (of is None or event.shopper in of)
            and event.event_id not in self._kept.robots
            and event.interaction is not None
        ]
        return EventLog(sorted(shown, key=lambda one: one.at), interactions, [])

    def without_forgotten(self, log: EventLog) -> EventLog:
        def stays(one: Any) -> bool:
            since = self._kept.forgotten.get(one.shopper, 0.0)
            return self._kept.consent.get(one.shopper) is not False and one.at > since

        return EventLog([*filter(stays, log.impressions)], [*filter(stays, log.interactions)], log.refused)

    def position(self) -> Position:
        return Position(self._kept.number, len(self._kept.shown))

    def revised_at(self) -> float:
        return self._kept.revised

    def stats(self) -> JournalStats:
        robots = sum(event.event_id in self._kept.robots for _, event in self._kept.told)
        return JournalStats(
            len(self._kept.told) - robots,
            len(self._kept.shown),
            self._profiles(),
            robots,
            dict(self._kept.counts),
        )

    def close(self) -> None:
        pass

    def profile(self, shopper: str) -> Profile:
        """The definitions of ``docs/concepts/events.md``, sum by sum."""
        came = self._of(shopper)
        if not came:
            return Profile(shopper, self._space)
        traits = self._traits(
            {event.product for event in came if event.product is not None} | self._above(came)
        )
        now = max(event.at for event in came)

        def fading(event: Event) -> float:
            return 0.5 ** ((now - event.at) / (30 * DAY))

        def vector(event: Event) -> np.ndarray | None:
            return (
                event.vector
                if event.kind == "search"
                else getattr(traits.get(event.product or ""), "vector", None)
            )

        in_time = sorted(came, key=lambda event: event.at)
        steps = [event for event in in_time if event.kind != "search" or event.vector is not None]
        pull = {name: np.zeros(16, np.float32) for name in ("session", "long", "negative")}
        for place, event in enumerate(reversed(steps)):
            if (found := vector(event)) is not None:
                pull["session"] += event.weight * 0.5 ** (place / 8) * found
        facts: dict[str, dict[str, float]] = {name: {} for name in ("category", "brand", "price", "colour")}
        for event in came:
            if (found := vector(event)) is not None:
                pull["long"] += event.weight * fading(event) * found
                pull["negative"] += max(0.0, -event.weight) * fading(event) * found
            for name, values in facts.items():
                if (known := traits.get(event.product or "")) is not None and (value := getattr(known, name)):
                    values[value] = values.get(value, 0.0) + event.weight * fading(event)
        for number, event in enumerate(came):
            had = sorted((one for one in came[: number + 1] if one.kind != "search"), key=lambda one: one.at)[
                -100:
            ]
            liked = {one.product for one in had if WEIGHTS[one.kind] > 0}
            for product in self._shown_above(event):
                if product not in liked and product in traits:
                    pull["negative"] += 0.1 * fading(event) * traits[product].vector
        return Profile(
            shopper=shopper,
            space=self._space,
            events=len(came),
            at=now,
            recent=tuple(
                RecentInteraction(e.product, e.kind, e.at)
                for e in in_time
                if e.kind != "search" and e.product
            )[-100:],
            queries=tuple(SearchedVector(e.at, e.vector) for e in in_time if e.vector is not None)[-10:],
            bought=_bought(came),
            **{name: found if found.any() else None for name, found in pull.items()},
            **{
                name: dict(sorted(values.items(), key=lambda pair: -abs(pair[1])))
                for name, values in facts.items()
            },
        )

    def _of(self, shopper: str) -> list[Event]:
        return [event for event in self.events(shopper) if event.event_id not in self._kept.robots]

    def _shown_above(self, event: Event) -> tuple[str, ...]:
        shown = self._kept.shown.get(event.query_id or "")
        if event.kind != "click" or shown is None or event.product not in shown.products:
            return ()
        return shown.products[: shown.products.index(event.product)]

    def _above(self, came: Iterable[Event]) -> set[str]:
        return {product for event in came for product in self._shown_above(event)}

    def _may_keep(self, shopper: str, consent: bool | None) -> bool:
        said = self._kept.consent.get(shopper)
        if said is not None:
            return said and consent is not False
        return consent is not False and (consent is True or not self._required)

    def _erase(self, goes: Any) -> Erased:
        kept, profiles = self._kept, self._profiles()
        events, impressions = len(kept.told), len(kept.shown)
        kept.told = [(number, event) for number, event in kept.told if not goes(event)]
        kept.shown = {name: one for name, one in kept.shown.items() if not goes(one)}
        kept.revised = time.time()
        return Erased(events - len(kept.told), impressions - len(kept.shown), profiles - self._profiles())

    def _profiles(self) -> int:
        return len({event.shopper for _, event in self._kept.told if event.event_id not in self._kept.robots})


def _bought(came: Iterable[Event]) -> dict[str, ProductPurchases]:
    bought: dict[str, ProductPurchases] = {}
    for event in came:
        if event.product is None:
            continue
        known = bought.get(event.product)
        if event.kind == "purchase":
            first, last = (known.first, known.last) if known else (event.at, event.at)
            bought[event.product] = ProductPurchases(
                (known.count if known else 0) + 1, min(first, event.at), max(last, event.at)
            )
        elif event.kind == "return" and known:
            del bought[event.product]
            if known.count > 1:
                bought[event.product] = ProductPurchases(known.count - 1, known.first, known.last)
    return bought
