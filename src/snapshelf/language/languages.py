"""Languages of shop texts: how they are recognised by their words, their stop words, and their stems (Snowball)."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib import resources
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import snowballstemmer
import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping


class Language(NamedTuple):
    """A language other than English and Chinese, as ``languages.yaml`` describes it.

    Parameters
    ----------
    code : str
        ISO 639-1.
    stemmer : str
        Name of the Snowball algorithm.
    script : tuple of str
        First and last letter of its script; empty for Latin letters.
    stop_words : frozenset of str
        Words that say nothing of a product.
    shop_words : frozenset of str
        Words that most shops in the language have.
    joins : tuple of str
        Letters that join the parts of compounds, the empty text among them; empty where words are not compounded.
    modifiers : frozenset of str
        Words that often begin compounds.
    """

    code: str
    stemmer: str
    script: tuple[str, ...]
    stop_words: frozenset[str]
    shop_words: frozenset[str]
    joins: tuple[str, ...]
    modifiers: frozenset[str]


@cache
def _content() -> tuple[tuple[Language, ...], frozenset[str]]:
    """Read the file: the languages, and the words that tell none."""
    text = (resources.files("snapshelf.language") / "languages.yaml").read_text("utf-8")
    content: dict[str, Any] = yaml.safe_load(text)
    languages = tuple(
        Language(
            code,
            entry["stemmer"],
            tuple(entry.get("script", ())),
            frozenset(entry["stop"].split()),
            frozenset(entry.get("shop", "").split()),
            tuple(entry.get("joins", ())),
            frozenset(entry.get("begins", "").split()),
        )
        for code, entry in content["languages"].items()
    )
    return languages, frozenset(content["shared"].split())


def latin_languages() -> tuple[Language, ...]:
    """Return the languages in Latin letters."""
    return tuple(language for language in _content()[0] if not language.script)


@lru_cache(maxsize=1 << 12)
def _of_letter(letter: str) -> Language | None:
    scripts = (language for language in _content()[0] if language.script)
    return next((each for each in scripts if each.script[0] <= letter <= each.script[1]), None)


def of_script(word: str) -> Language | None:
    """Return the language that stands for the script of a word; None for Latin letters and unknown scripts."""
    return None if word[0].isascii() else _of_letter(word[0])


_MIN_TELLING_LENGTH = 3
"""Shorter words are names, sizes and abbreviations too: am, im, lo, su."""


@cache
def telling_words() -> Mapping[str, tuple[Language, ...]]:
    """Return words that tell a language in Latin letters → the languages that have them."""
    languages: dict[str, tuple[Language, ...]] = {}
    for language in latin_languages():
        for word in (language.stop_words | language.shop_words) - _content()[1]:
            if len(word) >= _MIN_TELLING_LENGTH:
                languages[word] = (*languages.get(word, ()), language)
    return languages


# A Snowball stemmer holds the current word as state, so only one thread may use it at a time.
_LOCK = Lock()


@cache
def _stemmer(name: str) -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer(name)


@lru_cache(maxsize=1 << 17)
def stem_in(language: Language, word: str) -> str:
    """Return the stem (Snowball) of a word without accents in a language."""
    if language.code == "pt" and word.endswith(("oes", "aes")):
        word = word[:-3] + "ao"  # Snowball knows the plural by its accent only.
    with _LOCK:
        return str(_stemmer(language.stemmer).stemWord(word))
