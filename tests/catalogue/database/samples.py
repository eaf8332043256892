"""Entries to put, and what it means that one comes back as it was put."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from snapshelf.catalogue import Entry, PhotoEntry, Product

DIMENSION = 8
BATCH = 20


def make_product(id: str, **fields: Any) -> Product:
    return Product.parse({"id": id, "title": f"Title of {id}", **fields})


def make_photo(seed: str, dimension: int = DIMENSION) -> PhotoEntry:
    """A photo whose vector and thumbnail follow from `seed`."""
    digest = hashlib.blake2b(seed.encode()).digest()
    vector = np.random.default_rng(list(digest)).normal(size=dimension).astype(np.float32)
    return PhotoEntry(digest.hex()[:32], vector / np.linalg.norm(vector), b"\xff\xd8" + digest)


def make_entry(id: str, *, photos: int = 1, **fields: Any) -> Entry:
    seeds = [f"{id}/{fields.get('title')}/{position}" for position in range(photos)]
    return Entry(make_product(id, **fields), tuple(make_photo(seed) for seed in seeds))


def batch(number: int) -> list[Entry]:
    return [make_entry(f"{number:04}-{item:02}", description="x" * 1_000) for item in range(BATCH)]


def assert_stored(actual: Entry | None, expected: Entry) -> None:
    """As put, but for the thumbnails and the rounding of the vectors to float16."""
    assert actual is not None
    assert actual.product == expected.product
    assert [each.fingerprint for each in actual.photos] == [each.fingerprint for each in expected.photos]
    assert_vectors(actual.vectors, expected.vectors)


def assert_vectors(actual: np.ndarray, expected: np.ndarray) -> None:
    assert actual.dtype == np.float32
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, atol=1e-3)
    if len(actual):
        np.testing.assert_allclose(np.linalg.norm(actual, axis=1), 1, atol=1e-6)
