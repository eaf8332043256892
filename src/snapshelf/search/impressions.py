"""The record of a search: what it showed, and what its shopper looked for."""

from __future__ import annotations

from snapshelf.events import Event, Impression
from snapshelf.search.assignment import RankingAssignment
from snapshelf.search.pipeline import RankedResults
from snapshelf.search.plan import SearchPlan
from snapshelf.search.request import SearchRequest
from snapshelf.search.response import SearchResponse

_RECORDED = 100
"""Hits of a page that are recorded."""


def impression_of(
    request: SearchRequest,
    assignment: RankingAssignment,
    results: RankedResults,
    response: SearchResponse,
    *,
    start: int,
    now: float,
) -> Impression:
    """Return the impression of a page.

    Parameters
    ----------
    request : SearchRequest
    assignment : RankingAssignment
    results : RankedResults
    response : SearchResponse
        The page.
    start : int
        Hits before this page.
    now : float
        Unix seconds.
    """
    hits = response.hits[:_RECORDED]
    contributions = {
        name: tuple(hit.contributions.get(name, 0.0) for hit in hits) for name in results.plan.signals
    }
    propensities, teams = results.propensities(), results.table.teams
    return Impression(
        query_id=response.query_id,
        # An unknown shopper is a shopper of their own, who will not come again.
        shopper=request.shopper or assignment.first.query_id,
        at=now,
        products=tuple(hit.product.id for hit in hits),
        relevance=tuple(sum(parts) for parts in zip(*contributions.values(), strict=True))
        if contributions
        else (0.0,) * len(hits),
        contributions=contributions,
        propensities=None if propensities is None else tuple(propensities[start : start + len(hits)]),
        start=start,
        text=request.text or "",
        # A list that no ranker has ordered tells nothing of the rankers.
        experiment=assignment.experiment if results.plan.is_by_relevance else None,
        variant=assignment.variant if results.plan.is_by_relevance else None,
        interleaving_teams=tuple(teams.get(hit.product.id) for hit in hits) if teams else None,
    )


def search_event(query_id: str, shopper: str, text: str | None, plan: SearchPlan, *, now: float) -> Event:
    """Return the event that a shopper searched, with what was looked for as a vector."""
    vector = plan.query_vector
    return Event(
        event_id=f"search {query_id}",
        shopper=shopper,
        kind="search",
        at=now,
        query_id=query_id,
        text=text,
        # Parts that cancel each other out look for nothing.
        vector=vector.direction if vector.length > 0 else None,
    )
