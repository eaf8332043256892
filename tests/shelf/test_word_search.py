"""Words of a query through a whole shelf: brands, units, slips and words typed in part."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from snapshelf.catalogue import Product
from snapshelf.shelf import Shelf
from tests.plain_drawings import disc

ROWS = [
    {"id": "macbook", "title": "Apple MacBook Air 13", "brand": "Apple"},
    {"id": "thinkpad", "title": "ThinkPad X1 laptop", "brand": "Lenovo"},
    {
        "id": "backpack",
        "title": "Laptop backpack",
        "description": "Keeps the rain out, with a reinforcd bottom",
    },
    {"id": "iphone", "title": "iPhone 15 128GB", "brand": "Apple"},
    {"id": "mate", "title": "华为 Mate 60 手机", "brand": "华为（HUAWEI）"},
    {"id": "speaker", "title": "Bluetooth speaker", "brand": "JBL"},
    {"id": "tv", "title": "Television, 65-inch"},
    {"id": "tv55", "title": "Television, 55-inch"},
    {"id": "dress", "title": "碎花连衣裙"},
    {"id": "conditioner", "title": "壁挂空调 1.5匹"},
    {"id": "bottles", "title": "Reinforced bottles"},
]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    with Shelf.open(tmp_path_factory.mktemp("words") / "shelf") as opened:
        for number, row in enumerate(ROWS):
            opened.put(Product.parse(row), [disc(number)])
        yield opened


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("苹果笔记本", "macbook"),
        ("苹果手机", "iphone"),
        ("huawei phone", "mate"),
        ("华为手机", "mate"),
        ("联想笔记本电脑", "thinkpad"),
        ("65寸电视", "tv"),
        ("65″ tv", "tv"),
        ("电视 55英寸", "tv55"),
        ("128G 手机", "iphone"),
        ("ipone 15", "iphone"),
        ("连衣群", "dress"),
        ("blueto", "speaker"),
        ("blutooth speaker", "speaker"),
        ("空调", "conditioner"),
        ("air conditioner", "conditioner"),
    ],
)
def test_the_product_that_is_meant_comes_first(shelf: Shelf, text: str, id: str) -> None:
    response = shelf.search(text=text, k=8)
    assert next(iter(response)).product.id == id
    assert not response.no_good_match


def test_a_word_of_a_description_is_not_corrected(shelf: Shelf) -> None:
    response = shelf.search(text="reinforcd", k=8)
    assert (response.searched_as, response.did_you_mean) == (None, None)
    assert next(iter(response)).product.id == "backpack"


def test_a_brand_under_its_other_name_is_a_chip(shelf: Shelf) -> None:
    assert [chip.where for chip in shelf.search(text="苹果手机").chips if chip.kind == "brand"] == [
        'brand = "Apple"'
    ]
