"""From a product to a record of the index: terms with their weights, and field values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from snapshelf.catalogue import Product, is_code_name
from snapshelf.index.protocol import FieldValue, Record, TermPlace
from snapshelf.language import IndexTerms, Lexicon, code_key, index_terms, is_code

_K1, _B = 1.2, 0.75
_USUAL_LENGTH = 24.0
"""Length that BM25 calls average, in weighted terms. Fixed, so that adding a product changes no other document."""

_TITLE, _BRAND, _CATEGORY, _ATTRIBUTE, _DESCRIPTION = 2.0, 2.0, 1.5, 1.0, 0.5
"""Field weights, as in BM25F (Robertson & Zaragoza, 2009): a word in the title counts twice."""


_OTHER_TITLE = re.compile(r"(?:title|name)[_.-][a-z]{2}(?:[_-]\w{2,4})?", re.IGNORECASE)
"""Attributes with the title in another language."""

_LEAST_NUMBER = 1_000
"""Smaller numbers are quantities, sizes and flags, which say little as words."""

_LAYOUT = 9
"""Version of the rules in this module: records of an older version are indexed again."""


def record(
    product: Product,
    photos: NDArray[np.float32],
    title: NDArray[np.float32] | None = None,
    added: int | None = None,
    lexicon: Lexicon | None = None,
) -> Record:
    """Make the record of a product.

    Parameters
    ----------
    product : Product
    photos : ndarray
        float32 (m, d): vectors of its photos.
    title : ndarray or None
        float32 (d,): vector of its title.
    added : int or None
        Unix seconds of when the catalogue got it.
    lexicon : Lexicon or None
        The shop's; by default the bundled lexicon.
    """
    fields = fields_of(product)
    if added is not None:
        fields["added_at"] = added
    terms, places = _analyse(product, lexicon)
    return Record(product.id, photos, terms, fields, title, places)


def records_fingerprint(lexicon: Lexicon) -> str:
    """Hash everything beside the catalogue that decides a record: if it changes, all products are indexed again."""
    return f"{_LAYOUT}-{lexicon.fingerprint}"


def document_terms(product: Product, lexicon: Lexicon | None = None) -> dict[str, float]:
    """Return term → saturated, length-normalised frequency: BM25's document side with k₁ = 1.2, b = 0.75."""
    return _analyse(product, lexicon)[0]


def _analyse(product: Product, lexicon: Lexicon | None) -> tuple[dict[str, float], dict[str, int]]:
    """Return the weights of a product's terms, and the best place of each."""
    counts: dict[str, float] = {}
    places: dict[str, int] = {}
    length = 0.0
    for place, weight, text in _texts(product):
        if not text:
            continue
        terms = _terms(text, lexicon)
        length += weight * len(terms.words)
        surfaces = terms.surfaces if place == TermPlace.NAME else ()
        for term in (*terms.words, *terms.helpers, *surfaces):
            counts[term] = counts.get(term, 0.0) + weight
            places[term] = max(places.get(term, 0), place)
    for code in filter(None, (product.id, product.group_id)):
        if is_code(code):
            key = code_key(code)
            counts[key] = counts.get(key, 0.0) + _TITLE
            places[key] = TermPlace.NAME
    norm = _K1 * (1 - _B + _B * length / _USUAL_LENGTH)
    weights = {term: count * (_K1 + 1) / (count + norm) for term, count in counts.items()}
    return weights, {term: place for term, place in places.items() if place != TermPlace.TEXT}


def _texts(product: Product) -> Iterator[tuple[TermPlace, float, str]]:
    """Yield the texts of a product with their places and weights."""
    yield TermPlace.NAME, _TITLE, product.title
    yield TermPlace.NAME, _BRAND, product.brand
    yield TermPlace.TEXT, _DESCRIPTION, product.description
    for name in product.category:
        yield TermPlace.NAME, _CATEGORY, name
    for name, value in product.attributes.items():
        # Codes name the product as its title does.
        is_name = is_code_name(name) or _OTHER_TITLE.fullmatch(name)
        for text in (
            _number(value) if isinstance(value, float) else (value,) if isinstance(value, str) else value
        ):
            yield TermPlace.NAME if is_name else TermPlace.ATTRIBUTE, _ATTRIBUTE, text


def _number(value: float) -> Iterator[str]:
    """Yield a whole number as it is typed: a year, or a barcode that was read as a number."""
    if value.is_integer() and value >= _LEAST_NUMBER:
        yield str(int(value))


@lru_cache(maxsize=16_384)
def _terms(text: str, lexicon: Lexicon | None) -> IndexTerms:
    """The same brands, categories and attribute values come with product after product."""
    return index_terms(text, lexicon)


def fields_of(product: Product) -> dict[str, FieldValue]:
    """Return field → value for filters; attributes under ``attributes.NAME``."""
    values: dict[str, FieldValue] = {
        "brand": product.brand or None,
        "category": list(product.category),
        "price": float(product.price.amount) if product.price else None,
        "currency": product.price.currency if product.price else None,
        "availability": product.availability,
        "in_stock": product.availability == "in_stock" and product.stock != 0,
        "stock": product.stock,
        "group_id": product.group_id,
    }
    for name, value in product.attributes.items():
        values[f"attributes.{name}"] = list(value) if isinstance(value, tuple) else value
    return {name: value for name, value in values.items() if value is not None}
