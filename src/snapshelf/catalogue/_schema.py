"""Tables of the catalogue database, how it is opened, and what its failures mean."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    create_engine,
    event,
    func,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from snapshelf.errors import InputError, MissingExtraError, ShelfVersionError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = 2
_PATIENCE = 30  # seconds to wait for another process that writes to an SQLite file

_metadata = MetaData()
# Only a column declared INTEGER is SQLite's own row id, and it holds 64 bits there.
_Number = BigInteger().with_variant(Integer, "sqlite")
# Ids are ordered by code point, as Python and SQLite do, whatever the locale of the PostgreSQL database.
_Id = Text().with_variant(Text(collation="C"), "postgresql")

# `key` is the catalogue version that put the product's photos: already unique, so photos can refer to it
# while `version` moves on with every change of the facts. `added` is in Unix seconds; nothing is known of what
# was there before schema 2.
product = Table(
    "product",
    _metadata,
    Column("key", _Number, primary_key=True, autoincrement=False),
    Column("id", _Id, nullable=False, unique=True),
    Column("version", _Number, nullable=False, unique=True),
    Column("facts_hash", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("added", _Number),
)
# The vector of a product's title; `fingerprint` says of which title. A product without one waits for it.
title = Table(
    "title",
    _metadata,
    Column("product_key", _Number, ForeignKey(product.c.key, ondelete="CASCADE"), primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("vector", LargeBinary, nullable=False),
)


def _of_a_photo(*columns: Column[str] | Column[bytes], name: str) -> Table:
    return Table(
        name,
        _metadata,
        Column("product_key", _Number, ForeignKey(product.c.key, ondelete="CASCADE"), primary_key=True),
        Column("position", Integer, primary_key=True, autoincrement=False),
        *columns,
    )


photo = _of_a_photo(
    Column("fingerprint", Text, nullable=False), Column("vector", LargeBinary, nullable=False), name="photo"
)
# Apart from `photo`, so that reading vectors does not drag the pictures along.
thumbnail = _of_a_photo(Column("image", LargeBinary, nullable=False), name="thumbnail")

tombstone = Table(
    "tombstone",
    _metadata,
    Column("id", _Id, primary_key=True),
    Column("version", _Number, nullable=False, unique=True),
)
state = Table(
    "state",
    _metadata,
    Column("name", Text, primary_key=True),
    Column("value", _Number, nullable=False),
)
meta = Table(
    "meta",
    _metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

# By prefix of SQLite's error name or of PostgreSQL's SQLSTATE; the first that fits is used.
_FAILURES = {
    "SQLITE_FULL": "the disk is full; free space on it and do it again",
    "SQLITE_READONLY": "it is read-only; make the file and its folder writable for this user",
    "SQLITE_PERM": "access is denied; make the file and its folder writable for this user",
    "SQLITE_IOERR": "reading or writing failed; check the disk, its quota and the file size limit",
    "SQLITE_BUSY": "another process is writing to it; wait until that has finished and do it again",
    "SQLITE_LOCKED": "another process is writing to it; wait until that has finished and do it again",
    "SQLITE_CORRUPT": "the file is damaged; restore a backup, or move it away and index the feed again",
    "SQLITE_NOTADB": "it is not a catalogue; give another path, or restore the file from a backup",
    "SQLITE_CANTOPEN": "it cannot be opened; check that its folder exists and is writable",
    "53100": "the server's disk is full; free space on it and do it again",
    "53": "the server is out of resources; give it more and do it again",
    "08": "the server cannot be reached; check that it runs, the address and the password",
    "28": "the server refuses the login; check user and password",
    "3D": "the database does not exist; create it with createdb",
    "25006": "the server is read-only; use the primary server and a user that may write",
    "42501": "the user may not do that; grant it access to the database and its schema",
    "55P03": "another process is writing to it; wait until that has finished and do it again",
    "57": "the server ended the connection; do it again when it is back",
    "58": "reading or writing failed on the server; check its disk and do it again",
    "XX": "the server's files are damaged; restore them from a backup",
}


@contextmanager
def storage_errors(where: str) -> Iterator[None]:
    """Turn failures of disk, file, lock and server into `StorageError`; our own mistakes in SQL pass."""
    try:
        yield
    except DBAPIError as error:
        code = getattr(error.orig, "sqlite_errorname", None) or getattr(error.orig, "sqlstate", None)
        if code is None and isinstance(error, OperationalError):
            code = "08"  # no server answered, so none has sent a code
        advice = next((text for prefix, text in _FAILURES.items() if (code or "").startswith(prefix)), None)
        if advice is None:
            raise
        reason = str(error.orig).strip().splitlines()[0]
        raise StorageError(f"catalogue {where}: {advice} ({reason})") from error


def make_engine(location: str | Path) -> Engine:
    """Engine for a path of an SQLite file or an SQLAlchemy URL; nothing is opened yet."""
    url = _url(location)
    backend = url.get_backend_name()
    if backend == "sqlite":
        if url.database in (None, "", ":memory:"):
            raise InputError(f"catalogue {url}: a catalogue in memory would be lost; give the path of a file")
        engine = create_engine(url)
        event.listen(engine, "connect", _configure_sqlite)
        return engine
    if backend == "postgresql":
        try:
            # A server may have been restarted since a pooled connection was last used.
            return create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
        except ModuleNotFoundError as error:
            raise MissingExtraError(
                "a catalogue in PostgreSQL needs psycopg; run: pip install 'snapshelf[postgresql]'"
            ) from error
    raise InputError(
        f"catalogue {url}: databases of the kind {backend!r} are not supported; "
        "give the path of an SQLite file or a postgresql:// URL"
    )


def _url(location: str | Path) -> URL:
    if isinstance(location, Path) or "://" not in location:
        return URL.create(
            "sqlite", database=str(Path(location).absolute()), query={"timeout": str(_PATIENCE)}
        )
    try:
        return make_url(location)
    except ArgumentError as error:
        raise InputError(
            "the catalogue's URL cannot be read; write it as postgresql://user:password@host:5432/database"
        ) from error


def _configure_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver must not begin transactions by itself: a write begins with BEGIN IMMEDIATE (see `lock`), and
    # a read is one statement, which SQLite runs on a snapshot of its own.
    connection.isolation_level = None
    _use_write_ahead_log(connection)
    connection.execute("PRAGMA synchronous = FULL").close()
    connection.execute("PRAGMA foreign_keys = ON").close()


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    # Here alone SQLite does not wait: of two that open a new file at once, one gets an error.
    patience = monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > patience:
                raise
            sleep(0.01)
        else:
            return


def lock(connection: Connection) -> None:
    """Take SQLite's write lock before anything is read, so that what is read stays true until the commit."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def prepare(engine: Engine, where: str) -> None:
    """Create the tables in a new database, check the schema version of an old one, and bring it up to date.

    Raises
    ------
    ShelfVersionError
        The database was written by a newer Snapshelf; nothing is changed in it.
    StorageError
        The database belongs to another program.
    """
    with engine.connect() as connection:
        found = _schema_version(connection)
    if found is None or found < SCHEMA:
        with engine.begin() as connection:
            lock(connection)
            if connection.dialect.name == "postgresql":
                # Two processes that open a new database at once must not both create the tables.
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('snapshelf catalogue'))")
            found = _schema_version(connection)
            if found is None:
                found = _create(connection, where)
            elif found < SCHEMA:
                found = _upgrade(connection)
    if found > SCHEMA:
        raise ShelfVersionError(
            f"catalogue {where}: a newer Snapshelf wrote it (schema {found}, this one knows {SCHEMA}); "
            "upgrade with: pip install --upgrade snapshelf"
        )


