"""Perturbed queries for robustness tests: with a typo, or with shuffled words."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Literal, TypeAlias

Variation: TypeAlias = Literal["typo", "order"]
"""A typo in a word, or shuffled words."""

_MIN_LENGTH = 4
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def vary_query(text: str, variation: Variation, seed: str) -> str:
    """Perturb a query's text; deterministic for a seed."""
    return _VARIATIONS[variation](text, random.Random(seed))


def add_typo(text: str, rng: random.Random) -> str:
    """Delete, insert, replace or transpose a letter after the first, in a word of at least four Latin letters.

    A text without such a word is returned unchanged.
    """
    words = text.split()
    long = [
        place
        for place, word in enumerate(words)
        if len(word) >= _MIN_LENGTH and word.isascii() and word.isalpha()
    ]
    if not long:
        return text
    place = rng.choice(long)
    word = words[place]
    at = rng.randrange(1, len(word))
    letter = rng.choice([candidate for candidate in _LETTERS if candidate != word[at].lower()])
    words[place] = rng.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at:],
            word[:at] + letter + word[at + 1 :],
            word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :],
        )
    )
    return " ".join(words)


def shuffle_words(text: str, rng: random.Random) -> str:
    """Shuffle the words that are separated by spaces."""
    words = text.split()
    rng.shuffle(words)
    return " ".join(words)


_VARIATIONS: dict[Variation, Callable[[str, random.Random], str]] = {
    "typo": add_typo,
    "order": shuffle_words,
}
