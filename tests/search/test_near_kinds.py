"""A kind that the shop does not have: the nearest kinds are shown, and are no match."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from snapshelf import Product, Shelf


def photo(number: int) -> bytes:
    buffer = io.BytesIO()
    colour = (number * 53 % 256, number * 101 % 256, number * 29 % 256)
    Image.new("RGB", (64, 64), colour).save(buffer, "PNG")
    return buffer.getvalue()


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
            shelf.put(product, [photo(number)])
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
