"""The base of the databases, in both kinds."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Column, MetaData, Table, Text, insert, select

from snapshelf._support.sql import Database, Number, Schema, chunks, rows_of, upsert
from snapshelf.errors import StorageError
from tests.catalogue.database.test_faults import end_connections

_metadata = MetaData()
state = Table("state", _metadata, Column("name", Text, primary_key=True), Column("value", Number))
SCHEMA = Schema("test", "make it again", _metadata, state, version=1, start={"count": 0})


def count(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.scalars(select(state.c.value).where(state.c.name == "count")).one())


def test_writers_wait_for_each_other(location: str) -> None:
    with ThreadPoolExecutor(4) as executor:
        first, second = Database.open(location, SCHEMA), Database.open(location, SCHEMA)

        def increase(database: Database) -> None:
            for _ in range(10):
                with database.writing() as connection:
                    before = connection.scalars(select(state.c.value).where(state.c.name == "count")).one()
                    connection.execute(state.update().where(state.c.name == "count").values(value=before + 1))

        list(executor.map(increase, (first, second, first, second)))
    assert count(first) == count(second) == 40
    first.close()
    second.close()


def test_an_error_rolls_back(location: str) -> None:
    database = Database.open(location, SCHEMA)
    with pytest.raises(ZeroDivisionError), database.writing() as connection:
        connection.execute(insert(state).values(name="half", value=1 // 0))
    with database.writing() as connection:
        connection.execute(upsert(connection, state).values(name="count", value=9).on_conflict_do_nothing())
    assert count(database) == 0
    database.close()


def test_a_closed_database_says_so(location: str) -> None:
    database = Database.open(location, SCHEMA)
    database.close()
    database.close()
    with pytest.raises(StorageError, match="it is closed; open it again"), database.reading():
        pass


def test_any_number_of_ids_fits(location: str) -> None:
    from sqlalchemy import bindparam

    database = Database.open(location, SCHEMA)
    statement = select(state.c.name).where(state.c.name.in_(bindparam("ids", expanding=True)))
    ids = ["count", *(str(number) for number in range(70_000)), "schema"]
    with database.reading() as connection:
        assert {row.name for row in rows_of(connection, statement, ids)} == {"count", "schema"}
    assert [len(chunk) for chunk in chunks(range(2_500))] == [1_000, 1_000, 500]
    database.close()


HOLD_UNTIL_KILLED = """
import sys
from tests.support.test_sql import SCHEMA, Database
print(Database.open(sys.argv[1], SCHEMA).hold(), flush=True)
sys.stdin.read()
"""


@pytest.mark.postgresql
@pytest.mark.parametrize("new_location", ["postgresql"], indirect=True)
def test_a_database_is_held_by_a_single_process_until_that_ends(location: str) -> None:
    database = Database.open(location, SCHEMA)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD_UNTIL_KILLED, location], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"True\n"
        assert not database.hold()
        process.kill()
    assert database.hold()
    other = Database.open(location, SCHEMA)
    assert not other.hold()
    database.close()
    assert other.hold()
    other.close()


@pytest.mark.postgresql
@pytest.mark.parametrize("new_location", ["postgresql"], indirect=True)
def test_a_database_stays_held_when_the_server_was_away(location: str) -> None:
    database, other = Database.open(location, SCHEMA), Database.open(location, SCHEMA)
    assert database.hold()
    end_connections(location)
    with database.writing():
        assert not other.hold()
    end_connections(location)
    assert other.hold()
    with pytest.raises(StorageError, match="another process has taken the database"), database.writing():
        pass
    other.close()
    with database.writing():
        pass
    database.close()
