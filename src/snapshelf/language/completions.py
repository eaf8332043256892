"""Autocompletion: phrases by prefix; Chinese phrases also by pinyin and by initials."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from snapshelf.language.normalisation import normalise
from snapshelf.language.pinyin import has_chinese, initials, spellings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

_INNER_WORD_WEIGHT = 0.5
_PINYIN_WEIGHT = 0.8
_INITIALS_WEIGHT = 0.4
_OTHER_LANGUAGE_WEIGHT = 1e-6
_MAX_READINGS = 4
_LAST_CODE_POINT = "\U0010ffff"
_MAX_KEY_LENGTH = 64


class Completion(NamedTuple):
    """A phrase to suggest.

    Attributes
    ----------
    text : str
        The phrase as displayed.
    weight : float
        Rank weight above 0, for example the number of searches.
    language : str
        ``"en"``, ``"zh"``, or empty for phrases of both languages such as brands.
    """

    text: str
    weight: float
    language: str = ""


class Completions:
    """A prefix index of phrases.

    A prefix matches the start of the phrase or, at half the weight, the start of a later word. For a Chinese phrase
    it also matches its pinyin (0.8 of the weight) and its initials (0.4): lian and lyq match 连衣裙. Read-only after
    construction.

    Parameters
    ----------
    phrases : Iterable[Completion]
        Of phrases with the same normal form, the phrase with the largest weight is kept.
    """

    def __init__(self, phrases: Iterable[Completion]) -> None:
        best: dict[str, Completion] = {}
        for phrase in phrases:
            key = normalise(phrase.text)
            if key and (key not in best or best[key].weight < phrase.weight):
                best[key] = phrase
        self._phrases = list(best.values())
        typed = sorted(
            (way[:_MAX_KEY_LENGTH], place, share)
            for place, key in enumerate(best)
            for way, share in _typed_forms(key)
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
        """Return up to `k` phrases that match `prefix`, in order of decreasing weight.

        Parameters
        ----------
        prefix : str
            The text typed so far.
        k : int
            Maximum number of phrases.
        language : str or None
            ``"en"`` or ``"zh"``: phrases of the other language come last.
        """
        key = normalise(prefix)[:_MAX_KEY_LENGTH]
        rows = self._rows_with_prefix(key)
        if " " in key:  # pinyin with spaces
            rows = np.concatenate([rows, self._rows_with_prefix(key.replace(" ", ""))])
        weights = self._weights[rows]
        if language is not None:
            foreign = (self._languages[rows] != language) & (self._languages[rows] != "")
            weights = np.where(foreign, weights * _OTHER_LANGUAGE_WEIGHT, weights)
        # A phrase has a row for each typed form that matches, rarely more than three.
        taken = 4 * k
        while True:
            matches = dict.fromkeys(self._places[rows[_largest(weights, taken)]].tolist())
            if len(matches) >= k or taken >= len(rows):
                return [self._phrases[place] for place in matches][:k]
            taken *= 4

    def _rows_with_prefix(self, key: str) -> NDArray[np.intp]:
        return np.arange(bisect_left(self._keys, key), bisect_left(self._keys, key + _LAST_CODE_POINT))


def _largest(weights: NDArray[np.float64], k: int) -> NDArray[np.intp]:
    """Return the positions of the `k` largest weights in decreasing order; equal weights keep their order."""
    if len(weights) > k:
        least = -np.partition(-weights, k - 1)[k - 1]
        candidates = np.flatnonzero(weights >= least)
    else:
        candidates = np.arange(len(weights))
    return candidates[np.argsort(-weights[candidates], kind="stable")][:k]


def _typed_forms(key: str) -> Iterator[tuple[str, float]]:
    yield key, 1.0
    place = key.find(" ")
    while place >= 0:
        yield key[place + 1 :], _INNER_WORD_WEIGHT
        place = key.find(" ", place + 1)
    if has_chinese(key):
        plain = key.replace(" ", "")
        yield from ((way, _PINYIN_WEIGHT) for way in spellings(plain, _MAX_READINGS))
        yield from ((way, _INITIALS_WEIGHT) for way in initials(plain, _MAX_READINGS))
