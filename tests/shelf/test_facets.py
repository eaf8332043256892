"""Facets of a shelf: settings, the use that shoppers make of them, and values as the shop writes them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from snapshelf.catalogue import Product
from snapshelf.demo import DemoProduct
from snapshelf.search import Range
from snapshelf.shelf import Shelf


def test_facets_of_a_shelf(tmp_path: Path, feed: Path, drawings: list[DemoProduct]) -> None:
    photo = (feed.parent / f"{drawings[0].id}.jpg").read_bytes()
    folder = tmp_path / "shelf"
    with Shelf.open(folder) as shelf:
        for number, colour in enumerate(
            ("Red", "red", "RED ", "Red", "red/black", "black,red", "Blue", "blue")
        ):
            attributes = {
                "colour": colour,
                "cut": ("wide", "slim")[number % 2],
                "fit": ("a", "b")[number % 2],
            }
            shelf.put(
                Product.parse({"id": f"s{number}", "title": "Scarf", "attributes": attributes}), [photo]
            )
        (facet,) = shelf.search(text="scarf", facets=["colour"]).facets
        assert [(value.value, value.count) for value in facet.values] == [
            ("Red", 6),
            ("Blue", 2),
            ("black", 2),
        ]
        for value in facet.values:
            chosen = shelf.search(text="scarf", facet_filters={"colour": [value.value]}, collapse=False)
            assert chosen.total == value.count
        offered = [name for name, field in shelf.facet_fields().items() if field.shown]
        assert offered == ["colour", "cut", "fit"]
        shelf.search(text="scarf", facet_filters={"fit": ["a"]})
    (folder / "search.yaml").write_text("facets: {hidden: [colour]}", "utf-8")
    with Shelf.open(folder) as shelf:
        # The choice of a shopper moved it up.
        assert [name for name, field in shelf.facet_fields().items() if field.shown] == ["fit", "cut"]
    (folder / "search.yaml").write_text(
        "facets: {shown: [{field: cut, label: {en: Cut, zh: 版型}}], others: false}", "utf-8"
    )
    with Shelf.open(folder) as shelf:
        assert [name for name, field in shelf.facet_fields().items() if field.shown] == ["cut"]
        (facet,) = shelf.search(text="scarf", facets=["cut"]).facets
        assert facet.labels == {"en": "Cut", "zh": "版型"}


@pytest.fixture(scope="module")
def drawn(feed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    with Shelf.open(tmp_path_factory.mktemp("drawn") / "shelf") as shelf:
        shelf.add(feed)
        yield shelf


@pytest.mark.parametrize("query", ["dress", "black", "blue shoes", "warm", "zyx", "photo", "photo in red"])
def test_a_choice_returns_the_products_that_were_counted(
    drawn: Shelf, feed: Path, drawings: list[DemoProduct], query: str
) -> None:
    text = query.removeprefix("photo").strip() or None
    photo = feed.parent / f"{drawings[0].id}.jpg" if query.startswith("photo") else None
    asked: dict[str, Any] = {"text": text, "photo": photo}
    whole = drawn.search(**asked, facets=["colour", "price"])
    colour, price = whole.facets
    for value in colour.values:
        chosen = drawn.search(**asked, facets=["colour"], facet_filters={"colour": [value.value]})
        assert chosen.total == value.count
        # Its siblings stay as they were counted.
        siblings = {each.value: each.count for each in chosen.facets[0].values}
        assert siblings == {each.value: each.count for each in colour.values}
    for low, high, count in zip(price.edges, price.edges[1:], price.counts, strict=False):
        last = high == price.edges[-1]
        bounds = Range(low, high if last else math.nextafter(high, low))
        assert drawn.search(**asked, facet_filters={"price": bounds}).total == count
