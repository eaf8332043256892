"""What a search reads: the index, the catalogue and the language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from snapshelf.catalogue import Product, ProductName
from snapshelf.index import Equals, SearchIndex
from snapshelf.language import Lexicon

_Value = TypeVar("_Value")

GROUP = "group_id"
"""The field that variants of a product share."""


class Products(Protocol):
    """Source of products and their vectors, such as a catalogue."""

    def get_many(self, ids: Sequence[str]) -> Mapping[str, Product]:
        """Return products by id; unknown ids are left out."""
        ...

    def names(self, ids: Sequence[str]) -> Mapping[str, ProductName]:
        """Return title and brand by id; unknown ids are left out."""
        ...

    def vectors(self, ids: Sequence[str]) -> Mapping[str, NDArray[np.float32]]:
        """Return unit photo vectors float32 (m, d) by id; unknown ids are left out."""
        ...


@dataclass(frozen=True, slots=True)
class Corpus:
    """What a search reads.

    Parameters
    ----------
    index : SearchIndex
    products : Products
    lexicon : Lexicon
    """

    index: SearchIndex
    products: Products
    lexicon: Lexicon

    def sold_out(self, ids: Sequence[str]) -> set[str]:
        """Return those of some products that are not in stock."""
        return self.index.matches(ids, Equals("in_stock", False))

    def read_once(self) -> Corpus:
        """Return the same corpus for a single search, which reads each product, name and vector once."""
        return replace(self, products=_ReadOnce(self.products, self.index))


class _ReadOnce:
    """Products that remember what they have read."""

    def __init__(self, products: Products, index: SearchIndex) -> None:
        self._products = products
        self._index = index
        self._read: dict[str, Product] = {}
        self._names: dict[str, ProductName] = {}
        self._vectors: dict[str, NDArray[np.float32]] = {}

    def get_many(self, ids: Sequence[str]) -> Mapping[str, Product]:
        """See `Products.get_many`."""
        return _through(self._read, self._products.get_many, ids)

    def names(self, ids: Sequence[str]) -> Mapping[str, ProductName]:
        """See `Products.names`."""
        return _through(self._names, self._products.names, ids)

    def vectors(self, ids: Sequence[str]) -> Mapping[str, NDArray[np.float32]]:
        """See `Products.vectors`; from the index, which has them at hand."""
        return _through(self._vectors, self._index.photos, ids)


def _through(
    read: dict[str, _Value], source: Callable[[Sequence[str]], Mapping[str, _Value]], ids: Sequence[str]
) -> dict[str, _Value]:
    """Return values by id; those that were not read before come from the source."""
    if missing := [id for id in ids if id not in read]:
        read.update(source(missing))
    return {id: read[id] for id in ids if id in read}
