"""What goes together in shops of any goods, before anybody has bought anything and after."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import yaml

from snapshelf.catalogue import Catalogue, Entry, Product
from snapshelf.events import Interaction
from snapshelf.language import Lexicon
from snapshelf.ranking import UNKNOWN, InteractionHistories, InteractionHistory, Items, ItemStatistics, count
from snapshelf.recommend import RecommendationQuery, Recommended, Recommender
from snapshelf.recommend.kinds import GoesWith, ItemKinds

NOW = 1_700_000_000.0
DAY = 86_400.0
LEXICON = Lexicon.bundled()

GOODS = {
    # id → title, category
    "dress": ("Red summer dress", "Women > Dresses"),
    "gown": ("Evening gown dress", "Women > Dresses"),
    "heels": ("Black heels", "Women > Shoes"),
    "bag": ("Leather handbag", "Women > Bags"),
    "loafers": ("Brown loafers", "Men > Shoes"),
    "shirt": ("White shirt", "Men > Shirts"),
    "lamp": ("Table lamp with linen shade", "Home > Lamps"),
    "bulb": ("LED light bulb E27", "Home > Light bulbs"),
    "phone": ("Acme P3 smartphone 128GB", "Electronics"),
    "charger": ("20W USB-C charger for Acme P3 phone", "Electronics"),
    "case": ("Clear phone case", "Electronics"),
    "phone2": ("Best X1 mobile phone", "Electronics"),
    "手机": ("华为Mate 60 Pro 手机", "手机数码"),
    "手机壳": ("华为Mate 60 手机壳", "手机数码"),
    "连衣裙": ("碎花连衣裙女夏季", "服饰"),
    "男鞋": ("商务皮鞋男", "服饰"),
    "gizmo": ("Zorblax 3000", "Wonders"),
    "widget": ("Quux 12", "Wonders"),
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Items, ItemKinds]]:
    products = [
        Product.parse({"id": id, "title": title, "category": category})
        for id, (title, category) in GOODS.items()
    ]
    with Catalogue.open(tmp_path_factory.mktemp("shop") / "catalogue.sqlite") as catalogue:
        catalogue.put([Entry(product, ()) for product in products])
        items = Items.of(products, added=dict.fromkeys(GOODS, NOW - DAY))
        yield items, ItemKinds.of(items, catalogue, GoesWith(LEXICON))


def counted(items: Items, interactions: list[Interaction]) -> ItemStatistics:
    return count(items, InteractionHistories(items, interactions, now=NOW), [], until=NOW)


def baskets(*pairs: tuple[str, str], times: int) -> list[Interaction]:
    return [
        Interaction(f"{first}-{second}-{number}", product, NOW - (1 + number) * DAY, "purchase")
        for first, second in pairs
        for number in range(times)
        for product in (first, second)
    ]


def look(shop: tuple[Items, ItemKinds], anchor: str, *bought: Interaction) -> dict[str, Recommended]:
    items, kinds = shop
    recommender = Recommender(counted(items, list(bought)), kinds=kinds)
    query = RecommendationQuery("complete-the-look", anchors=items.rows([anchor]), now=NOW)
    return {items.ids[each.row]: each for each in recommender.recommend(query)}


def test_every_kind_of_the_file_is_in_the_lexicon() -> None:
    content = yaml.safe_load(
        resources.files("snapshelf.recommend").joinpath("goes_with.yaml").read_text("utf-8")
    )
    known = {concept.key for concept in LEXICON.concepts("category")}
    listed = [key for parts in content["together"].values() for keys in parts for key in keys]
    listed += [key for keys in (*content["departments"], *content["people"].values()) for key in keys]
    assert set(listed) <= known
    assert all(len(parts) > 1 for parts in content["together"].values())


@pytest.mark.parametrize(
    ("anchor", "expected"),
    [
        ("dress", {"heels", "bag"}),
        ("heels", {"dress", "bag"}),
        ("lamp", {"bulb"}),
        ("phone", {"charger", "case", "手机壳"}),
        ("手机", {"charger", "case", "手机壳"}),
        ("连衣裙", {"heels", "bag"}),
        ("gizmo", set()),
    ],
)
def test_without_events_the_kinds_say_what_goes_together(
    shop: tuple[Items, ItemKinds], anchor: str, expected: set[str]
) -> None:
    goes_with = look(shop, anchor)
    # Of things that stand in for each other only the best is shown.
    assert set(goes_with) <= expected
    assert bool(goes_with) is bool(expected)
    for each in goes_with.values():
        assert each.reason.kind == "category"
        assert shop[0].ids[each.reason.anchor] == anchor


def test_baskets_teach_what_no_lexicon_knows(shop: tuple[Items, ItemKinds]) -> None:
    items = shop[0]
    # Who buys a gizmo buys a lamp with it.
    taught = look(shop, "gizmo", *baskets(("gizmo", "lamp"), times=6))
    assert set(taught) == {"lamp"}
    assert taught["lamp"].reason.kind in ("basket", "category")
    assert items.ids[taught["lamp"].reason.anchor] == "gizmo"
    # A single basket teaches nothing.
    assert look(shop, "gizmo", *baskets(("gizmo", "lamp"), times=1)) == {}


def test_goods_for_different_purposes_that_met_by_chance_do_not_go_together(
    shop: tuple[Items, ItemKinds],
) -> None:
    often = baskets(("dress", "heels"), ("dress", "bag"), ("lamp", "bulb"), ("phone", "case"), times=8)
    chance = baskets(("dress", "lamp"), times=2)
    assert set(look(shop, "dress", *often, *chance)) == {"heels", "bag"}
    assert set(look(shop, "lamp", *often, *chance)) == {"bulb"}


def test_bought_together_promises_nothing_that_is_not_known(shop: tuple[Items, ItemKinds]) -> None:
    items, kinds = shop
    recommender = Recommender(counted(items, []), kinds=kinds)

    def recommended(kind: str, anchor: str) -> set[str]:
        query = RecommendationQuery(kind, anchors=items.rows([anchor]), now=NOW)  # type: ignore[arg-type]
        return {items.ids[each.row] for each in recommender.recommend(query)}

    assert recommended("bought-together", "gizmo") == set()
    assert recommended("bought-together", "lamp") == {"bulb"}
    # What comes after the cart begins with that, and claims nothing of the others.
    query = RecommendationQuery("post-cart", anchors=items.rows(["lamp"]), now=NOW)
    first, *others = recommender.recommend(query)
    assert (items.ids[first.row], first.reason.kind) == ("bulb", "category")
    assert {each.reason.kind for each in others} == {"range"}
    # Nor does a list of similar products claim more than that.
    query = RecommendationQuery("similar", anchors=items.rows(["gizmo"]), now=NOW)
    similar = {items.ids[each.row]: each.reason.kind for each in recommender.recommend(query)}
    assert similar["widget"] == "words"
    assert similar["lamp"] == "nearest"


def test_reasons_claim_only_what_was_counted(shop: tuple[Items, ItemKinds]) -> None:
    kinds = shop[1]

    def reasons(*events: Interaction, kind: str = "trending", added: float = NOW - DAY) -> dict[str, str]:
        aged = Items.of(
            [Product.parse({"id": id, "title": GOODS[id][0], "category": GOODS[id][1]}) for id in GOODS],
            added={**dict.fromkeys(GOODS, NOW - 90 * DAY), "lamp": added},
        )
        query = RecommendationQuery(kind, k=50, now=NOW, explore=False)  # type: ignore[arg-type]
        recommended = Recommender(counted(aged, list(events)), kinds=kinds).recommend(query)
        return {aged.ids[each.row]: each.reason.kind for each in recommended}

    click = [Interaction(f"s{number}", "dress", NOW - DAY, "click") for number in range(20)]
    for kind in ("trending", "for-you"):
        nothing = reasons(kind=kind, added=NOW - 90 * DAY)
        assert set(nothing.values()) == {"range"}
        new = reasons(kind=kind)
        assert new.pop("lamp") == "fresh"
        assert set(new.values()) == {"range"}
        single = reasons(click[0], kind=kind)
        assert not {"popularity", "growth"} & set(single.values())
        many = reasons(*click, kind=kind)
        assert many["dress"] in ("popularity", "growth")
        assert many["gown"] == "popular-category"
        assert many["phone"] == "range"


@pytest.mark.parametrize("k", [6, 12])
def test_a_list_for_a_shopper_is_of_several_kinds(tmp_path: Path, k: int) -> None:
    kinds = {"watch": 40, "mug": 3, "scarf": 3, "lamp": 3, "backpack": 3}
    products = [
        Product.parse(
            {
                "id": f"{kind}-{number}",
                "title": f"{'Steel' if kind == 'watch' else 'Plain'} {kind} {number}",
                "category": f"{('Men', 'Women')[number % 2]} > {kind}",
            }
        )
        for kind, times in kinds.items()
        for number in range(times)
    ]
    with Catalogue.open(tmp_path / "catalogue.sqlite") as catalogue:
        catalogue.put([Entry(product, ()) for product in products])
        items = Items.of(products)
        recommender = Recommender(counted(items, []), kinds=ItemKinds.of(items, catalogue, GoesWith(LEXICON)))
    history = InteractionHistory.of(items.rows([f"watch-{number}" for number in range(5)]))
    query = RecommendationQuery("for-you", k=k, history=history, now=NOW, explore=False)
    names = [items.ids[each.row].split("-")[0] for each in recommender.recommend(query)]
    assert len(names) == k
    assert names[0] == "watch"
    assert names.count("watch") == k // 3
    # A shop of watches shows watches.
    only = np.array([name.startswith("watch") for name in items.ids])
    query = RecommendationQuery(
        "for-you", k=k, history=history, is_allowed=lambda rows: only[rows], explore=False
    )
    assert len(recommender.recommend(query)) == k


def test_a_title_is_read_up_to_what_the_product_is_for(shop: tuple[Items, ItemKinds]) -> None:
    items, kinds = shop
    code = dict(zip(items.ids, kinds.code.tolist(), strict=True))
    assert code["phone"] == code["phone2"] != code["charger"]
    assert code["charger"] not in (code["phone"], code["case"], UNKNOWN)
    assert code["手机"] != code["手机壳"]
