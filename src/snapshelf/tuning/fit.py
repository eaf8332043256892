"""Fit what a shelf found out: weights of the signals, and probabilities of relevance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snapshelf.query import QueryKind
from snapshelf.search import Curve, Evidence, Prior, raw_weights, scaled
from snapshelf.tuning.observations import FEATURES, Numbers, Observation, best_rows

_JUDGED = 10

_PULL = 4.0
"""How strongly the weights are pulled towards the prior, in questions per squared weight."""

_STEPS = 300
_NO_SCALE = (0.0, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """Candidates of a question that scores can order: features (n, 5) in units of the scales, and which are right."""

    features: Numbers
    relevant: NDArray[np.bool_]


def fit_weights(
    observations: Sequence[Observation],
    scales: Mapping[str, tuple[float, float]],
    prior: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """Fit the weight of a standard deviation of each signal: the softmax of the scores shall find what is right.

    The likelihood is that of Plackett and Luce for the first place (listwise learning to rank, Cao et al., ICML 2007),
    with a squared penalty on the distance from the prior. Weights are ≥ 0.

    Parameters
    ----------
    observations : sequence of Observation
    scales : mapping
        Signal → mean and standard deviation.
    prior : mapping or None
        Weights that few observations are drawn towards; equal weights if None.
    """
    start = np.array([prior.get(name, 0.0) if prior else 1.0 for name in FEATURES])
    groups = [group for each in observations if (group := _group(each, scales)) is not None]
    if not groups:
        return dict(zip(FEATURES, start.tolist(), strict=True))
    features = np.concatenate([group.features for group in groups])
    relevant = np.concatenate([group.relevant for group in groups])
    first = np.cumsum([0, *(len(group.relevant) for group in groups[:-1])])
    sizes = [len(group.relevant) for group in groups]
    pull = _PULL if prior else 0.1

    def loss(weights: Numbers) -> tuple[float, Numbers]:
        scores = features @ weights
        chances, everything = _softmax(scores, first, sizes)
        right, of_right = _softmax(np.where(relevant, scores, -np.inf), first, sizes)
        slope = features.T @ (chances - right) + pull * (weights - start)
        return float((everything - of_right).sum()) + 0.5 * pull * float(
            ((weights - start) ** 2).sum()
        ), slope

    weights, step = start.copy(), 0.01
    value, slope = loss(weights)
    for _ in range(_STEPS):
        trial = np.maximum(0.0, weights - step * slope)
        new_value, new_slope = loss(trial)
        if new_value < value:
            is_done = value - new_value < 1e-6 * abs(value)
            weights, value, slope, step = trial, new_value, new_slope, 1.3 * step
            if is_done:
                break
        else:
            step /= 2.5
            if step < 1e-9:
                break
    return dict(zip(FEATURES, weights.tolist(), strict=True))


def _group(observation: Observation, scales: Mapping[str, tuple[float, float]]) -> _Group | None:
    """Return the candidates of the tier that holds what is right; None where nothing could be learnt."""
    if not observation.relevant.any() or observation.evidence.kind == "photo":
        return None
    tier = observation.tier[observation.relevant].min()
    rows = observation.tier == tier
    relevant = observation.relevant[rows]
    if relevant.all():
        return None
    spreads = np.array([scales.get(name, _NO_SCALE)[1] for name in FEATURES])
    return _Group(observation.features[rows] / spreads, relevant)


def _softmax(scores: Numbers, first: NDArray[np.int64], sizes: Sequence[int]) -> tuple[Numbers, Numbers]:
    """Return the softmax within each group, and the logarithm of each group's sum."""
    greatest = np.maximum.reduceat(scores, first)
    powers = np.exp(scores - np.repeat(greatest, sizes))
    sums = np.add.reduceat(powers, first)
    return powers / np.repeat(sums, sizes), greatest + np.log(sums)


def fit_curves(
    observations: Sequence[Observation],
    scales: Mapping[str, tuple[float, float]],
    weights: Mapping[str, float],
    priors: Mapping[QueryKind, Curve] | None = None,
) -> dict[QueryKind, Curve]:
    """Fit the probabilities of relevance for each kind of query.

    Parameters
    ----------
    observations : sequence of Observation
    scales : mapping
        Signal → mean and standard deviation.
    weights : mapping
        Of the signals as they are; they choose the ten best candidates that are judged.
    priors : mapping or None
        Curves that few observations are drawn towards.
    """
    curves: dict[QueryKind, Curve] = dict(priors or {})
    kinds: tuple[QueryKind, ...] = ("words", "photo", "both")
    for kind in kinds:
        samples = [_sample(each, scales, weights) for each in observations if each.evidence.kind == kind]
        labels = np.concatenate([sample.relevant for sample in samples]) if samples else np.zeros(0, bool)
        prior = priors.get(kind) if priors else None
        if not len(labels) or (prior is None and labels.all() == labels.any()):
            continue
        curve = Curve.fit(
            [sample.signals for sample in samples], [sample.relevant for sample in samples], prior
        )
        curves[kind] = _with_cut_offs(curve, samples)
    return curves


def _with_cut_offs(curve: Curve, samples: Sequence[_Sample]) -> Curve:
    return curve.with_cut_offs(
        [sample.signals for sample in samples],
        [sample.relevant for sample in samples],
        [sample.is_blind for sample in samples],
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Sample:
    """The ten best candidates of a question, as they are judged."""

    signals: Numbers
    relevant: NDArray[np.bool_]
    is_blind: bool


def _sample(
    observation: Observation, scales: Mapping[str, tuple[float, float]], weights: Mapping[str, float]
) -> _Sample:
    rows = best_rows(observation, weights, _JUDGED)
    evidence = observation.evidence

    def some(signal: Numbers | None) -> Numbers | None:
        return None if signal is None else signal[rows]

    chosen = Evidence(
        some(evidence.photo), some(evidence.text_image), some(evidence.text_title), some(evidence.lexical)
    )
    return _Sample(scaled(chosen, scales), observation.relevant[rows], observation.question.is_blind)


def fit_prior(
    shops: Mapping[str, tuple[Sequence[Observation], Mapping[str, tuple[float, float]]]], fingerprint: str
) -> Prior:
    """Fit the prior over several shops, each of which counts the same.

    Parameters
    ----------
    shops : mapping
        Name → its observations and scales.
    fingerprint : str
        Of the encoder.
    """
    fitted = [fit_weights(observations, scales) for observations, scales in shops.values()]
    weights = {name: float(np.mean([each[name] for each in fitted])) for name in FEATURES}
    pooled = {
        name: (
            float(np.mean([scales[name][0] for _, scales in shops.values()])),
            float(np.mean([scales[name][1] for _, scales in shops.values()])),
        )
        for name in next(iter(shops.values()))[1]
    }
    samples: dict[QueryKind, list[_Sample]] = {"words": [], "photo": [], "both": []}
    for observations, scales in shops.values():
        own = raw_weights(weights, scales)
        for each in observations:
            samples[each.evidence.kind].append(_sample(each, scales, own))
    curves = {}
    for kind, of_kind in samples.items():
        curve = Curve.fit([each.signals for each in of_kind], [each.relevant for each in of_kind])
        curves[kind] = _with_cut_offs(curve, of_kind)
    return Prior(
        fingerprint=fingerprint, shops=tuple(sorted(shops)), weights=weights, scales=pooled, curves=curves
    )
