"""Statistics of the items: what the behaviour of all shoppers says about each product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from snapshelf.ranking.items import Items

Floats: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True)
class ItemStatistics:
    """What the behaviour of all shoppers says about the items; arrays are by row of `items`.

    Parameters
    ----------
    items : Items
    together, baskets : sparse array
        CSR, float32 (n, n): neighbours among a shopper's items and within one basket (`CoOccurrence.neighbours`).
    brands : sparse array
        CSR, float32 (brands, brands): neighbours among the brands of a shopper, by `Items.brand`.
    brand_popularity : ndarray
        float32 (brands,): faded count of the shoppers who took each brand.
    popularity, popularity_recent : ndarray
        float32 (n,): faded counts at two half-lives.
    click_rate : ndarray
        float32 (n,): smoothed clicks per impression, NaN where impressions are unknown.
    taste : ndarray or None
        float32 (n, d): unit vectors in which items of like shoppers are close; zeros for an item that no shopper had.
    impressions, clicks : ndarray or None
        float32 (n,): how often each item was shown, and clicked after it was shown; None where that is unknown.
    repeats : ndarray or None
        float32 (n,): share of the purchases of its category that were not a shopper's first of that item; None
        where the times of purchases are unknown.
    """

    items: Items
    together: sparse.csr_array
    baskets: sparse.csr_array
    brands: sparse.csr_array
    brand_popularity: Floats
    popularity: Floats
    popularity_recent: Floats
    click_rate: Floats
    taste: Floats | None = None
    impressions: Floats | None = None
    clicks: Floats | None = None
    repeats: Floats | None = None
