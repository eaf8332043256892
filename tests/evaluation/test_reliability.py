"""Expected calibration error: against its definition, bin by bin."""

from __future__ import annotations

import numpy as np
import pytest

from snapshelf.evaluation import expected_calibration_error


def test_against_the_definition() -> None:
    random = np.random.default_rng(0)
    chances, outcomes = random.random(500), random.random(500) < 0.3
    expected = 0.0
    for lower in range(15):
        inside = (chances >= lower / 15) & (chances < (lower + 1) / 15)
        if inside.any():
            expected += inside.mean() * abs(chances[inside].mean() - outcomes[inside].mean())
    assert expected_calibration_error(chances, outcomes) == pytest.approx(expected)


def test_right_and_wrong_certainty() -> None:
    sure = np.array([1.0, 1.0, 0.0, 0.0])
    assert expected_calibration_error(sure, np.array([True, True, False, False])) == 0
    assert expected_calibration_error(sure, np.array([False, False, True, True])) == 1


def test_half_sure_and_half_right() -> None:
    assert expected_calibration_error(np.full(4, 0.5), np.array([True, False, True, False]), bins=3) == 0
