"""Diversity: maximal marginal relevance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from snapshelf.search.score_table import ScoreTable

_DIVERSIFIED = 200
"""Candidates that diversity looks at; those behind stay in the order of their scores."""


def diversify(
    ids: Sequence[str],
    table: ScoreTable,
    diversity: float,
    vectors_of: Callable[[Sequence[str]], Mapping[str, NDArray[np.float32]]],
    *,
    pinned: Mapping[str, object],
) -> list[str]:
    """Spread similar-looking candidates of the first window; see `diversified`.

    Parameters
    ----------
    ids : sequence of str
        In order; pinned candidates come first and stay there.
    table : ScoreTable
    diversity : float
    vectors_of : callable
        Ids → photo vectors float32 (m, d) of each; candidates without vectors are left out.
    pinned : mapping
        Ids that stay in front.
    """
    if diversity == 0:
        return list(ids)
    front = [id for id in ids if id in pinned]
    free = [id for id in ids if id not in pinned]
    first = sum(table.window[table.row[id]] == 0 for id in free)
    considered, rest = free[: min(first, _DIVERSIFIED)], free[min(first, _DIVERSIFIED) :]
    vectors = vectors_of(considered)
    head = [id for id in considered if id in vectors]
    looks = np.stack([vectors[id][0] for id in head]) if head else np.zeros((0, 1), np.float32)
    rows = table.rows(head)
    order = diversified(table.total[rows], looks @ looks.T, diversity, tiers=table.tier[rows])
    return front + [head[place] for place in order] + rest


def diversified(
    scores: Sequence[float] | NDArray[np.float32] | NDArray[np.float64],
    similarity: NDArray[np.float32],
    diversity: float,
    *,
    tiers: NDArray[np.int64] | None = None,
) -> list[int]:
    """Order candidates so that each is good and unlike those before it.

    The next is always the candidate with the largest ``(1 − diversity) · score − diversity · similarity``, where the
    similarity is the largest with a candidate that was taken [1]_.

    Parameters
    ----------
    scores : sequence of float
    similarity : ndarray
        float32 (n, n): cosine of each two candidates.
    diversity : float
        0 keeps the order of the scores, 1 looks at similarity alone after the first.
    tiers : ndarray or None
        int64 (n,): a candidate comes before those of a greater tier, whatever it looks like.

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
    tiers = np.zeros(len(scores), np.int64) if tiers is None else tiers
    nearest = np.full(len(scores), -1.0)
    taken = [int(np.argmax(np.where(tiers == tiers.min(), scores, -np.inf)))]
    left = np.ones(len(scores), bool)
    left[taken[0]] = False
    while left.any():
        nearest = np.maximum(nearest, similarity[taken[-1]])
        is_next = left & (tiers == tiers[left].min())
        gain = np.where(is_next, worth - diversity * nearest, -np.inf)
        taken.append(int(np.argmax(gain)))
        left[taken[-1]] = False
    return taken
