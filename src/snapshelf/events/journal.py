"""The journal: what shoppers did and what they were shown, and who they are by that."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from dataclasses import field as field_of
from typing import Any, NamedTuple, Protocol

from snapshelf.events.event import Event
from snapshelf.events.impression import Impression
from snapshelf.events.log import ShopLog
from snapshelf.events.profile import Profile


@dataclass(frozen=True, slots=True)
class Remark:
    """What is to be said of one event.

    Parameters
    ----------
    line : int or None
        Where it was in what was sent, from 1; None for an event that came alone.
    event_id : str or None
    text : str
        What is wrong and what to do.
    field : str or None
        Of the event, where one is at fault.
    """

    line: int | None
    event_id: str | None
    text: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of events. All but the refused ones are dealt with for good and need not be told again.

    Parameters
    ----------
    accepted : int
        Kept, on disk, and in the profiles.
    duplicates : int
        Known by their id.
    ignored : int
        Of kinds that say nothing of interest.
    robots : int
        Kept, but in no profile and never learned from.
    without_consent : int
        Not kept, for the shopper does not want to be remembered.
    forgotten : int
        Not kept, for they are from before the shopper was forgotten.
    shown : int
        Searches and recommendations that were told with their answers, and kept.
    refused : tuple of Remark
        Not kept, and why.
    notes : tuple of Remark
        Of accepted events: what was put right, or is odd.
    """

    accepted: int = 0
    duplicates: int = 0
    ignored: int = 0
    robots: int = 0
    without_consent: int = 0
    forgotten: int = 0
    shown: int = 0
    refused: tuple[Remark, ...] = ()
    notes: tuple[Remark, ...] = ()

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
    """What was erased.

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
        Those that are kept; `events` without those of robots.
    robots : int
        Events of robots that are kept.
    told : mapping
        How many events were told since the journal was made, by what became of them, named as in `Receipt`.
    """

    events: int
    impressions: int
    profiles: int
    robots: int
    told: dict[str, int] = field_of(default_factory=dict)


class Position(NamedTuple):
    """A place in a journal: the numbers of the last event and of the last impression before it."""

    events: int = 0
    impressions: int = 0


START = Position()
"""Before everything."""


class Journal(Protocol):
    """What shoppers did and were shown. It may be used from several threads, and by several processes.

    What a call has done when it returns is on disk, except for `show` and `append_soon`, which do not make a search
    wait: what they were given is written within moments, and before anything that is told after it.
    """

    def append(self, events: Iterable[Event]) -> Receipt:
        """Keep events, each id once, and fold them into the profiles of their shoppers: both or neither.

        Events may be of products that there are not (yet), and may come in any order. A time in the future becomes the
        time of arrival.

        Raises
        ------
        EventError
            A vector has another length than those before; none of the events was kept.
        StorageError
            It could not be written; none of the events was kept.
        """
        ...

    def append_soon(self, events: Iterable[Event]) -> None:
        """Keep events as `append` does, without waiting for the disk; what cannot be written is logged."""
        ...

    def show(self, shown: Impression) -> None:
        """Keep what a search or recommendation was answered with, unless the shopper does not want to be remembered."""
        ...

    def shown(self, query_id: str) -> Impression | None:
        """Return what a search or recommendation was answered with; None for one that is not known."""
        ...

    def profile(self, shopper: str) -> Profile:
        """Return what is known of a shopper, every acknowledged event included; empty for an unknown one."""
        ...

    def events(self, shopper: str) -> list[Event]:
        """Return the events of a shopper as they came, robots' included."""
        ...

    def merge(self, session: str, account: str) -> Profile:
        """Give what an anonymous session did to the account that it turned out to be; returns the account's profile."""
        ...

    def forget(self, shopper: str) -> Erased:
        """Erase a shopper's events, impressions and profile.

        That it was done is remembered, by a hash of the name: events from before, told again or imported from a log,
        are not kept, and counts are made anew where they had a part in them.
        """
        ...

    def consent(self, shopper: str, given: bool) -> Erased:
        """Take note that a shopper agrees to be remembered, or does not: then everything known is erased."""
        ...

    def consents(self, shopper: str) -> bool | None:
        """Say whether a shopper agreed to be remembered; None where that was never said."""
        ...

    def export(self, shopper: str) -> Iterator[dict[str, Any]]:
        """Give everything that is kept of a shopper, as objects for lines of JSON: profile, events, what was shown."""
        ...

    def prune(self, older_than: float) -> Erased:
        """Erase what is from before a moment (Unix seconds), and make the profiles anew from the rest."""
        ...

    def log(
        self, since: Position = START, until: Position | None = None, *, of: Collection[str] | None = None
    ) -> ShopLog:
        """Return what rankers learn from: everything shown and done, robots left out.

        Parameters
        ----------
        since, until : Position
            Only what was told after the one, and not after the other.
        of : collection of str or None
            Only what these shoppers did and were shown.
        """
        ...

    def without_forgotten(self, log: ShopLog) -> ShopLog:
        """Return a log from elsewhere without those who refused, and without the past of those who were forgotten."""
        ...

    def position(self) -> Position:
        """Return how far it goes by now."""
        ...

    def revised_at(self) -> float:
        """Return when events were last erased, given to an account or found to be a robot's (Unix seconds).

        Counts from before have traces of what is no longer so. 0 if nothing ever was.
        """
        ...

    def stats(self) -> JournalStats:
        """Count what is kept."""
        ...

    def close(self) -> None:
        """Write what waits and close; a closed journal cannot be used, but closed again."""
        ...
