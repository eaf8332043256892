"""Clicks: where there are enough, what shoppers chose refines what the shelf found out by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

import numpy as np

from snapshelf.events import EventLog, Impression
from snapshelf.tuning.observations import FEATURES, Numbers

MIN_CLICKED = 200
"""Searches with a click from which clicks are heard."""

_TRUSTED = 1_000.0
"""Searches with a click whose clicks count as much as the shelf's own questions."""

_PULL = 8.0
_STEPS = 200
_MOST = 4.0
"""Clicks are made on what was shown, so they change a weight by this factor at most."""


def refine(weights: Mapping[str, float], log: EventLog) -> tuple[dict[str, float], int]:
    """Refine the weights of the signals by the clicks of shoppers.

    A shopper who clicks has looked at what stands above: the clicked product is preferred to those above that were
    skipped [1]_. What the signals contributed to each of them says which signals to believe.

    Parameters
    ----------
    weights : mapping
        Signal → weight.
    log : EventLog

    Returns
    -------
    weights : dict
        The same if there are too few clicks.
    clicks : int
        Searches whose clicks were heard; 0 if there are too few.

    References
    ----------
    .. [1] T. Joachims, "Optimizing search engines using clickthrough data", KDD 2002.
    """
    differences = list(_preferences(log))
    if len(differences) < MIN_CLICKED:
        return dict(weights), 0
    pairs = np.concatenate(differences)
    each = np.concatenate([np.full(len(rows), 1 / len(rows)) for rows in differences])
    usual = np.full(len(FEATURES), _usual_factor(pairs, each))
    factors = _fit(pairs, each, usual)
    trust = len(differences) / (len(differences) + _TRUSTED)
    changed = np.clip(factors / usual, 1 / _MOST, _MOST) ** trust
    return (
        {
            name: weight * float(changed[FEATURES.index(name)]) if name in FEATURES else weight
            for name, weight in weights.items()
        },
        len(differences),
    )


def _preferences(log: EventLog) -> Iterator[Numbers]:
    """Yield, for each search with a click, clicked minus skipped contributions, float64 (pairs, 5)."""
    clicked: dict[str, set[str]] = defaultdict(set)
    for interaction in log.interactions:
        if interaction.query_id is not None:
            clicked[interaction.query_id].add(interaction.product)
    for shown in log.impressions:
        if shown.recommended is not None or shown.query_id not in clicked:
            continue
        rows = _contributions(shown)
        chosen = [product in clicked[shown.query_id] for product in shown.products]
        pairs = [
            rows[below] - rows[above]
            for below in range(len(chosen))
            for above in range(below)
            if chosen[below] and not chosen[above]
        ]
        if pairs:
            yield np.stack(pairs)


def _contributions(shown: Impression) -> Numbers:
    nothing = (0.0,) * len(shown.products)
    return np.array([shown.contributions.get(name, nothing) for name in FEATURES], np.float64).T


def _usual_factor(pairs: Numbers, each: Numbers) -> float:
    """Return the factor of the whole score that explains the clicks best."""
    factors = np.geomspace(0.1, 100.0, 31)
    scores = pairs.sum(axis=1)
    return float(min(factors, key=lambda factor: _loss(factor * scores, each)))


def _fit(pairs: Numbers, each: Numbers, usual: Numbers) -> Numbers:
    """Return a factor for each signal: logistic regression on pairs, with a penalty on the relative change."""
    relative = np.ones(len(usual))
    scaled = pairs * usual
    for _ in range(_STEPS):
        chances = 1 / (1 + np.exp(-np.clip(scaled @ relative, -50, 50)))
        slope = scaled.T @ (each * (chances - 1)) + _PULL * (relative - 1)
        curvature = (scaled * (each * chances * (1 - chances))[:, None]).T @ scaled
        step = np.linalg.solve(curvature + _PULL * np.eye(len(usual)), slope)
        relative = relative - step
        if np.abs(step).max() < 1e-8:
            break
    factors: Numbers = np.maximum(relative, 0.0) * usual
    return factors


def _loss(scores: Numbers, each: Numbers) -> float:
    return float((each * np.logaddexp(0.0, -scores)).sum())
