"""The shop's vocabulary: the words for spelling correction, and the phrases for completion."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock
from typing import Literal, NamedTuple, Self, TypeAlias, TypeVar

from snapshelf._support.files import write_bytes
from snapshelf.catalogue import Catalogue, Product
from snapshelf.errors import LexiconError
from snapshelf.language import BrandNames, Concept, Lexicon, Vocabulary, bilingual_names, normalise

PhraseKind: TypeAlias = Literal["brand", "category", "phrase", "part", "title"]
"""A brand, a category, a value or brand with a category, a part of a title, or a title."""

MAX_PHRASES = 400_000
"""Phrases kept; beyond, those of a single product are dropped, titles among them."""

_T = TypeVar("_T")

_LAYOUT = 3
_BATCH = 512
_VOCABULARY = "vocabulary.tsv"
_PHRASES = "phrases.json.gz"
_FIRST_WORDS, _LAST_WORDS = (1, 2), (2, 3)
"""Lengths, in words, of the beginnings and ends of titles that are kept."""

_MIN_BILINGUAL_TITLES = 2
"""Products whose titles must name a brand in two scripts before the names are taken for the same."""

_BEFORE_A_CATEGORY = ("colour", "material", "pattern", "gender", "style", "usage", "season", "occasion")
"""Kinds of concepts that stand before a category: red dress, 红色连衣裙."""


class Phrase(NamedTuple):
    """A phrase for completion; `language` is "en", "zh", or empty for both."""

    text: str
    kind: PhraseKind
    language: str


class ShopVocabulary:
    """The words and phrases of a shop's products, each with the number of products.

    It follows the catalogue by `replace` and is saved in a folder. Changes that a killed process did not save are
    counted again from the catalogue; the changed products may then count twice until the folder is rebuilt. Several
    threads may read it while another changes it.
    """

    def __init__(self, folder: Path, lexicon: Lexicon) -> None:
        self._folder = folder
        self._lexicon = lexicon
        self._phrases: Counter[Phrase] = Counter()
        self._name_pairs: Counter[tuple[str, str]] = Counter()
        self._brand_names: BrandNames | None = None
        self._lock = Lock()
        self._saved = -1
        self.vocabulary = Vocabulary()
        self.version = 0

    @classmethod
    def open(cls, folder: Path, catalogue: Catalogue, lexicon: Lexicon) -> Self:
        """Load the saved vocabulary and catch up with the catalogue; rebuild it where it does not fit.

        Parameters
        ----------
        folder : Path
            Folder of `save`.
        catalogue : Catalogue
        lexicon : Lexicon
            The shop's.
        """
        vocabulary = cls(folder, lexicon)
        if not vocabulary._load() or vocabulary.version > catalogue.version:
            vocabulary = cls(folder, lexicon)
        while changes := catalogue.changes(vocabulary.version, _BATCH):
            new = [change.entry.product for change in changes if change.entry]
            vocabulary.replace((), new, changes[-1].version)
        return vocabulary

    def phrases(self) -> list[tuple[Phrase, int]]:
        """Return the phrases with the number of products of each."""
        with self._lock:
            return list(self._phrases.items())

    def brand_names(self) -> BrandNames:
        """Return the shop's brands with their other names, those that its own titles and brands tell included."""
        with self._lock:
            if self._brand_names is None:
                brands = [phrase.text for phrase in self._phrases if phrase.kind == "brand"]
                pairs = [pair for pair, n in self._name_pairs.items() if n >= _MIN_BILINGUAL_TITLES]
                self._brand_names = BrandNames(brands, pairs)
            return self._brand_names

    def replace(self, before: Iterable[Product], after: Iterable[Product], version: int) -> None:
        """Follow a change of the catalogue.

        Parameters
        ----------
        before : iterable of Product
            Removed products, and changed products as they were.
        after : iterable of Product
            New products, and changed products as they are.
        version : int
            Catalogue version of the change.
        """
        before_by_id, after_by_id = (
            {product.id: product for product in products} for products in (before, after)
        )
        # Prices and stock change all day, texts seldom.
        same = {
            id
            for id in before_by_id.keys() & after_by_id.keys()
            if [*_texts(before_by_id[id])] == [*_texts(after_by_id[id])]
        }
        old = [product for id, product in before_by_id.items() if id not in same]
        new = [product for id, product in after_by_id.items() if id not in same]
        if old:
            self.vocabulary.remove(text for product in old for text in _texts(product))
        if new:
            self.vocabulary.add(text for product in new for text in _texts(product))
        removed = Counter(phrase for product in old for phrase in phrases_of(product, self._lexicon))
        added = Counter(phrase for product in new for phrase in phrases_of(product, self._lexicon))
        names = [Counter(filter(None, map(_name_pair, products))) for products in (new, old)]
        with self._lock:
            changed = {phrase for phrase in added.keys() | removed.keys() if phrase.kind == "brand"}
            known = changed & self._phrases.keys()
            _count(self._phrases, added, removed)
            _count(self._name_pairs, *names)
            if any(names) or known != changed & self._phrases.keys():
                self._brand_names = None
            if len(self._phrases) > MAX_PHRASES:
                # Lossy counting: Manku & Motwani, "Approximate frequency counts over data streams", 2002.
                self._phrases = Counter({phrase: n for phrase, n in self._phrases.items() if n > 1})
            self.version = version

    def save(self) -> None:
        """Write the vocabulary into its folder, unless nothing has changed.

        Raises
        ------
        StorageError
            The folder could not be written.
        """
        if self._saved == self.version:
            return
        content = {**self._stamp(), "phrases": self.phrases(), "names": list(self._name_pairs.items())}
        self.vocabulary.save(self._folder / _VOCABULARY)
        phrases = json.dumps(content, ensure_ascii=False).encode()
        write_bytes(self._folder / _PHRASES, gzip.compress(phrases, compresslevel=1))
        self._saved = self.version

    def _load(self) -> bool:
        """Read the saved files; return False where they cannot be used."""
        try:
            with gzip.open(self._folder / _PHRASES, "rt", encoding="utf-8") as file:
                content = json.load(file)
            self.vocabulary = Vocabulary.load(self._folder / _VOCABULARY)
            self._phrases = Counter({Phrase(*phrase): times for phrase, times in content.pop("phrases")})
            self._name_pairs = Counter({(latin, han): n for (latin, han), n in content.pop("names")})
            self.version = self._saved = content["version"]
        except (OSError, EOFError, ValueError, TypeError, KeyError, LexiconError):
            return False
        return bool(content == self._stamp())

    def _stamp(self) -> dict[str, str | int]:
        """Return what both files and the lexicon must agree on."""
        return {
            "layout": _LAYOUT,
            "lexicon": self._lexicon.fingerprint,
            "version": self.version,
            "texts": self.vocabulary.texts,
            "words": len(self.vocabulary),
        }


