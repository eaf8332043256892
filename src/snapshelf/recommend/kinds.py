"""Kinds of products: which stand in for each other, and which go together though nobody has bought them yet."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib import resources
from typing import Any, NamedTuple

import numpy as np
import yaml
from numpy.typing import NDArray

from snapshelf.catalogue import Catalogue
from snapshelf.language import Concept, Lexicon, normalise
from snapshelf.ranking import UNKNOWN, Floats, Items

_READ_TITLES = 3_000
"""Most products whose titles are read for their kind, where their category does not say it."""
_COMPLEMENT = re.compile(r"\s(?:for|with|fits|compatible with|für|pour|para|per|voor)\s|适用|兼容|用于")
"""Words behind which a title names something else than the product: "case for iPhone"."""

_SIGNS = {"男": "men", "女": "women"}

_CATEGORY = "category"
_GENDER = "gender"


class _Kind(NamedTuple):
    """What a category or a title says of a product: its concept, and for whom it is."""

    concept: Concept | None = None
    audience: frozenset[str] = frozenset()


@dataclass(frozen=True)
class GoesWith:
    """Which kinds of things are used together, from ``goes_with.yaml``.

    Parameters
    ----------
    lexicon : Lexicon
    """

    lexicon: Lexicon

    @cached_property
    def _content(self) -> Mapping[str, Any]:
        text = resources.files("snapshelf.recommend").joinpath("goes_with.yaml").read_text("utf-8")
        content: Mapping[str, Any] = yaml.safe_load(text)
        return content

    @cached_property
    def _parts(self) -> dict[str, dict[str, set[int]]]:
        """Key of a kind → set → numbers of the parts that list it."""
        parts: dict[str, dict[str, set[int]]] = {}
        for name, members in self._content["together"].items():
            for number, keys in enumerate(members):
                for key in keys:
                    parts.setdefault(key, {}).setdefault(name, set()).add(number)
        return parts

    @cached_property
    def _department_of(self) -> dict[str, str]:
        return {key: keys[0] for keys in self._content["departments"] for key in keys}

    def parts(self, concept: Concept) -> Mapping[str, frozenset[int]]:
        """Return the parts that a kind has in each set: those of the nearest kind that the set lists."""
        parts: dict[str, frozenset[int]] = {}
        for kind in (concept, *self.lexicon.ancestors(concept)):
            for name, numbers in self._parts.get(kind.key, {}).items():
                parts.setdefault(name, frozenset(numbers))
        return parts

    def people(self, concept: Concept) -> frozenset[str]:
        """Return for whom a kind is where nothing else says it: a dress is for women."""
        kinds = {kind.key for kind in (concept, *self.lexicon.ancestors(concept))}
        return frozenset(people for people, keys in self._content["people"].items() if kinds & {*keys})

    def department(self, concept: Concept) -> str:
        """Return the key of the widest kind, the same for kinds that are bought for the same purpose."""
        widest = (concept, *self.lexicon.ancestors(concept))[-1].key
        return self._department_of.get(widest, widest)


@dataclass(frozen=True)
class ItemKinds:
    """Kinds of items.

    Parameters
    ----------
    code : ndarray
        int32 (n,): the same for items of a kind; `UNKNOWN` where nothing says it.
    department : ndarray
        int32 (n,): the same for items that are bought for the same purpose; `UNKNOWN` where nothing says it.
    audience : ndarray
        uint32 (n,): a bit for each group of people that the items are for; 0 for everybody.
    parts : sequence of mapping
        For each code, see `GoesWith.parts`.
    """

    code: NDArray[np.int32]
    department: NDArray[np.int32]
    audience: NDArray[np.uint32]
    parts: Sequence[Mapping[str, frozenset[int]]] = field(default=())

    @classmethod
    def of_categories(cls, items: Items) -> ItemKinds:
        """Return the categories as kinds, without any knowledge of which go together."""
        return cls(items.category, np.full(len(items), UNKNOWN, np.int32), np.zeros(len(items), np.uint32))

    @classmethod
    def of(cls, items: Items, catalogue: Catalogue, goes_with: GoesWith) -> ItemKinds:
        """Read the kinds of items from their categories, and from titles where the category is too wide to say it."""
        lexicon = goes_with.lexicon
        categories = items.category.tolist()
        example = {code: id for code, id in zip(categories, items.ids, strict=True) if id not in items.gone}
        products = catalogue.get_many(list(example.values()))
        of_category = {
            code: _of_path(products[id].category, lexicon) for code, id in example.items() if id in products
        }
        kinds = [of_category.get(code, _Kind()) for code in categories]
        if len(items) <= _READ_TITLES:
            names = catalogue.names(items.ids)
            titles = [_of_title(names[id].title, lexicon) if id in names else _Kind() for id in items.ids]
            departments = _departments(categories, kinds, titles, goes_with)
            for row, (kind, title) in enumerate(zip(kinds, titles, strict=True)):
                concept = kind.concept
                is_vague = concept is None or not goes_with.parts(concept)
                if is_vague and title.concept is not None:
                    department = goes_with.department(title.concept)
                    # The Charger among cars is none for phones.
                    if departments.get(categories[row], department) == department:
                        concept = title.concept
                kinds[row] = _Kind(concept, kind.audience | title.audience)
        return cls._of_kinds(items, kinds, goes_with)

    @classmethod
    def _of_kinds(cls, items: Items, kinds: Sequence[_Kind], goes_with: GoesWith) -> ItemKinds:
        numbers: dict[object, int] = {}
        departments: dict[str, int] = {}
        bits: dict[str, int] = {}
        parts: list[Mapping[str, frozenset[int]]] = []
        rows = np.full((len(items), 2), UNKNOWN, np.int32)
        audience = np.zeros(len(items), np.uint32)
        concepts = {kind.concept for kind in kinds if kind.concept is not None}
        department_of = {concept: goes_with.department(concept) for concept in concepts}
        people_of: dict[Concept | None, frozenset[str]] = {
            concept: goes_with.people(concept) for concept in concepts
        }
        for row, (kind, category) in enumerate(zip(kinds, items.category.tolist(), strict=True)):
            for people in kind.audience or people_of.get(kind.concept, frozenset()):
                audience[row] |= 1 << bits.setdefault(people, len(bits))
            if kind.concept is None and category == UNKNOWN:
                continue
            number = numbers.setdefault(kind.concept or category, len(numbers))
            if number == len(parts):
                parts.append(goes_with.parts(kind.concept) if kind.concept else {})
            department = UNKNOWN
            if kind.concept is not None:
                department = departments.setdefault(department_of[kind.concept], len(departments))
            rows[row] = number, department
        return cls(rows[:, 0], rows[:, 1], audience, parts)

    def companions(self, anchors: NDArray[np.intp]) -> Floats:
        """Return how many of the anchors each item goes with, as a share, float32 (n,)."""
        times = np.zeros(len(self.code), np.float32)
        if not self.parts:
            return times
        for code, audience in zip(self.code[anchors].tolist(), self.audience[anchors], strict=True):
            # The last is for items of unknown kind.
            goes_with = np.array(
                [*(self._go_together(code, other) for other in range(len(self.parts))), False]
            )
            fits = (self.audience == 0) | (self.audience & audience > 0) | (audience == 0)
            times += goes_with[self.code] & fits
        return times / np.float32(max(len(anchors), 1))

    def _go_together(self, code: int, other: int) -> bool:
        mine = self.parts[code] if code != UNKNOWN else {}
        return any(
            name in self.parts[other] and not numbers & self.parts[other][name]
            for name, numbers in mine.items()
        )

    def part(self, row: int, anchors: NDArray[np.intp]) -> object:
        """Return the part that an item takes beside the anchors: items of the same part stand in for each other."""
        code = int(self.code[row])
        if code != UNKNOWN and code < len(self.parts):
            for anchor in self.code[anchors].tolist():
                for name, numbers in self.parts[code].items():
                    if anchor != UNKNOWN and name in self.parts[anchor]:
                        return name, numbers
        return code


def _departments(
    categories: Sequence[int], kinds: Sequence[_Kind], titles: Sequence[_Kind], goes_with: GoesWith
) -> dict[int, str]:
    """Return the department of each category: its own, or that of most of its titles; empty where neither says any."""
    departments: dict[int, str] = {}
    said: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for category, kind, title in zip(categories, kinds, titles, strict=True):
        if category == UNKNOWN:
            continue
        if kind.concept is not None:
            departments[category] = goes_with.department(kind.concept)
        said[category][goes_with.department(title.concept) if title.concept is not None else ""] += 1
    for category, counts in said.items():
        (most, times), *_ = counts.most_common()
        if category not in departments:
            departments[category] = most if times * 2 >= counts.total() else ""
    return departments


def _of_path(path: Sequence[str], lexicon: Lexicon) -> _Kind:
    """Return the kind of the narrowest step that names any, for whom the whole path says."""
    kinds = [_of_title(step, lexicon) for step in reversed(path)]
    concept = next((kind.concept for kind in kinds if kind.concept is not None), None)
    return _Kind(concept, frozenset().union(*(kind.audience for kind in kinds)))


@lru_cache(maxsize=65_536)
def _of_title(title: str, lexicon: Lexicon) -> _Kind:
    """Return the kind that a title names last, before what it is for."""
    normal = normalise(title)
    complement = _COMPLEMENT.search(normal)
    matches = lexicon.find(normal)
    concepts = [match for match in matches if match.concept.kind == _CATEGORY]
    named = [match for match in concepts if complement is None or match.start < complement.start()]
    audience = frozenset(match.concept.key for match in matches if match.concept.kind == _GENDER)
    if not audience:
        # The lexicon reads a single character only before a break; in titles it stands anywhere.
        audience = frozenset(people for sign, people in _SIGNS.items() if sign in normal)
    return _Kind(
        (named or concepts)[-1].concept if concepts else None,
        frozenset() if "unisex" in audience else audience,
    )
