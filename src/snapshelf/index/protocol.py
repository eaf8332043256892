"""The contract of a search index: records, filters, results and methods that every engine has."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, Self, TypeAlias

if TYPE_CHECKING:
    from types import TracebackType

    import numpy as np
    from numpy.typing import NDArray

    from snapshelf.index.filters import Alternatives, Filter
    from snapshelf.index.order import SortKey

FieldValue: TypeAlias = str | int | float | bool | Sequence[str] | None
"""A value that filters can test: text, a finite number, or a list of texts.

Booleans are kept as 0/1. Numbers are compared as floats of 15 significant digits. ``None``, an empty list
and no value at all are the same.
"""


class TermPlace(IntEnum):
    """The best place of a product's texts where a term stands: the greater, the more it says about the product."""

    TEXT = 1
    """The description, or anywhere else."""
    ATTRIBUTE = 2
    NAME = 3
    """The title in any language, brand, category or code."""


@dataclass(frozen=True, slots=True)
class Record:
    """A product in the index.

    Parameters
    ----------
    id : str
        The product's own id.
    photos : ndarray
        float32 (m, d), m ≥ 1: a vector for each photo, finite and not zero. A vector query compares with the nearest
        of them. Vectors need not be normalised: they are compared by cosine.
    terms : mapping
        Term → weight > 0 for lexical retrieval (the document side of BM25; the engine multiplies by IDF).
    fields : mapping
        Field → value, for filters, facets and sorting.
    title : ndarray or None
        float32 (d,), finite and not zero: vector of the title, if there is any.
    places : mapping
        Term → `TermPlace`. A term that is missing here stands in the text; a place without a term is ignored.
    """

    id: str
    photos: NDArray[np.float32]
    terms: Mapping[str, float] = field(default_factory=dict)
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    title: NDArray[np.float32] | None = None
    places: Mapping[str, int] = field(default_factory=dict)


Kind: TypeAlias = Literal["text", "number", "list", "mixed"]
"""Values of a field: texts, numbers, texts of which some are in lists, or both numbers and texts."""


class Candidate(NamedTuple):
    """A product retrieved by a query, with its score."""

    id: str
    score: float


class ScoredCandidate(NamedTuple):
    """A product retrieved by any query of `SearchIndex.retrieve`, scored by all of them.

    Parameters
    ----------
    id : str
    photo : float or None
        Cosine of the photo query with the nearest of its photos; ``None`` without a photo query.
    text_title : float or None
        Cosine of the title query with its title; ``None`` without a title query or a title vector.
    lexical : float
        BM25; 0 if it shares no term with the query.
    passed : tuple of bool
        Whether it matches each of the tests.
    fields : mapping
        The values that it has of the requested fields.
    words : tuple of int
        The place (`TermPlace`) of each of the requested words; 0 for a word that it does not have.
    """

    id: str
    photo: float | None
    text_title: float | None
    lexical: float
    passed: tuple[bool, ...]
    fields: Mapping[str, FieldValue]
    words: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ScoredCandidates:
    """What `SearchIndex.retrieve` returns: candidates in ascending order of id, column by column.

    Iterating gives a `ScoredCandidate` for each.

    Parameters
    ----------
    ids : tuple of str
    photo, text_title : ndarray or None
        float32 (n,), NaN for a record without such a vector; None without such a query.
    lexical : ndarray
        float64 (n,).
    passed : ndarray
        bool (n, number of tests).
    fields : tuple of mapping
    words : ndarray
        uint8 (n, number of words).
    """

    ids: tuple[str, ...]
    photo: NDArray[np.float32] | None
    text_title: NDArray[np.float32] | None
    lexical: NDArray[np.float64]
    passed: NDArray[np.bool_]
    fields: tuple[Mapping[str, FieldValue], ...]
    words: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[ScoredCandidate]:
        return map(
            ScoredCandidate,
            self.ids,
            _or_none(self.photo, len(self)),
            _or_none(self.text_title, len(self)),
            self.lexical.tolist(),
            map(tuple, self.passed.tolist()),
            self.fields,
            map(tuple, self.words.tolist()),
        )

    def take(self, rows: NDArray[np.int64]) -> Self:
        """Return some of the candidates, in the given order."""
        listed = rows.tolist()
        return replace(
            self,
            ids=tuple([self.ids[row] for row in listed]),
            photo=None if self.photo is None else self.photo[rows],
            text_title=None if self.text_title is None else self.text_title[rows],
            lexical=self.lexical[rows],
            passed=self.passed[rows],
            fields=tuple([self.fields[row] for row in listed]),
            words=self.words[rows],
        )


