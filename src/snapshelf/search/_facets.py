"""Facets: which values the matching products have, and how many of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `low` to `high`, both included; a bound that is None is open."""

    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class FacetRequest:
    """A facet that a search is asked for.

    Parameters
    ----------
    field : str
        As in filters: ``"brand"``, ``"price"``, ``"colour"`` or ``"attributes.colour"``.
    limit : int
        Values to list, the most frequent first, 1 to 1,000.
    bins : int
        Bars of the histogram of a number, 1 to 200.
    """

    field: str
    limit: int = 20
    bins: int = 20


@dataclass(frozen=True, slots=True)
class FacetChoice:
    """A value, the products that have it, and whether it is among the chosen ones."""

    value: str
    count: int
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class FacetResult:
    """What the products have in one field.

    Variants of one product count once. A facet's own choice does not narrow it: it counts what would be found
    with the other choices alone.

    Parameters
    ----------
    field : str
        As it was asked for.
    kind : {"values", "numbers"}
        A list of values, or a histogram.
    values : tuple of FacetChoice
        The most frequent first, the chosen ones always among them.
    total_values : int
        Different values there are.
    missing : int
        Products without the field.
    low, high : float or None
        The least and the largest number.
    edges, counts : tuple
        Histogram: bar i counts the products from ``edges[i]`` to ``edges[i + 1]``, the last edge included.
    chosen : Range or None
        The chosen range of numbers.
    """

    field: str
    kind: Literal["values", "numbers"]
    values: tuple[FacetChoice, ...] = ()
    total_values: int = 0
    missing: int = 0
    low: float | None = None
    high: float | None = None
    edges: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    chosen: Range | None = None
