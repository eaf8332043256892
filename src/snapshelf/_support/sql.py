"""The base of databases in SQLite and PostgreSQL: opening, upgrades, transactions, locks and errors."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import Any, Self, TypeVar

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Executable,
    Integer,
    MetaData,
    Row,
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
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from snapshelf.errors import InputError, MissingExtraError, ShelfVersionError, StorageError

_PATIENCE = 30  # seconds to wait for another process that writes to an SQLite file
_CONNECT_TIMEOUT = 10  # seconds to wait for a server that does not answer
_HOLD_PATIENCE = 3  # seconds to wait for the server to notice that the process before was killed
_VALUES_A_STATEMENT = 1_000  # the databases' own limits are 32,766 and 65,535 parameters

_Value = TypeVar("_Value")

# Only a column declared INTEGER is SQLite's own row id, and it holds 64 bits there.
Number = BigInteger().with_variant(Integer, "sqlite")
# Ids are ordered by code point, as Python and SQLite do, whatever the locale of the PostgreSQL database.
Id = Text().with_variant(Text(collation="C"), "postgresql")


@dataclass(frozen=True)
class Schema:
    """Tables of a database, and how an older database gets them.

    Parameters
    ----------
    what : str
        Name of the database in messages: ``"catalogue"``.
    remedy : str
        How to replace a damaged database: ``"index the feed again"``.
    tables : MetaData
    state : Table
        A table of `tables` with the columns ``name`` and ``value``. Its row ``schema`` has the version.
    version : int
        The version that this Snapshelf writes.
    start : mapping
        Further rows of `state` in a new database.
    upgrades : mapping
        Version → function that brings a database from it to the next version.
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
def _storage_errors(schema: Schema, where: str) -> Iterator[None]:
    """Turn failures of disk, file, lock and server into `StorageError`; other errors of SQL pass."""
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
        advice = advice.format(what=schema.what, remedy=schema.remedy)
        raise StorageError(f"{schema.what} {where}: {advice} ({reason})") from error


class Database:
    """A database of a shelf; open it with `Database.open`.

    It may be used from several threads. Reads run beside each other and beside a write, and see the state before or
    after that write. Writes wait for each other, also across processes.

    Attributes
    ----------
    where : str
        Path or URL for messages, without the password.
    """

    def __init__(self, engine: Engine, schema: Schema) -> None:
        self._engine = engine
        self._schema = schema
        self._closed = False
        self._write_lock = Lock()
        self._holder: Connection | None = None
        url = engine.url
        self.where = url.render_as_string(hide_password=True) if self.is_server else str(url.database)

    @classmethod
    def open(cls, location: str | Path, schema: Schema) -> Self:
        """Open a database, create it where it is missing, and upgrade an older database.

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
            The URL is of PostgreSQL and ``snapshelf[postgresql]`` is not installed.
        InputError
            The URL cannot be read or names another kind of database.
        """
        database = cls(_make_engine(location, schema.what), schema)
        try:
            with _storage_errors(schema, database.where):
                _prepare(database._engine, database.where, schema)
        except BaseException:
            database.close()
            raise
        return database

    @property
    def is_server(self) -> bool:
        """Whether a PostgreSQL server keeps it; otherwise it is an SQLite file."""
        return bool(self._engine.dialect.name == "postgresql")

    def close(self) -> None:
        """Close all connections; closing twice does no harm."""
        self._closed = True
        if self._holder is not None:
            self._holder.close()
            self._holder = None
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Connect for statements, each of which sees the last commit.

        Raises
        ------
        StorageError
            The database is closed, or it cannot be read.
        """
        if self._closed:
            raise StorageError(f"{self._schema.what} {self.where}: it is closed; open it again")
        with _storage_errors(self._schema, self.where), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Run a transaction with the write lock: commit at the end, roll back after an error.

        What the transaction reads stays true until the commit.

        Raises
        ------
        StorageError
            The database is closed, or it cannot be written.
        """
        with self._write_lock, self.reading() as connection, connection.begin():
            self._hold_again()
            _lock_file(connection)
            _lock_server(connection, self._schema)
            yield connection

    def hold(self) -> bool:
        """Take a server's database for this process until `close` or the end of the process; False if another has it.

        An SQLite file needs no such lock: its folder has a lock.
        """
        if not self.is_server or self._holder is not None:
            return True
        with _storage_errors(self._schema, self.where):
            # Outside of the pool, for a session's lock goes with its connection.
            holder = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            patience = monotonic() + _HOLD_PATIENCE
            while not holder.scalar(
                select(func.pg_try_advisory_lock(_lock_key(f"{self._schema.what} held")))
            ):
                if monotonic() > patience:
                    holder.close()
                    return False
                sleep(0.1)
        self._holder = holder
        return True

    def _hold_again(self) -> None:
        """Take the database again if the server ended the connection that held it.

        Raises
        ------
        StorageError
            Another process has taken it meanwhile.
        """
        if self._holder is None:
            return
        try:
            self._holder.exec_driver_sql("SELECT 1")
        except DBAPIError:
            self._holder.close()
            self._holder = None
            if not self.hold():
                raise StorageError(
                    f"{self._schema.what} {self.where}: the server ended the connection, and another process has taken "
                    "the database since; stop either of the two"
                ) from None


