"""What another ranking would have earned, from what was logged under the one that ran."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snapshelf.errors import EvaluationError

LEAST_EFFECTIVE = 1_000
"""Effective sample size below which an estimate is refused: it would be the luck of a few heavy samples."""
PROPENSITY_FLOOR = 0.01

_Array = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """An estimated mean reward.

    Parameters
    ----------
    value, low, high : float
        The estimate and its 95 % bootstrap interval over samples.
    effective : float
        Effective sample size (Σw)² / Σw² of the importance weights w (Kish, 1965).
    """

    value: float
    low: float
    high: float
    effective: float


@dataclass(frozen=True)
class Logged:
    """Samples of a log, one for each impression.

    Parameters
    ----------
    rewards : ndarray
        float64 (n,): such as 1 for a click.
    propensities : ndarray
        float64 (n,): probability with which the policy that ran showed this.
    targets : ndarray
        float64 (n,): probability with which the new policy shows it.
    predicted, predicted_target : ndarray or None
        float64 (n,): a model's reward for what was shown, and its mean under the new policy; for `doubly_robust`.
    """

    rewards: _Array
    propensities: _Array
    targets: _Array
    predicted: _Array | None = None
    predicted_target: _Array | None = None

    def __post_init__(self) -> None:
        columns = (self.rewards, self.propensities, self.targets)
        if not len(self.rewards) or len({len(column) for column in columns}) > 1:
            raise EvaluationError("rewards, propensities and targets must be as many, and at least one")
        if not all(np.isfinite(column).all() for column in columns):
            raise EvaluationError("a reward, propensity or target is not a finite number")
        if self.propensities.min() <= 0 or self.propensities.max() > 1:
            raise EvaluationError(
                "propensities must be above 0 and at most 1: log the probability of each impression"
            )


def naive(logged: Logged) -> Estimate:
    """Mean reward as logged: what the old policy earned, whatever the new one does."""
    return _estimate(logged.rewards, np.ones(len(logged.rewards)), normalise=False)


def ips(logged: Logged, *, clip: float = math.inf) -> Estimate:
    """Inverse propensity scoring: Σ w · reward / n, w = min(target / propensity, clip) (Horvitz & Thompson, 1952)."""
    return _estimate(logged.rewards, _weights(logged, clip), normalise=False)


def snips(logged: Logged, *, clip: float = math.inf) -> Estimate:
    """Self-normalised IPS: Σ w · reward / Σ w (Swaminathan & Joachims, NeurIPS 2015)."""
    return _estimate(logged.rewards, _weights(logged, clip), normalise=True)


def doubly_robust(logged: Logged, *, clip: float = math.inf) -> Estimate:
    """Model plus weighted error of the model: right when either is (Dudík, Langford & Li, ICML 2011).

    Raises
    ------
    EvaluationError
        The log has no predicted rewards.
    """
    if logged.predicted is None or logged.predicted_target is None:
        raise EvaluationError("doubly robust needs a model's rewards: predicted and predicted_target")
    weights = _weights(logged, clip)
    corrected = logged.predicted_target + weights * (logged.rewards - logged.predicted)
    low, high = _interval(corrected, np.ones(len(corrected)), normalise=False)
    return Estimate(float(corrected.mean()), low, high, _effective(weights))


def trusted(estimate: Estimate) -> Estimate:
    """Return the estimate, or refuse it where too few samples carry it.

    Raises
    ------
    EvaluationError
        The effective sample size is below `LEAST_EFFECTIVE`.
    """
    if estimate.effective < LEAST_EFFECTIVE:
        raise EvaluationError(
            f"the effective sample size is {estimate.effective:.0f}, and below {LEAST_EFFECTIVE:,} an estimate is "
            "luck: log more, clip the weights, or compare the rankings by interleaving"
        )
    return estimate


def snips_ndcg(
    clicked_ranks: Sequence[_Array], propensities: Sequence[_Array], *, depth: int = 10, clip: float = 20.0
) -> Estimate:
    """NDCG of a new ranking from clicks under an old one, corrected for the rank at which they were made.

    Every click weighs min(1 / propensity of having been looked at, clip) and gains 1 / log2(1 + rank in the new
    ranking) within `depth`. The gain of a request is divided by the largest that its clicks could have, requests
    by the weight of all.

    Parameters
    ----------
    clicked_ranks : sequence of ndarray
        For each request float64 (clicks,): ranks, from 1, that the new ranking gives to what was clicked.
    propensities : sequence of ndarray
        As many: probability that the place where it was shown was looked at.
    depth : int
        Cutoff of the ranking.
    clip : float
        Largest weight of a click.

    Raises
    ------
    EvaluationError
        No request has a click.
    """
    gains, weights = [], []
    for ranks, seen in zip(clicked_ranks, propensities, strict=True):
        if not len(ranks):
            continue
        weight = np.minimum(1 / np.maximum(seen, PROPENSITY_FLOOR), clip)
        gained = np.where(ranks <= depth, 1 / np.log2(1 + ranks), 0) @ weight
        ideal = (1 / np.log2(2 + np.arange(len(ranks)))) @ np.sort(weight)[::-1]
        gains.append(gained / ideal)
        weights.append(weight.mean())
    if not gains:
        raise EvaluationError("no request has a click")
    return _estimate(np.array(gains), np.array(weights), normalise=True)


def _weights(logged: Logged, clip: float) -> _Array:
    return np.minimum(logged.targets / np.maximum(logged.propensities, PROPENSITY_FLOOR), clip)


def _effective(weights: _Array) -> float:
    squares = float(weights @ weights)
    return float(weights.sum()) ** 2 / squares if squares else 0.0


def _estimate(values: _Array, weights: _Array, *, normalise: bool) -> Estimate:
    low, high = _interval(values, weights, normalise=normalise)
    below = weights.sum() if normalise else len(values)
    value = float(values @ weights / below) if below else 0.0
    return Estimate(value, low, high, _effective(weights))


def _interval(
    values: _Array, weights: _Array, *, normalise: bool, resamples: int = 300, seed: int = 0
) -> tuple[float, float]:
    draw = np.random.default_rng(seed)
    means = np.empty(resamples)
    for number in range(resamples):
        # Poisson bootstrap: each sample is there as often as a Poisson(1) draw says, which needs no second table.
        times = draw.poisson(1.0, len(values)) * weights
        below = times.sum() if normalise else len(values)
        means[number] = values @ times / below if below else 0.0
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
