from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from snapshelf.errors import InputError
from snapshelf.events import Impression, Interaction, parse_log, read_log
from snapshelf.ranking import InteractionHistories, count
from snapshelf.ranking.training_data import label_impressions
from tests.ranking.taste_shop import DAY, NOW, Shop


def test_events_out_of_order_are_put_in_order_and_the_future_is_left_out(shop: Shop) -> None:
    interactions = [
        Interaction("s", "Ahorn-bag-1", NOW - 10, "click"),
        Interaction("s", "Ahorn-bag-0", NOW - 20, "purchase"),
        Interaction("s", "Ahorn-bag-2", NOW + DAY, "click"),
    ]
    past = InteractionHistories(shop.items, interactions, now=NOW).history("s", NOW + 2 * DAY)
    assert past.rows.tolist() == shop.items.rows(["Ahorn-bag-0", "Ahorn-bag-1"]).tolist()
    assert past.weights.tolist() == [8, 1]


def test_an_unknown_shopper_has_no_past_and_an_unknown_product_no_place(shop: Shop) -> None:
    histories = InteractionHistories(shop.items, [Interaction("s", "gone", NOW - 5, "click")], now=NOW)
    assert not len(histories.history("nobody", NOW).rows)
    assert not len(histories.history("s", NOW).rows)
    assert not count(shop.items, histories, [], until=NOW).popularity.any()


def test_the_past_ends_before_the_moment(shop: Shop) -> None:
    histories = InteractionHistories(shop.items, [Interaction("s", "Ahorn-bag-0", NOW, "click")], now=NOW)
    assert not len(histories.history("s", NOW).rows)
    assert len(histories.history("s", NOW + 1).rows) == 1


def test_the_strongest_follower_is_the_grade(shop: Shop) -> None:
    search = shop.shown[0]
    first, second = search.products[:2]
    interactions = [
        Interaction(search.shopper, first, search.at + 1, "click", search.query_id),
        Interaction(search.shopper, first, search.at + 2, "cart", search.query_id),
        Interaction(search.shopper, second, search.at + 2, "purchase", "another"),
    ]
    (judged,) = label_impressions(
        shop.items, InteractionHistories(shop.items, interactions, now=NOW), [search], interactions
    )
    assert judged.grades.tolist() == [3, *[0] * (len(search.products) - 1)]
    assert judged.positions is not None
    assert judged.positions.tolist() == list(range(len(search.products)))


def test_products_of_one_day_are_a_basket(shop: Shop) -> None:
    interactions = [
        Interaction("s", "Ahorn-bag-0", NOW - 3 * DAY, "purchase"),
        Interaction("s", "Birke-hat-0", NOW - 3 * DAY + 1, "purchase"),
        Interaction("s", "Clivia-hat-0", NOW - DAY, "purchase"),
    ]
    baskets = count(
        shop.items, InteractionHistories(shop.items, interactions, now=NOW), [], until=NOW
    ).baskets
    a, b, c = shop.items.rows(["Ahorn-bag-0", "Birke-hat-0", "Clivia-hat-0"])
    assert baskets[a, b] > 0
    assert baskets[a, c] == 0


def test_popularity_fades(shop: Shop) -> None:
    interactions = [
        Interaction("s", "Ahorn-bag-0", NOW - 90 * DAY, "click"),
        Interaction("s", "Ahorn-bag-1", NOW, "click"),
    ]
    signals = count(shop.items, InteractionHistories(shop.items, interactions, now=NOW), [], until=NOW + 1)
    old, new = shop.items.rows(["Ahorn-bag-0", "Ahorn-bag-1"])
    assert signals.popularity[old] == pytest.approx(0.5 * signals.popularity[new], rel=1e-3)
    assert signals.popularity_recent[old] < 0.01


def event(**fields: object) -> str:
    told = {
        "action_name": "click",
        "client_id": "s",
        "timestamp": "2026-01-01T00:00:00+00:00",
        "event_attributes": {"object": {"object_id": "a"}},
    }
    return json.dumps(told | fields)