def _count(counter: Counter[_T], added: Counter[_T], removed: Counter[_T]) -> None:
    """Add to a counter what was added, and subtract what was removed; only positive counts remain."""
    counter.update(added)
    for key, times in removed.items():
        left = counter[key] - times
        if left > 0:
            counter[key] = left
        else:
            del counter[key]


def _name_pair(product: Product) -> tuple[str, str] | None:
    """Return the names in two scripts with which a title begins, if one of them is the product's brand."""
    pair = bilingual_names(product.title)
    return pair if pair and product.brand and normalise(product.brand) in pair else None


@cache
def _known_brands() -> BrandNames:
    """Return the names that brands go by everywhere."""
    return BrandNames()


def phrases_of(product: Product, lexicon: Lexicon) -> set[Phrase]:
    """Return the phrases of a product."""
    phrases = {Phrase(product.title, "title", _language(product.title))}
    phrases |= {Phrase(name, "category", _language(name)) for name in product.category}
    if product.brand:
        names = (product.brand, *_known_brands().others(product.brand))
        phrases |= {Phrase(name, "brand", "") for name in names}
    parts = list(_ends_of(product.title))
    phrases |= {Phrase(text, "part", "en") for text in parts}
    concepts = concepts_of(product, lexicon)
    leaves = leaves_of(concepts, lexicon)
    modifiers = [concept for concept in concepts if concept.kind in _BEFORE_A_CATEGORY]
    for language, gap in (("en", " "), ("zh", "")):
        wider = [each for leaf in leaves for each in lexicon.ancestors(leaf)]
        phrases |= {Phrase(each.label(language), "category", language) for each in (*leaves, *wider)}
        for leaf in leaves:
            label = leaf.label(language)
            before = [each.label(language) for each in modifiers]
            phrases |= {
                Phrase(f"{each}{gap}{label}", "phrase", language) for each in before if each not in label
            }
            if product.brand:
                phrases.add(Phrase(f"{product.brand} {label}", "phrase", language))
            elif parts and not _concepts(parts[0], lexicon):
                # Shops without a field for brands begin their titles with them.
                phrases.add(Phrase(f"{parts[0]} {label}", "part", language))
    return phrases


def concepts_of(product: Product, lexicon: Lexicon) -> list[Concept]:
    """Return the concepts in a product's title, category and attributes, in order, without duplicates."""
    texts = [product.title, *product.category, *_values(product)]
    return list(dict.fromkeys(concept for text in texts for concept in _concepts(text, lexicon)))


@lru_cache(maxsize=16_384)
def _concepts(text: str, lexicon: Lexicon) -> tuple[Concept, ...]:
    """Return the concepts of a text; categories and attribute values repeat from product to product."""
    return tuple(match.concept for match in lexicon.find(text))


def leaves_of(concepts: list[Concept], lexicon: Lexicon) -> list[Concept]:
    """Return the narrowest categories among concepts."""
    categories = [concept for concept in concepts if concept.kind == "category"]
    wider = {each.id for concept in categories for each in lexicon.ancestors(concept)}
    return [concept for concept in categories if concept.id not in wider]


def _ends_of(title: str) -> Iterator[str]:
    """Yield the first and last words of an English title, where the brand and the kind of product stand."""
    words = normalise(title).split() if _language(title) == "en" else []
    yield from (" ".join(words[:number]) for number in _FIRST_WORDS if len(words) > number)
    yield from (" ".join(words[-number:]) for number in _LAST_WORDS if len(words) > number)


def _texts(product: Product) -> Iterator[str]:
    """Yield the texts that words and phrases come from."""
    yield product.title
    yield from product.category
    yield from _values(product)
    # Last, and even if empty, so that a brand is never mistaken for a value.
    yield product.brand


def _values(product: Product) -> Iterator[str]:
    for value in product.attributes.values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, tuple):
            yield from value


def _language(text: str) -> str:
    return "zh" if any("\u3400" <= character <= "\u9fff" for character in text) else "en"
