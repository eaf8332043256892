"""Phrases found by their beginnings, Chinese ones by pinyin and initials too."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from snapshelf.language.normalisation import normalise
from snapshelf.language.pinyin import has_chinese, initials, spellings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

_INNER_WORD = 0.5
_PINYIN = 0.8
_INITIALS = 0.4
_OTHER_LANGUAGE = 1e-6
_MOST_READINGS = 4
_BEHIND_ALL = "\U0010ffff"
_LONGEST_KEY = 64


class Completion(NamedTuple):
    """A phrase to offer.

    Attributes
    ----------
    text : str
        The phrase as it is shown.
    weight : float
        How much it is worth among others, above 0: for example how often it was asked for.
    language : str
        ``"en"``, ``"zh"``, or empty where it belongs to both, as brands do.
    """

    text: str
    weight: float
    language: str = ""


class Completions:
    """An index of phrases by what people type of them first.

    That is the beginning of the phrase or, at half the weight, of a later word of it; of a Chinese phrase also
    of its pinyin (0.8 of the weight) or of its initials (0.4): lian and lyq find 连衣裙. Read-only once made.

    Parameters
    ----------
    phrases : Iterable[Completion]
        Of those with the same normal form the one of the largest weight counts.
    """

    def __init__(self, phrases: Iterable[Completion]) -> None:
        best: dict[str, Completion] = {}
        for phrase in phrases:
            key = normalise(phrase.text)
            if key and (key not in best or best[key].weight < phrase.weight):
                best[key] = phrase
        self._phrases = list(best.values())
        typed = sorted(
            (way[:_LONGEST_KEY], place, share)
            for place, key in enumerate(best)
            for way, share in _ways_to_type(key)
        )
        self._keys = [way for way, _, _ in typed]
        self._places = np.array([place for _, place, _ in typed], np.intp)
        weights = np.array([phrase.weight for phrase in self._phrases])
        self._weights = weights[self._places] * np.array([share for _, _, share in typed])
        languages = np.array([phrase.language for phrase in self._phrases])
        self._languages = languages[self._places]

    @classmethod
    def of(cls, phrases: Iterable[Completion]) -> Completions:
        """Index `phrases`."""
        return cls(phrases)

    def __len__(self) -> int:
        return len(self._phrases)

    def find(self, prefix: str, k: int = 10, language: str | None = None) -> list[Completion]:
        """Return up to `k` phrases of which `prefix` is the beginning, those of the most weight first.

        Parameters
        ----------
        prefix : str
            What has been typed so far.
        k : int
            How many at most.
        language : str or None
            ``"en"`` or ``"zh"``: phrases of the other language come after all others.
        """
        key = normalise(prefix)[:_LONGEST_KEY]
        rows = self._beginning_with(key)
        if " " in key:  # pinyin with spaces
            rows = np.concatenate([rows, self._beginning_with(key.replace(" ", ""))])
        weights = self._weights[rows]
        if language is not None:
            foreign = (self._languages[rows] != language) & (self._languages[rows] != "")
            weights = np.where(foreign, weights * _OTHER_LANGUAGE, weights)
        # A phrase has a row for each way to type it that fits, which are seldom more than three.
        taken = 4 * k
        while True:
            found = dict.fromkeys(self._places[rows[_largest(weights, taken)]].tolist())
            if len(found) >= k or taken >= len(rows):
                return [self._phrases[place] for place in found][:k]
            taken *= 4

    def _beginning_with(self, key: str) -> NDArray[np.intp]:
        return np.arange(bisect_left(self._keys, key), bisect_left(self._keys, key + _BEHIND_ALL))


def _largest(weights: NDArray[np.float64], k: int) -> NDArray[np.intp]:
    """Places of the `k` largest, the largest first; of equals the one that comes first."""
    if len(weights) > k:
        least = -np.partition(-weights, k - 1)[k - 1]
        candidates = np.flatnonzero(weights >= least)
    else:
        candidates = np.arange(len(weights))
    return candidates[np.argsort(-weights[candidates], kind="stable")][:k]


def _ways_to_type(key: str) -> Iterator[tuple[str, float]]:
    yield key, 1.0
    place = key.find(" ")
    while place >= 0:
        yield key[place + 1 :], _INNER_WORD
        place = key.find(" ", place + 1)
    if has_chinese(key):
        plain = key.replace(" ", "")
        yield from ((way, _PINYIN) for way in spellings(plain, _MOST_READINGS))
        yield from ((way, _INITIALS) for way in initials(plain, _MOST_READINGS))
