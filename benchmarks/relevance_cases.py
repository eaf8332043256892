"""Queries about products with and without an answer in the shop."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import Image

from benchmarks.offline_search import (
    COLUMNS,
    Catalogue,
    EncodedQuery,
    Mask,
    Rows,
    Vectors,
    class_query,
    encode_images,
)
from snapshelf.catalogue import decode_photo, open_photos
from snapshelf.encoders import Encoder
from snapshelf.evaluation import add_typo
from snapshelf.language import Lexicon
from snapshelf.query import DECODED_SIDE

COLOURS = ("Red", "Blue", "Black", "White", "Green", "Pink", "Yellow", "Brown", "Grey", "Purple")
_SAME_PHOTO = 0.999
_PARTS = (("articleType",), ("baseColour", "articleType"), ("gender", "articleType"), tuple(COLUMNS))
_SIDE = 96
_KIND = "subCategory"

_DrawnCase: TypeAlias = tuple[EncodedQuery, Mask, Mask]
"""A query, what the shop has, and what answers."""


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A query, the products that the shop has, and those that answer it; masks over the catalogue (n,)."""

    source: str
    query: EncodedQuery
    shop: Mask
    relevant: Mask

    @property
    def has_answer(self) -> bool:
        """Whether any product of the shop answers."""
        return bool((self.shop & self.relevant).any())


class Cases:
    """Draws cases about some products of a catalogue.

    Parameters
    ----------
    catalogue : Catalogue
    about : sequence of int
        Rows that queries are made from.
    shops : sequence of ndarray
        bool (n,): shops of different sizes; each case draws one, and may take something out of it.
    strangers : ndarray
        Unit vectors float32 (m, d) of photos of nothing that the catalogue has.
    foreign : sequence of str
        Names of things that the catalogue does not have.
    number : int
        Cases of each source.
    rng : Random
    """

    def __init__(
        self,
        catalogue: Catalogue,
        about: Sequence[int],
        shops: Sequence[Mask],
        strangers: Vectors,
        foreign: Sequence[str],
        number: int,
        rng: random.Random,
    ) -> None:
        self._catalogue, self._shops, self._rng = catalogue, shops, rng
        self._about, self._number = list(about), number
        self._strangers, self._foreign = strangers, foreign
        columns = ("baseColour", "articleType", "subCategory")
        self._same_label = {column: _numbered([row[column] for row in catalogue.rows]) for column in columns}
        # Titles of the fashion set begin with the brand; what the drawn ones are called has none.
        brands = [names[0].split(" ")[0] if len(names) == 1 else "" for names in catalogue.names]
        self._same_label["brand"] = _numbered(brands)
        self._same_label["title"] = _numbered(catalogue.keys)

    def words(self) -> list[Case]:
        """Titles, some with a slip, and classes in both languages; with and without what they ask for in the shop."""
        return [
            *self._some("title", self._title),
            *self._some("title, one letter wrong", lambda row, shop: self._title(row, shop, typo=True)),
            *self._some(
                "title, product not there", lambda row, shop: self._title(row, shop, without="title")
            ),
            *self._some("title, kind not there", lambda row, shop: self._title(row, shop, without=_KIND)),
            *self._some("class, English", lambda row, shop: self._class(row, shop, "en")),
            *self._some("class, Chinese", lambda row, shop: self._class(row, shop, "zh")),
            *self._some("class, kind not there", self._missing_class),
            *self._outside("foreign words", [EncodedQuery(text) for text in self._foreign]),
        ]

    def photo(self) -> list[Case]:
        """Photos of products, with and without their kind in the shop, and photos of anything else."""
        return [
            *self._some("photo of a product", self._photo),
            *self._some("photo, product not there", lambda row, shop: self._photo(row, shop, out=True)),
            *self._some("photo, kind not there", lambda row, shop: self._photo(row, shop, without=_KIND)),
            *self._outside("foreign photo", [EncodedQuery(photo=photo) for photo in self._strangers]),
        ]

    def both(self) -> list[Case]:
        """A photo with its title, its colour or another one, which the shop has or lacks; photos of other things."""
        foreign = [
            EncodedQuery(self._colour_name(self._rng.choice(COLOURS)), photo) for photo in self._strangers
        ]
        return [
            *self._some("photo and its title", self._titled),
            *self._some("photo and its colour", self._coloured),
            *self._some("photo and colour", self._recoloured),
            *self._some(
                "photo and colour, kind not there",
                lambda row, shop: self._recoloured(row, shop, without=_KIND),
            ),
            *self._outside("foreign photo and colour", foreign),
        ]

    def _some(self, source: str, make: Callable[[int, Mask], _DrawnCase | None]) -> Iterator[Case]:
        order = self._rng.sample(self._about, len(self._about))
        drawn = (make(row, self._rng.choice(self._shops)) for row in order)
        return (Case(source, *case) for case in islice((case for case in drawn if case), self._number))

    def _outside(self, source: str, query: Sequence[EncodedQuery]) -> Iterator[Case]:
        nothing = np.zeros(len(self._catalogue), np.bool_)
        chosen = self._rng.sample(list(query), min(self._number, len(query)))
        return (Case(source, case, self._rng.choice(self._shops), nothing) for case in chosen)

    def _title(self, row: int, shop: Mask, *, typo: bool = False, without: str | None = None) -> _DrawnCase:
        """What has brand, kind and colour of the product answers its title."""
        text = self._rng.choice(self._catalogue.names[row])
        available = shop.copy()
        available[row] = True
        if without:
            available &= ~self._same(row, without)
        relevant = self._same(row, "articleType", "baseColour", "brand")
        return EncodedQuery(add_typo(text, self._rng) if typo else text), available, relevant

    def _class(self, row: int, shop: Mask, language: str) -> _DrawnCase | None:
        """What has every label that is named, or a narrower one, answers a class."""
        wanted = {column: self._catalogue.rows[row][column] for column in self._rng.choice(_PARTS)}
        text = None if "NA" in wanted.values() else class_query(wanted, language, self._rng)
        if text is None:
            return None
        lexicon = Lexicon.bundled()
        named = [lexicon.get(COLUMNS[column], label) for column, label in wanted.items()]
        masks = [self._catalogue.concepts[concept.id] for concept in named if concept]
        return EncodedQuery(text), shop, np.logical_and.reduce(masks)

    def _missing_class(self, row: int, shop: Mask) -> _DrawnCase | None:
        return self._class(row, shop & ~self._same(row, _KIND), self._rng.choice(("en", "zh")))

    def _photo(self, row: int, shop: Mask, *, out: bool = False, without: str | None = None) -> _DrawnCase:
        """Products of the same kind answer a photo."""
        photo = self._catalogue.photos[row]
        available = shop.copy()
        available[row] = True
        if out:
            available &= self._catalogue.photos @ photo < _SAME_PHOTO
        if without:
            available &= ~self._same(row, without)
        return EncodedQuery(photo=photo), available, self._same(row, "articleType")

    def _titled(self, row: int, shop: Mask) -> _DrawnCase:
        query, available, relevant = self._title(row, shop)
        return EncodedQuery(query.text, self._catalogue.photos[row]), available, relevant

    def _coloured(self, row: int, shop: Mask) -> _DrawnCase | None:
        own = self._catalogue.rows[row]["baseColour"]
        if own not in COLOURS:
            return None
        available = shop.copy()
        available[row] = True
        return self._of_kind_in(own, row, available)

    def _recoloured(self, row: int, shop: Mask, *, without: str | None = None) -> _DrawnCase:
        colour = self._rng.choice(
            [colour for colour in COLOURS if colour != self._catalogue.rows[row]["baseColour"]]
        )
        return self._of_kind_in(colour, row, shop & ~self._same(row, without) if without else shop)

    def _of_kind_in(self, colour: str, row: int, available: Mask) -> _DrawnCase:
        """Products of the photo's kind in the colour of the words answer."""
        relevant = self._same(row, "articleType") & self._catalogue.labelled({"baseColour": colour})
        return EncodedQuery(self._colour_name(colour), self._catalogue.photos[row]), available, relevant

    def _colour_name(self, colour: str) -> str:
        name = class_query({"baseColour": colour}, self._rng.choice(("en", "zh")), self._rng)
        return name or colour

    def _same(self, row: int, *labels: str) -> Mask:
        masks = [self._same_label[label] == self._same_label[label][row] for label in labels]
        same: Mask = np.logical_and.reduce(masks)
        return same


