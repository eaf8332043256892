"""Tables of the catalogue database."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    func,
    select,
)

from snapshelf._support.sql import Id, Number, Schema

_metadata = MetaData()
# `key` is the catalogue version that put the product's photos: already unique, so photos can refer to it
# while `version` moves on with every change of the fields. `added` is in Unix seconds, and null for products from
# before schema 2.
product = Table(
    "product",
    _metadata,
    Column("key", Number, primary_key=True, autoincrement=False),
    Column("id", Id, nullable=False, unique=True),
    Column("version", Number, nullable=False, unique=True),
    Column("facts_hash", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("added", Number),
)
# The vector of a product's title; `fingerprint` says of which title. A product without a row waits for its vector.
title = Table(
    "title",
    _metadata,
    Column("product_key", Number, ForeignKey(product.c.key, ondelete="CASCADE"), primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("vector", LargeBinary, nullable=False),
)


def _of_a_photo(*columns: Column[str] | Column[bytes], name: str) -> Table:
    return Table(
        name,
        _metadata,
        Column("product_key", Number, ForeignKey(product.c.key, ondelete="CASCADE"), primary_key=True),
        Column("position", Integer, primary_key=True, autoincrement=False),
        *columns,
    )


photo = _of_a_photo(
    Column("fingerprint", Text, nullable=False), Column("vector", LargeBinary, nullable=False), name="photo"
)
# Apart from `photo`, so that reading vectors does not read the pictures.
thumbnail = _of_a_photo(Column("image", LargeBinary, nullable=False), name="thumbnail")

tombstone = Table(
    "tombstone",
    _metadata,
    Column("id", Id, primary_key=True),
    Column("version", Number, nullable=False, unique=True),
)
state = Table(
    "state",
    _metadata,
    Column("name", Text, primary_key=True),
    Column("value", Number, nullable=False),
)
meta = Table(
    "meta",
    _metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)


def _upgrade(connection: Connection) -> None:
    """From schema 1: titles get vectors, and products get the time when they were added."""
    title.create(connection)
    connection.exec_driver_sql("ALTER TABLE product ADD COLUMN added BIGINT")


SCHEMA = Schema(
    what="catalogue",
    remedy="index the feed again",
    tables=_metadata,
    state=state,
    version=2,
    start={"version": 0},
    upgrades={1: _upgrade},
)


def server_bytes(connection: Connection) -> int:
    """Bytes of the tables and their indexes on a PostgreSQL server."""
    return sum(
        connection.scalars(select(func.pg_total_relation_size(name))).one() for name in _metadata.tables
    )
