from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from snapshelf.errors import PromotionError, ShelfError, TrainingError
from snapshelf.evaluation import evaluate_ranking
from snapshelf.ranking import (
    FEATURES,
    CandidateTable,
    FixedFormula,
    Gate,
    InteractionHistory,
    ModelRanker,
    ModelStore,
    Ranker,
    RankingColumns,
    RankingExample,
    RankingModel,
    Settings,
    TrainingSplit,
    compute_features,
    objections,
    train,
    training_split,
)
from tests.ranking.taste_shop import NOW, Shop

QUICK = Settings(trees=30, leaves=7, least_in_leaf=10, threads=1)


@pytest.fixture(scope="module")
def divided(shop: Shop) -> TrainingSplit:
    return training_split(shop.items, shop.shown, shop.interactions, now=NOW)


@pytest.fixture(scope="module")
def model(divided: TrainingSplit) -> RankingModel:
    return train(divided.statistics, divided.learn, QUICK)


def test_a_known_taste_is_found_and_a_wrong_shopper_hurts(
    divided: TrainingSplit, model: RankingModel
) -> None:
    figures = evaluate_ranking(model, divided.statistics, divided.test).to_json()["models"]
    assert figures["personal"]["low"] > 1.3 * figures["impersonal"]["NDCG@10"]
    assert figures["wrong_shopper"]["NDCG@10"] < figures["personal"]["low"]
    assert objections({"models": figures}) == []


def test_the_past_of_a_request_ends_before_it(divided: TrainingSplit) -> None:
    for judged in (*divided.learn, *divided.test):
        assert judged.now is not None
        assert (judged.history.times < judged.now).all()
    assert max(j.now or 0 for j in divided.learn) <= min(j.now or 0 for j in divided.test)


def ranked(ranker: Ranker, example: RankingExample, **changes: object) -> tuple[np.ndarray, RankingColumns]:
    """Scores and columns of an example with another table."""
    table = replace(example.table, **changes)
    columns = ranker.rerank(table, example.history, example.now)
    return table.relevance + columns.ranking + columns.shopper, columns


def test_the_history_of_the_shopper_counts(divided: TrainingSplit, model: RankingModel) -> None:
    for ranking in (model, FixedFormula()):
        assert ranked(ModelRanker(divided.statistics, ranking), divided.test[0])[1].shopper.any()


def test_irrelevant_candidates_do_not_lead(divided: TrainingSplit, model: RankingModel) -> None:
    assert len(divided.test) >= 50
    for example in divided.test[:50]:
        count = len(example.table)
        relevance = np.where(np.arange(count) < 12, 1.0, 0.65).astype(np.float32)
        scores, _ = ranked(ModelRanker(divided.statistics, model), example, relevance=relevance)
        assert set(np.argsort(-scores)[:10]) <= set(range(12))


def test_improbable_candidates_do_not_lead_though_their_cosine_is_high(
    divided: TrainingSplit, model: RankingModel
) -> None:
    """Cosines lie close together; the probabilities say what is irrelevant and which product is in the photo."""
    assert len(divided.test) >= 50
    for example in divided.test[:50]:
        count = len(example.table)
        relevance = np.linspace(0.98, 0.84, count, dtype=np.float32)
        probabilities = np.where(np.arange(count) < 12, 0.6, 0.2).astype(np.float32)
        probabilities[0] = 0.9
        ranker = ModelRanker(divided.statistics, model)
        scores, _ = ranked(ranker, example, relevance=relevance, probabilities=probabilities)
        order = np.argsort(-scores)
        assert order[0] == 0
        assert set(order[:10]) <= set(range(12))


def test_the_gate_opens_with_closeness_and_stays_shut_without_a_past() -> None:
    table = np.zeros((3, len(FEATURES)), np.float32)
    column = {feature.name: place for place, feature in enumerate(FEATURES)}
    gate = Gate(-1.0, (4.0, 0.5, 0.0))
    assert gate(table) == 0
    table[:, column["history_length"]] = 1
    far = gate(table)
    table[:, column["closeness"]] = 0.8
    assert 0 < far < gate(table) < 1


def test_a_saved_model_ranks_alike(tmp_path: Path, divided: TrainingSplit, model: RankingModel) -> None:
    model.save(tmp_path / "model")
    example = divided.test[0]
    table = compute_features(divided.statistics, example.table, example.history, example.now)
    for own, back in zip(model.score(table), RankingModel.load(tmp_path / "model").score(table), strict=True):
        np.testing.assert_allclose(own, back, atol=1e-5)


