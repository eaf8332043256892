"""Chinese words by how they are typed: pinyin without tones, and initials."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice, product

_MOST_READINGS = 4
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


def spellings(text: str) -> list[str]:
    """Return the pinyin of `text` without tones and spaces, the likeliest first; other characters stay.

    Up to four, as some characters have several readings: 长袖 is typed changxiu, and zhangxiu is accepted.
    """
    return _joined([_readings(character) for character in text])


def initials(text: str) -> list[str]:
    """Return the first letters of the syllables of `text`, as input methods accept them: lyq for 连衣裙."""
    return _joined(
        [tuple(dict.fromkeys(reading[0] for reading in _readings(character))) for character in text]
    )


def _joined(choices: list[tuple[str, ...]]) -> list[str]:
    ways = ("".join(way) for way in product(*choices))
    return list(islice(ways, _MOST_READINGS))
