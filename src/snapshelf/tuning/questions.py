"""Questions that a shelf asks itself: queries made from its own products, with what answers them."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import numpy as np
from PIL import Image, ImageEnhance

from snapshelf.catalogue import Catalogue, PhotoLimits, Product
from snapshelf.index import And, Equals, Filter, HasWords, Ids, Not, OneOf, Or, SearchIndex, TermPlace
from snapshelf.language import Concept, Lexicon, QueryWord, query_words
from snapshelf.query import CatalogueView
from snapshelf.search import most_of_rare

_Value = TypeVar("_Value")

SAMPLE = 400
"""Products that questions are made from."""

_PER_SOURCE = 48
_MAX_KIND_SHARE = 0.6
"""A category that most products have says nothing."""

_MIN_SYLLABLES = 3
_SIDE = 96
_LEAST_SIDE = PhotoLimits().side


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A query and what answers it.

    Parameters
    ----------
    source : str
        What it was made from.
    text : str or None
    photo : Image or None
    relevant : Filter or None
        Products that answer; None where none does.
    where : Filter or None
        What the search is restricted to, to play a shop that does not have the answer.
    is_blind : bool
        The words count as standing nowhere, to learn what the other signals are worth where a product is called
        otherwise.
    """

    source: str
    text: str | None = None
    photo: Image.Image | None = None
    relevant: Filter | None = None
    where: Filter | None = None
    is_blind: bool = False


