"""The verdict on a tuned encoder: its comparison with the base, and whether it may be rolled out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from snapshelf.errors import EvaluationError
from snapshelf.evaluation.bootstrap import bootstrap_interval

Outcome: TypeAlias = Literal["better", "worse", "unchanged"]
Side: TypeAlias = Literal["target", "general"]
"""Test set of a comparison: of the target domain, or of general search that must not regress."""

TOLERANCE = 0.01
"""Maximum tolerated loss of a metric between 0 and 1."""
LEVEL = 0.95
"""Simultaneous confidence level of all deciding comparisons."""
MIN_QUERIES = 10
"""Minimum number of queries of a deciding comparison."""

_FORMAT = 1
_RESAMPLES = 10_000
"""Many, because a simultaneous interval needs extreme quantiles."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A metric of the tuned encoder and of the base on the same queries.

    Parameters
    ----------
    side : {"target", "general"}
    task, metric : str
    language : {"en", "zh"} or None
        None if the queries are photos.
    queries : int
    base, tuned : float
    low, high : float
        Paired bootstrap interval of the mean of tuned − base over the queries.
    outcome : {"better", "worse", "unchanged"}
    decides : bool
        Whether the verdict depends on this comparison.
    """

    side: Side
    task: str
    language: str | None
    metric: str
    queries: int
    base: float
    tuned: float
    low: float
    high: float
    outcome: Outcome
    decides: bool

    def __str__(self) -> str:
        language = {"en": ", English", "zh": ", Chinese"}.get(self.language or "", "")
        return (
            f"{self.side}: {self.task}{language}: {self.metric} {self.base:.3f} → {self.tuned:.3f} "
            f"({self.tuned - self.base:+.3f}, interval {self.low:+.3f} to {self.high:+.3f}, "
            f"{self.queries} queries)"
        )


@dataclass(frozen=True, slots=True)
class MixFigures:
    """Means of the deciding figures of one mix of the base's and the tuned weights."""

    alpha: float
    target: float
    general: float


@dataclass(frozen=True, slots=True)
class CategoryFigures:
    """Average precision of both encoders on the target, with the category's name as the query."""

    category: str
    photos: int
    base: float
    tuned: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """The comparison of a tuned encoder with its base; stored as ``verdict.json`` in its folder.

    Parameters
    ----------
    base, tuned : str
        Fingerprints of the two encoders.
    alpha : float
        Share of the tuned weights in the selected mix; the base has 1 − alpha.
    level, tolerance : float
        Simultaneous level of the deciding intervals, and the tolerated loss.
    mixes : tuple of MixFigures
        All evaluated mixes, the base (0) first.
    comparisons : tuple of Comparison
    categories : tuple of CategoryFigures
    may_be_promoted : bool
    reasons : tuple of str
        The reasons, in sentences.
    """

    base: str
    tuned: str
    alpha: float
    level: float
    tolerance: float
    mixes: tuple[MixFigures, ...]
    comparisons: tuple[Comparison, ...]
    categories: tuple[CategoryFigures, ...]
    may_be_promoted: bool
    reasons: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain values for ``json.dumps``."""
        return {"format": _FORMAT, **asdict(self)}

    def write(self, path: Path) -> None:
        """Write the verdict as JSON."""
        text = json.dumps(self.to_json(), indent=2, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a verdict that `write` wrote.

        Raises
        ------
        EvaluationError
            The file cannot be read, or another version wrote it.
        """
        try:
            fields = json.loads(path.read_text(encoding="utf-8"))
            if fields.pop("format") != _FORMAT:
                raise EvaluationError(f"{path}: another version of Snapshelf wrote this verdict; train again")
            return cls(
                **{
                    **fields,
                    "mixes": tuple(MixFigures(**each) for each in fields["mixes"]),
                    "comparisons": tuple(Comparison(**each) for each in fields["comparisons"]),
                    "categories": tuple(CategoryFigures(**each) for each in fields["categories"]),
                    "reasons": tuple(fields["reasons"]),
                }
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise EvaluationError(f"{path}: the verdict cannot be read: {error}") from error


def paired_intervals(
    base: NDArray[np.float64], tuned: NDArray[np.float64], *, level: float = LEVEL
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return bootstrap intervals of the mean of tuned − base over the same queries.

    Resampling the differences removes the variance between queries (Efron & Tibshirani, "An Introduction to the
    Bootstrap", 1993, chapter 8).

    Parameters
    ----------
    base, tuned : ndarray
        float64 (queries, figures), queries in the same order.
    level : float

    Returns
    -------
    low, high : ndarray
        float64 (figures,) each.
    """
    differences = tuned - base
    low, high = bootstrap_interval(differences, resamples=_RESAMPLES, level=level)
    mean = differences.mean(axis=0)
    # If all differences are equal, the resampled means differ by rounding.
    return np.minimum(low, mean), np.maximum(high, mean)


def classify_difference(
    difference: float, low: float, high: float, *, tolerance: float = TOLERANCE
) -> Outcome:
    """Classify the change of a metric.

    Worse: the whole interval lies below zero, and the loss is larger than the tolerance. Better: the whole
    interval lies above zero.
    """
    if high < 0 and difference < -tolerance:
        return "worse"
    return "better" if low > 0 else "unchanged"


def bonferroni_level(level: float, comparisons: int) -> float:
    """Return the level of each interval so that all hold simultaneously at `level` (Bonferroni)."""
    return 1 - (1 - level) / max(1, comparisons)


def decide_rollout(comparisons: Sequence[Comparison]) -> tuple[bool, tuple[str, ...]]:
    """Return whether the tuned encoder may be rolled out, with the reasons.

    It may if both the target and the general set were evaluated and no deciding metric is worse.
    """
    deciding = [comparison for comparison in comparisons if comparison.decides]
    refusals = [
        f"{side}: nothing was evaluated, because that takes {MIN_QUERIES} queries of a kind; hold out more examples"
        for side in ("target", "general")
        if not any(comparison.side == side for comparison in deciding)
    ]
    refusals += [f"worse: {comparison}" for comparison in deciding if comparison.outcome == "worse"]
    if refusals:
        return False, tuple(refusals)
    better = [f"better: {comparison}" for comparison in deciding if comparison.outcome == "better"]
    return True, tuple(better) or ("no metric is worse, and none is significantly better",)
