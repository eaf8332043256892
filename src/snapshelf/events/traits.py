"""What a profile takes note of in a product: where it lies in the encoder's space, and its facts."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from snapshelf.catalogue import Catalogue, Product

_KEPT = 50_000
"""Products kept in memory: about 60 MB with 256 dimensions."""


@dataclass(frozen=True, slots=True)
class ProductTraits:
    """What is noted of one product; empty texts for what is not known.

    Parameters
    ----------
    vector : ndarray or None
        float32 (d,), unit norm: its main photo, or its title where it has none.
    category, brand, price, colour : str
        The category's path, and the band of the price as `price_band` names it.
    """

    vector: NDArray[np.float32] | None = None
    category: str = ""
    brand: str = ""
    price: str = ""
    colour: str = ""


TraitsLookup: TypeAlias = Callable[[Collection[str]], Mapping[str, ProductTraits]]
"""Product ids → what is noted of each; products that there are not are left out."""


def price_band(amount: float) -> str:
    """Name the band of a price, ``"32–45"``: two bands for each doubling; empty for a price of nothing."""
    if not math.isfinite(amount) or amount <= 0:
        return ""
    step = math.floor(2 * math.log2(amount) + 1e-9)
    return f"{2 ** (step / 2):.3g}–{2 ** ((step + 1) / 2):.3g}"


class CatalogueTraits:
    """Traits of the products of a catalogue, kept in memory until the catalogue changes.

    Parameters
    ----------
    catalogue : Catalogue
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._lock = Lock()
        self._version = -1
        self._known: dict[str, ProductTraits | None] = {}

    def __call__(self, ids: Collection[str]) -> Mapping[str, ProductTraits]:
        """Return the traits of those of `ids` that the catalogue has."""
        with self._lock:
            version = self._catalogue.version
            if version != self._version or len(self._known) > _KEPT:
                self._known, self._version = {}, version
            if missing := [id for id in ids if id not in self._known]:
                self._known.update(self._read(missing))
            return {id: found for id in ids if (found := self._known[id]) is not None}

    def _read(self, ids: Collection[str]) -> dict[str, ProductTraits | None]:
        products = self._catalogue.get_many(ids)
        photos = self._catalogue.vectors(products)
        titles = self._catalogue.titles([id for id in products if id not in photos])
        found: dict[str, ProductTraits | None] = dict.fromkeys(ids)
        for id, product in products.items():
            found[id] = _traits(product, photos[id][0] if id in photos else titles.get(id))
        return found


def _traits(product: Product, vector: NDArray[np.float32] | None) -> ProductTraits:
    colour = next(
        (product.attributes[name] for name in ("colour", "color") if name in product.attributes), ""
    )
    return ProductTraits(
        vector=vector,
        category=" > ".join(product.category),
        brand=product.brand,
        price=price_band(float(product.price.amount)) if product.price else "",
        colour=", ".join(map(str, colour)) if isinstance(colour, tuple) else str(colour),
    )
