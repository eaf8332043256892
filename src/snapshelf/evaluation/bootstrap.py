"""Bootstrap confidence intervals over queries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BLOCK = 4_000_000


def bootstrap_interval(
    values: NDArray[np.float64], *, resamples: int = 1_000, level: float = 0.95, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the percentile interval of the mean over queries.

    Resamples the queries with replacement `resamples` times and takes quantiles of the means (Efron & Tibshirani, "An
    Introduction to the Bootstrap", 1993, chapter 13). All metrics share the draws.

    Parameters
    ----------
    values : ndarray
        float64 (queries, metrics), queries ≥ 1.
    resamples, level, seed
        The same seed gives the same interval.

    Returns
    -------
    low, high : ndarray
        float64 (metrics,) each.
    """
    queries = len(values)
    random = np.random.default_rng(seed)
    # A resample is the count of draws of each query, so its mean is a matrix product.
    # Blocks bound the memory of evaluations with many queries.
    block = max(1, _BLOCK // queries)
    means = np.concatenate(
        [
            random.multinomial(queries, np.full(queries, 1 / queries), size=min(block, resamples - start))
            @ values
            / queries
            for start in range(0, resamples, block)
        ]
    )
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high
