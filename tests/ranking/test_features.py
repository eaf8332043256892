from __future__ import annotations

import numpy as np
import pytest

from snapshelf.catalogue import Product
from snapshelf.ranking import (
    FEATURES,
    CandidateTable,
    InteractionHistories,
    InteractionHistory,
    Items,
    ItemStatistics,
    compute_features,
    count,
    count_histories,
)
from snapshelf.ranking.features import Feature, features_hash
from tests.ranking.taste_shop import DAY, NOW, Shop

COLUMN = {feature.name: place for place, feature in enumerate(FEATURES)}


@pytest.fixture(scope="module")
def signals(shop: Shop) -> ItemStatistics:
    return count(
        shop.items, InteractionHistories(shop.items, shop.interactions, now=NOW), shop.shown, until=NOW
    )


def shoes(shop: Shop) -> CandidateTable:
    ids = [each.id for each in shop.products if each.category[-1] == "shoe"]
    scores = np.linspace(1, 0.5, len(ids)).astype(np.float32)
    return CandidateTable(ids, scores, {"words": scores})


def test_personal_features_match_their_definition_by_brute_force(shop: Shop, signals: ItemStatistics) -> None:
    past = InteractionHistory.of(
        shop.items.rows(["Ahorn-bag-0", "Birke-hat-1", "Ahorn-shoe-2"]),
        np.array([1, 1, 1], np.float32),
        np.array([NOW - 3 * DAY, NOW - 2 * DAY, NOW - DAY]),
    )
    candidates = shoes(shop)
    table = compute_features(signals, candidates, past, NOW)
    near, words = signals.together.toarray(), shop.items.words.toarray()
    fade = 0.5 ** (np.arange(3)[::-1] / 8)
    for place, row in enumerate(shop.items.rows(candidates.ids)):
        together, text = near[past.rows, row], words[past.rows] @ words[row]
        brands = [shop.products[each].brand == shop.products[row].brand for each in past.rows]
        expected = {
            "together_sum": fade @ together,
            "together_latest": 0.5 ** np.arange(3)[::-1] @ together,
            "together_max": together.max(),
            "text_mean": fade @ text / fade.sum(),
            "text_max": text.max(),
            "brand_affinity": fade @ brands / fade.sum(),
            "repeats": np.log1p(float(shop.products[row].id == "Ahorn-shoe-2")),
            "popularity": np.log1p(signals.popularity[row]),
            "history_length": np.log(4),
        }
        for name, value in expected.items():
            assert table[place, COLUMN[name]] == pytest.approx(value, rel=1e-4, abs=1e-6), name


def test_candidates_may_come_in_any_order(shop: Shop, signals: ItemStatistics) -> None:
    candidates = shoes(shop)
    history = InteractionHistory.of(shop.items.rows(["Ahorn-bag-0", "Clivia-shoe-1"]))
    order = np.random.default_rng(0).permutation(len(candidates))
    np.testing.assert_allclose(
        compute_features(signals, candidates.take(order), history, NOW),
        compute_features(signals, candidates, history, NOW)[order],
        rtol=1e-4,
        atol=1e-6,
    )


def test_impersonal_features_do_not_see_the_shopper(shop: Shop, signals: ItemStatistics) -> None:
    impersonal = [place for place, feature in enumerate(FEATURES) if not feature.personal]
    known = compute_features(
        signals, shoes(shop), InteractionHistory.of(shop.items.rows(["Ahorn-bag-0"])), NOW
    )
    unknown = compute_features(signals, shoes(shop), InteractionHistory.none(), NOW)
    np.testing.assert_array_equal(known[:, impersonal], unknown[:, impersonal])


def test_a_product_out_of_the_catalogue_and_a_price_of_nothing_are_no_errors() -> None:
    items = Items.of([Product(id="a", title="lamp"), Product(id="b", title="lamp", price=0)])
    signals = count_histories(items, [])
    past = InteractionHistory.of(items.rows(["gone", "a"]))
    assert past.rows.tolist() == [0]
    table = compute_features(signals, CandidateTable(["b", "a"], np.ones(2, np.float32)), past, NOW)
    assert np.isnan(table[:, COLUMN["price_fit"]]).all()
    assert np.isfinite(table[:, COLUMN["text_max"]]).all()


def test_vectors_of_photos_are_compared_where_there_are_some() -> None:
    made = [Product(id=name, title="lamp") for name in "abc"]
    photos = {"a": np.array([1.0, 0]), "b": np.array([1.0, 0]), "c": np.array([0, 1.0])}
    items = Items.of(made, photos=photos)
    past = InteractionHistory.of(items.rows(["a", "c"]), np.array([1, -4], np.float32), np.array([NOW, NOW]))
    table = compute_features(
        count_histories(items, []), CandidateTable(["b", "c"], np.ones(2, np.float32)), past, NOW
    )
    assert table[:, COLUMN["photo_max"]].tolist() == [1, 0]
    assert table[:, COLUMN["photo_long"]].tolist() == [1, 0]
    assert table[:, COLUMN["photo_negative"]].tolist() == [0, 1]


def test_only_the_latest_hundred_events_are_looked_at(shop: Shop) -> None:
    past = InteractionHistory.of(np.zeros(100_000, np.intp))
    assert len(past.rows) == 100


def test_taste_sees_likeness_through_others(shop: Shop) -> None:
    """Nobody had both a and c, but who had either had b; nobody's x stays without a place."""
    items = Items.of([Product(id=name, title=name) for name in "abcdefx"])
    histories = [items.rows(pair) for pair in ("ab", "bc", "ab", "bc", "de", "ef", "de", "ef")]
    taste = count_histories(items, histories).taste
    assert taste is not None
    a, c, d, x = items.rows("acdx")
    assert taste[a] @ taste[c] > 0.5 > taste[a] @ taste[d]
    assert not taste[x].any()
    np.testing.assert_array_equal(taste, count_histories(items, histories).taste)


def test_features_are_declared_once_and_impersonal_columns_come_first() -> None:
    names = [feature.name for feature in FEATURES]
    assert len(set(names)) == len(names)
    assert all(feature.meaning for feature in FEATURES)
    personal = [feature.personal for feature in FEATURES]
    assert personal == sorted(personal)


def test_a_feature_is_a_single_entry(
    shop: Shop, signals: ItemStatistics, monkeypatch: pytest.MonkeyPatch
) -> None:
    moon = Feature("moon_phase", "what the moon does", "liked", lambda search: len(search.liked) / 28)
    before = features_hash()
    monkeypatch.setattr("snapshelf.ranking.features.FEATURES", (*FEATURES, moon))
    assert features_hash() != before
    history = InteractionHistory.of(shop.items.rows(["Ahorn-bag-0", "Ahorn-bag-1"]))
    assert compute_features(signals, shoes(shop), history, NOW)[0, -1] == np.float32(2 / 28)
    assert np.isnan(compute_features(signals, shoes(shop), InteractionHistory.none(), NOW)[:, -1]).all()
