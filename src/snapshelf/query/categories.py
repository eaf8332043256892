"""The shop's categories: which kinds of things they are, how they lie in each other, and which kinds are near."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple, Protocol

from snapshelf.index import And, Equals, Facet, Filter, HasWords, Not, OneOf, Or, TermPlace
from snapshelf.language import Concept, Lexicon, QueryWord, normalise, query_words, split_units, stem

CATEGORY = "category"
"""The field of categories, and the kind of their concepts."""

_LIST_MARKS = re.compile(r"\s*(?:[/,;|&+、，；]|(?<!\S)and(?!\S)|[和与及])\s*")
"""What divides the kinds of a category such as "Hoodies & Sweatshirts"."""

_BARE_NOUN = re.compile("(?<=[\u3400-\u9fff])子$")
"""The suffix of Chinese nouns that compounds do not have: 裙子, 连衣裙."""

_GENERIC_WORDS = "all collection department item new our product range sale shop store"
_GENERIC = frozenset(stem(word) for word in _GENERIC_WORDS.split())
"""Stems of words that make no other kind: "Lighting products", "All watches"."""

_MAX_CATEGORIES = 10_000
"""Maximum number of categories whose products are counted."""


class ProductCounts(Protocol):
    """Counts products; every search index satisfies it."""

    def count(self, where: Filter | None = None, distinct: str | None = None) -> int:
        """Return the number of products that match."""
        ...

    def facet(
        self, field: str, where: Filter | None = None, *, limit: int = 100, distinct: str | None = None
    ) -> Facet:
        """Return the values of a field among the products that match."""
        ...


class CategoryMeaning(NamedTuple):
    """The concepts that a category names.

    Parameters
    ----------
    whole : tuple of Concept
        Kinds that the whole name is: "Watches", "Men's watches".
    listed : tuple of Concept
        Kinds of a list: "Hoodies & Sweatshirts".
    headed : tuple of Concept
        Kinds whose name ends the name: "Coffee tables" are tables, as far as the words say.
    properties : tuple of Concept
        Concepts of other kinds: men in "Men's watches".
    """

    whole: tuple[Concept, ...] = ()
    listed: tuple[Concept, ...] = ()
    headed: tuple[Concept, ...] = ()
    properties: tuple[Concept, ...] = ()


class CategoryValues(NamedTuple):
    """Categories of a kind: exactly of it, all with narrower and listed kinds, and whether the kind is sure."""

    exact: tuple[str, ...]
    matching: tuple[str, ...]
    is_certain: bool


class CategoryName(NamedTuple):
    """A category, or a part of its name, as stems; and the categories that it stands for."""

    stems: tuple[str, ...]
    phrase: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Table:
    """Concept id → categories, by how they name the concept; and the names that the lexicon does not have."""

    whole: Mapping[str, list[str]]
    listed: Mapping[str, list[str]]
    headed: Mapping[str, list[str]]
    names: Mapping[str, list[CategoryName]]


class Categories:
    """The categories of a shop; a snapshot of a version of the catalogue.

    A category restricts a search only if its name says that it is the kind: as a whole ("Watches", "Men's watches") or
    as a list ("Hoodies & Sweatshirts"). The last word alone ("Coffee tables") is no proof.

    Parameters
    ----------
    texts : sequence of str
        The categories of all products, parts of paths included.
    lexicon : Lexicon
    counts : ProductCounts or None
        Counts the products of categories; without it, the tree of the categories is not known.
    """

    def __init__(self, texts: Sequence[str], lexicon: Lexicon, counts: ProductCounts | None = None) -> None:
        self.meanings = {text: category_meaning(text, lexicon) for text in texts}
        self._lexicon = lexicon
        self._kind_names = _KindNames.of(lexicon)
        self._counts = counts

    def values(self, concept: Concept, word: str = "") -> CategoryValues | None:
        """Return the categories of a kind; None if there is none.

        Parameters
        ----------
        concept : Concept
        word : str
            The name that the query uses, in normal form. Kinds whose names end with it are meant too: 连衣裙 by 裙子.
        """
        table = self._table
        ids = [concept.id, *(narrower.id for narrower in self._lexicon.descendants(concept))]
        named_after = [kind.id for kind in self._kind_names.named_after(concept, word)]
        certain = _texts(ids, table.whole, table.listed)
        # In Chinese the last characters always name the kind; the English "key ring" is no ring.
        if certain or _is_han(word):
            certain += _texts(named_after, table.whole, table.listed)
        matching = tuple(dict.fromkeys((*certain, *_texts(ids, table.headed))))
        exact = tuple(table.whole.get(concept.id, ()))
        return CategoryValues(exact, matching, bool(certain)) if matching else None

    def kinds_named_after(self, concept: Concept, word: str) -> list[Concept]:
        """Return the kinds of the shop whose Chinese names end with a word for a kind: 连衣裙 for 裙子."""
        if not _is_han(word):
            return []
        table = self._table
        return [
            kind
            for kind in self._kind_names.named_after(concept, word)
            if kind.id in table.whole or kind.id in table.listed
        ]

    def is_only_named_after(self, concept: Concept, word: str) -> bool:
        """Return whether the shop has a kind only by kinds whose Chinese names end with the word."""
        return bool(self.kinds_named_after(concept, word)) and self.values(concept) is None

    def labels(self, category: str) -> dict[str, str]:
        """Return the names of a category by language: those of its kind, or else as the shop writes it."""
        whole = self.meanings[category].whole if category in self.meanings else ()
        return {language: whole[0].label(language) if whole else category for language in ("en", "zh")}

    def english_name(self, category: str) -> str:
        """Return a name of a category to compare with photos."""
        return self.labels(category)["en"]

    def named_by_titles(self, concept: Concept, word: str) -> Filter:
        """Return the products whose title, brand or categories have a word for a kind, or another name of the kind.

        Categories of something for the kind do not count: what stands in "Phone accessories" is no phone, although its
        title says phone.
        """
        words = has_all(query_words(word, self._lexicon))
        others = self._about(concept)
        return And((words, Not(one_of(CATEGORY, others)))) if others else words

    def named_outside_other_kinds(self, concept: Concept, word: str) -> Filter:
        """Return the products whose name has a word for a kind, without those in categories that are other kinds.

        The title "Sofa cushion" in the category "Cushions" makes no sofa.
        """
        related = {
            concept.id,
            *(wider.id for wider in self._lexicon.ancestors(concept)),
            *(narrower.id for narrower in self._lexicon.descendants(concept)),
        }
        others = tuple(
            text
            for text, meaning in self.meanings.items()
            if meaning.whole and all(kind.id not in related for kind in meaning.whole)
        )
        named = has_all(query_words(word, self._lexicon))
        return And((named, Not(one_of(CATEGORY, others)))) if others else named

    def _about(self, concept: Concept) -> tuple[str, ...]:
        """Return the categories with a name of a kind in them that are not of this kind."""
        values = self.values(concept)
        of_kind = frozenset(values.matching) if values else frozenset[str]()
        names = [stems for names in concept.names.values() for name in names if (stems := _stems(name))]
        return tuple(
            text
            for text in dict.fromkeys(text for name in names for text in self._texts_by_stem.get(name[0], ()))
            if text not in of_kind and any(_contains(_stems(text), name) for name in names)
        )

    @cached_property
    def _texts_by_stem(self) -> Mapping[str, list[str]]:
        by_stem: dict[str, list[str]] = defaultdict(list)
        for text in self.meanings:
            for word in dict.fromkeys(_stems(text)):
                by_stem[word].append(text)
        return by_stem

    def direct(self, concept: Concept) -> Filter | None:
        """Return the products that stand in a category of this kind and in no narrower category; None if there is none.

        In a shop of "Jewellery > Necklaces" and "Jewellery > Earrings", no product stands in "Jewellery" itself.
        """
        exact = tuple(self._table.whole.get(concept.id, ()))
        if not exact or self._counts is None:
            return None
        own = one_of(CATEGORY, exact)
        narrower = tuple(
            text
            for text, count in self._counted(own).items()
            if text not in exact and count == self._sizes.get(text)
        )
        direct = And((own, Not(one_of(CATEGORY, narrower)))) if narrower else own
        return direct if self._counts.count(direct) else None

    def nearest(self, concept: Concept) -> tuple[str, ...]:
        """Return the categories that share the nearest wider kind with a kind that the shop does not have.

        The widest kinds of the lexicon ("electronics", "apparel") relate nothing.
        """
        for wider in self._lexicon.ancestors(concept):
            if wider.parent is None:
                break
            kin = [narrower.id for narrower in self._lexicon.descendants(wider)]
            if texts := _texts(kin, self._table.whole):
                return texts
        return ()

    def names_in(self, text: str) -> list[tuple[int, int, CategoryName]]:
        """Return the category names in a text in normal form, in whatever number; the longest at each position."""
        units = split_units(text)
        stems = [stem(unit.text) for unit in units]
        matches: list[tuple[int, int, CategoryName]] = []
        first = 0
        while first < len(units):
            name = next(
                (
                    name
                    for name in self._table.names.get(stems[first], ())
                    if tuple(stems[first : first + len(name.stems)]) == name.stems
                ),
                None,
            )
            if name is None:
                first += 1
                continue
            last = first + len(name.stems)
            matches.append((units[first].start, units[last - 1].end, name))
            first = last
        return matches

    @cached_property
    def _table(self) -> _Table:
        whole, listed, headed = (defaultdict[str, list[str]](list) for _ in range(3))
        names: dict[tuple[str, ...], CategoryName] = {}
        for text, meaning in self.meanings.items():
            for concepts, texts in (
                (meaning.whole, whole),
                (meaning.listed, listed),
                (meaning.headed, headed),
            ):
                for concept in concepts:
                    texts[concept.id].append(text)
            for phrase in _names(text, self._lexicon):
                stems = _stems(phrase)
                if any(letter.isalpha() for letter in phrase):
                    known = names.get(stems)
                    names[stems] = CategoryName(stems, phrase, (*(known.texts if known else ()), text))
        by_first: dict[str, list[CategoryName]] = defaultdict(list)
        for name in sorted(names.values(), key=lambda name: -len(name.stems)):
            by_first[name.stems[0]].append(name)
        return _Table(whole, listed, headed, by_first)

    @cached_property
    def _sizes(self) -> Mapping[str, int]:
        """Category → number of its products."""
        return self._counted(None)

    def _counted(self, where: Filter | None) -> Mapping[str, int]:
        """Return category → number of its products among those that match."""
        if self._counts is None:
            return {}
        counted = self._counts.facet(CATEGORY, where, limit=_MAX_CATEGORIES)
        return {str(value.value): value.count for value in counted.values}


class _KindNames:
    """The names of the kinds of a lexicon as stems: "Smartphones" is "smartphone"."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._concepts: dict[tuple[str, ...], Concept] = {}
        self._ending: dict[tuple[str, ...], list[Concept]] = defaultdict(list)
        for concept in lexicon.concepts(CATEGORY):
            for name in (name for names in concept.names.values() for name in names):
                stems = _stems(name)
                self._concepts.setdefault(stems, concept)
                for first in range(1, len(stems)):
                    self._ending[stems[first:]].append(concept)

    @classmethod
    @lru_cache(maxsize=8)
    def of(cls, lexicon: Lexicon) -> _KindNames:
        """Return the names of a lexicon, which are read once."""
        return cls(lexicon)

    def get(self, stems: tuple[str, ...]) -> Concept | None:
        """Return the kind with this name."""
        return self._concepts.get(stems)

    def named_after(self, concept: Concept, word: str) -> list[Concept]:
        """Return the kinds of the same family with a name that ends with the word for a kind."""
        stems = _stems(_BARE_NOUN.sub("", word))
        family = self._family(concept)
        return [
            kind
            for kind in dict.fromkeys(self._ending.get(stems, ()))
            if kind != concept
            and self._family(kind) == family
            and (_is_han(word) or not self._lexicon.are_disjoint(kind, concept))
        ]

    def _family(self, concept: Concept) -> Concept:
        return (concept, *self._lexicon.ancestors(concept))[-1]


