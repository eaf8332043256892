"""Chinese words by how they are typed: pinyin without tones, and initials."""

from __future__ import annotations

from functools import lru_cache
from itertools import chain, combinations
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_READINGS = 8
_ONE_CHARACTER = 3
"""One character is typed like many others; it is taken only where three longer words would not do."""
_RIVAL = 0.5
_HAN_FIRST, _HAN_LAST = "\u3400", "\u9fff"


def is_chinese(text: str) -> bool:
    """Say whether `text` is made of Chinese characters only."""
    return bool(text) and all(_HAN_FIRST <= character <= _HAN_LAST for character in text)


def has_chinese(text: str) -> bool:
    """Say whether a character of `text` is Chinese."""
    return not text.isascii() and any(_HAN_FIRST <= character <= _HAN_LAST for character in text)


@lru_cache(maxsize=1 << 15)
def _readings(character: str) -> tuple[str, ...]:
    """Ways to type a character, the usual one first; of rare readings only one."""
    # The dictionary takes a quarter of a second to read, and many searches never need it.
    from pypinyin import Style, pinyin

    if not _HAN_FIRST <= character <= _HAN_LAST:
        return (character,)
    readings = pinyin(character, style=Style.NORMAL, heteronym=True)[0][:2]
    # ü is typed v, and by some u.
    typed = [way for reading in readings for way in dict.fromkeys((reading, reading.replace("v", "u")))]
    return tuple(dict.fromkeys(typed))


def spellings(text: str, most: int) -> list[str]:
    """Return up to `most` spellings of `text` in pinyin without tones and spaces; other characters stay.

    The usual one comes first, then those in which one character has another reading, then two: 长袖 is typed
    changxiu, and zhangxiu is accepted.
    """
    return _joined([_readings(character) for character in text], most)


def initials(text: str, most: int) -> list[str]:
    """Return the first letters of the syllables of `text`, as input methods accept them: lyq for 连衣裙."""
    return _joined(
        [tuple(dict.fromkeys(reading[0] for reading in _readings(character))) for character in text], most
    )


def _joined(choices: list[tuple[str, ...]], most: int) -> list[str]:
    unusual = [(place, reading) for place, readings in enumerate(choices) for reading in readings[1:]]
    variations = chain([()], combinations(unusual, 1), combinations(unusual, 2))
    ways: dict[str, None] = {}
    for variation in variations:
        changed = dict(variation)
        ways["".join(changed.get(place, readings[0]) for place, readings in enumerate(choices))] = None
        if len(ways) == most:
            break
    return list(ways)


class Meaning(NamedTuple):
    """Chinese words that were typed in pinyin; `cost` is lower for fewer and longer words.

    `sure` unless one is a single character, or another word of half the weight or more is typed the same.
    """

    cost: int
    weight: float
    words: tuple[str, ...]
    sure: bool


class PinyinWords:
    """Chinese words found by their pinyin; read-only once made.

    Parameters
    ----------
    weights : Mapping[str, float]
        Words with what they are worth beside others of the same pinyin.
    """

    def __init__(self, weights: Mapping[str, float]) -> None:
        typed: dict[str, list[tuple[float, str]]] = {}
        for word, weight in weights.items():
            for rank, way in enumerate(spellings(word, _MOST_READINGS)):
                typed.setdefault(way, []).append((weight / (1 + rank), word))
        self._typed = {way: _likeliest(words) for way, words in typed.items()}
        self._longest = max(map(len, self._typed), default=0)

    def beginnings(self, letters: str) -> dict[int, Meaning]:
        """Return what the first n of `letters` mean, for each n at which Chinese words may end."""
        best = {0: Meaning(0, 0.0, (), sure=True)}
        for start in range(len(letters)):
            before = best.get(start)
            if before is None:
                continue
            for end in range(start + 1, min(len(letters), start + self._longest) + 1):
                word = self._typed.get(letters[start:end])
                if word is not None:
                    meaning = Meaning(
                        before.cost + word.cost,
                        before.weight + word.weight,
                        before.words + word.words,
                        before.sure and word.sure,
                    )
                    best[end] = min(best.get(end, meaning), meaning, key=lambda m: (m.cost, -m.weight))
        return best


def _likeliest(words: list[tuple[float, str]]) -> Meaning:
    (weight, word), *others = sorted(words, reverse=True)
    challenger = bool(others) and others[0][0] >= _RIVAL * weight
    single = len(word) == 1
    return Meaning(_ONE_CHARACTER if single else 1, weight, (word,), sure=not single and not challenger)
