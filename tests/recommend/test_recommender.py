from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from snapshelf.catalogue import Product
from snapshelf.events import Impression, Interaction
from snapshelf.ranking import InteractionHistories, InteractionHistory, Items, ItemStatistics, count
from snapshelf.recommend import (
    RECOMMENDATIONS,
    PurchaseHistory,
    RecommendationKind,
    RecommendationQuery,
    Recommended,
    Recommender,
)

NOW = 1_700_000_000.0
DAY = 86_400.0
KINDS = {
    # Kind → path in the shop; who buys a shirt buys trousers and shoes with it, and coffee again and again.
    "shirt": ("Clothing", "Tops", "Shirts"),
    "tee": ("Clothing", "Tops", "T-Shirts"),
    "trousers": ("Clothing", "Bottoms", "Trousers"),
    "shoe": ("Shoes", "Sneakers"),
    "boot": ("Shoes", "Boots"),
    "coffee": ("Food", "Coffee", "Beans"),
}
COLOURS = ("red", "blue", "black")
EACH = 8


def made() -> list[Product]:
    return [
        Product(
            id=f"{colour}-{kind}-{number}",
            title=f"{colour} {kind} number{number}",
            category=path,
            group_id=f"{kind}-{number}" if number < 2 else None,
            attributes={"colour": colour, "gender": ("women", "men")[number % 2]},
        )
        for kind, path in KINDS.items()
        for colour in COLOURS
        for number in range(EACH)
    ]


@pytest.fixture(scope="module")
def items() -> Items:
    draw = np.random.default_rng(1)
    products = made()
    direction = dict(zip((*COLOURS, *KINDS), draw.normal(size=(20, 24)), strict=False))
    photos = {}
    for product in products:
        colour, kind, _ = product.id.split("-")
        vector = direction[colour] + 0.5 * direction[kind] + 0.2 * draw.normal(size=24) + 3
        photos[product.id] = (vector / np.linalg.norm(vector)).astype(np.float32)
    return Items.of(products, photos=photos)


@pytest.fixture(scope="module")
def signals(items: Items) -> ItemStatistics:
    """Each shopper loves a colour, and buys whole outfits of it; everybody buys coffee on many days."""
    draw = np.random.default_rng(2)
    interactions: list[Interaction] = []
    shown: list[Impression] = []
    for number in range(120):
        shopper, colour = f"s{number}", COLOURS[number % 3]
        for day in range(1, 5):
            at = NOW - day * 9 * DAY
            kinds = ["shirt", "trousers", "shoe"] if day % 2 else ["tee", "boot"]
            outfit = [f"{colour}-{kind}-{draw.integers(EACH - 1)}" for kind in kinds]
            outfit.append(f"red-coffee-{number % 3}")
            page = (*outfit, *draw.permutation(items.ids)[:6].tolist())
            page = tuple(dict.fromkeys(name for name in page if not name.endswith(f"-{EACH - 1}")))
            shown.append(
                Impression(
                    f"q{number}-{day}", shopper, at, page, tuple(1 - 0.1 * r for r in range(len(page)))
                )
            )
            for product in outfit:
                interactions.append(Interaction(shopper, product, at + 5, "click", f"q{number}-{day}"))
                interactions.append(Interaction(shopper, product, at + 9, "purchase", f"q{number}-{day}"))
    interactions += [Interaction(f"late{n}", "blue-boot-3", NOW - 0.1 * DAY, "click") for n in range(25)]
    return count(items, InteractionHistories(items, interactions, now=NOW), shown, until=NOW)


@pytest.fixture(scope="module")
def recommender(signals: ItemStatistics) -> Recommender:
    return Recommender(signals)


def past(items: Items, *ids: str) -> InteractionHistory:
    return InteractionHistory.of(items.rows(ids))


def names(items: Items, found: list[Recommended]) -> list[str]:
    return [items.ids[one.row] for one in found]


def ask(recommender: Recommender, kind: RecommendationKind, **wish: object) -> list[str]:
    made = RecommendationQuery(kind, **{"explore": False, "now": NOW, **wish})  # type: ignore[arg-type]
    return names(recommender.statistics.items, recommender.recommend(made))


