from __future__ import annotations

import numpy as np
import pytest

from snapshelf.errors import EvaluationError
from snapshelf.evaluation import (
    LoggedSamples,
    doubly_robust,
    ips,
    naive,
    snips,
    snips_ndcg,
)
from snapshelf.evaluation.off_policy import require_trustworthy

CLICKS = np.array([0.1, 0.5, 0.9])
OLD = np.array([0.7, 0.2, 0.1])
NEW = np.array([0.1, 0.2, 0.7])
TRUTH = float(NEW @ CLICKS)


def logs(seed: int, size: int = 2_000, guess: np.ndarray | None = None) -> LoggedSamples:
    """Three products, shown by an old policy that favours the worst."""
    draw = np.random.default_rng(seed)
    shown = draw.choice(3, size, p=OLD)
    rewards = (draw.random(size) < CLICKS[shown]).astype(np.float64)
    guess = CLICKS if guess is None else guess
    return LoggedSamples(rewards, OLD[shown], NEW[shown], guess[shown], np.full(size, NEW @ guess))


@pytest.mark.parametrize("estimator", [ips, snips, doubly_robust])
def test_the_new_policy_is_estimated_without_bias(estimator: object) -> None:
    estimates = [estimator(logs(seed)) for seed in range(20)]
    assert np.mean([each.value for each in estimates]) == pytest.approx(TRUTH, abs=0.03)
    covered = sum(each.low <= TRUTH <= each.high for each in estimates)
    assert covered >= 16


def test_the_naive_mean_is_that_of_the_old_policy() -> None:
    assert naive(logs(0)).value == pytest.approx(OLD @ CLICKS, abs=0.04)


def test_doubly_robust_survives_a_wrong_model_and_gains_from_a_right_one() -> None:
    wrong = [doubly_robust(logs(seed, guess=np.array([0.9, 0.1, 0.1]))).value for seed in range(20)]
    right = [doubly_robust(logs(seed)).value for seed in range(20)]
    plain = [ips(logs(seed)).value for seed in range(20)]
    assert np.mean(wrong) == pytest.approx(TRUTH, abs=0.05)
    assert np.std(right) < np.std(plain)


def test_equal_policies_use_every_sample_and_rare_ones_are_refused() -> None:
    same = LoggedSamples(np.ones(2_000), np.full(2_000, 0.5), np.full(2_000, 0.5))
    assert require_trustworthy(ips(same)).effective == pytest.approx(2_000)
    rare = np.full(2_000, 1e-6)
    rare[0] = 1.0
    with pytest.raises(
        EvaluationError, match=r"effective sample size is 1; a trustworthy estimate needs 1,000"
    ):
        require_trustworthy(snips(LoggedSamples(np.ones(2_000), np.full(2_000, 1.0), rare)))


def test_clipping_bounds_a_weight() -> None:
    logged = LoggedSamples(np.array([1.0, 0.0]), np.array([0.01, 1.0]), np.array([1.0, 1.0]))
    assert ips(logged).value == pytest.approx(50)
    assert ips(logged, clip=4).value == pytest.approx(2)


@pytest.mark.parametrize(
    ("propensities", "problem"),
    [
        ([0.0, 1.0], "above 0"),
        ([1.5, 1.0], "at most 1"),
        ([np.nan, 1.0], "finite"),
        ([1.0], "the same length"),
    ],
)
def test_logs_that_cannot_be_used_are_refused(propensities: list[float], problem: str) -> None:
    with pytest.raises(EvaluationError, match=problem):
        LoggedSamples(np.ones(2), np.array(propensities), np.ones(2))


def test_clicks_in_a_seldom_seen_place_count_more() -> None:
    at_the_top = snips_ndcg([np.array([1.0]), np.array([5.0])], [np.array([1.0]), np.array([0.1])])
    assert at_the_top.value == pytest.approx((1 + 10 / np.log2(6)) / 11)
    assert at_the_top.effective == pytest.approx(11**2 / 101)


def test_no_click_is_said() -> None:
    with pytest.raises(EvaluationError, match="no request has a click"):
        snips_ndcg([np.zeros(0)], [np.zeros(0)])