def chunks(values: Iterable[_Value]) -> Iterator[list[_Value]]:
    """Cut values into lists short enough for the parameters of a statement."""
    rest = iter(values)
    while chunk := list(islice(rest, _VALUES_A_STATEMENT)):
        yield chunk


def rows_of(connection: Connection, statement: Executable, ids: Iterable[Any]) -> list[Row[Any]]:
    """Execute a statement with an expanding parameter ``ids`` for any number of ids."""
    return [row for chunk in chunks(ids) for row in connection.execute(statement, {"ids": chunk}).all()]


def upsert(connection: Connection, table: Table) -> Any:
    """Begin an insert that has ``on_conflict_do_update`` and ``on_conflict_do_nothing``."""
    # Both databases have them with the same meaning, but SQLAlchemy has a class for each.
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)


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
            return create_engine(_with_timeout(url).set(drivername="postgresql+psycopg"), pool_pre_ping=True)
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


def _with_timeout(url: URL) -> URL:
    if "connect_timeout" in url.query:
        return url
    return url.update_query_dict({"connect_timeout": str(_CONNECT_TIMEOUT)})


def _configure_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver must not begin transactions by itself: `Database.writing` begins with BEGIN IMMEDIATE, and
    # a read is a single statement, which SQLite runs on a snapshot of its own.
    connection.isolation_level = None
    _use_write_ahead_log(connection)
    connection.execute("PRAGMA synchronous = FULL").close()
    connection.execute("PRAGMA foreign_keys = ON").close()


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    # Here alone SQLite does not wait: of two that open a new file at once, either gets an error.
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


def _lock_file(connection: Connection) -> None:
    """Take SQLite's write lock before anything is read, so that what is read stays true until the commit."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _lock_server(connection: Connection, schema: Schema) -> None:
    """Take PostgreSQL's write lock until the end of the transaction; its numbers are then in the order of commits."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_lock_key(schema.what))))


def _lock_key(name: str) -> ColumnElement[int]:
    # Locks belong to a database of the server, whose schemas may each have a shelf.
    return func.hashtextextended(func.concat("snapshelf ", name, " in ", func.current_schema()), 0)


def _prepare(engine: Engine, where: str, schema: Schema) -> None:
    """Create the tables in a new database, check the schema version of an old database, and upgrade it.

    Raises
    ------
    ShelfVersionError
        The database was written by a newer Snapshelf; nothing is changed in it.
    StorageError
        The database belongs to another program.
    """
    with engine.connect() as connection:
        version = _version(connection, schema)
    if version is None or version < schema.version:
        with engine.begin() as connection:
            # Two processes that open a new database at once must not both create the tables.
            _lock_file(connection)
            _lock_server(connection, schema)
            version = _version(connection, schema)
            if version is None:
                version = _create(connection, where, schema)
            while version < schema.version:
                schema.upgrades[version](connection)
                version += 1
                connection.execute(
                    update(schema.state).where(schema.state.c.name == "schema").values(value=version)
                )
    if version > schema.version:
        raise ShelfVersionError(
            f"{schema.what} {where}: a newer Snapshelf wrote it (schema {version}; this version reads "
            f"{schema.version}); upgrade with: pip install --upgrade snapshelf"
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
