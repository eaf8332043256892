"""The default engine: Qdrant Edge, the Qdrant core inside this process."""

from __future__ import annotations

import fcntl
import io
import json
import shutil
import threading
import zipfile
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, NamedTuple, Self, TypeVar

import numpy as np
import qdrant_edge as edge

from snapshelf._support.files import remove, write_arrays, write_text
from snapshelf.errors import SearchIndexError, ShelfInUseError, SnapshelfError, StorageError
from snapshelf.index.columns import Columns
from snapshelf.index.groups import different_numbers
from snapshelf.index.lexical import TermTable, by_code, idf, largest, term_code
from snapshelf.index.protocol import Candidate, ScoredCandidates, TermPlace
from snapshelf.index.qdrant_layout import (
    PreparedRecord,
    fields_in,
    prepare,
    terms_in,
    unit_vectors,
)
from snapshelf.index.qdrant_shard import Shard
from snapshelf.index.vectors import FurtherVectors, Vectors

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from types import TracebackType

    from numpy.typing import NDArray

    from snapshelf.index.field_columns import StoredValue
    from snapshelf.index.filters import Alternatives, Filter
    from snapshelf.index.groups import Rows
    from snapshelf.index.order import SortKey
    from snapshelf.index.protocol import Facet, FieldValue, Histogram, Kind, Record
    from snapshelf.index.vectors import Scores

_T = TypeVar("_T")
_Number = TypeVar("_Number", np.bool_, np.uint8)

_FORMAT = 7
_STATE = "store.json"
_TABLE = "facts.npz"
_ENGINE = "engine"
_VECTORS = "vectors"
_EXACT_UP_TO = 20_000
_EF = 256
_SPARE = 10
_BATCH = 250

_LISTED, _SCANNED, _FETCHED = 0.14, 0.2, 6.0
"""Measured costs in microseconds: of comparing a listed record, of comparing a record while all are scanned, and of a
further result among all (3 to 6, more for a larger index; the upper end, because listing loses nothing). Only their
ratios matter. See ``docs/concepts/search-index.md``."""


