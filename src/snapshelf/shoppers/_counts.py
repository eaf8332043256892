"""From histories to what the rankers know of the items."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from snapshelf.shoppers._cooccurrence import CoOccurrence
from snapshelf.shoppers._features import Floats, Signals
from snapshelf.shoppers._items import UNKNOWN, Items

NEIGHBOURS = 50


def count_histories(
    items: Items,
    histories: Iterable[NDArray[np.intp]],
    *,
    orders: Iterable[NDArray[np.intp]] = (),
    popularity: Floats | None = None,
    popularity_recent: Floats | None = None,
    click_rate: Floats | None = None,
    neighbours: int = NEIGHBOURS,
) -> Signals:
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
        items.ids, ([items.ids[row] for row in rows if row != UNKNOWN] for rows in orders), neighbours, 5.0
    )
    names = list(map(str, range(int(items.brand.max(initial=-1)) + 1)))
    brands, brand_counts = _near(
        names, ([str(code) for code in items.brand[rows]] for rows in told), neighbours
    )
    usual = counts if popularity is None else popularity
    return Signals(
        items=items,
        together=together,
        baskets=baskets,
        brands=brands,
        brand_popularity=brand_counts,
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
