"""Full disks, damaged files, killed processes: errors say what to do, nothing acknowledged is lost."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, make_url, text

from snapshelf.catalogue import Catalogue
from snapshelf.errors import StorageError
from tests.catalogue.database.samples import BATCH, assert_stored, batch, make_entry, make_product

if TYPE_CHECKING:
    from collections.abc import Callable


def assert_whole(catalogue: Catalogue, acknowledged: int) -> None:
    """All acknowledged batches and perhaps one more, each of them whole, are there and can be replayed."""
    batches = catalogue.count() // BATCH
    assert batches in (acknowledged, acknowledged + 1)
    assert catalogue.version == catalogue.count() == catalogue.photo_count() == batches * BATCH
    changes = catalogue.changes(0, batches * BATCH + 1)
    assert [change.version for change in changes] == list(range(1, batches * BATCH + 1))
    for change, expected in zip(
        changes, (entry for each in range(batches) for entry in batch(each)), strict=True
    ):
        assert_stored(change.entry, expected)


def child(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


PUT_UNTIL_KILLED = """
import itertools, sys
from snapshelf.catalogue import Catalogue
from tests.catalogue.database.samples import batch
catalogue = Catalogue.open(sys.argv[1])
for number in itertools.count():
    print(catalogue.put(batch(number)), flush=True)
"""


@pytest.mark.parametrize("delay", [0.0, 0.013])
def test_nothing_acknowledged_is_lost_when_the_process_is_killed(location: str, delay: float) -> None:
    with child(PUT_UNTIL_KILLED, location) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(8)]
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
    acknowledged = [int(line) for line in lines if line.endswith("\n")]
    assert acknowledged == list(range(BATCH, BATCH * (len(acknowledged) + 1), BATCH))
    with Catalogue.open(location) as catalogue:
        assert_whole(catalogue, len(acknowledged))
        number = catalogue.count() // BATCH
        assert catalogue.put(batch(number)) == (number + 1) * BATCH


PUT_UNTIL_FULL = """
import resource, sys
from snapshelf.catalogue import Catalogue
from snapshelf.errors import StorageError
from tests.catalogue.database.samples import batch
catalogue = Catalogue.open(sys.argv[1])
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, hard))
number = 0
try:
    while True:
        catalogue.put(batch(number))
        number += 1
except StorageError as error:
    print(error)
print(number, catalogue.count(), catalogue.version)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
catalogue.put(batch(number))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of file size to set")
def test_a_file_that_cannot_grow(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    with child(PUT_UNTIL_FULL, str(path)) as process:
        output, _ = process.communicate()
    assert process.returncode == 0
    message, counts = output.splitlines()
    assert str(path) in message
    assert "check the disk, its quota and the file size limit" in message
    number, count, version = map(int, counts.split())
    assert number > 0
    assert count == version == number * BATCH
    with Catalogue.open(path) as catalogue:
        assert_whole(catalogue, number + 1)


def put_until_it_fails(catalogue: Catalogue, number: int) -> tuple[int, str]:
    """Put batch after batch; returns the number of the one that failed, and why it did."""
    while True:
        try:
            catalogue.put(batch(number))
        except StorageError as error:
            return number, str(error)
        number += 1


def test_a_full_disk(tmp_path: Path) -> None:
    with Catalogue.open(tmp_path / "catalogue.sqlite") as catalogue:
        catalogue.put(batch(0))
        # One thread uses one connection of the pool, so the limit holds for what follows.
        with catalogue._database.reading() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 30}")
        number, message = put_until_it_fails(catalogue, 1)
        assert number > 1
        assert "catalogue.sqlite: the disk is full; free space" in message
        assert_whole(catalogue, number)
        with pytest.raises(StorageError, match="the disk is full"):
            catalogue.put(batch(number))
        with catalogue._database.reading() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
        catalogue.put(batch(number))
        assert_whole(catalogue, number + 1)


