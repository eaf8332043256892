"""The taste space: vectors in which items of similar shoppers are close."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from snapshelf.ranking.items import UNKNOWN

_DIMENSIONS = 64


def taste_of(size: int, histories: Sequence[NDArray[np.intp]]) -> NDArray[np.float32] | None:
    """Return unit vectors in which items of similar shoppers are close; zeros for items that no shopper had.

    Truncated SVD of the shoppers × items matrix, entries scaled to 1 / √(items of the shopper · shoppers of the
    item): the normalised adjacency of the two (Dhillon, "Co-clustering documents and words using bipartite
    spectral graph partitioning", KDD 2001). It sees likeness through others where no shopper had both.
    """
    from scipy.sparse.linalg import svds  # slow to import, and only counting needs it

    known = [rows[rows != UNKNOWN] for rows in histories]
    sets = [np.unique(rows) for rows in known if len(rows) > 1]
    # With as many dimensions as items there is no similarity through others.
    dimensions = min(_DIMENSIONS, len(sets) // 3, size // 3)
    if dimensions < 1:
        return None
    lengths = np.array([len(rows) for rows in sets])
    columns = np.concatenate(sets)
    shoppers = np.bincount(columns, minlength=size)
    values = 1 / np.sqrt(np.repeat(lengths, lengths) * (1.0 + shoppers[columns]))
    starts = np.concatenate([[0], np.cumsum(lengths)])
    matrix = sparse.csr_array((values.astype(np.float32), columns, starts), shape=(len(sets), size))
    # A start drawn from a fixed seed makes the same counts give the same vectors.
    start = np.random.default_rng(0).standard_normal(min(matrix.shape)).astype(np.float32)
    _, strength, directions = svds(matrix, k=dimensions, v0=start)
    vectors = directions.T * strength
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    # Zeros stay for items without shoppers, and for those that the largest directions do not reach.
    has_direction = (shoppers[:, None] > 0) & (norms > 0)
    return np.asarray(
        np.where(has_direction, vectors, 0) / np.where(has_direction, norms, 1), dtype=np.float32
    )
