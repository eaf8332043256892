"""Position bias: examination of ranks from randomised swaps of adjacent products."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from snapshelf.events import Impression, Interaction

_MAX_SWAPPED_PROPENSITY = 0.5
"""Adjacent products with propensities below this value were swapped."""


def examination_from_swaps(
    shown: Iterable[Impression], interactions: Iterable[Interaction], depth: int
) -> NDArray[np.float64]:
    """Estimate the examination of each rank relative to the first.

    Click rates by rank are confounded, because better products rank higher. Randomised swaps show the same two products
    at both ranks, so the ratio of their click rates is the ratio of examination [1]_.

    Parameters
    ----------
    shown : iterable of Impression
        First pages with propensities.
    interactions : iterable of Interaction
    depth : int
        Ranks, ≥ 1.

    Returns
    -------
    ndarray
        float64 (depth,): 1 for the first rank; NaN from the first pair of ranks without a swap or a click.

    References
    ----------
    .. [1] T. Joachims, A. Swaminathan and T. Schnabel, "Unbiased learning-to-rank with biased feedback", WSDM 2017:
       interventions by swapping.
    """
    clicked = {
        (interaction.query_id, interaction.product)
        for interaction in interactions
        if interaction.kind == "click" and interaction.query_id
    }
    # Clicks and lists by pair, swapped or not, and position in the pair.
    clicks = np.zeros((max(depth - 1, 0), 2, 2))
    lists = np.zeros((max(depth - 1, 0), 2, 1))
    for search in shown:
        if search.propensities is None or search.start:
            continue
        low = [propensity < _MAX_SWAPPED_PROPENSITY for propensity in search.propensities]
        swapped_at = next((place for place in range(len(low) - 1) if low[place] and low[place + 1]), None)
        for pair in range(min(depth, len(search.products)) - 1):
            if swapped_at is not None and abs(swapped_at - pair) == 1:
                continue  # The swap replaced a product of this pair.
            swapped = int(swapped_at == pair)
            lists[pair, swapped] += 1
            for place in (0, 1):
                clicks[pair, swapped, place] += (search.query_id, search.products[pair + place]) in clicked
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = (clicks / lists).sum(axis=1)
        ratios = rates[:, 1] / rates[:, 0]
    return np.cumprod([1.0, *np.where(np.isfinite(ratios), ratios, np.nan)])
