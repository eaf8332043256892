"""The journal in SQLite or PostgreSQL."""

from __future__ import annotations

import json
import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias

import numpy as np
from pydantic_core import from_json
from sqlalchemy import (
    BindParameter,
    Connection,
    Row,
    bindparam,
    case,
    delete,
    func,
    insert,
    select,
    update,
)

from snapshelf._support.sql import Database, chunks, rows_of, upsert
from snapshelf.errors import EventError, StorageError
from snapshelf.events.event import Event
from snapshelf.events.group_commit import GroupCommit
from snapshelf.events.impression import Impression
from snapshelf.events.interaction import Interaction
from snapshelf.events.journal import START, Erased, EventNotice, JournalStats, Position, Receipt
from snapshelf.events.journal_schema import SCHEMA, consent_state, event, impression, note, profile, tally
from snapshelf.events.log import EventLog
from snapshelf.events.parsers import read_impression, write_event, write_impression
from snapshelf.events.profile import Profile, fold, products_of
from snapshelf.events.robots import is_robot
from snapshelf.events.traits import ProductTraits, TraitsLookup

_Job: TypeAlias = "Sequence[Event] | Impression"
_Numbered: TypeAlias = "tuple[int, Event]"
"""An event with its line, from 1."""

_MAX_CLOCK_SKEW = 300.0
"""Seconds by which a clock may be ahead."""
_ROBOT_SECONDS = 86_400.0
"""Seconds for which a shopper with inhumanly fast events counts as a robot."""
_BATCH = 5_000
"""Events per transaction."""
_FOLD_BATCH = 2_000
_MAX_NUMBER = 2**62
_STREAM_OPTIONS = {"yield_per": _FOLD_BATCH}
_FLOAT16 = np.dtype("<f2")

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_KNOWN_IDS = select(event.c.id).where(event.c.id.in_(_IDS))
_PROFILES = select(profile).where(profile.c.shopper.in_(_IDS))
_PROFILE = select(profile).where(profile.c.shopper == bindparam("shopper"))
_IMPRESSIONS = select(impression.c.query_id, impression.c.body).where(impression.c.query_id.in_(_IDS))
_CONSENT_STATES = select(consent_state).where(consent_state.c.digest.in_(_IDS))
_EVENTS = (
    select(event)
    .where(event.c.shopper == bindparam("shopper"), event.c.number > bindparam("after"))
    .order_by(event.c.number)
    .limit(_FOLD_BATCH)
)
_OUTCOMES = ("accepted", "duplicates", "ignored", "robots", "without_consent", "forgotten")


def no_traits(_: Collection[str]) -> Mapping[str, ProductTraits]:
    """Return no traits: for a journal without a catalogue."""
    return {}


