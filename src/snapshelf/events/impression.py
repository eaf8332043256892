"""An impression: the products that a search or recommendation showed, and the scores that ordered them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Team: TypeAlias = Literal["a", "b"]
"""Ranking that chose a product of an interleaved list."""

RELEVANCE_SIGNALS = ("photo", "text_image", "text_title", "lexical", "constraints")
"""Contributions of a hit that are kept with an impression, as `Hit.contributions` names them."""

RENAMED_SIGNALS = {"text": "text_image", "title": "text_title", "words": "lexical", "facts": "constraints"}
"""Old names of signals → names now; impressions with the old names are read."""


@dataclass(frozen=True, slots=True)
class Impression:
    """The products that a search or recommendation showed.

    Parameters
    ----------
    query_id, shopper : str
    at : float
        Unix seconds.
    products : tuple of str
        As shown, best first.
    relevance : tuple of float
        Score of each product without the shopper's history.
    contributions : mapping
        Names of `RELEVANCE_SIGNALS` → contribution of each product.
    propensities : tuple of float or None
        Probability with which each product was shown at its rank; None where nothing was randomised.
    start : int
        Rank of the first product, from 0: above 0 for a later page.
    text : str
        The query text; empty for a photo alone.
    experiment, variant : str or None
        The experiment of the search, and its variant.
    interleaving_teams : tuple or None
        For an interleaved list, the ranking that chose each product; see `Interleaved`.
    recommended : str or None
        Kind of recommendation; None for a search. Ranking models of searches do not learn from recommendations.
    """

    query_id: str
    shopper: str
    at: float
    products: tuple[str, ...]
    relevance: tuple[float, ...]
    contributions: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    propensities: tuple[float, ...] | None = None
    start: int = 0
    text: str = ""
    experiment: str | None = None
    variant: str | None = None
    interleaving_teams: tuple[Team | None, ...] | None = None
    recommended: str | None = None
