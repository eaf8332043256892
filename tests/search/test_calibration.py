"""Probabilities of relevance: fitted curves find what made the data; files are read and refused; what is bundled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from snapshelf.encoders import load_encoder
from snapshelf.errors import ShelfError
from snapshelf.evaluation import expected_calibration_error
from snapshelf.query import QueryKind
from snapshelf.search import Calibration, Curve, Evidence, Prior

Numbers = NDArray[np.float64]


def hits(number: int, seed: int) -> tuple[list[Numbers], list[NDArray[np.bool_]]]:
    """Queries with ten hits of two signals; the first decides how likely a hit is relevant, by a logistic law."""
    random = np.random.default_rng(seed)
    signals = [np.sort(random.uniform(0, 1, (10, 2)), axis=0)[::-1] for _ in range(number)]
    relevant = [random.random(10) < 1 / (1 + np.exp(-12 * (each[:, 0] - 0.5))) for each in signals]
    return signals, relevant


def test_kind_follows_from_what_there_is() -> None:
    some = np.array([0.5])
    assert Evidence(photo=some).kind == "photo"
    assert Evidence(text_image=some, text_title=some, lexical=some).kind == "words"
    assert Evidence(some, some, some, some).kind == "both"
    assert Evidence(text_image=some).signals().shape == (1, 3)
    assert np.isnan(Evidence(text_image=some).signals()[0, 1:]).all()


def test_a_curve_finds_the_probabilities_behind_the_data() -> None:
    curve = Curve.fit(*hits(600, 1))
    fresh, relevant = hits(600, 2)
    chances = np.concatenate([curve.relevance(signals) for signals in fresh])
    assert expected_calibration_error(chances, np.concatenate(relevant)) < 0.03
    true = np.concatenate([1 / (1 + np.exp(-12 * (signals[:, 0] - 0.5))) for signals in fresh])
    assert np.abs(chances - true).mean() < 0.03


def test_the_cut_off_lets_98_of_100_answered_queries_pass() -> None:
    signals, relevant = hits(600, 3)
    curve = Curve.fit(signals, relevant).with_cut_offs(signals, relevant)
    passes = np.array([curve.relevance(each).max() >= curve.cut_off for each in signals])
    answered = np.array([each.any() for each in relevant])
    assert passes[answered].mean() == pytest.approx(0.98, abs=0.01)


def test_classes_that_part_without_error_leave_finite_weights() -> None:
    signals = [np.array([[0.9], [0.1]])] * 40
    curve = Curve.fit(signals, [np.array([True, False])] * 40)
    near, far = curve.relevance(signals[0])
    assert np.isfinite(curve.weights).all()
    assert near > 0.9
    assert far < 0.1


def test_one_class_alone_cannot_be_fitted() -> None:
    with pytest.raises(ValueError, match="relevant hits and others are needed"):
        Curve.fit([np.ones((3, 1))], [np.ones(3, np.bool_)])


def test_a_missing_signal_counts_as_the_usual_one() -> None:
    signals, relevant = hits(200, 4)
    curve = Curve.fit(signals, relevant)
    given, missing = signals[0].copy(), signals[0].copy()
    given[:, 1], missing[:, 1] = curve.usual[1], np.nan
    assert curve.relevance(missing) == pytest.approx(curve.relevance(given))


def test_hits_after_the_tenth_do_not_change_those_before() -> None:
    curve = Curve.fit(*hits(200, 5))
    many = np.sort(np.random.default_rng(6).uniform(0, 1, (30, 2)), axis=0)[::-1]
    assert curve.relevance(many)[:10] == pytest.approx(curve.relevance(many[:10]))


def test_written_and_read(tmp_path: Path) -> None:
    curve = Curve.fit(*hits(100, 7))
    written = Calibration(fingerprint="abc", fitted_on="a test", curves={"photo": curve})
    written.write(tmp_path / "calibration.json")
    assert Calibration.load(tmp_path / "calibration.json") == written


def test_a_kind_without_a_curve_has_no_probabilities() -> None:
    calibration = Calibration(fingerprint="abc", fitted_on="a test", curves={})
    assert calibration.relevance(Evidence(photo=np.array([1.0]))) is None
    assert calibration.cut_off("photo") == 0.0


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "Invalid JSON"),
        ('{"format": 1, "fingerprint": "a", "fitted_on": "b", "curves": {}}', "format: "),
        ('{"fingerprint": "a", "fitted_on": "b", "curves": {"smell": {}}}', "curves.smell"),
        ('{"fingerprint": "a", "fitted_on": "b", "curves": {}, "more": 1}', "more: "),
    ],
)
def test_a_broken_file_says_what_is_wrong_and_what_to_do(tmp_path: Path, content: str, problem: str) -> None:
    path = tmp_path / "calibration.json"
    path.write_text(content, "utf-8")
    with pytest.raises(ShelfError) as error:
        Calibration.load(path)
    assert problem in str(error.value)
    assert str(path) in str(error.value)
    assert "make it again with snapshelf eval --calibrate" in str(error.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ShelfError, match="No such file"):
        Calibration.load(tmp_path / "calibration.json")


def test_little_is_pulled_towards_the_prior_and_much_is_not() -> None:
    prior = Curve.fit(*hits(600, 1))
    opposite, relevant = hits(600, 8)
    turned = [1 - each for each in opposite]
    few = Curve.fit(turned[:3], relevant[:3], prior)
    many = Curve.fit(turned, relevant, prior)
    probe = np.array([[0.9, 0.5], [0.1, 0.5]])
    assert few.relevance(probe)[0] > few.relevance(probe)[1]
    assert many.relevance(probe)[0] < many.relevance(probe)[1]


def test_a_prior_that_is_sure_and_wrong_is_given_up() -> None:
    signals, relevant = hits(600, 1)
    sure = Curve.fit(signals, relevant)
    sure = sure.model_copy(
        update={"weights": tuple(30 * weight for weight in sure.weights), "intercept": -300.0}
    )
    opposite, labels = hits(600, 8)
    turned = [1 - each for each in opposite]
    fitted = Curve.fit(turned, labels, sure)
    chances = np.concatenate([fitted.relevance(each) for each in turned])
    assert expected_calibration_error(chances, np.concatenate(labels)) < 0.1


def test_products_from_the_best_f1_measure_belong_to_the_result() -> None:
    signals, relevant = hits(600, 9)
    curve = Curve.fit(signals, relevant).with_cut_offs(signals, relevant)
    chosen = np.concatenate([curve.relevance(each) >= curve.member for each in signals])
    labels = np.concatenate(relevant)
    assert (chosen & labels).sum() / labels.sum() > 0.85
    assert (chosen & labels).sum() / chosen.sum() > 0.8


def test_unknown_things_raise_the_cut_off_as_far_as_answered_queries_allow() -> None:
    signals, relevant = hits(600, 10)
    curve = Curve.fit(signals, relevant)
    alone = curve.with_cut_offs(signals, relevant).cut_off
    nothing = [np.full((10, 2), 0.05)] * 50
    none = [np.zeros(10, np.bool_)] * 50
    together = curve.with_cut_offs([*signals, *nothing], [*relevant, *none])
    assert together.cut_off <= alone
    assert together.cut_off >= curve.relevance(nothing[0]).max()


class TestBundled:
    """The prior that ships."""

    def test_is_of_the_bundled_encoder(self) -> None:
        assert Prior.bundled().fingerprint == load_encoder("bundled").fingerprint

    @pytest.mark.parametrize("kind", ["photo", "words", "both"])
    def test_grows_with_what_speaks_for_a_hit(self, kind: QueryKind) -> None:
        curve = Prior.bundled().curves[kind]
        # In standard deviations, and for words as a share.
        good, poor = {
            "photo": ([4.0], [0.5]),
            "words": ([1.5, 2.0, 1.0], [0.5, 0.5, 0.0]),
            "both": ([3.0, 1.0, 1.0, 1.0], [0.5, 0.5, 0.5, 0.0]),
        }[kind]
        well, badly = (curve.relevance(np.array([each]))[0] for each in (good, poor))
        assert well > 0.5 > badly
        assert well >= curve.cut_off

    def test_every_word_weighs_more_than_what_the_encoder_thinks(self) -> None:
        curve = Prior.bundled().curves["words"]
        best = np.array([3.0, 3.0, 1.0])
        with_words, alike = curve.relevance(np.array([[0.0, 1.0, 1.0], [2.0, 2.0, 0.0]]), best)
        assert with_words > alike
