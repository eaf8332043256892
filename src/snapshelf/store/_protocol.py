"""What every engine can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self, TypeAlias

if TYPE_CHECKING:
    from types import TracebackType

    import numpy as np
    from numpy.typing import NDArray

    from snapshelf.store._filters import Filter

Fact: TypeAlias = str | int | float | bool | Sequence[str] | None
"""A value that filters can test: text, a finite number, or a list of texts.

Booleans are kept as 0/1. Numbers are compared as floats of 15 significant digits. ``None``, an empty list
and no fact at all are the same.
"""


@dataclass(frozen=True, slots=True)
class Record:
    """One product as the engine knows it.

    Parameters
    ----------
    id : str
        The product's own id.
    photos : ndarray
        float32 (m, d), m ≥ 1: one vector for each photo, finite and not zero. A vector query compares with
        the nearest of them. Vectors need not be normalised: they are compared by cosine.
    terms : mapping
        Term → weight > 0 for words recall (the document side of BM25; the engine multiplies by IDF).
    facts : mapping
        Field → value, for filters.
    """

    id: str
    photos: NDArray[np.float32]
    terms: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)


class Candidate(NamedTuple):
    """A product found by one recall, with that recall's score."""

    id: str
    score: float


class Store(Protocol):
    """The engine: an index of the catalogue that can be thrown away and rebuilt.

    A store remembers the catalogue version it was last flushed at. Whatever was written after that flush may
    be lost by a power cut, so the owner replays the catalogue from `version` on open; every write may be
    replayed. Records of equal score are ordered by id; where `k` cuts between them, the engine chooses which are
    left out. A store may be used from several threads.
    """

    @property
    def dimension(self) -> int:
        """Length of the vectors."""
        ...

    @property
    def version(self) -> int:
        """Catalogue version of the last `flush`; 0 for a new store."""
        ...

    def upsert(self, records: Sequence[Record]) -> None:
        """Add records, or replace those that have the same id; of two in one call the later counts.

        Raises
        ------
        StoreError
            There is no vector, or one has the wrong length, is zero or not finite; a term's weight is not
            finite or not above 0; a fact is none of the kinds there are. Nothing is written then.
        StorageError
            The disk is full.
        """
        ...

    def delete(self, ids: Sequence[str]) -> None:
        """Remove records; unknown ids are ignored."""
        ...

    def patch(self, id: str, facts: Mapping[str, Fact]) -> None:
        """Change some facts of one record, keep the rest; ``None`` removes one. Unknown ids are ignored."""
        ...

    def nearest(self, vector: NDArray[np.float32], k: int, where: Filter | None = None) -> list[Candidate]:
        """Find the k records whose nearest photo has the largest cosine with `vector`, best first.

        Parameters
        ----------
        vector : ndarray
            float32 (d,), finite and not zero.
        k : int
            How many, at most; ≥ 1.
        where : Filter or None
            Only records that match.

        Raises
        ------
        StoreError
            The vector cannot be used.
        """
        ...

    def matching(self, terms: Mapping[str, float], k: int, where: Filter | None = None) -> list[Candidate]:
        """Find the k records with the largest BM25 score, best first.

        The score is Σ query weight × IDF(term) × document weight, where
        IDF(term) = ln(1 + (N − n + ½) / (n + ½)) with N records in the store, n of them with the term,
        whatever `where` leaves [1]_. A record that shares no term with the query is never found.

        Parameters
        ----------
        terms : mapping
            Term → weight > 0.
        k : int
            How many, at most; ≥ 1.
        where : Filter or None
            Only records that match.

        Raises
        ------
        StoreError
            A weight is not finite or not above 0.

        References
        ----------
        .. [1] S. Robertson and H. Zaragoza, "The probabilistic relevance framework: BM25 and beyond", 2009;
           1 is added inside the logarithm so that it stays above 0.
        """
        ...

    def count(self, where: Filter | None = None) -> int:
        """Count the matching records, exactly."""
        ...

    def scroll(self, where: Filter | None = None, *, after: str | None = None, limit: int = 100) -> list[str]:
        """List ids of matching records in ascending order of id, those after `after`."""
        ...

    def fields(self) -> list[str]:
        """List the fields of which some record has a fact, in order."""
        ...

    def texts(self, field: str, limit: int) -> list[str]:
        """List the different texts that records have as a field's fact, or in it, in order; at most `limit` of them."""
        ...

    def clear(self) -> None:
        """Remove every record and set `version` to 0."""
        ...

    def optimise(self) -> None:
        """Reorganise the index for speed after large changes; a large store is blocked for minutes."""
        ...

    def flush(self, version: int) -> None:
        """Make everything written so far durable (fsync) and remember the catalogue version."""
        ...

    def close(self) -> None:
        """Release the files without a flush; a closed store cannot be used, but closed again."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
