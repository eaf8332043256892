"""Traits of a product that profiles use: its vector, category, brand, price band and colour."""

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
"""Products in the cache: about 60 MB with 256 dimensions."""


@dataclass(frozen=True, slots=True)
class ProductTraits:
    """Traits of a product; empty texts for unknown values.

    Parameters
    ----------
    vector : ndarray or None
        float32 (d,), unit norm: vector of the main photo, or of the title where there is no photo.
    category, brand, price, colour : str
        The category path, the brand, the band of the price (`price_band`), the colour.
    """

    vector: NDArray[np.float32] | None = None
    category: str = ""
    brand: str = ""
    price: str = ""
    colour: str = ""


TraitsLookup: TypeAlias = Callable[[Collection[str]], Mapping[str, ProductTraits]]
"""Product ids → traits; unknown products are left out."""


def price_band(amount: float) -> str:
    """Return the band of a price, such as ``"32–45"``: two bands per doubling; empty for a price of 0."""
    if not math.isfinite(amount) or amount <= 0:
        return ""
    step = math.floor(2 * math.log2(amount) + 1e-9)
    return f"{2 ** (step / 2):.3g}–{2 ** ((step + 1) / 2):.3g}"


class CatalogueTraits:
    """Traits of the products of a catalogue, cached until the catalogue changes.

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
        """Return the traits of the products that the catalogue has."""
        with self._lock:
            version = self._catalogue.version
            if version != self._version or len(self._known) > _KEPT:
                self._known, self._version = {}, version
            if missing := [id for id in ids if id not in self._known]:
                self._known.update(self._read(missing))
            return {id: traits for id in ids if (traits := self._known[id]) is not None}

    def _read(self, ids: Collection[str]) -> dict[str, ProductTraits | None]:
        products = self._catalogue.get_many(ids)
        photos = self._catalogue.vectors(products)
        titles = self._catalogue.titles([id for id in products if id not in photos])
        traits: dict[str, ProductTraits | None] = dict.fromkeys(ids)
        for id, product in products.items():
            traits[id] = _traits(product, photos[id][0] if id in photos else titles.get(id))
        return traits


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
