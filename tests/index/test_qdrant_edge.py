"""What only the store in a directory has: its lock, its files, crashes, a full disk."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import namedtuple
from typing import TYPE_CHECKING

import numpy as np
import pytest

from snapshelf.errors import SearchIndexError, ShelfInUseError, StorageError
from snapshelf.index import Between, Equals, Has, QdrantEdgeIndex, Record, TermPlace
from snapshelf.index.qdrant_shard import ask
from tests.index.index_contract import D, axis, ids, record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from snapshelf.index import FieldValue

WRITER = """
import sys
import numpy as np
from snapshelf.index import QdrantEdgeIndex, Record

store = QdrantEdgeIndex.open(sys.argv[1], 8)
store.upsert([Record("flushed", np.eye(8, dtype=np.float32)[:2])])
store.flush(5)
for number in range(10**9):
    store.upsert([Record(f"{number:09}", np.eye(8, dtype=np.float32)[number % 8][None], {"w": 1.0}, {"n": number})])
    if number % 3 == 2:
        store.delete([f"{number - 1:09}"])
    print(number, flush=True)
"""


@pytest.fixture
def path(folder: Path) -> Path:
    return folder / "store"


def test_killed_writer_loses_nothing_acknowledged(path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for line in writer.stdout:
            if int(line) >= 100:
                writer.kill()
                break
        acknowledged = int((writer.stdout.read().split() or [line])[-1])
    assert writer.returncode == -signal.SIGKILL
    with QdrantEdgeIndex.open(path, D) as store:
        assert store.version == 5
        found = {int(id) for id in store.scroll(limit=10**6) if id != "flushed"}
        kept = {n for n in range(acknowledged + 1) if n % 3 != 1}
        assert kept <= found
        assert found - kept <= {
            acknowledged,
            acknowledged + 1,
        }  # not deleted yet; under way when it was killed
        assert store.count(Between("n", at_most=90)) == len([n for n in range(91) if n % 3 != 1])
        assert ids(store.nearest(axis(1), 1, Equals("n", 9))) == [f"{9:09}"]


def test_one_process_at_a_time(path: Path) -> None:
    program = f"from snapshelf.index import QdrantEdgeIndex; QdrantEdgeIndex.open({str(path)!r}, {D})"
    with QdrantEdgeIndex.open(path, D) as store:
        store.upsert([record("a")])
        with pytest.raises(ShelfInUseError, match="open elsewhere"):
            QdrantEdgeIndex.open(path, D)
        other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert "ShelfInUseError" in other.stderr
        assert store.count() == 1
    with QdrantEdgeIndex.open(path, D) as store:
        assert store.count() == 1


def test_two_stores_in_one_process(path: Path) -> None:
    with QdrantEdgeIndex.open(path / "one", D) as one, QdrantEdgeIndex.open(path / "two", D) as two:
        one.upsert([record("a")])
        assert (one.count(), two.count()) == (1, 0)


def change_state(**changes: object) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        state = path / "store.json"
        state.write_text(json.dumps(json.loads(state.read_text()) | changes))

    return change


def damage(pattern: str, content: bytes) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        for file in path.glob(pattern):
            file.write_bytes(content)

    return change


@pytest.mark.parametrize(
    "change",
    [
        change_state(dimension=D + 1),
        change_state(engine="0.1.0"),
        change_state(format=99),
        change_state(version=None),
        change_state(other=1),
        damage("store.json", b""),
        damage("store.json", b"[]"),
        damage("store.json", b"\xff{"),
        damage("engine/segments/*/segment.json", b"{"),
        lambda path: shutil.rmtree(path / "engine"),
        lambda path: shutil.rmtree(path / "vectors"),
        damage("vectors/photo.f32", b""),
        lambda path: (path / "store.json").unlink(),
        lambda path: (shutil.rmtree(path), path.write_text("a file")),
    ],
)
def test_unusable_directory_is_refused_and_can_be_replaced(
    path: Path, change: Callable[[Path], None]
) -> None:
    with QdrantEdgeIndex.open(path, D) as store:
        store.upsert([record("a")])
        store.flush(1)
    change(path)
    with pytest.raises(SearchIndexError):
        QdrantEdgeIndex.open(path, D)
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with QdrantEdgeIndex.open(path, D) as store:
        assert (store.version, store.count()) == (0, 0)


@pytest.mark.parametrize(
    "change",
    [
        lambda path: (path / "facts.npz").unlink(),
        damage("facts.npz", b""),
        damage("facts.npz", b"PK\x03\x04 and so on"),
        lambda path: np.savez(path / "facts.npz", ids=np.zeros(3, np.uint8)),
    ],
    ids=["missing", "empty", "damaged", "another"],
)
def test_table_is_made_again_where_its_file_is_of_no_use(path: Path, change: Callable[[Path], None]) -> None:
    def answers(store: QdrantEdgeIndex) -> list[object]:
        return [
            store.scroll(),
            store.field_kinds(),
            store.facet("tags"),
            store.idf(["w", "odd", "none"]),
            store.matching({"odd": 1.0}, 9),
            store.nearest(axis(1), 9, Equals("tags", "a")),
            [store.frequencies([(("w",),), (("odd",),), (("odd", "w"),)], place) for place in (1, 2, 3)],
        ]

    with QdrantEdgeIndex.open(path, D) as store:
        for n in range(9):
            terms = {"w": 1.0, "odd": 2.0} if n % 2 else {"w": 1.0}
            facts: dict[str, FieldValue] = {"n": n, "tags": ["a", "b"] if n % 3 else "c"}
            places = {"w": n % 3 + 1, "odd": TermPlace.NAME}
            store.upsert([Record(f"{n}", axis(n % D)[None], terms, facts, places=places)])
        store.delete(["4", "5"])
        before = answers(store)
    change(path)
    with QdrantEdgeIndex.open(path, D) as store:
        assert answers(store) == before
        store.upsert([record("new", axis(1), terms={"w": 1.0})])
        store.delete(["1"])
        before = answers(store)
    with QdrantEdgeIndex.open(path, D) as store:
        assert answers(store) == before


def test_file_of_the_table_is_never_older_than_the_engine(path: Path) -> None:
    with QdrantEdgeIndex.open(path, D) as store:
        store.upsert([record("a", n=1)])
    changes: list[Callable[[QdrantEdgeIndex], None]] = [
        lambda store: store.upsert([record("b", n=2)]),
        lambda store: store.upsert([record("a", n=3)]),
        lambda store: store.delete(["b"]),
        lambda store: store.clear(),
    ]
    for change in changes:
        with QdrantEdgeIndex.open(path, D) as store:
            assert (path / "facts.npz").exists()
            store.count(Has("n"))
            assert (path / "facts.npz").exists()
            change(store)
            assert not (path / "facts.npz").exists()


def test_interrupted_flush_keeps_the_former_version(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with QdrantEdgeIndex.open(path, D) as store:
        store.flush(3)
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", no_space)
            with pytest.raises(StorageError, match="No space left"):
                store.flush(4)
        assert store.version == 3
    with QdrantEdgeIndex.open(path, D) as store:
        assert store.version == 3


def no_space(descriptor: int) -> None:
    raise OSError(28, "No space left on device")


def test_full_disk_is_noticed_before_the_engine_is(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    with QdrantEdgeIndex.open(path, D) as store:
        store.upsert([record("a")])
        with monkeypatch.context() as patch:
            patch.setattr(shutil, "disk_usage", lambda _: usage(2**40, 2**40 - 2**20, 2**20))
            for write in (
                lambda: store.upsert([record("b")]),
                lambda: store.delete(["a"]),
                store.optimise,
            ):
                with pytest.raises(StorageError, match="full: 1 MiB are free"):
                    write()
            assert store.scroll() == ["a"]
        store.upsert([record("b")])
        assert store.scroll() == ["a", "b"]


def test_engine_panic_is_a_store_error() -> None:
    class PanicException(BaseException):
        """As the binding's own."""

    def panic() -> None:
        raise PanicException("index out of bounds")

    with pytest.raises(SearchIndexError, match="index out of bounds"):
        ask(panic)
