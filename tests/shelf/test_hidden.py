"""What the shop's rules hide, at every place of a shelf where products are shown; sold-out variants."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from snapshelf.catalogue import Product
from snapshelf.demo import DemoProduct
from snapshelf.events import Event
from snapshelf.recommend import RECOMMENDATIONS
from snapshelf.shelf import Shelf

RECALLED = "- {name: recalled, hide: [hidden]}\n"


@pytest.fixture(scope="module")
def photos(drawings: list[DemoProduct], feed: Path) -> list[bytes]:
    return [(feed.parent / f"{drawing.id}.jpg").read_bytes() for drawing in drawings[:6]]


@pytest.fixture(scope="module")
def shelf(photos: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    with Shelf.open(tmp_path_factory.mktemp("shelf"), serving=True) as shelf:
        for number, photo in enumerate(photos[:5]):
            shelf.put(Product.parse({"id": f"mug-{number}", "title": f"Plain mug {number}"}), [photo])
        shelf.put(Product.parse({"id": "hidden", "title": "Plain mug zorblax"}), [photos[0]])
        yield shelf


@pytest.fixture(autouse=True)
def without_rules(shelf: Shelf) -> Iterator[None]:
    yield
    shelf.set_rules("")


def event(shopper: str, kind: str, product: str, days_ago: float) -> Event:
    at = time.time() - days_ago * 86_400
    return Event(f"{shopper}-{kind}-{days_ago}", shopper, kind, at, product)  # type: ignore[arg-type]


def test_a_hidden_product_is_nowhere(shelf: Shelf, photos: list[bytes]) -> None:
    shelf.journal.append(
        [
            event("ann", "click", "hidden", 0.1),
            event("ben", "purchase", "hidden", 3),
            event("ben", "purchase", "hidden", 1),
        ]
    )

    def shown() -> dict[str, set[str]]:
        lists = {
            "words": shelf.search(text="mug", k=9),
            "photo": shelf.search(photo=photos[0], k=9),
            "similar": shelf.similar("mug-0", k=9),
            **{
                f"{kind} for {shopper}": shelf.recommend(
                    kind, product="mug-1", shopper=shopper, cart=["mug-2"], k=9
                )
                for kind in RECOMMENDATIONS
                for shopper in ("ann", "ben", None)
            },
        }
        return {name: {each.product.id for each in products} for name, products in lists.items()}

    before = shown()
    places = {name for name, ids in before.items() if "hidden" in ids}
    seen = {"recently-seen for ann", "buy-again for ben", "trending for None", "similar for None"}
    assert {"words", "photo", "similar"} | seen <= places
    assert shelf.set_rules(RECALLED) == ()
    after = shown()
    assert not any("hidden" in ids for ids in after.values())
    assert after["words"] == before["words"] - {"hidden"}


def test_hidden_for_some_words_is_hidden_from_these_searches_only(shelf: Shelf) -> None:
    shelf.set_rules("- {name: not there, words: mug, hide: [hidden]}\n")
    assert "hidden" not in {hit.id for hit in shelf.search(text="plain mug", k=9)}
    assert "hidden" in {hit.id for hit in shelf.search(text="zorblax", k=9)}
    assert "hidden" in {hit.id for hit in shelf.similar("mug-0", k=9)}
    assert "hidden" in {each.product.id for each in shelf.recommend("trending", k=9)}


def test_nothing_is_suggested_that_leads_to_hidden_products_only(shelf: Shelf) -> None:
    def suggested(prefix: str) -> list[str]:
        return [suggestion.text.casefold() for suggestion in shelf.suggest(prefix)]

    for _ in range(3):
        shelf.search(text="mug zorblax")
    assert "plain mug zorblax" in suggested("plain mug z")
    every = suggested("plain mug")
    shelf.set_rules(RECALLED)
    assert suggested("plain mug z") == []
    assert suggested("plain mug") == [text for text in every if "zorblax" not in text]


def test_facets_do_not_count_what_is_hidden(shelf: Shelf) -> None:
    assert shelf.facet_fields()["availability"].products == 6
    shelf.set_rules(RECALLED)
    assert shelf.facet_fields()["availability"].products == 5
    (facet,) = shelf.search(text="mug", facets=["availability"]).facets
    assert facet.values[0].count == 5


@pytest.mark.parametrize("query", ["canvas tote", "photo"])
def test_a_variant_in_stock_stands_for_its_group(tmp_path: Path, photos: list[bytes], query: str) -> None:
    with Shelf.open(tmp_path / "shelf") as shelf:
        for id, stock, size in (("V-1", 0, "S"), ("V-2", 5, "M")):
            fields = {"id": id, "title": "Canvas tote", "group_id": "V", "stock": stock, "size": size}
            attributes = {"size": fields.pop("size")}
            shelf.put(Product.parse({**fields, "attributes": attributes}), [photos[0]])
        options = {"photo": photos[0]} if query == "photo" else {"text": query}
        (hit,) = shelf.search(**options)  # type: ignore[arg-type]
        assert hit.product.id == "V-2"
        assert hit.variants == 1
        shelf.set_rules("- {name: pin, pin: [V-1]}")
        (hit,) = shelf.search(**options)  # type: ignore[arg-type]
        assert hit.product.id == "V-1"
