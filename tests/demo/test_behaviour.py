"""Shoppers of known tastes: what is learned from them is what they are."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pytest

from snapshelf.catalogue import Product
from snapshelf.demo import PERSONAS, Behaviour, DemoProduct, draw_catalogue, simulate
from snapshelf.demo.behaviour import examination
from snapshelf.evaluation import examination_from_swaps
from snapshelf.events import EventLog, parse_log
from snapshelf.ranking import (
    CandidateTable,
    FixedFormula,
    InteractionHistories,
    InteractionHistory,
    Items,
    ItemStatistics,
    ModelRanker,
    ScoringModel,
    count,
    train,
    training_split,
)
from snapshelf.recommend import RecommendationQuery, Recommender

NOW = 1_700_000_000.0
DAY = 86_400.0


@dataclass(frozen=True)
class Shop:
    """Products, what was done with them, and who did it."""

    products: dict[str, DemoProduct]
    items: Items
    behaviour: Behaviour
    log: EventLog
    histories: InteractionHistories

    def counted(self, until: float) -> ItemStatistics:
        return count(self.items, self.histories, self.log.impressions, until=until)

    def moment(self, share: float) -> float:
        """Time before which this share of the searches was made."""
        return sorted(search.at for search in self.log.impressions)[int(share * len(self.log.impressions))]


def make(products: list[DemoProduct], **crowd: int) -> Shop:
    items = Items.of(
        [
            Product(
                id=each.id,
                title=each.title,
                brand=each.brand,
                category=each.category,
                price=each.price,
                group_id=each.group_id,
                attributes={"colour": each.colour},
            )
            for each in products
        ]
    )
    behaviour = simulate(products, until=NOW, **crowd)
    log = parse_log(map(json.dumps, behaviour.lines), "simulated")
    histories = InteractionHistories(items, log.interactions, now=NOW)
    return Shop({each.id: each for each in products}, items, behaviour, log, histories)


@pytest.fixture(scope="module")
def products() -> list[DemoProduct]:
    return list(draw_catalogue(500))


@pytest.fixture(scope="module")
def shop(products: list[DemoProduct]) -> Shop:
    return make(products, shoppers=250)


def ndcg(scores: np.ndarray, gains: np.ndarray) -> float:
    fading = 1 / np.log2(2 + np.arange(10))
    best = np.sort(gains)[::-1][:10] @ fading[: len(gains)]
    return float(gains[np.argsort(-scores, kind="stable")[:10]] @ fading[: len(gains)]) / max(best, 1e-9)


def agreement(
    shop: Shop, model: ScoringModel, signals: ItemStatistics, since: float, most: int
) -> dict[str, float]:
    """Mean NDCG@10 of the orders with the shoppers' true tastes as gains, on the searches after a moment."""
    draw = np.random.default_rng(0)
    names = list(shop.behaviour.personas)
    ranker = ModelRanker(signals, model)
    scores: dict[str, list[float]] = {"shown": [], "impersonal": [], "personal": [], "wrong shopper": []}
    for search in [search for search in shop.log.impressions if search.at >= since][:most]:
        persona = shop.behaviour.personas[search.shopper]
        past = shop.histories.history(search.shopper, search.at)
        if not len(past.rows):
            continue
        others = [name for name in names if shop.behaviour.personas[name].id != persona.id]
        wrong = shop.histories.history(str(draw.choice(others)), search.at)
        gains = np.array([persona.taste(shop.products[id]) for id in search.products])
        relevance = np.array(search.relevance, np.float32)
        table = CandidateTable(search.products, relevance, {"title": relevance})

        scores["shown"].append(ndcg(relevance, gains))
        for name, history in (
            ("impersonal", InteractionHistory.none()),
            ("personal", past),
            ("wrong shopper", wrong),
        ):
            columns = ranker.rerank(table, history, search.at)
            scores[name].append(ndcg(relevance + columns.ranking + columns.shopper, gains))
    return {name: float(np.mean(values)) for name, values in scores.items()}


def test_the_same_seed_gives_the_same_behaviour(products: list[DemoProduct]) -> None:
    first, second, other = (simulate(products, shoppers=5, until=NOW, seed=seed) for seed in (1, 1, 2))
    assert first.lines == second.lines
    assert first.lines != other.lines


def test_what_is_told_can_be_read_and_is_in_the_past(shop: Shop) -> None:
    assert shop.log.refused == []
    times = [line["timestamp"] for line in shop.behaviour.lines]
    assert times == sorted(times)
    assert times[0] > NOW - 61 * DAY
    assert times[-1] < NOW
    assert {interaction.kind for interaction in shop.log.interactions} == {"click", "cart", "purchase"}
    of_query = {search.query_id: search for search in shop.log.impressions}
    for interaction in shop.log.interactions:
        if interaction.query_id is not None:
            assert interaction.product in of_query[interaction.query_id].products
            assert interaction.at > of_query[interaction.query_id].at
    assert {persona.id for persona in PERSONAS} <= set(shop.behaviour.personas)


