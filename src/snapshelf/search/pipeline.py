"""The pipeline of a search: retrieve → score → judge → rerank → order.

A search engineer reads this page first. Each stage is a function of its arguments; the modules of the same name have
the details.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from snapshelf.index import Filter, Ids
from snapshelf.search.assignment import RankingAssignment
from snapshelf.search.collapse import COUNTED_BEHIND, Collapsed, collapse_duplicates, collapse_variants
from snapshelf.search.corpus import Corpus
from snapshelf.search.diversify import diversify
from snapshelf.search.explore import EXPLORED, Swap, apply_swap, draw_swap, propensities
from snapshelf.search.facets import joined
from snapshelf.search.fusion import lexical_scale, score
from snapshelf.search.listing import listed
from snapshelf.search.plan import SearchPlan
from snapshelf.search.relevance import JUDGED, Calibration
from snapshelf.search.request import MAX_K
from snapshelf.search.rerank import best_by_relevance, rerank
from snapshelf.search.result_set import Assessment, judge, members, with_probabilities
from snapshelf.search.retrieval import retrieve, retrieve_products
from snapshelf.search.score_table import ScoreTable
from snapshelf.search.sort import by_score

EVERYTHING = 1_000_000
"""More places than any search has."""


@dataclass(frozen=True, slots=True)
class RankedResults:
    """The places of a search, as far as they were asked for. It never changes.

    Parameters
    ----------
    plan : SearchPlan
    table : ScoreTable
        All candidates, scored.
    places : tuple of str
        Ids, best first.
    best : tuple of str
        Ids of the ten products that fit the query best, whatever else moved them.
    variants : Collapsed
    duplicates : Collapsed
    swap : Swap
        The pair of neighbours that chance exchanged.
    assessment : Assessment
        Which products belong to the result, and whether any is a good match.
    explored : float
        Share of the requests in which chance exchanges a pair; 0 where nothing was left to chance.
    timings : mapping
        Seconds of the stages ``recall`` and ``rank``.
    """

    plan: SearchPlan
    table: ScoreTable
    places: tuple[str, ...]
    best: tuple[str, ...]
    variants: Collapsed
    duplicates: Collapsed
    swap: Swap
    assessment: Assessment
    explored: float
    timings: Mapping[str, float]

    def propensities(self) -> list[float] | None:
        """Return the probability of each product to be in its place; None where nothing was left to chance."""
        if not self.explored:
            return None
        return propensities(
            self.places, self.plan.pins, self.swap, tiers_of(self.places, self.table), share=self.explored
        )


def search(
    plan: SearchPlan,
    corpus: Corpus,
    assignment: RankingAssignment | None = None,
    calibration: Calibration | None = None,
    *,
    depth: int,
    start: int = 0,
) -> RankedResults:
    """Fill the places of a search.

    Parameters
    ----------
    plan : SearchPlan
    corpus : Corpus
    assignment : RankingAssignment or None
        None for the order of the query alone.
    calibration : Calibration or None
        Decides which products belong to the result; without it all that match do.
    depth : int
        How many places to fill; there are fewer where fewer products belong to the result. The first places do not
        depend on it: a deeper search retrieves wider windows, and what they bring comes behind.
    start : int
        First place that is shown. A list that is not by relevance is scored from there on.
    """
    timings = {"recall": 0.0, "rank": 0.0}
    depth = max(depth, EXPLORED)
    if not plan.is_by_relevance:
        assignment = None
    if plan.is_browsing:
        return _listed(plan, corpus, None, Assessment(), calibration, timings, depth=depth, start=start)
    assessment: Assessment | None = None
    if plan.chosen and plan.is_judged and calibration is not None:
        plan, assessment = _judged_without_choices(plan, corpus, calibration, timings)
    with timed(timings, "recall"):
        phases, also = _phases(plan, corpus)
    windows: list[ScoreTable] = []
    is_complete = False
    for phase, width in product(phases, plan.windows):
        if is_complete and width != plan.windows[0]:
            continue  # the phase has no more
        known = {id for table in windows for id in table.ids}
        with timed(timings, "recall"):
            candidates, is_complete = retrieve(
                plan, corpus.index, phase, width, number=len(windows), known=known, also=also
            )
        also = ()
        with timed(timings, "rank"):
            candidates = score(candidates, plan, corpus, lexical_scale([*windows, candidates]))
            if assessment is None:
                candidates, assessment = judge(candidates, plan, corpus, calibration)
                plan = _restricted(plan, candidates, assessment)
                candidates = _accepted(candidates, assessment, plan)
            else:
                candidates, _ = judge(candidates, plan, corpus, calibration, assessment.best)
            if plan.sort is not None:
                if not _shows_members_only(plan, assessment):
                    plan = _nearest(plan, candidates, depth)
                return _listed(
                    plan, corpus, candidates, assessment, calibration, timings, depth=depth, start=start
                )
            if assignment is not None and not windows:
                candidates = rerank(candidates, plan, assignment, corpus)
            windows.append(candidates)
            results = _ordered(_joined(windows), plan, corpus, assessment, assignment, timings, depth=depth)
        if len(results.places) >= depth or corpus.index.count(plan.within) <= sum(map(len, windows)):
            break
    return results


def _judged_without_choices(
    plan: SearchPlan, corpus: Corpus, calibration: Calibration, timings: dict[str, float]
) -> tuple[SearchPlan, Assessment | None]:
    """Restrict a plan to what belongs to the result without the chosen facet values, as their counts promise.

    Returns
    -------
    plan : SearchPlan
        Unchanged where every product belongs to the result.
    assessment : Assessment or None
        None where every product belongs to the result.
    """
    whole = search(replace(plan, within=plan.base, chosen={}, sort=None), corpus, None, calibration, depth=1)
    for stage, seconds in whole.timings.items():
        timings[stage] = timings.get(stage, 0.0) + seconds
    if whole.plan.base == plan.base:
        return plan, None
    result = joined(whole.plan.base, *(choice.filter for choice in plan.chosen.values()))
    within = result if _shows_members_only(plan, whole.assessment) else plan.within
    return replace(plan, base=whole.plan.base, within=within, result=result), whole.assessment


def _listed(
    plan: SearchPlan,
    corpus: Corpus,
    candidates: ScoreTable | None,
    assessment: Assessment,
    calibration: Calibration | None,
    timings: dict[str, float],
    *,
    depth: int,
    start: int,
) -> RankedResults:
    """List all that matches in the order of the plan, and score what is shown of it.

    What looks alike is listed, too: who goes through a list to its end wants all of it.
    """
    with timed(timings, "recall"):
        by_relevance = [] if candidates is None else [candidates.ids[row] for row in by_score(candidates)]
        ids = listed(plan, corpus.index, best=by_relevance, depth=depth + len(plan.pins))
        places = _pinned(ids, plan.pins)[:depth]
        shown = places[start : start + MAX_K + 1]
        known = () if candidates is None else candidates.row
        products = retrieve_products(plan, corpus.index, [id for id in shown if id not in known], window=1)
    with timed(timings, "rank"):
        tables = [products] if candidates is None else [candidates, products]
        scored = score(products, plan, corpus, lexical_scale(tables))
        if calibration is not None and assessment.best is not None:
            every = np.arange(len(scored))
            scored = with_probabilities(scored, every, plan, corpus, calibration, assessment.best)
        table = scored if candidates is None else candidates.extended(scored)
    best = by_relevance
    if plan.collapse:
        best = list(collapse_variants(by_relevance, table, corpus.sold_out).ids)
    collapsed = Collapsed(tuple(ids))
    return RankedResults(
        plan,
        table,
        tuple(places),
        tuple(best[:JUDGED]),
        collapsed,
        collapsed,
        Swap(),
        assessment,
        0.0,
        timings,
    )


def rank_candidates(plan: SearchPlan, corpus: Corpus) -> ScoreTable:
    """Return the scored candidates of the first window, whether they belong to the result or not."""
    (phase, *_), also = _phases(plan, corpus)
    candidates, _ = retrieve(plan, corpus.index, phase, plan.windows[0], also=also)
    return score(candidates, plan, corpus, lexical_scale([candidates]))


def _phases(plan: SearchPlan, corpus: Corpus) -> tuple[list[Filter | None], Sequence[str]]:
    """Return what is retrieved in turn, as filters, and products that the first retrieval must not miss.

    Products whose words have rights come before all others. Few of them are scored whatever the signals say; many are
    a phase of their own.
    """
    phases: list[Filter | None] = [None]
    also = [*plan.pins, *plan.query.codes]
    for rights in (plan.rights, plan.written_rights):
        if rights is None:
            continue
        within = joined(plan.within, rights)
        count = corpus.index.count(within)
        if count > plan.windows[0]:
            phases.insert(0, rights)
        else:
            also += corpus.index.scroll(within, limit=count) if count else ()
            break  # those as written are among them
    return phases, tuple(dict.fromkeys(also))


def _restricted(plan: SearchPlan, candidates: ScoreTable, assessment: Assessment) -> SearchPlan:
    """Restrict a plan to the result set; where nothing is a good match, the nearest are hits, and none is counted."""
    belonging = members(candidates, assessment, plan)
    if belonging is None:
        return plan
    result = joined(plan.within, belonging)
    return replace(
        plan,
        within=result if _shows_members_only(plan, assessment) else plan.within,
        result=result,
        base=joined(plan.base, belonging),
    )


def _accepted(candidates: ScoreTable, assessment: Assessment, plan: SearchPlan) -> ScoreTable:
    if assessment.accepted is None or not _shows_members_only(plan, assessment):
        return candidates
    pinned = np.array([id in plan.pins for id in candidates.ids], np.bool_)
    return candidates.take(np.flatnonzero(assessment.accepted | pinned))


def _shows_members_only(plan: SearchPlan, assessment: Assessment) -> bool:
    return assessment.has_good_match or plan.min_relevance is not None or plan.kept is not None


def _nearest(plan: SearchPlan, candidates: ScoreTable, count: int) -> SearchPlan:
    """Restrict a plan to the nearest products: the cheapest of what is unlike the query helps nobody."""
    nearest = Ids(tuple(candidates.ids[row] for row in by_score(candidates)[:count]))
    return replace(plan, within=joined(plan.within, nearest))


def _ordered(
    table: ScoreTable,
    plan: SearchPlan,
    corpus: Corpus,
    assessment: Assessment,
    assignment: RankingAssignment | None,
    timings: Mapping[str, float],
    *,
    depth: int,
) -> RankedResults:
    """Order scored candidates: sort → collapse variants → diversify → collapse duplicates → pin → explore."""
    ids = _pinned_first([table.ids[row] for row in by_score(table)], plan.pins)
    variants = Collapsed(tuple(ids))
    if plan.collapse:
        variants = collapse_variants(ids, table, corpus.sold_out, fixed=plan.pins)
    ids = diversify(variants.ids, table, plan.diversity, corpus.products.vectors, pinned=plan.pins)
    duplicates = Collapsed(tuple(ids))
    if plan.collapse:
        duplicates = collapse_duplicates(
            ids,
            table,
            corpus.products,
            depth=depth + len(plan.pins),
        )
    places = _pinned(duplicates.ids, plan.pins)
    # Where two rankings share the places, chance has its part already.
    explored = assignment.explore if assignment is not None and not table.teams else 0.0
    swap = Swap()
    if assignment is not None and explored:
        swap = draw_swap(
            places, plan.pins, tiers_of(places, table), seed=assignment.first.query_id, share=explored
        )
    places = apply_swap(places, swap)[:depth]
    best = tuple(places[:JUDGED])
    if table.reranked.any():
        best = _best_by_relevance(table, ids, plan, corpus)
    return RankedResults(
        plan, table, tuple(places), best, variants, duplicates, swap, assessment, explored, timings
    )


def _best_by_relevance(
    table: ScoreTable, ids: Sequence[str], plan: SearchPlan, corpus: Corpus
) -> tuple[str, ...]:
    """Return the most relevant of the reranked candidates, without duplicates of what comes before them in `ids`."""
    best = best_by_relevance(table)[: JUDGED + COUNTED_BEHIND]
    if plan.collapse:
        considered = set(best)
        ordered = [id for id in ids if id in considered]
        collapsed = collapse_duplicates(ordered, table, corpus.products, depth=len(ordered))
        best = [id for id in best if id not in collapsed.represented_by]
    return tuple(best[:JUDGED])


def tiers_of(ids: Sequence[str], table: ScoreTable) -> dict[str, int]:
    """Return the tier of each of some candidates."""
    return dict(zip(ids, table.tier[table.rows(ids)].tolist(), strict=True))


def _pinned_first(ids: Sequence[str], pins: Mapping[str, object]) -> list[str]:
    """Put pinned products in front, so that a pinned variant stands for its group."""
    return sorted(ids, key=lambda id: id not in pins)


def _pinned(ids: Sequence[str], pins: Mapping[str, tuple[int, str]]) -> list[str]:
    """Put pinned products that match in their places."""
    places = [id for id in ids if id not in pins]
    matching = set(ids)
    for id, (place, _) in pins.items():
        if id in matching:
            places.insert(place - 1, id)
    return places


def _joined(windows: Sequence[ScoreTable]) -> ScoreTable:
    table, *later = windows
    for window in later:
        table = table.extended(window)
    return table


@contextmanager
def timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    """Add the seconds of a block to a stage."""
    start = time.perf_counter()
    yield
    timings[stage] = timings.get(stage, 0.0) + time.perf_counter() - start
