"""Ranking metrics with the names and definitions of ``ir_measures``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from snapshelf.errors import EvaluationError

if TYPE_CHECKING:
    from snapshelf.evaluation.qrels import Qrels

Run: TypeAlias = Mapping[str, Sequence[tuple[str, float]]]
"""Query id → retrieved products with their scores, in any order (`evaluate` ranks them)."""


_Array: TypeAlias = NDArray[np.float64]
# Queries of a block; bounds the memory if many products are relevant.
_BLOCK = 256


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric with its cutoff: ``Metric("nDCG", 10)`` is ``nDCG@10``.

    Products of grade ≥ 1 are relevant; only nDCG uses the grade itself. Ranks start at 1, k is the cutoff.

    =============  ==================================================================================
    ``R@k``        relevant products in the top k / all relevant products
    ``P@k``        relevant products in the top k / k
    ``RR@k``       1 / rank of the first relevant product in the top k, else 0
    ``AP@k``       precision at the rank of each relevant product in the top k, summed / all relevant
    ``nDCG@k``     DCG of the top k / largest possible DCG@k; DCG = Σ grade / log2(rank + 1)
    ``Success@k``  1 if a relevant product is in the top k, else 0
    =============  ==================================================================================

    The cutoff of ``RR``, ``AP`` and ``nDCG`` is optional. Sources: trec_eval; Järvelin & Kekäläinen,
    "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20(4), 2002, for nDCG.

    Notes
    -----
    Some published benchmarks divide ``R@k`` by min(k, all relevant), and some call ``Success@k`` "recall@k"; their
    figures are not comparable with these.

    Examples
    --------
    >>> from snapshelf.evaluation import Metric, evaluate
    >>> run = {"q1": [("D-1", 0.9), ("D-2", 0.5)]}
    >>> evaluate(run, {"q1": {"D-2": 1}}, [Metric("RR", 10)]).values
    array([[0.5]])
    """

    name: str
    cutoff: int | None = None

    def __post_init__(self) -> None:
        if self.name not in _DEFINITIONS:
            raise EvaluationError(f"unknown metric {str(self)!r}; known: {_KNOWN}")
        if self.cutoff is None and self.name in _NEED_CUTOFF:
            raise EvaluationError(
                f"the metric {self.name!r} needs a cutoff, for example {self.name}@10; known: {_KNOWN}"
            )
        if self.cutoff is not None and self.cutoff < 1:
            raise EvaluationError(f"the cutoff of the metric {str(self)!r} must be 1 or more")

    def __str__(self) -> str:
        return self.name if self.cutoff is None else f"{self.name}@{self.cutoff}"


_KNOWN = "R@k, P@k, RR, RR@k, nDCG, nDCG@k, AP, AP@k, Success@k (k a whole number from 1)"


def parse_metrics(names: str) -> list[Metric]:
    """Parse ``"R@1,R@10,RR@10"``, names separated by commas or spaces; duplicates are removed.

    Raises
    ------
    EvaluationError
        A name is unknown, its cutoff is missing or invalid, or the text is empty.

    Examples
    --------
    >>> from snapshelf.evaluation import parse_metrics
    >>> [str(metric) for metric in parse_metrics("R@1, nDCG@10")]
    ['R@1', 'nDCG@10']
    """
    metrics = dict.fromkeys(_metric(name) for name in re.split(r"[,\s]+", names) if name)
    if not metrics:
        raise EvaluationError(f"no metric given; use {_KNOWN}")
    return list(metrics)


def _metric(text: str) -> Metric:
    name, at, cutoff = text.partition("@")
    if at and not re.fullmatch("[0-9]{1,9}", cutoff):
        raise EvaluationError(f"the cutoff of the metric {text!r} is not an integer; known: {_KNOWN}")
    return Metric(name, int(cutoff) if at else None)


@dataclass(frozen=True, slots=True)
class Scores:
    """Result of `evaluate`: `values` is float64 (len(queries), len(metrics))."""

    queries: tuple[str, ...]
    metrics: tuple[Metric, ...]
    values: NDArray[np.float64]