class SqlJournal:
    """The journal in a database: an SQLite file, or PostgreSQL.

    Open it with `SqlJournal.open`. See `Journal` for its methods.
    """

    def __init__(
        self, database: Database, traits: TraitsLookup, space: str, *, consent_required: bool
    ) -> None:
        self._database = database
        self._traits = traits
        self._space = space
        self._consent_required = consent_required
        self._begin_space()
        self._dimension = 0
        self._salt = bytes.fromhex(self._note("salt") or self._first("salt", secrets.token_hex(16)))
        self._commits: GroupCommit[_Job, Receipt] = GroupCommit(
            self._write_jobs, lambda job: 1 if isinstance(job, Impression) else len(job), _BATCH
        )

    @classmethod
    def open(
        cls,
        location: str | Path,
        *,
        traits: TraitsLookup = no_traits,
        space: str = "",
        consent_required: bool = False,
    ) -> Self:
        """Open a journal; create it where it is missing.

        Parameters
        ----------
        location : str or Path
            Path of an SQLite file (its folder must exist), or ``postgresql://user:password@host/database``.
        traits : callable
            Traits of products, for the profiles; see `CatalogueTraits`.
        space : str
            Fingerprint of the encoder of the vectors in `traits`. Profiles of another encoder are rebuilt when they are
            read, without the query vectors.
        consent_required : bool
            Store events only of shoppers who agreed; otherwise of all but those who refused.

        Raises
        ------
        StorageError
            It cannot be opened, is damaged, or belongs to another program.
        ShelfVersionError
            It was written by a newer Snapshelf.
        MissingExtraError
            PostgreSQL is asked for and ``snapshelf[postgresql]`` is not installed.
        InputError
            The URL cannot be read or names another kind of database.
        """
        database = Database.open(location, SCHEMA)
        try:
            return cls(database, traits, space, consent_required=consent_required)
        except BaseException:
            database.close()
            raise

    def close(self) -> None:
        """Write the waiting records and close. Closing twice does no harm."""
        self._commits.close()
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Writes

    def append(self, events: Iterable[Event]) -> Receipt:
        """See `Journal.append`."""
        checked = self._checked(events)
        receipt = Receipt()
        for start in range(0, max(1, len(checked)), _BATCH):
            part: Receipt = self._submit(checked[start : start + _BATCH]).result()
            notes = (replace(note, line=start + (note.line or 0)) for note in part.notes)
            receipt += replace(part, notes=tuple(notes))
        return receipt

    def append_soon(self, events: Iterable[Event]) -> None:
        """See `Journal.append_soon`."""
        self._submit(self._checked(events))

    def record_impression(self, shown: Impression) -> None:
        """See `Journal.record_impression`."""
        self._submit(shown)

    def merge(self, session: str, account: str) -> Profile:
        """See `Journal.merge`."""
        self._commits.wait()
        if session == account:
            return self.profile(account)
        with self._database.writing() as connection:
            for table in (event, impression):
                connection.execute(update(table).where(table.c.shopper == session).values(shopper=account))
            connection.execute(delete(profile).where(profile.c.shopper == session))
            self._revised(connection)
            return self._rebuild_profile(connection, account)

    def forget(self, shopper: str) -> Erased:
        """See `Journal.forget`."""
        self._commits.wait()
        with self._database.writing() as connection:
            erased = self._erase(connection, shopper)
            self._set_consent_state(connection, shopper, forgotten=time.time())
        return erased

    def consent(self, shopper: str, given: bool) -> Erased:
        """See `Journal.consent`."""
        self._commits.wait()
        with self._database.writing() as connection:
            erased = Erased() if given else self._erase(connection, shopper)
            self._set_consent_state(connection, shopper, consent=given)
        return erased

    def prune(self, older_than: float) -> Erased:
        """See `Journal.prune`."""
        self._commits.wait()
        with self._database.writing() as connection:
            shoppers = connection.scalars(
                select(event.c.shopper).where(event.c.at < older_than).distinct()
            ).all()
            events = connection.execute(delete(event).where(event.c.at < older_than)).rowcount
            impressions = connection.execute(delete(impression).where(impression.c.at < older_than)).rowcount
            if events:
                self._revised(connection)
        gone = 0
        for shopper in shoppers:
            # A transaction per shopper, so that events can be written in between.
            with self._database.writing() as connection:
                gone += not self._rebuild_profile(connection, shopper)
        return Erased(events, impressions, gone)

    # Reads

    def impression(self, query_id: str) -> Impression | None:
        """See `Journal.impression`."""
        self._commits.wait()
        with self._database.reading() as connection:
            return self._impressions(connection, [query_id]).get(query_id)

    def profile(self, shopper: str) -> Profile:
        """See `Journal.profile`."""
        with self._database.reading() as connection:
            row = connection.execute(_PROFILE, {"shopper": shopper}).one_or_none()
        if (known := self._read_profile(shopper, row)) is not None:
            return known
        with self._database.writing() as connection:
            return self._rebuild_profile(connection, shopper)

    def events(self, shopper: str) -> list[Event]:
        """See `Journal.events`."""
        self._commits.wait()
        with self._database.reading() as connection:
            return [stored for _, stored in self._events_of(connection, shopper)]

    def consents(self, shopper: str) -> bool | None:
        """See `Journal.consents`."""
        with self._database.reading() as connection:
            consent: bool | None = connection.scalar(
                select(consent_state.c.consent).where(consent_state.c.digest == self._digest(shopper))
            )
        return consent

    def export(self, shopper: str) -> Iterator[dict[str, Any]]:
        """See `Journal.export`."""
        self._commits.wait()
        known = self.profile(shopper)
        if known:
            yield {"profile": known.to_json()}
        with self._database.reading() as connection:
            for _, stored in self._events_of(connection, shopper):
                yield write_event(stored)
            for body in connection.scalars(
                select(impression.c.body).where(impression.c.shopper == shopper).order_by(impression.c.at)
            ):
                yield {**json.loads(body), "client_id": shopper}

    def log(
        self, since: Position = START, until: Position | None = None, *, of: Collection[str] | None = None
    ) -> EventLog:
        """See `Journal.log`."""
        self._commits.wait()
        end = until or Position(_MAX_NUMBER, _MAX_NUMBER)
        interactions = select(
            event.c.shopper, event.c.product, event.c.at, event.c.kind, event.c.query_id
        ).where(
            event.c.number > since.events,
            event.c.number <= end.events,
            event.c.robot.is_(False),
            event.c.product.is_not(None),
            event.c.kind != "search",
        )
        shown = select(impression.c.body, impression.c.shopper).where(
            impression.c.number > since.impressions, impression.c.number <= end.impressions
        )
        log = EventLog([], [], [])
        with self._database.reading() as connection:
            for names in [None] if of is None else chunks(of):
                own = () if names is None else (event.c.shopper.in_(names),)
                rows = connection.execute(
                    interactions.where(*own).order_by(event.c.number), execution_options=_STREAM_OPTIONS
                )
                log.interactions.extend(Interaction(*row) for row in rows)
                own = () if names is None else (impression.c.shopper.in_(names),)
                rows = connection.execute(
                    shown.where(*own).order_by(impression.c.at), execution_options=_STREAM_OPTIONS
                )
                # The shopper of a merged session is its account.
                log.impressions.extend(
                    replace(read_impression(json.loads(row.body)), shopper=row.shopper) for row in rows
                )
        return log

    def without_forgotten(self, log: EventLog) -> EventLog:
        """See `Journal.without_forgotten`."""
        with self._database.reading() as connection:
            shoppers = {shown.shopper for shown in log.impressions} | {
                past.shopper for past in log.interactions
            }
            states = self._consent_states(connection, shoppers)

        def may_stay(record: Impression | Interaction) -> bool:
            state = states[record.shopper]
            return state.consent is not False and record.at > (state.forgotten or 0.0)

        return EventLog(
            [*filter(may_stay, log.impressions)], [*filter(may_stay, log.interactions)], log.refused
        )

    def position(self) -> Position:
        """See `Journal.position`."""
        self._commits.wait()
        with self._database.reading() as connection:
            return Position(
                *(connection.scalar(select(func.max(table.c.number))) or 0 for table in (event, impression))
            )

    def revised_at(self) -> float:
        """See `Journal.revised_at`."""
        return float(self._note("revised") or 0.0)

    def stats(self) -> JournalStats:
        """See `Journal.stats`."""
        self._commits.wait()
        with self._database.reading() as connection:
            events, robots = connection.execute(
                select(
                    func.count(),
                    func.coalesce(func.sum(case((event.c.robot, 1), else_=0)), 0),
                ).select_from(event)
            ).one()
            impressions, profiles = (
                connection.scalars(select(func.count()).select_from(table)).one()
                for table in (impression, profile)
            )
            outcomes = {row.name: row.times for row in connection.execute(select(tally))}
        return JournalStats(
            events - int(robots),
            impressions,
            profiles,
            int(robots),
            {name: outcomes.get(name, 0) for name in _OUTCOMES},
        )

    # Internals

    def _checked(self, events: Iterable[Event]) -> list[Event]:
        """Refuse vectors of another length before they share a transaction with other events."""
        checked = list(events)
        for new in checked:
            if new.vector is not None:
                length = len(new.vector)
                self._dimension = self._dimension or int(self._first("dimension", str(length)))
                if length != self._dimension:
                    raise EventError(
                        f"vector: it has {length} numbers, earlier vectors have {self._dimension}; "
                        "give a vector of the shelf's encoder",
                        field="vector",
                    )
        return checked

    def _submit(self, job: _Job) -> Any:
        try:
            return self._commits.submit(job)
        except RuntimeError:
            raise StorageError(f"journal {self._database.where}: it is closed; open it again") from None

    def _write_jobs(self, jobs: Sequence[_Job]) -> list[Receipt]:
        with self._database.writing() as connection:
            self._write_impressions(connection, [job for job in jobs if isinstance(job, Impression)])
            intake = _Intake(self, connection, [job for job in jobs if not isinstance(job, Impression)])
            receipts = iter(intake.take())
        return [Receipt() if isinstance(job, Impression) else next(receipts) for job in jobs]

    def _write_impressions(self, connection: Connection, impressions: Sequence[Impression]) -> None:
        shoppers = {shown.shopper for shown in impressions}
        states = self._consent_states(connection, shoppers)
        now = time.time()
        robots = {
            row.shopper for row in rows_of(connection, _PROFILES, shoppers) if (row.robot_until or 0.0) > now
        }
        rows = [
            {
                "query_id": shown.query_id,
                "shopper": shown.shopper,
                "at": shown.at,
                "body": json.dumps(write_impression(shown), ensure_ascii=False, separators=(",", ":")),
            }
            for shown in impressions
            if self._may_store(states[shown.shopper], None)
            and shown.at > (states[shown.shopper].forgotten or 0.0)
            and shown.shopper not in robots
        ]
        if rows:
            connection.execute(upsert(connection, impression).on_conflict_do_nothing(), rows)

    def _impressions(self, connection: Connection, query_ids: Iterable[str]) -> dict[str, Impression]:
        rows = rows_of(connection, _IMPRESSIONS, query_ids)
        return {row.query_id: read_impression(json.loads(row.body)) for row in rows}

    def _may_store(self, state: _ConsentState, consent: bool | None) -> bool:
        """Return whether events of a shopper may be stored; a call of `consent` outweighs the event's own field."""
        if state.consent is not None:
            return state.consent and consent is not False
        return consent is not False and (consent is True or not self._consent_required)

    def _consent_states(self, connection: Connection, shoppers: Collection[str]) -> dict[str, _ConsentState]:
        digests = {self._digest(shopper): shopper for shopper in shoppers}
        stored = {
            digests[row.digest]: _ConsentState(row.consent, row.forgotten)
            for row in rows_of(connection, _CONSENT_STATES, digests)
        }
        return {shopper: stored.get(shopper, _ConsentState()) for shopper in shoppers}

    def _set_consent_state(self, connection: Connection, shopper: str, **values: bool | float) -> None:
        added = upsert(connection, consent_state).values(digest=self._digest(shopper), **values)
        connection.execute(added.on_conflict_do_update(index_elements=["digest"], set_=values))

    def _digest(self, shopper: str) -> bytes:
        return blake2b(shopper.encode(), key=self._salt, digest_size=16).digest()

    def _erase(self, connection: Connection, shopper: str) -> Erased:
        events, impressions, profiles = (
            connection.execute(delete(table).where(table.c.shopper == shopper)).rowcount
            for table in (event, impression, profile)
        )
        if events or impressions:
            self._revised(connection)
        return Erased(events, impressions, profiles)

    def _revised(self, connection: Connection) -> None:
        """Record that earlier statistics contain events that no longer count."""
        self._set_note(connection, "revised", repr(time.time()))

    def _read_profile(self, shopper: str, row: Row[Any] | None) -> Profile | None:
        """Return a stored profile; None where it must be rebuilt."""
        if row is None or row.body is None:
            return Profile(shopper, self._space)
        try:
            return Profile.from_bytes(shopper, row.body) if row.space == self._space else None
        except (ValueError, KeyError, TypeError):
            return None

    def _rebuild_profile(self, connection: Connection, shopper: str) -> Profile:
        """Rebuild a profile from the events, in the order of arrival."""
        rebuilt = Profile(shopper, self._space)
        rows = self._events_of(connection, shopper, robots=False)
        while chunk := list(islice((stored for _, stored in rows), _FOLD_BATCH)):
            query_ids = {stored.query_id for stored in chunk if stored.query_id is not None}
            shown = self._impressions(connection, query_ids).get
            rebuilt = fold(rebuilt, chunk, self._traits(products_of(rebuilt, chunk, shown)), shown)
        if rebuilt:
            self._put_profiles(connection, [_profile_row(rebuilt)])
        else:
            # A robot keeps its row.
            human = profile.c.robot_until.is_(None)
            connection.execute(delete(profile).where(profile.c.shopper == shopper, human))
        return rebuilt

    def _events_of(
        self, connection: Connection, shopper: str, *, robots: bool = True
    ) -> Iterator[tuple[int, Event]]:
        after = 0
        while rows := connection.execute(_EVENTS, {"shopper": shopper, "after": after}).all():
            yield from ((row.number, _read_event(row)) for row in rows if robots or not row.robot)
            after = rows[-1].number

    def _put_profiles(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            added = upsert(connection, profile)
            columns = {name: added.excluded[name] for name in ("space", "body", "robot_until")}
            connection.execute(added.on_conflict_do_update(index_elements=["shopper"], set_=columns), rows)

    def _begin_space(self) -> None:
        """Delete the query vectors if another encoder made them."""
        if self._space and self._note("space") != self._space:
            with self._database.writing() as connection:
                connection.execute(update(event).where(event.c.vector.is_not(None)).values(vector=None))
                self._set_note(connection, "space", self._space)
                connection.execute(delete(note).where(note.c.name == "dimension"))

    def _note(self, name: str) -> str | None:
        with self._database.reading() as connection:
            value: str | None = connection.scalar(select(note.c.value).where(note.c.name == name))
        return value

    def _first(self, name: str, value: str) -> str:
        """Set a note unless it is set; return the stored value."""
        with self._database.writing() as connection:
            connection.execute(
                upsert(connection, note).values(name=name, value=value).on_conflict_do_nothing()
            )
        return self._note(name) or value

    def _set_note(self, connection: Connection, name: str, value: str) -> None:
        added = upsert(connection, note).values(name=name, value=value)
        connection.execute(added.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


@dataclass(frozen=True, slots=True)
class _ConsentState:
    """The consent of a shopper, and when the shopper was forgotten (Unix seconds)."""

    consent: bool | None = None
    forgotten: float | None = None


class _Intake:
    """Stores the events of a transaction and folds them into the profiles."""

    def __init__(
        self, journal: SqlJournal, connection: Connection, batches: Sequence[Sequence[Event]]
    ) -> None:
        self._journal = journal
        self._connection = connection
        self._batches = batches
        self._now = time.time()
        events = [received for batch in batches for received in batch]
        shoppers = {received.shopper for received in events}
        self._known = {
            row.id for row in rows_of(connection, _KNOWN_IDS, [received.event_id for received in events])
        }
        self._consent_states = journal._consent_states(connection, shoppers)
        self._profiles = {row.shopper: row for row in rows_of(connection, _PROFILES, shoppers)}
        self._new: list[Event] = []
        self._unknown: set[str] = set()
        """Products that the catalogue does not have."""
        self._robots: set[str] = set()
        """Ids of new events of robots."""

    def take(self) -> list[Receipt]:
        """Write the events; return a receipt for each batch."""
        admitted = [self._admit(batch) for batch in self._batches]
        humans: dict[str, list[Event]] = defaultdict(list)
        for new in self._new:
            if new.event_id not in self._robots:
                humans[new.shopper].append(new)
        self._fold(humans)
        if self._new:
            rows = [_event_row(new, robot=new.event_id in self._robots) for new in self._new]
            self._connection.execute(insert(event), rows)
        receipts = [self._receipt(*batch) for batch in admitted]
        self._count(receipts)
        return receipts

    def _admit(self, batch: Sequence[Event]) -> tuple[list[_Numbered], Counter[str], list[EventNotice]]:
        """Return the events to store, the number of the others by outcome, and notes on the stored events."""
        stored: list[_Numbered] = []
        counts: Counter[str] = Counter()
        notes: list[EventNotice] = []
        for line, received in enumerate(batch, 1):
            state = self._consent_states[received.shopper]
            if received.event_id in self._known:
                counts["duplicates"] += 1
            elif not self._journal._may_store(state, received.consent):
                counts["without_consent"] += 1
            elif state.forgotten is not None and received.at <= state.forgotten:
                counts["forgotten"] += 1
            else:
                ahead = received.at - self._now
                if ahead > _MAX_CLOCK_SKEW:
                    text = f"its time is {_span(ahead)} ahead of this clock; now was used; set the sender's clock"
                    notes.append(EventNotice(line, received.event_id, text))
                    received = replace(received, at=self._now)
                self._known.add(received.event_id)
                stored.append((line, received))
                if is_robot(received.user_agent) or self._is_known_robot(received.shopper):
                    self._robots.add(received.event_id)
        self._new += [new for _, new in stored]
        return stored, counts, notes

    def _receipt(
        self, stored: Sequence[_Numbered], counts: Counter[str], notes: Sequence[EventNotice]
    ) -> Receipt:
        unknown = [
            EventNotice(
                line, new.event_id, f"no product has the id {new.product!r} yet; the event counts when it has"
            )
            for line, new in stored
            if new.product in self._unknown
        ]
        robots = sum(new.event_id in self._robots for _, new in stored)
        return Receipt(
            accepted=len(stored) - robots,
            duplicates=counts["duplicates"],
            robots=robots,
            without_consent=counts["without_consent"],
            forgotten=counts["forgotten"],
            notes=(*notes, *unknown),
        )

    def _is_known_robot(self, shopper: str) -> bool:
        row = self._profiles.get(shopper)
        return row is not None and row.robot_until is not None and row.robot_until > self._now

    def _fold(self, events_of: Mapping[str, Sequence[Event]]) -> None:
        journal = self._journal
        clicks = (new for events in events_of.values() for new in events if new.kind == "click")
        queries = {click.query_id for click in clicks if click.query_id}
        shown = journal._impressions(self._connection, queries).get
        before = {shopper: self._profile_of(shopper) for shopper in events_of}
        needed = set().union(
            *(products_of(before[name], events, shown) for name, events in events_of.items())
        )
        traits = journal._traits(needed)
        if journal._traits is not no_traits:
            self._unknown = needed - traits.keys()
        rows = []
        for shopper, events in events_of.items():
            folded = fold(before[shopper], events, traits, shown)
            if folded.looks_automated:
                rows.append(_robot_row(shopper, self._now + _ROBOT_SECONDS))
                self._robots.update(new.event_id for new in events)
                self._connection.execute(update(event).where(event.c.shopper == shopper).values(robot=True))
                self._connection.execute(delete(impression).where(impression.c.shopper == shopper))
                journal._revised(self._connection)
            else:
                rows.append(_profile_row(folded))
        journal._put_profiles(self._connection, rows)

    def _profile_of(self, shopper: str) -> Profile:
        stored = self._journal._read_profile(shopper, self._profiles.get(shopper))
        return self._journal._rebuild_profile(self._connection, shopper) if stored is None else stored

    def _count(self, receipts: Iterable[Receipt]) -> None:
        total = sum(receipts, Receipt())
        rows = [{"name": name, "times": times} for name in _OUTCOMES if (times := getattr(total, name))]
        if rows:
            added = upsert(self._connection, tally)
            more = {"times": tally.c.times + added.excluded.times}
            self._connection.execute(added.on_conflict_do_update(index_elements=["name"], set_=more), rows)


def _profile_row(folded: Profile) -> dict[str, Any]:
    return {
        "shopper": folded.shopper,
        "space": folded.space,
        "body": folded.to_bytes(),
        "robot_until": None,
    }


def _robot_row(shopper: str, until: float) -> dict[str, Any]:
    return {"shopper": shopper, "space": "", "body": None, "robot_until": until}


def _event_row(new: Event, *, robot: bool) -> dict[str, Any]:
    more = {
        "session": new.session,
        "quantity": new.quantity if new.quantity != 1 else None,
        "value": new.value,
        "currency": new.currency,
        "text": new.text,
    }
    fields = {name: value for name, value in more.items() if value is not None}
    return {
        "id": new.event_id,
        "shopper": new.shopper,
        "at": new.at,
        "kind": new.kind,
        "product": new.product,
        "query_id": new.query_id,
        "more": json.dumps(fields, ensure_ascii=False) if fields else None,
        "vector": None if new.vector is None else new.vector.astype(_FLOAT16).tobytes(),
        "robot": robot,
    }


def _read_event(row: Row[Any]) -> Event:
    return Event(
        event_id=row.id,
        shopper=row.shopper,
        kind=row.kind,
        at=row.at,
        product=row.product,
        query_id=row.query_id,
        vector=None if row.vector is None else np.frombuffer(row.vector, _FLOAT16).astype(np.float32),
        **(from_json(row.more) if row.more else {}),
    )


def _span(seconds: float) -> str:
    for size, name in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= size:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.0f} seconds"
