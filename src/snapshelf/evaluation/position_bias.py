"""How much a rank is looked at, from the pairs of neighbours that chance exchanged."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from snapshelf.events import Impression, Interaction

_EXCHANGED = 0.5
"""Two neighbours that were less probable than this where they stood were exchanged."""


def examination_from_swaps(
    shown: Iterable[Impression], interactions: Iterable[Interaction], depth: int
) -> NDArray[np.float64]:
    """Estimate how much each rank is looked at, relative to the first.

    Clicks by rank alone do not say it, for the better products stand higher. Where chance exchanged neighbours, the
    same two products were seen at both ranks, and what is left of their clicks is the rank's [1]_.

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
        float64 (depth,): 1 for the first rank; NaN from the first pair of ranks on that was never exchanged or clicked.

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
    # By pair, whether it was exchanged, and place in the pair: clicks and lists.
    clicks = np.zeros((max(depth - 1, 0), 2, 2))
    lists = np.zeros((max(depth - 1, 0), 2, 1))
    for search in shown:
        if search.propensities is None or search.start:
            continue
        low = [chance < _EXCHANGED for chance in search.propensities]
        at = next((place for place in range(len(low) - 1) if low[place] and low[place + 1]), None)
        for pair in range(min(depth, len(search.products)) - 1):
            if at is not None and abs(at - pair) == 1:
                continue  # one of the two is another product than without the exchange
            swapped = int(at == pair)
            lists[pair, swapped] += 1
            for place in (0, 1):
                clicks[pair, swapped, place] += (search.query_id, search.products[pair + place]) in clicked
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = (clicks / lists).sum(axis=1)
        falls = rates[:, 1] / rates[:, 0]
    return np.cumprod([1.0, *np.where(np.isfinite(falls), falls, np.nan)])
