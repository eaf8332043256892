"""Tasks that tell encoders apart: a vector of words or of a photo against the vectors of photos.

They are built once from titles and labels and then measured with as many encoders as there are, so that figures can be
compared query by query.
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
from snapshelf.evaluation.chance import expected_by_chance
from snapshelf.evaluation.metrics import Metric, Scores
from snapshelf.evaluation.report import Measurement
from snapshelf.language import Lexicon

Wording: TypeAlias = Literal["raw", "en", "zh"]
"""How a query names a label: as the feed has it, or by the lexicon's preferred name."""

_Vectors: TypeAlias = NDArray[np.float32]
_Rows: TypeAlias = NDArray[np.int64]

KNOWN_ITEM = (Metric("R", 1), Metric("R", 10), Metric("RR"))
"""For queries that look for one product."""
KNOWN_PICTURE = (Metric("R", 1), Metric("R", 5), Metric("RR"))
"""For shoppers' photos that look for one catalogue picture."""
CLASS = (Metric("P", 1), Metric("P", 10), Metric("AP"))
"""For queries that any product of a class answers."""

_LEXICON_KIND = {"article": "category", "subcategory": "category", "master": "category", "class": "category"}
_BLOCK = 8_000_000
"""Similarities computed at once: bounds the memory."""


@dataclass(frozen=True, slots=True, eq=False)
class EncoderTask:
    """Queries, and which photos of a corpus answer them.

    Photos are ranked by cosine; of equal ones the earlier in the corpus comes first.

    Parameters
    ----------
    name : str
    wording : {"raw", "en", "zh"} or None
        How the queries are worded; None for photos.
    queries : tuple of str
        Their texts, or names of the query photos.
    answers : ndarray
        int64 (queries,): the group that answers each query.
    groups : ndarray
        int64 (photos,): the group of each photo of the corpus, counted from 0; -1 for none.
    metrics : tuple of Metric
        ``R@k``, ``P@k``, ``Success@k``, ``RR`` or ``AP``.
    itself : ndarray or None
        int64 (queries,): the row of the corpus that the query photo itself is; it is left out.
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
                f"the task {self.name!r} has no query: label more products, or leave it out"
            )

    def score(self, queries: _Vectors, corpus: _Vectors) -> Scores:
        """Measure every query.

        Parameters
        ----------
        queries, corpus : ndarray
            float32 (queries, d) and (photos, d), unit norm.

        Raises
        ------
        EncoderError
            A vector is not finite, or there are not as many as the task has queries and photos.
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
        """What a random ranking would score on average: float64 (metrics,)."""
        sizes = self._sizes()
        corpus = len(self.groups) - (self.itself is not None)

        @cache
        def expected(metric: Metric, size: int) -> float:
            return expected_by_chance(metric, dict.fromkeys(map(str, range(size)), 1), corpus)

        return np.array([np.mean([expected(metric, int(size)) for size in sizes]) for metric in self.metrics])

    def _sizes(self) -> _Rows:
        """How many photos answer each query."""
        sizes = np.bincount(self.groups[self.groups >= 0], minlength=int(self.answers.max()) + 1)
        return sizes[self.answers] - (self.itself is not None)

    def _block(self, queries: _Vectors, corpus: _Vectors, start: int) -> NDArray[np.float64]:
        rows = slice(start, start + len(queries))
        similar = queries @ corpus.T
        if self.itself is not None:
            similar[np.arange(len(similar)), self.itself[rows]] = -np.inf
        right = self.groups == self.answers[rows, None]
        if self.itself is not None:
            right[np.arange(len(similar)), self.itself[rows]] = False
        depth = max((metric.cutoff or 1 for metric in self.metrics), default=1)
        top = np.take_along_axis(right, _best(similar, min(depth, len(corpus))), axis=1)
        sizes = self._sizes()[rows]
        return np.stack([_value(metric, top, sizes, similar, right) for metric in self.metrics], axis=1)


