"""The shard of Qdrant Edge: its configuration, its errors, and the space on the disk that it needs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Self, TypeVar

import qdrant_edge as edge

from snapshelf.errors import SearchIndexError, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_P = ParamSpec("_P")
_R = TypeVar("_R")

_PAGE = 10_000
_RESERVE = 64 * 2**20
"""Bytes that stay free on the disk: far more than a batch takes in the write-ahead log."""


class Shard:
    """An `edge.EdgeShard` in a directory; open it with `create` or `load`.

    Parameters
    ----------
    path : Path
    shard : edge.EdgeShard
    """

    def __init__(self, path: Path, shard: edge.EdgeShard) -> None:
        self._path = path
        self._shard: edge.EdgeShard | None = shard

    @classmethod
    def create(cls, path: Path, dimension: int, exact_up_to: int) -> Self:
        """Create a shard in a directory that does not exist yet.

        Parameters
        ----------
        path : Path
        dimension : int
            Length of the vectors ``photo`` and ``title``.
        exact_up_to : int
            Number of records from which on `optimise` builds a graph.
        """
        params = edge.EdgeVectorParams(dimension, edge.Distance.Cosine)
        graph_from = max(1, exact_up_to * dimension * 4 // 1024)  # KiB of vectors
        config = edge.EdgeConfig(
            vectors={"photo": params, "title": params},
            # A byte for each number: half as long as with all digits, and what is found is compared exactly afterwards.
            quantization_config=edge.ScalarQuantizationConfig(
                edge.ScalarType.Int8, memory=edge.Memory.Cached
            ),
            hnsw_config=edge.HnswIndexConfig(m=16, ef_construct=128, full_scan_threshold=10_000),
            optimizers=edge.EdgeOptimizersConfig(default_segment_number=1, indexing_threshold=graph_from),
        )
        return cls(path, ask(edge.EdgeShard.create, str(path), config))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Open the shard in a directory, as it was created."""
        return cls(path, ask(edge.EdgeShard.load, str(path)))

    def call(
        self, call: Callable[Concatenate[edge.EdgeShard, _P], _R], *args: _P.args, **kwargs: _P.kwargs
    ) -> _R:
        """Call a method of the engine's shard.

        Raises
        ------
        SearchIndexError
            The engine fails, or the shard is closed.
        """
        return ask(call, self._require_open(), *args, **kwargs)

    def optimise(self) -> None:
        """Reorganise the shard into a copy that then takes its place.

        Raises
        ------
        StorageError
            The disk has no room for the copy.
        """
        blocks = sum(file.stat().st_blocks for file in self._path.rglob("*"))
        self.require_space(blocks * 512)
        self.call(edge.EdgeShard.optimize)

    def points(self) -> Iterator[edge.Record]:
        """Read all points with their payloads."""
        start = None
        while True:
            request = edge.ScrollRequest(offset=start, limit=_PAGE, with_payload=True, with_vector=False)
            records, start = self.call(edge.EdgeShard.scroll, request)
            yield from records
            if start is None:
                return

    def close(self) -> None:
        """Release the files; closing twice does no harm."""
        if self._shard is not None:
            shard, self._shard = self._shard, None
            ask(shard.close)

    def _require_open(self) -> edge.EdgeShard:
        if self._shard is None:
            raise SearchIndexError(f"the index {self._path.parent} is closed")
        return self._shard

    def require_space(self, size: int = 0) -> None:
        """Raise `StorageError` if the disk has less than `size` bytes, and a reserve, left."""
        # The engine writes through memory maps: on a full disk the kernel kills the process.
        free = shutil.disk_usage(self._path).free
        needed = size + _RESERVE
        if free < needed:
            raise StorageError(
                f"the disk of {self._path} is full: {free >> 20} MiB are free, {needed >> 20} MiB are needed"
            )


def ask(call: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
    """Call the engine; whatever it raises becomes a `SearchIndexError`."""
    try:
        return call(*args, **kwargs)
    except BaseException as error:
        # A panic of the Rust core is no Exception, and its class cannot be imported.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise SearchIndexError(f"the engine failed to {call.__name__}: {error}") from error
        raise
