"""What every engine can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from snapshelf.store._filters import Filter

Fact: TypeAlias = str | int | float | bool | Sequence[str] | None
"""A value that filters can test. Booleans are kept as 0/1; ``None`` and missing are the same."""


@dataclass(frozen=True, slots=True)
class Record:
    """One product as the engine knows it.

    Parameters
    ----------
    id : str
        The product's own id.
    photos : ndarray
        float32 (m, d), m ≥ 1: one unit vector for each photo. A vector query compares with the nearest of them.
    terms : mapping
        Term → weight for words recall (the document side of BM25; the engine multiplies by IDF).
    facts : mapping
        Field → value, for filters.
    """

    id: str
    photos: NDArray[np.float32]
    terms: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A product found by one recall, with that recall's score."""

    id: str
    score: float


class Store(Protocol):
    """The engine: an index of the catalogue that can be thrown away and rebuilt.

    A store remembers the catalogue version it was last flushed at. Whatever was written after that
    flush may be lost by a power cut, so the owner replays the catalogue from `version` on open.
    Ties in score are ordered by id.
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
        """Add records, or replace those that have the same id.

        Raises
        ------
        StoreError
            A vector has the wrong length, is not finite, or there is none; nothing is written then.
        """
        ...

    def delete(self, ids: Sequence[str]) -> None:
        """Remove records; unknown ids are ignored."""
        ...

    def patch(self, id: str, facts: Mapping[str, Fact]) -> None:
        """Change some facts of one record and keep the rest; ``None`` removes a fact. Unknown ids are ignored."""
        ...

    def nearest(self, vector: NDArray[np.float32], k: int, where: Filter | None = None) -> list[Candidate]:
        """The k records whose nearest photo has the largest cosine with `vector` (float32 (d,)), best first."""
        ...

    def matching(self, terms: Mapping[str, float], k: int, where: Filter | None = None) -> list[Candidate]:
        """The k records with the largest BM25 score Σ query weight × IDF(term) × document weight, best first.

        Records that share no term with the query are not returned. IDF(t) = ln(1 + (N − n + ½) / (n + ½)) with
        N records in the store, n of them with the term.
        """
        ...

    def count(self, where: Filter | None = None) -> int:
        """How many records match, exactly."""
        ...

    def scroll(self, where: Filter | None = None, *, after: str | None = None, limit: int = 100) -> list[str]:
        """Ids of matching records in ascending order of id, those after `after`."""
        ...

    def clear(self) -> None:
        """Remove every record and set `version` to 0."""
        ...

    def flush(self, version: int) -> None:
        """Make everything written so far durable (fsync) and remember the catalogue version."""
        ...

    def close(self) -> None:
        """Flush nothing, release the files. A closed store cannot be used."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
