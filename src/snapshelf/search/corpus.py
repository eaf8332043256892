"""What a search reads: the index, the catalogue and the language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from snapshelf.catalogue import Product, ProductName
from snapshelf.index import SearchIndex
from snapshelf.language import Lexicon

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
