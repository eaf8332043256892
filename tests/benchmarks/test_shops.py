"""The measure of shops: what is asked is in the shop or is not, what is right is right, and a miss is counted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.shops.cases import CASES
from benchmarks.shops.measure import measure
from benchmarks.shops.queries import Judge, Judged, folded
from benchmarks.shops.report import as_text
from benchmarks.shops.shop import Shop, open_shop
from benchmarks.shops.sources import OWN, SOURCES, join_words
from benchmarks.shops.systems import BM25, SYSTEMS, FullText, compare
from snapshelf.catalogue import Product
from snapshelf.encoders import load_encoder
from snapshelf.shelf import Shelf

NUMBER = 12


def silent(_: str) -> None:
    """Take a report of progress."""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shops")


@pytest.fixture(scope="module")
def european(cache: Path) -> Shop:
    shop = open_shop("european", None, cache, silent)
    assert shop is not None
    return shop


@pytest.fixture(scope="module")
def chinese(cache: Path) -> Shop:
    shop = open_shop("chinese", None, cache, silent)
    assert shop is not None
    return shop


@pytest.fixture(scope="module")
def queries(european: Shop, chinese: Shop) -> Sequence[Judged]:
    judges = Judge(european, NUMBER), Judge(chinese, NUMBER)
    return judges[0].queries(judges[1:])


def test_a_shop_of_shared_data_is_left_out_where_there_is_none(cache: Path) -> None:
    assert open_shop("oro", None, cache, silent) is None
    assert open_shop("oro", cache / "nowhere", cache, silent) is None


def test_a_shop_is_taken_from_the_cache(european: Shop, cache: Path) -> None:
    reports: list[str] = []
    again = open_shop("european", None, cache, reports.append)
    assert reports == []
    assert again is not None
    assert again.products == european.products
    assert len(again.products) == 100


def test_titles_of_chinese_words_are_written_as_shops_write_them(chinese: Shop) -> None:
    assert join_words(["罗技", "MX Master 3S", "无线", "鼠标"]) == "罗技MX Master 3S无线鼠标"
    assert join_words(["碎花", "连衣裙", "女"]) == "碎花连衣裙女"
    for product in chinese.products:
        assert all(
            word.replace(" ", "") in product.title.replace(" ", "")
            for word in chinese.source.words[product.title]
        )


def test_what_is_right_has_the_words_and_what_is_foreign_is_nowhere(
    european: Shop, queries: Sequence[Judged]
) -> None:
    titles = {product.id: folded(product.title) for product in european.products}
    for query in queries:
        if query.measure in ("one rare word", "two rare words", "whole title"):
            assert query.right, query
            assert all(word in titles[id] for word in folded(query.text).split() for id in query.right), query
        if query.measure == "word of another shop":
            assert not any(query.text in title for title in titles.values()), query
    measures = {query.measure for query in queries}
    assert measures >= {
        "one rare word",
        "word of another shop",
        "code as written",
        "part of a code",
        "kind, Chinese",
    }


def test_the_same_queries_are_drawn_every_time(
    european: Shop, chinese: Shop, queries: Sequence[Judged]
) -> None:
    assert Judge(european, NUMBER).queries([Judge(chinese, NUMBER)]) == queries


def test_codes_are_those_of_the_product(european: Shop) -> None:
    product = next(product for product in european.products if product.id == "DE-1001")
    assert european.code_values(product) == {"id": "DE-1001", "ean": "4006381333931"}


def test_chinese_words_are_asked_whole(chinese: Shop) -> None:
    asked = [
        query for query in Judge(chinese, NUMBER).queries([]) if query.measure.startswith("Chinese word")
    ]
    titles = {product.id: product.title for product in chinese.products}
    assert {len(query.text) for query in asked} == {2, 3}
    assert all(query.text in titles[id] for query in asked for id in query.right)


def test_a_first_hit_that_is_not_right_counts_as_a_miss(european: Shop) -> None:
    titles = {product.id: product.title for product in european.products}
    right = Judged("whole title", "Bücherregal aus Kiefernholz, fünf Böden", frozenset({"DE-1017"}))
    wrong = Judged("whole title", "Bücherregal aus Kiefernholz, fünf Böden", frozenset({"DE-1001"}))
    with Shelf.open(european.shelf, create=False) as shelf:
        figures = measure(shelf, [right, wrong], titles)
    assert figures.shares["whole title: first right"] == (0.5, 2)
    assert len(figures.failures["whole title: first right"]) == 1


def test_bm25_knows_pairs_of_chinese_characters_and_no_accents() -> None:
    titles = ["碎花连衣裙女夏季", "滚筒洗衣机", "Lámpara de ratán"]
    products = [Product.parse({"id": str(number), "title": title}) for number, title in enumerate(titles)]
    full_text = FullText(products)
    assert full_text.scores("连衣裙").argmax() == 0
    assert full_text.scores("洗衣机").tolist()[0] == 0
    assert full_text.scores("洗衣机").argmax() == 1
    assert full_text.scores("lampara").argmax() == 2
    assert not full_text.scores("— ?").any()


def test_systems_stand_beside_each_other(european: Shop, queries: Sequence[Judged]) -> None:
    shares = compare(european, load_encoder(None), queries)
    assert tuple(shares) == SYSTEMS
    assert shares[BM25]["one rare word"] == 1


def test_the_report_marks_what_is_not_reached() -> None:
    shop = {
        "products": 100,
        "photos": "plain",
        "shares": {"one rare word: first right": (0.5, 10), "two rare words: first right": (1.0, 10)},
        "systems": {system: {"one rare word": 1.0} for system in SYSTEMS},
        "cases": {"sofa: armchairs first": (False, "3 hits")},
        "failures": {},
    }
    text = as_text({"shops": {"small": shop}})
    assert "| one rare word: first right | .50 ✗ | ≥ .97 |" in text
    assert "| two rare words: first right | 1.00 | ≥ .98 |" in text
    assert "| BM25 alone | 1.00 |" in text
    assert "Single searches: 0 of 1 right" in text


def test_cases_are_of_shops_that_exist() -> None:
    assert {case.shop for case in CASES} <= SOURCES.keys()
    assert SOURCES.keys() >= set(OWN)
