"""An impression: what one search or recommendation showed, and how it was ordered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Team: TypeAlias = Literal["a", "b"]
"""Whose choice a product of an interleaved list is."""

CHANNELS = ("photo", "text", "title", "words", "facts")
"""Contributions of a hit that are kept with an impression, as `Hit.contributions` names them."""


@dataclass(frozen=True, slots=True)
class Impression:
    """One search as it was answered.

    Parameters
    ----------
    query_id, shopper : str
    at : float
        Unix seconds.
    products : tuple of str
        As shown, best first.
    relevance : tuple of float
        Score of each without the shopper.
    channels : mapping
        Names of `CHANNELS` → contribution of each.
    propensities : tuple of float or None
        Probability with which each was shown where it was; None where nothing was left to chance.
    start : int
        Rank of the first of them, from 0: above 0 for a later page.
    text : str
        The words that were searched; empty for a photo alone.
    experiment, variant : str or None
        The experiment that the search took part in, and which variant of it answered.
    teams : tuple or None
        Of an interleaved answer whose choice each product was; see `Interleaved`.
    recommended : str or None
        The kind of recommendation that it was; None for a search. Rankings of searches do not learn from these.
    """

    query_id: str
    shopper: str
    at: float
    products: tuple[str, ...]
    relevance: tuple[float, ...]
    channels: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    propensities: tuple[float, ...] | None = None
    start: int = 0
    text: str = ""
    experiment: str | None = None
    variant: str | None = None
    teams: tuple[Team | None, ...] | None = None
    recommended: str | None = None
