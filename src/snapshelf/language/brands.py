"""Brands under their names in several languages: Huawei is 华为."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import yaml

from snapshelf.language.lexicon import continues
from snapshelf.language.normalisation import normalise
from snapshelf.language.tokens import Unit, split_units, stem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_Name: TypeAlias = tuple[str, ...]
"""The units of a name."""

_HAN_NAME = r"[\u3400-\u9fff]{2,8}"
_LATIN_NAME = r"[a-z][^\W_\d\u3400-\u9fff]*(?:[ '’&.-]+[^\W_\d\u3400-\u9fff]+){0,2}"
_BILINGUAL = re.compile(
    rf"""(?P<han>{_HAN_NAME})[ ]?\([ ]?(?P<latin>{_LATIN_NAME})[ ]?\)
    |(?P<latin_2>{_LATIN_NAME})[ ]?\([ ]?(?P<han_2>{_HAN_NAME})[ ]?\)
    |(?P<han_3>{_HAN_NAME})[ ]?[/|][ ]?(?P<latin_3>{_LATIN_NAME})(?=[ ,/|]|$)
    |(?P<latin_4>{_LATIN_NAME})[ ]?[/|][ ]?(?P<han_4>{_HAN_NAME})(?=[ ,/|]|$)""",
    re.VERBOSE,
)
"""A name in two scripts: 华为(huawei), apple/苹果."""


class _Brand(NamedTuple):
    """A brand: its names, those of them that are common words, and its product lines."""

    names: tuple[_Name, ...]
    common: frozenset[_Name] = frozenset()
    lines: tuple[_Name, ...] = ()


class BrandNames:
    """The brands that shops sell with all their names, for queries in another language than the products.

    A name that is a common word (小米 is millet too) counts only where the shop has a brand of this name.

    Parameters
    ----------
    brands : iterable of str
        The shop's brands.
    pairs : iterable of tuple of str
        Names of the same brand that the shop gives itself, as `bilingual_names` reads them.
    """

    def __init__(self, brands: Iterable[str] = (), pairs: Iterable[tuple[str, str]] = ()) -> None:
        bundled, common = _bundled()
        pairs = {*pairs, *(pair for brand in brands if (pair := bilingual_names(brand)))}
        self._brands = dict(bundled)
        self._written: dict[_Name, tuple[str, ...]] = {}
        for pair in sorted(pairs):
            first, second = (_name(text) for text in pair)
            self._written |= {first: (pair[0],), second: (pair[1],)}
            known = self._brands.get(first) or self._brands.get(second) or _Brand(())
            merged = known._replace(names=tuple(dict.fromkeys((*known.names, first, second))))
            self._brands |= dict.fromkeys(merged.names, merged)
        self._own = {name for text in brands if (name := _name(text)) in common}
        self._own |= {name for pair in pairs for text in pair if (name := _name(text)) in common}
        self._longest = max(map(len, self._brands), default=0)

    def others(self, brand: str) -> list[str]:
        """Return the other names of a brand in normal form, without those that are common words."""
        name = _name(brand)
        known = self._brands.get(name, _Brand(()))
        others = [other for other in known.names if other != name and other not in known.common]
        return [text for other in others for text in self._written.get(other) or _written()[other]]

    def spans(self, units: list[Unit]) -> dict[int, tuple[int, tuple[tuple[str, ...], ...]]]:
        """Return the brands that a text names, by the first unit of the name.

        Returns
        -------
        dict
            First unit → the unit after the last, and the index terms of each other name and product line: alternatives
            to the name itself.
        """
        spans: dict[int, tuple[int, tuple[tuple[str, ...], ...]]] = {}
        end = 0
        for first in range(len(units)):
            if first < end:
                continue
            last = first
            while (
                last < len(units)
                and last - first < self._longest
                and (last == first or continues(units[last - 1], units[last]))
            ):
                last += 1
                name = tuple(unit.text for unit in units[first:last])
                if name in self._brands and (terms := self._terms(name)):
                    spans[first] = (last, terms)
                    end = last
        return spans

    def _terms(self, name: _Name) -> tuple[tuple[str, ...], ...]:
        brand = self._brands[name]
        others = [other for other in brand.names if other != name and self._is_meant(other, brand.common)]
        return tuple(dict.fromkeys(_index_terms(other) for other in (*others, *brand.lines)))

    def _is_meant(self, name: _Name, common: Collection[_Name]) -> bool:
        return name not in common or name in self._own


def is_brand_word(word: str) -> bool:
    """Return whether a word in normal form is a name of a bundled brand, or a word of one."""
    return word in _brand_words()


@cache
def _brand_words() -> frozenset[str]:
    names, _ = _bundled()
    return frozenset(unit for name in names for unit in (*name, "".join(name)) if len(unit) > 1)


def bilingual_names(text: str) -> tuple[str, str] | None:
    """Return the names in two scripts with which a brand or title begins: 华为（HUAWEI）, Apple/苹果 iPhone 15.

    Parameters
    ----------
    text : str
        A brand or a title.

    Returns
    -------
    tuple of str or None
        The name in Latin letters and the Chinese name, in normal form.
    """
    if text.isascii():
        return None
    match = _BILINGUAL.match(normalise(text))
    if match is None:
        return None
    latin, han = (
        next(filter(None, (match[f"{script}{form}"] for form in ("", "_2", "_3", "_4"))))
        for script in ("latin", "han")
    )
    return latin, han


def _name(text: str) -> _Name:
    return tuple(unit.text for unit in split_units(normalise(text)))


def _is_han(unit: str) -> bool:
    return "\u3400" <= unit[0] <= "\u9fff"


def _index_terms(name: _Name) -> tuple[str, ...]:
    """Return the terms of a product with the name: the stems of words, and the pairs of Chinese characters."""
    words = [stem(unit) for unit in name if not _is_han(unit)]
    pairs = [a + b for a, b in pairwise(name) if _is_han(a) and _is_han(b)]
    return tuple(dict.fromkeys((*words, *pairs)))


@cache
def _entries() -> list[dict[str, Any]]:
    text = (resources.files("snapshelf.language") / "brands.yaml").read_text("utf-8")
    entries: list[dict[str, Any]] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    return entries


@cache
def _bundled() -> tuple[dict[_Name, _Brand], frozenset[_Name]]:
    """Return the bundled brands by name, and the names that are common words."""
    brands: dict[_Name, _Brand] = {}
    for entry in _entries():
        names, common, lines = (
            tuple(dict.fromkeys(_name(str(text)) for text in entry.get(key, ())))
            for key in ("names", "common", "lines")
        )
        brand = _Brand(names, frozenset(common), lines)
        brands |= dict.fromkeys(names, brand)
    return brands, frozenset(name for brand in brands.values() for name in brand.common)


@cache
def _written() -> dict[_Name, tuple[str, ...]]:
    """Return the ways in which the bundled names are written, in normal form: levi's, levis."""
    written: dict[_Name, dict[str, None]] = defaultdict(dict)
    for entry in _entries():
        for text in map(str, entry["names"]):
            written[_name(text)][normalise(text)] = None
    return {name: tuple(texts) for name, texts in written.items()}
