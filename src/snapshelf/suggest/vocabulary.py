"""What the shop's own texts say: the words to correct to, the phrases to complete."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Literal, NamedTuple, Self, TypeAlias

from snapshelf._support.files import write_bytes
from snapshelf.catalogue import Catalogue, Product
from snapshelf.errors import LexiconError
from snapshelf.language import Concept, Lexicon, Vocabulary, normalise

PhraseKind: TypeAlias = Literal["brand", "category", "phrase", "part", "title"]
"""A brand, the name of a category, words that shoppers may use of a product, a part of its title, or its title."""

MOST_PHRASES = 400_000
"""Phrases kept; beyond, those of one product are forgotten, titles among them."""

_LAYOUT = 1
_READ_AT_ONCE = 512
_VOCABULARY = "vocabulary.tsv"
_PHRASES = "phrases.json.gz"
_FIRST_WORDS, _LAST_WORDS = (1, 2), (2, 3)
"""Words of the beginnings and ends of titles that are kept."""

_BEFORE_A_CATEGORY = ("colour", "material", "pattern", "gender", "style", "usage", "season", "occasion")
"""Kinds of concepts that are said with a category: red dress, 红色连衣裙."""


class Phrase(NamedTuple):
    """A phrase that can be offered; `language` is "en", "zh", or empty where it belongs to both."""

    text: str
    kind: PhraseKind
    language: str


class ShopVocabulary:
    """The vocabulary of a shop, and the phrases that say what it has, each with the number of products.

    It follows the catalogue by `replace`, and is kept in a folder between runs. What a killed process had not saved is
    counted again from the catalogue; the products that it had changed then count twice in places, until the folder is
    made anew. It may be read from several threads while one changes it.
    """

    def __init__(self, folder: Path, lexicon: Lexicon) -> None:
        self._folder = folder
        self._lexicon = lexicon
        self._phrases: Counter[Phrase] = Counter()
        self._lock = Lock()
        self._saved = -1
        self.vocabulary = Vocabulary()
        self.version = 0

    @classmethod
    def open(cls, folder: Path, catalogue: Catalogue, lexicon: Lexicon) -> Self:
        """Load what was saved and catch up with the catalogue; make all anew where that does not fit.

        Parameters
        ----------
        folder : Path
            Made by `save`.
        catalogue : Catalogue
        lexicon : Lexicon
            The shop's.
        """
        words = cls(folder, lexicon)
        if not words._load() or words.version > catalogue.version:
            words = cls(folder, lexicon)
        while changes := catalogue.changes(words.version, _READ_AT_ONCE):
            new = [change.entry.product for change in changes if change.entry]
            words.replace((), new, changes[-1].version)
        return words

    def phrases(self) -> list[tuple[Phrase, int]]:
        """List the phrases with the number of products of each."""
        with self._lock:
            return list(self._phrases.items())

    def replace(self, before: Iterable[Product], after: Iterable[Product], version: int) -> None:
        """Follow a change of the catalogue.

        Parameters
        ----------
        before : iterable of Product
            What was there and is no more, or is no more like that.
        after : iterable of Product
            What is there now.
        version : int
            Catalogue version of the change.
        """
        was, now = ({product.id: product for product in products} for products in (before, after))
        # Prices and stock change all day, words seldom.
        same = {id for id in was.keys() & now.keys() if [*_texts(was[id])] == [*_texts(now[id])]}
        old = [product for id, product in was.items() if id not in same]
        new = [product for id, product in now.items() if id not in same]
        if old:
            self.vocabulary.remove(text for product in old for text in _texts(product))
        if new:
            self.vocabulary.add(text for product in new for text in _texts(product))
        gone = Counter(phrase for product in old for phrase in phrases_of(product, self._lexicon))
        come = Counter(phrase for product in new for phrase in phrases_of(product, self._lexicon))
        with self._lock:
            self._phrases.update(come)
            for phrase, times in gone.items():
                left = self._phrases[phrase] - times
                if left > 0:
                    self._phrases[phrase] = left
                else:
                    del self._phrases[phrase]
            if len(self._phrases) > MOST_PHRASES:
                # Lossy counting: Manku & Motwani, "Approximate frequency counts over data streams", 2002.
                self._phrases = Counter({phrase: n for phrase, n in self._phrases.items() if n > 1})
            self.version = version

    def save(self) -> None:
        """Write it into its folder, unless nothing has changed.

        Raises
        ------
        StorageError
            It could not be written.
        """
        if self._saved == self.version:
            return
        content = {**self._stamp(), "phrases": self.phrases()}
        self.vocabulary.save(self._folder / _VOCABULARY)
        phrases = json.dumps(content, ensure_ascii=False).encode()
        write_bytes(self._folder / _PHRASES, gzip.compress(phrases, compresslevel=1))
        self._saved = self.version

    def _load(self) -> bool:
        """Read what was saved; False where it cannot be used."""
        try:
            with gzip.open(self._folder / _PHRASES, "rt", encoding="utf-8") as file:
                content = json.load(file)
            self.vocabulary = Vocabulary.load(self._folder / _VOCABULARY)
            self._phrases = Counter({Phrase(*phrase): times for phrase, times in content.pop("phrases")})
            self.version = self._saved = content["version"]
        except (OSError, EOFError, ValueError, TypeError, KeyError, LexiconError):
            return False
        return bool(content == self._stamp())

    def _stamp(self) -> dict[str, str | int]:
        """What must be the same for the two files to belong together, and to this lexicon."""
        return {
            "layout": _LAYOUT,
            "lexicon": self._lexicon.fingerprint,
            "version": self.version,
            "texts": self.vocabulary.texts,
            "words": len(self.vocabulary),
        }


def phrases_of(product: Product, lexicon: Lexicon) -> set[Phrase]:
    """Return the phrases that find a product."""
    found = {Phrase(product.title, "title", _language(product.title))}
    found |= {Phrase(name, "category", _language(name)) for name in product.category}
    if product.brand:
        found.add(Phrase(product.brand, "brand", ""))
    parts = list(_ends_of(product.title))
    found |= {Phrase(text, "part", "en") for text in parts}
    concepts = concepts_of(product, lexicon)
    leaves = leaves_of(concepts, lexicon)
    said_before = [concept for concept in concepts if concept.kind in _BEFORE_A_CATEGORY]
    for language, gap in (("en", " "), ("zh", "")):
        wider = [each for leaf in leaves for each in lexicon.ancestors(leaf)]
        found |= {Phrase(each.label(language), "category", language) for each in (*leaves, *wider)}
        for leaf in leaves:
            label = leaf.label(language)
            before = [each.label(language) for each in said_before]
            found |= {
                Phrase(f"{each}{gap}{label}", "phrase", language) for each in before if each not in label
            }
            if product.brand:
                found.add(Phrase(f"{product.brand} {label}", "phrase", language))
            elif parts and not _concepts(parts[0], lexicon):
                # Shops without a field for brands begin their titles with them.
                found.add(Phrase(f"{parts[0]} {label}", "part", language))
    return found


def concepts_of(product: Product, lexicon: Lexicon) -> list[Concept]:
    """Return what a product's title, category and attributes name, in order and once each."""
    texts = [product.title, *product.category, *_values(product)]
    return list(dict.fromkeys(concept for text in texts for concept in _concepts(text, lexicon)))


