"""From histories to what the rankers know of the items."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from snapshelf.ranking.cooccurrence import CoOccurrence
from snapshelf.ranking.items import UNKNOWN, Items
from snapshelf.ranking.statistics import Floats, ItemStatistics

NEIGHBOURS = 50
BASKET_SHRINKAGE = 5.0
"""In baskets: there are fewer of them than of shoppers."""
_DIMENSIONS = 64
"""Of the taste space."""


def count_histories(
    items: Items,
    histories: Iterable[NDArray[np.intp]],
    *,
    orders: Iterable[NDArray[np.intp]] = (),
    popularity: Floats | None = None,
    popularity_recent: Floats | None = None,
    click_rate: Floats | None = None,
    neighbours: int = NEIGHBOURS,
) -> ItemStatistics:
    """Count what shoppers had.

    Parameters
    ----------
    items : Items
    histories, orders : iterable of ndarray
        intp (m,): rows of the items of one shopper, and of one basket; `UNKNOWN` ones are passed over.
    popularity, popularity_recent, click_rate : ndarray or None
        float32 (items,), where times or impressions are known; by default every shopper counts 1 for good, and
        click rates are not known.
    neighbours : int
        Kept for each item.
    """
    told = [rows[rows != UNKNOWN] for rows in histories]
    together, counts = _near(items.ids, ([items.ids[row] for row in rows] for rows in told), neighbours)
    baskets, _ = _near(
        items.ids,
        ([items.ids[row] for row in rows if row != UNKNOWN] for rows in orders),
        neighbours,
        BASKET_SHRINKAGE,
    )
    names = list(map(str, range(int(items.brand.max(initial=-1)) + 1)))
    brands, brand_counts = _near(
        names, ([str(code) for code in items.brand[rows]] for rows in told), neighbours
    )
    usual = counts if popularity is None else popularity
    return ItemStatistics(
        items=items,
        together=together,
        baskets=baskets,
        brands=brands,
        brand_popularity=brand_counts,
        taste=taste_of(len(items), told),
        popularity=usual,
        popularity_recent=usual if popularity_recent is None else popularity_recent,
        click_rate=np.full(len(items), np.nan, np.float32) if click_rate is None else click_rate,
    )


def _near(
    names: Sequence[str], histories: Iterable[list[str]], k: int, shrinkage: float = 20.0
) -> tuple[sparse.csr_array, Floats]:
    """Return the neighbours among `names` and how many histories have each."""
    counted = CoOccurrence()
    counted.update(((), history) for history in histories)
    known = dict(zip(counted.ids, counted.counts, strict=True))
    counts = np.array([known.get(name, 0.0) for name in names], np.float32)
    return counted.neighbours(names, k=k, shrinkage=shrinkage), counts


def taste_of(size: int, histories: Sequence[NDArray[np.intp]]) -> Floats | None:
    """Return a unit vector of each item such that items of like shoppers are close, zeros for one nobody had.

    Truncated SVD of the shoppers × items matrix, entries scaled to 1 / √(items of the shopper · shoppers of the
    item): the normalised adjacency of the two (Dhillon, "Co-clustering documents and words using bipartite
    spectral graph partitioning", KDD 2001). It sees likeness through others where no shopper had both.
    """
    from scipy.sparse.linalg import svds  # slow to import, and only counting needs it

    sets = [np.unique(rows) for rows in histories if len(rows) > 1]
    # With as many dimensions as items nothing would be seen through others.
    dimensions = min(_DIMENSIONS, len(sets) // 3, size // 3)
    if dimensions < 1:
        return None
    lengths = np.array([len(rows) for rows in sets])
    columns = np.concatenate(sets)
    had = np.bincount(columns, minlength=size)
    values = 1 / np.sqrt(np.repeat(lengths, lengths) * (1.0 + had[columns]))
    starts = np.concatenate([[0], np.cumsum(lengths)])
    matrix = sparse.csr_array((values.astype(np.float32), columns, starts), shape=(len(sets), size))
    # A start drawn from a fixed seed makes the same counts give the same vectors.
    start = np.random.default_rng(0).standard_normal(min(matrix.shape)).astype(np.float32)
    _, strength, directions = svds(matrix, k=dimensions, v0=start)
    vectors = directions.T * strength
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(had[:, None] > 0, norms, np.inf), dtype=np.float32)
