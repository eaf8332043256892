"""Bars of a histogram that people can read: rounded edges, and a last bar for the few numbers that are far away."""

from __future__ import annotations

import math
from itertools import accumulate

import numpy as np

from snapshelf.index import Filter, Histogram, SearchIndex

_FINE = 200
"""Bars in which the range of most numbers is looked for."""
_MOST = 0.98
"""Share of the numbers that the bars of equal width show; the last bar has the others."""
_ZOOMS = 4
_STEPS = (1.0, 2.0, 5.0, 10.0)
_LISTED = 50


def readable_histogram(
    index: SearchIndex, field: str, where: Filter | None, *, bins: int, distinct: str | None
) -> Histogram:
    """Count a field's numbers in at most `bins` bars.

    Edges are multiples of 1, 2 or 5 times a power of ten. Where a few numbers are far above all others, as the price of
    a piano among those of its strings, the last bar is wider and has them.

    Parameters
    ----------
    index : SearchIndex
    field : str
    where : Filter or None
    bins : int
    distinct : str or None
        See `SearchIndex.histogram`.
    """
    whole = index.histogram(field, where, bins=_FINE, distinct=distinct)
    if whole.low is None or whole.high is None or whole.low == whole.high:
        return whole
    end = _end_of_most(index, field, where, whole, distinct) if bins > 1 else whole.high
    listed = index.facet(field, limit=_LISTED)
    is_whole = all(
        float(each.value).is_integer() for each in listed.values if not isinstance(each.value, str)
    )
    edges = rounded_edges(
        whole.low, end, bins if end == whole.high else bins - 1, least=1.0 if is_whole else 0.0
    )
    if edges[-1] < whole.high:
        edges = (*edges, rounded_edges(whole.low, whole.high, 10)[-1])
    return index.histogram(field, where, edges=edges, distinct=distinct)


def rounded_edges(low: float, high: float, bins: int, *, least: float = 0.0) -> tuple[float, ...]:
    """Return the edges of at most `bins` bars from `low` or less to `high` or more, `low` < `high`.

    Parameters
    ----------
    low, high : float
    bins : int
    least : float
        Least width of a bar.
    """
    width = max((high - low) / bins, least)
    power = 10.0 ** math.floor(math.log10(width))
    for factor in (*_STEPS, 20.0, 50.0, 100.0):
        step = factor * power
        if step < width * (1 - 1e-9):
            continue
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        if last - first <= bins:
            break
    digits = max(0, -math.floor(math.log10(step)) + 1)
    return tuple(round(number * step, digits) for number in range(first, max(last, first + 1) + 1))


def _end_of_most(
    index: SearchIndex, field: str, where: Filter | None, counted: Histogram, distinct: str | None
) -> float:
    """Return the number up to which most numbers are, or the largest where that is not far away."""
    low, high, total = counted.edges[0], counted.edges[-1], sum(counted.counts)
    whole_high = high
    for _ in range(_ZOOMS):
        cumulated = list(accumulate(counted.counts))
        bar = next((at for at, count in enumerate(cumulated) if count >= _MOST * total), len(cumulated) - 1)
        if high == whole_high and bar + 1 > len(counted.counts) / 2:
            break
        high = counted.edges[bar + 1]
        if bar > len(counted.counts) / 20:
            break
        counted = index.histogram(
            field, where, edges=np.linspace(low, high, _FINE + 1).tolist(), distinct=distinct
        )
    return high
