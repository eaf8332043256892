"""A normalised text as units (alphabetic words, single Chinese characters); stems; stop words."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from threading import Lock
from typing import NamedTuple

import snowballstemmer

_HAN = r"\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003347f"
_HIRAGANA, _KATAKANA, _HANGUL = (
    r"\u3041-\u309f",
    r"\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff",
    r"\u1100-\u11ff\uac00-\ud7a3",
)
_SOUTH_EAST = r"\u0e00-\u0edf\u1000-\u109f\u1780-\u17dd"  # Thai, Lao, Burmese, Khmer
_UNSPACED = _HAN + _HIRAGANA + _KATAKANA + _HANGUL + _SOUTH_EAST
# Signs that belong to a word: C++, C#, .NET; a plus at the end is a word (S24+ is S24 Plus).
_SIGNS = r"(?<!\w)(?:[^\W\d_]+\+\+|[a-z]#)(?![\w+#])|(?<![\w.])\.net(?!\w)"
_PLUS = r"(?<=\w)\+(?![\w+])"


def _units_pattern(letters: str, scripts: str = "") -> re.Pattern[str]:
    # A word goes on over an apostrophe between letters ("men's") and a point or a comma between digits ("3.5mm").
    inner = r"(?<=[^\W\d_])['’](?=[^\W\d_])|(?<=\d)\.(?=\d)|(?<=\d),(?=\d{1,2}(?!\d))"
    word = rf"{letters}(?:(?:{inner}){letters})*"
    return re.compile(rf"{scripts}{_SIGNS}|{word}|{_PLUS}|(?<= )&(?= )")


_ASCII_UNIT = _units_pattern("[a-z0-9]+")


@cache
def _unit() -> re.Pattern[str]:
    # Vowel signs of Hindi, Arabic and others are marks, which are no letters to a regular expression.
    marks = "".join(chr(code) for code in range(0x10000) if unicodedata.category(chr(code)).startswith("M"))
    other = rf"[{_HIRAGANA}\u30fc]+|[{_KATAKANA}]+|[{_HANGUL}]+|(?=\w)[{_SOUTH_EAST}]+"
    letters = rf"[^\W_{_UNSPACED}](?:[^\W_{_UNSPACED}]|[{marks}])*"
    return _units_pattern(letters, rf"(?P<han>[{_HAN}])|(?P<unspaced>{other})|")


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
    and this unit. `is_unspaced` says that words of its script are written without spaces: Chinese, Japanese, Korean,
    Thai. `others` are other written forms: "mueller" of "müller", "eau" of "l'eau". `parts` are the words between
    apostrophes: "levi" and "s" of "levi's".
    """

    text: str
    start: int
    end: int
    is_han: bool
    gap: str
    is_unspaced: bool = False
    others: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()

    @property
    def is_elided(self) -> bool:
        """Whether the first of `others` is the word without an article or preposition: eau of l'eau."""
        return bool(self.others) and self.text.endswith(self.others[0])

    @property
    def key(self) -> str:
        """The form that names of the lexicon are compared with: für is no fur, and l'eau is eau."""
        return self.others[0] if self.others else self.text


_PLAIN = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i", "ё": "е"}
)
_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
_ACCENTED = re.compile(r"[^\W\d_\u0400-\u052f][\u0300-\u036f]+")  # й is no и with an accent
_ELISION = re.compile(r"(?:[cdjlmnst]|qu|un|dell|all|nell|sull|dall|quest|jusqu|lorsqu|puisqu)['’](?=\w{2})")


def _plain(word: str) -> str:
    word = word.replace("'", "").replace("’", "").replace(",", ".")
    if word in _WORDS_OF_SIGNS:
        return _WORDS_OF_SIGNS[word]
    if word.isascii():
        return word
    decomposed = unicodedata.normalize("NFD", word.translate(_PLAIN))
    return unicodedata.normalize("NFC", _ACCENTED.sub(lambda match: match[0][0], decomposed))


_WORDS_OF_SIGNS = {"&": "and", "+": "plus"}


def _other_forms(word: str, plain: str) -> tuple[str, ...]:
    """Return further forms by which a word is written, without accents."""
    elided = _ELISION.match(word)
    if elided:
        rest = word[elided.end() :]
        return (_plain(rest), *_other_forms(rest, _plain(rest)))
    spelt_out = word if word.isascii() else _plain(word.translate(_SPELT_OUT))
    return () if spelt_out in (word, plain) else (spelt_out,)


def _parts(word: str) -> tuple[str, ...]:
    parts = word.replace("’", "'").split("'")
    return tuple(_plain(part) for part in parts) if len(parts) > 1 else ()


def split_units(normalised: str) -> list[Unit]:
    """Split a normalised text into its units, in order."""
    units: list[Unit] = []
    end = 0
    if normalised.isascii():
        for match in _ASCII_UNIT.finditer(normalised):
            start, word = match.start(), match[0]
            plain = word if word.isalnum() else _plain(word)
            more = (_other_forms(word, plain), _parts(word)) if "'" in word else ()
            units.append(Unit(plain, start, match.end(), False, normalised[end:start], False, *more))
            end = match.end()
        return units
    for match in _unit().finditer(normalised):
        start, word = match.start(), match[0]
        gap, last = normalised[end:start], match.end()
        if match["han"] or match["unspaced"]:
            units.append(Unit(word, start, last, match["han"] is not None, gap, True))
        else:
            plain = _plain(word)
            others = _other_forms(word, plain)
            units.append(Unit(plain, start, last, False, gap, False, others, _parts(word)))
        end = last
    return units


def is_stop_word(word: str) -> bool:
    """Return whether a unit says nothing beside others: an English stop word, or a single sign of hiragana."""
    return word in ENGLISH_STOP_WORDS or (len(word) == 1 and "\u3041" <= word <= "\u309f")


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
