"""Folding: one place for what a shopper could not tell apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from snapshelf.catalogue import Product
from snapshelf.language import normalise

ALIKE = 0.998
"""Cosine of two photos from which they are one, shrunk or saved again; measured, see ``docs/concepts/search.md``."""


class DuplicateCollapser:
    """Leaves out products that look like one before them and have the same title and brand.

    It goes through the products in their order and looks at no more of them than are asked for, so what it keeps of
    the first products does not depend on how many follow.

    Parameters
    ----------
    products_of : callable
        Ids → product of each that there is.
    vectors_of : callable
        Ids → photo vectors float32 (m, d) of each.
    fold : bool
        Otherwise everything that is there is kept.
    """

    def __init__(
        self,
        products_of: Callable[[Sequence[str]], Mapping[str, Product]],
        vectors_of: Callable[[Sequence[str]], Mapping[str, NDArray[np.float32]]],
        *,
        fold: bool = True,
    ) -> None:
        self.products: dict[str, Product] = {}
        self.alike: dict[str, str] = {}
        self.kept: list[str] = []
        self._products_of = products_of
        self._vectors_of = vectors_of
        self._fold = fold
        self._next = 0
        self._same: dict[tuple[str, str], list[str]] = {}
        self._vectors: dict[str, NDArray[np.float32]] = {}

    def keep(self, ids: Sequence[str], count: int) -> None:
        """Go on until `count` products are kept; `ids` begins with what was given before."""
        while len(self.kept) < count and self._next < len(ids):
            page = ids[self._next : self._next + count - len(self.kept)]
            self._next += len(page)
            self.products.update(self._products_of(page))
            # A product may be removed between recall and here; it is no hit then.
            there = [id for id in page if id in self.products]
            if self._fold:
                self._read_vectors(there)
                there = [id for id in there if self._is_new(id)]
            self.kept += there

    def _key(self, id: str) -> tuple[str, str]:
        product = self.products[id]
        return normalise(product.title), normalise(product.brand)

    def _read_vectors(self, ids: Sequence[str]) -> None:
        """Read the vectors of products that share their title: few, so that folding costs nothing elsewhere."""
        sharing = {key: list(members) for id in ids if (members := self._same.get(key := self._key(id)))}
        for id in ids:
            sharing.setdefault(self._key(id), []).append(id)
        needed = {
            id
            for members in sharing.values()
            if len(members) > 1
            for id in members
            if id not in self._vectors
        }
        if needed:
            self._vectors.update(self._vectors_of(sorted(needed)))

    def _is_new(self, id: str) -> bool:
        before = self._same.setdefault(self._key(id), [])
        mine = self._vectors.get(id)
        for other in before:
            theirs = self._vectors.get(other)
            if mine is not None and theirs is not None and float(mine[0] @ theirs[0]) >= ALIKE:
                self.alike[id] = other
                return False
        before.append(id)
        return True
