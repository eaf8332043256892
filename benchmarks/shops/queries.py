"""Queries to a shop whose right answers follow from its products.

They are drawn with a seed of their own from products of all the shop, and are never what a shelf tunes itself on.
"""

from __future__ import annotations

import collections
import random
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from itertools import islice

from benchmarks.shops.shop import Shop
from snapshelf.catalogue import Product
from snapshelf.evaluation import add_typo, shuffle_words
from snapshelf.language import Concept, Lexicon, normalise

HEAD = 10
"""Hits that are judged."""

_RARE = 0.002
"""Share of the titles that may have a rare word."""

_MIN_RARE = 2
_SEED = 20_261
_LONG = 6
"""Letters of a word that is still the same word with one letter wrong."""

_LEAST_CODE = 5
"""Characters of a code that is asked in part."""

_USUAL_NAMES = 3
"""Names of a concept that are asked, the preferred one first; those after them are often narrower."""

_COLOUR_COLUMNS = ("colour", "color", "basecolour", "颜色")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_WORD = re.compile(r"[^\W\u4e00-\u9fff]+")
_STOP_WORDS = """
a an and are as at be by can for from in into is it its my no not of on or our the this to up with you your
der die das den dem des ein eine und oder aus bei bis für im mit ohne vom von zum zur
el la los las un una de del en con para por sin y o al le les une et ou des du au aux avec sans pour sur
"""
_COMMON = frozenset(_STOP_WORDS.split())


@dataclass(frozen=True, slots=True)
class Judged:
    """A query and what is right.

    Parameters
    ----------
    measure : str
        Which figure it counts for.
    text : str
    right : frozenset of str
        Ids of the products that answer it; empty where the shop has none.
    photo_of : str or None
        The product whose photo is asked too.
    kind : frozenset of str
        Ids of products of the right kind, where that counts by itself.
    belongs : frozenset of str
        Ids of products that may be in the result set, beside those that are right: their descriptions have the word.
    """

    measure: str
    text: str
    right: frozenset[str]
    photo_of: str | None = None
    kind: frozenset[str] = frozenset()
    belongs: frozenset[str] = frozenset()


