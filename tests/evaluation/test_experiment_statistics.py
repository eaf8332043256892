from __future__ import annotations

import numpy as np
import pytest

from snapshelf.errors import EvaluationError
from snapshelf.evaluation import preference, proportion


def test_the_interval_is_wilsons() -> None:
    # Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I: 15 of 148.
    result = proportion(15, 148)
    assert (result.low, result.high) == (pytest.approx(0.0624, abs=1e-4), pytest.approx(0.1605, abs=1e-4))


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    draw = np.random.default_rng(0)
    result = [proportion(int(draw.binomial(60, 0.1)), 60) for _ in range(1_000)]
    assert 930 <= sum(each.low <= 0.1 <= each.high for each in result) <= 985


def test_searches_without_preference_are_left_out() -> None:
    result = preference([1, 1, 1, -1, 0, 0])
    assert (result.value, result.trials) == (0.75, 4)


def test_nothing_to_measure_is_said() -> None:
    with pytest.raises(EvaluationError, match="no search prefers"):
        preference([0, 0])
    for successes, trials in ((0, 0), (3, 2), (-1, 2)):
        with pytest.raises(EvaluationError, match="are no proportion"):
            proportion(successes, trials)
