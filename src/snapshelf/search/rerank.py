"""Reranking: a ranker moves the best candidates by what all shoppers and this shopper did."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from snapshelf.ranking import CandidateTable, InteractionHistory, Ranker, RankingColumns, team_draft
from snapshelf.search.assignment import RankingAssignment
from snapshelf.search.corpus import Corpus
from snapshelf.search.fusion import relevance_signals
from snapshelf.search.plan import SearchPlan
from snapshelf.search.relevance import is_known_item
from snapshelf.search.score_table import Rows, ScoreTable
from snapshelf.search.sort import by_score

RERANKED = 200
"""Best candidates that a ranker moves; those behind stay in the order of the search."""


def rerank(
    table: ScoreTable,
    plan: SearchPlan,
    assignment: RankingAssignment,
    corpus: Corpus,
) -> ScoreTable:
    """Let the assigned rankers move the best candidates: fill ``ranking``, ``shopper`` and the columns of the draft.

    Parameters
    ----------
    table : ScoreTable
        Scored candidates of the first window.
    plan : SearchPlan
    assignment : RankingAssignment
    corpus : Corpus
    """
    head = by_score(table)[:RERANKED]
    if not assignment.reranks or not len(head):
        return table
    candidates = _candidates(table, head, plan, corpus)
    # A query that names a product means that product, whatever the shopper likes.
    known_item = is_known_item(table, head, plan, corpus)
    history = InteractionHistory.none() if known_item else assignment.history

    def moved(ranker: Ranker) -> ScoreTable:
        columns = ranker.rerank(candidates, history, assignment.first.at)
        return _with_columns(table, head, columns)

    own = moved(assignment.ranker)
    # Diversity makes an order of its own, in which no ranker's choice could be recognised.
    if assignment.challenger is None or plan.diversity > 0:
        return own
    return _interleaved(own, moved(assignment.challenger), head, assignment.first.query_id)


def best_by_relevance(table: ScoreTable) -> list[str]:
    """Return the ids of the reranked candidates, in the order of their relevance alone."""
    rows = np.flatnonzero(table.reranked)
    searched = table.relevance + table.contributions["rules"]
    order = np.lexsort((-searched[rows], -table.relevance[rows], table.tier[rows]))
    return [table.ids[row] for row in rows[order]]


def _candidates(table: ScoreTable, head: Rows, plan: SearchPlan, corpus: Corpus) -> CandidateTable:
    signals = relevance_signals(table, head, plan, corpus)
    # They hold back candidates that are far from a photo.
    judged = "photo" in signals and bool(np.isfinite(table.probability[head]).all())
    probabilities = table.probability[head] if judged else None
    return CandidateTable(
        [table.ids[row] for row in head], np.sum(list(signals.values()), axis=0), signals, probabilities
    )


def _with_columns(table: ScoreTable, head: Rows, columns: RankingColumns) -> ScoreTable:
    contributions = dict(table.contributions)
    for name, values in columns._asdict().items():
        contributions[name] = np.zeros(len(table))
        contributions[name][head] = values
    reranked = np.zeros(len(table), bool)
    reranked[head] = True
    return replace(table, contributions=contributions, reranked=reranked)


def _interleaved(own: ScoreTable, challenger: ScoreTable, head: Rows, seed: str) -> ScoreTable:
    """Share the places between two orders of the same candidates; each scores the candidates of its team."""
    a, b = ([table.ids[row] for row in by_score(table)[: len(head)]] for table in (own, challenger))
    draft = team_draft(a, b, len(head), seed=seed)
    teams = dict(zip(draft.products, draft.teams, strict=True))
    is_challengers = np.array([teams.get(id) == "b" for id in own.ids])
    contributions = {
        name: np.where(is_challengers, challenger.contributions[name], values)
        for name, values in own.contributions.items()
    }
    places = own.draft.copy()
    places[own.rows(draft.products)] = np.arange(len(draft.products))
    return replace(own, contributions=contributions, draft=places, teams=teams)
