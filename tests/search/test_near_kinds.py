"""The kind of thing in whole searches: it holds, photos keep it, and near kinds stand in for what the shop lacks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from snapshelf import Product, Shelf
from tests.plain_drawings import centred, disc, png

ROWS = [
    ("Velvet seat", "Armchairs"),
    ("Recliner in leather", "Armchairs"),
    ("Cover for every sofa", "Cushions"),
    ("Wool rug", "Rugs"),
    ("Floor lamp", "Lamps"),
    ("Black mug", "Mugs"),
    ("White watch", "Watches"),
    ("Black strap for a watch", "Watch accessories"),
]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shelf]:
    with Shelf.open(tmp_path / "shelf") as shelf:
        for number, (title, category) in enumerate(ROWS):
            product = Product.parse(
                {"id": str(number), "title": title, "category": category, "price": "20 EUR"}
            )
            shelf.put(product, [disc(number)])
        yield shelf


def test_the_nearest_kinds_stand_in(shop: Shelf) -> None:
    result = shop.search(text="sofa", k=8)
    # Only a cover has the word.
    assert result.hits[0].product.id == "2"
    assert {hit.product.id for hit in result} == {"0", "1", "2"}
    assert result.chips == ()
    assert [note.kind for note in result.notes] == ["nearest-kind"]
    shop.remove("2")
    result = shop.search(text="sofa", k=8)
    assert ({hit.product.id for hit in result}, result.no_good_match) == ({"0", "1"}, True)


def test_chinese_words_mean_kinds_named_after_them(shop: Shelf) -> None:
    result = shop.search(text="沙发", k=8)  # an armchair is a 单人沙发
    assert {hit.product.id for hit in result} >= {"0", "1"}
    (chip,) = result.chips
    assert (chip.where, chip.hard, chip.labels["zh"]) == ('category = "Armchairs"', True, "沙发")


def test_a_black_watch_is_a_watch_first(shop: Shelf) -> None:
    result = shop.search(text="black watch", k=8)
    assert result.hits[0].product.id == "6"
    assert "5" not in {hit.product.id for hit in result}
    (chip,) = [chip for chip in result.chips if chip.kind == "category"]
    assert chip.hard
    dismissed = shop.search(text="black watch", dismissed=[chip.where], k=8)
    assert chip.where not in {chip.where for chip in dismissed.chips}


def test_the_kind_gives_way_last(shop: Shelf) -> None:
    result = shop.search(text="watch under 5 EUR", k=8)
    assert result.hits[0].product.id == "6"
    assert {(chip.kind, chip.hard) for chip in result.chips} == {("category", True), ("price", False)}
    # No watch is among the filtered products, so the kind itself gives way.
    result = shop.search(text="watch", where='category = "Mugs"', k=8)
    assert [note.kind for note in result.notes] == ["relaxed"]


def drawing(shape: str, colour: str, size: int) -> bytes:
    return png(centred(shape, colour, size))


def test_a_photo_with_a_colour_shows_its_kind_in_the_colour_and_then_its_kind(tmp_path: Path) -> None:
    with Shelf.open(tmp_path / "shelf") as shelf:
        for shape, category in (("ellipse", "Plates"), ("rectangle", "Cushions")):
            for colour in ("red", "blue", "green"):
                for size in range(10, 34, 3):
                    row = {"id": f"{category}-{colour}-{size}", "title": "A thing", "category": category}
                    product = Product.parse({**row, "attributes": {"colour": colour}})
                    shelf.put(product, [drawing(shape, colour, size)])
        result = shelf.search(photo=drawing("ellipse", "red", 20), text="in green", k=24, collapse=False)
        colours = [hit.product.attributes["colour"] for hit in result]
        assert colours[:8] == ["green"] * 8
        assert {hit.product.category for hit in result} == {("Plates",)}
        assert (len(colours), result.total) == (24, 24)
        (chip,) = [chip for chip in result.chips if chip.source == "photo"]
        assert chip.hard
        result = shelf.search(
            photo=drawing("ellipse", "red", 20),
            text="in green",
            k=48,
            dismissed=[chip.where],
            collapse=False,
            min_relevance=0,
        )
        assert ("Cushions",) in {hit.product.category for hit in result}