def evaluate(run: Run, qrels: Qrels, metrics: Iterable[Metric]) -> Scores:
    """Compute the value of each metric for each judged query.

    The queries are those of `qrels`, in its order. A query that is missing in the run scores 0, and queries without
    judgements are ignored. Products are ranked by descending score. Ties are broken as in ``ir_measures``, so that
    figures agree exactly: float32 scores, then descending id (trec_eval); for ``RR@k`` full-precision scores, then
    ascending id (MS MARCO).

    Raises
    ------
    EvaluationError
        A query has the same product twice or a score that is not finite.

    Examples
    --------
    >>> from snapshelf.evaluation import evaluate, parse_metrics
    >>> run = {"q1": [("D-1", 0.9), ("D-2", 0.5)], "q2": [("M-1", 0.7)]}
    >>> qrels = {"q1": {"D-2": 1}, "q2": {"M-1": 1}}
    >>> evaluate(run, qrels, parse_metrics("R@1,RR@10")).values
    array([[0. , 0.5],
           [1. , 1. ]])
    """
    metrics = tuple(metrics)
    values = np.zeros((len(qrels), len(metrics)))
    answerable = [
        row for row, (query, judged) in enumerate(qrels.items()) if max(judged.values(), default=0) > 0
    ]
    names = list(qrels)
    for start in range(0, len(answerable), _BLOCK):
        rows = answerable[start : start + _BLOCK]
        block = [(_check_hits(names[row], run.get(names[row], ())), qrels[names[row]]) for row in rows]
        ideal = _matrix([sorted(judged.values(), reverse=True) for _, judged in block])
        for trec in set(map(_is_trec, metrics)):
            grades = _matrix(
                [[judged.get(product, 0) for product in _rank_products(hits, trec)] for hits, judged in block]
            )
            for column, metric in enumerate(metrics):
                if _is_trec(metric) is trec:
                    depth = metric.cutoff or max(grades.shape[1], ideal.shape[1])
                    values[rows, column] = _DEFINITIONS[metric.name](grades[:, :depth], ideal, depth)
    return Scores(tuple(names), metrics, values)


def _is_trec(metric: Metric) -> bool:
    return metric.name != "RR" or metric.cutoff is None


def _check_hits(query: str, hits: Sequence[tuple[str, float]]) -> Sequence[tuple[str, float]]:
    if len({product for product, _ in hits}) < len(hits):
        raise EvaluationError(f"query {query!r}: the run has the same product twice")
    if not np.isfinite([score for _, score in hits]).all():
        raise EvaluationError(f"query {query!r}: a score is not a finite number")
    return hits


def _rank_products(hits: Sequence[tuple[str, float]], trec: bool) -> list[str]:
    by_id = sorted(hits, reverse=trec)
    scores = np.array([score for _, score in by_id], dtype=np.float32 if trec else np.float64)
    return [by_id[place][0] for place in np.argsort(np.negative(scores), kind="stable")]


def _matrix(grades: Sequence[Sequence[int]]) -> _Array:
    matrix = np.zeros((len(grades), max(map(len, grades))))
    for row, values in zip(matrix, grades, strict=True):
        row[: len(values)] = values
    return matrix.clip(min=0)


def discounts(depth: int) -> _Array:
    """Return 1 / log2(rank + 1) for the ranks 1 … depth, float64 (depth,)."""
    return 1 / np.log2(np.arange(2, depth + 2))


def dcg(grades: _Array) -> _Array:
    """Return Σ grade / log2(rank + 1), float64 (…), of grades in rank order, float64 (…, depth)."""
    return np.asarray(grades @ discounts(grades.shape[-1]))


def _relevant(grades: _Array) -> _Array:
    return np.asarray(np.count_nonzero(grades, axis=1), dtype=np.float64)


def _recall(grades: _Array, ideal: _Array, _: int) -> _Array:
    return _relevant(grades) / _relevant(ideal)


def _precision(grades: _Array, _: _Array, depth: int) -> _Array:
    return _relevant(grades) / depth


def _success(grades: _Array, _: _Array, __: int) -> _Array:
    return np.asarray(grades.any(axis=1), dtype=np.float64)


def _reciprocal_rank(grades: _Array, _: _Array, __: int) -> _Array:
    reciprocals = 1 / np.arange(1, grades.shape[1] + 1)
    return np.asarray(np.where(grades > 0, reciprocals, 0.0).max(axis=1, initial=0))


def _average_precision(grades: _Array, ideal: _Array, _: int) -> _Array:
    is_relevant = grades > 0
    precisions = is_relevant.cumsum(axis=1) / np.arange(1, grades.shape[1] + 1)
    return np.asarray(np.where(is_relevant, precisions, 0).sum(axis=1) / _relevant(ideal))


def _ndcg(grades: _Array, ideal: _Array, depth: int) -> _Array:
    return np.asarray(dcg(grades) / dcg(ideal[:, :depth]))


_Definition: TypeAlias = Callable[[_Array, _Array, int], _Array]
"""(grades of the top k (n, ≤ k) in rank order, grades judged (n, …) in descending order, k) → values (n,)."""

_DEFINITIONS: dict[str, _Definition] = {
    "R": _recall,
    "P": _precision,
    "RR": _reciprocal_rank,
    "nDCG": _ndcg,
    "AP": _average_precision,
    "Success": _success,
}
_NEED_CUTOFF = {"R", "P", "Success"}
