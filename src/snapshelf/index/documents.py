"""What the engine is told of a product."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from snapshelf.catalogue import Product
from snapshelf.index.protocol import Fact, Record
from snapshelf.language import Lexicon, search_terms

_K1, _B = 1.2, 0.75
_USUAL_LENGTH = 24.0
"""Length that BM25 calls average, in weighted terms. Fixed, so that adding a product changes no other document."""

_TITLE, _BRAND, _CATEGORY, _ATTRIBUTE, _DESCRIPTION = 2.0, 2.0, 1.5, 1.0, 0.5
"""Field weights, as in BM25F (Robertson & Zaragoza, 2009): a word in the title counts as two."""


_LAYOUT = 2
"""Number of the rules in this module: what an older one has told the engine is told anew."""


def record(
    product: Product,
    photos: NDArray[np.float32],
    title: NDArray[np.float32] | None = None,
    added: int | None = None,
    lexicon: Lexicon | None = None,
) -> Record:
    """Index a product.

    Parameters
    ----------
    product : Product
    photos : ndarray
        float32 (m, d): vectors of its photos.
    title : ndarray or None
        float32 (d,): vector of its title.
    added : int or None
        Unix seconds of when it came.
    lexicon : Lexicon or None
        The shop's; the bundled one by default.
    """
    values = facts(product) if added is None else {**facts(product), "added_at": added}
    return Record(product.id, photos, document_terms(product, lexicon), values, title)


def records_fingerprint(lexicon: Lexicon) -> str:
    """Hash of all that decides a record beside the catalogue: another one, and the index must be told anew."""
    return f"{_LAYOUT}-{lexicon.fingerprint}"


def document_terms(product: Product, lexicon: Lexicon | None = None) -> dict[str, float]:
    """Term → saturated, length-normalised frequency: BM25's document side with k₁ = 1.2, b = 0.75."""
    counts: dict[str, float] = {}
    texts = [(_TITLE, product.title), (_BRAND, product.brand), (_DESCRIPTION, product.description)]
    texts += [(_CATEGORY, name) for name in product.category]
    for value in product.attributes.values():
        if not isinstance(value, float):
            texts += (
                [(_ATTRIBUTE, value)] if isinstance(value, str) else [(_ATTRIBUTE, part) for part in value]
            )
    for weight, text in texts:
        for term in _terms(text, lexicon) if text else ():
            counts[term] = counts.get(term, 0.0) + weight
    length = sum(counts.values())
    norm = _K1 * (1 - _B + _B * length / _USUAL_LENGTH)
    return {term: count * (_K1 + 1) / (count + norm) for term, count in counts.items()}


@lru_cache(maxsize=16_384)
def _terms(text: str, lexicon: Lexicon | None) -> tuple[str, ...]:
    """The same brands, categories and attribute values come with product after product."""
    return tuple(search_terms(text, ancestors=True, lexicon=lexicon))


def facts(product: Product) -> dict[str, Fact]:
    """Field → value for filters; attributes under ``attributes.NAME``."""
    values: dict[str, Fact] = {
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