def _or_none(scores: NDArray[np.float32] | None, count: int) -> list[float | None]:
    if scores is None:
        return [None] * count
    return [None if math.isnan(score) else score for score in scores.tolist()]


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a field, and the number of matching records that have it."""

    value: str | float
    count: int


@dataclass(frozen=True, slots=True)
class Facet:
    """Values of a field among the matching records.

    Parameters
    ----------
    values : tuple of FacetValue
        Most frequent first; of equally frequent values numbers before texts, each ascending.
    total_values : int
        Number of different values, whether listed or not.
    missing : int
        Matching records without the field.
    """

    values: tuple[FacetValue, ...]
    total_values: int
    missing: int


@dataclass(frozen=True, slots=True)
class Histogram:
    """A field's numbers among the matching records, counted by size.

    Parameters
    ----------
    low, high : float or None
        The least and the greatest number; ``None`` without numbers.
    edges : tuple of float
        Bin n holds edges[n] ≤ value < edges[n + 1]; the last bin holds its upper edge too.
    counts : tuple of int
        Number of values in each bin: 1 less than there are edges.
    """

    low: float | None
    high: float | None
    edges: tuple[float, ...]
    counts: tuple[int, ...]


class SearchIndex(Protocol):
    """An index of the catalogue, which can be deleted and built again.

    An index remembers the catalogue version of its last flush. A power cut may lose later writes, so the owner replays
    the catalogue from `version` on open; every write may be replayed. Records of equal score are ordered by id; where
    `k` cuts between them, the engine chooses which are left out. An index may be used from several threads.
    """

    @property
    def dimension(self) -> int:
        """Length of the vectors."""
        ...

    @property
    def version(self) -> int:
        """Catalogue version of the last `flush`; 0 for a new index."""
        ...

    def upsert(self, records: Sequence[Record]) -> None:
        """Add records, or replace those with the same id; of several with the same id the last counts.

        Raises
        ------
        SearchIndexError
            There is no vector, or a vector has the wrong length, is zero or not finite; a term's weight is not finite
            or not above 0; a place is no `TermPlace`; a field value is of another type. Nothing is written then.
        StorageError
            The disk is full.
        """
        ...

    def delete(self, ids: Sequence[str]) -> None:
        """Remove records; unknown ids are ignored."""
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
            Number of results, at most; ≥ 1.
        where : Filter or None
            Only records that match.
        using : {"photo", "title"}
            Vectors to compare with. Records without a title vector are left out.

        Raises
        ------
        SearchIndexError
            The vector cannot be used.
        """
        ...

    def matching(self, terms: Mapping[str, float], k: int, where: Filter | None = None) -> list[Candidate]:
        """Find the k records with the largest BM25 score, best first.

        The score is Σ query weight × IDF(term) × document weight, where
        IDF(term) = ln(1 + (N − n + ½) / (n + ½)) with N records in the index, n of them with the term,
        whatever `where` leaves [1]_. Records that share no term with the query are left out.

        Parameters
        ----------
        terms : mapping
            Term → weight > 0.
        k : int
            Number of results, at most; ≥ 1.
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
        """Retrieve the k best records of each query, and score their union by all of the queries.

        This is `nearest` and `matching` in a single call, with the scores that each of them would give the results of
        the others.

        Parameters
        ----------
        k : int
            Number of results of each query, at most; ≥ 1.
        where : Filter or None
            Only records that match.
        photo, title : ndarray or None
            float32 (d,), for `nearest` using photos and using titles.
        terms : mapping or None
            For `matching`.
        also : sequence of str
            Records that are scored even if no query retrieves them, if they exist and match `where`.
        tests : sequence of Filter
            Filters to test each record with.
        fields : sequence of str
            Fields whose values to return.
        words : sequence of Alternatives
            Words whose place in each record to return.

        Returns
        -------
        ScoredCandidates

        Raises
        ------
        SearchIndexError
            A vector or a weight cannot be used.
        """
        ...

    def matches(self, ids: Sequence[str], where: Filter) -> set[str]:
        """Return those of some records that match."""
        ...

    def field_values(self, ids: Sequence[str], fields: Sequence[str]) -> list[dict[str, FieldValue]]:
        """Return the values of fields of records, in the order of `ids`.

        Numbers are floats, lists are tuples. Fields that a record does not have are left out.
        """
        ...

    def photos(self, ids: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Return the unit vectors of the photos of records, float32 (m, d) by id; unknown ids are left out."""
        ...

    def idf(self, terms: Collection[str]) -> dict[str, float]:
        """Return the inverse document frequency of each term, as in `matching`; n is 0 for an unknown term."""
        ...

    def frequencies(self, words: Sequence[Alternatives], place: int = TermPlace.TEXT) -> list[int]:
        """Count the records that have each word at `place` or a better place, exactly."""
        ...

    def count(self, where: Filter | None = None, distinct: str | None = None) -> int:
        """Count the matching records, exactly.

        With `distinct`, records with the same value of that field count once, and a record without the field counts by
        itself; also in `facet` and `histogram`.
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
            Number of values, at most; the most frequent first.
        distinct : str or None
            See `count`: a group of records counts once for each value that any of them has.
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
            Number of bins of equal width between the least and the greatest number; ≥ 1. If all are the same,
            there is a single bin.
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

    def group_sizes(
        self, ids: Sequence[str], where: Filter | None = None, field: str = "group_id"
    ) -> dict[str, int]:
        """Count the matching records that have the same value of a field as each of these records.

        A record without the field is a group by itself; unknown ids are left out.
        """
        ...

    def scroll(self, where: Filter | None = None, *, after: str | None = None, limit: int = 100) -> list[str]:
        """List ids of matching records in ascending order of id, those after `after`."""
        ...

    def ordered(
        self,
        where: Filter | None = None,
        by: Sequence[SortKey] = (),
        *,
        distinct: str | None = None,
        limit: int = 100,
    ) -> list[str]:
        """List the first ids of the matching records in an order.

        Parameters
        ----------
        where : Filter or None
            Only records that match.
        by : sequence of SortKey
            The first key decides, of equal records the next; what is equal by all keys is in the order of the ids.
        distinct : str or None
            Of records with the same value of that field, only the first is listed; see `count`.
        limit : int
            Number of ids, at most.
        """
        ...

    def fields(self) -> list[str]:
        """List the fields of which some record has a value, in order."""
        ...

    def field_kinds(self) -> Mapping[str, Kind]:
        """Return what each of the `fields` holds."""
        ...

    def texts(self, field: str, limit: int) -> list[str]:
        """List at most `limit` different texts that records have as a field's value, or in it, in order."""
        ...

    def clear(self) -> None:
        """Remove every record and set `version` to 0."""
        ...

    def optimise(self) -> None:
        """Reorganise the index for speed after large changes; a large index is blocked for minutes."""
        ...

    def flush(self, version: int) -> None:
        """Make everything written so far durable (fsync) and remember the catalogue version."""
        ...

    def close(self) -> None:
        """Release the files without a flush; closing twice does no harm."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
