"""Phrases found by their beginnings, Chinese ones by pinyin and initials too."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from snapshelf.language._normalise import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable


class Completion(NamedTuple):
    """A phrase to offer.

    Attributes
    ----------
    text : str
        The phrase as it is shown.
    weight : float
        How much it is worth among others, for example how often it was asked for.
    language : str
        ``"en"``, ``"zh"``, or empty where it belongs to both, as brands do.
    """

    text: str
    weight: float
    language: str = ""


class Completions:
    """An index of phrases by their beginnings; read-only once made."""

    def __init__(self, keys: list[str], places: list[int], phrases: list[Completion]) -> None:
        self._keys = keys
        self._places = np.array(places, np.intp)
        self._phrases = phrases
        self._weights = np.array([phrases[place].weight for place in places], np.float64)

    @classmethod
    def of(cls, phrases: Iterable[Completion]) -> Completions:
        """Index phrases; of those with the same normal form the one of the largest weight counts."""
        best: dict[str, Completion] = {}
        for phrase in phrases:
            key = normalise(phrase.text)
            if key and (key not in best or best[key].weight < phrase.weight):
                best[key] = phrase
        keyed = sorted((key, place) for place, key in enumerate(best))
        return cls([key for key, _ in keyed], [place for _, place in keyed], list(best.values()))

    def find(self, prefix: str, k: int = 10, language: str | None = None) -> list[Completion]:
        """Return the `k` phrases of the largest weight that begin with `prefix`.

        Where `language` is given, phrases of the other language come after all others.
        """
        key = normalise(prefix)
        first = bisect_left(self._keys, key)
        last = bisect_left(self._keys, key + "\U0010ffff")
        best = first + np.argsort(-self._weights[first:last], kind="stable")
        found = [self._phrases[place] for place in self._places[best]]
        return sorted(found, key=lambda phrase: phrase.language not in ("", language or phrase.language))[:k]
