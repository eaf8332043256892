"""Diversity: maximal marginal relevance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def diversified(
    scores: Sequence[float] | NDArray[np.float32], likeness: NDArray[np.float32], diversity: float
) -> list[int]:
    """Order candidates so that each is good and unlike those before it.

    The next is always the one with the largest ``(1 − diversity) · score − diversity · likeness``, where the likeness
    is the largest one with a candidate that was taken [1]_.

    Parameters
    ----------
    scores : sequence of float
    likeness : ndarray
        float32 (n, n): cosine of each two candidates.
    diversity : float
        0 keeps the order of the scores, 1 looks at likeness alone after the first.

    Returns
    -------
    list of int
        Places of the candidates, all of them; ties in the given order.

    References
    ----------
    .. [1] J. Carbonell and J. Goldstein, "The use of MMR, diversity-based reranking for reordering documents and
       producing summaries", SIGIR 1998.
    """
    if not len(scores):
        return []
    worth = (1 - diversity) * np.asarray(scores, np.float64)
    nearest = np.full(len(scores), -1.0)
    taken = [int(np.argmax(scores))]
    left = np.ones(len(scores), bool)
    left[taken[0]] = False
    while left.any():
        nearest = np.maximum(nearest, likeness[taken[-1]])
        gain = np.where(left, worth - diversity * nearest, -np.inf)
        taken.append(int(np.argmax(gain)))
        left[taken[-1]] = False
    return taken
