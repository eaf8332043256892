"""The default engine: Qdrant Edge, the Qdrant core inside this process."""

from __future__ import annotations

import fcntl
import heapq
import io
import json
import math
import shutil
import threading
import zipfile
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Concatenate, Literal, NamedTuple, ParamSpec, Self, TypeVar

import numpy as np
import qdrant_edge as edge

from snapshelf._support.files import remove, write_arrays, write_text
from snapshelf.errors import SearchIndexError, ShelfInUseError, SnapshelfError, StorageError
from snapshelf.index.answers import Candidate, Facet, Histogram, Kind, Placed, ScoredCandidate
from snapshelf.index.columns import Columns, stored_fact
from snapshelf.index.lexical import Words
from snapshelf.index.qdrant_layout import by_index, facts_in, index_of, payload, sparse
from snapshelf.index.vectors import FurtherVectors, Vectors

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from types import TracebackType

    from numpy.typing import NDArray

    from snapshelf.index.columns import StoredFact
    from snapshelf.index.filters import Filter
    from snapshelf.index.protocol import Fact, Record
    from snapshelf.index.vectors import Scores

_P = ParamSpec("_P")
_R = TypeVar("_R")
_T = TypeVar("_T")

_FORMAT = 4
_STATE = "store.json"
_TABLE = "facts.npz"
_ENGINE = "engine"
_VECTORS = "vectors"
_EXACT_UP_TO = 20_000
_EF = 256
_BATCH = 250
_PAGE = 10_000
_RESERVE = 64 * 2**20

_LISTED, _SCANNED, _FETCHED = 0.14, 0.2, 6.0
"""Measured costs, in microseconds: to compare with a listed record, to compare with one while all are scanned, and
to have one more of the best of all (3 to 6, the more records the dearer; the most, for listing loses nothing). Only
their ratios matter. See ``docs/concepts/search-index.md``."""