class Judge:
    """Knows which words, codes, kinds and colours the products of a shop have.

    Parameters
    ----------
    shop : Shop
    number : int
        Most queries of a measure.
    """

    def __init__(self, shop: Shop, number: int) -> None:
        self.shop = shop
        self._number = number
        self._lexicon = Lexicon.bundled()
        self._title_words = {product.id: words_of(product.title) for product in shop.products}
        self._with_word: dict[str, set[str]] = collections.defaultdict(set)
        for id, words in self._title_words.items():
            for word in words:
                self._with_word[word].add(id)
        self._titles = {product.id: folded(product.title) for product in shop.products}

    def queries(self, others: Sequence[Judge]) -> list[Judged]:
        """Draw the queries in words; `others` are shops whose words may be foreign here."""
        drawers: list[Callable[[random.Random], Iterator[Judged]]] = [
            self._rare_word,
            self._two_rare_words,
            self._rare_word_with_typo,
            lambda rng: self._chinese_word(rng, 2),
            lambda rng: self._chinese_word(rng, 3),
            self._title,
            self._shuffled_title,
            *(self._code_drawer(how) for how in _CODE_FORMS),
            self._part_of_code,
            lambda rng: self._kind(rng, "en"),
            lambda rng: self._kind(rng, "zh"),
            self._kind_and_colour,
            lambda rng: self._foreign(rng, others),
        ]
        queries: list[Judged] = []
        for draw in drawers:
            drawn = draw(random.Random(f"{_SEED} {self.shop.name} {len(queries)}"))
            queries += _different(drawn, self._number)
        return queries

    def photo_queries(self) -> list[Judged]:
        """Draw photos of products, alone and with the name of another colour that the kind has."""
        if "plain" in self.shop.source.photographed:
            return []
        rng = random.Random(f"{_SEED} {self.shop.name} photos")
        alone = [
            Judged("photo, cropped and re-lit", "", frozenset((product.id,)), product.id)
            for product in self._shuffled(rng)
        ]
        return [*alone[: self._number], *_different(self._photo_and_colour(rng), self._number)]

    @property
    def foreign_words(self) -> list[str]:
        """Rare words of titles that may be asked in another shop."""
        return [word for word, ids in self._with_word.items() if len(ids) <= self._most and len(word) >= 4]

    def has_anything_like(self, word: str) -> bool:
        """Whether the shop has a word in any form: inside of another, inflected, misspelt, or by its concept."""
        beginning = word[: max(4, len(word) - 2)]
        if beginning in self._all_text or (len(word) >= _LONG and self._slips & _with_slips(word)):
            return True
        concepts = [match.concept for match in self._lexicon.find(word)]
        return any(self._concepts.get(concept.id) for concept in concepts)

    @cached_property
    def _slips(self) -> set[str]:
        return {slip for words in self._title_words.values() for word in words for slip in _with_slips(word)}

    @property
    def _most(self) -> int:
        return max(_MIN_RARE, int(_RARE * len(self.shop.products)))

    def _shuffled(self, rng: random.Random) -> list[Product]:
        return rng.sample(list(self.shop.products), len(self.shop.products))

    def _rare(self, id: str) -> list[str]:
        return sorted(word for word in self._title_words[id] if len(self._with_word[word]) <= self._most)

    def _rare_word(self, rng: random.Random) -> Iterator[Judged]:
        for product in self._shuffled(rng):
            if words := self._rare(product.id):
                word = rng.choice(words)
                yield Judged(
                    "one rare word", word, frozenset(self._with_word[word]), belongs=self._mentioning(word)
                )

    def _two_rare_words(self, rng: random.Random) -> Iterator[Judged]:
        for product in self._shuffled(rng):
            if len(words := self._rare(product.id)) > 1:
                first, second = rng.sample(words, 2)
                right = self._with_word[first] & self._with_word[second]
                yield Judged("two rare words", f"{first} {second}", frozenset(right))

    def _rare_word_with_typo(self, rng: random.Random) -> Iterator[Judged]:
        for product in self._shuffled(rng):
            words = [word for word in self._rare(product.id) if len(word) > 4 and word.isascii()]
            if words:
                word = rng.choice(words)
                wrong = add_typo(word, rng)
                if wrong not in self._with_word:
                    yield Judged("rare word with a typo", wrong, frozenset(self._with_word[word]))

    def _chinese_word(self, rng: random.Random, length: int) -> Iterator[Judged]:
        for product in self._shuffled(rng):
            words = [
                word
                for word in self._chinese_words(product)
                if len(word) == length and len(_HAN.findall(word)) == length
            ]
            if words:
                word = rng.choice(words)
                right = frozenset(id for id, title in self._titles.items() if word in title)
                if len(right) <= max(self._most, 3):
                    measure = f"Chinese word of {length}"
                    yield Judged(measure, word, right, belongs=self._mentioning(word))

    def _chinese_words(self, product: Product) -> Sequence[str]:
        if product.title in self.shop.source.words:
            return self.shop.source.words[product.title]
        if not _HAN.search(product.title):
            return ()
        with suppress(ImportError):  # a segmenter that people may have installed
            return list(import_module("jieba").cut(product.title))
        return ()

    def _title(self, rng: random.Random) -> Iterator[Judged]:
        for product in self._shuffled(rng):
            yield Judged("whole title", product.title, self._same_title(product))

    def _shuffled_title(self, rng: random.Random) -> Iterator[Judged]:
        for product in self._shuffled(rng):
            words = self.shop.source.words.get(product.title)
            text = " ".join(rng.sample(words, len(words))) if words else shuffle_words(product.title, rng)
            right = (
                self._same_words[frozenset(self._title_words[product.id])]
                if not words
                else self._same_title(product)
            )
            yield Judged("shuffled title", text, frozenset(right))

    @cached_property
    def _same_words(self) -> Mapping[frozenset[str], set[str]]:
        same: dict[frozenset[str], set[str]] = collections.defaultdict(set)
        for id, words in self._title_words.items():
            same[frozenset(words)].add(id)
        return same

    @cached_property
    def _by_title(self) -> Mapping[str, set[str]]:
        ids: dict[str, set[str]] = collections.defaultdict(set)
        for id, title in self._titles.items():
            ids[title].add(id)
        return ids

    def _same_title(self, product: Product) -> frozenset[str]:
        return frozenset(self._by_title[self._titles[product.id]])

    def _code_drawer(self, form: str) -> Callable[[random.Random], Iterator[Judged]]:
        change = _CODE_FORMS[form]

        def draw(rng: random.Random) -> Iterator[Judged]:
            for product in self._shuffled(rng):
                code = rng.choice(list(self.shop.code_values(product).values()))
                if form == "code as written" or change(code) != code:
                    asked = change(code)
                    yield Judged(form, asked, frozenset(self._with_code[bare(asked)]))

        return draw

    @cached_property
    def _with_code(self) -> Mapping[str, set[str]]:
        ids: dict[str, set[str]] = collections.defaultdict(set)
        for product in self.shop.products:
            for code in self.shop.code_values(product).values():
                ids[bare(code)].add(product.id)
        return ids

    def _part_of_code(self, rng: random.Random) -> Iterator[Judged]:
        for product in self._shuffled(rng):
            codes = [
                code for code in map(bare, self.shop.code_values(product).values()) if len(code) > _LEAST_CODE
            ]
            if not codes:
                continue
            code = rng.choice(codes)
            length = max(_LEAST_CODE, 2 * len(code) // 3)
            part = code[:length] if rng.random() < 0.5 else code[-length:]
            right = {id for known, ids in self._with_code.items() if part in known for id in ids}
            if any(character.isdigit() for character in part):
                yield Judged("part of a code", part, frozenset(right))

    @cached_property
    def _all_text(self) -> str:
        return "\n".join(self._texts.values())

    @cached_property
    def _texts(self) -> Mapping[str, str]:
        return {product.id: folded(" ".join(_texts(product))) for product in self.shop.products}

    def _mentioning(self, word: str) -> frozenset[str]:
        """Products that have a word in any text, in any form that begins as it does."""
        begins = re.compile(rf"(?:^|[\W_\d\u4e00-\u9fff]){re.escape(word[: max(3, len(word) - 2)])}")
        if _HAN.search(word):
            begins = re.compile(re.escape(word))
        return frozenset(id for id, text in self._texts.items() if begins.search(text))

    @cached_property
    def _concepts(self) -> Mapping[str, frozenset[str]]:
        """Id of a concept → products that are it, or narrower, by category, colour column or title."""
        ids: dict[str, set[str]] = collections.defaultdict(set)
        for product in self.shop.products:
            for concept in self._named(product):
                for wider in (concept, *self._lexicon.ancestors(concept)):
                    ids[wider.id].add(product.id)
        return {concept: frozenset(products) for concept, products in ids.items()}

    def _named(self, product: Product) -> Iterable[Concept]:
        for part in product.category:
            if concept := self._lexicon.get("category", part):
                yield concept
            else:
                # "womens-shoes" are shoes, but not everything in "手机数码" (phones and gadgets) is a phone.
                end = len(normalise(part))
                yield from (match.concept for match in self._lexicon.find(part) if match.end == end)
        for text in (product.title, *_colours(product)):
            yield from (match.concept for match in self._lexicon.find(text))

    @cached_property
    def _kinds(self) -> list[Concept]:
        """Concepts that are the narrowest category of some product."""
        leaves = dict.fromkeys(product.category[-1] for product in self.shop.products if product.category)
        named = (self._lexicon.get("category", leaf) for leaf in leaves)
        return list({concept.id: concept for concept in named if concept}.values())

    def _kind(self, rng: random.Random, language: str) -> Iterator[Judged]:
        measure = {"en": "kind, English", "zh": "kind, Chinese"}[language]
        kinds = rng.sample(self._kinds, len(self._kinds))
        for concept in kinds:
            if names := concept.names.get(language):
                yield Judged(measure, rng.choice(names[:_USUAL_NAMES]), self._concepts[concept.id])

    @cached_property
    def _colour_concepts(self) -> list[Concept]:
        """Colours of the shop; none where no column has them, as then nobody knows what is not of a colour."""
        if not any(any(_colours(product)) for product in self.shop.products):
            return []
        return [concept for concept in self._lexicon.concepts("colour") if concept.id in self._concepts]

    def _kind_and_colour(self, rng: random.Random) -> Iterator[Judged]:
        pairs = [(kind, colour) for kind in self._kinds for colour in self._colour_concepts]
        rng.shuffle(pairs)
        for kind, colour in pairs:
            right = self._concepts[kind.id] & self._concepts[colour.id]
            if len(right) > 1:
                language = rng.choice(("en", "zh"))
                text = ("" if language == "zh" else " ").join((colour.label(language), kind.label(language)))
                yield Judged("kind and colour", text, right, kind=self._concepts[kind.id])

    def _photo_and_colour(self, rng: random.Random) -> Iterator[Judged]:
        for product in self._shuffled(rng):
            kind = self._lexicon.get("category", product.category[-1]) if product.category else None
            if kind is None:
                continue
            of_kind = self._concepts[kind.id]
            colours = [
                colour
                for colour in self._colour_concepts
                if product.id not in self._concepts[colour.id] and self._concepts[colour.id] & of_kind
            ]
            if colours:
                colour = rng.choice(colours)
                right = of_kind & self._concepts[colour.id]
                text = colour.label(rng.choice(("en", "zh")))
                yield Judged("photo and colour", text, right, product.id, of_kind)

    def _foreign(self, rng: random.Random, others: Sequence[Judge]) -> Iterator[Judged]:
        words = sorted({word for other in others for word in other.foreign_words if word.isascii()})
        for word in rng.sample(words, len(words)):
            if not self.has_anything_like(word):
                yield Judged("word of another shop", word, frozenset())


def words_of(title: str) -> frozenset[str]:
    """Return the words of a title that a query may consist of: at least three letters, no digits, no Chinese."""
    return frozenset(
        word
        for word in _WORD.findall(folded(title))
        if len(word) > 2 and word.isalpha() and word not in _COMMON
    )


def _with_slips(word: str) -> set[str]:
    """The word, and it without one of its letters: words of one wrong letter have such a form in common."""
    return {word, *(word[:place] + word[place + 1 :] for place in range(len(word)))}


def folded(text: str) -> str:
    """Return a text without case and accents."""
    plain = unicodedata.normalize("NFD", normalise(text))
    return unicodedata.normalize("NFC", "".join(c for c in plain if not "\u0300" <= c <= "\u036f"))


def bare(code: str) -> str:
    """Return a code without case and signs."""
    return "".join(character for character in normalise(code) if character.isalnum())


_CODE_FORMS: Mapping[str, Callable[[str], str]] = {
    "code as written": lambda code: code,
    "code in small letters": str.lower,
    "code without signs": lambda code: "".join(filter(str.isalnum, code)),
}


def _texts(product: Product) -> Iterator[str]:
    yield from (product.title, product.brand, *product.category, product.description)
    for value in product.attributes.values():
        if not isinstance(value, float):
            yield from (value,) if isinstance(value, str) else value


def _colours(product: Product) -> Iterator[str]:
    for name, value in product.attributes.items():
        if name.lower() in _COLOUR_COLUMNS and not isinstance(value, float):
            yield from (value,) if isinstance(value, str) else value


def _different(queries: Iterator[Judged], number: int) -> list[Judged]:
    """The first queries, each text once."""
    seen: set[tuple[str, str | None]] = set()

    def fresh() -> Iterator[Judged]:
        for query in queries:
            if (query.text, query.photo_of) not in seen:
                seen.add((query.text, query.photo_of))
                yield query

    return list(islice(fresh(), number))
