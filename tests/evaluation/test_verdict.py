"""The rule by which one encoder is called better or worse than another."""

from __future__ import annotations

import numpy as np
import pytest

from snapshelf.evaluation import bonferroni_level, classify_difference, decide_rollout, paired_intervals


def test_pairs_show_what_means_alone_would_not() -> None:
    """Queries differ far more than encoders: the interval is of the differences."""
    random = np.random.default_rng(0)
    base = random.uniform(size=(200, 1))
    low, high = paired_intervals(base, base - 0.03 + 0.01 * random.normal(size=base.shape))
    assert classify_difference(-0.03, float(low[0]), float(high[0])) == "worse"
    assert float(high[0] - low[0]) < 0.01


@pytest.mark.parametrize(
    ("difference", "low", "high", "outcome"),
    [
        (-0.02, -0.03, -0.01, "worse"),
        (-0.02, -0.05, 0.001, "unchanged"),
        (-0.005, -0.006, -0.004, "unchanged"),
        (0.02, 0.001, 0.04, "better"),
        (0.02, -0.001, 0.04, "unchanged"),
        (0.0, 0.0, 0.0, "unchanged"),
    ],
)
def test_outcomes(difference: float, low: float, high: float, outcome: str) -> None:
    assert classify_difference(difference, low, high) == outcome


def test_intervals_of_several_comparisons_hold_together() -> None:
    """No difference at all: at most one verdict in twenty finds one among ten comparisons."""
    random = np.random.default_rng(1)
    level = bonferroni_level(0.95, 10)
    alarms = 0
    for _ in range(40):
        base, tuned = random.normal(size=(2, 40, 10))
        low, high = paired_intervals(base, tuned, level=level)
        alarms += bool(((high < 0) | (low > 0)).any())
    assert alarms <= 6
    assert decide_rollout([])[0] is False