@pytest.mark.parametrize("kind", RECOMMENDATIONS)
def test_nobody_is_an_error(recommender: Recommender, kind: RecommendationKind) -> None:
    found = recommender.recommend(RecommendationQuery(kind))
    empty = kind in ("recently-seen", "buy-again")
    assert bool(found) is not empty
    assert len({one.row for one in found}) == len(found) <= 10


@pytest.mark.parametrize("kind", RECOMMENDATIONS)
def test_a_shop_where_nothing_has_happened_yet_is_no_error(items: Items, kind: RecommendationKind) -> None:
    nothing = Recommender(count(items, InteractionHistories(items, [], now=NOW), [], until=NOW))
    for anchors in (np.zeros(0, np.intp), items.rows(["red-shirt-3"])):
        for shopper in (InteractionHistory.none(), past(items, "red-shirt-4")):
            found = nothing.recommend(RecommendationQuery(kind, anchors=anchors, history=shopper, now=NOW))
            assert all(np.isfinite(one.score) for one in found)
    empty = Items.of([])
    assert (
        Recommender(count(empty, InteractionHistories(empty, [], now=NOW), [], until=NOW)).recommend(
            RecommendationQuery(kind)
        )
        == []
    )


@pytest.mark.parametrize("kind", RECOMMENDATIONS)
def test_contributions_add_up_and_every_place_has_a_reason(
    recommender: Recommender, kind: RecommendationKind
) -> None:
    items = recommender.statistics.items
    shopper = past(items, "red-shirt-3", "red-coffee-0")
    bought = PurchaseHistory.of(items.rows(["red-coffee-0"]))
    anchors = items.rows(["red-trousers-4"])
    found = recommender.recommend(
        RecommendationQuery(kind, history=shopper, purchases=bought, anchors=anchors, now=NOW)
    )
    assert found
    for one in found:
        assert one.score == pytest.approx(sum(one.contributions.values()))
        assert one.reason.kind in one.contributions or one.reason.kind == "new"
        assert 0 < one.propensity <= 1


def test_for_you_follows_the_taste_and_each_event_counts(recommender: Recommender) -> None:
    items = recommender.statistics.items
    for colour in COLOURS:
        found = ask(recommender, "for-you", history=past(items, f"{colour}-shirt-3", f"{colour}-shoe-4"))
        of_colour = [name.startswith(colour) for name in found]
        assert sum(of_colour) >= 7
    nobody = recommender.recommend(RecommendationQuery("for-you", explore=False))
    assert {one.reason.kind for one in nobody} <= {"popularity", "growth"}
    (_, *others) = recommender.recommend(
        RecommendationQuery("for-you", history=past(items, "red-shirt-3"), explore=False)
    )
    assert any(items.ids[one.reason.anchor] == "red-shirt-3" for one in others)


def test_what_is_known_is_not_shown_for_you(recommender: Recommender) -> None:
    items = recommender.statistics.items
    found = ask(
        recommender,
        "for-you",
        k=100,
        history=past(items, "red-tee-4", "red-shoe-3"),
        purchases=PurchaseHistory.of(items.rows(["red-shirt-0", "red-coffee-0"])),
    )
    assert not {"red-tee-4", "red-shoe-3"} & set(found)
    # Nobody buys a shirt twice, so its variants in other colours are left out; coffee is bought again.
    assert not any(name.endswith("-shirt-0") for name in found)
    assert any(name.endswith("-coffee-0") for name in found)