def test_a_log_is_read_and_what_cannot_be_used_is_said() -> None:
    search = {
        "query_id": "q",
        "client_id": "s",
        "timestamp": 1_767_225_600_000,
        "query_response_hit_ids": ["a", "b"],
        "query_attributes": {"relevance": [2.0, 1.0], "contributions": {"lexical": [1, 1], "mood": [1, 1]}},
    }
    lines = [
        json.dumps(search),
        event(event_id="1", query_id="q"),
        event(event_id="1", query_id="q"),
        event(action_name="scroll"),
        event(timestamp=float("nan")),
        json.dumps(search | {"query_attributes": {"relevance": [1.0]}}),
        "not json",
    ]
    log = parse_log(lines, "log.jsonl")
    (shown,), (interaction,) = log.impressions, log.interactions
    assert shown.at == interaction.at == 1_767_225_600
    assert shown.relevance == (2.0, 1.0)
    assert set(shown.contributions) == {"lexical"}
    assert (interaction.product, interaction.kind, interaction.query_id) == ("a", "click", "q")
    assert [line.split(":")[0] for line in log.refused] == [f"log.jsonl, line {n}" for n in (5, 6, 7)]


def test_a_missing_log_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_log(tmp_path / "none.jsonl")


def test_click_rates_are_pulled_to_the_mean(shop: Shop) -> None:
    histories = InteractionHistories(shop.items, shop.interactions, now=NOW)
    rates = count(shop.items, histories, shop.shown, until=NOW).click_rate
    assert np.isfinite(rates).all()
    assert 0.02 < rates.min() <= rates.max() < 0.3


def test_a_later_page_keeps_its_ranks_and_an_experiment_its_teams() -> None:
    line = {
        "query_id": "q",
        "client_id": "ann",
        "timestamp": NOW,
        "user_query": "red shoe",
        "query_response_hit_ids": ["a", "b"],
        "query_attributes": {
            "start": 10,
            "experiment": "new",
            "variant": "interleaved",
            "teams": ["a", None],
        },
    }
    log = parse_log([json.dumps(line), json.dumps(line | {"query_attributes": {"teams": ["c", "a"]}})], "log")
    (shown,) = log.impressions
    assert (shown.start, shown.text, shown.experiment, shown.variant) == (
        10,
        "red shoe",
        "new",
        "interleaved",
    )
    assert shown.interleaving_teams == ("a", None)
    assert len(log.refused) == 1
    assert "teams" in log.refused[0]


def test_positions_of_a_later_page_go_on(shop: Shop) -> None:
    first = shop.items.ids[0]
    page = Impression("page 2", "new", NOW, shop.items.ids[:3], (3.0, 2.0, 1.0), start=10)
    clicked = Interaction("new", first, NOW + 1, "click", "page 2")
    (judged,) = label_impressions(
        shop.items, InteractionHistories(shop.items, [], now=NOW), [page], [clicked]
    )
    assert judged.positions is not None
    assert judged.positions.tolist() == [10, 11, 12]


def test_a_category_repeats_where_shoppers_buy_the_same_again(shop: Shop) -> None:
    bought = [
        # Hats are bought again on other days; a second bag on the same day is no repeat.
        *(
            Interaction(f"s{n}", "Birke-hat-0", NOW - day * DAY, "purchase")
            for n in range(30)
            for day in (9, 5, 1)
        ),
        *(
            Interaction(f"s{n}", "Ahorn-bag-0", NOW - DAY + at, "purchase")
            for n in range(30)
            for at in (0, 10)
        ),
    ]
    repeats = count(shop.items, InteractionHistories(shop.items, bought, now=NOW), [], until=NOW).repeats
    assert repeats is not None
    hat, bag, shirt = shop.items.rows(["Birke-hat-3", "Ahorn-bag-1", "Ahorn-shirt-0"])
    assert repeats[hat] > 0.5
    assert repeats[bag] < 0.3
    # Nobody bought a shirt: the mean of the shop.
    assert repeats[shirt] == pytest.approx(60 / 120)


def test_impressions_and_clicks_are_counted_by_item(shop: Shop) -> None:
    signals = count(
        shop.items, InteractionHistories(shop.items, shop.interactions, now=NOW), shop.shown, until=NOW
    )
    assert signals.impressions is not None
    assert signals.clicks is not None
    assert signals.impressions.sum() == sum(len(search.products) for search in shop.shown)
    assert signals.clicks.sum() == sum(interaction.kind == "click" for interaction in shop.interactions)
