"""Slips of the keyboard and pinyin, put right with the words that the shop has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from snapshelf.language._lexicon import Lexicon
    from snapshelf.language._vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Change:
    """A word put right.

    Attributes
    ----------
    start, end : int
        Where it was in the normalised text.
    before, after : str
        What was there and what is there now.
    kind : str
        ``"typo"`` or ``"pinyin"``.
    """

    start: int
    end: int
    before: str
    after: str
    kind: Literal["typo", "pinyin"]


@dataclass(frozen=True, slots=True)
class Correction:
    """A text put right.

    Attributes
    ----------
    text : str
        The whole text as corrected, in normal form.
    changes : tuple[Change, ...]
        What was changed, in order; at least one.
    sure : bool
        Search for the corrected text at once; otherwise ask "did you mean".
    """

    text: str
    changes: tuple[Change, ...]
    sure: bool


def correct(text: str, vocabulary: Vocabulary, lexicon: Lexicon | None = None) -> Correction | None:
    """Put right the words of `text` that neither shop nor lexicon knows, or return None."""
    return None
