"""The engine in a process of its own, so that it never holds the GIL of the serving process."""

from __future__ import annotations

import queue
import socket
import subprocess
import sys
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from snapshelf.errors import SearchIndexError
from snapshelf.index.protocol import TermPlace
from snapshelf.index.wire import decode, encode

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from types import TracebackType

    import numpy as np
    from numpy.typing import NDArray

    from snapshelf.index.filters import Alternatives, Filter
    from snapshelf.index.order import SortKey
    from snapshelf.index.protocol import (
        Candidate,
        Facet,
        FieldValue,
        Histogram,
        Kind,
        Record,
        ScoredCandidates,
    )

_CONNECTIONS = 4


class ProcessIndex:
    """A `QdrantEdgeIndex` in a child process, with the same methods, errors and results.

    Calls from several threads run side by side as far as the engine lets them. Should the child die, it is
    started again from the directory, and the call that noticed is made once more: every call may be
    repeated, and what was acknowledged outlives the child. The child ends when this process does, however it
    ends.

    POSIX only.
    """

    def __init__(self, path: Path, dimension: int) -> None:
        self._path = path
        self._dimension = dimension
        self._starting = threading.Lock()
        self._child: _Child | None = _Child(path, dimension)

    @classmethod
    def open(cls, path: str | Path, dimension: int) -> Self:
        """Start the process and open the index in it; see `QdrantEdgeIndex.open`."""
        return cls(Path(path), dimension)

    @property
    def dimension(self) -> int:
        """Length of the vectors."""
        return self._dimension

    @property
    def version(self) -> int:
        """Catalogue version of the last `flush`; 0 for a new index."""
        version: int = self._call("version")
        return version

    def upsert(self, records: Sequence[Record]) -> None:
        """See `SearchIndex.upsert`."""
        self._call("upsert", records)

    def delete(self, ids: Sequence[str]) -> None:
        """See `SearchIndex.delete`."""
        self._call("delete", ids)

    def nearest(
        self,
        vector: NDArray[np.float32],
        k: int,
        where: Filter | None = None,
        *,
        using: Literal["photo", "title"] = "photo",
    ) -> list[Candidate]:
        """See `SearchIndex.nearest`."""
        result: list[Candidate] = self._call("nearest", vector, k, where, using=using)
        return result

    def matching(self, terms: Mapping[str, float], k: int, where: Filter | None = None) -> list[Candidate]:
        """See `SearchIndex.matching`."""
        result: list[Candidate] = self._call("matching", terms, k, where)
        return result

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
        """See `SearchIndex.retrieve`."""
        result: ScoredCandidates = self._call(
            "retrieve",
            k,
            where,
            photo=photo,
            title=title,
            terms=terms,
            also=also,
            tests=tests,
            fields=fields,
            words=words,
        )
        return result

    def matches(self, ids: Sequence[str], where: Filter) -> set[str]:
        """See `SearchIndex.matches`."""
        result: set[str] = self._call("matches", ids, where)
        return result

    def field_values(self, ids: Sequence[str], fields: Sequence[str]) -> list[dict[str, FieldValue]]:
        """See `SearchIndex.field_values`."""
        values: list[dict[str, FieldValue]] = self._call("field_values", ids, fields)
        return values

    def photos(self, ids: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """See `SearchIndex.photos`."""
        photos: dict[str, NDArray[np.float32]] = self._call("photos", ids)
        return photos

    def idf(self, terms: Collection[str]) -> dict[str, float]:
        """See `SearchIndex.idf`."""
        result: dict[str, float] = self._call("idf", list(terms))
        return result

    def frequencies(self, words: Sequence[Alternatives], place: int = TermPlace.TEXT) -> list[int]:
        """See `SearchIndex.frequencies`."""
        numbers: list[int] = self._call("frequencies", words, place)
        return numbers

    def count(self, where: Filter | None = None, distinct: str | None = None) -> int:
        """See `SearchIndex.count`."""
        number: int = self._call("count", where, distinct)
        return number

    def facet(
        self, field: str, where: Filter | None = None, *, limit: int = 100, distinct: str | None = None
    ) -> Facet:
        """See `SearchIndex.facet`."""
        facet: Facet = self._call("facet", field, where, limit=limit, distinct=distinct)
        return facet

    def histogram(
        self,
        field: str,
        where: Filter | None = None,
        *,
        bins: int = 20,
        edges: Sequence[float] | None = None,
        distinct: str | None = None,
    ) -> Histogram:
        """See `SearchIndex.histogram`."""
        result: Histogram = self._call("histogram", field, where, bins=bins, edges=edges, distinct=distinct)
        return result

    def group_sizes(
        self, ids: Sequence[str], where: Filter | None = None, field: str = "group_id"
    ) -> dict[str, int]:
        """See `SearchIndex.group_sizes`."""
        sizes: dict[str, int] = self._call("group_sizes", ids, where, field)
        return sizes

    def scroll(self, where: Filter | None = None, *, after: str | None = None, limit: int = 100) -> list[str]:
        """See `SearchIndex.scroll`."""
        ids: list[str] = self._call("scroll", where, after=after, limit=limit)
        return ids

    def ordered(
        self,
        where: Filter | None = None,
        by: Sequence[SortKey] = (),
        *,
        distinct: str | None = None,
        limit: int = 100,
    ) -> list[str]:
        """See `SearchIndex.ordered`."""
        ids: list[str] = self._call("ordered", where, by, distinct=distinct, limit=limit)
        return ids

    def fields(self) -> list[str]:
        """See `SearchIndex.fields`."""
        names: list[str] = self._call("fields")
        return names

    def field_kinds(self) -> Mapping[str, Kind]:
        """See `SearchIndex.field_kinds`."""
        kinds: Mapping[str, Kind] = self._call("field_kinds")
        return kinds

    def texts(self, field: str, limit: int) -> list[str]:
        """See `SearchIndex.texts`."""
        texts: list[str] = self._call("texts", field, limit)
        return texts

    def clear(self) -> None:
        """See `SearchIndex.clear`."""
        self._call("clear")

    def optimise(self) -> None:
        """See `SearchIndex.optimise`; other calls wait, this process does not."""
        self._call("optimise")

    def flush(self, version: int) -> None:
        """See `SearchIndex.flush`."""
        self._call("flush", version)

    def close(self) -> None:
        """Let calls under way finish and end the process; closing twice does no harm."""
        with self._starting:
            child, self._child = self._child, None
        if child is not None:
            child.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _call(self, name: str, *arguments: object, **options: object) -> Any:
        child = self._child
        try:
            return self._of(child).call(name, arguments, options)
        except _ChildGoneError:
            return self._of(self._successor(child)).call(name, arguments, options)

    def _of(self, child: _Child | None) -> _Child:
        if child is None:
            raise SearchIndexError(f"the index {self._path} is closed")
        return child

    def _successor(self, gone: _Child | None) -> _Child | None:
        """Replace a process that is gone, unless another thread has."""
        with self._starting:
            if gone is not None and self._child is gone:
                gone.stop()
                self._child = _Child(self._path, self._dimension)
            return self._child


class _ChildGoneError(SearchIndexError):
    """The engine's process has died or is being stopped."""


class _Child:
    """A process and the sockets that lead to it."""

    def __init__(self, path: Path, dimension: int) -> None:
        self._path = path
        self._idle: queue.SimpleQueue[Connection | None] = queue.SimpleQueue()
        self._connections: list[Connection] = []
        theirs: list[socket.socket] = []
        for _ in range(_CONNECTIONS):
            here, there = socket.socketpair()
            self._connections.append(Connection(here.detach()))
            theirs.append(there)
        descriptors = [there.fileno() for there in theirs]
        arguments = [str(path), str(dimension), *map(str, descriptors)]
        self._process = subprocess.Popen(  # noqa: S603
            # -P: a numpy.py in the current directory is not NumPy.
            [sys.executable, "-P", "-m", "snapshelf.index.child", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=descriptors,
            process_group=0,  # Ctrl-C is for this process; it stops the child when it has finished
        )
        for there in theirs:
            there.close()
        for connection in self._connections:
            self._idle.put(connection)
        try:
            _, error = decode(self._connections[0].recv_bytes())
        except (EOFError, OSError):
            error = self._gone("before it had opened the index; its error output says why")
        if error is not None:
            self.stop()
            raise error

    def call(self, name: str, arguments: tuple[object, ...], options: dict[str, object]) -> Any:
        """Call a method of the index in the process, or read a property."""
        question = encode((name, arguments, options))
        connection = self._idle.get()
        if connection is None:
            self._idle.put(None)
            raise self._gone("or was stopped")
        try:
            connection.send_bytes(question)
            answer, error = decode(connection.recv_bytes())
        except (EOFError, OSError) as lost:
            raise self._gone(f"during {name!r}") from lost
        except BaseException:
            # An interrupt between question and answer: the next question would get this answer.
            self._process.kill()
            raise
        finally:
            self._idle.put(connection)
        if error is not None:
            raise error
        return answer

    def stop(self) -> None:
        """Wait for calls under way, close the sockets, and wait for the process to end."""
        while self._connections:
            connection = self._idle.get()
            if connection is not None:
                self._connections.remove(connection)
                connection.close()
        self._idle.put(None)
        self._process.wait()

    def _gone(self, when: str) -> _ChildGoneError:
        status = self._process.poll()
        return _ChildGoneError(f"the engine's process of {self._path} died {when} (exit status {status})")
