"""The catalogue as the ranking reads it: a row for each product."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from snapshelf.catalogue import Product
from snapshelf.language import tokenize

UNKNOWN = -1
"""Row of an unknown id, or code of a missing value."""

CODED = ("category", "parent_category", "brand", "colour", "audience", "group")
"""Columns of `Items` that are codes of values."""

_COLOUR = ("colour", "color")
_AUDIENCE = ("gender", "sex", "audience")
_EVERYBODY = frozenset({"unisex", "all", "any", "everybody", "中性", "通用"})


@dataclass(frozen=True)
class Items:
    """Columns over the products of a catalogue.

    Parameters
    ----------
    ids : tuple of str
        Product ids, each once; their order numbers the rows.
    words : sparse array
        CSR, float32 (n, terms): TF-IDF of the text, rows of length 1 (or 0 for a text without words).
    category, parent_category, brand, colour, audience : ndarray
        int32 (n,): codes of the full category path, the path without its last step, the brand (the title's
        first word for a product without), the colour and the audience; `UNKNOWN` where a value is missing, and for
        products for everybody.
    group : ndarray
        int32 (n,): codes of the `group_id` that variants of one product share; a product without is its own.
    log_price : ndarray
        float32 (n,): natural logarithm of the price in the catalogue's usual currency, NaN where unknown or 0.
    added : ndarray
        float64 (n,): Unix seconds when the product came, NaN where unknown.
    photos : ndarray or None
        float16 (n, d): unit vectors of the photos, zeros where there is none; None for a shop without vectors.
    gone : frozenset of str
        Ids of removed products; their rows stay.
    """

    ids: tuple[str, ...]
    words: sparse.csr_array
    category: NDArray[np.int32]
    parent_category: NDArray[np.int32]
    brand: NDArray[np.int32]
    colour: NDArray[np.int32]
    audience: NDArray[np.int32]
    group: NDArray[np.int32]
    log_price: NDArray[np.float32]
    added: NDArray[np.float64]
    photos: NDArray[np.float16] | None = None
    gone: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        products: Sequence[Product],
        *,
        texts: Sequence[str] | None = None,
        added: Mapping[str, float] | None = None,
        photos: Mapping[str, NDArray[Any]] | None = None,
    ) -> Items:
        """Make the columns of `products`.

        Parameters
        ----------
        products : sequence of Product
        texts : sequence of str or None
            The texts that are compared; by default the title, the brand and the category path.
        added : mapping or None
            Product id → Unix seconds when it came.
        photos : mapping or None
            Product id → unit vector (d,).
        """
        return cls(
            ids=tuple(product.id for product in products),
            words=tf_idf([text_of(product) for product in products] if texts is None else texts),
            **coded(products, {name: {} for name in CODED}),
            log_price=log_prices(products, usual_currency(products)),
            added=np.array([(added or {}).get(product.id, math.nan) for product in products]),
            photos=stacked([product.id for product in products], photos) if photos else None,
        )

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def _index(self) -> dict[str, int]:
        return {name: row for row, name in enumerate(self.ids) if name not in self.gone}

    def rows(self, ids: Iterable[str]) -> NDArray[np.intp]:
        """Return the row of each id, intp; `UNKNOWN` for a product that does not exist."""
        return np.array([self._index.get(name, UNKNOWN) for name in ids], dtype=np.intp)


def tf_idf(texts: Sequence[str], words_of: Callable[[str], Sequence[str]] = tokenize) -> sparse.csr_array:
    """Weigh the words of texts: (1 + ln tf) · (ln((1 + n) / (1 + df)) + 1), rows scaled to length 1.

    Sublinear term frequency and smoothed inverse document frequency as in Manning, Raghavan & Schütze,
    "Introduction to Information Retrieval", 2008, section 6.4.

    Returns
    -------
    sparse array
        CSR, float32 (texts, terms).
    """
    counts = term_counts(texts, words_of)
    return tf_idf_weights(counts, idf_of(counts))


def idf_of(counts: sparse.csr_array) -> NDArray[np.float64]:
    """Inverse document frequency of each term, smoothed, float64 (terms,)."""
    texts_with = np.bincount(counts.indices, minlength=counts.shape[1])
    return np.asarray(np.log((1 + counts.shape[0]) / (1 + texts_with)) + 1)


def tf_idf_weights(counts: sparse.csr_array, idf: NDArray[np.float64]) -> sparse.csr_array:
    """Weigh counted words, rows scaled to length 1."""
    weights = (1 + np.log(counts.data)) * idf[counts.indices]
    weighted = sparse.csr_array((weights, counts.indices, counts.indptr), shape=counts.shape)
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1))).ravel()
    weighted.data /= np.repeat(np.where(lengths > 0, lengths, 1), np.diff(weighted.indptr))
    return weighted.astype(np.float32)


def term_counts(
    texts: Sequence[str],
    words_of: Callable[[str], Sequence[str]] = tokenize,
    terms: dict[str, int] | None = None,
) -> sparse.csr_array:
    """Count the words of texts: CSR, float32 (texts, terms).

    Terms are numbered as they come, after those of `terms`, to which they are added.
    """
    terms = {} if terms is None else terms
    starts, columns, counts = [0], [], []
    for text in texts:
        for word, count in Counter(words_of(text)).items():
            columns.append(terms.setdefault(word, len(terms)))
            counts.append(count)
        starts.append(len(columns))
    shape = (len(texts), max(1, len(terms)))
    return sparse.csr_array(
        (np.array(counts, np.float32), np.array(columns, np.int32), np.array(starts, np.int32)), shape=shape
    )


def text_of(product: Product) -> str:
    """Return the text of a product that is compared."""
    return " ".join((product.title, product.brand, *product.category))


def coded(products: Sequence[Product], known: Mapping[str, dict[Hashable, int]]) -> dict[str, Any]:
    """Give the codes of `Items` by column, int32 (n,); values that are not in `known` are added to it."""
    values: dict[str, Iterable[Hashable | None]] = {
        "category": (product.category or None for product in products),
        "parent_category": (product.category[:-1] or product.category or None for product in products),
        "brand": map(brand_of, products),
        "colour": (_attribute(product, _COLOUR) for product in products),
        "audience": map(_audience, products),
        "group": (product.group_id or (product.id,) for product in products),
    }
    return {name: _codes(column, known[name]) for name, column in values.items()}


def usual_currency(products: Iterable[Product]) -> str | None:
    """Return the currency of most prices."""
    counted = Counter(product.price.currency for product in products if product.price).most_common(1)
    return counted[0][0] if counted else None


def log_prices(products: Iterable[Product], currency: str | None) -> NDArray[np.float32]:
    """Return the logarithms of the prices, float32 (n,); NaN for none, 0, or another currency."""
    return np.array([_log_price(product, currency) for product in products], dtype=np.float32)


def stacked(ids: Sequence[str], photos: Mapping[str, NDArray[Any]]) -> NDArray[np.float16]:
    """Stack vectors, float16 (n, d); zeros for an id without."""
    stack = np.zeros((len(ids), len(next(iter(photos.values())))), np.float16)
    for row, id in enumerate(ids):
        if id in photos:
            stack[row] = photos[id]
    return stack


def _codes(values: Iterable[Hashable | None], seen: dict[Hashable, int]) -> NDArray[np.int32]:
    return np.array(
        [UNKNOWN if value is None else seen.setdefault(value, len(seen)) for value in values], dtype=np.int32
    )


def brand_of(product: Product) -> str:
    """Return the brand of a product; the first word of its title where it has none."""
    # Titles of feeds without a brand column begin with the brand more often than not.
    return product.brand.casefold() or next(iter(tokenize(product.title)), product.title)


def _attribute(product: Product, names: Sequence[str]) -> Hashable | None:
    return next((product.attributes[name] for name in names if name in product.attributes), None)


def _audience(product: Product) -> Hashable | None:
    audience = _attribute(product, _AUDIENCE)
    if not isinstance(audience, str) or audience.casefold() in _EVERYBODY:
        return None
    return audience.casefold()


def _log_price(product: Product, currency: str | None) -> float:
    price = product.price
    return math.log(price.amount) if price and price.currency == currency and price.amount > 0 else math.nan
