"""Whether a tuned encoder is better than the one it came from, and may take its place."""

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
"""What an encoder was tuned for, and what it must go on being good at."""

TOLERANCE = 0.01
"""Loss in a figure between 0 and 1 that is of no account."""
LEVEL = 0.95
"""Confidence in all deciding comparisons together."""
LEAST_QUERIES = 10
"""Fewer queries decide nothing."""

_FORMAT = 1
_RESAMPLES = 10_000
"""The tails of a simultaneous interval are thin."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A figure of the tuned encoder beside the base's, of the same queries.

    Parameters
    ----------
    side : {"target", "general"}
    task, metric : str
    language : {"en", "zh"} or None
        None where the queries are photos.
    queries : int
    base, tuned : float
    low, high : float
        Paired bootstrap interval of the mean of tuned − base over the queries.
    outcome : {"better", "worse", "unchanged"}
    decides : bool
        Whether the verdict rests on it.
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
    """Average precision of a category's name as a query on the target, with both encoders."""

    category: str
    photos: int
    base: float
    tuned: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the comparison of a tuned encoder with its base came to; kept as ``verdict.json`` in its folder.

    Parameters
    ----------
    base, tuned : str
        Fingerprints of the two encoders.
    alpha : float
        Part of the tuned weights in the mix that was chosen; 1 − alpha is the base's.
    level, tolerance : float
        Of the intervals of the deciding comparisons together, and of a loss that is of no account.
    mixes : tuple of MixFigures
        Every mix that was tried, the base (0) first.
    comparisons : tuple of Comparison
    categories : tuple of CategoryFigures
    may_be_promoted : bool
    reasons : tuple of str
        Why, in sentences.
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
        """Plain values for ``json.dumps``."""
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
            It cannot be read, or another version wrote it.
        """
        try:
            fields = json.loads(path.read_text(encoding="utf-8"))
            if fields.pop("format") != _FORMAT:
                raise EvaluationError(f"{path}: a verdict of another version of Snapshelf; train again")
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
            raise EvaluationError(f"{path}: not a verdict that can be read: {error}") from error


def paired_intervals(
    base: NDArray[np.float64], tuned: NDArray[np.float64], *, level: float = LEVEL
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bootstrap intervals of the means of tuned − base over the same queries.

    Resampling differences leaves out how much easier one query is than another, which would swamp them
    (Efron & Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 8).

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
    # Where all differences are equal, the resampled means differ from them by rounding.
    return np.minimum(low, mean), np.maximum(high, mean)


def outcome_of(difference: float, low: float, high: float, *, tolerance: float = TOLERANCE) -> Outcome:
    """Say whether a figure got worse, better, or neither.

    Worse: the whole interval lies below zero, and the loss is larger than the tolerance. Better: the whole
    interval lies above zero.
    """
    if high < 0 and difference < -tolerance:
        return "worse"
    return "better" if low > 0 else "unchanged"


def simultaneous(level: float, comparisons: int) -> float:
    """Level of each of several intervals that hold together at `level` (Bonferroni)."""
    return 1 - (1 - level) / max(1, comparisons)


def label_impressions(comparisons: Sequence[Comparison]) -> tuple[bool, tuple[str, ...]]:
    """Decide whether the tuned encoder may be promoted, and say why.

    It may when target and general set were both measured and no deciding figure of either is worse.
    """
    deciding = [one for one in comparisons if one.decides]
    refusals = [
        f"{side}: nothing was measured, for that takes {LEAST_QUERIES} queries of a kind; hold back more"
        for side in ("target", "general")
        if not any(one.side == side for one in deciding)
    ]
    refusals += [f"worse: {one}" for one in deciding if one.outcome == "worse"]
    if refusals:
        return False, tuple(refusals)
    better = [f"better: {one}" for one in deciding if one.outcome == "better"]
    return True, tuple(better) or ("nothing became worse, but nothing is better for certain either",)