def category_meaning(text: str, lexicon: Lexicon) -> CategoryMeaning:
    """Return the concepts that a category names."""
    if concept := lexicon.get(CATEGORY, text):
        return CategoryMeaning(whole=(concept,), properties=_properties(text, lexicon))
    parts = _parts(text)
    meanings = [_part_meaning(part, lexicon) for part in parts]
    if len(parts) == 1:
        return meanings[0]
    return CategoryMeaning(
        listed=tuple(dict.fromkeys(concept for meaning in meanings for concept in meaning.whole)),
        headed=tuple(dict.fromkeys(concept for meaning in meanings for concept in meaning.headed)),
        properties=tuple(dict.fromkeys(concept for meaning in meanings for concept in meaning.properties)),
    )


def one_of(field: str, values: tuple[str | float, ...]) -> Filter:
    """Return the filter of products with any of some values in a field."""
    return Equals(field, values[0]) if len(values) == 1 else OneOf(field, values)


def has_all(words: Sequence[QueryWord]) -> Filter:
    """Return the filter of products with all of some words in their names."""
    return HasWords.all_of((word.alternatives for word in words), TermPlace.NAME)


def any_of(values: Sequence[tuple[str, tuple[str, ...]]]) -> Filter:
    """Return the filter of products with any of some texts in any of several fields."""
    parts = tuple(one_of(field, texts) for field, texts in values)
    return parts[0] if len(parts) == 1 else Or(parts)


