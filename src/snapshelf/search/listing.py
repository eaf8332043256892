"""Listing: all that matches, in an order that is not that of a score."""

from __future__ import annotations

from collections.abc import Sequence

from snapshelf.index import ByNumber, ByRank, ByTests, Equals, Not, SearchIndex, SortKey, TakeTurns
from snapshelf.search.corpus import GROUP
from snapshelf.search.plan import SearchPlan
from snapshelf.search.sort import BESTSELLING, Sort

_DAY = 86_400.0
_IN_STOCK = ByTests(((Not(Equals("in_stock", False)), 1.0),))
"""What can be bought comes first, so that of equal variants it stands for its group."""


def listed(plan: SearchPlan, index: SearchIndex, *, best: Sequence[str] = (), depth: int) -> list[str]:
    """List the first products that match, in the order of the plan.

    Nothing is cut off: the list goes on to the last product. Pinned products come first; of the variants of a product,
    the first in the order is listed.

    Parameters
    ----------
    plan : SearchPlan
    index : SearchIndex
    best : sequence of str
        The best candidates of the query: products that are equal otherwise are in their order.
    depth : int
        Products, at most.
    """
    group = GROUP if plan.collapse else None
    return index.ordered(plan.within, order_of(plan, best), distinct=group, limit=depth)


def order_of(plan: SearchPlan, best: Sequence[str] = ()) -> tuple[SortKey, ...]:
    """Return the sort keys of a plan that is sorted, or that browses the shop.

    A shop that is browsed shows what its rules and soft constraints move to the front, then what sells, then what is
    new, and what is sold out at the end; goods that came on the same day take turns by category and brand, so that the
    first page shows what the shop has.
    """
    usual = (
        ByRank(plan.bestsellers),
        ByNumber("added_at", descending=True, step=_DAY),
        TakeTurns(("category", "brand")),
    )
    if plan.sort is not None:
        rest = usual if plan.is_browsing else (ByRank(tuple(best)),)
        return (_key(plan.sort, plan.bestsellers), _IN_STOCK, *rest)
    boosts = [(chip.filter, chip.boost) for chip in plan.query.chips if not chip.hard]
    boosts += [(shift.filter, shift.by) for shift in plan.rules.shifts]
    return (ByRank(tuple(plan.pins)), ByTests(tuple(boosts)), _IN_STOCK, *usual)


def _key(sort: Sort, bestsellers: tuple[str, ...]) -> SortKey:
    return ByRank(bestsellers) if sort == BESTSELLING else ByNumber(sort.field, sort.descending)
