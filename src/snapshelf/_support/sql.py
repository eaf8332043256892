"""What the databases of a shelf share: how they are opened and brought up to date, and what their failures mean."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

from sqlalchemy import (
    BigInteger,
    Connection,
    Engine,
    Integer,
    MetaData,
    Table,
    Text,
    create_engine,
    event,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from snapshelf.errors import InputError, MissingExtraError, ShelfVersionError, StorageError

_PATIENCE = 30  # seconds to wait for another process that writes to an SQLite file

# Only a column declared INTEGER is SQLite's own row id, and it holds 64 bits there.
Number = BigInteger().with_variant(Integer, "sqlite")
# Ids are ordered by code point, as Python and SQLite do, whatever the locale of the PostgreSQL database.
Id = Text().with_variant(Text(collation="C"), "postgresql")


@dataclass(frozen=True)
class Schema:
    """One of the databases.

    Parameters
    ----------
    what : str
        What it is called in messages: ``"catalogue"``.
    remedy : str
        How a damaged one is replaced: ``"index the feed again"``.
    tables : MetaData
    state : Table
        Of `tables`; columns ``name`` and ``value``. Its row ``schema`` has the version.
    version : int
        That this Snapshelf writes.
    start : mapping
        Further rows of `state` in a new database.
    upgrades : mapping
        Version → what brings a database from it to the next.
    """

    what: str
    remedy: str
    tables: MetaData
    state: Table
    version: int
    start: Mapping[str, int] = field(default_factory=dict)
    upgrades: Mapping[int, Callable[[Connection], None]] = field(default_factory=dict)


# By prefix of SQLite's error name or of PostgreSQL's SQLSTATE; the first that fits is used.
_FAILURES = {
    "SQLITE_FULL": "the disk is full; free space on it and do it again",
    "SQLITE_READONLY": "it is read-only; make the file and its folder writable for this user",
    "SQLITE_PERM": "access is denied; make the file and its folder writable for this user",
    "SQLITE_IOERR": "reading or writing failed; check the disk, its quota and the file size limit",
    "SQLITE_BUSY": "another process is writing to it; wait until that has finished and do it again",
    "SQLITE_LOCKED": "another process is writing to it; wait until that has finished and do it again",
    "SQLITE_CORRUPT": "the file is damaged; restore a backup, or move it away and {remedy}",
    "SQLITE_NOTADB": "it is not a {what}; give another path, or restore the file from a backup",
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
def storage_errors(schema: Schema, where: str) -> Iterator[None]:
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
        told = advice.format(what=schema.what, remedy=schema.remedy)
        raise StorageError(f"{schema.what} {where}: {told} ({reason})") from error


def open_database(location: str | Path, schema: Schema) -> tuple[Engine, str]:
    """Open a database, make it where there is none; returns its engine and its name for messages.

    Parameters
    ----------
    location : str or Path
        Path of an SQLite file (its folder must exist), or an SQLAlchemy URL: ``sqlite:///…`` or
        ``postgresql://user:password@host/database``.
    schema : Schema

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
    engine = _make_engine(location, schema.what)
    sqlite = engine.dialect.name == "sqlite"
    where = str(engine.url.database) if sqlite else engine.url.render_as_string(hide_password=True)
    try:
        with storage_errors(schema, where):
            _prepare(engine, where, schema)
    except BaseException:
        engine.dispose()
        raise
    return engine, where


def _make_engine(location: str | Path, what: str) -> Engine:
    """Engine for a path of an SQLite file or an SQLAlchemy URL; nothing is opened yet."""
    url = _url(location, what)
    backend = url.get_backend_name()
    if backend == "sqlite":
        if url.database in (None, "", ":memory:"):
            raise InputError(f"{what} {url}: a {what} in memory would be lost; give the path of a file")
        engine = create_engine(url)
        event.listen(engine, "connect", _configure_sqlite)
        return engine
    if backend == "postgresql":
        try:
            # A server may have been restarted since a pooled connection was last used.
            return create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
        except ModuleNotFoundError as error:
            raise MissingExtraError(
                f"a {what} in PostgreSQL needs psycopg; run: pip install 'snapshelf[postgresql]'"
            ) from error
    raise InputError(
        f"{what} {url}: databases of the kind {backend!r} are not supported; "
        "give the path of an SQLite file or a postgresql:// URL"
    )


def _url(location: str | Path, what: str) -> URL:
    if isinstance(location, Path) or "://" not in location:
        return URL.create(
            "sqlite", database=str(Path(location).absolute()), query={"timeout": str(_PATIENCE)}
        )
    try:
        return make_url(location)
    except ArgumentError as error:
        raise InputError(
            f"the {what}'s URL cannot be read; write it as postgresql://user:password@host:5432/database"
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


def _prepare(engine: Engine, where: str, schema: Schema) -> None:
    """Create the tables in a new database, check the schema version of an old one, and bring it up to date.

    Raises
    ------
    ShelfVersionError
        The database was written by a newer Snapshelf; nothing is changed in it.
    StorageError
        The database belongs to another program.
    """
    with engine.connect() as connection:
        found = _version(connection, schema)
    if found is None or found < schema.version:
        with engine.begin() as connection:
            lock(connection)
            if connection.dialect.name == "postgresql":
                # Two processes that open a new database at once must not both create the tables.
                connection.exec_driver_sql(
                    f"SELECT pg_advisory_xact_lock(hashtext('snapshelf {schema.what}'))"
                )
            found = _version(connection, schema)
            if found is None:
                found = _create(connection, where, schema)
            while found < schema.version:
                schema.upgrades[found](connection)
                found += 1
                connection.execute(
                    update(schema.state).where(schema.state.c.name == "schema").values(value=found)
                )
    if found > schema.version:
        raise ShelfVersionError(
            f"{schema.what} {where}: a newer Snapshelf wrote it (schema {found}, this one knows {schema.version}); "
            "upgrade with: pip install --upgrade snapshelf"
        )


def _version(connection: Connection, schema: Schema) -> int | None:
    if not inspect(connection).has_table(schema.state.name):
        return None
    return connection.scalar(select(schema.state.c.value).where(schema.state.c.name == "schema"))


def _create(connection: Connection, where: str, schema: Schema) -> int:
    foreign = sorted(schema.tables.tables.keys() & set(inspect(connection).get_table_names()))
    if foreign:
        raise StorageError(
            f"{schema.what} {where}: another program keeps its tables here ({', '.join(foreign)}); "
            f"give the {schema.what} a file, database or schema of its own"
        )
    schema.tables.create_all(connection, checkfirst=False)
    rows = {"schema": schema.version, **schema.start}
    connection.execute(insert(schema.state), [{"name": name, "value": value} for name, value in rows.items()])
    return schema.version
