"""Retrieval tasks for encoders: query vectors of texts or photos against photo vectors.

The tasks are built once from titles and labels, so that the figures of several encoders are comparable by query.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from snapshelf.errors import EncoderError, EvaluationError
from snapshelf.evaluation.bootstrap import bootstrap_interval
from snapshelf.evaluation.metrics import Metric, Scores
from snapshelf.evaluation.random_baseline import random_baseline
from snapshelf.evaluation.report import Measurement
from snapshelf.language import Lexicon

Wording: TypeAlias = Literal["raw", "en", "zh"]
"""Wording of a label in a query: as in the feed, or the lexicon's preferred name."""

_Vectors: TypeAlias = NDArray[np.float32]
_Rows: TypeAlias = NDArray[np.int64]

KNOWN_ITEM = (Metric("R", 1), Metric("R", 10), Metric("RR"))
"""Metrics of known-item queries."""
KNOWN_PICTURE = (Metric("R", 1), Metric("R", 5), Metric("RR"))
"""Metrics of shoppers' photos with a single relevant catalogue photo."""
CLASS = (Metric("P", 1), Metric("P", 10), Metric("AP"))
"""Metrics of queries whose relevant products are a class."""

_LEXICON_KIND = {"article": "category", "subcategory": "category", "master": "category", "class": "category"}
_BLOCK = 8_000_000
"""Similarities of a block; bounds the memory."""