def _schema_version(connection: Connection) -> int | None:
    if not inspect(connection).has_table(state.name):
        return None
    return connection.scalar(select(state.c.value).where(state.c.name == "schema"))


def _create(connection: Connection, where: str) -> int:
    foreign = sorted(_metadata.tables.keys() & set(inspect(connection).get_table_names()))
    if foreign:
        raise StorageError(
            f"catalogue {where}: another program keeps its tables here ({', '.join(foreign)}); "
            "give the catalogue a file, database or schema of its own"
        )
    _metadata.create_all(connection, checkfirst=False)
    connection.execute(insert(state), [{"name": "schema", "value": SCHEMA}, {"name": "version", "value": 0}])
    return SCHEMA


def _upgrade(connection: Connection) -> int:
    """From schema 1: titles get vectors, and products say since when they are there."""
    title.create(connection)
    connection.exec_driver_sql("ALTER TABLE product ADD COLUMN added BIGINT")
    connection.execute(update(state).where(state.c.name == "schema").values(value=SCHEMA))
    return SCHEMA


def stored_bytes(connection: Connection) -> int:
    """Bytes that the database takes on disk."""
    database = connection.engine.url.database
    if connection.dialect.name == "sqlite" and database is not None:
        files = (Path(f"{database}{suffix}") for suffix in ("", "-wal", "-shm"))
        return sum(file.stat().st_size for file in files if file.exists())
    return sum(
        connection.scalars(select(func.pg_total_relation_size(name))).one() for name in _metadata.tables
    )