class QdrantEdgeIndex:
    """A `SearchIndex` in a directory, on Qdrant Edge.

    A product is one point. Its first photo is the vector ``photo``, its title the vector ``title``; further photos
    are the multivector ``photos``, which comes into being with the first product that has several: scanning
    multivectors takes half as long again as scanning plain vectors.

    Facts are in `Columns`, in memory. A filter is evaluated there, so the engine is only ever asked for the best of
    all records, or of listed ones; which of the two costs less is known before it is asked. Nothing that
    matches can be lost between them.

    Search is exact where the store has no more than `exact_up_to` records, or a filter leaves few. Otherwise it
    goes through an HNSW graph with ef = max(256, 2k), once `optimise` has built one.

    The store may be used from several threads. One call runs at a time, for the engine holds the GIL while it works:
    a serving process uses `ProcessIndex`.

    Use `open` to get one.
    """

    def __init__(self, path: Path, dimension: int, exact_up_to: int, lock: BinaryIO) -> None:
        self._path = path
        self._dimension = dimension
        self._exact_up_to = exact_up_to
        self._lock = lock
        self._calls = threading.RLock()
        self._several = False
        self._columns = Columns()
        self._words = Words()
        self._is_saved = False
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
        SearchIndexError
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
            raise SearchIndexError(f"{path} cannot be used as a store: {error}") from error
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
        records = list({record.id: record for record in records}.values())
        made = [self._made(record) for record in records]
        with self._calls:
            if not self._several and any(len(record.photos) > 1 for record in records):
                nearest = edge.MultiVectorConfig(edge.MultiVectorComparator.MaxSim)
                self._update(
                    edge.UpdateOperation.create_dense_vector(
                        "photos", self._dimension, edge.Distance.Cosine, nearest
                    )
                )
                self._several = True
            for batch in _batches(made):
                rows = self._table.reserve([each.id for each in batch])
                points = [
                    edge.Point(row, each.vectors(), payload(each.id, each.facts))
                    for row, each in zip(rows, batch, strict=True)
                ]
                try:
                    for vectors in (self._photos, self._titles):
                        vectors.reserve(max(rows) + 1)
                    self._update(edge.UpdateOperation.upsert_points(points))
                    self._further.put({row: each.photos[1:] for row, each in zip(rows, batch, strict=True)})
                except SnapshelfError:
                    self._table.release(rows)
                    raise
                for row, each in zip(rows, batch, strict=True):
                    self._photos.put(row, each.photos[0])
                    self._titles.put(row, each.title)
                    self._words.put(row, each.terms)
                    self._table.put(row, each.id, each.facts)

    def delete(self, ids: Sequence[str]) -> None:
        """Remove records; unknown ids are ignored."""
        with self._calls:
            for batch in _batches(ids):
                rows = self._table.rows_of(dict.fromkeys(batch))
                self._update(edge.UpdateOperation.delete_points([*rows]))
                self._further.remove(rows)
                self._words.remove(rows)
                self._table.remove(batch)

    def patch(self, id: str, facts: Mapping[str, Fact]) -> None:
        """Change some facts of one record, keep the rest; ``None`` removes one. Unknown ids are ignored."""
        changes = {field: stored_fact(field, fact) for field, fact in facts.items()}
        with self._calls:
            for row in self._table.rows_of([id]):
                (facts_before,) = self._table.facts_of([row], self._table.fields())
                merged = {**facts_before, **changes}
                kept = {field: fact for field, fact in merged.items() if fact is not None}
                self._update(edge.UpdateOperation.overwrite_payload([row], payload(id, kept)))
                self._table.change(row, changes)

    def nearest(
        self,
        vector: NDArray[np.float32],
        k: int,
        where: Filter | None = None,
        *,
        using: Literal["photo", "title"] = "photo",
    ) -> list[Candidate]:
        """Find the k records whose nearest photo, or title, has the largest cosine with `vector`, best first.

        Raises
        ------
        SearchIndexError
            The vector has the wrong length, is zero or is not finite.
        """
        with self._calls:
            return self._best(self._top(self._looks(vector, using), k, where), k)

    def matching(self, terms: Mapping[str, float], k: int, where: Filter | None = None) -> list[Candidate]:
        """Find the k records with the largest BM25 score, best first.

        Raises
        ------
        SearchIndexError
            A weight is not finite or not above 0.
        """
        with self._calls:
            asked = self._said(terms)
            return self._best(self._top(asked, k, where), k) if asked else []

    def recall(
        self,
        k: int,
        where: Filter | None = None,
        *,
        photo: NDArray[np.float32] | None = None,
        title: NDArray[np.float32] | None = None,
        terms: Mapping[str, float] | None = None,
        also: Sequence[str] = (),
        tests: Sequence[Filter] = (),
        fields: Sequence[str] = (),
    ) -> list[ScoredCandidate]:
        """Find the k best of each query given, and score all that were found by each; see `SearchIndex.recall`."""
        with self._calls:
            asked: dict[str, _Asked] = {}
            if photo is not None:
                asked["photo"] = self._looks(photo, "photo")
            if title is not None:
                asked["title"] = self._looks(title, "title")
            if terms and (words := self._said(terms)):
                asked["words"] = words
            scores = {name: dict(self._top(each, k, where)) for name, each in asked.items()}
            extra = self._table.rows_of(also)
            extra = extra if where is None else self._table.among(extra, where)
            rows = sorted(set(extra).union(*scores.values()))
            for name, each in asked.items():
                if missing := [row for row in rows if row not in scores[name]]:
                    scores[name] |= _known(missing, each.of(np.array(missing, np.int64)))
            tested = [set(self._table.among(rows, test)) for test in tests]
            nothing: dict[int, float] = {}
            photo_scores, title_scores, words_scores = (
                scores.get(name, nothing) for name in ("photo", "title", "words")
            )
            found = zip(self._table.ids_of(rows), rows, self._table.facts_of(rows, fields), strict=True)
            return sorted(
                ScoredCandidate(
                    id,
                    photo_scores.get(row),
                    title_scores.get(row),
                    words_scores.get(row, 0.0),
                    tuple([row in those for those in tested]),
                    facts,
                )
                for id, row, facts in found
            )

    def matches(self, ids: Sequence[str], where: Filter) -> set[str]:
        """Which of these records match."""
        with self._calls:
            return set(self._table.ids_of(self._table.among(self._table.rows_of(ids), where)))

    def facts(self, ids: Sequence[str], fields: Sequence[str]) -> list[dict[str, Fact]]:
        """Facts of records, in the order of `ids`; see `SearchIndex.facts`."""
        with self._calls:
            known = {id: row for id in ids for row in self._table.rows_of([id])}
            found = dict(zip(known, self._table.facts_of(list(known.values()), fields), strict=True))
            return [{**found.get(id, {})} for id in ids]

    def idf(self, terms: Collection[str]) -> dict[str, float]:
        """Inverse document frequency of each term; see `SearchIndex.matching`."""
        with self._calls:
            total = len(self._table)
            return {term: self._words.idf(index_of(term), total) for term in terms}

    def count(self, where: Filter | None = None, distinct: str | None = None) -> int:
        """Count the matching records, exactly, or their different facts in a field; see `SearchIndex.count`."""
        with self._calls:
            return self._table.count(where, distinct)

    def facet(
        self, field: str, where: Filter | None = None, *, limit: int = 100, distinct: str | None = None
    ) -> Facet:
        """Count the values that a field has among the matching records; see `SearchIndex.facet`."""
        with self._calls:
            return self._table.facet(field, where, limit, distinct)

    def histogram(
        self,
        field: str,
        where: Filter | None = None,
        *,
        bins: int = 20,
        edges: Sequence[float] | None = None,
        distinct: str | None = None,
    ) -> Histogram:
        """Count a field's numbers among the matching records by size; see `SearchIndex.histogram`."""
        with self._calls:
            return self._table.histogram(field, where, bins, edges, distinct)

    def ordered(
        self,
        field: str,
        k: int,
        where: Filter | None = None,
        *,
        descending: bool = False,
        skip: int = 0,
    ) -> list[Placed]:
        """Sort the matching records by a field's fact; see `SearchIndex.ordered`."""
        with self._calls:
            return self._table.ordered(field, k, where, descending, skip)

    def group_sizes(
        self, ids: Sequence[str], where: Filter | None = None, field: str = "group_id"
    ) -> dict[str, int]:
        """Number of matching records that have the same fact as each of these; see `SearchIndex.group_sizes`."""
        with self._calls:
            return self._table.group_sizes(ids, where, field)

    def scroll(self, where: Filter | None = None, *, after: str | None = None, limit: int = 100) -> list[str]:
        """List ids of matching records in ascending order of id, those after `after`.

        Every call looks at all matching records: ask for large pages.
        """
        with self._calls:
            return self._table.first(where, after, limit)

    def fields(self) -> list[str]:
        """List the fields of which some record has a fact, in order."""
        return list(self.field_kinds())

    def field_kinds(self) -> Mapping[str, Kind]:
        """What each of the `fields` holds."""
        with self._calls:
            return self._table.fields()

    def texts(self, field: str, limit: int) -> list[str]:
        """List the different texts that records have as a field's fact, or in it, in order; at most `limit` of them."""
        with self._calls:
            return self._table.texts(field, limit)

    def clear(self) -> None:
        """Remove every record and set `version` to 0."""
        with self._calls:
            self._remember(0)
            self._engine(edge.EdgeShard.close)
            self._forget_table()
            self._close_vectors()
            shutil.rmtree(self._path / _ENGINE)
            shutil.rmtree(self._path / _VECTORS)
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
        with self._calls:
            blocks = sum(file.stat().st_blocks for file in (self._path / _ENGINE).rglob("*"))
            self._require_space(blocks * 512)
            self._engine(edge.EdgeShard.optimize)

    def flush(self, version: int) -> None:
        """Make everything written so far durable (fsync) and remember the catalogue version."""
        with self._calls:
            self._engine(edge.EdgeShard.flush)
            for each in self._kept_vectors():
                each.flush()
            self._remember(version)

    def close(self) -> None:
        """Release the files; closing twice does no harm."""
        with self._calls:
            if self._shard is not None:
                shard, self._shard = self._shard, None
                with self._lock:
                    self._save_table()
                    self._close_vectors()
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
            raise SearchIndexError(f"{state} cannot be read: rebuild the store") from error
        if found != self._identity():
            raise SearchIndexError(f"{state} says {found}, this is {self._identity()}: rebuild the store")
        return version

    def _remember(self, version: int) -> None:
        """Write the state file so that a power cut leaves the old one or the new one."""
        write_text(self._path / _STATE, json.dumps({**self._identity(), "version": version}))
        self._version = version

    def _identity(self) -> dict[str, object]:
        return {"format": _FORMAT, "engine": version_of("qdrant-edge-py"), "dimension": self._dimension}

    def _create(self) -> None:
        params = edge.EdgeVectorParams(self._dimension, edge.Distance.Cosine)
        config = self._config({"photo": params, "title": params})
        self._shard = _ask(edge.EdgeShard.create, str(self._path / _ENGINE), config)
        self._several = False
        self._columns, self._words = Columns(), Words()
        self._open_vectors()

    def _load(self) -> None:
        # Which vectors there are is kept by the shard; the rest is tuning and comes from here.
        self._shard = _ask(edge.EdgeShard.load, str(self._path / _ENGINE), self._config(None))
        having = edge.CountRequest(exact=True, filter=edge.Filter(must=[edge.HasVectorCondition("photos")]))
        self._several = self._engine(edge.EdgeShard.count, having) > 0
        self._open_vectors()
        self._read_table()
        if len(self._columns.mask(None)) > min(len(self._photos), len(self._titles)):
            raise SearchIndexError(f"{self._path / _VECTORS} lacks vectors: rebuild the store")

    def _open_vectors(self) -> None:
        folder = self._path / _VECTORS
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise StorageError(f"{folder} cannot be made: {error}") from error
        self._photos = Vectors(folder / "photo.f32", self._dimension)
        self._further = FurtherVectors(folder / "photos.f32", self._dimension)
        self._titles = Vectors(folder / "title.f32", self._dimension)

    def _kept_vectors(self) -> tuple[Vectors, FurtherVectors, Vectors]:
        return self._photos, self._further, self._titles

    def _close_vectors(self) -> None:
        for each in self._kept_vectors():
            each.close()

    @property
    def _table(self) -> Columns:
        self._require_open()
        return self._columns

    def _read_table(self) -> None:
        """Take facts and frequencies from their file, or else from the engine."""
        try:
            with np.load(io.BytesIO((self._path / _TABLE).read_bytes()), allow_pickle=False) as arrays:
                self._columns, self._words = Columns.read(arrays), Words.read(arrays)
            self._is_saved = len(self._columns) == self._engine(edge.EdgeShard.info).points_count
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
            self._is_saved = False
        if not self._is_saved:
            self._words = Words()
            self._columns = Columns.of(self._told())

    def _told(self) -> Iterator[tuple[int, str, dict[str, StoredFact]]]:
        """Rows, ids and facts as the engine has them; takes the words on the way."""
        for point in self._points():
            if point.payload is not None:
                self._words.put(int(point.id), _words_of(point))
                yield int(point.id), point.payload["id"], facts_in(point.payload)

    def _save_table(self) -> None:
        """Write the table's file, which is there only while it says what the engine has."""
        if not self._is_saved:
            write_arrays(self._path / _TABLE, {**self._columns.arrays(), **self._words.arrays()})

    def _forget_table(self) -> None:
        """Remove the table's file before the first change; a kill or a power cut must not leave an old one."""
        remove(self._path / _TABLE)
        self._is_saved = False

    def _points(self) -> Iterator[edge.Record]:
        start = None
        while True:
            request = edge.ScrollRequest(offset=start, limit=_PAGE, with_payload=True, with_vector=["words"])
            records, start = self._engine(edge.EdgeShard.scroll, request)
            yield from records
            if start is None:
                return

    def _config(self, vectors: dict[str, edge.EdgeVectorParams] | None) -> edge.EdgeConfig:
        graph_from = max(1, self._exact_up_to * self._dimension * 4 // 1024)  # KiB of vectors
        return edge.EdgeConfig(
            vectors=vectors,
            sparse_vectors={"words": edge.EdgeSparseVectorParams()},
            hnsw_config=edge.HnswIndexConfig(m=16, ef_construct=128, full_scan_threshold=10_000),
            optimizers=edge.EdgeOptimizersConfig(default_segment_number=1, indexing_threshold=graph_from),
        )

    def _engine(
        self, call: Callable[Concatenate[edge.EdgeShard, _P], _R], *args: _P.args, **kwargs: _P.kwargs
    ) -> _R:
        return _ask(call, self._require_open(), *args, **kwargs)

    def _require_open(self) -> edge.EdgeShard:
        if self._shard is None:
            raise SearchIndexError(f"the store {self._path} is closed")
        return self._shard

    def _update(self, operation: edge.UpdateOperation) -> None:
        self._require_space()
        if self._is_saved:
            self._forget_table()
        self._engine(edge.EdgeShard.update, operation)

    def _require_space(self, size: int = 0) -> None:
        # The engine writes through memory maps: on a full disk the kernel kills the process.
        free = shutil.disk_usage(self._path).free
        needed = size + _RESERVE
        if free < needed:
            raise StorageError(
                f"the disk of {self._path} is full: {free >> 20} MiB are free, {needed >> 20} MiB are needed"
            )

    def _made(self, record: Record) -> _Made:
        photos = self._unit(record.photos, f"the photos of product {record.id!r}")
        title = None
        if record.title is not None:
            (title,) = self._unit(np.atleast_2d(record.title), f"the title of product {record.id!r}")
        stored = ((field, stored_fact(field, fact)) for field, fact in record.facts.items())
        facts = {field: fact for field, fact in stored if fact is not None}
        return _Made(record.id, photos, title, by_index(record.terms), facts)

    def _unit(self, vectors: NDArray[np.float32], owner: str) -> NDArray[np.float32]:
        """Normalise the rows; in float64, where no float32 overflows."""
        rows = np.asarray(vectors, np.float64)
        if rows.ndim != 2 or len(rows) == 0 or rows.shape[1] != self._dimension:
            raise SearchIndexError(
                f"{owner}: vectors of the shape {rows.shape}, not (m, {self._dimension}) with m ≥ 1"
            )
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        if not (np.isfinite(lengths) & (lengths > 0)).all():
            raise SearchIndexError(f"{owner}: a vector is zero or not finite")
        unit: NDArray[np.float32] = (rows / lengths).astype(np.float32)
        return unit

    def _looks(self, vector: NDArray[np.float32], using: Literal["photo", "title"]) -> _Asked:
        (unit,) = self._unit(np.atleast_2d(vector), "the query vector")
        queries = [edge.Query.Nearest(unit.tolist(), using=using)]
        if using == "photo" and self._several:
            queries.append(edge.Query.Nearest([unit.tolist()], using="photos"))

        def of(rows: NDArray[np.int64]) -> Scores:
            if using == "title":
                return self._titles.scores(rows, unit)
            scores = self._photos.scores(rows, unit)
            if self._several:
                self._further.raise_to(scores, rows, unit)
            return scores

        total = len(self._table)
        is_exact = total <= self._exact_up_to
        return _Asked(queries, of, is_exact, total if is_exact else 0)

    def _said(self, terms: Mapping[str, float]) -> _Asked | None:
        """What to ask for words, or ``None`` where no record has one of them."""
        total = len(self._table)
        weights = {
            term: weight * self._words.idf(term, total)
            for term, weight in by_index(terms).items()
            if term in self._words
        }
        if not weights:
            return None
        query = edge.Query.Nearest(sparse(weights), using="words")
        return _Asked([query], lambda rows: self._words.scores(rows, weights), is_exact=True, scanned=0)

    def _top(self, asked: _Asked, k: int, where: Filter | None) -> dict[int, float]:
        """Rows and scores of the k best that match."""
        if where is None:
            return self._best_of_all(asked, k)
        mask = self._table.mask(where)
        matching = self._table.count(where)
        if not matching:
            return {}
        # The best of all contain the best that match. How many are needed is a guess that may have to grow, for a
        # filter may point away from the query; listing those that match costs the same in any case.
        fetched = 2 * k * len(self._table) // matching
        while asked.scanned * _SCANNED + fetched * _FETCHED < matching * _LISTED:
            found = self._best_of_all(asked, fetched)
            best = {row: score for row, score in found.items() if mask[row]}
            if len(best) >= k or (asked.is_exact and len(found) < fetched):
                return _largest(best, k)
            fetched *= 4
        return _best_of(self._table.rows(where), asked, k)

    def _best_of_all(self, asked: _Asked, k: int) -> dict[int, float]:
        """Rows and scores of the k best, best first."""
        params = edge.SearchParams(exact=asked.is_exact, hnsw_ef=max(_EF, 2 * k))
        scores: dict[int, float] = {}
        for query in asked.queries:
            request = edge.QueryRequest(k, query=query, params=params, with_payload=False)
            for point in self._engine(edge.EdgeShard.query, request):
                row, score = int(point.id), point.score
                if scores.get(row, -math.inf) < score:
                    scores[row] = score
        # An update that failed half-way may have left a point of which the table knows nothing.
        return _largest({row: score for row, score in scores.items() if row in self._table}, k)

    def _best(self, scores: Mapping[int, float], k: int) -> list[Candidate]:
        found = map(Candidate, self._table.ids_of(scores), scores.values())
        return sorted(found, key=lambda candidate: (-candidate.score, candidate.id))[:k]


class _Asked(NamedTuple):
    """What the best records are sought for.

    Parameters
    ----------
    queries : sequence
        For the engine; a record's best score counts.
    of : callable
        Rows, int64 (n,) → their scores.
    is_exact : bool
        The engine misses nothing.
    scanned : int
        Records that it compares with however few it is to find.
    """

    queries: Sequence[edge.Query]
    of: Callable[[NDArray[np.int64]], Scores]
    is_exact: bool
    scanned: int


class _Made(NamedTuple):
    """A record as it is kept: unit vectors float32 (m, d) and (d,), weights of terms by their indices, facts."""

    id: str
    photos: NDArray[np.float32]
    title: NDArray[np.float32] | None
    terms: Mapping[int, float]
    facts: dict[str, StoredFact]

    def vectors(self) -> dict[str, edge.NamedVector]:
        """Its vectors, for the engine."""
        first, *further = self.photos.tolist()
        vectors: dict[str, edge.NamedVector] = {"photo": first, "words": sparse(self.terms)}
        if further:
            vectors["photos"] = further
        if self.title is not None:
            vectors["title"] = self.title.tolist()
        return vectors


def _best_of(rows: NDArray[np.int64], asked: _Asked, k: int) -> dict[int, float]:
    """Rows and scores of the k best of some rows, each of which is compared."""
    scores = asked.of(rows)
    if k < len(rows):
        # NaN, of rows that have nothing to be compared, comes last.
        best = np.argpartition(-scores, k)[:k]
        rows, scores = rows[best], scores[best]
    return _known(rows.tolist(), scores)


def _known(rows: Sequence[int], scores: Scores) -> dict[int, float]:
    """Rows and scores of those rows that have one."""
    return {row: score for row, score in zip(rows, scores.tolist(), strict=True) if not math.isnan(score)}


def _largest(scores: Mapping[int, float], k: int) -> dict[int, float]:
    return dict(heapq.nlargest(k, scores.items(), key=lambda item: item[1]))


def _words_of(point: edge.Record) -> dict[int, float]:
    """A point's terms and their weights."""
    words = point.vector.get("words") if isinstance(point.vector, dict) else None
    return dict(zip(words.indices, words.values, strict=True)) if isinstance(words, edge.SparseVector) else {}


def _ask(call: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
    """Call the engine; whatever it raises is a `SearchIndexError`."""
    try:
        return call(*args, **kwargs)
    except BaseException as error:
        # A panic of the Rust core is no Exception, and its class cannot be imported.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise SearchIndexError(f"the engine failed to {call.__name__}: {error}") from error
        raise


def _batches(items: Sequence[_T]) -> Iterator[list[_T]]:
    """Cut into parts whose entry in the write-ahead log is far smaller than the space kept free."""
    for start in range(0, len(items), _BATCH):
        yield list(items[start : start + _BATCH])
