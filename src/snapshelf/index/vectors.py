"""Vectors of all records in memory-mapped files, for comparing a query with listed records."""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from snapshelf.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import DTypeLike, NDArray

Scores: TypeAlias = "NDArray[np.float32]"
"""float32 (n,), a score for each of n rows; NaN for a row without a vector."""

_LEAST = 256
"""Rows that a new file has room for."""

_BLOCK = 512
"""Rows compared at a time: so few stay in the processor's cache between the copy and the product."""


class _File:
    """An array (rows, …) in a file. Writes outlive the process at once, and a power cut after `flush`."""

    def __init__(self, path: Path, shape: tuple[int, ...], dtype: DTypeLike) -> None:
        self._path = path
        self._shape = shape
        self._dtype = np.dtype(dtype)
        self._size = int(np.prod(shape, dtype=np.int64)) * self._dtype.itemsize
        self._map(0)

    def __len__(self) -> int:
        return len(self.array)

    def reserve(self, rows: int) -> None:
        """Have room for so many rows; new ones are zero."""
        if rows > len(self):
            self._map(max(_LEAST, rows, len(self) + len(self) // 4))

    def flush(self) -> None:
        """Make everything durable."""
        if self._mapped is not None:
            self._mapped.flush()

    def close(self) -> None:
        """Release the file."""
        del self.array, self._mapped

    def _map(self, rows: int) -> None:
        try:
            with self._path.open("a+b") as file:
                if rows:
                    # A page of a hole in a file kills the process that writes to it once the disk is full.
                    os.posix_fallocate(file.fileno(), 0, rows * self._size)
                rows = os.fstat(file.fileno()).st_size // self._size
                self.array: NDArray[Any] = np.empty((0, *self._shape), self._dtype)
                self._mapped: mmap.mmap | None = None
                if rows:  # nothing cannot be mapped
                    self._mapped = mmap.mmap(file.fileno(), rows * self._size)
                    self.array = np.frombuffer(self._mapped, self._dtype).reshape(rows, *self._shape)
        except OSError as error:
            raise StorageError(f"{self._path} cannot be written: {error}") from error


class Vectors:
    """Up to one vector for each row.

    Parameters
    ----------
    path : Path
        A file of float32 (rows, d); a row without a vector is NaN.
    dimension : int
    """

    def __init__(self, path: Path, dimension: int) -> None:
        self._file = _File(path, (dimension,), np.float32)

    def __len__(self) -> int:
        return len(self._file)

    def reserve(self, rows: int) -> None:
        """Have room for so many rows."""
        self._file.reserve(rows)

    def put(self, row: int, vector: NDArray[np.float32] | None) -> None:
        """Set the vector of a row."""
        self._file.reserve(row + 1)
        self._file.array[row] = np.nan if vector is None else vector

    def of(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the vectors of rows, float32 (n, d)."""
        vectors: NDArray[np.float32] = self._file.array[rows]
        return vectors

    def scores(self, rows: NDArray[np.int64], query: NDArray[np.float32]) -> Scores:
        """Return the dot products of `query` with the vectors of `rows`."""
        return _products(self._file.array, rows, query)

    def flush(self) -> None:
        """Make everything durable."""
        self._file.flush()

    def close(self) -> None:
        """Release the file."""
        self._file.close()


class FurtherVectors:
    """Any number of vectors for each row.

    Parameters
    ----------
    path : Path
        A file of float32 (places, d). A second file, of int64 (places,), has the owner of each vector: the row plus 1,
        or 0 for none.
    dimension : int
    """

    def __init__(self, path: Path, dimension: int) -> None:
        self._file = _File(path, (dimension,), np.float32)
        self._owners = _File(path.with_suffix(".rows"), (), np.int64)
        self._rows = int(self._owners.array.max(initial=0))

    def put(self, vectors: Mapping[int, NDArray[np.float32]]) -> None:
        """Replace the vectors, float32 (m, d), of rows."""
        self.remove(list(vectors))
        owners = np.repeat([*vectors], [len(several) for several in vectors.values()])
        if not len(owners):
            return
        free = np.flatnonzero(self._owners.array == 0)
        if len(free) < len(owners):
            self._file.reserve(len(self._owners) + len(owners))
            self._owners.reserve(len(self._file))
            free = np.flatnonzero(self._owners.array == 0)
        places = free[: len(owners)]
        self._file.array[places] = np.concatenate(list(vectors.values()))
        self._owners.array[places] = owners + 1
        self._rows = max(self._rows, int(owners.max()) + 1)

    def remove(self, rows: Sequence[int]) -> None:
        """Remove the vectors of rows."""
        places, _ = self._places_of(np.array(rows, np.int64))
        self._owners.array[places] = 0

    def of(self, rows: NDArray[np.int64]) -> list[NDArray[np.float32]]:
        """Return the vectors of each row, float32 (m, d), in their order."""
        places, at = self._places_of(rows)
        order = np.argsort(at, kind="stable")
        ends = np.cumsum(np.bincount(at, minlength=len(rows)))
        return np.split(self._file.array[places[order]], ends[:-1])

    def raise_to(self, scores: Scores, rows: NDArray[np.int64], query: NDArray[np.float32]) -> None:
        """Raise the score of each row to the largest dot product of its vectors with `query`."""
        places, at = self._places_of(rows)
        np.maximum.at(scores, at, _products(self._file.array, places, query))

    def _places_of(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the places of the vectors of rows, and the index into `rows` that each belongs to."""
        known = np.flatnonzero(rows < self._rows)
        at = np.full(self._rows + 1, -1, np.int64)
        at[rows[known] + 1] = known
        owned = at[self._owners.array]
        places = np.flatnonzero(owned >= 0)
        return places, owned[places]

    def flush(self) -> None:
        """Make everything durable."""
        self._file.flush()
        self._owners.flush()

    def close(self) -> None:
        """Release the files."""
        self._file.close()
        self._owners.close()


def _products(
    vectors: NDArray[np.float32], rows: NDArray[np.int64], query: NDArray[np.float32]
) -> NDArray[np.float32]:
    products = np.empty(len(rows), np.float32)
    copies = np.empty((min(_BLOCK, len(rows)), len(query)), np.float32)
    for start in range(0, len(rows), _BLOCK):
        block = slice(start, start + _BLOCK)
        some = copies[: len(rows[block])]
        # With mode="raise", which checks the rows first, it takes twice as long.
        np.take(vectors, rows[block], axis=0, out=some, mode="clip")
        np.matmul(some, query, out=products[block])
    return products
