"""The catalogue as query understanding sees it: which field values match which concepts, names and quantities."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from snapshelf.encoders import Encoder
from snapshelf.index import Filter
from snapshelf.language import (
    Alternatives,
    BrandNames,
    Concept,
    Lexicon,
    Quantity,
    Vocabulary,
    normalise,
    quantities,
    stem,
    tokenize,
)
from snapshelf.query.categories import CATEGORY, Categories, ProductCounts, any_of
from snapshelf.query.codes import CodeTable
from snapshelf.query.filters.fields import ATTRIBUTES, Fields
from snapshelf.query.photo_kind import PhotoKinds, ProductReader

PhotoVectorLookup: TypeAlias = Callable[[Sequence[str]], Mapping[str, NDArray[np.float32]]]
"""Ids → unit photo vectors float32 (m, d) of each product in the catalogue."""

_MAX_VALUES = 2_000
"""Maximum number of distinct texts of an attribute with values; attributes with more hold sentences or numbers."""

_MAX_CHOICES = 100
"""Maximum number of distinct texts of an attribute that is a choice, such as a condition or a size."""

_MAX_NAMES = 200_000
"""Maximum number of brands and of categories."""

_MIN_SHARE = 0.5
"""Share of an attribute's texts that must name concepts of a kind for the attribute to hold this kind."""

_MIN_SHARE_OF_NAMED_FIELD = 0.1
"""The same share for an attribute that has the name of the kind."""

_MIN_COVERED_SHARE = 0.5
"""Share of a text that names of a kind must cover: "Red/White" holds colours, "Men's Red Tie" is a title."""

_MIN_QUANTITY_SHARE = 0.3
"""Share of a text that its quantities must cover: "Volume: 500 ml" is a quantity, a list of specifications is none."""

_TRANSLATED_TEXTS = re.compile(rf"{ATTRIBUTES}\.(title|description)_(en|zh)")
"""Attributes with the title and description in another language."""

