"""Off-policy estimators: the reward of a new policy from the log of an old policy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snapshelf.errors import EvaluationError

MIN_EFFECTIVE_SAMPLE = 1_000
"""Minimum effective sample size; below, an estimate depends on a few samples with large weights."""
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
class LoggedSamples:
    """Samples of a log, a row for each impression.

    Parameters
    ----------
    rewards : ndarray
        float64 (n,): rewards, for example 1 for a click.
    propensities : ndarray
        float64 (n,): probability of the logged action under the logging policy.
    targets : ndarray
        float64 (n,): probability of the logged action under the new policy.
    predicted, predicted_target : ndarray or None
        float64 (n,): a model's reward of the logged action, and its mean under the new policy; for `doubly_robust`.
    """

    rewards: _Array
    propensities: _Array
    targets: _Array
    predicted: _Array | None = None
    predicted_target: _Array | None = None

    def __post_init__(self) -> None:
        columns = (self.rewards, self.propensities, self.targets)
        if not len(self.rewards) or len({len(column) for column in columns}) > 1:
            raise EvaluationError("rewards, propensities and targets must have the same length, at least 1")
        if not all(np.isfinite(column).all() for column in columns):
            raise EvaluationError("a reward, propensity or target is not a finite number")
        if self.propensities.min() <= 0 or self.propensities.max() > 1:
            raise EvaluationError(
                "propensities must be above 0 and at most 1: log the probability of each impression"
            )


def naive(logged: LoggedSamples) -> Estimate:
    """Return the mean logged reward, that of the old policy."""
    return _estimate(logged.rewards, np.ones(len(logged.rewards)), normalise=False)


def ips(logged: LoggedSamples, *, clip: float = math.inf) -> Estimate:
    """Estimate by inverse propensity scoring (Horvitz & Thompson, 1952).

    Σ w · reward / n with w = min(target / propensity, clip).
    """
    return _estimate(logged.rewards, _weights(logged, clip), normalise=False)


def snips(logged: LoggedSamples, *, clip: float = math.inf) -> Estimate:
    """Estimate by self-normalised IPS: Σ w · reward / Σ w (Swaminathan & Joachims, NeurIPS 2015)."""
    return _estimate(logged.rewards, _weights(logged, clip), normalise=True)


def doubly_robust(logged: LoggedSamples, *, clip: float = math.inf) -> Estimate:
    """Estimate by the model plus its weighted error (Dudík, Langford & Li, ICML 2011).

    Unbiased if either the model or the propensities are right.

    Raises
    ------
    EvaluationError
        The log has no predicted rewards.
    """
    if logged.predicted is None or logged.predicted_target is None:
        raise EvaluationError(
            "doubly robust estimation requires a model's rewards: predicted and predicted_target"
        )
    weights = _weights(logged, clip)
    corrected = logged.predicted_target + weights * (logged.rewards - logged.predicted)
    low, high = _interval(corrected, np.ones(len(corrected)), normalise=False)
    return Estimate(float(corrected.mean()), low, high, _effective(weights))


def require_trustworthy(estimate: Estimate) -> Estimate:
    """Return the estimate if its effective sample size is sufficient.

    Raises
    ------
    EvaluationError
        The effective sample size is below `MIN_EFFECTIVE_SAMPLE`.
    """
    if estimate.effective < MIN_EFFECTIVE_SAMPLE:
        raise EvaluationError(
            f"the effective sample size is {estimate.effective:.0f}; a trustworthy estimate needs "
            f"{MIN_EFFECTIVE_SAMPLE:,}: log more, clip the weights, or compare the rankings by interleaving"
        )
    return estimate


def snips_ndcg(
    clicked_ranks: Sequence[_Array], propensities: Sequence[_Array], *, depth: int = 10, clip: float = 20.0
) -> Estimate:
    """Estimate the NDCG of a new ranking from clicks on an old ranking, corrected for position bias.

    A click has the weight min(1 / examination propensity, clip) and the gain 1 / log2(1 + rank in the new ranking)
    within `depth`. The gain of a request is divided by the maximum gain of its clicks; the mean over requests is
    weighted.

    Parameters
    ----------
    clicked_ranks : sequence of ndarray
        For each request float64 (clicks,): ranks of the clicked products in the new ranking, from 1.
    propensities : sequence of ndarray
        The same shapes: probability that the place of each clicked product was examined.
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
    for ranks, examined in zip(clicked_ranks, propensities, strict=True):
        if not len(ranks):
            continue
        weight = np.minimum(1 / np.maximum(examined, PROPENSITY_FLOOR), clip)
        gain = np.where(ranks <= depth, 1 / np.log2(1 + ranks), 0) @ weight
        ideal = (1 / np.log2(2 + np.arange(len(ranks)))) @ np.sort(weight)[::-1]
        gains.append(gain / ideal)
        weights.append(weight.mean())
    if not gains:
        raise EvaluationError("no request has a click")
    return _estimate(np.array(gains), np.array(weights), normalise=True)


def _weights(logged: LoggedSamples, clip: float) -> _Array:
    return np.minimum(logged.targets / np.maximum(logged.propensities, PROPENSITY_FLOOR), clip)


def _effective(weights: _Array) -> float:
    squares = float(weights @ weights)
    return float(weights.sum()) ** 2 / squares if squares else 0.0


def _estimate(values: _Array, weights: _Array, *, normalise: bool) -> Estimate:
    low, high = _interval(values, weights, normalise=normalise)
    denominator = weights.sum() if normalise else len(values)
    value = float(values @ weights / denominator) if denominator else 0.0
    return Estimate(value, low, high, _effective(weights))


def _interval(
    values: _Array, weights: _Array, *, normalise: bool, resamples: int = 300, seed: int = 0
) -> tuple[float, float]:
    draw = np.random.default_rng(seed)
    means = np.empty(resamples)
    for number in range(resamples):
        # Poisson bootstrap: each sample is counted Poisson(1) times, without a copy of the table.
        resampled = draw.poisson(1.0, len(values)) * weights
        denominator = resampled.sum() if normalise else len(values)
        means[number] = values @ resampled / denominator if denominator else 0.0
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
