"""A shelf whose catalogue is in a PostgreSQL database, while its index and everything else is in the folder."""

from __future__ import annotations

import json
import logging
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from snapshelf.demo import DemoProduct
from snapshelf.errors import InputError, ShelfError, ShelfInUseError, StorageError
from snapshelf.shelf import Shelf, history, open_catalogue
from tests.catalogue.database.test_faults import end_connections
from tests.shelf.conftest import COUNT

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.parametrize("new_location", ["postgresql"], indirect=True),
]


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_adds_searches_reopens_and_removes(
    location: str, feed: Path, drawings: list[DemoProduct], tmp_path: Path
) -> None:
    folder = tmp_path / "shelf"
    with Shelf.open(folder, database=location) as shelf:
        assert shelf.add(feed).added == COUNT
        before = shelf.stats()
    assert "catalogue.sqlite" not in files(folder)
    assert {"store", "database.json"} <= files(folder)
    assert stat.S_IMODE((folder / "database.json").stat().st_mode) == 0o600
    # The folder remembers the database.
    with Shelf.open(folder, create=False) as shelf:
        assert shelf.stats().products == before.products == COUNT
        assert before.bytes > 100_000
        for drawing in drawings[:5]:
            photo = feed.parent / f"{drawing.id}.jpg"
            assert shelf.search(photo=photo, k=1).hits[0].product.id == drawing.id
        assert shelf.remove([drawings[0].id]) == 1
        assert shelf.add(feed).added == 1
        assert shelf.remove([drawings[1].id]) == 1
    # The index is derived from the database alone.
    shutil.rmtree(folder / "store")
    with Shelf.open(folder) as shelf:
        everything = shelf.search(text="dress", k=COUNT, min_relevance=0)
        assert len(everything) == shelf.stats().products == COUNT - 1
        dresses = {drawing.id for drawing in drawings if drawing.kind == "dress"} - {drawings[1].id}
        assert {hit.id for hit in shelf.search(text="dress", k=COUNT, collapse=False)} == dresses
    with open_catalogue(folder) as catalogue:
        assert catalogue.count() == COUNT - 1
    assert history(folder) == []


