"""Ranking metrics under the names and definitions of ``ir_measures``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from snapshelf.errors import EvaluationError

if TYPE_CHECKING:
    from snapshelf.evaluation.files import Qrels

Run: TypeAlias = Mapping[str, Sequence[tuple[str, float]]]
"""Query id → products found, each with its score; ranked by `evaluate`, so in any order."""


_Array: TypeAlias = NDArray[np.float64]
# Queries measured at once: bounds the memory where very many products are relevant.
_BLOCK = 256


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric's name and how deep it looks: ``Metric("nDCG", 10)`` is ``nDCG@10``.

    A product is relevant from grade 1 on; the grade itself counts in nDCG only. Ranks start at 1, k is the
    cutoff.

    =============  ==================================================================================
    ``R@k``        relevant products in the top k / all relevant products
    ``P@k``        relevant products in the top k / k
    ``RR@k``       1 / rank of the first relevant product in the top k, 0 without one
    ``AP@k``       precision at the rank of each relevant product in the top k, summed / all relevant
    ``nDCG@k``     DCG of the top k / largest possible DCG@k; DCG = Σ grade / log2(rank + 1)
    ``Success@k``  1 if a relevant product is in the top k, else 0
    =============  ==================================================================================

    ``RR``, ``AP`` and ``nDCG`` may go without cutoff. Sources: trec_eval; Järvelin & Kekäläinen,
    "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20(4), 2002, for nDCG.

    Notes
    -----
    Some published benchmarks divide ``R@k`` by min(k, all relevant) so that 1 can be reached when there are
    more than k relevant products, and some call ``Success@k`` "recall@k": their figures are not these.
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
    """Read ``"R@1,R@10,RR@10"``: names separated by commas or spaces; repeated ones are kept once.

    Raises
    ------
    EvaluationError
        A name is not known, its cutoff is missing or wrong, or there is none; with what is known.
    """
    metrics = dict.fromkeys(_metric(name) for name in re.split(r"[,\s]+", names) if name)
    if not metrics:
        raise EvaluationError(f"no metric given; known: {_KNOWN}")
    return list(metrics)


def _metric(text: str) -> Metric:
    name, at, cutoff = text.partition("@")
    if at and not re.fullmatch("[0-9]{1,9}", cutoff):
        raise EvaluationError(f"the cutoff of the metric {text!r} is no whole number; known: {_KNOWN}")
    return Metric(name, int(cutoff) if at else None)


@dataclass(frozen=True, slots=True)
class Scores:
    """What `evaluate` found: `values`, float64 (len(queries), len(metrics))."""

    queries: tuple[str, ...]
    metrics: tuple[Metric, ...]
    values: NDArray[np.float64]


def evaluate(run: Run, qrels: Qrels, metrics: Iterable[Metric]) -> Scores:
    """Measure a run: one value for each judged query and metric.

    The queries are those of `qrels`, in its order; one that is missing in the run scores 0, and the run's
    queries without judgements are left out. Products are ranked by descending score, and ties as
    ``ir_measures`` breaks them, so that the figures can be compared to the last digit: scores as float32 and
    then descending id (trec_eval), but for ``RR@k`` scores as they are and then ascending id (MS MARCO).

    Raises
    ------
    EvaluationError
        A query finds the same product twice or has a score that is not a number.
    """
    metrics = tuple(metrics)
    values = np.zeros((len(qrels), len(metrics)))
    answerable = [
        row for row, (query, judged) in enumerate(qrels.items()) if max(judged.values(), default=0) > 0
    ]
    names = list(qrels)
    for start in range(0, len(answerable), _BLOCK):
        rows = answerable[start : start + _BLOCK]
        block = [(_checked(names[row], run.get(names[row], ())), qrels[names[row]]) for row in rows]
        ideal = _matrix([sorted(judged.values(), reverse=True) for _, judged in block])
        for trec in set(map(_trec, metrics)):
            grades = _matrix(
                [[judged.get(product, 0) for product in _ranked(hits, trec)] for hits, judged in block]
            )
            for column, metric in enumerate(metrics):
                if _trec(metric) is trec:
                    depth = metric.cutoff or max(grades.shape[1], ideal.shape[1])
                    values[rows, column] = _DEFINITIONS[metric.name](grades[:, :depth], ideal, depth)
    return Scores(tuple(names), metrics, values)


def _trec(metric: Metric) -> bool:
    return metric.name != "RR" or metric.cutoff is None


def _checked(query: str, hits: Sequence[tuple[str, float]]) -> Sequence[tuple[str, float]]:
    if len({product for product, _ in hits}) < len(hits):
        raise EvaluationError(f"query {query!r}: the run finds the same product twice")
    if not np.isfinite([score for _, score in hits]).all():
        raise EvaluationError(f"query {query!r}: a score is not a finite number")
    return hits


def _ranked(hits: Sequence[tuple[str, float]], trec: bool) -> list[str]:
    by_id = sorted(hits, reverse=trec)
    scores = np.array([score for _, score in by_id], dtype=np.float32 if trec else np.float64)
    return [by_id[place][0] for place in np.argsort(np.negative(scores), kind="stable")]


def _matrix(grades: Sequence[Sequence[int]]) -> _Array:
    matrix = np.zeros((len(grades), max(map(len, grades))))
    for row, values in zip(matrix, grades, strict=True):
        row[: len(values)] = values
    return matrix.clip(min=0)


def discounts(depth: int) -> _Array:
    """1 / log2(rank + 1) for the ranks 1 … depth, float64 (depth,)."""
    return 1 / np.log2(np.arange(2, depth + 2))


def dcg(grades: _Array) -> _Array:
    """Sum up grades in rank order, float64 (…, depth), to Σ grade / log2(rank + 1), float64 (…)."""
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
    found = grades > 0
    precisions = found.cumsum(axis=1) / np.arange(1, grades.shape[1] + 1)
    return np.asarray(np.where(found, precisions, 0).sum(axis=1) / _relevant(ideal))


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
