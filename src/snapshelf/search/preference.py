"""Preference: mild order words, such as "cheap", move a part of the products up instead of sorting them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from snapshelf.index import Between, ByNumber, Filter, Has, HasWords, SearchIndex
from snapshelf.language import QueryWord
from snapshelf.query import Chip, OrderWords, write_filter
from snapshelf.search.facets import joined

_PART = 3
"""The first of so many parts of what matches is preferred: the cheaper third."""


def preferred(
    order: OrderWords, words: Sequence[QueryWord], within: Filter | None, index: SearchIndex, boost: float
) -> Chip | None:
    """Return a soft chip of the products that come first in an order; None where too few have its number.

    Parameters
    ----------
    order : OrderWords
        Mild words, which ask for the smallest numbers of a field.
    words : sequence of QueryWord
        The other words: a cheap watch is cheap among the products with the word, if there are any.
    within : Filter or None
        What has to match.
    index : SearchIndex
    boost : float
        Added to the score of these products.
    """
    field = order.sort
    known = joined(within, Has(field))
    if words:
        having = HasWords.all_of(word.alternatives for word in words)
        known = joined(known, having) if index.count(joined(known, having)) else known
    count = index.count(known) // _PART
    if not count:
        return None
    last = index.ordered(known, [ByNumber(field)], limit=count)[-1]
    (values,) = index.field_values([last], [field])
    number = values.get(field)
    if not isinstance(number, float):
        return None  # it was removed meanwhile
    bound = Between(field, at_most=number)
    labels = {
        "en": f"{order.chip.labels['en']} (up to {number:,.12g})",
        "zh": f"{order.chip.labels['zh']}（{number:,.12g} 以下）",
    }
    where = write_filter(bound)
    return replace(
        order.chip,
        kind=field,
        where=where,
        filter=bound,
        exact=bound,
        labels=labels,
        hard=False,
        boost=boost,
        bound=True,
    )