@lru_cache(maxsize=16_384)
def _concepts(text: str, lexicon: Lexicon) -> tuple[Concept, ...]:
    """The same categories and attribute values come with product after product."""
    return tuple(match.concept for match in lexicon.find(text))


def leaves_of(concepts: list[Concept], lexicon: Lexicon) -> list[Concept]:
    """Return the narrowest categories among concepts."""
    categories = [concept for concept in concepts if concept.kind == "category"]
    wider = {each.id for concept in categories for each in lexicon.ancestors(concept)}
    return [concept for concept in categories if concept.id not in wider]


def _ends_of(title: str) -> Iterator[str]:
    """First and last words of a title in English, where brands and the thing itself stand."""
    words = normalise(title).split() if _language(title) == "en" else []
    yield from (" ".join(words[:number]) for number in _FIRST_WORDS if len(words) > number)
    yield from (" ".join(words[-number:]) for number in _LAST_WORDS if len(words) > number)


def _texts(product: Product) -> Iterator[str]:
    """All that the words and phrases of a product are taken from."""
    yield product.title
    yield from product.category
    yield from _values(product)
    # Last, and even if empty: so a brand is never mistaken for a value.
    yield product.brand


def _values(product: Product) -> Iterator[str]:
    for value in product.attributes.values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, tuple):
            yield from value


def _language(text: str) -> str:
    return "zh" if any("\u3400" <= character <= "\u9fff" for character in text) else "en"
