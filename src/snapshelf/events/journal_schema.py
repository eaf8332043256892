"""Tables of the journal."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Double, Index, LargeBinary, MetaData, Table, Text

from snapshelf._support.sql import Id, Number, Schema

_metadata = MetaData()

# `more` is JSON of rare fields: session, quantity, value, currency, text.
event = Table(
    "event",
    _metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("id", Id, nullable=False, unique=True),
    Column("shopper", Id, nullable=False),
    Column("at", Double, nullable=False),
    Column("kind", Text, nullable=False),
    Column("product", Id),
    Column("query_id", Id),
    Column("more", Text),
    Column("vector", LargeBinary),
    Column("robot", Boolean, nullable=False),
    Index("event_of_shopper", "shopper", "number"),
    sqlite_autoincrement=True,  # a number is never used again, so that positions stay valid
)
# `body` is a line of UBI.
impression = Table(
    "impression",
    _metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("query_id", Id, nullable=False, unique=True),
    Column("shopper", Id, nullable=False),
    Column("at", Double, nullable=False),
    Column("body", Text, nullable=False),
    Index("impression_of_shopper", "shopper"),
    sqlite_autoincrement=True,
)
# A robot has no body.
profile = Table(
    "profile",
    _metadata,
    Column("shopper", Id, primary_key=True),
    Column("space", Text, nullable=False),
    Column("body", LargeBinary),
    Column("robot_until", Double),
)
# Consent, and when a shopper was forgotten, by a hash of the shopper's id.
consent_state = Table(
    "standing",
    _metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("consent", Boolean),
    Column("forgotten", Double),
)
tally = Table(
    "tally",
    _metadata,
    Column("name", Text, primary_key=True),
    Column("times", Number, nullable=False),
)
note = Table(
    "journal_note",
    _metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
_state = Table(
    "journal_state",
    _metadata,
    Column("name", Text, primary_key=True),
    Column("value", Number, nullable=False),
)

SCHEMA = Schema(
    what="journal",
    remedy="begin with an empty one",
    tables=_metadata,
    state=_state,
    version=1,
)
