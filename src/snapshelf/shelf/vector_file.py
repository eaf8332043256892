"""Vectors by photo or title, in a file that outlasts an interrupted rollout."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from snapshelf.errors import StorageError

Vectors: TypeAlias = Mapping[str, NDArray[np.float32]]
"""Fingerprint of a photo or a title → float32 (d,)."""

_HALF = np.dtype("<f2")


class VectorFile:
    """Vectors by fingerprint of a photo or a title, as float16 in an SQLite file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._errors():
            self._file = sqlite3.connect(path)
            self._file.execute(
                "CREATE TABLE IF NOT EXISTS vector (photo TEXT PRIMARY KEY, half BLOB NOT NULL) WITHOUT ROWID"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def missing(self, wanted: AbstractSet[str]) -> set[str]:
        """Return the photos and titles that have no vector yet."""
        return wanted - self._halves(list(wanted)).keys()

    def get(self, photos: Sequence[str]) -> Vectors:
        """Return the vectors of photos and titles, float32 (d,) of unit length."""
        halves = self._halves(photos)
        vectors = {photo: np.frombuffer(halves[photo], _HALF).astype(np.float32) for photo in photos}
        return {photo: vector / np.linalg.norm(vector) for photo, vector in vectors.items()}

    def put(self, vectors: Vectors) -> None:
        """Add vectors; they are on the disk afterwards."""
        rows = [(photo, vector.astype(_HALF).tobytes()) for photo, vector in vectors.items()]
        with self._errors(), self._file:
            self._file.executemany("INSERT OR REPLACE INTO vector VALUES (?, ?)", rows)

    def _halves(self, photos: Sequence[str]) -> dict[str, bytes]:
        with self._errors():
            # A single parameter, whatever their number.
            rows = self._file.execute(
                "SELECT photo, half FROM vector WHERE photo IN (SELECT value FROM json_each(?))",
                (json.dumps(photos),),
            )
            return dict(rows.fetchall())

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StorageError(
                f"{self._path}: {error}; free space on the disk, or delete the file if it is damaged, and start again"
            ) from error
