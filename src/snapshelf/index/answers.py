"""What a store answers beyond ids: recalled candidates, facets, histograms, places in an order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapshelf.index.protocol import Fact

Kind: TypeAlias = Literal["text", "number", "list", "mixed"]
"""What a field holds: texts, numbers, texts of which some stand in lists, or both numbers and texts."""


class Candidate(NamedTuple):
    """A product found by one recall, with that recall's score."""

    id: str
    score: float


class ScoredCandidate(NamedTuple):
    """A product found by any recall of `SearchIndex.recall`, scored by all of them.

    Parameters
    ----------
    id : str
    photo : float or None
        Cosine of the photo query with the nearest of its photos; ``None`` where none was asked for.
    title : float or None
        Cosine of the title query with its title; ``None`` where none was asked for, or it has no title vector.
    words : float
        BM25; 0 where it shares no term with the query.
    passed : tuple of bool
        Whether it matches each of the tests.
    facts : mapping
        Those of the fields asked for that it has.
    """

    id: str
    photo: float | None
    title: float | None
    words: float
    passed: tuple[bool, ...]
    facts: Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a field, and how many of the matching records have it."""

    value: str | float
    count: int


@dataclass(frozen=True, slots=True)
class Facet:
    """Values of a field among the matching records.

    Parameters
    ----------
    values : tuple of FacetValue
        Most frequent first; of equally frequent ones numbers before texts, each ascending.
    total_values : int
        How many different values there are, whether listed or not.
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
        The least and the greatest; ``None`` where there is none.
    edges : tuple of float
        Bin n holds edges[n] ≤ value < edges[n + 1]; the last one holds its upper edge too.
    counts : tuple of int
        One less than there are edges.
    """

    low: float | None
    high: float | None
    edges: tuple[float, ...]
    counts: tuple[int, ...]


class Placed(NamedTuple):
    """A product in an order, with the fact that put it there."""

    id: str
    value: Fact
