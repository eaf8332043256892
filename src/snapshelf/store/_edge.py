"""The default engine: Qdrant Edge, the Qdrant core inside this process."""

from __future__ import annotations

import fcntl
import heapq
import json
import os
import shutil
import threading
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Concatenate, ParamSpec, Self, TypeVar

import numpy as np
import qdrant_edge as edge

from snapshelf.errors import ShelfInUseError, StorageError, StoreError
from snapshelf.store._edge_layout import (
    condition,
    field_of,
    has_path,
    index_of,
    paths_of,
    payload,
    point_id,
    sparse,
    stored_facts,
    text_path,
)
from snapshelf.store._protocol import Candidate, Fact, Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence, Set
    from types import TracebackType

    from numpy.typing import NDArray

    from snapshelf.store._filters import Filter

_P = ParamSpec("_P")
_R = TypeVar("_R")
_T = TypeVar("_T")

_FORMAT = 1
_STATE = "store.json"
_ENGINE = "engine"
_EXACT_UP_TO = 100_000
_EF = 512
_BATCH = 250
_PAGE = 10_000
_MOST_FIELDS = 1_000_000
_RESERVE = 64 * 2**20


class EdgeStore:
    """A `Store` in a directory, on Qdrant Edge.

    A product is one point. Its first photo is the vector ``photo``; further photos are the multivector
    ``photos``, which comes into being with the first product that has several: scanning multivectors takes
    half as long again as scanning plain vectors.

    Search is exact where the store, or what the filter leaves of it, has no more than `exact_up_to` records.
    Otherwise it goes through an HNSW graph with ef = 512, once `optimise` has built one.

    The store may be used from several threads, but the engine holds the GIL while it works: a serving process
    uses `ProcessStore`. `clear` and `close` must not run beside other calls.

    Use `open` to get one.
    """

    def __init__(self, path: Path, dimension: int, exact_up_to: int, lock: BinaryIO) -> None:
        self._path = path
        self._dimension = dimension
        self._exact_up_to = exact_up_to
        self._lock = lock
        self._writing = threading.RLock()
        self._several = False
        self._indexed: set[str] = set()
        self._ids: dict[edge.PointId, str] = {}
        self._shard: edge.EdgeShard | None = None
        if (path / _STATE).exists():
            self._version = self._recall()
            self._load()
        else:
            self._remember(0)
            self._create()

    @classmethod
    def open(cls, path: str | Path, dimension: int, *, exact_up_to: int = _EXACT_UP_TO) -> Self:
        """Open the store in a directory; make it if there is none.

        Parameters
        ----------
        path : str or Path
            Directory that belongs to the store alone.
        dimension : int
            Length of the vectors.
        exact_up_to : int
            Number of records up to which a vector query compares with every one; a graph is built for more.

        Raises
        ------
        StoreError
            The directory holds something else, is damaged, or was written for another dimension or by another
            version of the engine. The owner deletes it and builds the store anew from the catalogue.
        ShelfInUseError
            Another process, or another store in this one, has it open. Nothing may be deleted then.
        """
        path = Path(path)
        try:
            path.mkdir(parents=True, exist_ok=True)
            lock = (path / "lock").open("ab")
        except OSError as error:
            raise StoreError(f"{path} cannot be used as a store: {error}") from error
        try:
            # The engine's own lock comes too late: it has the segments open for writing by then.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return cls(path, dimension, exact_up_to, lock)
        except BlockingIOError as error:
            lock.close()
            raise ShelfInUseError(f"the store {path} is open elsewhere: close it there first") from error
        except BaseException:
            lock.close()
            raise

    @property
    def dimension(self) -> int:
        """Length of the vectors."""
        return self._dimension

    @property
    def version(self) -> int:
        """Catalogue version of the last `flush`; 0 for a new store."""
        return self._version

    def upsert(self, records: Sequence[Record]) -> None:
        """Add records, or replace those that have the same id; of records with one id the last counts."""
        points = [self._point(record) for record in {record.id: record for record in records}.values()]
        several = any(len(record.photos) > 1 for record in records)
        with self._writing:
            if several and not self._several:
                nearest = edge.MultiVectorConfig(edge.MultiVectorComparator.MaxSim)
                self._update(
                    edge.UpdateOperation.create_dense_vector(
                        "photos", self._dimension, edge.Distance.Cosine, nearest
                    )
                )
                self._several = True
            for batch in _batches(points):
                self._update(edge.UpdateOperation.upsert_points(batch))

    def delete(self, ids: Sequence[str]) -> None:
        """Remove records; unknown ids are ignored."""
        with self._writing:
            for batch in _batches([point_id(id) for id in ids]):
                self._update(edge.UpdateOperation.delete_points(batch))

    def patch(self, id: str, facts: Mapping[str, Fact]) -> None:
        """Change some facts of one record, keep the rest; ``None`` removes one. Unknown ids are ignored."""
        changes = stored_facts(facts)
        point = point_id(id)
        with self._writing:
            for stored in self._payloads([point], "text", "number").values():
                merged = payload(id, stored["text"] | stored["number"] | changes)
                self._update(edge.UpdateOperation.overwrite_payload([point], merged))

    def nearest(self, vector: NDArray[np.float32], k: int, where: Filter | None = None) -> list[Candidate]:
        """Find the k records whose nearest photo has the largest cosine with `vector`, best first.

        Raises
        ------
        StoreError
            The vector has the wrong length, is zero or is not finite.
        """
        (query,) = self._unit(np.atleast_2d(vector), "the query vector")
        within = self._within(where)
        params = edge.SearchParams(exact=self._is_exact(within), hnsw_ef=_EF)
        scores = self._top(edge.Query.Nearest(query, using="photo"), k, within, params)
        if self._several:
            further = self._top(edge.Query.Nearest([query], using="photos"), k, within, params)
            scores |= {point: max(score, scores.get(point, score)) for point, score in further.items()}
        return self._best(scores, k)

    def matching(self, terms: Mapping[str, float], k: int, where: Filter | None = None) -> list[Candidate]:
        """Find the k records with the largest BM25 score, best first.

        Raises
        ------
        StoreError
            A weight is not finite or not above 0.
        """
        if not terms:
            return []
        # Without a corpus the engine's document frequencies go on counting deleted records.
        params = edge.SearchParams(idf=edge.IdfParams(corpus=edge.Filter()))
        query = edge.Query.Nearest(sparse(terms), using="words")
        return self._best(self._top(query, k, self._within(where), params), k)

    def count(self, where: Filter | None = None) -> int:
        """Count the matching records, exactly."""
        return self._count(self._within(where))

    def scroll(self, where: Filter | None = None, *, after: str | None = None, limit: int = 100) -> list[str]:
        """List ids of matching records in ascending order of id, those after `after`.

        Every call looks at all matching records, for the engine has them in the order of their hashes: ask
        for large pages.
        """
        ids = (id for id in self._matching_ids(self._within(where)) if after is None or id > after)
        return heapq.nsmallest(limit, ids)

    def fields(self) -> list[str]:
        """List the fields of which some record has a fact, in order."""
        return sorted({field_of(path) for path in self._different("fields", _MOST_FIELDS)})

    def texts(self, field: str, limit: int) -> list[str]:
        """List the different texts that records have as a field's fact, or in it, in order; at most `limit` of them."""
        path = text_path(field)
        self._index({path})
        return sorted(self._different(path, limit)) if path in self._indexed else []

    def clear(self) -> None:
        """Remove every record and set `version` to 0."""
        with self._writing:
            self._remember(0)
            self._engine(edge.EdgeShard.close)
            shutil.rmtree(self._path / _ENGINE)
            self._create()

    def optimise(self) -> None:
        """Reorganise the index: reclaim the space of deleted records, build the graph of a large store.

        Nothing else runs meanwhile. It takes seconds for a store that is searched exactly, minutes for a
        larger one.

        Raises
        ------
        StorageError
            The disk has no room for the second copy that is made.
        """
        with self._writing:
            blocks = sum(file.stat().st_blocks for file in (self._path / _ENGINE).rglob("*"))
            self._require_space(blocks * 512)
            self._engine(edge.EdgeShard.optimize)

    def flush(self, version: int) -> None:
        """Make everything written so far durable (fsync) and remember the catalogue version."""
        with self._writing:
            self._engine(edge.EdgeShard.flush)
            self._remember(version)

    def close(self) -> None:
        """Release the files; closing twice does no harm."""
        with self._writing:
            if self._shard is not None:
                shard, self._shard = self._shard, None
                with self._lock:
                    _ask(shard.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _recall(self) -> int:
        """Version in the state file, after checking that this store can be read."""
        state = self._path / _STATE
        try:
            found = json.loads(state.read_bytes())
            version = int(found.pop("version"))
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise StoreError(f"{state} cannot be read: rebuild the store") from error
        if found != self._identity():
            raise StoreError(f"{state} says {found}, this is {self._identity()}: rebuild the store")
        return version

    def _remember(self, version: int) -> None:
        """Write the state file so that a power cut leaves the old one or the new one."""
        new = self._path / f"{_STATE}.new"
        try:
            with new.open("w") as file:
                json.dump({**self._identity(), "version": version}, file)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path / _STATE)
            directory = os.open(self._path, os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)
        except OSError as error:
            raise StorageError(f"{new} cannot be written: {error}") from error
        self._version = version

    def _identity(self) -> dict[str, object]:
        return {"format": _FORMAT, "engine": version_of("qdrant-edge-py"), "dimension": self._dimension}

    def _create(self) -> None:
        config = self._config({"photo": edge.EdgeVectorParams(self._dimension, edge.Distance.Cosine)})
        self._shard = _ask(edge.EdgeShard.create, str(self._path / _ENGINE), config)
        self._several = False
        self._indexed.clear()
        self._update(edge.UpdateOperation.create_field_index("fields", edge.KeywordIndexParams()))

    def _load(self) -> None:
        # Which vectors there are is kept by the shard; the rest is tuning and comes from here.
        self._shard = _ask(edge.EdgeShard.load, str(self._path / _ENGINE), self._config(None))
        self._several = self._count(edge.Filter(must=[edge.HasVectorCondition("photos")])) > 0

    def _config(self, vectors: dict[str, edge.EdgeVectorParams] | None) -> edge.EdgeConfig:
        graph_from = max(1, self._exact_up_to * self._dimension * 4 // 1024)  # KiB of vectors
        return edge.EdgeConfig(
            vectors=vectors,
            sparse_vectors={"words": edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf)},
            hnsw_config=edge.HnswIndexConfig(m=16, ef_construct=128, full_scan_threshold=10_000),
            optimizers=edge.EdgeOptimizersConfig(default_segment_number=1, indexing_threshold=graph_from),
        )

    def _engine(
        self, call: Callable[Concatenate[edge.EdgeShard, _P], _R], *args: _P.args, **kwargs: _P.kwargs
    ) -> _R:
        if self._shard is None:
            raise StoreError(f"the store {self._path} is closed")
        return _ask(call, self._shard, *args, **kwargs)

    def _update(self, operation: edge.UpdateOperation) -> None:
        self._require_space()
        self._engine(edge.EdgeShard.update, operation)

    def _require_space(self, size: int = 0) -> None:
        # The engine writes through memory maps: on a full disk the kernel kills the process.
        free = shutil.disk_usage(self._path).free
        needed = size + _RESERVE
        if free < needed:
            raise StorageError(
                f"the disk of {self._path} is full: {free >> 20} MiB are free, {needed >> 20} MiB are needed"
            )

    def _point(self, record: Record) -> edge.Point:
        first, *further = self._unit(record.photos, f"the photos of product {record.id!r}")
        vectors: dict[str, edge.NamedVector] = {"photo": first, "words": sparse(record.terms)}
        if further:
            vectors["photos"] = further
        return edge.Point(point_id(record.id), vectors, payload(record.id, stored_facts(record.facts)))

    def _unit(self, vectors: NDArray[np.float32], owner: str) -> list[list[float]]:
        """Normalise the rows; in float64, where no float32 overflows."""
        rows = np.asarray(vectors, np.float64)
        if rows.ndim != 2 or len(rows) == 0 or rows.shape[1] != self._dimension:
            raise StoreError(
                f"{owner}: vectors of the shape {rows.shape}, not (m, {self._dimension}) with m ≥ 1"
            )
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        if not (np.isfinite(lengths) & (lengths > 0)).all():
            raise StoreError(f"{owner}: a vector is zero or not finite")
        unit: list[list[float]] = (rows / lengths).astype(np.float32).tolist()
        return unit

    def _within(self, where: Filter | None) -> edge.Filter | None:
        """Condition for a filter; sees to it that what the filter compares has an index."""
        if where is None:
            return None
        self._index(paths_of(where))
        return condition(where, self._indexed)

    def _index(self, paths: Set[str]) -> None:
        """Make an index of each path that some record has."""
        for path in paths - self._indexed:
            if self._count(has_path(path)):
                with self._writing:
                    self._update(edge.UpdateOperation.create_field_index(path, index_of(path)))
                    self._indexed.add(path)

    def _different(self, path: str, limit: int) -> list[str]:
        """Texts in the index of a path."""
        # What is exact are the counts, which nobody asks for and which take a hundred times as long.
        found = self._engine(edge.EdgeShard.facet, edge.FacetRequest(path, limit=limit, exact=False)).hits
        return [str(each.value) for each in found if each.count]

    def _is_exact(self, within: edge.Filter | None) -> bool:
        # Where a filter points away from the query, the graph loses recall quietly.
        limit = self._exact_up_to
        return self._count(None) <= limit or (within is not None and self._count(within) <= limit)

    def _count(self, within: edge.Filter | None) -> int:
        if within is None:
            return self._engine(edge.EdgeShard.info).points_count
        return self._engine(edge.EdgeShard.count, edge.CountRequest(exact=True, filter=within))

    def _top(
        self, query: edge.Query, k: int, within: edge.Filter | None, params: edge.SearchParams
    ) -> dict[edge.PointId, float]:
        request = edge.QueryRequest(k, query=query, filter=within, params=params, with_payload=False)
        return {point.id: point.score for point in self._engine(edge.EdgeShard.query, request)}

    def _best(self, scores: Mapping[edge.PointId, float], k: int) -> list[Candidate]:
        found = zip(self._ids_of(list(scores)), scores.values(), strict=True)
        candidates = [Candidate(id, score) for id, score in found if id is not None]
        return sorted(candidates, key=lambda candidate: (-candidate.score, candidate.id))[:k]

    def _ids_of(self, points: Sequence[edge.PointId]) -> list[str | None]:
        """Product ids of points; ``None`` for those deleted meanwhile.

        An id never changes and reading it back costs the engine 20 µs, so it is read once.
        """
        unknown = [point for point in points if point not in self._ids]
        if unknown:
            self._ids |= {point: found["id"] for point, found in self._payloads(unknown, "id").items()}
        return [self._ids.get(point) for point in points]

    def _payloads(self, points: list[edge.PointId], *fields: str) -> dict[edge.PointId, dict[str, Any]]:
        """Fields of the payloads of those points that are there."""
        records = self._engine(edge.EdgeShard.retrieve, points, list(fields), False)
        return {record.id: record.payload for record in records if record.payload is not None}

    def _matching_ids(self, within: edge.Filter | None) -> Iterator[str]:
        start = None
        while True:
            request = edge.ScrollRequest(
                offset=start, limit=_PAGE, filter=within, with_payload=False, with_vector=False
            )
            records, start = self._engine(edge.EdgeShard.scroll, request)
            ids = self._ids_of([record.id for record in records])
            yield from (id for id in ids if id is not None)
            if start is None:
                return


def _ask(call: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
    """Call the engine; whatever it raises is a `StoreError`."""
    try:
        return call(*args, **kwargs)
    except BaseException as error:
        # A panic of the Rust core is no Exception, and its class cannot be imported.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise StoreError(f"the engine failed to {call.__name__}: {error}") from error
        raise


def _batches(items: Sequence[_T]) -> Iterator[list[_T]]:
    """Cut into parts whose entry in the write-ahead log is far smaller than the space kept free."""
    for start in range(0, len(items), _BATCH):
        yield list(items[start : start + _BATCH])
