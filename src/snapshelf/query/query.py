"""The parsed query: vectors, terms, constraints and notes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from snapshelf._support.wire import documented
from snapshelf.index import And, Filter, Or
from snapshelf.language import Concept, Correction, QueryWord
from snapshelf.query.codes import EXACT

QueryKind: TypeAlias = Literal["photo", "words", "both"]
"""Input of a query; liked products count as photos."""


@documented
@dataclass(frozen=True, slots=True)
class Note:
    """A message for the shopper.

    Examples
    --------
    >>> [note.kind for note in shelf.search(text="dress", where="price < 1").notes]
    ['nothing-matches']
    """

    kind: Annotated[str, Field(description="A short code.", examples=["contradiction"])]
    text: Annotated[str, Field(description="An English sentence.")]
    values: Annotated[
        Mapping[str, str], Field(description="Values that appear in the sentence, for a translation.")
    ] = field(default_factory=dict)


@documented
@dataclass(frozen=True, slots=True)
class Chip:
    """A constraint read from the words or from the photo, shown to the shopper as a removable chip.

    Examples
    --------
    >>> chip = shelf.search(text="dress under 250").chips[1]
    >>> chip.text, chip.where, chip.hard
    ('under 250', 'price <= 250', True)
    """

    text: Annotated[str, Field(description="The words that express the constraint; empty for a photo.")]
    start: int
    end: Annotated[int, Field(description="Position of the words in the words as they were understood.")]
    kind: Annotated[str, Field(description="Kind of concept or quantity.", examples=["colour", "price"])]
    field: Annotated[str, Field(description="The constrained field.", examples=["attributes.colour"])]
    where: Annotated[
        str,
        Field(
            description="The filter as text; it identifies the chip in `dismissed`.",
            examples=['colour = "Red"'],
        ),
    ]
    filter: Annotated[
        Filter,
        Field(
            exclude=True,
            description="Products that satisfy the constraint, narrower values included (navy for blue).",
        ),
    ]
    exact: Annotated[
        Filter,
        Field(
            exclude=True,
            description="Products with exactly this value; equal to `filter` if no value is narrower.",
        ),
    ]
    labels: Annotated[Mapping[str, str], Field(description="Label of the chip by language.")]
    hard: Annotated[
        bool,
        Field(description="The constraint filters; otherwise matching products gain `boost`."),
    ]
    boost: Annotated[float, Field(description="Added to the score of a matching product.")]
    excluded: Annotated[bool, Field(description="The words exclude a value (not red).")] = False
    source: Annotated[
        Literal["words", "photo"],
        Field(description="Where the constraint was read: the kind of a photo is one."),
    ] = "words"
    probability: Annotated[
        float | None,
        Field(description="How likely the photo shows this kind; null for constraints from words."),
    ] = None
    near: Annotated[
        tuple[str, ...],
        Field(description="Values that only come near (42 2/3 for size 42); their products follow behind."),
    ] = ()
    bound: Annotated[
        bool,
        Field(
            exclude=True,
            description="It bounds a number; it is intersected with other constraints on its field.",
        ),
    ] = False


_MAX_NAMED = 3
"""Maximum number of categories that a note names."""


@dataclass(frozen=True, slots=True)
class NearestKind:
    """Kinds of the shop that are near to a kind that it does not have: armchairs for a sofa. They are no match.

    Parameters
    ----------
    asked : Concept
    categories : tuple of str
        The shop's categories of the near kinds.
    chinese : tuple of str
        The same in Chinese, as far as the lexicon knows them.
    chip : Chip
        Moves products of the near kinds up; the shopper does not see it.
    """

    asked: Concept
    categories: tuple[str, ...]
    chinese: tuple[str, ...]
    chip: Chip

    @property
    def note(self) -> Note:
        """The note that tells the shopper."""
        asked, nearest = self.asked.label("en"), ", ".join(self.categories[:_MAX_NAMED])
        return Note(
            "nearest-kind",
            f"the shop has no category for {asked!r}; the nearest are: {nearest}",
            {
                "asked": asked,
                "asked_zh": self.asked.label("zh"),
                "nearest": nearest,
                "nearest_zh": "、".join(self.chinese[:_MAX_NAMED]),
            },
        )


@dataclass(frozen=True, slots=True)
class OrderWords:
    """Words that ask for an order of the products.

    Parameters
    ----------
    sort : str
        The order, as the option `sort` names it.
    chip : Chip
        Shows it, with the filter that everything matches.
    is_mild : bool
        The words only prefer what comes first in that order: "cheap" is not "cheapest".
    """

    sort: str
    chip: Chip
    is_mild: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed and encoded query.

    Parameters
    ----------
    photo : ndarray or None
        float32 (d,): the photos and liked products less the unwanted directions. Length 1, or less if unwanted words
        were subtracted.
    text : ndarray or None
        float32 (d,): the words; its length is their weight beside a photo, 1 without a photo, and 0 if the unwanted
        words cancel it. Without `photo` and `text` the shop is browsed.
    terms : mapping
        Terms of lexical retrieval (BM25) → weight; empty without words.
    words : tuple of QueryWord
        The words that `terms` come from, in order, each with the terms by which a product has it.
    codes : mapping
        Id of each product with a code that the words name → 3 if the code is what was typed, 2 if it begins with
        it, 1 if it contains it; best first. Empty if the words name no code.
    timings : mapping
        Seconds of the stages ``decode``, ``understand`` and ``encode``.
    normalised : str
        The corrected words in normal form; positions of chips refer to this text.
    correction : Correction or None
        Spelling correction; applied to `normalised` if it is sure, otherwise a proposal.
    chips : tuple of Chip
        Constraints read from the words, in text order.
    order : OrderWords or None
        Words that ask for an order; they are no part of `text`, `terms` and `words`.
    notes : tuple of Note
        Messages for the shopper.
    nearest : NearestKind or None
        Kinds that are near to a kind that the words name and the shop does not have.
    excluded_ids : frozenset of str
        Ids of the liked and disliked products, which are never hits.
    """

    photo: NDArray[np.float32] | None
    text: NDArray[np.float32] | None
    terms: Mapping[str, float] = field(default_factory=dict)
    words: tuple[QueryWord, ...] = ()
    codes: Mapping[str, int] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    normalised: str = ""
    correction: Correction | None = None
    chips: tuple[Chip, ...] = ()
    order: OrderWords | None = None
    notes: tuple[Note, ...] = ()
    nearest: NearestKind | None = None
    excluded_ids: frozenset[str] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is looked for in particular: the shop is browsed."""
        return self.photo is None and self.text is None

    @property
    def coded(self) -> tuple[str, ...]:
        """Ids of the products whose whole code is among the words."""
        return tuple(id for id, level in self.codes.items() if level == EXACT)

    @property
    def kind(self) -> QueryKind:
        """Return whether the query has a photo vector, a text vector, or both."""
        if self.photo is None:
            return "words"
        return "photo" if self.text is None else "both"


def hard_filter(chips: Collection[Chip]) -> Filter | None:
    """Combine the filters of the hard chips; None without hard chips.

    Values of the same field and kind are alternatives ("red or blue"), except bounds and exclusions; all others must
    hold together.
    """
    alternatives: dict[object, list[Filter]] = {}
    for place, chip in enumerate(chips):
        if chip.hard:
            is_separate = chip.excluded or chip.bound
            alternatives.setdefault(place if is_separate else (chip.field, chip.kind), []).append(chip.filter)
    parts = tuple(
        filters[0] if len(filters) == 1 else Or(tuple(filters)) for filters in alternatives.values()
    )
    return None if not parts else parts[0] if len(parts) == 1 else And(parts)
