"""What only the store in a child process has: two processes that may die, and a parent that goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest

from snapshelf.errors import SearchIndexError, ShelfInUseError
from snapshelf.index import ProcessIndex, QdrantEdgeIndex, Record
from snapshelf.index import process as _process
from tests.index.index_contract import D, axis, ids, record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PARENT = """
import sys, time
from snapshelf.index import ProcessIndex

store = ProcessIndex.open(sys.argv[1], 8)
print(store._child._process.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def path(folder: Path) -> Path:
    return folder / "store"


@pytest.fixture
def store(path: Path) -> Iterator[ProcessIndex]:
    with ProcessIndex.open(path, D) as store:
        yield store


def child(store: ProcessIndex) -> int:
    assert store._child is not None
    return store._child._process.pid


def is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 20
    while is_alive(pid):
        assert time.monotonic() < deadline, f"process {pid} does not end"
        time.sleep(0.02)


def test_engine_lives_elsewhere_and_ends_with_the_store(path: Path) -> None:
    store = ProcessIndex.open(path, D)
    pid = child(store)
    assert pid != os.getpid()
    assert is_alive(pid)
    store.close()
    with pytest.raises(ChildProcessError):  # no zombie is left to wait for
        os.waitpid(pid, os.WNOHANG)
    with QdrantEdgeIndex.open(path, D) as edge:
        assert edge.count() == 0


def test_errors_keep_their_class_and_text(path: Path, store: ProcessIndex) -> None:
    with pytest.raises(ShelfInUseError, match="open elsewhere"):
        ProcessIndex.open(path, D)
    with pytest.raises(SearchIndexError, match="photos of product 'bad'"):
        store.upsert([Record("bad", np.full((1, D), np.nan, np.float32))])
    with pytest.raises(AttributeError) as raised:
        store.upsert(["not a record"])  # type: ignore[list-item]
    assert "In the engine's process" in raised.value.__notes__[0]
    assert store.count() == 0


def test_unusable_directory(path: Path) -> None:
    ProcessIndex.open(path, D).close()
    with pytest.raises(SearchIndexError, match="rebuild the index"):
        ProcessIndex.open(path, D + 1)


def test_child_that_cannot_start_is_an_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_process.sys, "executable", "/bin/false")
    with pytest.raises(SearchIndexError, match=r"died before it had opened the index.*exit status"):
        ProcessIndex.open(path, D)


@pytest.mark.parametrize("call", ["read", "write"])
def test_killed_child_comes_back_with_all_that_was_acknowledged(store: ProcessIndex, call: str) -> None:
    store.upsert([record("a", axis(0)), record("b", axis(1))])
    store.flush(3)
    store.delete(["b"])
    store.upsert([record("a", axis(0), price=1)])
    before = child(store)
    os.kill(before, signal.SIGKILL)
    if call == "write":
        store.upsert([record("c", axis(2))])
        store.delete(["c"])
    assert store.scroll() == ["a"]
    assert ids(store.nearest(axis(0), 5)) == ["a"]
    assert store.version == 3
    assert child(store) != before
    assert not is_alive(before)


def test_child_killed_under_load(store: ProcessIndex) -> None:
    store.upsert([record(f"{n:03}", axis(n % D)) for n in range(100)])

    def query(number: int) -> None:
        for _ in range(40):
            assert len(store.nearest(axis(number), 100)) == 100

    with ThreadPoolExecutor(8) as pool:
        queries = [pool.submit(query, number) for number in range(8)]
        time.sleep(0.05)
        os.kill(child(store), signal.SIGKILL)
        for done in queries:
            done.result()
    assert store.count() == 100


def test_child_that_dies_again_and_again_is_an_error(
    store: ProcessIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.upsert([record("a")])
    with monkeypatch.context() as patch:
        os.kill(child(store), signal.SIGKILL)
        patch.setattr(_process.sys, "executable", "/bin/false")
        for _ in range(2):
            with pytest.raises(SearchIndexError, match="died"):
                store.count()
    assert store.count() == 1


def test_interrupt_does_not_mix_up_answers(store: ProcessIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(message: bytes) -> None:
        raise KeyboardInterrupt

    store.upsert([record("a"), record("b")])
    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(_process, "decode", interrupted)
            with pytest.raises(KeyboardInterrupt):
                store.scroll()
        assert store.count() == 2


def test_parent_that_is_killed_takes_the_child_along(path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(path)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_alive(pid)
        parent.kill()
    wait_until_gone(pid)
    with QdrantEdgeIndex.open(path, D) as edge:
        assert edge.count() == 0


def test_terminal_and_service_manager_do_not_end_the_child(store: ProcessIndex) -> None:
    before = child(store)
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(before, number)
    assert store.count() == 0
    assert child(store) == before
    assert os.getpgid(before) != os.getpgid(0)


def test_many_threads(store: ProcessIndex) -> None:
    store.upsert([record(f"{n}", axis(n)) for n in range(D)])

    def query(number: int) -> None:
        for _ in range(30):
            assert ids(store.nearest(axis(number % D), 1)) == [f"{number % D}"]

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(query, range(16)))


def test_closing_waits_for_calls_under_way(path: Path) -> None:
    store = ProcessIndex.open(path, D)
    records = [record(f"{n}", axis(n % D), terms={"w": 1.0}, price=n) for n in range(2_000)]
    assert store._child is not None
    idle = store._child._idle
    with ThreadPoolExecutor(1) as pool:
        connections = idle.qsize()
        writing = pool.submit(store.upsert, records)
        while idle.qsize() == connections and not writing.done():
            time.sleep(0.001)
        store.close()
        writing.result()
    with QdrantEdgeIndex.open(path, D) as edge:
        assert edge.count() == len(records)


def test_this_process_goes_on_while_the_engine_works(path: Path) -> None:
    """The engine holds the GIL of its process: a thread of this one must not feel it."""
    photos = np.random.default_rng(2).standard_normal((3_000, 1, 128)).astype(np.float32)
    gaps: list[float] = []
    done = threading.Event()

    def tick() -> None:
        last = time.monotonic()
        while not done.wait(0.001):
            gaps.append(time.monotonic() - last)
            last = time.monotonic()
        gaps.append(time.monotonic() - last)

    with ProcessIndex.open(path, 128) as store:
        store.upsert([Record(f"{n}", photo) for n, photo in enumerate(photos)])
        store.delete([f"{n}" for n in range(1_200)])  # enough for `optimise` to copy the rest
        ticking = threading.Thread(target=tick)
        ticking.start()
        start = time.monotonic()
        store.optimise()
        took = time.monotonic() - start
        done.set()
        ticking.join()
        assert store.count() == 1_800
    assert max(gaps) < took / 2
