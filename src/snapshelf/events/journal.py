"""The journal: events and impressions, and the profile of each shopper."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from dataclasses import field as field_of
from typing import Any, NamedTuple, Protocol

from snapshelf.events.event import Event
from snapshelf.events.impression import Impression
from snapshelf.events.log import EventLog
from snapshelf.events.profile import Profile


@dataclass(frozen=True, slots=True)
class EventNotice:
    """A message about an event.

    Parameters
    ----------
    line : int or None
        Line of the event, from 1; None for a single event.
    event_id : str or None
    text : str
        What is wrong, and what to do.
    field : str or None
        The invalid field, if there is one.
    """

    line: int | None
    event_id: str | None
    text: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of events. All but the refused events are settled and need not be sent again.

    Parameters
    ----------
    accepted : int
        Stored on disk and in the profiles.
    duplicates : int
        Not stored: an event with this id was stored before.
    ignored : int
        Not stored: the action says nothing of a product.
    robots : int
        Stored, but in no profile and never learned from.
    without_consent : int
        Not stored: the shopper does not want to be remembered.
    forgotten : int
        Not stored: the shopper was forgotten after the event.
    shown : int
        Impressions stored.
    refused : tuple of EventNotice
        Not stored, with the reason.
    notes : tuple of EventNotice
        Corrections and oddities of accepted events.
    """

    accepted: int = 0
    duplicates: int = 0
    ignored: int = 0
    robots: int = 0
    without_consent: int = 0
    forgotten: int = 0
    shown: int = 0
    refused: tuple[EventNotice, ...] = ()
    notes: tuple[EventNotice, ...] = ()

    def __add__(self, other: Receipt) -> Receipt:
        return Receipt(
            self.accepted + other.accepted,
            self.duplicates + other.duplicates,
            self.ignored + other.ignored,
            self.robots + other.robots,
            self.without_consent + other.without_consent,
            self.forgotten + other.forgotten,
            self.shown + other.shown,
            self.refused + other.refused,
            self.notes + other.notes,
        )


@dataclass(frozen=True, slots=True)
class Erased:
    """Numbers of erased records.

    Parameters
    ----------
    events, impressions, profiles : int
    """

    events: int = 0
    impressions: int = 0
    profiles: int = 0


@dataclass(frozen=True, slots=True)
class JournalStats:
    """The journal in numbers.

    Parameters
    ----------
    events, impressions, profiles : int
        Numbers of stored records; `events` without those of robots.
    robots : int
        Stored events of robots.
    received : mapping
        Events received since the journal was created, by outcome, named as in `Receipt`.
    """

    events: int
    impressions: int
    profiles: int
    robots: int
    received: dict[str, int] = field_of(default_factory=dict)


class Position(NamedTuple):
    """A position in a journal: the numbers of the last event and of the last impression."""

    events: int = 0
    impressions: int = 0


START = Position()
"""The position before all records."""


class Journal(Protocol):
    """Stores events, impressions and profiles, for several threads and several processes.

    When a call returns, its changes are on disk. `record_impression` and `append_soon` are the exceptions, so that a
    search does not wait: their records are written within moments, and before all later ones.
    """

    def append(self, events: Iterable[Event]) -> Receipt:
        """Store events, each id once, and fold them into the profiles of their shoppers, in the same transaction.

        Events may name unknown products and may come in any order. A time in the future becomes the time of arrival.

        Raises
        ------
        EventError
            A vector has another length than earlier vectors; no event was stored.
        StorageError
            The journal could not be written; no event was stored.
        """
        ...

    def append_soon(self, events: Iterable[Event]) -> None:
        """Store events as `append` does, without waiting for the disk; a failure is logged."""
        ...

    def record_impression(self, shown: Impression) -> None:
        """Store an impression, unless the shopper does not want to be remembered."""
        ...

    def impression(self, query_id: str) -> Impression | None:
        """Return the impression of a query; None for an unknown query."""
        ...

    def profile(self, shopper: str) -> Profile:
        """Return the profile of a shopper, with every acknowledged event; an empty profile for an unknown shopper."""
        ...

    def events(self, shopper: str) -> list[Event]:
        """Return the events of a shopper in the order of arrival, those of robots included."""
        ...

    def merge(self, session: str, account: str) -> Profile:
        """Move the events of an anonymous session to an account; return the account's profile."""
        ...

    def forget(self, shopper: str) -> Erased:
        """Erase a shopper's events, impressions and profile.

        A hash of the shopper's id is remembered: earlier events that are sent again or imported from a log are not
        stored, and statistics that counted them are made anew.
        """
        ...

    def consent(self, shopper: str, given: bool) -> Erased:
        """Record whether a shopper agrees to be remembered; without consent all records of the shopper are erased."""
        ...

    def consents(self, shopper: str) -> bool | None:
        """Return whether a shopper agreed to be remembered; None where the shopper never said."""
        ...

    def export(self, shopper: str) -> Iterator[dict[str, Any]]:
        """Yield all records of a shopper as objects for JSON lines: profile, events, impressions."""
        ...

    def prune(self, older_than: float) -> Erased:
        """Erase records from before a time (Unix seconds), and rebuild the profiles from the rest."""
        ...

    def log(
        self, since: Position = START, until: Position | None = None, *, of: Collection[str] | None = None
    ) -> EventLog:
        """Return what ranking models learn from: impressions and interactions, without robots.

        Parameters
        ----------
        since, until : Position
            Only records after `since`, up to `until`.
        of : collection of str or None
            Only records of these shoppers.
        """
        ...

    def without_forgotten(self, log: EventLog) -> EventLog:
        """Return a log without the shoppers who refused, and without the records of forgotten shoppers."""
        ...

    def position(self) -> Position:
        """Return the position after the last record."""
        ...

    def revised_at(self) -> float:
        """Return when events were last erased, merged or attributed to a robot (Unix seconds); 0 for never.

        Statistics from before contain events that no longer count.
        """
        ...

    def stats(self) -> JournalStats:
        """Count the records."""
        ...

    def close(self) -> None:
        """Write the waiting records and close. Closing twice does no harm."""
        ...
