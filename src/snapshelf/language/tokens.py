"""A normalised text as units (alphabetic words, single Chinese characters); stems; stop words."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from threading import Lock
from typing import NamedTuple

import snowballstemmer

_HAN = r"\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003347f"
_LETTERS = rf"[^\W_{_HAN}]+"
# A word goes on over an apostrophe between letters ("men's") and a point between digits ("3.5mm").
_WORD = rf"{_LETTERS}(?:(?:(?<=[^\W\d_])['’](?=[^\W\d_])|(?<=\d)\.(?=\d)){_LETTERS})*"
_UNIT = re.compile(rf"(?P<han>[{_HAN}])|{_WORD}|(?<= )&(?= )")

_ENGLISH = """
a an and any are as at be by can do for from have i in is it its like looking me my of on or our please show
some that the their them these they this those to us want was we were which will with you your
"""
_CHINESE = """
的 了 吗 呢 吧 啊 呀 和 与 及 或 在 是 有 要 想 找 买 用 穿 戴 给 我 你 他 她 它 这 那
个 件 条 只 款 双 把 顶 副 一个 一件 一条 一只 一款 一双 一把 一顶 一副 一对 一套 一些
这个 那个 这种 那种 这件 那件 这双 那双 以及 或者 可以 适合 推荐 请问 好看 比较 非常 什么 有什么 有没有
我要 我想 想要 想买 需要 我想要 我想买 我要买 我需要 帮我 给我 帮我找
"""
ENGLISH_STOP_WORDS = frozenset(_ENGLISH.split())
CHINESE_STOP_WORDS = frozenset(_CHINESE.split())


class Unit(NamedTuple):
    """A word or a Chinese character of a normalised text, at ``text[start:end]``.

    `text` is the form for comparison, without apostrophes and accents. `gap` is the text between the previous unit
    and this unit.
    """

    text: str
    start: int
    end: int
    is_han: bool
    gap: str


def _plain(word: str) -> str:
    word = word.replace("'", "").replace("’", "")
    if word == "&":
        return "and"
    if word.isascii():
        return word
    letters = "".join(c for c in unicodedata.normalize("NFD", word) if not "\u0300" <= c <= "\u036f")
    return unicodedata.normalize("NFC", letters)


def split_units(normalised: str) -> list[Unit]:
    """Split a normalised text into its units, in order."""
    units: list[Unit] = []
    end = 0
    for match in _UNIT.finditer(normalised):
        start = match.start()
        is_han = match["han"] is not None
        word = match[0]
        units.append(
            Unit(word if is_han else _plain(word), start, match.end(), is_han, normalised[end:start])
        )
        end = match.end()
    return units


# A Snowball stemmer holds the current word as state, so only one thread may use it at a time.
_STEMMER = snowballstemmer.stemmer("english")
_STEMMER_LOCK = Lock()


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """Return the English (Snowball) stem of `word`; words with digits or foreign letters are returned unchanged."""
    if not (word.isascii() and word.isalpha()):
        return word
    with _STEMMER_LOCK:
        return str(_STEMMER.stemWord(word))
