"""Filters: a small closed language that every engine evaluates with exact membership."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from snapshelf.errors import SearchIndexError

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Equals:
    """The field equals the value, or is a list that contains it. Booleans are compared as 0/1."""

    field: str
    value: str | int | float | bool


@dataclass(frozen=True, slots=True)
class OneOf:
    """The field equals any of the values, or is a list that contains any of them."""

    field: str
    values: tuple[str | int | float | bool, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """The field is a number within the bounds; a bound that is ``None`` is open."""

    field: str
    at_least: float | None = None
    at_most: float | None = None
    above: float | None = None
    below: float | None = None


@dataclass(frozen=True, slots=True)
class Has:
    """The record has the field, and not as an empty list."""

    field: str


@dataclass(frozen=True, slots=True)
class Ids:
    """The id of the record is among these."""

    ids: tuple[str, ...]


Alternatives: TypeAlias = tuple[tuple[str, ...], ...]
"""A word of a query as index terms: a record has the word if it has every term of at least one alternative.

The place of an alternative is the least place of its terms, that of the word the best of its alternatives; see
`TermPlace`. An alternative without terms is ignored.
"""


@dataclass(frozen=True, slots=True)
class HasWords:
    """The record has words of a query whose weights add up to enough.

    Parameters
    ----------
    words : tuple of Alternatives
    weights : tuple of float
        The weight of each word, finite and ≥ 0.
    at_least : float
        The sum, in float64 and in the order of the words, that the record's words must reach; what rounding takes away
        (10⁻⁹) does not count.
    place : int
        Where a word must stand at least; a `TermPlace`.

    Raises
    ------
    SearchIndexError
        The words and the weights differ in number, or a number cannot be used.
    """

    words: tuple[Alternatives, ...]
    weights: tuple[float, ...]
    at_least: float
    place: int = 1
    _hash: int = field(default=0, init=False, repr=False, compare=False)

    @classmethod
    def all_of(cls, words: Iterable[Alternatives], place: int = 1) -> Self:
        """Return the filter of the records that have every one of some words, at a place or better."""
        words = tuple(words)
        return cls(words, (1.0,) * len(words), float(len(words)), int(place))

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[Any, ...]:
        # The hash of a text differs from process to process.
        return HasWords, (self.words, self.weights, self.at_least, self.place)

    def __post_init__(self) -> None:
        if len(self.words) != len(self.weights):
            raise SearchIndexError(f"{len(self.words)} words have {len(self.weights)} weights")
        if not all(math.isfinite(weight) and weight >= 0 for weight in self.weights):
            raise SearchIndexError(
                f"the weights of words are {self.weights}; weights are finite and not below 0"
            )
        if math.isnan(self.at_least):
            raise SearchIndexError("the sum that the weights of words must reach is not a number")
        # The words are many texts, and a search looks the filter up again and again.
        object.__setattr__(self, "_hash", hash((self.words, self.weights, self.at_least, self.place)))


@dataclass(frozen=True, slots=True)
class And:
    """Every part matches; without parts everything does."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part matches; without parts nothing does."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not match."""

    part: Filter


Filter: TypeAlias = Equals | OneOf | Between | Has | Ids | HasWords | And | Or | Not