def test_a_killed_add_loses_nothing_that_was_written(location: str, feed: Path, tmp_path: Path) -> None:
    rows = [json.loads(row) for row in feed.read_text(encoding="utf-8").splitlines()]
    long = feed.parent / "postgresql.jsonl"
    with long.open("w", encoding="utf-8") as lines:
        for copy in range(20):
            lines.writelines(json.dumps({**row, "id": f"{row['id']}-{copy}"}) + "\n" for row in rows)
    folder = tmp_path / "shelf"
    code = (
        "import sys; from snapshelf import Shelf\n"
        "shelf = Shelf.open(sys.argv[1], database=sys.argv[2])\n"
        "shelf.add(sys.argv[3], progress=lambda done, _: print(done, flush=True))"
    )
    command = [sys.executable, "-c", code, str(folder), location, str(long)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if int(line) >= 300:
                break
        child.kill()
    with Shelf.open(folder) as shelf:
        stored = shelf.stats().products
        assert 256 <= stored < len(rows) * 20
        assert len(shelf.search(text="dress", k=1_000, collapse=False, min_relevance=0)) == stored
        report = shelf.add(long)
        assert (report.unchanged, report.added) == (stored, len(rows) * 20 - stored)


def test_a_second_folder_is_refused_and_the_first_goes_on(location: str, feed: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    with Shelf.open(first, database=location) as shelf:
        shelf.add(feed)
        with pytest.raises(ShelfInUseError, match="another process, perhaps on another machine"):
            Shelf.open(second, database=location)
    with pytest.raises(ShelfError, match=f":{first}; open that shelf, or give this shelf a database"):
        Shelf.open(second, database=location)
    with pytest.raises(ShelfError, match="there is no shelf here"):
        Shelf.open(second, create=False)
    with Shelf.open(first) as shelf:
        assert shelf.stats().products == COUNT


def test_a_lost_folder_can_be_replaced(location: str, feed: Path, tmp_path: Path) -> None:
    lost, new = tmp_path / "lost", tmp_path / "new"
    with Shelf.open(lost, database=location) as shelf:
        shelf.add(feed)
    shutil.rmtree(lost)
    with pytest.raises(ShelfError, match="DELETE FROM meta") as refusal:
        Shelf.open(new, database=location)
    statement = str(refusal.value).rpartition('psql -c "')[2].rstrip('"')
    engine = create_engine(make_url(location))
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()
    with Shelf.open(new, database=location) as shelf:
        assert len(shelf.search(text="dress", k=COUNT, min_relevance=0)) == COUNT


def test_a_moved_folder_keeps_its_database(location: str, feed: Path, tmp_path: Path) -> None:
    with Shelf.open(tmp_path / "here", database=location) as shelf:
        shelf.add(feed)
    shutil.move(tmp_path / "here", tmp_path / "there")
    with Shelf.open(tmp_path / "there") as shelf:
        assert shelf.stats().products == COUNT
    copy = tmp_path / "copy"
    shutil.copytree(tmp_path / "there", copy)
    with Shelf.open(tmp_path / "there"), pytest.raises(ShelfInUseError, match="another process"):
        Shelf.open(copy)


def test_an_open_shelf_goes_on_when_the_server_was_away(location: str, feed: Path, tmp_path: Path) -> None:
    with Shelf.open(tmp_path / "shelf", database=location, serving=True) as shelf:
        shelf.add(feed)
        end_connections(location)
        ids = [hit.product.id for hit in shelf.search(text="dress", k=2).hits]
        end_connections(location)
        assert shelf.remove(ids) == 2
        assert shelf.stats().products == COUNT - 2
        # The lock is taken again with the first write.
        with pytest.raises(ShelfInUseError, match="another process"):
            Shelf.open(tmp_path / "other", database=location)


def test_another_place_than_the_remembered_one_is_refused(
    new_location: Callable[[], str], tmp_path: Path
) -> None:
    location, other = new_location(), new_location()
    Shelf.open(tmp_path / "server", database=location).close()
    with pytest.raises(ShelfError, match="is not the database of this shelf"):
        Shelf.open(tmp_path / "server", database=other)
    Shelf.open(tmp_path / "file").close()
    with pytest.raises(ShelfError, match=r"keeps its catalogue in catalogue\.sqlite"):
        Shelf.open(tmp_path / "file", database=location)
    # The same database by another URL, such as one with another password, is remembered instead.
    renamed = make_url(location).update_query_dict({"connect_timeout": "7"})
    Shelf.open(tmp_path / "server", database=renamed.render_as_string(hide_password=False)).close()
    assert "connect_timeout=7" in (tmp_path / "server" / "database.json").read_text()


def test_passwords_are_neither_shown_nor_logged(
    location: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with_password = make_url(location).set(password="geheim").render_as_string(False)  # noqa: S106
    Shelf.open(tmp_path / "shelf", database=with_password).close()
    with pytest.raises(ShelfError) as refusal:
        Shelf.open(tmp_path / "other", database=with_password)
    with pytest.raises(StorageError, match="the server cannot be reached; check that it runs") as unreached:
        Shelf.open(tmp_path / "unreached", database="postgresql+psycopg://shop:geheim@127.0.0.1:1/shop")
    assert "127.0.0.1:1/shop" in str(unreached.value)
    assert "geheim" not in caplog.text + str(refusal.value) + str(unreached.value)
    assert "database.json" not in files(tmp_path / "unreached")
    (tmp_path / "shelf" / "database.json").write_text('{"url": "postgresql://shop:geheim@h/d"}')
    with pytest.raises(ShelfError, match="give --database URL again") as damaged:
        Shelf.open(tmp_path / "shelf")
    assert "geheim" not in str(damaged.value)


def test_only_servers_are_given_by_url(tmp_path: Path, location: str) -> None:
    with pytest.raises(InputError, match=r"postgresql://user:password@host"):
        Shelf.open(tmp_path / "shelf", database=f"sqlite:///{tmp_path}/elsewhere.sqlite")


@pytest.mark.parametrize("url", ["postgresql+psycopg://shop:geheim@127.0.0.1:port/shop", "postgresql-geheim"])
def test_what_is_no_url_is_refused_without_the_password(tmp_path: Path, location: str, url: str) -> None:
    with pytest.raises(InputError, match=r"postgresql://user:password@host") as refused:
        Shelf.open(tmp_path / "shelf", database=url)
    assert "geheim" not in str(refused.value)


def test_a_shelf_is_tuned_although_the_server_was_away(location: str, feed: Path, tmp_path: Path) -> None:
    asked = []

    def cut(done: int, total: int | None) -> None:
        asked.append(done)
        if len(asked) == 2:
            end_connections(location)

    with Shelf.open(tmp_path / "shelf", database=location) as shelf:
        shelf.add(feed)
        expected = shelf.stats().tuning
        assert expected is not None
        shelf.tune(progress=cut)
        assert len(asked) > 2
        tuned = shelf.stats().tuning
        assert tuned is not None
        assert (tuned.products, tuned.questions) == (expected.products, expected.questions)
        assert tuned.weights == pytest.approx(expected.weights, rel=1e-3)
        assert shelf.remove([shelf.search(text="dress", k=1).hits[0].id]) == 1
