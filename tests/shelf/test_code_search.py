"""Codes through a whole shelf: searches and completions by id, article number and barcode."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from snapshelf.catalogue import Product
from snapshelf.shelf import Shelf

ROWS = [
    {"id": "KX55-XS-Red", "title": "Hooded top", "group_id": "KX55", "attributes": {"ean": 4006381333931}},
    {"id": "KX55-M-Blue", "title": "Hooded top", "group_id": "KX55", "attributes": {"ean": 4006381333948}},
    {"id": "100200300", "title": "Oil filter", "attributes": {"ean": "9783161484100"}},
    {"id": "AB-1234", "title": "Cordless drill", "attributes": {"ean": "0012345678905"}},
    {"id": "T-9", "title": "Tank top XS red", "attributes": {"ean": 40170725.0}},
    {"id": "watch", "title": "Ring with a stone"},
    {"id": "R-1", "title": "Wrist watch in gold"},
    {"id": "R-2", "title": "Black wrist watch"},
]


def photo(number: int) -> bytes:
    image = Image.new("RGB", (64, 64), "white")
    ImageDraw.Draw(image).ellipse((4, 4, 60 - number, 60), fill=(number * 53 % 256, number * 101 % 256, 90))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    with Shelf.open(tmp_path_factory.mktemp("codes") / "shelf") as opened:
        for number, row in enumerate(ROWS):
            opened.put(Product.parse(row), [photo(number)])
        yield opened


def suggestions(shelf: Shelf, typed: str, k: int = 8) -> list[tuple[str, str]]:
    return [(suggestion.text, suggestion.kind) for suggestion in shelf.suggest(typed, k)]


def test_codes_complete_what_is_typed(shelf: Shelf) -> None:
    assert suggestions(shelf, "KX5") == [(text, "code") for text in ("KX55", "KX55-M-Blue", "KX55-XS-Red")]
    assert suggestions(shelf, "kx55") == [("KX55-M-Blue", "code"), ("KX55-XS-Red", "code")]
    assert suggestions(shelf, "40063") == [("4006381333931", "code"), ("4006381333948", "code")]
    assert suggestions(shelf, "40063", k=1) == [("4006381333931", "code")]
    assert suggestions(shelf, "1234567") == [("0012345678905", "code")]
    assert suggestions(shelf, "AB-1234") == []


def test_words_are_completed_by_words(shelf: Shelf) -> None:
    assert "code" not in {kind for _, kind in suggestions(shelf, "wat")}


def test_codes_of_hidden_products_are_not_offered(tmp_path: Path) -> None:
    with Shelf.open(tmp_path / "shelf") as opened:
        for id in ("LOT-1001", "LOT-1002"):
            opened.put(Product.parse({"id": id, "title": "Candle"}), [photo(3)])
        opened.set_rules('rules:\n  - name: recalled\n    hide: ["LOT-1001"]\n')
        assert suggestions(opened, "lot-1") == [("LOT-1002", "code")]
