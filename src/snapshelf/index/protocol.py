"""What every engine can do."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, Self, TypeAlias

if TYPE_CHECKING:
    from types import TracebackType

    import numpy as np
    from numpy.typing import NDArray

    from snapshelf.index.answers import Candidate, Facet, Histogram, Kind, Placed, ScoredCandidate
    from snapshelf.index.filters import Filter

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
        Field → value, for filters, facets and sorting.
    title : ndarray or None
        float32 (d,), finite and not zero: vector of the title's words, if it has one.
    """

    id: str
    photos: NDArray[np.float32]
    terms: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)
    title: NDArray[np.float32] | None = None


class SearchIndex(Protocol):
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
        SearchIndexError
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

    def nearest(
        self,
        vector: NDArray[np.float32],
        k: int,
        where: Filter | None = None,
        *,
        using: Literal["photo", "title"] = "photo",
    ) -> list[Candidate]:
        """Find the k records whose nearest photo, or title, has the largest cosine with `vector`, best first.

        Parameters
        ----------
        vector : ndarray
            float32 (d,), finite and not zero.
        k : int
            How many, at most; ≥ 1.
        where : Filter or None
            Only records that match.
        using : {"photo", "title"}
            What to compare with. A record without a title vector is not found by it.

        Raises
        ------
        SearchIndexError
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
        SearchIndexError
            A weight is not finite or not above 0.

        References
        ----------
        .. [1] S. Robertson and H. Zaragoza, "The probabilistic relevance framework: BM25 and beyond", 2009;
           1 is added inside the logarithm so that it stays above 0.
        """
        ...

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
        """Find the k best of each query given, and score all that were found by each of the queries.

        It is `nearest` and `matching` together, and then for the union, in one call, what each of them says of what
        the others found.

        Parameters
        ----------
        k : int
            How many each query brings, at most; ≥ 1.
        where : Filter or None
            Only records that match.
        photo, title : ndarray or None
            float32 (d,), for `nearest` using photos and using titles.
        terms : mapping or None
            For `matching`.
        also : sequence of str
            Records that are scored even if no query brings them, as far as they are there and match `where`.
        tests : sequence of Filter
            What else is to be said of each record: whether it matches these.
        fields : sequence of str
            Whose facts to give.

        Returns
        -------
        list of ScoredCandidate
            In ascending order of id.

        Raises
        ------
        SearchIndexError
            A vector or a weight cannot be used.
        """
        ...

    def matches(self, ids: Sequence[str], where: Filter) -> set[str]:
        """Which of these records match."""
        ...

    def facts(self, ids: Sequence[str], fields: Sequence[str]) -> list[dict[str, Fact]]:
        """Facts of records, in the order of `ids`; numbers are floats, lists tuples, what is not there is left out."""
        ...

    def idf(self, terms: Collection[str]) -> dict[str, float]:
        """Inverse document frequency of each term, as in `matching`; of a term that no record has, n is 0."""
        ...

    def count(self, where: Filter | None = None, distinct: str | None = None) -> int:
        """Count the matching records, exactly.

        With `distinct`, records that have the same fact in that field count as one; a record without it counts
        as itself. So it is for `facet` and `histogram`.
        """
        ...

    def facet(
        self, field: str, where: Filter | None = None, *, limit: int = 100, distinct: str | None = None
    ) -> Facet:
        """Count the values that a field has among the matching records, exactly.

        A record with a list counts for each text in it. An unknown field has no values.

        Parameters
        ----------
        field : str
        where : Filter or None
            Only records that match.
        limit : int
            How many values, at most; the most frequent ones.
        distinct : str or None
            See `count`: a group of records counts once for each value that one of them has.
        """
        ...

    def histogram(
        self,
        field: str,
        where: Filter | None = None,
        *,
        bins: int = 20,
        edges: Sequence[float] | None = None,
        distinct: str | None = None,
    ) -> Histogram:
        """Count a field's numbers among the matching records by size, exactly.

        Parameters
        ----------
        field : str
        where : Filter or None
            Only records that match.
        bins : int
            Number of bins of equal width between the least and the greatest number; ≥ 1. Where all are the same
            there is one bin.
        edges : sequence of float or None
            Two or more bounds of bins, ascending, instead; numbers outside are not counted.
        distinct : str or None
            See `count`: a group of records counts once for each bin.

        Raises
        ------
        SearchIndexError
            There is no bin, or the edges do not ascend.
        """
        ...

    def ordered(
        self,
        field: str,
        k: int,
        where: Filter | None = None,
        *,
        descending: bool = False,
        skip: int = 0,
    ) -> list[Placed]:
        """Sort the matching records by a field's fact and give k of them, those after the first `skip`.

        Numbers come before texts, each ascending; `descending` turns that round. A list stands where its first
        text in that order would. Records without the fact are last either way; equal ones are ordered by id.
        """
        ...

    def group_sizes(
        self, ids: Sequence[str], where: Filter | None = None, field: str = "group_id"
    ) -> dict[str, int]:
        """Number of matching records that have the same fact in a field as each of these records.

        A record without the fact is a group of its own; unknown ids are left out.
        """
        ...

    def scroll(self, where: Filter | None = None, *, after: str | None = None, limit: int = 100) -> list[str]:
        """List ids of matching records in ascending order of id, those after `after`."""
        ...

    def fields(self) -> list[str]:
        """List the fields of which some record has a fact, in order."""
        ...

    def field_kinds(self) -> Mapping[str, Kind]:
        """What each of the `fields` holds."""
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
