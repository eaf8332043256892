"""The query log: texts, counts and days, without photos and without shoppers."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

from snapshelf.errors import StorageError
from snapshelf.language import normalise

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MAX_DAYS = 90
"""Days that are kept."""

MAX_ROWS = 100_000
"""Pairs of text and day that are kept; beyond, the rarest of the oldest days are deleted."""

_MAX_TEXT_LENGTH = 200
"""Characters kept of a query: longer texts are pasted, not typed."""

_PRUNE_EVERY = 1_000

_TABLE = """
CREATE TABLE IF NOT EXISTS query (
    day INTEGER NOT NULL, text TEXT NOT NULL, times INTEGER NOT NULL, found INTEGER NOT NULL,
    PRIMARY KEY (day, text)
) WITHOUT ROWID
"""
_NOTE = """
INSERT INTO query VALUES (:day, :text, 1, :found)
ON CONFLICT (day, text) DO UPDATE SET times = times + 1, found = found + :found
"""
_FACET_TABLE = """
CREATE TABLE IF NOT EXISTS facet (day INTEGER NOT NULL, field TEXT NOT NULL, times INTEGER NOT NULL,
    PRIMARY KEY (day, field)
) WITHOUT ROWID
"""
_NOTE_FACET = """
INSERT INTO facet VALUES (?, ?, 1) ON CONFLICT (day, field) DO UPDATE SET times = times + 1
"""
_FACETS_USED = "SELECT field, SUM(times) FROM facet GROUP BY field"
_FORGET_FACETS = "DELETE FROM facet WHERE day < ?"
_FORGET_DAYS = "DELETE FROM query WHERE day < ?"
_FORGET_ROWS = """
DELETE FROM query WHERE (day, text) IN (SELECT day, text FROM query ORDER BY day, times LIMIT ?)
"""
_WITHOUT_RESULTS = """
SELECT text, SUM(times - found) AS failed FROM query WHERE day > ? GROUP BY text HAVING failed > 0
ORDER BY failed DESC, text
"""
_POPULAR = """
SELECT text, SUM(found) AS worked FROM query GROUP BY text HAVING worked >= ? ORDER BY worked DESC, text LIMIT ?
"""


class QueryLog:
    """Counts searches by text and day, with and without results, and the facets that were used.

    It keeps the last 90 days and at most 100,000 pairs of text and day. Texts are normalised and cut at 200
    characters. A power cut may cost the last seconds. It may be used from several threads.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._count = 0
        with self._errors():
            # Without a file nothing is kept: `note` returns early, and the other statements run on an empty table.
            self._file = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
            try:
                if path is not None:
                    self._file.execute("PRAGMA journal_mode = WAL")
                    self._file.execute("PRAGMA synchronous = OFF")
                self._file.execute(_TABLE)
                self._file.execute(_FACET_TABLE)
            except BaseException:
                self._file.close()
                raise

    @classmethod
    def open(cls, path: Path | None) -> Self:
        """Open a log; with None it keeps nothing.

        Raises
        ------
        StorageError
            The file cannot be opened or is not a query log.
        """
        return cls(path)

    def note(self, text: str, hits: int) -> None:
        """Count a search.

        Parameters
        ----------
        text : str
            The query text; a blank text is not counted.
        hits : int
            Number of good hits; 0 without a good match.

        Raises
        ------
        StorageError
            The log could not be written.
        """
        normalised = normalise(text)[:_MAX_TEXT_LENGTH].strip()
        if self._path is None or not normalised:
            return
        today = _today()
        with self._lock, self._errors():
            self._file.execute(_NOTE, {"day": today, "text": normalised, "found": int(hits > 0)})
            if self._count % _PRUNE_EVERY == 0:
                self._prune(today)
            self._count += 1

    def note_facets(self, fields: Sequence[str]) -> None:
        """Count the fields that a search was narrowed down by.

        Raises
        ------
        StorageError
            The log could not be written.
        """
        if self._path is None:
            return
        today = _today()
        with self._lock, self._errors():
            self._file.executemany(_NOTE_FACET, [(today, field) for field in fields])
            if self._count % _PRUNE_EVERY == 0:
                self._prune(today)
            self._count += 1

    def facets_used(self) -> dict[str, int]:
        """Return how often searches were narrowed down by each field."""
        with self._lock, self._errors():
            return dict(self._file.execute(_FACETS_USED).fetchall())

    def without_results(self, days: int = 30) -> list[tuple[str, int]]:
        """Return the queries without a good hit in the last days, today included, with counts; most frequent first."""
        with self._lock, self._errors():
            return self._file.execute(_WITHOUT_RESULTS, (_today() - days,)).fetchall()

    def popular(self, limit: int, least: int = 1) -> list[tuple[str, int]]:
        """Return at most `limit` queries with hits at least `least` times, with counts; most frequent first."""
        with self._lock, self._errors():
            return self._file.execute(_POPULAR, (least, limit)).fetchall()

    def close(self) -> None:
        """Close the file. Closing twice does no harm."""
        with self._lock:
            self._file.close()

    def _prune(self, today: int) -> None:
        self._file.execute(_FORGET_DAYS, (today - MAX_DAYS + 1,))
        self._file.execute(_FORGET_FACETS, (today - MAX_DAYS + 1,))
        (rows,) = self._file.execute("SELECT COUNT(*) FROM query").fetchone()
        if rows > MAX_ROWS:
            self._file.execute(_FORGET_ROWS, (rows - MAX_ROWS,))

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StorageError(
                f"{self._path}: the query log cannot be used: {error}; free space on the disk, or delete the "
                "file, and a new log is created"
            ) from error


def _today() -> int:
    """Return the days since 1970, in UTC."""
    return (datetime.now(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(days=1)