_FIELD_NAME_PATTERNS: Mapping[str, re.Pattern[str]] = {
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

_MEASURE_NAME_PATTERNS: Mapping[str, re.Pattern[str]] = {
    kind: re.compile(pattern, re.IGNORECASE)
    for kind, pattern in {
        "weight": "weight|gewicht|poids|peso|重量|净重|净含量|克重",
        "memory": r"memory|storage|speicher|mémoire|memoria|stockage|\b(?:ram|rom|ssd)\b|内存|存储",
    }.items()
}
"""Names of fields whose values may mean either: 128G."""

_ALSO_MATCHES: Mapping[str, tuple[str, ...]] = {
    "gender/men": ("gender/unisex",),
    "gender/women": ("gender/unisex",),
    "gender/boys": ("gender/kids", "gender/unisex"),
    "gender/girls": ("gender/kids", "gender/unisex"),
    "gender/kids": ("gender/boys", "gender/girls"),
}
"""Concept → concepts that match it too, besides the narrower ones."""

_KINDS_IN_CATEGORIES = frozenset({"gender"})
"""Kinds that shops hold in their categories too: "Women", "Men's watches"."""

_FRACTION = re.compile("[¼½¾⅓⅔]")
"""A fraction in a sign of its own: 42⅔ is 42 2/3."""

_WORD = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+")


class ProductIndex(ProductCounts, ProductReader, Protocol):
    """Counts and reads products; every search index satisfies it."""

    def frequencies(self, words: Sequence[Alternatives]) -> list[int]:
        """Return the number of products that have each word."""
        ...


class FieldValues(NamedTuple):
    """Texts of a field that name a concept exactly, and all that match it (narrower concepts included).

    `is_certain` is false for categories that are of the kind only as far as the last word of their name says.
    """

    field: str
    exact: tuple[str, ...]
    matching: tuple[str, ...]
    is_certain: bool = True


class ShopName(NamedTuple):
    """A name in normal form that the lexicon does not know, and the texts of a field with this normal form."""

    kind: str
    phrase: str
    field: str
    texts: tuple[str, ...]


class _ValueMeaning(NamedTuple):
    """The concepts that a value names; `is_title` if it combines a thing with its properties ("Red mug")."""

    concepts: Sequence[Concept]
    is_title: bool


def _nested_dict() -> defaultdict[str, dict[str, Any]]:
    return defaultdict(dict)


@dataclass(frozen=True, slots=True)
class _FieldTable:
    """The indexed values of the fields.

    Parameters
    ----------
    shares : dict
        Kind → field → share of the field's texts that name a concept of the kind.
    values : dict
        Field → concept id → its texts.
    names : list of ShopName
        The shop's own names.
    quantity_values : dict
        Kind of quantity → field → its values with their quantities.
    numeric_fields : dict
        Kind of quantity → fields that hold it as plain numbers.
    """

    shares: defaultdict[str, dict[str, float]] = field(default_factory=_nested_dict)
    values: defaultdict[str, dict[str, list[str]]] = field(default_factory=_nested_dict)
    names: list[ShopName] = field(default_factory=list)
    quantity_values: defaultdict[str, dict[str, list[tuple[str | float, Quantity]]]] = field(
        default_factory=_nested_dict
    )
    numeric_fields: dict[str, list[str]] = field(default_factory=dict)


class CatalogueView:
    """The field values, names and photo vectors of a catalogue that query understanding reads; a snapshot of a version.

    The values of a field tell which kind it holds: `baseColour` with "Red" and "Navy Blue" and 颜色 with 红色 both hold
    colours, whatever their names.

    Parameters
    ----------
    fields : Fields
        The fields of the products, for example a search index. They are read at the first query, once.
    photo_vectors : callable or None
        Returns photo vectors of products by id; without it, liked and disliked products have no effect.
    lexicon : Lexicon or None
        The lexicon of the shop; the bundled lexicon if None.
    vocabulary : Vocabulary or None
        The words of the shop, for spelling correction; without it, no spelling is corrected.
    brand_names : callable or None
        Returns the shop's brands with their other names; without it, each brand has the name that its products have.
    codes : CodeTable or None
        The codes of the products; without it, no codes are read. It follows the index by itself.
    index : ProductIndex or None
        Counts and reads the products. Without it, neither the tree of the categories nor the kind of a photo is known.
    """

    def __init__(
        self,
        fields: Fields,
        *,
        index: ProductIndex | None = None,
        photo_vectors: PhotoVectorLookup | None = None,
        lexicon: Lexicon | None = None,
        vocabulary: Vocabulary | None = None,
        brand_names: Callable[[], BrandNames] | None = None,
        codes: CodeTable | None = None,
    ) -> None:
        self._fields = fields
        self._index = index
        self._photo_vectors = photo_vectors
        self.lexicon = lexicon or Lexicon.bundled()
        self.vocabulary = vocabulary
        self._brand_names = brand_names
        self.codes = codes
        self._values_by_concept: dict[tuple[str, str], list[FieldValues]] = {}
        self._concept_vectors: dict[tuple[str, str], tuple[Sequence[Concept], NDArray[np.float32]]] = {}
        self._meanings: dict[str, _ValueMeaning] = {}
        self._quantities: dict[tuple[str, bool], Sequence[Quantity]] = {}
        self._photo_kinds: dict[str, PhotoKinds] = {}
        self._earlier_photo_kinds: dict[str, PhotoKinds] = {}

    def refreshed(self) -> CatalogueView:
        """Return a view of the current products; caches that do not depend on them are kept."""
        refreshed = CatalogueView(
            self._fields,
            photo_vectors=self._photo_vectors,
            lexicon=self.lexicon,
            vocabulary=self.vocabulary,
            brand_names=self._brand_names,
            codes=self.codes,
            index=self._index,
        )
        refreshed._concept_vectors, refreshed._meanings = self._concept_vectors, self._meanings
        refreshed._quantities = self._quantities
        refreshed._earlier_photo_kinds = self._earlier_photo_kinds | self._photo_kinds
        return refreshed

    def vectors(self, ids: Sequence[str]) -> Mapping[str, NDArray[np.float32]]:
        """Return the photo vectors of products, float32 (m, d) each; unknown products are omitted."""
        return self._photo_vectors(ids) if self._photo_vectors is not None and ids else {}

    def photo_kinds(self, encoder: Encoder) -> PhotoKinds | None:
        """Return what estimates the kind of photos; None if the products have no categories or cannot be read.

        An estimator of an earlier version of the catalogue is kept as long as it still stands for the products.
        """
        if self._index is None or self._photo_vectors is None or not self.has_field(CATEGORY):
            return None
        key = encoder.fingerprint
        if key not in self._photo_kinds:
            earlier = self._earlier_photo_kinds.get(key)
            if earlier is None or not earlier.is_current(self.categories.meanings, self._index.count()):
                earlier = PhotoKinds(self._index, self._photo_vectors, encoder, self.categories.english_name)
            self._photo_kinds[key] = earlier
        return self._photo_kinds[key]

    def has_word(self, word: str) -> bool:
        """Return whether a product has a word anywhere, its description included."""
        return self._index is not None and self._index.frequencies([((stem(word),),)]) != [0]

    @cached_property
    def brand_names(self) -> BrandNames | None:
        """The shop's brands with their other names."""
        return self._brand_names() if self._brand_names is not None else None

    def has_field(self, field: str) -> bool:
        """Return whether any product has a field."""
        return field in self._all_fields

    def texts(self, field: str) -> Sequence[str]:
        """Return the distinct texts of a field, at most 200,000."""
        return self._fields.texts(field, _MAX_NAMES)

    def values(self, concept: Concept, word: str = "") -> list[FieldValues]:
        """Return the field values that match a concept, named by a word; empty if no product has the concept."""
        key = (concept.id, word)
        if key not in self._values_by_concept:
            self._values_by_concept[key] = self._find_values(concept, word)
        return self._values_by_concept[key]

    @cached_property
    def categories(self) -> Categories:
        """The categories of the products."""
        return Categories(self.texts(CATEGORY) if self.has_field(CATEGORY) else (), self.lexicon, self._index)

    def only(self, concept: Concept) -> tuple[str, Filter] | None:
        """Return field and filter of the products with exactly this concept and no narrower one; None without any."""
        if concept.kind == CATEGORY:
            direct = self.categories.direct(concept)
            return (CATEGORY, direct) if direct is not None else None
        exact = [
            (name, texts)
            for name in self._table.shares.get(concept.kind, {})
            if (texts := tuple(self._table.values[name].get(concept.id, ())))
        ]
        return (exact[0][0], any_of(exact)) if exact else None

    def count(self, where: Filter) -> int | None:
        """Return the number of products that match a filter; None if products cannot be counted."""
        return None if self._index is None else self._index.count(where)

    def _find_values(self, concept: Concept, word: str) -> list[FieldValues]:
        if concept.kind == CATEGORY:
            if values := self.categories.values(concept, word):
                exact, matching, is_certain = values
                return [FieldValues(CATEGORY, exact or matching, matching, is_certain)]
            return []
        also = [
            self._concepts_by_id[id] for id in _ALSO_MATCHES.get(concept.id, ()) if id in self._concepts_by_id
        ]
        concepts = [concept, *self.lexicon.descendants(concept), *also]
        field_values = []
        shares = self._table.shares.get(concept.kind, {})
        for name in sorted(shares, key=lambda name: -shares[name]):
            by_concept = self._table.values[name]
            exact = tuple(by_concept.get(concept.id, ()))
            matching = tuple(
                dict.fromkeys(text for match in concepts for text in by_concept.get(match.id, ()))
            )
            if matching:
                field_values.append(FieldValues(name, exact or matching, matching))
        return field_values

    def names_in(self, normalised: str) -> list[tuple[int, int, ShopName]]:
        """Return the shop's own names (brands and values outside the lexicon) in a text, the longest at each position.

        Returns
        -------
        list of tuple
            Start, end and name; the spans do not overlap.
        """
        matches = [
            (start, end, ShopName(CATEGORY, name.phrase, CATEGORY, name.texts))
            for start, end, name in self.categories.names_in(normalised)
        ]
        matches += self._literal_names_in(normalised)
        kept: list[tuple[int, int, ShopName]] = []
        for match in sorted(matches, key=lambda match: (match[0] - match[1], match[2].kind == CATEGORY)):
            if all(match[1] <= start or end <= match[0] for start, end, _ in kept):
                kept.append(match)
        return sorted(kept, key=lambda match: match[0])

    def _literal_names_in(self, normalised: str) -> list[tuple[int, int, ShopName]]:
        matches: list[tuple[int, int, ShopName]] = []
        end = 0
        for word in _WORD.finditer(normalised):
            start = word.start()
            if start < end:
                continue
            for name in self._names_by_first_word.get(word[0], ()):
                stop = start + len(name.phrase)
                if normalised.startswith(name.phrase, start) and _is_word_end(normalised, stop):
                    matches.append((start, stop, name))
                    end = stop
                    break
        return matches

    def quantity_values(self, kind: str) -> Mapping[str, Sequence[tuple[str | float, Quantity]]]:
        """Return, for each field, its values with their quantities of a kind."""
        return self._table.quantity_values.get(kind, {})

    def numeric_fields(self, kind: str) -> Sequence[str]:
        """Return the fields without texts whose name is that of a kind of quantity."""
        return self._table.numeric_fields.get(kind, ())

    def concept_vectors(self, encoder: Encoder, kind: str) -> tuple[Sequence[Concept], NDArray[np.float32]]:
        """Encode the names of all concepts of a kind, once for each encoder.

        Returns
        -------
        concepts : sequence of Concept
        vectors : ndarray
            float32 (n, d), of their English names.
        """
        key = (encoder.fingerprint, kind)
        if key not in self._concept_vectors:
            concepts = self.lexicon.concepts(kind)
            self._concept_vectors[key] = (
                concepts,
                encoder.encode_texts([concept.label("en") for concept in concepts]),
            )
        return self._concept_vectors[key]

    def choices(self, phrase: str) -> Sequence[tuple[str, str]]:
        """Return fields and texts that are a phrase in normal form, of the attributes with few different texts."""
        return self._choices.get(phrase, ())

    @cached_property
    def _choices(self) -> Mapping[str, Sequence[tuple[str, str]]]:
        choices: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for name in self._all_fields:
            if name.startswith(f"{ATTRIBUTES}."):
                texts = self._fields.texts(name, _MAX_CHOICES + 1)
                for text in texts if len(texts) <= _MAX_CHOICES else ():
                    choices[normalise(text)].append((name, text))
        return choices

    @cached_property
    def _all_fields(self) -> frozenset[str]:
        return frozenset(self._fields.fields())

    @cached_property
    def _concepts_by_id(self) -> Mapping[str, Concept]:
        return {concept.id: concept for concept in self.lexicon.concepts()}

    @cached_property
    def _table(self) -> _FieldTable:
        table = _FieldTable()
        for name in sorted(self._all_fields):
            if name == "brand":
                table.names.extend(_shop_names("brand", name, self.texts(name), self.brand_names))
            elif name == CATEGORY:
                for text, meaning in self.categories.meanings.items():
                    for concept in meaning.properties:
                        if concept.kind in _KINDS_IN_CATEGORIES:
                            table.shares[concept.kind][name] = 0.0
                            table.values[name].setdefault(concept.id, []).append(text)
            elif name.startswith(f"{ATTRIBUTES}.") and not _TRANSLATED_TEXTS.fullmatch(name):
                texts = self._fields.texts(name, _MAX_VALUES + 1)
                if 0 < len(texts) <= _MAX_VALUES:
                    self._index_values(table, name, texts)
                    self._index_quantities(table, name, texts)
                if _FIELD_NAME_PATTERNS["size"].search(name):
                    self._index_numeric_sizes(table, name, has_texts=bool(texts))
        return table

    def _index_values(self, table: _FieldTable, name: str, texts: Sequence[str]) -> None:
        meanings = {text: self._value_meaning(text) for text in texts}
        for kind, share in self._field_kinds(name, meanings).items():
            table.shares[kind][name] = share
            for text, meaning in meanings.items():
                for concept in meaning.concepts:
                    if concept.kind == kind:
                        table.values[name].setdefault(concept.id, []).append(text)
            unknown = [
                text
                for text, meaning in meanings.items()
                if all(concept.kind != kind for concept in meaning.concepts)
            ]
            table.names.extend(_shop_names(kind, name, unknown))

    def _field_kinds(self, name: str, meanings: Mapping[str, _ValueMeaning]) -> dict[str, float]:
        """Return the kinds that an attribute holds, and the share of its texts that name a concept of each kind."""
        counts = Counter(
            kind for meaning in meanings.values() for kind in {concept.kind for concept in meaning.concepts}
        )
        shares = {kind: count / len(meanings) for kind, count in counts.items()}
        # A single "Milk white" does not turn a field of colours into a field of titles.
        are_titles = sum(meaning.is_title for meaning in meanings.values()) >= _MIN_SHARE * len(meanings)
        return {
            kind: share
            for kind, share in shares.items()
            if (
                share >= _MIN_SHARE_OF_NAMED_FIELD
                if self._is_named_like(name, kind)
                else share >= _MIN_SHARE and not are_titles
            )
        }

    def _is_named_like(self, name: str, kind: str) -> bool:
        """Return whether a field has the usual name of a kind, or the name that the lexicon gives for the kind."""
        short = name.removeprefix(f"{ATTRIBUTES}.")
        usual = _FIELD_NAME_PATTERNS.get(kind)
        return normalise(short) in self._lexicon_field_names[kind] or bool(usual and usual.search(short))

    @cached_property
    def _lexicon_field_names(self) -> Mapping[str, frozenset[str]]:
        return {
            kind: frozenset(
                normalise(concept.fills) for concept in self.lexicon.concepts(kind) if concept.fills
            )
            for kind in self.lexicon.kinds
        }

    def _index_quantities(self, table: _FieldTable, name: str, texts: Sequence[str]) -> None:
        is_size = bool(_FIELD_NAME_PATTERNS["size"].search(name))
        parsed = [
            (text, quantity) for text in texts for quantity in self._quantities_of(text, is_size=is_size)
        ]
        sure = {quantity.kind for _, quantity in parsed if not quantity.others}
        named = {kind for kind, pattern in _MEASURE_NAME_PATTERNS.items() if pattern.search(name)}
        for text, quantity in parsed:
            readings = (quantity, *quantity.others)
            # "128 g" is a weight beside "1 kg", and memory beside "1 TB".
            meant = next(
                (some for kinds in (sure, named) if (some := [q for q in readings if q.kind in kinds])),
                readings,
            )
            for reading in meant:
                table.quantity_values[reading.kind].setdefault(name, []).append((text, reading))

    def _index_numeric_sizes(self, table: _FieldTable, name: str, *, has_texts: bool) -> None:
        """Index the numbers of a field of sizes; a feed with "42 2/3" and 42 gives texts and numbers."""
        if self._index is None:
            if not has_texts:
                table.numeric_fields.setdefault("size", []).append(name)
            return
        for value in self._index.facet(name, limit=_MAX_VALUES).values:
            number = value.value
            if not isinstance(number, str):
                size = Quantity(0, 0, number, "", "size", number, number)
                table.quantity_values["size"].setdefault(name, []).append((number, size))

    @cached_property
    def _names_by_first_word(self) -> Mapping[str, Sequence[ShopName]]:
        """Return the shop's own names by their first word, the longest first."""
        by_first_word: dict[str, list[ShopName]] = defaultdict(list)
        for name in sorted(self._table.names, key=lambda name: -len(name.phrase)):
            first = _WORD.match(name.phrase)
            # "Only" and "And" are brands too, but in a query they are stop words.
            if first and len(name.phrase) > 1 and tokenize(f"{name.phrase} zz", self.lexicon) != ["zz"]:
                by_first_word[first[0]].append(name)
        return by_first_word

    def _value_meaning(self, text: str) -> _ValueMeaning:
        """Return the concepts that a value names as a whole, or else the concepts within it ("Red/White")."""
        if text in self._meanings:
            return self._meanings[text]
        kinds = [kind for kind in self.lexicon.kinds if kind != CATEGORY]
        named = [concept for kind in kinds if (concept := self.lexicon.get(kind, text))]
        matches = self.lexicon.find(text)
        of_kinds = [match for match in matches if match.concept.kind in kinds]
        covered = Counter[str]()
        for match in of_kinds:
            covered[match.concept.kind] += match.end - match.start
        min_covered = _MIN_COVERED_SHARE * len(normalise(text))
        contained = [match.concept for match in of_kinds if covered[match.concept.kind] >= min_covered]
        named_kinds = {concept.kind for concept in named}
        contained = [concept for concept in contained if concept.kind not in named_kinds]
        things = {match.start for match in matches if match.concept.kind == CATEGORY}
        others = {match.start for match in matches if match.concept.kind != CATEGORY}
        # "Peach" is a fruit and a colour at the same position, not a title.
        is_title = bool(others) and not things <= others
        return self._meanings.setdefault(text, _ValueMeaning([*named, *contained], is_title))

    def _quantities_of(self, text: str, *, is_size: bool) -> Sequence[Quantity]:
        """Return the quantities of a value: "500 ml", or 42 if the field holds sizes."""
        key = (text, is_size)
        if key not in self._quantities:
            spaced = _FRACTION.sub(lambda match: f" {unicodedata.normalize('NFKC', match[0])}", text)
            spaced = spaced.replace("\N{FRACTION SLASH}", "/")
            parsed = quantities(spaced) or (quantities(f"size {spaced}") if is_size else [])
            if sum(quantity.end - quantity.start for quantity in parsed) < _MIN_QUANTITY_SHARE * len(spaced):
                parsed = []
            self._quantities[key] = [
                quantity
                for quantity in parsed
                if quantity.kind != "price" and (quantity.kind != "size" or is_size)
            ]
        return self._quantities[key]


def _shop_names(
    kind: str, field: str, texts: Iterable[str], brands: BrandNames | None = None
) -> list[ShopName]:
    """Group names by their normal form: "ACME" and "Acme" are the same, and 华为 is "Huawei" among brands."""
    by_phrase: dict[str, list[str]] = defaultdict(list)
    for text in texts:
        for phrase in (normalise(text), *(brands.others(text) if brands else ())):
            by_phrase[phrase].append(text)
    return [ShopName(kind, phrase, field, tuple(members)) for phrase, members in by_phrase.items()]


def _is_word_end(text: str, stop: int) -> bool:
    """Return whether a word ends before `stop`; a Latin word ends if no letter or digit follows."""
    if stop >= len(text):
        return True
    before, after = text[stop - 1], text[stop]
    return not (before.isascii() and before.isalnum() and after.isascii() and after.isalnum())
