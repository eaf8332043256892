"""Statistics of experiments on real traffic: proportions and interleaving preferences."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from snapshelf.errors import EvaluationError

_Z = 1.959964
"""97.5 % quantile of the normal distribution."""


@dataclass(frozen=True)
class Proportion:
    """A proportion of trials with its 95 % interval.

    Parameters
    ----------
    value, low, high : float
        Wilson's score interval (JASA 22, 1927), which is valid for few trials and for proportions near 0 and 1.
    trials : int
    """

    value: float
    low: float
    high: float
    trials: int


def proportion(successes: int, trials: int) -> Proportion:
    """Return the proportion of successes, for example of the searches of a variant that led to a cart.

    Raises
    ------
    EvaluationError
        There are no trials, or more successes than trials.
    """
    if not 0 <= successes <= trials or trials == 0:
        raise EvaluationError(
            f"{successes} successes of {trials} trials are no proportion: give 1 trial or more and no more successes"
        )
    value, spread = successes / trials, _Z * _Z / trials
    middle = (value + spread / 2) / (1 + spread)
    half = _Z * math.sqrt(value * (1 - value) / trials + spread / (4 * trials)) / (1 + spread)
    return Proportion(value, max(0.0, middle - half), min(1.0, middle + half), trials)


def preference(credits: Iterable[float]) -> Proportion:  # noqa: A002
    """Return how often interleaved ranking a is preferred over b.

    Parameters
    ----------
    credits : iterable of float
        `Interleaved.credit` of each search: > 0 for a, < 0 for b; 0 is a tie and is ignored.

    Returns
    -------
    Proportion
        Proportion of wins of a. Ranking a is better if `low` > 0.5, b is better if `high` < 0.5.

    Raises
    ------
    EvaluationError
        No search prefers a ranking.
    """
    wins = [credit > 0 for credit in credits if credit]
    if not wins:
        raise EvaluationError("no search prefers either of the two rankings; wait for more clicks")
    return proportion(sum(wins), len(wins))