def _value(
    metric: Metric, top: NDArray[np.bool_], sizes: _Rows, similar: _Vectors, right: NDArray[np.bool_]
) -> NDArray[np.float64]:
    if metric == Metric("RR"):
        return np.asarray(right.any(axis=1) / _first_rank(similar, right), np.float64)
    if metric == Metric("AP"):
        return _average_precision(similar, right)
    found = top[:, : metric.cutoff].sum(axis=1)
    match metric.name:
        case "P":
            return np.asarray(found / metric.cutoff, np.float64)
        case "R":
            return np.asarray(found / np.maximum(sizes, 1), np.float64)
        case "Success":
            return np.asarray(found > 0, np.float64)
    raise EvaluationError(
        f"tasks of encoders are measured by R@k, P@k, Success@k, RR and AP, not by {metric}"
    )


def _best(similar: _Vectors, depth: int) -> _Rows:
    """Columns of the largest values of each row, best first; of equal ones the first."""
    chosen = np.argpartition(-similar, depth - 1, axis=1)[:, :depth]
    least = np.take_along_axis(similar, chosen, axis=1).min(axis=1, keepdims=True)
    # Where equal values straddle the cut, the partition has taken any of them.
    for row in np.flatnonzero((similar >= least).sum(axis=1) > depth):
        chosen[row] = np.argsort(-similar[row], kind="stable")[:depth]
    chosen.sort(axis=1)
    order = np.argsort(-np.take_along_axis(similar, chosen, axis=1), axis=1, kind="stable")
    return np.take_along_axis(chosen, order, axis=1)


def _first_rank(similar: _Vectors, right: NDArray[np.bool_]) -> _Rows:
    """Rank of the first right photo of each row, from 1."""
    candidates = np.where(right, similar, -np.inf)
    first = candidates.argmax(axis=1)[:, None]
    best = np.take_along_axis(candidates, first, axis=1)
    earlier = np.arange(similar.shape[1]) < first
    before: _Rows = ((similar > best) | ((similar == best) & earlier)).sum(axis=1)
    return before + 1


def _average_precision(similar: _Vectors, right: NDArray[np.bool_]) -> NDArray[np.float64]:
    ranked = np.take_along_axis(right, np.argsort(-similar, axis=1, kind="stable"), axis=1)
    precision = ranked.cumsum(axis=1) / np.arange(1, ranked.shape[1] + 1)
    average: NDArray[np.float64] = (precision * ranked).sum(axis=1) / np.maximum(ranked.sum(axis=1), 1)
    return average


def measurements(scores: Scores, chance: NDArray[np.float64]) -> dict[str, Measurement]:
    """Mean, 95 % bootstrap interval over the queries, and the random baseline, by metric."""
    lows, highs = bootstrap_interval(scores.values)
    means = scores.values.mean(axis=0)
    return {
        # Where all values are equal, the resampled means differ from them by rounding.
        str(metric): Measurement(
            float(mean), min(float(low), float(mean)), max(float(high), float(mean)), by_chance
        )
        for metric, mean, low, high, by_chance in zip(
            scores.metrics, means, lows, highs, chance.tolist(), strict=True
        )
    }


def title_task(
    titles: Sequence[str], wording: Wording, *, rows: Sequence[int] | None = None, alike: bool = False
) -> EncoderTask:
    """Title → the photo of its product.

    Parameters
    ----------
    titles : sequence of str
        The title of every photo of the corpus; empty where there is none.
    wording : {"raw", "en", "zh"}
        Language of the titles.
    rows : sequence of int or None
        Photos whose titles are asked; by default all that have one.
    alike : bool
        Any product with the same title answers, and each title is asked once: for catalogues with titles such as
        "red dress". Otherwise the one product alone does, as in public benchmarks.
    """
    asked = [row for row in (range(len(titles)) if rows is None else rows) if titles[row]]
    if not alike:
        answers = np.array(asked, np.int64)
        queries = tuple(titles[row] for row in asked)
        return EncoderTask("title", wording, queries, answers, np.arange(len(titles)), KNOWN_ITEM)
    codes, groups = _grouped([(title,) for title in titles])
    queries = tuple(dict.fromkeys(titles[row] for row in asked))
    answers = np.array([codes[query,] for query in queries], np.int64)
    metrics = (Metric("Success", 1), Metric("Success", 10), Metric("RR"))
    return EncoderTask("title", wording, queries, answers, groups, metrics)


