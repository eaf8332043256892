"""Hits: products in their places, and what their scores are made of."""

from __future__ import annotations

from collections.abc import Sequence

from snapshelf.search.corpus import Corpus
from snapshelf.search.fusion import contributions_of
from snapshelf.search.matched_terms import matched_terms
from snapshelf.search.pipeline import RankedResults
from snapshelf.search.relevance import RelevanceEstimate
from snapshelf.search.response import Hit


def hits_of(
    results: RankedResults,
    ids: Sequence[str],
    corpus: Corpus,
    estimate: RelevanceEstimate | None = None,
    *,
    explain: bool = False,
) -> tuple[Hit, ...]:
    """Return hits for products in their places; a product that was removed meanwhile is left out.

    Parameters
    ----------
    results : RankedResults
    ids : sequence of str
    corpus : Corpus
    estimate : RelevanceEstimate or None
        How likely they are what the query asks for.
    explain : bool
        Whether to say which words of the query they have.
    """
    plan, table = results.plan, results.table
    products = corpus.products.get_many(ids)
    ids = [id for id in ids if id in products]
    sizes = corpus.index.group_sizes(ids, plan.within) if plan.collapse else {}
    parts = contributions_of(table, table.rows(ids), plan, corpus)
    relevance = estimate.relevance if estimate is not None else {}
    return tuple(
        Hit(
            rank=rank,
            product=products[id],
            score=sum(contributions.values()),
            contributions=contributions,
            relevance=relevance.get(id),
            variants=max(0, sizes.get(id, 1) - 1),
            duplicates=results.duplicates.counts.get(id, 0),
            matched_terms=matched_terms(plan.query, products[id], corpus.lexicon) if explain else (),
            constraints=_constraints(results, id),
            near=_near(results, id),
            rules=_rules(results, id),
        )
        for rank, (id, contributions) in enumerate(zip(ids, parts, strict=True), 1)
    )


def _constraints(results: RankedResults, id: str) -> tuple[str, ...]:
    """Return the chips of the query, as filters, that the product meets."""
    plan, passed = results.plan, results.table.tests[results.table.row[id]]
    met = {chip.where for chip, passes in zip(plan.boosted_chips, passed, strict=False) if passes}
    return tuple(chip.where for chip in plan.query.chips if chip.hard or chip.where in met)


def _near(results: RankedResults, id: str) -> tuple[str, ...]:
    """Return the chips, as filters, to whose values the product only comes near."""
    plan, passed = results.plan, results.table.tests[results.table.row[id]]
    is_exact = passed[len(plan.boosted_chips) :]
    return tuple(
        chip.where
        for chip, matches, exactly in zip(plan.boosted_chips, passed, is_exact, strict=False)
        if chip.near and matches and not exactly
    )


def _rules(results: RankedResults, id: str) -> tuple[str, ...]:
    """Return the names of the rules that moved the product."""
    plan, passed = results.plan, results.table.tests[results.table.row[id]]
    shifts = zip(plan.rules.shifts, passed[len(plan.boosts) :], strict=True)
    pinned = [plan.pins[id][1]] if id in plan.pins else []
    return tuple(dict.fromkeys([*(shift.rule for shift, passes in shifts if passes), *pinned]))
