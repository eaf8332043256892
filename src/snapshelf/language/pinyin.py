"""Chinese words as they are typed: pinyin without tones, and initials."""

from __future__ import annotations

from functools import lru_cache
from itertools import chain, combinations
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_MAX_READINGS = 8
_SINGLE_CHARACTER_COST = 3
"""Cost of a single character. Many characters share a pinyin, so three longer words cost the same."""
_AMBIGUOUS_SHARE = 0.5
_HAN_FIRST, _HAN_LAST = "\u3400", "\u9fff"


def is_chinese(text: str) -> bool:
    """Return whether `text` consists of Chinese characters only."""
    return bool(text) and all(_HAN_FIRST <= character <= _HAN_LAST for character in text)


def has_chinese(text: str) -> bool:
    """Return whether any character of `text` is Chinese."""
    return not text.isascii() and any(_HAN_FIRST <= character <= _HAN_LAST for character in text)


@lru_cache(maxsize=1 << 15)
def _readings(character: str) -> tuple[str, ...]:
    """Return the typed forms of a character, the usual form first, with at most a single rare reading."""
    # Loading the dictionary takes 0.25 s, and many searches never need it.
    from pypinyin import Style, pinyin

    if not _HAN_FIRST <= character <= _HAN_LAST:
        return (character,)
    readings = pinyin(character, style=Style.NORMAL, heteronym=True)[0][:2]
    # ü is typed v, and by some u.
    typed = [way for reading in readings for way in dict.fromkeys((reading, reading.replace("v", "u")))]
    return tuple(dict.fromkeys(typed))


def sound_alike(first: str, second: str) -> bool:
    """Return whether two characters have a reading in common, but for the tone."""
    return not set(_readings(first)).isdisjoint(_readings(second))


def spellings(text: str, limit: int) -> list[str]:
    """Return up to `limit` spellings of `text` in pinyin without tones and spaces; other characters stay.

    The usual spelling comes first, then spellings with another reading of one character, then of two: 长袖 is typed
    changxiu, and zhangxiu is accepted.
    """
    return _joined([_readings(character) for character in text], limit)


def initials(text: str, limit: int) -> list[str]:
    """Return the first letters of the syllables of `text`, as input methods accept them: lyq for 连衣裙."""
    return _joined(
        [tuple(dict.fromkeys(reading[0] for reading in _readings(character))) for character in text], limit
    )


def _joined(choices: list[tuple[str, ...]], limit: int) -> list[str]:
    unusual = [(place, reading) for place, readings in enumerate(choices) for reading in readings[1:]]
    variations = chain([()], combinations(unusual, 1), combinations(unusual, 2))
    ways: dict[str, None] = {}
    for variation in variations:
        changed = dict(variation)
        ways["".join(changed.get(place, readings[0]) for place, readings in enumerate(choices))] = None
        if len(ways) == limit:
            break
    return list(ways)


class PinyinDecoding(NamedTuple):
    """Chinese words decoded from pinyin; `cost` is lower for fewer and longer words.

    `sure` unless a word is a single character or shares its pinyin with a word of half its weight or more.
    """

    cost: int
    weight: float
    words: tuple[str, ...]
    sure: bool


class PinyinDecoder:
    """Decodes pinyin to Chinese words; read-only after construction.

    Parameters
    ----------
    weights : Mapping[str, float]
        Words with their weight among words of the same pinyin.
    """

    def __init__(self, weights: Mapping[str, float]) -> None:
        typed: dict[str, list[tuple[float, str]]] = {}
        for word, weight in weights.items():
            for rank, way in enumerate(spellings(word, _MAX_READINGS)):
                typed.setdefault(way, []).append((weight / (1 + rank), word))
        self._typed = {way: _most_likely(words) for way, words in typed.items()}
        self._longest = max(map(len, self._typed), default=0)

    def decode_prefixes(self, letters: str) -> dict[int, PinyinDecoding]:
        """Return the best decoding of the first n of `letters`, for each n at which Chinese words can end."""
        best = {0: PinyinDecoding(0, 0.0, (), sure=True)}
        for start in range(len(letters)):
            prefix = best.get(start)
            if prefix is None:
                continue
            for end in range(start + 1, min(len(letters), start + self._longest) + 1):
                word = self._typed.get(letters[start:end])
                if word is not None:
                    decoding = PinyinDecoding(
                        prefix.cost + word.cost,
                        prefix.weight + word.weight,
                        prefix.words + word.words,
                        prefix.sure and word.sure,
                    )
                    best[end] = min(best.get(end, decoding), decoding, key=lambda m: (m.cost, -m.weight))
        return best


def _most_likely(words: list[tuple[float, str]]) -> PinyinDecoding:
    (weight, word), *others = sorted(words, reverse=True)
    is_ambiguous = bool(others) and others[0][0] >= _AMBIGUOUS_SHARE * weight
    single = len(word) == 1
    return PinyinDecoding(
        _SINGLE_CHARACTER_COST if single else 1, weight, (word,), sure=not single and not is_ambiguous
    )