def label_task(
    labels: Mapping[str, Sequence[str]], kinds: Sequence[str], wording: Wording, *, least: int = 1
) -> EncoderTask:
    """Label, or combination of labels, → photos of products that have it.

    Parameters
    ----------
    labels : mapping
        Kind → the label of every photo of the corpus; empty where there is none.
    kinds : sequence of str
        The kinds that a query names, in this order: ``["gender", "colour", "article"]`` asks "women red dresses".
    wording : {"raw", "en", "zh"}
        With ``"en"`` and ``"zh"``, labels that the lexicon does not know are not asked: the same queries in both.
    least : int
        Classes with fewer photos are not asked.

    Raises
    ------
    EvaluationError
        Nothing is left to ask.
    """
    codes, groups = _grouped(list(zip(*(labels[kind] for kind in kinds), strict=True)))
    sizes = np.bincount(groups[groups >= 0], minlength=len(codes))
    texts = {
        code: text
        for names, code in codes.items()
        if sizes[code] >= least and (text := _worded(kinds, names, wording))
    }
    return EncoderTask(
        " + ".join(kinds), wording, tuple(texts.values()), np.array(list(texts), np.int64), groups, CLASS
    )


def look_alike_task(
    labels: Mapping[str, Sequence[str]], kinds: Sequence[str], *, rows: Sequence[int] | None = None
) -> EncoderTask:
    """Photo → other photos of products with the same labels; photos that have no other are not asked.

    Parameters
    ----------
    labels, kinds
        As for `label_task`.
    rows : sequence of int or None
        Photos of the corpus that are asked; by default all.
    """
    codes, groups = _grouped(list(zip(*(labels[kind] for kind in kinds), strict=True)))
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
    """Photo → picture of the same product.

    Parameters
    ----------
    queries, corpus : sequence of str
        The product's id of each query photo and of each picture.

    Raises
    ------
    EvaluationError
        A query's product has no picture.
    """
    codes, groups = _grouped([(id,) for id in corpus])
    missing = sorted(set(queries) - {id for (id,) in codes})
    if missing:
        raise EvaluationError(f"the product {missing[0]!r} has a query photo but no picture in the corpus")
    answers = np.array([codes[id,] for id in queries], np.int64)
    return EncoderTask("photo → picture", None, tuple(queries), answers, groups, KNOWN_PICTURE)


def _grouped(keys: Sequence[tuple[str, ...]]) -> tuple[dict[tuple[str, ...], int], _Rows]:
    """Number the keys in the order of their first use; -1 for one with an empty part."""
    codes: dict[tuple[str, ...], int] = {}
    groups = [codes.setdefault(key, len(codes)) if all(key) else -1 for key in keys]
    return codes, np.array(groups, np.int64)


def _worded(kinds: Sequence[str], names: Sequence[str], wording: Wording) -> str:
    """The query's text; empty where the lexicon lacks a name."""
    if wording == "raw":
        return " ".join(names)
    lexicon = Lexicon.bundled()
    concepts = [
        lexicon.get(_LEXICON_KIND.get(kind, kind), name) for kind, name in zip(kinds, names, strict=True)
    ]
    labels = [concept.label(wording) for concept in concepts if concept]
    return (" " if wording == "en" else "").join(labels) if len(labels) == len(kinds) else ""
