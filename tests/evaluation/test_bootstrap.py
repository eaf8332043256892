from __future__ import annotations

import numpy as np
import pytest

from snapshelf.evaluation import bootstrap as _bootstrap
from snapshelf.evaluation import bootstrap_interval


def test_agrees_with_the_normal_approximation() -> None:
    random = np.random.default_rng(7)
    values = np.column_stack([random.random(2_000) < 0.3, random.random(2_000)]).astype(float)
    low, high = bootstrap_interval(values)
    half = 1.96 * values.std(axis=0) / np.sqrt(len(values))
    assert low == pytest.approx(values.mean(axis=0) - half, abs=half.max() / 8)
    assert high == pytest.approx(values.mean(axis=0) + half, abs=half.max() / 8)


def test_covers_the_true_mean_about_95_times_in_100() -> None:
    random = np.random.default_rng(3)
    covered = 0
    for _ in range(150):
        low, high = bootstrap_interval(random.exponential(size=(100, 1)), resamples=400)
        covered += bool(low[0] <= 1.0 <= high[0])
    assert 0.88 <= covered / 150 <= 0.99


def test_same_seed_same_interval_whatever_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).random((50, 3))
    whole = bootstrap_interval(values)
    monkeypatch.setattr(_bootstrap, "_BLOCK", 350)
    np.testing.assert_array_equal(bootstrap_interval(values), whole)
    assert not np.array_equal(bootstrap_interval(values, seed=1), whole)


def test_equal_values_have_no_spread() -> None:
    low, high = bootstrap_interval(np.full((10, 1), 0.25))
    assert (low[0], high[0]) == pytest.approx((0.25, 0.25))
