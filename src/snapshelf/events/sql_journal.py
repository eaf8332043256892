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
from snapshelf.events.journal import START, Erased, JournalStats, Position, Receipt, Remark
from snapshelf.events.journal_schema import SCHEMA, event, impression, note, profile, standing, tally
from snapshelf.events.log import ShopLog
from snapshelf.events.parsers import read_impression, write_event, write_impression
from snapshelf.events.profile import Profile, fold, products_of
from snapshelf.events.robots import is_robot
from snapshelf.events.traits import ProductTraits, TraitsLookup

_Job: TypeAlias = "Sequence[Event] | Impression"
_Numbered: TypeAlias = "tuple[int, Event]"
"""An event, and its place in what was told, from 1."""

_AHEAD = 300.0
"""Seconds by which a clock may be ahead."""
_ROBOT_FOR = 86_400.0
"""Seconds for which somebody inhumanly fast is held to be a robot."""
_AT_ONCE = 5_000
"""Events of one transaction."""
_FOLDED_AT_ONCE = 2_000
_LAST = 2**62
_STREAMED = {"yield_per": _FOLDED_AT_ONCE}
_HALF = np.dtype("<f2")

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_KNOWN = select(event.c.id).where(event.c.id.in_(_IDS))
_PROFILES = select(profile).where(profile.c.shopper.in_(_IDS))
_PROFILE = select(profile).where(profile.c.shopper == bindparam("shopper"))
_SHOWN = select(impression.c.query_id, impression.c.body).where(impression.c.query_id.in_(_IDS))
_STANDINGS = select(standing).where(standing.c.digest.in_(_IDS))
_EVENTS = (
    select(event)
    .where(event.c.shopper == bindparam("shopper"), event.c.number > bindparam("after"))
    .order_by(event.c.number)
    .limit(_FOLDED_AT_ONCE)
)
_TOLD = ("accepted", "duplicates", "ignored", "robots", "without_consent", "forgotten")


def nothing_known(_: Collection[str]) -> Mapping[str, ProductTraits]:
    """Know no product: for a journal without a catalogue."""
    return {}