def test_a_read_only_file(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    with Catalogue.open(path) as writable:
        writable.put([make_entry("a")])
        with Catalogue.open(f"sqlite:///file:{path}?mode=ro&uri=true") as catalogue:
            assert catalogue.get("a") == make_product("a")
            for write in (
                lambda: catalogue.put([make_entry("b")]),
                lambda: catalogue.put_fields([make_product("a", title="new")]),
                lambda: catalogue.delete(["a"]),
                lambda: catalogue.set_meta("encoder", "x"),
            ):
                with pytest.raises(
                    StorageError, match="it is read-only; make the file and its folder writable"
                ):
                    write()
            assert catalogue.get("a") == make_product("a")


def test_another_process_that_does_not_stop_writing(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    with Catalogue.open(f"sqlite:///{path}?timeout=0.05") as catalogue:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="another process is writing"):
            catalogue.put([make_entry("a")])
        other.close()
        assert catalogue.put([make_entry("a")]) == 1


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="check that its folder exists"):
        Catalogue.open(tmp_path / "missing" / "catalogue.sqlite")


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_text("id,title\n" * 1_000)
    with pytest.raises(StorageError, match=r"products\.csv: it is not a catalogue"):
        Catalogue.open(path)
    assert path.read_text() == "id,title\n" * 1_000


def overwrite(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (size - 4096))


def cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2 // 4096 * 4096)


@pytest.mark.parametrize("damage", [overwrite, cut_off])
def test_a_damaged_file(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    path = tmp_path / "catalogue.sqlite"
    with Catalogue.open(path) as catalogue:
        catalogue.put([entry for number in range(10) for entry in batch(number)])
    damage(path)

    def use() -> None:
        with Catalogue.open(path) as catalogue:
            catalogue.changes(0, 1_000)

    with pytest.raises(StorageError, match="damaged; restore a backup, or move it away and index the feed"):
        use()


def test_a_server_that_is_not_there() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(StorageError, match="the server cannot be reached") as caught:
        Catalogue.open("postgresql://shop:geheim@127.0.0.1:1/shop")
    assert "127.0.0.1:1/shop" in str(caught.value)
    assert "geheim" not in str(caught.value)


@pytest.mark.postgresql
@pytest.mark.parametrize("new_location", ["postgresql"], indirect=True)
class TestPostgresql:
    def test_a_server_that_ends_connections(self, location: str) -> None:
        with Catalogue.open(location) as catalogue:
            catalogue.put([make_entry("a")])
            with pytest.raises(StorageError, match="the server ended the connection"):
                self.delete_without_server(catalogue, location)
            assert catalogue.ids() == ["a"]
            end_connections(location)
            assert catalogue.put([make_entry("b")]) == 2

    @staticmethod
    def delete_without_server(catalogue: Catalogue, location: str) -> None:
        with catalogue._writing() as (connection, _):
            end_connections(location)
            connection.execute(text("DELETE FROM product"))

    def test_a_read_only_server(self, location: str) -> None:
        Catalogue.open(location).close()
        url = make_url(location)
        options = f"{url.query['options']} -cdefault_transaction_read_only=on"
        read_only = url.update_query_dict({"options": options}).render_as_string(hide_password=False)
        with Catalogue.open(read_only) as catalogue:
            with pytest.raises(StorageError, match="the server is read-only"):
                catalogue.put([make_entry("a")])
            assert catalogue.count() == 0

    def test_a_database_that_does_not_exist(self, location: str) -> None:
        missing = make_url(location).set(database="missing").render_as_string(hide_password=False)
        with pytest.raises(StorageError, match=r"createdb|cannot be reached"):
            Catalogue.open(missing)


def end_connections(location: str) -> None:
    url = make_url(location)
    engine = create_engine(url.difference_update_query(["application_name"]))
    with engine.connect() as connection:
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = :name"),
            {"name": url.query["application_name"]},
        )
    engine.dispose()
