"""Order words: what asks for an order, and what only looks like it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from snapshelf.catalogue import Product
from snapshelf.index import QdrantEdgeIndex, record
from snapshelf.language import normalise
from snapshelf.query import CatalogueView, QueryInput, UnderstandingSettings, understand
from snapshelf.query.order_words import read_order

VECTOR = np.eye(1, 8, dtype=np.float32)

TITLES = {
    "New Balance 574 running shoes": {"brand": "New Balance"},
    "New Balance 990 shoes": {"brand": "New Balance"},
    "Nike running shoes": {"brand": "Nike"},
    "New York Yankees cap": {},
    "Watch with steel strap": {},
    "Watch, new model": {},
    "Watch for divers": {},
    "The Latest Fashion, a novel": {},
    "Popular Mechanics magazine": {},
    "新款夏季连衣裙": {},
    "红色连衣裙": {},
    "碎花连衣裙": {},
    "智能手机": {},
}


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CatalogueView]:
    with QdrantEdgeIndex.open(tmp_path_factory.mktemp("index"), 8) as index:
        products = [
            Product.parse({"id": f"{number}", "title": title, "price": "5", **more})
            for number, (title, more) in enumerate(TITLES.items())
        ]
        index.upsert([record(product, VECTOR) for product in products])
        yield CatalogueView(index, index=index)


@pytest.mark.parametrize(
    ("text", "sort", "words"),
    [
        ("cheapest watch", "price", "cheapest"),
        ("the cheapest one", "price", "the cheapest one"),
        ("watch lowest price", "price", "lowest price"),
        ("watches sorted by price: low to high", "price", "sorted by price: low to high"),
        ("最便宜的手表", "price", "最便宜的"),
        ("价格最低的手机", "price", "价格最低的"),
        ("most expensive watch", "-price", "most expensive"),
        ("最贵的连衣裙", "-price", "最贵的"),
        ("new watch", "newest", "new"),
        ("latest running shoes", "newest", "latest"),
        ("new arrivals", "newest", "new arrivals"),
        ("新款连衣裙", "newest", "新款"),
        ("最新款手机", "newest", "最新款"),
        ("新品", "newest", "新品"),
        ("best rated phone", "rating", "best rated"),
        ("top-rated watch", "rating", "top-rated"),
        ("评分最高的手机", "rating", "评分最高的"),
        ("好评手机", "rating", "好评"),
        ("best-selling watch", "bestselling", "best-selling"),
        ("most popular shoes", "bestselling", "most popular"),
        ("bestsellers", "bestselling", "bestsellers"),
        ("畅销手表", "bestselling", "畅销"),
        ("销量最高的手机", "bestselling", "销量最高的"),
        ("Günstigste Uhr", "price", "günstigste"),
        ("teuerster Ring", "-price", "teuerster"),
        ("montre la moins chère", "price", "la moins chère"),
        ("nouveautés", "newest", "nouveautés"),
        ("zapatos más vendidos", "bestselling", "más vendidos"),
        ("orologio più economico", "price", "più economico"),
        ("goedkoopste horloge", "price", "goedkoopste"),
        ("nyaste klocka", "newest", "nyaste"),
    ],
)
def test_words_that_ask_for_an_order(catalogue: CatalogueView, text: str, sort: str, words: str) -> None:
    order = read_order(normalise(text), catalogue)
    assert order is not None
    chip = order.chip
    assert (order.sort, chip.text, normalise(text)[chip.start : chip.end].strip()) == (sort, words, words)
    assert (chip.kind, chip.where, chip.labels.keys()) == ("sort", f"sort = {sort}", {"en", "zh"})


@pytest.mark.parametrize(
    "text",
    [
        *("new balance shoes", "new balance 574", "new york cap", "new york", "new york yankees cap"),
        *("watch, new model", "the latest fashion", "popular mechanics", "新款夏季连衣裙"),
        *("renewed watch", "new-born clothes", "brand new watch", "watch under 50", "cheapness", "price"),
    ],
)
def test_words_that_are_names_or_say_something_else(catalogue: CatalogueView, text: str) -> None:
    assert read_order(normalise(text), catalogue) is None


def test_a_value_that_tells_products_apart_is_no_order(tmp_path: Path) -> None:
    def view(index: QdrantEdgeIndex, *conditions: str) -> CatalogueView:
        index.clear()
        index.upsert(
            [
                record(
                    Product.parse({"id": f"{n}", "title": "Laptop", "attributes": {"condition": condition}}),
                    VECTOR,
                )
                for n, condition in enumerate(conditions)
            ]
        )
        return CatalogueView(index, index=index)

    with QdrantEdgeIndex.open(tmp_path / "index", 8) as index:
        assert read_order("new laptop", view(index, "new", "used", "refurbished")) is None
        assert read_order("new laptop", view(index, *["new"] * 20)) is not None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cheap watch", "cheap"),
        ("便宜的手机", "便宜的"),
        ("affordable new phone", None),
        ("cheapest phone", None),
    ],
)
def test_mild_words_only_prefer(catalogue: CatalogueView, text: str, words: str | None) -> None:
    order = read_order(text, catalogue)
    assert order is not None
    assert (order.is_mild, order.chip.text if order.is_mild else None) == (words is not None, words)


def test_a_removed_chip_and_codes_ask_for_nothing(catalogue: CatalogueView) -> None:
    assert read_order("cheapest watch", catalogue, dismissed=["sort = price"]) is None
    assert read_order("new-1 watch", catalogue, [(0, 5)]) is None
    both = read_order("cheapest new watch", catalogue, dismissed=["sort = price"])
    assert both is not None
    assert both.sort == "newest"


class Lengths:
    """Encodes a text as its length, and remembers it."""

    fingerprint, dimension = "lengths", 8

    def __init__(self) -> None:
        self.texts: list[str] = []

    def encode_texts(self, texts: list[str]) -> np.ndarray:
        self.texts += texts
        return np.ones((len(texts), 8), np.float32) / np.float32(np.sqrt(8))

    def encode_photos(self, photos: list[object]) -> np.ndarray:
        return np.zeros((len(photos), 8), np.float32)


def test_the_rest_is_searched(catalogue: CatalogueView) -> None:
    encoder = Lengths()
    query = understand(encoder, QueryInput((), "the cheapest watch under 50"), catalogue)  # type: ignore[arg-type]
    assert encoder.texts == ["watch"]
    assert [word.text for word in query.words] == ["watch"]
    assert query.order is not None
    assert (query.order.sort, query.normalised) == ("price", "the cheapest watch under 50")
    (price,) = [chip for chip in query.chips if chip.kind == "price"]
    assert query.normalised[price.start : price.end] == "under 50"
    # Where nothing else is asked for, the shop is browsed in that order.
    for text in ("new arrivals", "最便宜的", "cheapest under 50"):
        query = understand(encoder, QueryInput((), text), catalogue)  # type: ignore[arg-type]
        assert query.is_empty
        assert query.order is not None
    assert encoder.texts == ["watch"]
    off = UnderstandingSettings(constraints={"sort": "off"})
    query = understand(encoder, QueryInput((), "cheapest watch"), catalogue, off)  # type: ignore[arg-type]
    assert (query.order, encoder.texts[-1]) == (None, "cheapest watch")