@dataclass(frozen=True, slots=True, eq=False)
class EncoderTask:
    """Queries and their relevant photos in a corpus.

    Photos are ranked by cosine; ties keep the order of the corpus.

    Parameters
    ----------
    name : str
    wording : {"raw", "en", "zh"} or None
        Wording of the queries; None for photos.
    queries : tuple of str
        Texts, or names of the query photos.
    answers : ndarray
        int64 (queries,): the relevant group of each query.
    groups : ndarray
        int64 (photos,): the group of each photo of the corpus, from 0; -1 for no group.
    metrics : tuple of Metric
        ``R@k``, ``P@k``, ``Success@k``, ``RR`` or ``AP``.
    itself : ndarray or None
        int64 (queries,): the row of the query photo in the corpus, which is excluded from its ranking.
    """

    name: str
    wording: Wording | None
    queries: tuple[str, ...]
    answers: _Rows
    groups: _Rows
    metrics: tuple[Metric, ...]
    itself: _Rows | None = None

    def __post_init__(self) -> None:
        if not self.queries:
            raise EvaluationError(
                f"the task {self.name!r} has no query; label more products, or omit the task"
            )

    def score(self, queries: _Vectors, corpus: _Vectors) -> Scores:
        """Compute the metrics of every query.

        Parameters
        ----------
        queries, corpus : ndarray
            float32 (queries, d) and (photos, d), unit norm.

        Raises
        ------
        EncoderError
            A vector is not finite, or the number of vectors differs from the task.
        """
        for what, vectors, number in (
            ("queries", queries, len(self.queries)),
            ("photos", corpus, len(self.groups)),
        ):
            if len(vectors) != number or not np.isfinite(vectors).all():
                raise EncoderError(
                    f"the task {self.name!r} needs {number} vectors of finite numbers for its {what}; "
                    f"the encoder gave {len(vectors)}, some perhaps not finite"
                )
        block = max(1, _BLOCK // len(corpus))
        values = [
            self._block(queries[start : start + block], corpus, start)
            for start in range(0, len(queries), block)
        ]
        return Scores(self.queries, self.metrics, np.concatenate(values))

    def chance(self) -> NDArray[np.float64]:
        """Return the random baseline of each metric, float64 (metrics,)."""
        sizes = self._sizes()
        corpus = len(self.groups) - (self.itself is not None)

        @cache
        def expected(metric: Metric, size: int) -> float:
            return random_baseline(metric, dict.fromkeys(map(str, range(size)), 1), corpus)

        return np.array([np.mean([expected(metric, int(size)) for size in sizes]) for metric in self.metrics])

    def _sizes(self) -> _Rows:
        """Return the number of relevant photos of each query."""
        sizes = np.bincount(self.groups[self.groups >= 0], minlength=int(self.answers.max()) + 1)
        return sizes[self.answers] - (self.itself is not None)

    def _block(self, queries: _Vectors, corpus: _Vectors, start: int) -> NDArray[np.float64]:
        rows = slice(start, start + len(queries))
        similarities = queries @ corpus.T
        if self.itself is not None:
            similarities[np.arange(len(similarities)), self.itself[rows]] = -np.inf
        is_relevant = self.groups == self.answers[rows, None]
        if self.itself is not None:
            is_relevant[np.arange(len(similarities)), self.itself[rows]] = False
        depth = max((metric.cutoff or 1 for metric in self.metrics), default=1)
        top = np.take_along_axis(is_relevant, _top_columns(similarities, min(depth, len(corpus))), axis=1)
        sizes = self._sizes()[rows]
        return np.stack(
            [_value(metric, top, sizes, similarities, is_relevant) for metric in self.metrics], axis=1
        )


def _value(
    metric: Metric,
    top: NDArray[np.bool_],
    sizes: _Rows,
    similarities: _Vectors,
    is_relevant: NDArray[np.bool_],
) -> NDArray[np.float64]:
    if metric == Metric("RR"):
        return np.asarray(is_relevant.any(axis=1) / _first_rank(similarities, is_relevant), np.float64)
    if metric == Metric("AP"):
        return _average_precision(similarities, is_relevant)
    relevant_count = top[:, : metric.cutoff].sum(axis=1)
    match metric.name:
        case "P":
            return np.asarray(relevant_count / metric.cutoff, np.float64)
        case "R":
            return np.asarray(relevant_count / np.maximum(sizes, 1), np.float64)
        case "Success":
            return np.asarray(relevant_count > 0, np.float64)
    raise EvaluationError(
        f"tasks of encoders are measured by R@k, P@k, Success@k, RR and AP, not by {metric}"
    )


def _top_columns(similarities: _Vectors, depth: int) -> _Rows:
    """Return the columns of the largest values of each row in decreasing order; ties keep their order."""
    columns = np.argpartition(-similarities, depth - 1, axis=1)[:, :depth]
    least = np.take_along_axis(similarities, columns, axis=1).min(axis=1, keepdims=True)
    # If ties cross the cutoff, the partition selects arbitrary columns among them.
    for row in np.flatnonzero((similarities >= least).sum(axis=1) > depth):
        columns[row] = np.argsort(-similarities[row], kind="stable")[:depth]
    columns.sort(axis=1)
    order = np.argsort(-np.take_along_axis(similarities, columns, axis=1), axis=1, kind="stable")
    return np.take_along_axis(columns, order, axis=1)


def _first_rank(similarities: _Vectors, is_relevant: NDArray[np.bool_]) -> _Rows:
    """Return the rank of the first relevant photo of each row, from 1."""
    candidates = np.where(is_relevant, similarities, -np.inf)
    first = candidates.argmax(axis=1)[:, None]
    best = np.take_along_axis(candidates, first, axis=1)
    earlier = np.arange(similarities.shape[1]) < first
    before: _Rows = ((similarities > best) | ((similarities == best) & earlier)).sum(axis=1)
    return before + 1


def _average_precision(similarities: _Vectors, is_relevant: NDArray[np.bool_]) -> NDArray[np.float64]:
    ranked = np.take_along_axis(is_relevant, np.argsort(-similarities, axis=1, kind="stable"), axis=1)
    precision = ranked.cumsum(axis=1) / np.arange(1, ranked.shape[1] + 1)
    average: NDArray[np.float64] = (precision * ranked).sum(axis=1) / np.maximum(ranked.sum(axis=1), 1)
    return average


def measurements(scores: Scores, chance: NDArray[np.float64]) -> dict[str, Measurement]:
    """Return by metric the mean, its 95 % bootstrap interval over queries, and the random baseline."""
    lows, highs = bootstrap_interval(scores.values)
    means = scores.values.mean(axis=0)
    return {
        # If all values are equal, the resampled means differ by rounding.
        str(metric): Measurement(
            float(mean), min(float(low), float(mean)), max(float(high), float(mean)), random
        )
        for metric, mean, low, high, random in zip(
            scores.metrics, means, lows, highs, chance.tolist(), strict=True
        )
    }


def title_task(
    titles: Sequence[str], wording: Wording, *, rows: Sequence[int] | None = None, shared_titles: bool = False
) -> EncoderTask:
    """Return the task title → photo of its product.

    Parameters
    ----------
    titles : sequence of str
        The title of every photo of the corpus; empty if unknown.
    wording : {"raw", "en", "zh"}
        Language of the titles.
    rows : sequence of int or None
        Photos whose titles are queries; by default all photos with a title.
    shared_titles : bool
        All products with the same title are relevant, and each title is a single query: for catalogues with titles such
        as "red dress". Otherwise only the product itself is relevant, as in public benchmarks.
    """
    title_rows = [row for row in (range(len(titles)) if rows is None else rows) if titles[row]]
    if not shared_titles:
        answers = np.array(title_rows, np.int64)
        queries = tuple(titles[row] for row in title_rows)
        return EncoderTask("title", wording, queries, answers, np.arange(len(titles)), KNOWN_ITEM)
    codes, groups = _group_keys([(title,) for title in titles])
    queries = tuple(dict.fromkeys(titles[row] for row in title_rows))
    answers = np.array([codes[query,] for query in queries], np.int64)
    metrics = (Metric("Success", 1), Metric("Success", 10), Metric("RR"))
    return EncoderTask("title", wording, queries, answers, groups, metrics)


def label_task(
    labels: Mapping[str, Sequence[str]], kinds: Sequence[str], wording: Wording, *, least: int = 1
) -> EncoderTask:
    """Return the task label, or combination of labels, → photos of products that have it.

    Parameters
    ----------
    labels : mapping
        Kind → the label of every photo of the corpus; empty if unknown.
    kinds : sequence of str
        Kinds that a query names, in order: ``["gender", "colour", "article"]`` gives "women red dresses".
    wording : {"raw", "en", "zh"}
        With ``"en"`` and ``"zh"``, labels outside the lexicon are skipped, so both have the same queries.
    least : int
        Minimum number of photos of a class.

    Raises
    ------
    EvaluationError
        No query remains.
    """
    codes, groups = _group_keys(list(zip(*(labels[kind] for kind in kinds), strict=True)))
    sizes = np.bincount(groups[groups >= 0], minlength=len(codes))
    texts = {
        code: text
        for names, code in codes.items()
        if sizes[code] >= least and (text := _query_text(kinds, names, wording))
    }
    return EncoderTask(
        " + ".join(kinds), wording, tuple(texts.values()), np.array(list(texts), np.int64), groups, CLASS
    )


def similar_photo_task(
    labels: Mapping[str, Sequence[str]], kinds: Sequence[str], *, rows: Sequence[int] | None = None
) -> EncoderTask:
    """Return the task photo → other photos of products with the same labels; photos without others are skipped.

    Parameters
    ----------
    labels, kinds
        As for `label_task`.
    rows : sequence of int or None
        Query photos, as rows of the corpus; by default all.
    """
    codes, groups = _group_keys(list(zip(*(labels[kind] for kind in kinds), strict=True)))
    sizes = np.bincount(groups[groups >= 0], minlength=len(codes))
    candidates = np.arange(len(groups)) if rows is None else np.array(rows, np.int64)
    itself = candidates[(groups[candidates] >= 0) & (sizes[groups[candidates]] > 1)]
    return EncoderTask(
        "photo → same " + " + ".join(kinds),
        None,
        tuple(map(str, itself)),
        groups[itself],
        groups,
        CLASS,
        itself,
    )


def same_product_task(queries: Sequence[str], corpus: Sequence[str]) -> EncoderTask:
    """Return the task photo → catalogue photo of the same product.

    Parameters
    ----------
    queries, corpus : sequence of str
        Product id of each query photo and of each catalogue photo.

    Raises
    ------
    EvaluationError
        A query's product has no picture.
    """
    codes, groups = _group_keys([(id,) for id in corpus])
    missing = sorted(set(queries) - {id for (id,) in codes})
    if missing:
        raise EvaluationError(f"the product {missing[0]!r} has a query photo but no catalogue photo")
    answers = np.array([codes[id,] for id in queries], np.int64)
    return EncoderTask("photo → picture", None, tuple(queries), answers, groups, KNOWN_PICTURE)


def _group_keys(keys: Sequence[tuple[str, ...]]) -> tuple[dict[tuple[str, ...], int], _Rows]:
    """Number the keys in the order of their first use; -1 for a key with an empty part."""
    codes: dict[tuple[str, ...], int] = {}
    groups = [codes.setdefault(key, len(codes)) if all(key) else -1 for key in keys]
    return codes, np.array(groups, np.int64)


def _query_text(kinds: Sequence[str], names: Sequence[str], wording: Wording) -> str:
    """Return the query's text; empty if the lexicon lacks a name."""
    if wording == "raw":
        return " ".join(names)
    lexicon = Lexicon.bundled()
    concepts = [
        lexicon.get(_LEXICON_KIND.get(kind, kind), name) for kind, name in zip(kinds, names, strict=True)
    ]
    labels = [concept.label(wording) for concept in concepts if concept]
    return (" " if wording == "en" else "").join(labels) if len(labels) == len(kinds) else ""
