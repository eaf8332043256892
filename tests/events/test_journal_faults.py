"""Killed processes, full disks, two processes at once: nothing acknowledged is lost, nothing counts twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from snapshelf.errors import EventError, ShelfVersionError, StorageError
from snapshelf.events import Profile, Receipt, SqlJournal
from snapshelf.events.journal_schema import profile
from tests.events.small_shop import SPACE, event, traits, vector_of

TELL = """
import sys, threading
from tests.events.small_shop import SPACE, event, traits
from snapshelf.events import SqlJournal
journal = SqlJournal.open(sys.argv[1], traits=traits, space=SPACE)
name = sys.argv[2]
said = threading.Lock()
def tell(thread):
    # Some come late: of everything that is told in some order, all must be there.
    for number in range(60):
        id, at = f"{name}-{thread}-{number}", 1e9 + 7919 * number % 4001
        if journal.append([event(id, shopper=f"s{number % 5}", at=at, product=f"p{number % 9}")]).accepted:
            with said:
                print(id, flush=True)
threads = [threading.Thread(target=tell, args=(thread,)) for thread in range(4)]
for each in threads: each.start()
for each in threads: each.join()
"""


def telling(location: str, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", TELL, location, name],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def assert_whole(location: str, acknowledged: set[str]) -> None:
    """Whatever was acknowledged is there once, and each profile has exactly the events that are there."""
    with SqlJournal.open(location, traits=traits, space=SPACE) as journal:
        found = [one.event_id for shopper in range(5) for one in journal.events(f"s{shopper}")]
        assert len(found) == len(set(found))
        assert acknowledged <= set(found)
        for shopper in range(5):
            there = journal.events(f"s{shopper}")
            known = journal.profile(f"s{shopper}")
            assert known.events == len(there)
            assert [one.at for one in known.recent] == sorted(one.at for one in there)[-100:]
        again = [event(name, shopper="s0") for name in acknowledged]
        assert journal.append(again) == Receipt(duplicates=len(again))


@pytest.mark.parametrize("delay", [0.0, 0.011])
def test_nothing_acknowledged_is_lost_when_the_process_is_killed(location: str, delay: float) -> None:
    with telling(location, "e") as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(60)]
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
    assert_whole(location, {line.strip() for line in lines if line.endswith("\n")})


def test_two_processes_tell_of_the_same_shoppers(location: str) -> None:
    SqlJournal.open(location).close()
    both = [telling(location, name) for name in ("a", "b")]
    told: set[str] = set()
    for process in both:
        output, _ = process.communicate(timeout=200)
        assert process.returncode == 0
        told |= set(output.split())
    assert len(told) == 2 * 4 * 60
    assert_whole(location, told)


TELL_UNTIL_FULL = """
import resource, sys
from tests.events.small_shop import SPACE, event, traits
from snapshelf.errors import StorageError
from snapshelf.events import SqlJournal
journal = SqlJournal.open(sys.argv[1], traits=traits, space=SPACE)
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
number = 0
try:
    while True:
        journal.append([event(f"e{number}-{n}", at=1e9 + 100.0 * n, text="x" * 900) for n in range(20)])
        number += 1
except StorageError as error:
    print(error)
print(number, journal.profile("ann").events, len(journal.events("ann")))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, hard))
print(journal.append([event("last")]).accepted)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of file size to set")
def test_a_file_that_cannot_grow(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TELL_UNTIL_FULL, str(tmp_path / "journal.db")],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=120,
    )
    message, counts, last = done.stdout.splitlines()
    assert "journal" in message
    assert "do it again" in message or "file size limit" in message
    batches, folded, kept = map(int, counts.split())
    assert batches > 1
    # All of a transaction or nothing, in the profile as in the journal.
    assert folded == kept == 20 * batches
    assert last == "1"


def test_a_file_that_is_none_of_ours(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_text("id,title\n" * 500, "utf-8")
    with pytest.raises(StorageError, match="it is not a journal"):
        SqlJournal.open(tmp_path / "journal.db")


def test_a_newer_journal(location: str) -> None:
    from sqlalchemy import create_engine, make_url, text

    SqlJournal.open(location).close()
    url = make_url(location) if "://" in location else make_url(f"sqlite:///{location}")
    if url.get_backend_name() == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE journal_state SET value = 99 WHERE name = 'schema'"))
    engine.dispose()
    with pytest.raises(ShelfVersionError, match="a newer Snapshelf wrote it"):
        SqlJournal.open(location)


def test_a_closed_journal(location: str) -> None:
    journal = SqlJournal.open(location, traits=traits, space=SPACE)
    journal.append([event("e1")])
    journal.close()
    journal.close()
    for use in (lambda: journal.append([event("e2")]), lambda: journal.profile("ann")):
        with pytest.raises(StorageError, match="closed; open it again"):
            use()


@pytest.mark.slow
def test_a_shopper_with_very_many_events(tmp_path: Path) -> None:
    """What is known stays small, and is as soon read."""
    with SqlJournal.open(tmp_path / "journal.db", traits=traits, space=SPACE) as journal:
        told = [
            event(
                f"e{n}",
                at=1e9 + 60.0 * n,
                product=f"p{n % 9}" if n % 2 else f"q{n}",
                kind="purchase" if n % 5 else "click",
            )
            for n in range(100_000)
        ]
        receipt = journal.append(told)
        assert (receipt.accepted, len(receipt.notes)) == (100_000, 50_000)
        known = journal.profile("ann")
        assert known.events == 100_000
        assert len(known.to_bytes()) < 10_000
        assert len(known.recent) == 100
        assert len(known.bought) == 50
        merged = journal.merge("ann", "anna")
        assert merged.recent == known.recent
        assert merged.bought.keys() == known.bought.keys()


def test_reads_do_not_wait_for_writes(tmp_path: Path) -> None:
    with SqlJournal.open(tmp_path / "journal.db", traits=traits, space=SPACE) as journal:
        stop = threading.Event()
        found: list[Profile] = []

        def read() -> None:
            while not stop.is_set():
                found.append(journal.profile("ann"))

        reader = threading.Thread(target=read)
        reader.start()
        for number in range(50):
            journal.append([event(f"e{number}", at=1e9 + 100.0 * number)])
        stop.set()
        reader.join()
        counts = [known.events for known in found]
        assert counts == sorted(counts)
        assert journal.profile("ann").events == 50


def test_a_vector_of_another_encoder(location: str) -> None:
    with SqlJournal.open(location, traits=traits, space=SPACE) as journal:
        looked = event("e1", kind="search", product=None, vector=vector_of("p1"))
        journal.append([looked])
        with pytest.raises(EventError, match="it has 3 numbers, earlier vectors have 16") as refused:
            journal.append([event("e2"), replace(looked, event_id="e3", vector=np.ones(3, np.float32))])
        assert refused.value.field == "vector"
        assert journal.append([event("e2")]) == Receipt(accepted=1)


@pytest.mark.parametrize("damage", [b"", b"\x09", b"\x01 damaged"])
def test_a_damaged_profile_is_made_anew(location: str, damage: bytes) -> None:
    with SqlJournal.open(location, traits=traits, space=SPACE) as journal:
        journal.append([event("e1"), event("e2", product="p2"), event("e3", shopper="bob")])
        with journal._database.writing() as connection:
            connection.execute(profile.update().values(body=damage))
        assert journal.append([event("e4", at=2e9 - 1e9)]).accepted == 1
        assert [one.product for one in journal.profile("ann").recent] == ["p1", "p1", "p2"]
        assert journal.profile("bob").events == 1
