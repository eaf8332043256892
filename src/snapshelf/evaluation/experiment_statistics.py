"""What an experiment on real traffic has shown."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from snapshelf.errors import EvaluationError

_Z = 1.959964
"""97.5 % quantile of the normal distribution."""


@dataclass(frozen=True)
class Share:
    """A share of trials, with its 95 % interval.

    Parameters
    ----------
    value, low, high : float
        The interval is Wilson's score interval (JASA 22, 1927), which holds for few trials and for shares near 0 and 1.
    trials : int
    """

    value: float
    low: float
    high: float
    trials: int


def share(successes: int, trials: int) -> Share:
    """Measure how often something happened, such as the searches of a variant that led to a cart.

    Raises
    ------
    EvaluationError
        There is no trial, or there are more successes than trials.
    """
    if not 0 <= successes <= trials or trials == 0:
        raise EvaluationError(
            f"{successes} of {trials} is no share: there must be a trial, and no more successes"
        )
    value, spread = successes / trials, _Z * _Z / trials
    middle = (value + spread / 2) / (1 + spread)
    half = _Z * math.sqrt(value * (1 - value) / trials + spread / (4 * trials)) / (1 + spread)
    return Share(value, max(0.0, middle - half), min(1.0, middle + half), trials)


def preference(credits: Iterable[float]) -> Share:  # noqa: A002
    """Measure which of two interleaved rankings is preferred.

    Parameters
    ----------
    credits : iterable of float
        `Interleaved.credit` of each search: above 0 for a, below 0 for b; 0 tells nothing and is left out.

    Returns
    -------
    Share
        How often a won: it is better where `low` is above 0.5, b where `high` is below.

    Raises
    ------
    EvaluationError
        No search prefers a ranking.
    """
    told = [credit > 0 for credit in credits if credit]
    if not told:
        raise EvaluationError("no search preferred one of the two rankings")
    return share(sum(told), len(told))