def test_a_model_of_an_earlier_version_is_refused(tmp_path: Path, model: RankingModel) -> None:
    """Features had other names; their hash tells, and the message says which and what to do."""
    model.save(tmp_path)
    card = json.loads((tmp_path / "ranking.json").read_text())
    earlier = [name.replace("parent_category", "aisle") for name in card["names"]]
    card |= {"features": "8f2bd3f1c5aa0be1", "names": earlier}
    (tmp_path / "ranking.json").write_text(json.dumps(card))
    with pytest.raises(
        ShelfError, match=r"other features .*aisle_share.*train it again with 'snapshelf rank train'"
    ):
        RankingModel.load(tmp_path)


def test_a_model_of_other_features_is_refused(tmp_path: Path, model: RankingModel) -> None:
    model.save(tmp_path)
    card = json.loads((tmp_path / "ranking.json").read_text())
    card |= {"features": "0123", "names": [*card["names"], "moon_phase"]}
    (tmp_path / "ranking.json").write_text(json.dumps(card))
    with pytest.raises(ShelfError, match=r"other features .*moon_phase.*snapshelf rank train"):
        RankingModel.load(tmp_path)


def test_no_model_and_a_broken_one_are_said(tmp_path: Path) -> None:
    with pytest.raises(ShelfError, match="no ranking model"):
        RankingModel.load(tmp_path / "none")
    (tmp_path / "ranking.json").write_text("{")
    with pytest.raises(ShelfError, match="cannot be read"):
        RankingModel.load(tmp_path)


def test_too_few_searches_are_refused(divided: TrainingSplit) -> None:
    with pytest.raises(TrainingError, match="too few to learn from"):
        train(divided.statistics, divided.learn[:50], QUICK)


def test_a_candidate_serves_after_it_has_won_and_can_be_taken_back(
    tmp_path: Path, divided: TrainingSplit, model: RankingModel
) -> None:
    ranking = ModelStore(tmp_path)
    assert isinstance(ranking.current(), FixedFormula)
    with pytest.raises(PromotionError, match="no ranking model waits"):
        ranking.promote()
    report = evaluate_ranking(model, divided.statistics, divided.test).to_json()
    lost = json.loads(json.dumps(report))
    lost["models"]["wrong_shopper"]["NDCG@10"] = 1.0
    ranking.offer(model, lost)
    with pytest.raises(PromotionError, match="another shopper's history"):
        ranking.promote()
    ranking.offer(model, report)
    ranking.promote()
    assert isinstance(ranking.current(), RankingModel)
    ranking.roll_back()
    assert isinstance(ranking.current(), FixedFormula)
    with pytest.raises(PromotionError, match="nothing to take back"):
        ranking.roll_back()


def test_the_shares_of_the_features_add_up(model: RankingModel) -> None:
    shares = model.importance()
    assert set(shares) == {feature.name for feature in FEATURES}
    assert sum(shares.values()) == pytest.approx(1)


def test_the_fixed_formula_believes_a_past_less_the_further_it_is_from_the_question(
    shop: Shop, divided: TrainingSplit
) -> None:
    """What she did says nothing of a gift for him."""
    names = [feature.name for feature in FEATURES]
    past = InteractionHistory.of(shop.items.rows(["Ahorn-shoe-0", "Ahorn-shoe-1"]))
    shoes = [each.id for each in shop.products if each.category[-1] == "shoe"]
    table = compute_features(
        divided.statistics, CandidateTable(shoes, np.ones(len(shoes), np.float32)), past, NOW
    )
    near = np.abs(FixedFormula().score(table)[1]).max()
    assert near > 0.2
    far = table.copy()
    for name in ("closeness", "together_max"):
        far[:, names.index(name)] *= 1e-3
    assert np.abs(FixedFormula().score(far)[1]).max() < 0.1 * near
    nothing_alike = table.copy()
    for name in ("closeness", "together_max"):
        nothing_alike[:, names.index(name)] = 0
    assert not FixedFormula().score(nothing_alike)[1].any()


def test_taste_decides_among_candidates_that_answer_equally_well(shop: Shop, divided: TrainingSplit) -> None:
    """The order of the search within a category is hardly more than chance."""
    shoes = [each.id for each in shop.products if each.category[-1] == "shoe"]
    past = InteractionHistory.of(shop.items.rows(shoes[-2:]))

    def moved(spread: float) -> float:
        relevance = np.linspace(0.6 + spread, 0.6, len(shoes), dtype=np.float32)
        table = CandidateTable(shoes, relevance)
        columns = ModelRanker(divided.statistics, FixedFormula()).rerank(table, past, NOW)
        return float(np.ptp(columns.shopper) / np.ptp(relevance))

    assert moved(0.005) > 3 * moved(0.3) > 0