def test_propensities_are_how_often_a_place_was_as_the_order_wanted_it(shop: Shop) -> None:
    exchanged = [min(search.propensities or (1.0,)) < 0.5 for search in shop.log.impressions]
    assert np.mean(exchanged) == pytest.approx(0.5, abs=0.03)
    for search in shop.log.impressions[:200]:
        assert search.propensities is not None
        falls = [a < b for a, b in zip(search.relevance, search.relevance[1:], strict=False)]
        assert [p < 0.5 for p in search.propensities].count(True) == 2 * falls.count(True)


@pytest.mark.parametrize("persona", PERSONAS, ids=lambda persona: persona.id)
def test_every_persona_pleases_itself_with_something(products: list[DemoProduct], persona: object) -> None:
    assert persona in PERSONAS
    tastes = [PERSONAS[PERSONAS.index(persona)].taste(each) for each in products]  # type: ignore[arg-type]
    assert sum(taste > 0.5 for taste in tastes) >= 5
    assert np.mean(tastes) < 0.25


def test_the_fixed_formula_orders_by_the_known_tastes(shop: Shop) -> None:
    since = shop.moment(0.8)
    scores = agreement(shop, FixedFormula(), shop.counted(since), since, 300)
    assert scores["personal"] > scores["impersonal"] + 0.03
    assert scores["wrong shopper"] < scores["impersonal"]
    assert scores["impersonal"] > scores["shown"]


def test_for_you_is_to_the_taste_of_each(shop: Shop) -> None:
    recommender = Recommender(shop.counted(NOW))
    usual, own, wrong = [], [], []
    for place, persona in enumerate(PERSONAS):
        usual.append(np.mean([persona.taste(each) for each in shop.products.values()]))
        for tastes, whose in ((own, persona), (wrong, PERSONAS[place - 1])):
            past = shop.histories.history(whose.id, NOW)
            recommendations = recommender.recommend(
                RecommendationQuery("for-you", history=past, now=NOW, explore=False)
            )
            tastes.append(
                np.mean(
                    [
                        persona.taste(shop.products[shop.items.ids[recommendation.row]])
                        for recommendation in recommendations
                    ]
                )
            )
    assert np.mean(own) > 4 * np.mean(usual)
    assert np.mean(own) > 3 * np.mean(wrong)


def test_baskets_know_what_goes_with_what(shop: Shop) -> None:
    recommender = Recommender(shop.counted(NOW))
    dresses = [id for id, each in shop.products.items() if each.kind == "dress"][:8]
    aisles = [
        shop.products[shop.items.ids[recommendation.row]].category[0]
        for dress in dresses
        for recommendation in recommender.recommend(
            RecommendationQuery("complete-the-look", k=3, anchors=shop.items.rows([dress]), now=NOW)
        )
    ]
    # Heels, handbags and jewellery, not mugs.
    assert np.mean([aisle in ("Shoes", "Bags", "Jewellery", "Accessories") for aisle in aisles]) > 0.8


def test_socks_are_bought_again_and_dresses_are_not(shop: Shop) -> None:
    repeats = shop.counted(NOW).repeats
    assert repeats is not None
    kinds = np.array([shop.products[id].kind for id in shop.items.ids])
    assert repeats[kinds == "socks"].min() > 0.3
    assert repeats[np.isin(kinds, ["dress", "mug"])].max() < 0.1


@pytest.fixture(scope="module")
def busy(products: list[DemoProduct]) -> Shop:
    return make(products, shoppers=3_000)


@pytest.mark.slow
def test_position_bias_is_recovered(busy: Shop) -> None:
    estimate = examination_from_swaps(busy.log.impressions, busy.log.interactions, 4)
    true = np.array([examination(rank) for rank in range(1, 5)])
    assert np.abs(estimate - true).max() < 0.12
    # Clicks by rank alone fall faster: the better products stand higher.
    clicked = {
        (interaction.query_id, interaction.product)
        for interaction in busy.log.interactions
        if interaction.kind == "click"
    }
    long = [search for search in busy.log.impressions if len(search.products) >= 12]
    rates = [
        np.mean([(impression.query_id, impression.products[rank]) in clicked for impression in long])
        for rank in (0, 11)
    ]
    assert rates[1] / rates[0] < 0.8 * examination(12)


@pytest.mark.slow
@pytest.mark.usefixtures("trees")
def test_the_learned_ranking_orders_by_the_known_tastes(busy: Shop) -> None:
    divided = training_split(busy.items, busy.log.impressions, busy.log.interactions, now=NOW)
    model = train(divided.statistics, divided.learn)
    scores = agreement(busy, model, divided.statistics, busy.moment(0.8), 1_500)
    assert scores["personal"] > scores["impersonal"] + 0.005
    assert scores["impersonal"] > scores["shown"]
    assert scores["wrong shopper"] < scores["impersonal"]