@pytest.mark.parametrize(
    "kind", [kind for kind in RECOMMENDATIONS if kind not in ("recently-seen", "buy-again")]
)
def test_one_of_each_group_and_what_is_not_allowed_is_never_shown(
    recommender: Recommender, kind: RecommendationKind
) -> None:
    items = recommender.statistics.items
    forbidden = {row for row, name in enumerate(items.ids) if "red" in name or "coffee" in name}

    def allowed(rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        return np.array([row not in forbidden for row in rows.tolist()], bool)

    shopper = past(items, "red-shirt-3", "red-coffee-0")
    anchors = items.rows(["red-shirt-1"])
    for seed in range(5):
        wish = RecommendationQuery(kind, k=30, history=shopper, anchors=anchors, is_allowed=allowed, now=NOW)
        found = recommender.recommend(wish, np.random.default_rng(seed))
        assert found
        assert not forbidden & {one.row for one in found}
        groups = [int(items.group[one.row]) for one in found]
        assert len(set(groups)) == len(groups)


def test_similar_looks_like_it_and_leaves_its_variants_out(recommender: Recommender) -> None:
    found = ask(recommender, "similar", anchors=recommender.statistics.items.rows(["blue-shirt-0"]), k=5)
    assert all(name.startswith("blue") for name in found)
    assert sum("shirt" in name for name in found) >= 3
    assert not any(name.endswith("shirt-0") for name in found)


def test_bought_together_are_the_outfits(recommender: Recommender) -> None:
    items = recommender.statistics.items
    found = ask(recommender, "bought-together", anchors=items.rows(["blue-shirt-3"]), k=6)
    kinds = [name.split("-")[1] for name in found]
    assert set(kinds) <= {"trousers", "shoe", "coffee"}
    reasons = recommender.recommend(
        RecommendationQuery("bought-together", anchors=items.rows(["blue-shirt-3"]))
    )
    assert reasons[0].reason.kind == "basket"
    assert items.ids[reasons[0].reason.anchor] == "blue-shirt-3"


def test_the_look_has_one_of_each_other_aisle_for_the_same_people(recommender: Recommender) -> None:
    items = recommender.statistics.items
    anchor = items.rows(["blue-shirt-3"])
    rows = items.rows(ask(recommender, "complete-the-look", anchors=anchor))
    aisles = items.parent_category[rows].tolist()
    assert len(set(aisles)) == len(aisles)
    assert items.parent_category[anchor[0]] not in aisles
    assert set(items.audience[rows].tolist()) == {int(items.audience[anchor[0]])}
    # Trousers and shoes are bought with shirts, and of the colours the one that looks the same.
    assert {"blue-trousers", "blue-shoe"} <= {items.ids[row].rpartition("-")[0] for row in rows}


def test_after_the_cart_comes_what_goes_with_all_of_it(recommender: Recommender) -> None:
    items = recommender.statistics.items
    cart = items.rows(["blue-shirt-3", "blue-trousers-3"])
    found = ask(recommender, "post-cart", anchors=cart, k=3)
    assert not set(found) & {"blue-shirt-3", "blue-trousers-3"}
    assert sum(name.startswith(("blue-shoe", "red-coffee")) for name in found) >= 2


def test_what_is_on_the_rise_is_trending(recommender: Recommender) -> None:
    found = recommender.recommend(RecommendationQuery("trending", explore=False))
    items = recommender.statistics.items
    best = {items.ids[one.row]: one for one in found}
    assert best["blue-boot-3"].contributions["growth"] > 0


def test_recently_seen_is_the_past_the_latest_first(recommender: Recommender) -> None:
    items = recommender.statistics.items
    shopper = past(items, "red-tee-4", "blue-boot-5", "red-tee-4", "black-shoe-3", "blue-shoe-5")
    bought = PurchaseHistory.of(items.rows(["black-shoe-3"]))
    found = ask(
        recommender, "recently-seen", history=shopper, purchases=bought, anchors=items.rows(["blue-shoe-5"])
    )
    assert found == ["red-tee-4", "blue-boot-5"]


def test_bought_again_is_what_is_bought_often_and_due(recommender: Recommender) -> None:
    items = recommender.statistics.items
    rows = items.rows(["red-shirt-3", "red-coffee-1", "red-coffee-0", "red-coffee-2"])
    bought = PurchaseHistory(
        rows,
        np.array([1, 3, 3, 1], np.float32),
        np.array([NOW - DAY, NOW - DAY, NOW - 20 * DAY, NOW - DAY]),
        np.array([np.nan, 10 * DAY, 10 * DAY, np.nan]),
    )
    assert ask(recommender, "buy-again", purchases=bought) == ["red-coffee-0", "red-coffee-1", "red-coffee-2"]


def test_diversity_keeps_apart_what_is_alike(recommender: Recommender) -> None:
    items = recommender.statistics.items
    assert items.photos is not None
    wish = RecommendationQuery("for-you", history=past(items, "red-shirt-3"), explore=False)

    def spread(found: list[Recommended]) -> float:
        rows = [one.row for one in found]
        photos = items.photos[rows].astype(np.float32) - items.photos.mean(axis=0, dtype=np.float32)
        photos /= np.linalg.norm(photos, axis=1, keepdims=True)
        text = items.words[rows] @ items.words[rows].T
        return float(1 - (text.toarray() + photos @ photos.T).mean() / 2)

    spreads = []
    for diversity in (0.0, 0.2, 0.6):
        diverse = Recommender(recommender.statistics, diversity={"for-you": diversity})
        spreads.append(spread(diverse.recommend(wish)))
    assert spreads[0] < spreads[1] < spreads[2]


def test_what_few_have_seen_gets_a_later_place_and_its_propensity_is_true(recommender: Recommender) -> None:
    items = recommender.statistics.items
    wish = RecommendationQuery("for-you", history=past(items, "red-shirt-3"), now=NOW)
    organic = recommender.recommend(replace(wish, explore=False))
    places: list[int] = []
    told: list[float] = []
    tried: dict[str, list[float]] = {}
    draws = 400
    for seed in range(draws):
        found = recommender.recommend(wish, np.random.default_rng(seed))
        (place,) = [rank for rank, one in enumerate(found, 1) if one.reason.kind == "new"]
        new = found[place - 1]
        places.append(place)
        tried.setdefault(items.ids[new.row], []).append(new.propensity)
        assert recommender.statistics.impressions is not None
        assert recommender.statistics.impressions[new.row] < 100
        assert [one.row for one in found if one.reason.kind != "new"] == [one.row for one in organic][:9]
        told.append(found[7].propensity if place != 8 else np.nan)
    assert set(places) == {6, 7, 8, 9, 10}
    # One that nobody has seen can be met.
    assert any(name.endswith(f"-{EACH - 1}") for name in tried)
    # What is told of a product is how often it comes, at any one place.
    propensities = max(tried.values(), key=len)
    assert np.mean(propensities) == pytest.approx(len(propensities) / draws / 5, rel=0.4)
    # The organic seventh stands at rank 8 when the new one came before it, the eighth when after.
    pushed = np.mean([place <= 7 for place in places])
    assert pushed == pytest.approx(0.4, abs=0.1)
    assert set(np.round([one for one in told if not np.isnan(one)], 3)) == {0.4}


def test_new_products_like_those_that_are_clicked_are_tried_first(
    items: Items, signals: ItemStatistics
) -> None:
    clicks = np.where(["coffee" in name for name in items.ids], 30, 0).astype(np.float32)
    impressions = np.full(len(items), 300, np.float32)
    for fresh in ("red-coffee-7", "red-boot-7"):
        impressions[items.rows([fresh])] = clicks[items.rows([fresh])] = 0
    liked = Recommender(replace(signals, impressions=impressions, clicks=clicks))
    tried = [
        items.ids[one.row]
        for seed in range(60)
        for one in liked.recommend(RecommendationQuery("trending", now=NOW), np.random.default_rng(seed))
        if one.reason.kind == "new"
    ]
    assert tried.count("red-coffee-7") > 3 * tried.count("red-boot-7")


def test_a_product_that_nobody_has_seen_is_found_by_its_words_and_photo(
    items: Items, signals: ItemStatistics
) -> None:
    rows = items.rows([f"blue-shirt-{EACH - 1}"])
    assert signals.impressions is not None
    assert signals.impressions[rows] == 0
    assert signals.popularity[rows] == 0
    shopper = past(items, "blue-shirt-5", "blue-shirt-3")
    found = Recommender(signals).recommend(
        RecommendationQuery("for-you", k=100, history=shopper, explore=False)
    )
    one = next(one for one in found if signals.popularity[one.row] == 0)
    assert one.row == rows[0]
    assert {"words", "photo"} <= set(one.contributions)
    assert "together" not in one.contributions