class SqlJournal:
    """The journal in a database: an SQLite file, or PostgreSQL.

    Open it with `SqlJournal.open`. See `Journal` for what it does.
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
            self._write_jobs, lambda job: 1 if isinstance(job, Impression) else len(job), _AT_ONCE
        )

    @classmethod
    def open(
        cls,
        location: str | Path,
        *,
        traits: TraitsLookup = nothing_known,
        space: str = "",
        consent_required: bool = False,
    ) -> Self:
        """Open a journal; an empty one is made where there is none.

        Parameters
        ----------
        location : str or Path
            Path of an SQLite file (its folder must exist), or ``postgresql://user:password@host/database``.
        traits : callable
            What is noted of products, for the profiles; see `CatalogueTraits`.
        space : str
            Fingerprint of the encoder whose vectors `traits` gives. Profiles of another one are made anew, without
            the vectors of what was looked for, when they are asked for.
        consent_required : bool
            Keep nothing of shoppers who did not agree; otherwise of those who refused.

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
        """Write what waits and close; a closed journal cannot be used, but closed again."""
        self._commits.close()
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # What comes in

    def append(self, events: Iterable[Event]) -> Receipt:
        """See `Journal.append`."""
        told = self._checked(events)
        receipt = Receipt()
        for start in range(0, max(1, len(told)), _AT_ONCE):
            part: Receipt = self._submit(told[start : start + _AT_ONCE]).result()
            notes = (replace(note, line=start + (note.line or 0)) for note in part.notes)
            receipt += replace(part, notes=tuple(notes))
        return receipt

    def append_soon(self, events: Iterable[Event]) -> None:
        """See `Journal.append_soon`."""
        self._submit(self._checked(events))

    def show(self, shown: Impression) -> None:
        """See `Journal.show`."""
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
            return self._fold_again(connection, account)

    def forget(self, shopper: str) -> Erased:
        """See `Journal.forget`."""
        self._commits.wait()
        with self._database.writing() as connection:
            erased = self._erase(connection, shopper)
            self._stand(connection, shopper, forgotten=time.time())
        return erased

    def consent(self, shopper: str, given: bool) -> Erased:
        """See `Journal.consent`."""
        self._commits.wait()
        with self._database.writing() as connection:
            erased = Erased() if given else self._erase(connection, shopper)
            self._stand(connection, shopper, consent=given)
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
            # A transaction for each, so that events go on coming meanwhile.
            with self._database.writing() as connection:
                gone += not self._fold_again(connection, shopper)
        return Erased(events, impressions, gone)

    # What is known

    def shown(self, query_id: str) -> Impression | None:
        """See `Journal.shown`."""
        self._commits.wait()
        with self._database.reading() as connection:
            return self._shown(connection, [query_id]).get(query_id)

    def profile(self, shopper: str) -> Profile:
        """See `Journal.profile`."""
        with self._database.reading() as connection:
            row = connection.execute(_PROFILE, {"shopper": shopper}).one_or_none()
        if (known := self._read_profile(shopper, row)) is not None:
            return known
        with self._database.writing() as connection:
            return self._fold_again(connection, shopper)

    def events(self, shopper: str) -> list[Event]:
        """See `Journal.events`."""
        self._commits.wait()
        with self._database.reading() as connection:
            return [found for _, found in self._events_of(connection, shopper)]

    def consents(self, shopper: str) -> bool | None:
        """See `Journal.consents`."""
        with self._database.reading() as connection:
            found: bool | None = connection.scalar(
                select(standing.c.consent).where(standing.c.digest == self._digest(shopper))
            )
        return found

    def export(self, shopper: str) -> Iterator[dict[str, Any]]:
        """See `Journal.export`."""
        self._commits.wait()
        known = self.profile(shopper)
        if known:
            yield {"profile": known.to_json()}
        with self._database.reading() as connection:
            for _, one in self._events_of(connection, shopper):
                yield write_event(one)
            for body in connection.scalars(
                select(impression.c.body).where(impression.c.shopper == shopper).order_by(impression.c.at)
            ):
                yield {**json.loads(body), "client_id": shopper}

    def log(
        self, since: Position = START, until: Position | None = None, *, of: Collection[str] | None = None
    ) -> ShopLog:
        """See `Journal.log`."""
        self._commits.wait()
        end = until or Position(_LAST, _LAST)
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
        told = ShopLog([], [], [])
        with self._database.reading() as connection:
            for names in [None] if of is None else chunks(of):
                own = () if names is None else (event.c.shopper.in_(names),)
                rows = connection.execute(
                    interactions.where(*own).order_by(event.c.number), execution_options=_STREAMED
                )
                told.interactions.extend(Interaction(*row) for row in rows)
                own = () if names is None else (impression.c.shopper.in_(names),)
                rows = connection.execute(
                    shown.where(*own).order_by(impression.c.at), execution_options=_STREAMED
                )
                # A merged session's are its account's.
                told.shown.extend(
                    replace(read_impression(json.loads(row.body)), shopper=row.shopper) for row in rows
                )
        return told

    def without_forgotten(self, log: ShopLog) -> ShopLog:
        """See `Journal.without_forgotten`."""
        with self._database.reading() as connection:
            shoppers = {one.shopper for one in log.shown} | {one.shopper for one in log.interactions}
            standings = self._standings(connection, shoppers)

        def stays(one: Impression | Interaction) -> bool:
            standing = standings[one.shopper]
            return standing.consent is not False and one.at > (standing.forgotten or 0.0)

        shown, interactions = (
            [one for one in log.shown if stays(one)],
            [one for one in log.interactions if stays(one)],
        )
        return ShopLog(shown, interactions, log.refused)

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
            told = {row.name: row.times for row in connection.execute(select(tally))}
        return JournalStats(
            events - int(robots),
            impressions,
            profiles,
            int(robots),
            {name: told.get(name, 0) for name in _TOLD},
        )

    # How it is written

    def _checked(self, events: Iterable[Event]) -> list[Event]:
        """Refuse vectors of another length: one such would spoil what others tell at the same time."""
        told = list(events)
        for one in told:
            if one.vector is not None:
                self._dimension = self._dimension or int(self._first("dimension", str(len(one.vector))))
                if len(one.vector) != self._dimension:
                    raise EventError(
                        f"vector: it has {len(one.vector)} numbers, others have {self._dimension}; "
                        "give what the shelf's encoder gives",
                        field="vector",
                    )
        return told

    def _submit(self, job: _Job) -> Any:
        try:
            return self._commits.submit(job)
        except RuntimeError:
            raise StorageError(f"journal {self._database.where}: it is closed; open it again") from None

    def _write_jobs(self, jobs: Sequence[_Job]) -> list[Receipt]:
        with self._database.writing() as connection:
            self._write_shown(connection, [job for job in jobs if isinstance(job, Impression)])
            intake = _Intake(self, connection, [job for job in jobs if not isinstance(job, Impression)])
            receipts = iter(intake.take())
        return [Receipt() if isinstance(job, Impression) else next(receipts) for job in jobs]

    def _write_shown(self, connection: Connection, shown: Sequence[Impression]) -> None:
        shoppers = {one.shopper for one in shown}
        standings = self._standings(connection, shoppers)
        now = time.time()
        robots = {
            row.shopper for row in rows_of(connection, _PROFILES, shoppers) if (row.robot_until or 0.0) > now
        }
        rows = [
            {
                "query_id": one.query_id,
                "shopper": one.shopper,
                "at": one.at,
                "body": json.dumps(write_impression(one), ensure_ascii=False, separators=(",", ":")),
            }
            for one in shown
            if self._may_keep(standings[one.shopper], None)
            and one.at > (standings[one.shopper].forgotten or 0.0)
            and one.shopper not in robots
        ]
        if rows:
            connection.execute(upsert(connection, impression).on_conflict_do_nothing(), rows)

    def _shown(self, connection: Connection, query_ids: Iterable[str]) -> dict[str, Impression]:
        rows = rows_of(connection, _SHOWN, query_ids)
        return {row.query_id: read_impression(json.loads(row.body)) for row in rows}

    def _may_keep(self, standing: _Standing, consent: bool | None) -> bool:
        """Whether anything of somebody may be kept; what was said to `consent` outweighs what an event says."""
        if standing.consent is not None:
            return standing.consent and consent is not False
        return consent is not False and (consent is True or not self._consent_required)

    def _standings(self, connection: Connection, shoppers: Collection[str]) -> dict[str, _Standing]:
        digests = {self._digest(shopper): shopper for shopper in shoppers}
        found = {
            digests[row.digest]: _Standing(row.consent, row.forgotten)
            for row in rows_of(connection, _STANDINGS, digests)
        }
        return {shopper: found.get(shopper, _Standing()) for shopper in shoppers}

    def _stand(self, connection: Connection, shopper: str, **values: bool | float) -> None:
        added = upsert(connection, standing).values(digest=self._digest(shopper), **values)
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
        """Take note that what was counted before has traces of what is no longer so."""
        self._set_note(connection, "revised", repr(time.time()))

    def _read_profile(self, shopper: str, row: Row[Any] | None) -> Profile | None:
        """Return a profile as it is kept; None for one that must be made anew."""
        if row is None or row.body is None:
            return Profile(shopper, self._space)
        try:
            return Profile.from_bytes(shopper, row.body) if row.space == self._space else None
        except (ValueError, KeyError, TypeError):
            return None

    def _fold_again(self, connection: Connection, shopper: str) -> Profile:
        """Make a profile anew from the events, in the order in which they came."""
        known = Profile(shopper, self._space)
        rows = self._events_of(connection, shopper, robots=False)
        while chunk := list(islice((found for _, found in rows), _FOLDED_AT_ONCE)):
            shown = self._shown(connection, {one.query_id for one in chunk if one.query_id is not None}).get
            known = fold(known, chunk, self._traits(products_of(known, chunk, shown)), shown)
        if known:
            self._put_profiles(connection, [_profile_row(known)])
        else:
            # Who is held to be a robot stays one.
            human = profile.c.robot_until.is_(None)
            connection.execute(delete(profile).where(profile.c.shopper == shopper, human))
        return known

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
        """Let go of the vectors of what was looked for, if another encoder made them."""
        if self._space and self._note("space") != self._space:
            with self._database.writing() as connection:
                connection.execute(update(event).where(event.c.vector.is_not(None)).values(vector=None))
                self._set_note(connection, "space", self._space)
                connection.execute(delete(note).where(note.c.name == "dimension"))

    def _note(self, name: str) -> str | None:
        with self._database.reading() as connection:
            found: str | None = connection.scalar(select(note.c.value).where(note.c.name == name))
        return found

    def _first(self, name: str, value: str) -> str:
        """Note something unless another process was faster; returns what is noted."""
        with self._database.writing() as connection:
            connection.execute(
                upsert(connection, note).values(name=name, value=value).on_conflict_do_nothing()
            )
        return self._note(name) or value

    def _set_note(self, connection: Connection, name: str, value: str) -> None:
        added = upsert(connection, note).values(name=name, value=value)
        connection.execute(added.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


@dataclass(frozen=True, slots=True)
class _Standing:
    """What a shopper said, and when the shopper was forgotten."""

    consent: bool | None = None
    forgotten: float | None = None


class _Intake:
    """Events of one transaction, on their way into the journal and the profiles."""

    def __init__(self, journal: SqlJournal, connection: Connection, told: Sequence[Sequence[Event]]) -> None:
        self._journal = journal
        self._connection = connection
        self._told = told
        self._now = time.time()
        everything = [one for events in told for one in events]
        shoppers = {one.shopper for one in everything}
        self._known = {row.id for row in rows_of(connection, _KNOWN, [one.event_id for one in everything])}
        self._standings = journal._standings(connection, shoppers)
        self._profiles = {row.shopper: row for row in rows_of(connection, _PROFILES, shoppers)}
        self._new: list[Event] = []
        self._unknown: set[str] = set()
        """Products that there are not."""
        self._robots: set[str] = set()
        """Ids of those new events that are robots'."""

    def take(self) -> list[Receipt]:
        """Write everything; returns what became of each list of events."""
        sorted_out = [self._sort_out(events) for events in self._told]
        humans: dict[str, list[Event]] = defaultdict(list)
        for one in self._new:
            if one.event_id not in self._robots:
                humans[one.shopper].append(one)
        self._fold(humans)
        if self._new:
            rows = [_event_row(one, robot=one.event_id in self._robots) for one in self._new]
            self._connection.execute(insert(event), rows)
        receipts = [self._receipt(*each) for each in sorted_out]
        self._count(receipts)
        return receipts

    def _sort_out(self, events: Sequence[Event]) -> tuple[list[_Numbered], Counter[str], list[Remark]]:
        """Return the events to keep, how many are not kept and why, and what is to be said of those that are."""
        kept: list[_Numbered] = []
        counts: Counter[str] = Counter()
        notes: list[Remark] = []
        for line, one in enumerate(events, 1):
            standing = self._standings[one.shopper]
            if one.event_id in self._known:
                counts["duplicates"] += 1
            elif not self._journal._may_keep(standing, one.consent):
                counts["without_consent"] += 1
            elif standing.forgotten is not None and one.at <= standing.forgotten:
                counts["forgotten"] += 1
            else:
                if one.at > self._now + _AHEAD:
                    notes.append(
                        Remark(
                            line,
                            one.event_id,
                            f"its time is {_span(one.at - self._now)} ahead of this clock and was taken as now; "
                            "set the clock that told it",
                        )
                    )
                    one = replace(one, at=self._now)
                self._known.add(one.event_id)
                kept.append((line, one))
                if is_robot(one.user_agent) or self._held_a_robot(one.shopper):
                    self._robots.add(one.event_id)
        self._new += [one for _, one in kept]
        return kept, counts, notes

    def _receipt(self, kept: Sequence[_Numbered], counts: Counter[str], notes: Sequence[Remark]) -> Receipt:
        unknown = [
            Remark(line, one.event_id, f"no product has the id {one.product!r} yet; it counts when it comes")
            for line, one in kept
            if one.product in self._unknown
        ]
        robots = sum(one.event_id in self._robots for _, one in kept)
        return Receipt(
            accepted=len(kept) - robots,
            duplicates=counts["duplicates"],
            robots=robots,
            without_consent=counts["without_consent"],
            forgotten=counts["forgotten"],
            notes=(*notes, *unknown),
        )

    def _held_a_robot(self, shopper: str) -> bool:
        row = self._profiles.get(shopper)
        return row is not None and row.robot_until is not None and row.robot_until > self._now

    def _fold(self, told: Mapping[str, Sequence[Event]]) -> None:
        journal = self._journal
        queries = {
            one.query_id for events in told.values() for one in events if one.query_id and one.kind == "click"
        }
        shown = journal._shown(self._connection, queries).get
        before = {shopper: self._profile_of(shopper) for shopper in told}
        needed = set().union(*(products_of(before[name], events, shown) for name, events in told.items()))
        traits = journal._traits(needed)
        if journal._traits is not nothing_known:
            self._unknown = needed - traits.keys()
        rows = []
        for shopper, events in told.items():
            found = fold(before[shopper], events, traits, shown)
            if found.looks_automated:
                rows.append(_robot_row(shopper, self._now + _ROBOT_FOR))
                self._robots.update(one.event_id for one in events)
                self._connection.execute(update(event).where(event.c.shopper == shopper).values(robot=True))
                self._connection.execute(delete(impression).where(impression.c.shopper == shopper))
                journal._revised(self._connection)
            else:
                rows.append(_profile_row(found))
        journal._put_profiles(self._connection, rows)

    def _profile_of(self, shopper: str) -> Profile:
        known = self._journal._read_profile(shopper, self._profiles.get(shopper))
        return self._journal._fold_again(self._connection, shopper) if known is None else known

    def _count(self, receipts: Iterable[Receipt]) -> None:
        total = sum(receipts, Receipt())
        rows = [{"name": name, "times": times} for name in _TOLD if (times := getattr(total, name))]
        if rows:
            added = upsert(self._connection, tally)
            more = {"times": tally.c.times + added.excluded.times}
            self._connection.execute(added.on_conflict_do_update(index_elements=["name"], set_=more), rows)


def _profile_row(found: Profile) -> dict[str, Any]:
    return {
        "shopper": found.shopper,
        "space": found.space,
        "body": found.to_bytes(),
        "robot_until": None,
    }


def _robot_row(shopper: str, until: float) -> dict[str, Any]:
    return {"shopper": shopper, "space": "", "body": None, "robot_until": until}


def _event_row(one: Event, *, robot: bool) -> dict[str, Any]:
    more = {
        "session": one.session,
        "quantity": one.quantity if one.quantity != 1 else None,
        "value": one.value,
        "currency": one.currency,
        "text": one.text,
    }
    told = {name: value for name, value in more.items() if value is not None}
    return {
        "id": one.event_id,
        "shopper": one.shopper,
        "at": one.at,
        "kind": one.kind,
        "product": one.product,
        "query_id": one.query_id,
        "more": json.dumps(told, ensure_ascii=False) if told else None,
        "vector": None if one.vector is None else one.vector.astype(_HALF).tobytes(),
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
        vector=None if row.vector is None else np.frombuffer(row.vector, _HALF).astype(np.float32),
        **(from_json(row.more) if row.more else {}),
    )


def _span(seconds: float) -> str:
    for size, name in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= size:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.0f} seconds"
