"""Wrong Chinese characters: 连衣群 for 连衣裙, as input methods offer characters of the same sound."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from snapshelf.language.pinyin import is_chinese, sound_alike

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_MIN_LENGTH, _MAX_LENGTH = 2, 8
_MIN_LENGTH_OF_OTHER_SOUND = 4
"""Least characters of a word in which a character of another sound may be wrong; shorter words have many neighbours."""

_DOMINANT = 5.0
"""Times that a word must be as frequent as the next to be the one that is meant."""


class ChineseCandidate(NamedTuple):
    """A known word that differs from the characters ``start`` to ``end - 1`` of a run in a single character."""

    start: int
    end: int
    word: str
    weight: float
    sure: bool


class ChineseSpeller:
    """Finds known words that differ from a text in a single character; read-only after construction.

    Parameters
    ----------
    weights : Mapping[str, float]
        Known words with their weights; others than Chinese words of two to eight characters are ignored.
    own : Mapping[str, float]
        Weights of the words that the shop has.
    texts : Iterable of str
        Texts of the shop: characters that stand together in them are right.
    """

    def __init__(self, weights: Mapping[str, float], own: Mapping[str, float], texts: Iterable[str]) -> None:
        self._weights = weights
        self._own = own
        self._by_gap: dict[tuple[str, str], list[str]] = defaultdict(list)
        for word in weights:
            if _MIN_LENGTH <= len(word) <= _MAX_LENGTH and is_chinese(word):
                for place in range(len(word)):
                    self._by_gap[word[:place], word[place + 1 :]].append(word)
        self._pairs = {
            text[place : place + 2] for text in texts if is_chinese(text) for place in range(len(text) - 1)
        }

    def candidates(self, run: str, unknown: frozenset[int], fixed: frozenset[int]) -> list[ChineseCandidate]:
        """Return the corrections of a run of Chinese characters, in order, without overlap, the longest first.

        Parameters
        ----------
        run : str
        unknown : frozenset of int
            Places of characters that belong to no known word; a correction covers one of them at least.
        fixed : frozenset of int
            Places of characters that belong to a word of two characters or more; they are not changed.
        """
        chosen: list[ChineseCandidate] = []
        taken: set[int] = set()
        for length in range(min(_MAX_LENGTH, len(run)), _MIN_LENGTH - 1, -1):
            for start in range(len(run) - length + 1):
                places = range(start, start + length)
                if taken.isdisjoint(places) and not unknown.isdisjoint(places):
                    candidate = self._candidate(run, start, start + length, fixed)
                    if candidate is not None:
                        chosen.append(candidate)
                        taken.update(places)
        return sorted(chosen)

    def _candidate(self, run: str, start: int, end: int, fixed: frozenset[int]) -> ChineseCandidate | None:
        text = run[start:end]
        nearest: list[tuple[bool, float, str]] = []
        for place in range(len(text)):
            if start + place in fixed or self._stands_in_shop(text, place):
                continue
            for word in self._by_gap.get((text[:place], text[place + 1 :]), ()):
                has_sound = sound_alike(word[place], text[place])
                if has_sound or len(text) >= _MIN_LENGTH_OF_OTHER_SOUND:
                    nearest.append((has_sound, self._weights[word], word))
        if not nearest:
            return None
        nearest.sort(reverse=True)
        has_sound, weight, word = nearest[0]
        next_weight = max((w for same, w, _ in nearest[1:] if same == has_sound), default=0.0)
        sure = word in self._own and weight >= _DOMINANT * next_weight
        if not sure and len(text) == _MIN_LENGTH:
            return None  # Two characters have too many neighbours even for a guess.
        return ChineseCandidate(start, end, word, weight, sure)

    def _stands_in_shop(self, text: str, place: int) -> bool:
        """Return whether the character stands beside one of its neighbours in a text of the shop."""
        return text[max(0, place - 1) : place + 1] in self._pairs or text[place : place + 2] in self._pairs
