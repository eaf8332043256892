"""Codes: ids, article numbers and barcodes, whole and in part."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snapshelf.encoders import load_encoder
from snapshelf.index import QdrantEdgeIndex, Record
from snapshelf.language import Vocabulary
from snapshelf.query import CatalogueView, CodeTable, QueryInput, understand
from snapshelf.query.codes import EXACT, MAX_MATCHES, PREFIX, WITHIN, read_codes

PRODUCTS: Mapping[str, Mapping[str, Any]] = {
    "KX55-XS-Red": {"attributes.ean": 4006381333931.0, "group_id": "KX55", "attributes.colour": "Red"},
    "KX55-M-Blue": {"attributes.ean": 4006381333948.0, "group_id": "KX55", "attributes.colour": "Blue"},
    "AB-1234": {"attributes.ean": "0012345678905", "attributes.model": "Galaxy S21"},
    "AB-1299": {"attributes.ean": "9783161484100", "attributes.model": "WH-1000XM4"},
    "0012": {"attributes.货号": "货A9 7731"},
    "42": {"attributes.year": 2012.0},
    "watch": {"attributes.size": "42"},
    "watch-12": {"attributes.size": "44"},
}


class Shelf:
    """An index that can be changed, with the table of its codes."""

    def __init__(self, folder: Path) -> None:
        self.index = QdrantEdgeIndex.open(folder, 4)
        self.codes = CodeTable(self.index)

    def put(self, products: Mapping[str, Mapping[str, Any]]) -> None:
        photo = np.ones((1, 4), np.float32)
        self.index.upsert(
            [Record(id, photo, fields={"in_stock": True, **fields}) for id, fields in products.items()]
        )
        self.codes.changed(products)

    def remove(self, *ids: str) -> None:
        self.index.delete(ids)
        self.codes.changed(ids)

    def read(self, text: str, *shop_words: str) -> dict[str, int]:
        return dict(read_codes(text, self.codes, Vocabulary.of(shop_words)).matches)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path_factory.mktemp("shop"))
    shelf.put(PRODUCTS)
    with shelf.index:
        yield shelf


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path / "index")
    with shelf.index:
        yield shelf


@pytest.mark.parametrize("text", ["ab-1234", "ab1234", "ab 1234", "ab_12.34", "AB-1234".lower()])
def test_case_and_signs_do_not_matter(shop: Shelf, text: str) -> None:
    assert shop.read(text) == {"AB-1234": EXACT}


def test_a_barcode_that_was_read_as_a_number(shop: Shelf) -> None:
    assert shop.read("4006381333931") == {"KX55-XS-Red": EXACT}
    assert shop.read("4006 3813 3393 1") == {"KX55-XS-Red": EXACT}


@pytest.mark.parametrize("text", ["0012345678905", "12345678905", "012345678905", "00012345678905"])
def test_zeros_in_front_of_a_barcode_are_padding(shop: Shelf, text: str) -> None:
    assert shop.read(text) == {"AB-1234": EXACT}


def test_zeros_in_front_of_an_id_are_part_of_it(shop: Shelf) -> None:
    assert shop.read("0012")["0012"] == EXACT
    assert "0012" not in shop.read("12")


def test_a_group_is_all_its_variants_and_a_variant_is_itself(shop: Shelf) -> None:
    assert shop.read("kx55") == {"KX55-XS-Red": EXACT, "KX55-M-Blue": EXACT}
    assert shop.read("kx55-m-blue") == {"KX55-M-Blue": EXACT}


def test_beginnings_before_other_parts(shop: Shelf) -> None:
    assert shop.read("kx5") == {"KX55-M-Blue": PREFIX, "KX55-XS-Red": PREFIX}
    assert shop.read("40063813339") == {"KX55-XS-Red": PREFIX, "KX55-M-Blue": PREFIX}
    assert shop.read("1333931") == {"KX55-XS-Red": WITHIN}
    assert list(shop.read("ab12").items()) == [("AB-1234", PREFIX), ("AB-1299", PREFIX)]


def test_too_short_parts_match_nothing(shop: Shelf) -> None:
    assert shop.read("a1") == shop.read("331") == shop.read("400") == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("spare part for ab1234 please", {"AB-1234": EXACT}),
        ("ab 1234 and ab-1299", {"AB-1234": EXACT, "AB-1299": EXACT}),
        ("ean: 9783161484100", {"AB-1299": EXACT}),
        ("货号 a9-7731", {}),
        ("货a9 7731", {"0012": EXACT}),
        ("型号wh1000xm4的耳机", {"AB-1299": EXACT}),
        ("headphones wh-1000xm", {"AB-1299": PREFIX}),
    ],
)
def test_codes_among_words(shop: Shelf, text: str, expected: dict[str, int]) -> None:
    assert shop.read(text, "headphones", "spare part") == expected


@pytest.mark.parametrize(
    "text",
    ["red dress 42", "size 42", "watch 12 v", "dress 2012", "galaxy s21", "shoes", "watch strap", "500ml"],
)
def test_words_and_quantities_are_no_codes(shop: Shelf, text: str) -> None:
    assert shop.read(text, "watch strap", "galaxy s21", "dress") == {}


def test_the_whole_text_may_be_any_id(shop: Shelf) -> None:
    assert shop.read("42")["42"] == EXACT
    assert shop.read("watch") == {"watch": EXACT}, "an id that begins with a word is no reason"


def test_a_number_that_the_shop_has_as_a_word_is_no_part_of_a_code(shop: Shelf) -> None:
    assert shop.read("1299") == {"AB-1299": WITHIN}
    assert shop.read("1299", "puzzle with 1299 pieces") == {}


def test_a_word_that_many_products_have_is_no_code_among_words(empty: Shelf) -> None:
    empty.put({"USB3": {}, "B": {}, "A-4": {}})
    assert empty.read("paper a-4", *["a4 paper"] * 9) == {}
    assert empty.read("paper a4") == {}
    assert empty.read("paper a-4") == {"A-4": EXACT}
    assert empty.read("usb3 cable", *["usb3 cable"] * 9) == {}
    assert empty.read("usb3", *["usb3 cable"] * 9) == {"USB3": EXACT}


def test_spans_are_the_codes(shop: Shelf) -> None:
    assert read_codes("red kx55-xs-red top", shop.codes).spans == [(4, 15)]
    assert read_codes("watch", shop.codes) == ({"watch": EXACT}, (), True), "a word, too"


def test_terms_of_codes_are_those_of_the_products(shop: Shelf) -> None:
    def terms(text: str) -> list[set[str]]:
        return [set(word.terms) for word in read_codes(text, shop.codes).words]

    assert terms("case for kx55-xs-red") == [{"kx55xsred"}]
    assert terms("40063813339") == [{"40063813339", "4006381333931", "4006381333948"}]
    assert terms("12345678905") == [{"12345678905", "0012345678905"}]


def test_columns_are_recognised_by_name_or_by_their_values(empty: Shelf) -> None:
    empty.put(
        {
            f"p{n}": {
                "attributes.lot": f"LT{n}-{n * 7919 % 997:03d}Q",  # neither name nor meaning, but all differ
                "attributes.model": "Slim Fit",  # the name of a code, but words
                "attributes.related_skus": f"SK-{(n + 1) % 12:04d}",  # of other products
                "attributes.created_at": f"2024-05-{n + 1:02d}",
                "attributes.weight": f"{100 + n}g",
                "attributes.size": "42",
                "attributes.photo": f"img{n:04d}.jpg",
                "attributes.SKU": f"SK-{n:04d}",
            }
            for n in range(12)
        }
    )
    assert empty.read("lt3-826q") == {"p3": EXACT}
    assert empty.read("sk0003") == {"p3": EXACT}
    for text in ("slim fit", "2024-05-03", "103g", "img0003", "img0003.jpg"):
        assert empty.read(text) == {}, text


def test_lists_of_codes(empty: Shelf) -> None:
    empty.put(
        {
            "a": {"attributes.barcode": ["4006381333931", "4006381333948"]},
            "b": {"attributes.barcode": "4006381333955; 4006381333962"},
        }
    )
    assert empty.read("4006381333948") == {"a": EXACT}
    assert empty.read("4006381333962") == {"b": EXACT}


def test_changes_are_seen_at_once(empty: Shelf) -> None:
    empty.put({f"ID-{n:04d}": {} for n in range(50)})
    assert empty.read("id-0007")["ID-0007"] == EXACT
    empty.put({"NEW-1": {}, "ID-0007": {"attributes.sku": "ZZ-99"}})
    assert empty.read("new1") == {"NEW-1": EXACT}
    assert empty.read("zz99") == {"ID-0007": EXACT}
    empty.remove("NEW-1", "ID-0003")
    assert empty.read("new1") == {}
    assert "ID-0003" not in empty.read("id-000")
    empty.put({"ID-0007": {"attributes.sku": "YY-98"}})
    assert (empty.read("zz99"), empty.read("yy98")) == ({}, {"ID-0007": EXACT})
    empty.put({f"X{n:03d}": {} for n in range(500)})
    assert empty.read("x499") == {"X499": EXACT}
    assert empty.read("yy98") == {"ID-0007": EXACT}


def test_changes_while_the_table_is_built_are_kept(empty: Shelf) -> None:
    stop = threading.Event()
    missing: list[str] = []

    def ask() -> None:
        while not stop.is_set():
            empty.read("n0000")

    readers = [threading.Thread(target=ask) for _ in range(2)]
    for reader in readers:
        reader.start()
    for n in range(0, 600, 20):
        empty.put({f"N{m:04d}": {} for m in range(n, n + 20)})
        missing += [f"N{m:04d}" for m in (0, n, n + 19) if f"N{m:04d}" not in empty.read(f"n{m:04d}")]
    stop.set()
    for reader in readers:
        reader.join()
    assert missing == []


def test_matches_are_bounded(empty: Shelf) -> None:
    empty.put({f"LONG-{n:05d}": {} for n in range(1_000)})
    matches = empty.read("long-0")
    assert len(matches) == MAX_MATCHES
    assert set(matches.values()) == {PREFIX}


def test_lookups_are_fast(empty: Shelf) -> None:
    empty.put(
        {f"{n * 7919 % 999_983:06d}-{n}": {"attributes.ean": float(4 * 10**12 + n)} for n in range(5_000)}
    )
    empty.read("warm up 1")
    texts = ["400000", "0004998", "391-", "no such 99999x code", "blue shirt"]
    start = time.process_time()
    for _ in range(20):
        for text in texts:
            empty.read(text)
    assert (time.process_time() - start) / (20 * len(texts)) < 0.002


def test_understanding_neither_corrects_codes_nor_reads_chips_from_them(shop: Shelf) -> None:
    encoder = load_encoder()
    vocabulary = Vocabulary.of(["red hooded top", "blue top", "watch strap"] * 9)
    catalogue = CatalogueView(shop.index, vocabulary=vocabulary, codes=shop.codes)
    query = understand(encoder, QueryInput(text="KX55-XS-Red"), catalogue)
    assert (query.codes, query.chips, query.correction) == ({"KX55-XS-Red": EXACT}, (), None)
    assert query.normalised == "kx55-xs-red"
    query = understand(encoder, QueryInput(text="hoded blue kx55-xs-red"), catalogue)
    assert query.normalised == "hooded blue kx55-xs-red"
    assert [chip.text for chip in query.chips] == ["blue"]
    assert query.codes == {"KX55-XS-Red": EXACT}


def test_a_code_is_a_single_word_of_the_query(shop: Shelf) -> None:
    catalogue = CatalogueView(shop.index, codes=shop.codes)
    query = understand(load_encoder(), QueryInput(text="blue KX55-XS-Red for ab 1234"), catalogue)
    words = [(word.text, word.alternatives) for word in query.words]
    assert words[1:] == [("kx55-xs-red", (("kx55xsred",),)), ("ab 1234", (("ab1234",),))]
    assert words[0][0] == "blue"
