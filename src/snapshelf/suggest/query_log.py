"""What shoppers searched for: words, counts and days, never photos or people."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

from snapshelf.errors import StorageError
from snapshelf.language import normalise

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_DAYS = 90
"""Days that are kept."""

MOST_ROWS = 100_000
"""Pairs of words and day that are kept; beyond, the rarest of the oldest days go."""

_LONGEST = 200
"""Characters kept of a query: what is longer is pasted, not asked."""

_PRUNED_EVERY = 1_000

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
    """How often which words were searched for on which day, and whether they found something.

    It keeps the last 90 days and at most 100,000 pairs of words and day. Words are kept in their normal form, at most
    200 characters of them. A power cut may cost the last seconds. It may be used from several threads.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._noted = 0
        with self._errors():
            # Nothing is kept where there is no file; the same statements run on nothing.
            self._file = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
            try:
                if path is not None:
                    self._file.execute("PRAGMA journal_mode = WAL")
                    self._file.execute("PRAGMA synchronous = OFF")
                self._file.execute(_TABLE)
            except BaseException:
                self._file.close()
                raise

    @classmethod
    def open(cls, path: Path | None) -> Self:
        """Open a log; None for one that keeps nothing.

        Raises
        ------
        StorageError
            The file cannot be opened or is no query log.
        """
        return cls(path)

    def note(self, text: str, hits: int) -> None:
        """Count a search.

        Parameters
        ----------
        text : str
            The words searched for; nothing is noted where there are none.
        hits : int
            How many good products were found; 0 when there was no good match.

        Raises
        ------
        StorageError
            It could not be written.
        """
        words = normalise(text)[:_LONGEST].strip()
        if self._path is None or not words:
            return
        today = _today()
        with self._lock, self._errors():
            self._file.execute(_NOTE, {"day": today, "text": words, "found": int(hits > 0)})
            if self._noted % _PRUNED_EVERY == 0:
                self._prune(today)
            self._noted += 1

    def without_results(self, days: int = 30) -> list[tuple[str, int]]:
        """List the words that found nothing good on the last days, today included, and how often; most often first."""
        with self._lock, self._errors():
            return self._file.execute(_WITHOUT_RESULTS, (_today() - days,)).fetchall()

    def popular(self, limit: int, least: int = 1) -> list[tuple[str, int]]:
        """List at most `limit` words that found something at least `least` times, and how often; most often first."""
        with self._lock, self._errors():
            return self._file.execute(_POPULAR, (least, limit)).fetchall()

    def close(self) -> None:
        """Close the file; a closed log cannot be used, but closed again."""
        with self._lock:
            self._file.close()

    def _prune(self, today: int) -> None:
        self._file.execute(_FORGET_DAYS, (today - MOST_DAYS + 1,))
        (rows,) = self._file.execute("SELECT COUNT(*) FROM query").fetchone()
        if rows > MOST_ROWS:
            self._file.execute(_FORGET_ROWS, (rows - MOST_ROWS,))

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StorageError(
                f"{self._path}: the log of queries cannot be used: {error}; free space on the disk, or delete the "
                "file, which is made anew"
            ) from error


def _today() -> int:
    """Days since 1970, in UTC."""
    return (datetime.now(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(days=1)