class QdrantEdgeIndex:
    """A `SearchIndex` in a directory, on Qdrant Edge; open it with `open`.

    A product is a point. Its first photo is the vector ``photo``, its title the vector ``title``. Further photos are
    the multivector ``photos``, which the first product with several photos creates: scanning multivectors takes half
    as long again as scanning plain vectors.

    Field values are in `Columns`, in memory, and filters are evaluated there. The engine only searches among all
    records; among listed records this module compares the vectors itself. The cheaper of the two is chosen before
    the search, and neither misses a match.

    Search is exact if the index has at most `exact_up_to` records, or if a filter leaves few. Otherwise it goes
    through an HNSW graph with ef = max(256, 2k), once `optimise` has built the graph.

    The index may be used from several threads. A single call runs at a time, because the engine holds the GIL while
    it works: a serving process uses `ProcessIndex`.
    """

    def __init__(self, path: Path, dimension: int, exact_up_to: int, lock: BinaryIO) -> None:
        self._path = path
        self._dimension = dimension
        self._exact_up_to = exact_up_to
        self._lock = lock
        self._calls = threading.RLock()
        self._several = False
        self._terms = TermTable()
        self._columns = Columns(self._terms)
        self._is_saved = False
        if (path / _STATE).exists():
            self._version = self._read_state()
            self._load()
        else:
            self._remember(0)
            self._create()

    @classmethod
    def open(cls, path: str | Path, dimension: int, *, exact_up_to: int = _EXACT_UP_TO) -> Self:
        """Open the index in a directory, or make it.

        Parameters
        ----------
        path : str or Path
            Directory that belongs to the index alone.
        dimension : int
            Length of the vectors.
        exact_up_to : int
            Number of records up to which a vector query compares every record. A new index builds a graph for more.

        Raises
        ------
        SearchIndexError
            The directory holds something else, is damaged, or was written for another dimension or by another
            version of the engine. The owner deletes it and builds the index again from the catalogue.
        ShelfInUseError
            Another process, or another index in this process, has it open. Nothing may be deleted then.
        """
        path = Path(path)
        try:
            path.mkdir(parents=True, exist_ok=True)
            lock = (path / "lock").open("ab")
        except OSError as error:
            raise SearchIndexError(f"{path} cannot be used as an index: {error}") from error
        try:
            # The engine's own lock comes too late: it has the segments open for writing by then.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return cls(path, dimension, exact_up_to, lock)
        except BlockingIOError as error:
            lock.close()
            raise ShelfInUseError(f"the index {path} is open elsewhere: close it there first") from error
        except BaseException:
            lock.close()
            raise

    @property
    def dimension(self) -> int:
        """Length of the vectors."""
        return self._dimension

    @property
    def version(self) -> int:
        """Catalogue version of the last `flush`; 0 for a new index."""
        return self._version

    def upsert(self, records: Sequence[Record]) -> None:
        """Add records, or replace those with the same id; of several with the same id the last counts."""
        prepared = [
            prepare(record, self._dimension) for record in {record.id: record for record in records}.values()
        ]
        with self._calls:
            if not self._several and any(len(record.photos) > 1 for record in prepared):
                nearest = edge.MultiVectorConfig(edge.MultiVectorComparator.MaxSim)
                self._update(
                    edge.UpdateOperation.create_dense_vector(
                        "photos", self._dimension, edge.Distance.Cosine, nearest
                    )
                )
                self._several = True
            for batch in _batches(prepared):
                self._upsert(batch)

    def _upsert(self, batch: Sequence[PreparedRecord]) -> None:
        rows = self._table.reserve([record.id for record in batch])
        points = [
            edge.Point(row, record.vectors(), record.payload())
            for row, record in zip(rows, batch, strict=True)
        ]
        try:
            for vectors in (self._photos, self._titles):
                vectors.reserve(max(rows) + 1)
            self._update(edge.UpdateOperation.upsert_points(points))
            self._further.put({row: record.photos[1:] for row, record in zip(rows, batch, strict=True)})
        except SnapshelfError:
            self._table.release(rows)
            raise
        for row, record in zip(rows, batch, strict=True):
            self._photos.put(row, record.photos[0])
            self._titles.put(row, record.title)
            self._terms.put(row, record.terms, record.places)
            self._table.put(row, record.id, record.fields)

    def delete(self, ids: Sequence[str]) -> None:
        """Remove records; unknown ids are ignored."""
        with self._calls:
            for batch in _batches(ids):
                rows = self._table.rows_of(dict.fromkeys(batch))
                self._update(edge.UpdateOperation.delete_points([*rows]))
                self._further.remove(rows)
                self._terms.remove(rows)
                self._table.remove(batch)

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
            query = self._vector_query(vector, using)
            rows = self._top(query, k, where)
            return self._best(rows, query.scores_of(rows), k)

    def matching(self, terms: Mapping[str, float], k: int, where: Filter | None = None) -> list[Candidate]:
        """Find the k records with the largest BM25 score, best first.

        Raises
        ------
        SearchIndexError
            A weight is not finite or not above 0.
        """
        with self._calls:
            scores = self._lexical_scores(terms)
            rows = self._top_lexical(scores, k, where)
            return self._best(rows, scores[rows], k)

    def retrieve(
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
        words: Sequence[Alternatives] = (),
    ) -> ScoredCandidates:
        """Retrieve the k best records of each query, scored by all queries; see `SearchIndex.retrieve`."""
        with self._calls:
            queries: dict[str, _VectorQuery] = {}
            if photo is not None:
                queries["photo"] = self._vector_query(photo, "photo")
            if title is not None:
                queries["title"] = self._vector_query(title, "title")
            lexical = self._lexical_scores(terms or {})
            extra = self._table.rows_of(also)
            extra = extra if where is None else self._table.among(extra, where)
            tops = [self._top(query, k, where) for query in queries.values()]
            some = different_numbers(
                np.concatenate([*tops, self._top_lexical(lexical, k, where), np.array(extra, np.int64)])
            )
            rows = some.tolist()
            size = self._table.size
            ids = self._table.ids_of(rows)
            candidates = ScoredCandidates(
                ids=tuple(ids),
                photo=queries["photo"].scores_of(some) if "photo" in queries else None,
                text_title=queries["title"].scores_of(some) if "title" in queries else None,
                lexical=lexical[some],
                passed=_columns([self._table.test(rows, test) for test in tests], len(rows), np.bool_),
                fields=tuple(self._table.values_of(rows, fields)),
                words=_columns([self._terms.places(word, size)[some] for word in words], len(rows), np.uint8),
            )
            return candidates.take(np.array(sorted(range(len(ids)), key=ids.__getitem__), np.int64))

    def matches(self, ids: Sequence[str], where: Filter) -> set[str]:
        """Return those of some records that match."""
        with self._calls:
            return set(self._table.ids_of(self._table.among(self._table.rows_of(ids), where)))

    def field_values(self, ids: Sequence[str], fields: Sequence[str]) -> list[dict[str, FieldValue]]:
        """Values of fields of records, in the order of `ids`; see `SearchIndex.field_values`."""
        with self._calls:
            known = self._table.known_ids(ids)
            values = dict(zip(known, self._table.values_of(self._table.rows_of(known), fields), strict=True))
            return [{**values.get(id, {})} for id in ids]

    def photos(self, ids: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Return the vectors of the photos of records; see `SearchIndex.photos`."""
        with self._calls:
            known = self._table.known_ids(ids)
            if not known:
                return {}
            rows = np.array(self._table.rows_of(known), np.int64)
            first = self._photos.of(rows)[:, None]
            if not self._several:
                return dict(zip(known, first, strict=True))
            further = self._further.of(rows)
            return {id: np.concatenate(photos) for id, *photos in zip(known, first, further, strict=True)}

    def idf(self, terms: Collection[str]) -> dict[str, float]:
        """Inverse document frequency of each term; see `SearchIndex.matching`."""
        with self._calls:
            total = len(self._table)
            return {term: idf(self._terms.frequency(term_code(term)), total) for term in terms}

    def frequencies(self, words: Sequence[Alternatives], place: int = TermPlace.TEXT) -> list[int]:
        """Count the records that have each word at `place` or a better place; see `SearchIndex.frequencies`."""
        with self._calls:
            size = self._table.size
            return [int(np.count_nonzero(self._terms.places(word, size) >= max(place, 1))) for word in words]

    def count(self, where: Filter | None = None, distinct: str | None = None) -> int:
        """Count the matching records, exactly, or their different values of a field; see `SearchIndex.count`."""
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

    def group_sizes(
        self, ids: Sequence[str], where: Filter | None = None, field: str = "group_id"
    ) -> dict[str, int]:
        """Count the matching records with the same value as each of these; see `SearchIndex.group_sizes`."""
        with self._calls:
            return self._table.group_sizes(ids, where, field)

    def scroll(self, where: Filter | None = None, *, after: str | None = None, limit: int = 100) -> list[str]:
        """List ids of matching records in ascending order of id, those after `after`.

        Every call looks at all matching records: ask for large pages.
        """
        with self._calls:
            return self._table.first(where, after, limit)

    def ordered(
        self,
        where: Filter | None = None,
        by: Sequence[SortKey] = (),
        *,
        distinct: str | None = None,
        limit: int = 100,
    ) -> list[str]:
        """List the first ids of the matching records in an order; see `SearchIndex.ordered`."""
        with self._calls:
            return self._table.ordered(where, by, distinct, limit)

    def fields(self) -> list[str]:
        """List the fields of which some record has a value, in order."""
        return list(self.field_kinds())

    def field_kinds(self) -> Mapping[str, Kind]:
        """Return what each of the `fields` holds."""
        with self._calls:
            return self._table.fields()

    def texts(self, field: str, limit: int) -> list[str]:
        """List at most `limit` different texts that records have as a field's value, or in it, in order."""
        with self._calls:
            return self._table.texts(field, limit)

    def clear(self) -> None:
        """Remove every record and set `version` to 0."""
        with self._calls:
            self._remember(0)
            self._shard.close()
            self._forget_table()
            self._close_vectors()
            shutil.rmtree(self._path / _ENGINE)
            shutil.rmtree(self._path / _VECTORS)
            self._create()

    def optimise(self) -> None:
        """Reorganise the index: reclaim the space of deleted records, build the graph of a large index.

        Nothing else runs meanwhile. It takes seconds for an index that is searched exactly, minutes for a larger index.

        Raises
        ------
        StorageError
            The disk has no room for the second copy that is made.
        """
        with self._calls:
            self._shard.optimise()

    def flush(self, version: int) -> None:
        """Make everything written so far durable (fsync) and remember the catalogue version."""
        with self._calls:
            self._shard.call(edge.EdgeShard.flush)
            for each in self._kept_vectors():
                each.flush()
            self._remember(version)

    def close(self) -> None:
        """Release the files; closing twice does no harm."""
        with self._calls:
            if not self._lock.closed:
                with self._lock:
                    self._save_table()
                    self._close_vectors()
                    self._shard.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read_state(self) -> int:
        """Return the version in the state file, after checking that this index can be read."""
        state = self._path / _STATE
        try:
            identity = json.loads(state.read_bytes())
            version = int(identity.pop("version"))
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise SearchIndexError(f"{state} cannot be read: rebuild the index") from error
        if identity != self._identity():
            raise SearchIndexError(f"{state} says {identity}, this is {self._identity()}: rebuild the index")
        return version

    def _remember(self, version: int) -> None:
        """Write the state file so that a power cut leaves the old one or the new one."""
        write_text(self._path / _STATE, json.dumps({**self._identity(), "version": version}))
        self._version = version

    def _identity(self) -> dict[str, object]:
        return {"format": _FORMAT, "engine": version_of("qdrant-edge-py"), "dimension": self._dimension}

    def _create(self) -> None:
        self._shard = Shard.create(self._path / _ENGINE, self._dimension, self._exact_up_to)
        self._several = False
        self._terms = TermTable()
        self._columns = Columns(self._terms)
        self._open_vectors()

    def _load(self) -> None:
        self._shard = Shard.load(self._path / _ENGINE)
        having = edge.CountRequest(exact=True, filter=edge.Filter(must=[edge.HasVectorCondition("photos")]))
        self._several = self._shard.call(edge.EdgeShard.count, having) > 0
        self._open_vectors()
        self._read_table()
        if len(self._columns.mask(None)) > min(len(self._photos), len(self._titles)):
            raise SearchIndexError(f"{self._path / _VECTORS} lacks vectors: rebuild the index")

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
        if self._lock.closed:
            raise SearchIndexError(f"the index {self._path} is closed")
        return self._columns

    def _read_table(self) -> None:
        """Read values and terms from their file, or else from the engine."""
        try:
            with np.load(io.BytesIO((self._path / _TABLE).read_bytes()), allow_pickle=False) as arrays:
                self._terms = TermTable.read(arrays)
                self._columns = Columns.read(self._terms, arrays)
            self._is_saved = len(self._columns) == self._shard.call(edge.EdgeShard.info).points_count
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
            self._is_saved = False
        if not self._is_saved:
            self._terms = TermTable()
            self._columns = Columns.of(self._terms, self._stored())

    def _stored(self) -> Iterator[tuple[int, str, dict[str, StoredValue]]]:
        """Read rows, ids and fields from the engine; takes the terms on the way."""
        for point in self._shard.points():
            if point.payload is not None:
                self._terms.put(int(point.id), *terms_in(point.payload))
                yield int(point.id), point.payload["id"], fields_in(point.payload)

    def _save_table(self) -> None:
        """Write the table's file, which exists only while it agrees with the engine."""
        if not self._is_saved:
            write_arrays(self._path / _TABLE, {**self._columns.arrays(), **self._terms.arrays()})

    def _forget_table(self) -> None:
        """Remove the table's file before the first change; a kill or a power cut must not leave an old table."""
        remove(self._path / _TABLE)
        self._is_saved = False

    def _update(self, operation: edge.UpdateOperation) -> None:
        if self._lock.closed:
            raise SearchIndexError(f"the index {self._path} is closed")
        self._shard.require_space()
        if self._is_saved:
            self._forget_table()
        self._shard.call(edge.EdgeShard.update, operation)

    def _vector_query(self, vector: NDArray[np.float32], using: Literal["photo", "title"]) -> _VectorQuery:
        (unit,) = unit_vectors(np.atleast_2d(vector), self._dimension, "the query vector")

        def engine_queries() -> list[edge.Query]:
            queries = [edge.Query.Nearest(unit.tolist(), using=using)]
            if using == "photo" and self._several:
                queries.append(edge.Query.Nearest([unit.tolist()], using="photos"))
            return queries

        def scores_of(rows: Rows) -> Scores:
            if using == "title":
                return self._titles.scores(rows, unit)
            scores = self._photos.scores(rows, unit)
            if self._several:
                self._further.raise_to(scores, rows, unit)
            return scores

        total = len(self._table)
        is_exact = total <= self._exact_up_to
        return _VectorQuery(engine_queries, scores_of, is_exact, total if is_exact else 0)

    def _lexical_scores(self, terms: Mapping[str, float]) -> NDArray[np.float64]:
        """Return the BM25 score of each row, float64 (rows,); 0 without a shared term."""
        total = len(self._table)
        weights = {
            code: weight * idf(self._terms.frequency(code), total) for code, weight in by_code(terms).items()
        }
        return self._terms.scores(weights, self._table.size)

    def _top_lexical(self, scores: NDArray[np.float64], k: int, where: Filter | None) -> Rows:
        """Return the k rows with the best BM25 scores that match."""
        return largest(scores if where is None else scores * self._table.mask(where), k)

    def _top(self, query: _VectorQuery, k: int, where: Filter | None) -> Rows:
        """Return the k nearest rows that match."""
        if where is None:
            return self._nearest_of_all(query, k)
        mask = self._table.mask(where)
        matching = self._table.count(where)
        if not matching:
            return np.empty(0, np.int64)
        # The best of all contain the best that match. How many are needed is a guess that may have to grow, for a
        # filter may point away from the query; listing those that match costs the same in any case.
        fetched = 2 * k * len(self._table) // matching
        while query.scanned * _SCANNED + fetched * _FETCHED < matching * _LISTED:
            rows = self._nearest_of_all(query, fetched)
            best = rows[mask[rows]][:k]
            if len(best) == k or (query.is_exact and len(rows) < fetched):
                return best
            fetched *= 4
        return _nearest_of(self._table.rows(where), query, k)

    def _nearest_of_all(self, query: _VectorQuery, k: int) -> Rows:
        """Return the k nearest rows, nearest first."""
        # Through the graph, the engine compares rounded vectors: what is a little behind may be nearer.
        wanted = k if query.is_exact else k + _SPARE
        params = edge.SearchParams(
            exact=query.is_exact,
            hnsw_ef=max(_EF, 2 * k),
            quantization=edge.QuantizationSearchParams(rescore=False),
        )
        rows: list[int] = []
        queries = query.engine_queries()
        for nearest in queries:
            request = edge.QueryRequest(wanted, query=nearest, params=params, with_payload=False)
            rows += [int(point.id) for point in self._shard.call(edge.EdgeShard.query, request)]
        # An update that failed half-way may have left a point that the table does not know.
        known = self._table.known(np.array(rows, np.int64))
        if len(queries) == 1 and query.is_exact:
            return known
        return _nearest_of(different_numbers(known), query, k)

    def _best(self, rows: Rows, scores: NDArray[np.floating[Any]], k: int) -> list[Candidate]:
        candidates = map(Candidate, self._table.ids_of(rows.tolist()), scores.tolist())
        return sorted(candidates, key=lambda candidate: (-candidate.score, candidate.id))[:k]


class _VectorQuery(NamedTuple):
    """A query by a vector.

    Parameters
    ----------
    engine_queries : callable
        Makes the queries for the engine; the best score of a record counts.
    scores_of : callable
        Rows, int64 (n,) → their scores.
    is_exact : bool
        The engine misses nothing.
    scanned : int
        Records that the engine compares, however few results are wanted.
    """

    engine_queries: Callable[[], list[edge.Query]]
    scores_of: Callable[[Rows], Scores]
    is_exact: bool
    scanned: int


def _nearest_of(rows: Rows, query: _VectorQuery, k: int) -> Rows:
    """Return the k nearest of some rows, nearest first; each is compared."""
    distances = -query.scores_of(rows)
    # NaN, of rows without a vector, comes last.
    best = np.argpartition(distances, k)[:k] if k < len(rows) else np.arange(len(rows))
    best = best[np.argsort(distances[best])]
    return rows[best[~np.isnan(distances[best])]]


def _columns(columns: Sequence[NDArray[_Number]], size: int, dtype: type[_Number]) -> NDArray[_Number]:
    """Join columns of `size` rows, of which there may be none."""
    return np.stack(columns, axis=1) if columns else np.empty((size, 0), dtype)


def _batches(items: Sequence[_T]) -> Iterator[list[_T]]:
    """Cut into parts whose entry in the write-ahead log is far smaller than the space kept free."""
    for start in range(0, len(items), _BATCH):
        yield list(items[start : start + _BATCH])
