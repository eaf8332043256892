"""Fusion: the score of a product is the weighted sum of its signals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from snapshelf.search.corpus import Corpus
from snapshelf.search.exact_match import LOOKED_AT, SAME, SAME_STEMS, SAME_WORDS, exactness
from snapshelf.search.plan import SearchPlan
from snapshelf.search.score_table import VISUAL, Rows, ScoreTable
from snapshelf.search.signals import Numbers
from snapshelf.search.sort import by_score
from snapshelf.search.word_match import ALL_WORDS, RARE_WORDS, TITLE, TITLE_STEMS, TITLE_WORDS

_TITLES = ((SAME_STEMS, TITLE_STEMS), (SAME_WORDS, TITLE_WORDS), (SAME, TITLE))


def lexical_scale(tables: Sequence[ScoreTable]) -> float:
    """Return the BM25 score that counts 1: the best of the first window that has any; 1 where none has."""
    best = (float(table.bm25.max(initial=0.0)) for table in tables)
    return next((score for score in best if score > 0), 1.0)


def score(table: ScoreTable, plan: SearchPlan, corpus: Corpus, scale: float) -> ScoreTable:
    """Score the candidates of a window: fill `contributions`, `exactness` and `tier`.

    Parameters
    ----------
    table : ScoreTable
    plan : SearchPlan
    corpus : Corpus
        Gives the titles of the best candidates, which are compared with what was typed.
    scale : float
        See `lexical_scale`.
    """
    weights, boosts, shifts = plan.scaled_weights, np.array(plan.boosts), plan.rules.shifts
    passed = table.tests.astype(np.float64)
    scored = replace(
        table,
        tier=_tiers(table, plan),
        contributions={
            VISUAL: table.visual,
            "text_title": weights.text_title * table.title,
            "lexical": weights.lexical / scale * table.bm25,
            "constraints": weights.constraints * (passed[:, : len(boosts)] @ boosts),
            "rules": passed[:, len(boosts) :] @ np.array([shift.by for shift in shifts], np.float64),
            "ranking": np.zeros(len(table)),
            "shopper": np.zeros(len(table)),
        },
    )
    return _with_exact_titles(scored, plan, corpus) if plan.has_words else scored


def _tiers(table: ScoreTable, plan: SearchPlan) -> NDArray[np.int64]:
    if plan.query.kind == "words":
        return plan.words.tiers(table.words, table.written, table.codes)
    return np.where(plan.has_properties(table.tests), RARE_WORDS, table.tier)


def _with_exact_titles(table: ScoreTable, plan: SearchPlan, corpus: Corpus) -> ScoreTable:
    head = by_score(table)[:LOOKED_AT]
    if plan.query.kind == "words":
        head = head[table.tier[head] <= ALL_WORDS]  # a title that was typed has all words that the shop knows
    ids = [table.ids[row] for row in head]
    exact = np.zeros(len(table))
    exact[head] = exactness(plan.query.normalised, ids, corpus.products.names(ids), corpus.lexicon)
    title = table.contributions["text_title"] + plan.scaled_weights.text_title * exact
    tier = table.tier
    if plan.query.kind == "words":
        for score_of_title, tier_of_title in _TITLES:
            tier = np.where(exact == score_of_title, np.minimum(tier, tier_of_title), tier)
    return replace(
        table, exactness=exact, tier=tier, contributions={**table.contributions, "text_title": title}
    )


def split_visual(table: ScoreTable, rows: Rows, plan: SearchPlan, corpus: Corpus) -> dict[str, Numbers]:
    """Split the visual score of candidates into ``photo`` and ``text_image``; signal → float64 (n,) each."""
    ids = [table.ids[row] for row in rows]
    # A product that was removed after its retrieval has no vectors any more, and will be no hit.
    missing = np.zeros((1, corpus.index.dimension), np.float32)
    vectors: Mapping[str, np.ndarray] = {}
    if len(plan.query_vector.parts) > 1:
        vectors = corpus.products.vectors(ids)
    return plan.query_vector.split([vectors.get(id, missing) for id in ids], table.visual[rows])


def relevance_signals(table: ScoreTable, rows: Rows, plan: SearchPlan, corpus: Corpus) -> dict[str, Numbers]:
    """Return what each signal of the query adds to the relevance of candidates, float64 (n,) each."""
    columns = split_visual(table, rows, plan, corpus)
    columns |= {name: table.contributions[name][rows] for name in plan.signals if name not in columns}
    return columns


def contributions_of(
    table: ScoreTable, rows: Rows, plan: SearchPlan, corpus: Corpus
) -> list[dict[str, float]]:
    """Return the parts of the score of candidates by signal; parts that are 0 are left out, but for the visual ones."""
    visual = split_visual(table, rows, plan, corpus)
    others = {name: values[rows] for name, values in table.contributions.items() if name != VISUAL}
    return [
        {name: float(values[place]) for name, values in visual.items()}
        | {name: float(values[place]) for name, values in others.items() if values[place]}
        for place in range(len(rows))
    ]
