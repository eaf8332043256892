"""What the shop has: which of its facts hold what words name."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from snapshelf.encoders import Encoder
from snapshelf.language import Concept, Lexicon, Quantity, Vocabulary, normalise, quantities, tokenize
from snapshelf.query.filter_fields import ATTRIBUTES, Fields

VectorsOf: TypeAlias = Callable[[Sequence[str]], Mapping[str, NDArray[np.float32]]]
"""Ids → unit photo vectors float32 (m, d) of each product that there is."""

_MOST_VALUES = 2_000
"""Different texts up to which an attribute is taken for a fact; one with more holds sentences or numbers."""

_MOST_NAMES = 200_000
"""Most brands, and most names of categories."""

_MOSTLY = 0.5
"""Share of an attribute's texts that must name concepts of a kind for the attribute to hold that kind …"""

_AT_ALL = 0.1
"""… and where the attribute is called like the kind."""

_COVERED = 0.5
"""Share of a text that names of a kind must make up: "Red/White" is colours, "Men's Red Tie" a title with one in it."""

_TITLES = re.compile(rf"{ATTRIBUTES}\.(title|description)_(en|zh)")
"""What the catalogue keeps a product's title and description under in another language."""

_CALLED: Mapping[str, re.Pattern[str]] = {
    kind: re.compile(pattern, re.IGNORECASE)
    for kind, pattern in {
        "colour": "colou?r|颜色|色彩|色系",
        "gender": "gender|sex|性别|适用人群",
        "material": "material|fabric|材质|面料|材料",
        "pattern": "pattern|print|图案|花纹",
        "season": "season|季节",
        "usage": "usage|purpose|用途|场景",
        "occasion": "occasion|场合",
        "style": "style|fit|风格|款式|版型",
        "size": "size|尺码|尺寸|码数|鞋码|规格",
    }.items()
}

_ALSO_FITS: Mapping[str, tuple[str, ...]] = {
    "gender/men": ("gender/unisex",),
    "gender/women": ("gender/unisex",),
    "gender/boys": ("gender/kids", "gender/unisex"),
    "gender/girls": ("gender/kids", "gender/unisex"),
    "gender/kids": ("gender/boys", "gender/girls"),
}
"""What suits whom, beyond narrower concepts."""

_WORD = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+")


class Values(NamedTuple):
    """Texts that a field holds: those that name a concept, and those that name it or something narrower."""

    field: str
    exact: tuple[str, ...]
    wide: tuple[str, ...]


class Name(NamedTuple):
    """A name that only the shop has, in normal form, and the texts of a field that are it."""

    kind: str
    phrase: str
    field: str
    texts: tuple[str, ...]


class _Meaning(NamedTuple):
    """The concepts that a value names; is_title: a thing among them and what it is like, as in "Red mug"."""

    concepts: Sequence[Concept]
    is_title: bool


def _by_name() -> defaultdict[str, dict[str, Any]]:
    return defaultdict(dict)


@dataclass(frozen=True, slots=True)
class _Table:
    """What the fields hold.

    Parameters
    ----------
    shares : dict
        Kind → field → share of the field's texts that name a concept of the kind.
    values : dict
        Field → concept id → its texts.
    names : list of Name
        What only the shop has.
    amounts : dict
        Kind of quantity → field → its texts, with the quantity of each.
    numbers : dict
        Kind of quantity → fields that hold plain numbers of it.
    """

    shares: defaultdict[str, dict[str, float]] = field(default_factory=_by_name)
    values: defaultdict[str, dict[str, list[str]]] = field(default_factory=_by_name)
    names: list[Name] = field(default_factory=list)
    amounts: defaultdict[str, dict[str, list[tuple[str, Quantity]]]] = field(default_factory=_by_name)
    numbers: dict[str, list[str]] = field(default_factory=dict)


