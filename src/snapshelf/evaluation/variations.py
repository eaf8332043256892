"""Queries as shoppers type them: with a slip, or in another order."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Literal, TypeAlias

Variation: TypeAlias = Literal["typo", "order"]
"""One letter wrong, or the words shuffled."""

_LEAST = 4
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def vary(text: str, variation: Variation, seed: str) -> str:
    """Change a query's text; the same seed gives the same change."""
    return _VARIATIONS[variation](text, random.Random(seed))


def with_typo(text: str, rng: random.Random) -> str:
    """Leave out, insert, replace or transpose a letter of a word of at least four Latin letters, not its first one.

    A text without such a word stays as it is.
    """
    words = text.split()
    long = [
        place for place, word in enumerate(words) if len(word) >= _LEAST and word.isascii() and word.isalpha()
    ]
    if not long:
        return text
    place = rng.choice(long)
    word = words[place]
    at = rng.randrange(1, len(word))
    letter = rng.choice([one for one in _LETTERS if one != word[at].lower()])
    words[place] = rng.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at:],
            word[:at] + letter + word[at + 1 :],
            word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :],
        )
    )
    return " ".join(words)


def in_other_order(text: str, rng: random.Random) -> str:
    """Shuffle the words, those that spaces part."""
    words = text.split()
    rng.shuffle(words)
    return " ".join(words)


_VARIATIONS: dict[Variation, Callable[[str, random.Random], str]] = {
    "typo": with_typo,
    "order": in_other_order,
}
