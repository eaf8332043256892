"""Observations: what the signals say of the candidates of a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snapshelf.catalogue import Catalogue
from snapshelf.encoders import Encoder
from snapshelf.index import Ids, SearchIndex
from snapshelf.search import (
    NO_RIGHTS,
    Evidence,
    SearchPlan,
    SearchRequest,
    SearchService,
    by_score,
    evidence_of,
    rank_candidates,
)
from snapshelf.tuning.questions import Question

Numbers = NDArray[np.float64]

OBSERVED = 200
"""Best candidates of a question that are looked at."""

_BACKGROUND = 256
"""Products that a query has nothing to do with, whose cosines are the scale of a signal."""

_MIN_SPREAD = 1e-3

FEATURES = ("photo", "text_image", "text_title", "lexical", "constraints")
"""Signals of a score, as columns of `Observation.features`."""


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """The candidates of a question, best first as they were ranked.

    Parameters
    ----------
    question : Question
    evidence : Evidence
        As it is judged.
    features : ndarray
        float64 (n, 5): what each weight is multiplied by, in the order of `FEATURES`.
    tier : ndarray
        int64 (n,).
    relevant : ndarray
        bool (n,): which of them answer the question.
    """

    question: Question
    evidence: Evidence
    features: Numbers
    tier: NDArray[np.int64]
    relevant: NDArray[np.bool_]


def observe(service: SearchService, question: Question) -> Observation | None:
    """Ask a question; None where nothing can be retrieved, or nothing is asked: the title "New" is an order."""
    request = SearchRequest(
        photo=question.photo,
        text=question.text,
        where=question.where,
        rules=False,
        understand=not question.is_blind,
        min_relevance=0.0,
        record=False,
    )
    plan = service.plan(request)
    if plan.is_browsing:
        return None
    corpus = service.corpus.read_once()
    table = rank_candidates(plan, corpus)
    rows = by_score(table)[:OBSERVED]
    if not len(rows):
        return None
    table = table.take(rows)
    evidence = evidence_of(table, np.arange(len(rows)), plan, corpus)
    features = _features(evidence, plan, table.bm25, table.contributions["constraints"], table.exactness)
    tier = table.tier
    if question.is_blind:
        features[:, FEATURES.index("lexical")] = 0.0
        tier = np.full(len(rows), NO_RIGHTS)
        evidence = Evidence(evidence.photo, evidence.text_image, evidence.text_title, np.zeros(len(rows)))
    relevant = np.zeros(len(rows), np.bool_)
    if question.relevant is not None and question.where is None:
        answers = service.index.matches(table.ids, question.relevant)
        relevant = np.array([id in answers for id in table.ids])
    return Observation(question, evidence, features, tier, relevant)


def _features(
    evidence: Evidence, plan: SearchPlan, bm25: Numbers, constraints: Numbers, exactness: Numbers
) -> Numbers:
    size = len(bm25)
    text_length = float(np.linalg.norm(plan.query.text)) if plan.query.text is not None else 0.0
    photo_length = float(np.linalg.norm(plan.query.photo)) if plan.query.photo is not None else 0.0
    columns: dict[str, Numbers] = dict.fromkeys(FEATURES, np.zeros(size))
    if evidence.photo is not None:
        columns["photo"] = photo_length * evidence.photo
    if evidence.text_image is not None:
        columns["text_image"] = text_length * evidence.text_image
    if evidence.text_title is not None:
        columns["text_title"] = text_length * np.nan_to_num(evidence.text_title) + exactness
        columns["lexical"] = bm25 / (float(bm25.max(initial=0.0)) or 1.0)
        columns["constraints"] = constraints / (plan.scaled_weights.constraints or 1.0)
    return np.stack([columns[name] for name in FEATURES], axis=1)


def background(
    catalogue: Catalogue, index: SearchIndex, encoder: Encoder, texts: Sequence[str], seed: int
) -> dict[str, tuple[float, float]]:
    """Return mean and standard deviation of each cosine between queries and products chosen by chance.

    Parameters
    ----------
    catalogue : Catalogue
    index : SearchIndex
    encoder : Encoder
    texts : sequence of str
        Queries of words.
    seed : int
    """
    generator = np.random.default_rng(seed)
    ids = np.array(catalogue.ids(limit=max(1, catalogue.count())))
    chosen = tuple(generator.choice(ids, min(_BACKGROUND, len(ids)), replace=False).tolist())
    photos = [vectors[0] for vectors in catalogue.vectors(chosen).values()]
    cosines: dict[str, list[float]] = {"photo": [], "text_image": [], "text_title": []}
    for photo in photos[: len(texts)]:
        cosines["photo"] += [
            each.photo
            for each in index.retrieve(len(chosen), Ids(chosen), photo=photo)
            if each.photo is not None
        ]
    for text in encoder.encode_texts(list(texts)) if texts else ():
        for each in index.retrieve(len(chosen), Ids(chosen), photo=text, title=text):
            cosines["text_image"] += [each.photo] if each.photo is not None else []
            cosines["text_title"] += [each.text_title] if each.text_title is not None else []
    return {name: _scale(values) for name, values in cosines.items()}


def _scale(values: Sequence[float]) -> tuple[float, float]:
    """Return mean and standard deviation; the same for anything where nothing is known."""
    if not values:
        return 0.0, 1.0
    return float(np.mean(values)), max(_MIN_SPREAD, float(np.std(values)))


def score_of(observation: Observation, weights: Mapping[str, float]) -> Numbers:
    """Return the score of each candidate with some weights, float64 (n,)."""
    scores: Numbers = observation.features @ np.array([weights[name] for name in FEATURES])
    return scores


def best_rows(observation: Observation, weights: Mapping[str, float], count: int) -> NDArray[np.intp]:
    """Return the rows of the best candidates with some weights: by tier, then by score."""
    order = np.lexsort((-score_of(observation, weights), observation.tier))
    return order[:count]
