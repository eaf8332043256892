"""What the search room works with."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from snapshelf.index import And, Filter, Or
from snapshelf.language import Correction

QueryKind: TypeAlias = Literal["photo", "words", "both"]
"""What a query is made of; liked products count as photos."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that the shopper should be told.

    Parameters
    ----------
    kind : str
        Short code, for example ``"contradiction"``.
    text : str
        An English sentence.
    values : mapping
        What is particular in it, so that it can be said in another language.
    """

    kind: str
    text: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chip:
    """A fact read from the words, shown to the shopper, who may remove it.

    Parameters
    ----------
    text : str
        The words it was read from.
    start, end : int
        Where they are: ``query.normalised[start:end]``.
    kind : str
        Kind of concept or quantity: ``"colour"``, ``"price"`` …
    field : str
        The fact that it is about, for example ``"attributes.baseColour"``.
    where : str
        The filter in writing, as in ``'baseColour = "Red"'``; names the chip where it is removed.
    filter : Filter
        Products that have the fact, among them those with a narrower one (navy for blue).
    exact : Filter
        Products that have exactly the fact; the same as `filter` where nothing is narrower.
    labels : mapping
        ``"en"`` and ``"zh"`` → how it is called.
    hard : bool
        Products without the fact are left out; otherwise those with it gain `boost`.
    boost : float
        What a match adds to the score.
    excluded : bool
        The words rule something out ("not red"): `filter` is what is left.
    bound : bool
        It bounds a number, so it narrows whatever else is said of its field.
    """

    text: str
    start: int
    end: int
    kind: str
    field: str
    where: str
    filter: Filter
    exact: Filter
    labels: Mapping[str, str]
    hard: bool
    boost: float
    excluded: bool = False
    bound: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A request understood.

    Parameters
    ----------
    photo : ndarray or None
        float32 (d,): the photos and the liked products, away from what is not wanted. Of length 1, or shorter where
        words were moved away from.
    text : ndarray or None
        float32 (d,): the words, as long as their share beside a photo is; of length 1 without a photo, and zero where
        nothing is left of what words were moved away from. Photo or text is there.
    terms : mapping
        Words-recall terms → weight; empty without words.
    timings : mapping
        Seconds of the stages ``decode``, ``understand`` and ``encode``.
    normalised : str
        The words as they were understood, corrected and in their normal form; chips point into them.
    correction : Correction or None
        A slip put right: `normalised` is the corrected text where the correction is sure, otherwise it is a proposal.
    chips : tuple of Chip
        Facts read from the words, in their order.
    notes : tuple of Note
        What the shopper should be told.
    excluded : frozenset of str
        Ids of products that are no hits: those that were called liked or disliked.
    """

    photo: NDArray[np.float32] | None
    text: NDArray[np.float32] | None
    terms: Mapping[str, float] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    normalised: str = ""
    correction: Correction | None = None
    chips: tuple[Chip, ...] = ()
    notes: tuple[Note, ...] = ()
    excluded: frozenset[str] = frozenset()

    @property
    def kind(self) -> QueryKind:
        """What it is made of."""
        if self.photo is None:
            return "words"
        return "photo" if self.text is None else "both"

    @property
    def where(self) -> Filter | None:
        """What its hard chips leave; None if it has none."""
        return within(self.chips)


def within(chips: Collection[Chip]) -> Filter | None:
    """Join the filters of hard chips; None if there are none.

    Several values of one field are a choice ("red or blue"), except for bounds and for what is ruled out; different
    fields must all fit.
    """
    choices: dict[object, list[Filter]] = {}
    for place, chip in enumerate(chips):
        if chip.hard:
            alone = chip.excluded or chip.bound
            choices.setdefault(place if alone else chip.field, []).append(chip.filter)
    parts = tuple(filters[0] if len(filters) == 1 else Or(tuple(filters)) for filters in choices.values())
    return None if not parts else parts[0] if len(parts) == 1 else And(parts)
