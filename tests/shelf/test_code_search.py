"""Codes through a whole shelf: searches and completions by id, article number and barcode."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from snapshelf.catalogue import Product
from snapshelf.shelf import Shelf
from tests.plain_drawings import disc

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


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    with Shelf.open(tmp_path_factory.mktemp("codes") / "shelf") as opened:
        for number, row in enumerate(ROWS):
            opened.put(Product.parse(row), [disc(number)])
        yield opened


def hits(shelf: Shelf, text: str) -> list[str]:
    return [hit.product.id for hit in shelf.search(text=text, k=8)]


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("KX55-XS-Red", "KX55-XS-Red"),
        ("kx55 m blue", "KX55-M-Blue"),
        ("4006381333948", "KX55-M-Blue"),
        ("100200300", "100200300"),
        ("978-3-16-148410-0", "100200300"),
        ("ab1234", "AB-1234"),
        ("T-9", "T-9"),
        ("40170725", "T-9"),
        ("watch", "watch"),
        ("red tank top AB-1234", "AB-1234"),
        ("40063813339", "KX55-XS-Red"),
        ("1333948", "KX55-M-Blue"),
        ("100200", "100200300"),
    ],
)
def test_codes_come_first_and_are_a_good_match(shelf: Shelf, text: str, id: str) -> None:
    response = shelf.search(text=text, k=8)
    assert next(iter(response)).product.id == id
    assert not response.no_good_match
    assert response.chips == () or " " in text


def test_a_variant_stands_for_its_group_when_its_code_was_typed(tmp_path: Path) -> None:
    with Shelf.open(tmp_path / "shelf") as opened:
        for number, size in enumerate("SML"):
            row = {"id": f"TOP-{size}-77", "title": "Linen top", "group_id": "TOP", "stock": number}
            opened.put(Product.parse(row), [disc(3)])
        assert hits(opened, "top-s-77") == ["TOP-S-77"], "though it is sold out"
        assert hits(opened, "top-l-77") == ["TOP-L-77"]
        assert hits(opened, "linen top") in (["TOP-M-77"], ["TOP-L-77"])


def test_a_word_of_a_title_comes_before_a_part_of_a_code(tmp_path: Path) -> None:
    with Shelf.open(tmp_path / "shelf") as opened:
        rows = [("KX900-B", "Wireless headphones"), ("Z-1", "Case for KX900"), ("KX900-S", "Headphones")]
        for number, (id, title) in enumerate(rows):
            opened.put(Product.parse({"id": id, "title": title}), [disc(number)])
        assert hits(opened, "kx900")[0] == "Z-1"
        assert {*hits(opened, "kx900")[:3]} == {"KX900-B", "KX900-S", "Z-1"}


def test_a_kind_among_the_words_does_not_hide_the_code(tmp_path: Path) -> None:
    with Shelf.open(tmp_path / "shelf") as opened:
        rows = [(f"W-100{n}", "Steel watch", "Watches") for n in range(4)]
        for number, (id, title, category) in enumerate([*rows, ("B-2005", "Strap of leather", "Bands")]):
            opened.put(Product.parse({"id": id, "title": title, "category": category}), [disc(number)])
        assert hits(opened, "watch b-2005")[0] == "B-2005"
        assert {*hits(opened, "watch")} == {id for id, *_ in rows}


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
            opened.put(Product.parse({"id": id, "title": "Candle"}), [disc(3)])
        opened.set_rules('rules:\n  - name: recalled\n    hide: ["LOT-1001"]\n')
        assert suggestions(opened, "lot-1") == [("LOT-1002", "code")]
