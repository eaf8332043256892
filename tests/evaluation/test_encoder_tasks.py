"""Tasks of encoders: the figures are those that the metrics of runs give, whatever the encoder."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapshelf.errors import EncoderError, EvaluationError
from snapshelf.evaluation import (
    EncoderTask,
    evaluate,
    label_task,
    measurements,
    same_product_task,
    similar_photo_task,
    title_task,
)
from snapshelf.evaluation.random_baseline import random_baseline
from snapshelf.language import Lexicon


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def by_the_metrics_of_runs(task: EncoderTask, queries: np.ndarray, corpus: np.ndarray) -> np.ndarray:
    """The same figures through `evaluate`; its ties go by id, here by place, so scores are nudged by place."""
    run, qrels = {}, {}
    for number, (query, answer) in enumerate(zip(queries, task.answers, strict=True)):
        left_out = set() if task.itself is None else {int(task.itself[number])}
        rows = [row for row in range(len(corpus)) if row not in left_out]
        order = sorted(rows, key=lambda row: (-float(query @ corpus[row]), row))
        run[str(number)] = [(str(row), float(-place)) for place, row in enumerate(order)]
        qrels[str(number)] = {str(row): int(task.groups[row] == answer) for row in rows}
    return evaluate(run, qrels, task.metrics).values


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), photos=st.integers(2, 40), ties=st.booleans())
def test_figures_are_those_of_a_run(seed: int, photos: int, ties: bool) -> None:
    random = np.random.default_rng(seed)
    # Whole numbers make products exact, and repeat.
    corpus = random.integers(0, 2 if ties else 50, (photos, 6)).astype(np.float32)
    labels = {"article": [("dress", "shirt", "")[n] for n in random.integers(0, 3, photos)]}
    labels["article"][:2] = ["dress", "dress"]
    tasks = [
        title_task([f"title {row}" for row in range(photos)], "en"),
        title_task(
            [("red dress", "")[n] for n in random.integers(0, 2, photos - 1)] + ["cap"],
            "en",
            shared_titles=True,
        ),
        label_task(labels, ["article"], "zh"),
        similar_photo_task(labels, ["article"]),
    ]
    for task in tasks:
        if task.itself is None:
            queries = random.integers(0, 2 if ties else 50, (len(task.queries), 6)).astype(np.float32)
        else:
            queries = corpus[task.itself]
        assert task.score(queries, corpus).values == pytest.approx(
            by_the_metrics_of_runs(task, queries, corpus)
        )


def test_large_corpora_are_measured_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    corpus = unit(random.normal(size=(60, 8)))
    queries = unit(corpus + 0.4 * random.normal(size=corpus.shape))
    task = title_task([f"title {row}" for row in range(60)], "en")
    whole = task.score(queries, corpus).values
    monkeypatch.setattr("snapshelf.evaluation.encoder_tasks._BLOCK", 7 * 60)
    assert np.array_equal(task.score(queries, corpus).values, whole)
    assert 0 < whole[:, 0].mean() < 1


def test_chance_is_what_random_vectors_score() -> None:
    random = np.random.default_rng(5)
    labels = {"colour": ["red"] * 6 + ["blue"] * 3 + [""] * 11}
    for task in (label_task(labels, ["colour"], "raw"), similar_photo_task(labels, ["colour"])):
        scores = []
        for _ in range(300):
            corpus = unit(random.normal(size=(20, 12)))
            queries = unit(random.normal(size=(len(task.queries), 12)))
            scores.append(task.score(queries, corpus).values.mean(axis=0))
        assert np.mean(scores, axis=0) == pytest.approx(task.chance(), abs=0.03)


def test_an_encoder_that_says_the_same_of_everything_scores_as_chance_does() -> None:
    """A collapsed model must not look perfect because all its scores are ties."""
    task = title_task([f"title {row}" for row in range(500)], "en")
    same = np.tile(unit(np.ones((1, 4))), (500, 1))
    figures = measurements(task.score(same, same), task.chance())
    assert figures["R@1"].value == pytest.approx(figures["R@1"].random)
    assert figures["RR"].value == pytest.approx(random_baseline(task.metrics[2], {"one": 1}, 500), rel=0.01)


@pytest.mark.parametrize("wording", ["en", "zh"])
def test_both_languages_ask_the_same_queries(wording) -> None:
    labels = {
        "gender": ["Women", "Men", "Women", "Women"],
        "colour": ["Red", "Navy Blue", "no such colour", "Red"],
        "article": ["Dresses", "Tshirts", "Dresses", "Dresses"],
    }
    task = label_task(labels, ["gender", "colour", "article"], wording)
    assert [task.answers.tolist(), task.groups.tolist()] == [[0, 1], [0, 1, 2, 0]]
    lexicon = Lexicon.bundled()
    names = [lexicon.get(*pair) for pair in (("gender", "women"), ("colour", "red"), ("category", "dress"))]
    joint = " " if wording == "en" else ""
    assert task.queries[0] == joint.join(concept.label(wording) for concept in names if concept)
    assert label_task(labels, ["gender", "colour"], "raw").queries[2] == "Women no such colour"


def test_small_classes_and_unlabelled_photos_are_not_asked() -> None:
    labels = {"article": ["Dresses"] * 3 + ["Tshirts", "", ""]}
    assert label_task(labels, ["article"], "raw", least=2).queries == ("Dresses",)
    # A photo that is alone in its class has nothing to find.
    assert similar_photo_task(labels, ["article"]).queries == ("0", "1", "2")
    with pytest.raises(EvaluationError, match="no query"):
        label_task(labels, ["article"], "raw", least=4)


def test_shop_photos_find_their_catalogue_pictures() -> None:
    pictures = unit(np.eye(3) + 0.1)
    task = same_product_task(["b", "a", "b"], ["a", "b", "c"])
    scores = task.score(pictures[[1, 0, 2]], pictures)
    assert scores.values[:, 0].tolist() == [1, 1, 0]
    with pytest.raises(EvaluationError, match="'nobody'"):
        same_product_task(["nobody"], ["a"])


@pytest.mark.parametrize("broken", ["nan", "missing"])
def test_unusable_vectors_are_refused(broken: str) -> None:
    task = title_task(["one", "two"], "en")
    vectors = unit(np.eye(2))
    bad = np.full((2, 2), np.nan, np.float32) if broken == "nan" else vectors[:1]
    with pytest.raises(EncoderError, match="the encoder gave"):
        task.score(vectors, bad)
    with pytest.raises(EncoderError, match="the encoder gave"):
        task.score(bad, vectors)
