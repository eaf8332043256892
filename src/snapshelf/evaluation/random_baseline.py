"""The random baseline of each metric, in closed form."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from snapshelf.evaluation.metrics import Metric, dcg, discounts


def random_baseline(
    metric: Metric, judged: Mapping[str, int], corpus: int, missing: Collection[str] = ()
) -> float:
    """Return the expected value of a metric for a query under a random ranking of the corpus.

    With N products of which r are relevant, and k the cutoff (at most N), by linearity of expectation:

    - ``R@k`` = k / N and ``P@k`` = r / N
    - ``nDCG@k`` = mean grade of the corpus · Σ_{i≤k} 1 / log2(i + 1) / largest possible DCG@k
    - ``AP@k`` = 1/r · Σ_{i≤k} r/N · (1 + (i − 1)(r − 1)/(N − 1)) / i: rank i is relevant with probability
      r/N, and then each rank before it with (r − 1)/(N − 1)
    - ``Success@k`` = 1 − M(k) and ``RR@k`` = Σ_{i≤k} (M(i − 1) − M(i)) / i, where
      M(i) = Π_{j<i} (N − r − j)/(N − j) is the probability that the first i ranks have nothing relevant

    Parameters
    ----------
    metric : Metric
    judged : mapping
        Product id → grade, the judgements of the query.
    corpus : int
        N, the number of products.
    missing : collection of str
        Judged products outside of the corpus; no ranking retrieves them, but metrics divide by their number.
    """
    relevant = {product: grade for product, grade in judged.items() if grade > 0}
    present = np.array(
        [grade for product, grade in relevant.items() if product not in missing], dtype=np.float64
    )
    if not present.size:
        return 0.0
    ideal = np.sort(np.array(list(relevant.values()), dtype=np.float64))[::-1]
    return _EXPECTATIONS[metric.name](present, ideal, corpus, metric.cutoff or corpus)


def _recall(present: NDArray[np.float64], ideal: NDArray[np.float64], corpus: int, cutoff: int) -> float:
    return min(cutoff, corpus) * present.size / corpus / ideal.size


def _precision(present: NDArray[np.float64], _: NDArray[np.float64], corpus: int, cutoff: int) -> float:
    return min(cutoff, corpus) * present.size / corpus / cutoff


def _ndcg(present: NDArray[np.float64], ideal: NDArray[np.float64], corpus: int, cutoff: int) -> float:
    return float(present.sum() / corpus * discounts(min(cutoff, corpus)).sum() / dcg(ideal[:cutoff]))


def _average_precision(
    present: NDArray[np.float64], ideal: NDArray[np.float64], corpus: int, cutoff: int
) -> float:
    before = np.arange(min(cutoff, corpus))
    others = (present.size - 1) / max(corpus - 1, 1)
    return float((present.size / corpus * (1 + before * others) / (before + 1)).sum() / ideal.size)


def _success(present: NDArray[np.float64], _: NDArray[np.float64], corpus: int, cutoff: int) -> float:
    return float(1 - _none_relevant(present.size, corpus, cutoff)[-1])


def _reciprocal_rank(present: NDArray[np.float64], _: NDArray[np.float64], corpus: int, cutoff: int) -> float:
    none_relevant = _none_relevant(present.size, corpus, cutoff)
    return float(((none_relevant[:-1] - none_relevant[1:]) / np.arange(1, none_relevant.size)).sum())


def _none_relevant(relevant: int, corpus: int, cutoff: int) -> NDArray[np.float64]:
    """M(0), M(1), …, M(min(cutoff, corpus))."""
    drawn = np.arange(min(cutoff, corpus))
    return np.concatenate([[1.0], np.cumprod((corpus - relevant - drawn).clip(min=0) / (corpus - drawn))])


_Expectation: TypeAlias = Callable[[NDArray[np.float64], NDArray[np.float64], int, int], float]
"""(grades of the relevant products in the corpus, all positive grades descending, N, cutoff) → value."""

_EXPECTATIONS: dict[str, _Expectation] = {
    "R": _recall,
    "P": _precision,
    "RR": _reciprocal_rank,
    "nDCG": _ndcg,
    "AP": _average_precision,
    "Success": _success,
}