class Questions:
    """Makes questions from a sample of a shop's products.

    Parameters
    ----------
    catalogue : Catalogue
    index : SearchIndex
    lexicon : Lexicon
    view : CatalogueView
        Which values of the fields are colours.
    seed : int
        The same seed gives the same questions about the same products.
    """

    def __init__(
        self, catalogue: Catalogue, index: SearchIndex, lexicon: Lexicon, view: CatalogueView, seed: int
    ) -> None:
        self._catalogue, self._index, self._lexicon, self._view = catalogue, index, lexicon, view
        self._rng = random.Random(seed)
        self._total = index.count()
        ids = catalogue.ids(limit=max(1, catalogue.count()))
        chosen = self._rng.sample(ids, min(SAMPLE, len(ids)))
        self._products = list(catalogue.get_many(chosen).values())
        self._kinds = self._usable_kinds()
        self._colours = [
            (concept, Or(tuple(OneOf(values.field, values.matching) for values in matching)))
            for concept in lexicon.concepts("colour")
            if (matching := view.values(concept))
        ]

    def all(self) -> list[Question]:
        """Return all questions; those of each source are spread evenly, so that any beginning is a fair sample."""
        sources: list[Callable[[], Iterator[Question]]] = [
            self._titles,
            lambda: self._rare_words(1),
            lambda: self._rare_words(2),
            self._kind_names,
            self._kinds_in_colours,
            self._strangers,
            self._nonsense,
            self._photos,
            self._photos_in_colours,
            self._stranger_photos,
        ]
        asked = [list(islice(source(), 3 * _PER_SOURCE)) for source in sources]
        placed = [
            ((place + 0.5) / len(questions), number, question)
            for number, questions in enumerate(asked)
            for place, question in enumerate(questions)
        ]
        return [question for _, _, question in sorted(placed, key=lambda each: each[:2])]

    def _titles(self) -> Iterator[Question]:
        for product in self._some():
            words = query_words(product.title, self._lexicon)
            if not words:
                continue
            relevant = self._equivalents(product, words)
            yield Question("title", product.title, relevant=relevant)
            if self._rng.random() < 0.5:
                yield Question("title", product.title, where=Not(relevant))

    def _rare_words(self, number: int) -> Iterator[Question]:
        source = "rare word" if number == 1 else "rare words"
        for product in self._some():
            words = query_words(product.title, self._lexicon)
            counts = self._index.frequencies([word.alternatives for word in words], TermPlace.NAME)
            limit = most_of_rare(self._total)
            rare = [word for word, count in zip(words, counts, strict=True) if 0 < count <= limit]
            if len(rare) < number:
                continue
            chosen = self._rng.sample(rare, number)
            relevant = _having(chosen)
            text = " ".join(word.text for word in chosen)
            yield Question(source, text, relevant=relevant)
            if number == 1:
                yield Question(f"{source}, called otherwise", text, relevant=relevant, is_blind=True)
            if self._rng.random() < 0.5:
                yield Question(source, text, where=Not(relevant))

    def _kind_names(self) -> Iterator[Question]:
        for name in self._cycled(self._kinds):
            relevant = Equals("category", name)
            text = self._rng.choice(self._names_of(name))
            yield Question("kind", text, relevant=relevant)
            yield Question("kind, called otherwise", text, relevant=relevant, is_blind=True)
            yield Question("kind", text, where=Not(relevant), is_blind=True)

    def _kinds_in_colours(self) -> Iterator[Question]:
        for product in self._some():
            kind, colour = self._kind_of(product), self._colour_of(product)
            if kind is None or colour is None:
                continue
            concept, has_colour = colour
            language = self._rng.choice(("en", "zh"))
            names = self._names_of(kind)
            relevant = And((Equals("category", kind), has_colour))
            text = f"{concept.label(language)} {names[-1] if language == 'zh' else names[0]}"
            yield Question("kind and colour", text, relevant=relevant)
            if self._rng.random() < 0.5:
                yield Question("kind and colour", text, where=Not(relevant))

    def _strangers(self) -> Iterator[Question]:
        """Names of things that the shop does not have."""
        strange = [concept for concept in self._lexicon.concepts("category") if not self._has(concept)]
        for concept in self._cycled(strange):
            yield Question("unknown thing", concept.label(self._rng.choice(("en", "zh"))))

    def _nonsense(self) -> Iterator[Question]:
        """Words that the shop does not have: syllables of its own words in another order."""
        words = [
            word.text
            for product in self._products
            for word in query_words(product.title, self._lexicon)
            if len(word.text) >= _MIN_SYLLABLES
        ]
        for word in self._cycled(words):
            other = self._rng.choice(words)
            text = word[: len(word) // 2] + other[len(other) // 2 :]
            words_of_text = query_words(text, self._lexicon)
            if not any(self._index.frequencies([each.alternatives for each in words_of_text])):
                yield Question("unknown word", text)

    def _photos(self) -> Iterator[Question]:
        for product in self._some():
            photo = self._photo_of(product)
            if photo is None:
                continue
            relevant = self._same_kind(product)
            yield Question("photo", photo=photo, relevant=relevant)
            if self._rng.random() < 0.5:
                yield Question("photo", photo=photo, where=Not(relevant))

    def _photos_in_colours(self) -> Iterator[Question]:
        for product in self._some():
            photo, kind = self._photo_of(product), self._kind_of(product)
            if photo is None or kind is None:
                continue
            is_kind = Equals("category", kind)
            colours = [
                (concept, And((is_kind, has_colour)))
                for concept, has_colour in self._colours
                if self._index.count(And((is_kind, has_colour)))
            ]
            relevant: Filter
            if colours:
                concept, relevant = self._rng.choice(colours)
                text = concept.label(self._rng.choice(("en", "zh")))
            else:
                other = self._other_word(product, is_kind)
                if other is None:
                    continue
                text, relevant = other
            yield Question("photo and word", text, photo, relevant)
            yield Question("photo and word", text, photo, where=Not(is_kind))

    def _stranger_photos(self) -> Iterator[Question]:
        for place in range(_PER_SOURCE // 2):
            photo = _drawing(np.random.default_rng(self._rng.randrange(1 << 32)), place)
            yield Question("unknown photo", photo=photo)
            if self._colours and place % 2:
                concept, _ = self._rng.choice(self._colours)
                yield Question("unknown photo and word", concept.label("en"), photo)

    def _some(self) -> Sequence[Product]:
        return self._rng.sample(self._products, len(self._products))[: 2 * _PER_SOURCE]

    def _cycled(self, values: Sequence[_Value]) -> Sequence[_Value]:
        return self._rng.sample(values, min(len(values), _PER_SOURCE))

    def _usable_kinds(self) -> list[str]:
        facet = self._index.facet("category", limit=400)
        return [
            str(value.value)
            for value in facet.values
            if isinstance(value.value, str)
            and query_words(value.value, self._lexicon)
            and value.count <= _MAX_KIND_SHARE * self._total
        ]

    def _names_of(self, kind: str) -> tuple[str, ...]:
        """Return what a kind is called: in English and in Chinese, if the lexicon knows it."""
        concept = self._lexicon.get("category", kind)
        return (kind,) if concept is None else (concept.label("en"), concept.label("zh"))

    def _kind_of(self, product: Product) -> str | None:
        """Return the narrowest category of a product that is usable."""
        usable = [name for name in product.category if name in self._kinds]
        return usable[-1] if usable else None

    def _colour_of(self, product: Product) -> tuple[Concept, Filter] | None:
        colours = [each for each in self._colours if self._index.matches([product.id], each[1])]
        return self._rng.choice(colours) if colours else None

    def _same_kind(self, product: Product) -> Filter:
        kind = self._kind_of(product)
        own: list[Filter] = [Ids((product.id,))]
        if product.group_id is not None:
            own.append(Equals("group_id", product.group_id))
        if kind is not None:
            own.append(Equals("category", kind))
        return Or(tuple(own))

    def _equivalents(self, product: Product, words: Sequence[QueryWord]) -> Filter:
        """What answers a title: the same words, or the same brand, kind and colour."""
        parts: list[Filter] = [Ids((product.id,)), _having(words)]
        kind, colour = self._kind_of(product), self._colour_of(product)
        if product.brand and kind is not None and colour is not None:
            parts.append(And((Equals("brand", product.brand), Equals("category", kind), colour[1])))
        return Or(tuple(parts))

    def _other_word(self, product: Product, is_kind: Filter) -> tuple[str, Filter] | None:
        """Return a word of another product of the same kind, which the product does not have."""
        others = self._index.scroll(is_kind, limit=20)
        own = {word.text for word in query_words(product.title, self._lexicon)}
        for other in self._catalogue.get_many(self._rng.sample(others, len(others))).values():
            words = [word for word in query_words(other.title, self._lexicon) if word.text not in own]
            if words:
                word = self._rng.choice(words)
                return word.text, And((is_kind, _having([word])))
        return None

    def _has(self, concept: Concept) -> bool:
        """Whether the shop has a concept, or a wider or narrower one, in its categories or titles."""
        related = (concept, *self._lexicon.ancestors(concept), *self._lexicon.descendants(concept))
        counts = self._index.frequencies([((other.term,),) for other in related])
        words = query_words(concept.label("en"), self._lexicon) + query_words(
            concept.label("zh"), self._lexicon
        )
        return any(counts) or any(self._index.frequencies([word.alternatives for word in words]))

    def _photo_of(self, product: Product) -> Image.Image | None:
        """Return the product's own photo, cropped and in another light."""
        stored = self._catalogue.thumbnail(product.id)
        if stored is None:
            return None
        photo = Image.open(io.BytesIO(stored)).convert("RGB")
        share = self._rng.uniform(0.75, 0.95)
        width, height = round(photo.width * share), round(photo.height * share)
        left = self._rng.randint(0, photo.width - width)
        top = self._rng.randint(0, photo.height - height)
        # A crop of a tiny or very narrow photo would be refused as too small.
        size = max(width, _LEAST_SIDE), max(height, _LEAST_SIDE)
        photo = photo.resize(size, Image.Resampling.BICUBIC, (left, top, left + width, top + height))
        photo = ImageEnhance.Brightness(photo).enhance(self._rng.uniform(0.75, 1.25))
        return ImageEnhance.Color(photo).enhance(self._rng.uniform(0.8, 1.2))


def _having(words: Sequence[QueryWord]) -> Filter:
    return HasWords.all_of((word.alternatives for word in words), TermPlace.NAME)


def _drawing(generator: np.random.Generator, place: int) -> Image.Image:
    """Return a photo of nothing: noise, a flat colour or a gradient."""
    if place % 3 == 0:
        return Image.fromarray(generator.integers(0, 256, (_SIDE, _SIDE, 3), dtype=np.uint8))
    size = 1 if place % 3 == 1 else 4
    coarse = Image.fromarray(generator.integers(0, 256, (size, size, 3), dtype=np.uint8))
    return coarse.resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