class Knowledge:
    """What understanding a query needs to know of a shop; made anew when the catalogue has changed.

    Which field holds colours, which one genders, is read from its values: `baseColour` with "Red" and "Navy Blue" and
    颜色 with 红色 both hold colours, whatever they are called.

    Parameters
    ----------
    fields : Fields
        The products' facts, for example a store. Asked when the first query comes, and only once.
    vectors_of : callable or None
        Photo vectors of products by id; without it no product can be liked or disliked.
    lexicon : Lexicon or None
        The shop's; by default the bundled one.
    vocabulary : Vocabulary or None
        The shop's words, by which slips are corrected; without it nothing is.
    """

    def __init__(
        self,
        fields: Fields,
        *,
        vectors_of: VectorsOf | None = None,
        lexicon: Lexicon | None = None,
        vocabulary: Vocabulary | None = None,
    ) -> None:
        self._fields = fields
        self._vectors_of = vectors_of
        self.lexicon = lexicon or Lexicon.bundled()
        self.vocabulary = vocabulary
        self._places: dict[str, list[Values]] = {}
        self._spoken: dict[tuple[str, str], tuple[Sequence[Concept], NDArray[np.float32]]] = {}
        self._meanings: dict[tuple[str, bool], _Meaning] = {}
        self._quantities: dict[tuple[str, bool], Sequence[Quantity]] = {}

    def renewed(self) -> Knowledge:
        """Know the products as they are now; what does not depend on them is kept."""
        renewed = Knowledge(
            self._fields, vectors_of=self._vectors_of, lexicon=self.lexicon, vocabulary=self.vocabulary
        )
        renewed._spoken, renewed._meanings = self._spoken, self._meanings
        renewed._quantities = self._quantities
        return renewed

    def vectors(self, ids: Sequence[str]) -> Mapping[str, NDArray[np.float32]]:
        """Look up the photo vectors of products, float32 (m, d) each; products that are not there are left out."""
        return self._vectors_of(ids) if self._vectors_of is not None and ids else {}

    def has(self, field: str) -> bool:
        """Whether some product has a fact."""
        return field in self._names

    def texts(self, field: str) -> Sequence[str]:
        """Different texts of a field, at most 200,000."""
        return self._fields.texts(field, _MOST_NAMES)

    def values(self, concept: Concept) -> list[Values]:
        """Where the shop has a concept; empty if none of its products is said to have it."""
        if concept.id not in self._places:
            self._places[concept.id] = self._places_of(concept)
        return self._places[concept.id]

    def _places_of(self, concept: Concept) -> list[Values]:
        also = [self._by_id[id] for id in _ALSO_FITS.get(concept.id, ()) if id in self._by_id]
        concepts = [concept, *self.lexicon.descendants(concept), *also]
        found = []
        shares = self._table.shares.get(concept.kind, {})
        for name in sorted(shares, key=lambda name: -shares[name]):
            by_concept = self._table.values[name]
            exact = tuple(by_concept.get(concept.id, ()))
            wide = tuple(dict.fromkeys(text for each in concepts for text in by_concept.get(each.id, ())))
            if wide:
                found.append(Values(name, exact or wide, wide))
        return found

    def names_in(self, normalised: str) -> list[tuple[int, int, Name]]:
        """Find the shop's own names (brands, values that the lexicon does not know) in a text, the longest first each.

        Returns
        -------
        list of tuple
            Start, end and the name; they do not overlap.
        """
        found: list[tuple[int, int, Name]] = []
        end = 0
        for word in _WORD.finditer(normalised):
            start = word.start()
            if start < end:
                continue
            for name in self._own_names.get(word[0], ()):
                stop = start + len(name.phrase)
                if normalised.startswith(name.phrase, start) and _ends(normalised, stop):
                    found.append((start, stop, name))
                    end = stop
                    break
        return found

    def amounts(self, kind: str) -> Mapping[str, Sequence[tuple[str, Quantity]]]:
        """Field → its texts with the quantity of the kind that each of them names."""
        return self._table.amounts.get(kind, {})

    def numbers(self, kind: str) -> Sequence[str]:
        """Fields without texts that are called like a quantity of the kind."""
        return self._table.numbers.get(kind, ())

    def spoken(self, encoder: Encoder, kind: str) -> tuple[Sequence[Concept], NDArray[np.float32]]:
        """Encode the names of all concepts of a kind, once for each encoder.

        Returns
        -------
        concepts : sequence of Concept
        vectors : ndarray
            float32 (n, d), of their English names.
        """
        key = (encoder.fingerprint, kind)
        if key not in self._spoken:
            concepts = self.lexicon.concepts(kind)
            self._spoken[key] = concepts, encoder.encode_texts([one.label("en") for one in concepts])
        return self._spoken[key]

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(self._fields.fields())

    @cached_property
    def _by_id(self) -> Mapping[str, Concept]:
        return {concept.id: concept for concept in self.lexicon.concepts()}

    @cached_property
    def _table(self) -> _Table:
        table = _Table()
        for name in sorted(self._names):
            if name == "brand":
                table.names.extend(_own("brand", name, self.texts(name)))
            elif name == "category":
                self._learn_values(table, name, self.texts(name))
            elif name.startswith(f"{ATTRIBUTES}.") and not _TITLES.fullmatch(name):
                texts = self._fields.texts(name, _MOST_VALUES + 1)
                if 0 < len(texts) <= _MOST_VALUES:
                    self._learn_values(table, name, texts)
                    self._learn_amounts(table, name, texts)
                elif not texts and _CALLED["size"].search(name):
                    table.numbers.setdefault("size", []).append(name)
        return table

    def _learn_values(self, table: _Table, name: str, texts: Sequence[str]) -> None:
        meanings = {text: self._meaning(text, is_category=name == "category") for text in texts}
        for kind, share in self._kinds_of(name, meanings).items():
            table.shares[kind][name] = share
            for text, meaning in meanings.items():
                for concept in meaning.concepts:
                    if concept.kind == kind:
                        table.values[name].setdefault(concept.id, []).append(text)
            unknown = [
                text
                for text, meaning in meanings.items()
                if all(one.kind != kind for one in meaning.concepts)
            ]
            table.names.extend(_own(kind, name, unknown))

    def _kinds_of(self, name: str, meanings: Mapping[str, _Meaning]) -> dict[str, float]:
        """The kinds that a field holds, and the share of its texts that name one of them."""
        if name == "category":
            return {"category": 1.0}
        counts = Counter(
            kind for meaning in meanings.values() for kind in {one.kind for one in meaning.concepts}
        )
        shares = {kind: count / len(meanings) for kind, count in counts.items()}
        # One "Milk white" makes a field of colours none of titles.
        are_titles = sum(meaning.is_title for meaning in meanings.values()) >= _MOSTLY * len(meanings)
        return {
            kind: share
            for kind, share in shares.items()
            if (share >= _AT_ALL if self._is_called(name, kind) else share >= _MOSTLY and not are_titles)
        }

    def _is_called(self, name: str, kind: str) -> bool:
        """Whether a field is called like a kind, or like what the lexicon says that the kind fills."""
        short = name.removeprefix(f"{ATTRIBUTES}.")
        usual = _CALLED.get(kind)
        return normalise(short) in self._filled[kind] or bool(usual and usual.search(short))

    @cached_property
    def _filled(self) -> Mapping[str, frozenset[str]]:
        return {
            kind: frozenset(normalise(one.fills) for one in self.lexicon.concepts(kind) if one.fills)
            for kind in self.lexicon.kinds
        }

    def _learn_amounts(self, table: _Table, name: str, texts: Sequence[str]) -> None:
        is_size = bool(_CALLED["size"].search(name))
        for text in texts:
            for quantity in self._quantities_of(text, is_size=is_size):
                table.amounts[quantity.kind].setdefault(name, []).append((text, quantity))

    @cached_property
    def _own_names(self) -> Mapping[str, Sequence[Name]]:
        """The shop's own names by their first word, the longest first."""
        by_first_word: dict[str, list[Name]] = defaultdict(list)
        for name in sorted(self._table.names, key=lambda name: -len(name.phrase)):
            first = _WORD.match(name.phrase)
            # "Only" and "And" are brands too, but what a query means by them is another matter.
            if first and len(name.phrase) > 1 and tokenize(f"{name.phrase} zz", self.lexicon) != ["zz"]:
                by_first_word[first[0]].append(name)
        return by_first_word

    def _meaning(self, text: str, *, is_category: bool) -> _Meaning:
        """The concepts that a value names as a whole, or else those within it ("Red/White")."""
        key = (text, is_category)
        if key in self._meanings:
            return self._meanings[key]
        kinds = [kind for kind in self.lexicon.kinds if (kind == "category") == is_category]
        named = [concept for kind in kinds if (concept := self.lexicon.get(kind, text))]
        matches = self.lexicon.find(text)
        of_kinds = [match for match in matches if match.concept.kind in kinds]
        covered = Counter[str]()
        for match in of_kinds:
            covered[match.concept.kind] += match.end - match.start
        least = _COVERED * len(normalise(text))
        within = [match.concept for match in of_kinds if covered[match.concept.kind] >= least]
        whole = {concept.kind for concept in named}
        # A category is what it is called as a whole: "Shoe Accessories" are no shoes.
        within = [one for one in within if one.kind not in whole and one.kind != "category"]
        things = {match.start for match in matches if match.concept.kind == "category"}
        others = {match.start for match in matches if match.concept.kind != "category"}
        # "Peach" is a fruit and a colour at one place, and no title.
        is_title = bool(others) and not things <= others
        return self._meanings.setdefault(key, _Meaning([*named, *within], is_title))

    def _quantities_of(self, text: str, *, is_size: bool) -> Sequence[Quantity]:
        """The quantities that a value is: "500 ml", or 42 where the field is called size."""
        key = (text, is_size)
        if key not in self._quantities:
            found = quantities(text) or (quantities(f"size {text}") if is_size else [])
            self._quantities[key] = [
                one for one in found if one.kind != "price" and (one.kind != "size" or is_size)
            ]
        return self._quantities[key]


def _own(kind: str, field: str, texts: Iterable[str]) -> list[Name]:
    """Names by their normal form: "ACME" and "Acme" are one."""
    by_phrase: dict[str, list[str]] = defaultdict(list)
    for text in texts:
        by_phrase[normalise(text)].append(text)
    return [Name(kind, phrase, field, tuple(members)) for phrase, members in by_phrase.items()]


def _ends(text: str, stop: int) -> bool:
    """Whether a word ends before `stop`: Latin words end where no letter or digit goes on."""
    if stop >= len(text):
        return True
    before, after = text[stop - 1], text[stop]
    return not (before.isascii() and before.isalnum() and after.isascii() and after.isalnum())