def foreign_names(catalogue: Catalogue, data: Path) -> list[str]:
    """Names, in both languages, of categories that no product of the catalogue has, and of groceries."""
    lexicon = Lexicon.bundled()
    missing = [concept for concept in lexicon.concepts("category") if concept.id not in catalogue.concepts]
    names = [concept.label(language) for concept in missing for language in ("en", "zh")]
    with (data / "grocery" / "catalogue.csv").open(encoding="utf-8", newline="") as lines:
        return names + [row["title"] for row in csv.DictReader(lines)]


def stranger_photos(encoder: Encoder, data: Path, number: int, rng: random.Random) -> Vectors:
    """Vectors of photos from a grocer's shelves, of noise, of flat colour and of gradients."""
    with (data / "grocery" / "photos.csv").open(encoding="utf-8", newline="") as lines:
        names = [row["image"] for row in csv.DictReader(lines)]
    with open_photos(data / "grocery" / "photos.tar") as source:
        images = [
            decode_photo(source.read(name), at_least=DECODED_SIDE) for name in rng.sample(names, number)
        ]
    generator = np.random.default_rng(rng.randrange(1 << 32))
    for place in range(number):
        noise = generator.integers(0, 256, (_SIDE, _SIDE, 3), dtype=np.uint8)
        coarse = generator.integers(0, 256, (4, 4, 3), dtype=np.uint8)
        flat = np.full_like(noise, generator.integers(0, 256, 3, dtype=np.uint8))
        images.append(
            (
                Image.fromarray(noise),
                Image.fromarray(flat),
                Image.fromarray(coarse).resize((_SIDE, _SIDE), Image.Resampling.BICUBIC),
            )[place % 3]
        )
    return encode_images(encoder, images)


def _numbered(values: Sequence[str]) -> Rows:
    """Equal values get equal numbers: those compare faster."""
    numbers: Rows = np.unique(np.array(values), return_inverse=True)[1]
    return numbers
