"""The log of queries: what it counts, what it forgets, and what it never keeps."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from snapshelf.errors import StorageError
from snapshelf.suggest import QueryLog
from snapshelf.suggest import query_log as queries

TODAY = 20_000


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    day = [TODAY]
    monkeypatch.setattr(queries, "_today", lambda: day[0])
    return day


@pytest.fixture
def log(tmp_path: Path, today: list[int]) -> Iterator[QueryLog]:
    opened = QueryLog.open(tmp_path / "queries.sqlite")
    yield opened
    opened.close()


def test_counts_the_same_words_together_and_those_without_results_apart(log: QueryLog) -> None:
    for text, hits in [
        ("Red Dress", 9),
        ("ｒｅｄ  dress", 4),
        ("red dress", 0),
        ("紅色", 1),
        ("sofa", 0),
        ("sofa", 0),
    ]:
        log.note(text, hits)
    assert log.without_results() == [("sofa", 2), ("red dress", 1)]
    assert log.popular(10) == [("red dress", 2), ("红色", 1)]
    assert log.popular(10, least=2) == [("red dress", 2)]
    assert log.popular(1) == [("red dress", 2)]


def test_days_count_back_from_today(log: QueryLog, today: list[int]) -> None:
    log.note("old", 0)
    today[0] += 1
    log.note("new", 0)
    assert log.without_results(1) == [("new", 1)]
    assert log.without_results(2) == [("new", 1), ("old", 1)]


def test_stays_after_closing_and_may_be_closed_twice(tmp_path: Path) -> None:
    path = tmp_path / "queries.sqlite"
    log = QueryLog.open(path)
    log.note("sofa", 0)
    log.close()
    log.close()
    again = QueryLog.open(path)
    assert again.without_results() == [("sofa", 1)]
    again.close()


def test_old_days_and_the_rarest_of_too_many_are_forgotten(
    log: QueryLog, today: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "_PRUNE_EVERY", 1)
    monkeypatch.setattr(queries, "MAX_ROWS", 3)
    log.note("first day", 1)
    today[0] += queries.MAX_DAYS
    log.note("frequent", 1)
    log.note("frequent", 1)
    assert log.popular(9) == [("frequent", 2)]
    for text in ("a", "b"):
        log.note(text, 1)
    today[0] += 1
    log.note("today", 1)
    assert {text for text, _ in log.popular(9)} == {"frequent", "b", "today"}


def test_keeps_no_long_texts_and_nothing_without_words(log: QueryLog) -> None:
    log.note("x" * 1_000, 1)
    for text in ("", " \n", "\x00"):
        log.note(text, 1)
    assert log.popular(9) == [("x" * 200, 1)]


def test_switched_off_keeps_nothing(tmp_path: Path) -> None:
    log = QueryLog.open(None)
    log.note("sofa", 0)
    assert (log.without_results(), log.popular(9)) == ([], [])
    log.close()
    assert list(tmp_path.iterdir()) == []


def test_many_threads_may_note_at_once(log: QueryLog) -> None:
    threads = [threading.Thread(target=lambda: [log.note("sofa", 0) for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert log.without_results() == [("sofa", 200)]


def test_what_is_no_log_is_said(tmp_path: Path) -> None:
    path = tmp_path / "queries.sqlite"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(StorageError, match=r"queries\.sqlite.*delete the file"):
        QueryLog.open(path)
    path.unlink()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE query (x)")
    other.commit()
    other.close()
    log = QueryLog.open(path)
    with pytest.raises(StorageError, match="delete the file"):
        log.note("sofa", 0)
    log.close()


def test_facets_that_searches_were_narrowed_down_by_are_counted_for_a_while(
    log: QueryLog, today: list[int], tmp_path: Path
) -> None:
    log.note_facets(["colour", "price"])
    today[0] += 50
    log.note_facets(["colour"])
    assert log.facets_used() == {"colour": 2, "price": 1}
    log.close()
    today[0] += 50
    reopened = QueryLog.open(tmp_path / "queries.sqlite")
    reopened.note_facets(["size"])
    reopened.note_facets(["size"])
    assert reopened.facets_used() == {"colour": 1, "size": 2}
    reopened.close()
    nothing = QueryLog.open(None)
    nothing.note_facets(["colour"])
    assert nothing.facets_used() == {}
    nothing.close()