def _part_meaning(part: str, lexicon: Lexicon) -> CategoryMeaning:
    units, stems = split_units(part), _stems(part)
    matches = lexicon.find(part)
    properties = tuple(match.concept for match in matches if match.concept.kind != CATEGORY)

    while stems and stems[-1] in _GENERIC:
        units, stems = units[:-1], stems[:-1]

    def is_described(before: int) -> bool:
        return all(
            any(match.start <= unit.start < match.end for match in matches) or word in _GENERIC
            for unit, word in zip(units[:before], stems, strict=False)
        )

    for first in range(len(units)):
        concept = _KindNames.of(lexicon).get(stems[first:])
        if concept is None or any(_contains(stems, _stems(phrase)) for phrase in concept.not_in):
            continue
        if not first:
            return CategoryMeaning(whole=(concept,))
        of_kinds = [match for match in matches if match.concept.kind == CATEGORY]
        if is_described(first) and all(match.start >= units[first].start for match in of_kinds):
            return CategoryMeaning(whole=(concept,), properties=properties)
        return CategoryMeaning(headed=(concept,))
    return CategoryMeaning(properties=properties if is_described(len(units)) else ())


def _properties(text: str, lexicon: Lexicon) -> tuple[Concept, ...]:
    return tuple(
        concept for kind in lexicon.kinds if kind != CATEGORY and (concept := lexicon.get(kind, text))
    )


def _stems(text: str) -> tuple[str, ...]:
    return tuple(stem(unit.text) for unit in split_units(normalise(text.replace("_", " "))))


def _is_han(word: str) -> bool:
    units = split_units(word)
    return bool(units) and units[-1].is_han


def _contains(words: tuple[str, ...], part: tuple[str, ...]) -> bool:
    return any(words[first : first + len(part)] == part for first in range(len(words) - len(part) + 1))


def _parts(text: str) -> list[str]:
    return [part for part in _LIST_MARKS.split(normalise(text.replace("_", " "))) if part]


def _names(text: str, lexicon: Lexicon) -> Iterable[str]:
    """Return the names of a category that the lexicon does not have: the whole name, and the parts of a list."""
    parts = _parts(text)
    whole = normalise(text.replace("_", " "))
    return [
        name
        for name in dict.fromkeys((whole, *parts))
        if lexicon.get(CATEGORY, name) is None and query_words(f"{name} zz", lexicon)[:-1]
    ]


def _texts(ids: Iterable[str], *tables: Mapping[str, list[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for table in tables for id in ids for text in table.get(id, ())))
