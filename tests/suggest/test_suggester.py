"""Completions and related queries: what is offered exists."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from snapshelf.catalogue import Product
from snapshelf.index.documents import document_terms
from snapshelf.language import Lexicon, search_terms
from snapshelf.suggest import QueryLog, ShopVocabulary, Suggester
from snapshelf.suggest import suggester as suggest

LEXICON = Lexicon.bundled()


def product(id: int, title: str, **fields: Any) -> Product:
    return Product.parse({"id": f"{id}", "title": title, **fields})


SHOP = [
    product(1, "Zova Summer Dress", brand="Zova", category="Apparel > Dresses", attributes={"colour": "Red"}),
    product(2, "Zova Long Dress", brand="Zova", category="Apparel > Dresses", attributes={"colour": "Blue"}),
    product(3, "Lumo Dress", brand="Lumo", category="Apparel > Dresses", attributes={"colour": "Red"}),
    product(4, "Lumo Running Sneakers", brand="Lumo", category="Footwear > Sneakers"),
    product(5, "法式红色连衣裙", category="服装 > 连衣裙"),
    product(6, "Zova Canvas Backpack", brand="Zova", category="Bags > Backpacks"),
    product(7, "Lumo Skirt", brand="Lumo", category="Apparel > Skirts", attributes={"colour": "Red"}),
]


@pytest.fixture
def words(tmp_path: Path) -> ShopVocabulary:
    made = ShopVocabulary(tmp_path / "words", LEXICON)
    made.replace((), SHOP, 1)
    return made


@pytest.fixture
def suggester(words: ShopVocabulary) -> Suggester:
    return Suggester(words, LEXICON)


def test_a_brand_is_completed_under_its_other_name(tmp_path: Path) -> None:
    words = ShopVocabulary(tmp_path / "words", LEXICON)
    words.replace((), [product(1, "Galaxy S24", brand="Samsung"), product(2, "荣耀手机", brand="荣耀")], 1)
    suggester = Suggester(words, LEXICON)
    assert texts(suggester, "三") == ["三星"]
    assert texts(suggester, "sanx") == ["三星"]
    assert "荣耀" in texts(suggester, "rong")


def find(terms: Mapping[str, float], k: int) -> list[Product]:
    """Words recall without weights."""
    scores = {each.id: len(terms.keys() & document_terms(each).keys()) for each in SHOP}
    best = sorted((each for each in SHOP if scores[each.id]), key=lambda each: (-scores[each.id], each.id))
    return best[:k]


def texts(suggester: Suggester, prefix: str, k: int = 8, language: Any = None) -> list[str]:
    return [each.text for each in suggester.suggest(prefix, k, language)]


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("zo", "Zova"),
        ("ＺＯ", "Zova"),
        ("dre", "dress"),
        ("red d", "red dress"),
        ("lian", "连衣裙"),
        ("lyq", "连衣裙"),
        ("红色连", "红色连衣裙"),
        ("zova b", "Zova backpack"),
        ("lumo run", "Lumo Running Sneakers"),
        ("backpak", "backpack"),  # a slip
        ("zova bakpack", "Zova backpack"),
        ("连衣群", "连衣裙"),
    ],
)
def test_completes_brands_categories_phrases_and_titles(
    suggester: Suggester, prefix: str, expected: str
) -> None:
    assert expected in texts(suggester, prefix)


def test_says_where_a_suggestion_comes_from(suggester: Suggester) -> None:
    found = {each.text: (each.kind, each.language) for each in suggester.suggest("zova", 20)}
    assert found["Zova dress"] == ("phrase", "en")
    assert found["Zova Summer Dress"] == ("title", "en")
    assert {each.text: (each.kind, each.language) for each in suggester.suggest("zov")}["Zova"] == (
        "brand",
        "",
    )


def test_gives_no_two_of_the_same_words_and_not_what_is_typed(suggester: Suggester) -> None:
    found = texts(suggester, "dress", 20)
    assert "dress" not in [text.lower() for text in found]
    keys = [frozenset(search_terms(text)) for text in found]
    assert len(keys) == len(set(keys))
    assert len(texts(suggester, "z", 2)) == 2


def test_prefers_the_language_that_is_asked_for(suggester: Suggester) -> None:
    assert suggester.suggest("zova ", 1, "zh")[0].language == "zh"
    assert suggester.suggest("zova ", 1, "en")[0].language == "en"


def test_completes_the_last_word_after_words_that_the_shop_knows(suggester: Suggester) -> None:
    assert texts(suggester, "lumo canvas backp") == ["lumo canvas backpack"]
    assert texts(suggester, "qwxyz backp") == []
    assert "帆布连衣裙" in texts(suggester, "帆布连")


@pytest.mark.parametrize("prefix", ["", "  ", "\x00", "🙂", "x" * 10_000, "%_'\"", "\ud83d"])
def test_odd_prefixes_give_nothing(suggester: Suggester, prefix: str) -> None:
    assert suggester.suggest(prefix) == []


def test_offers_what_others_searched_for_but_not_what_one_did(words: ShopVocabulary, tmp_path: Path) -> None:
    log = QueryLog.open(tmp_path / "queries.sqlite")
    for _ in range(3):
        log.note("zebra dress", 5)
        log.note("zebra sofa", 0)
    log.note("zebra from my private life", 5)
    suggester = Suggester(words, LEXICON, log)
    assert [(each.text, each.kind) for each in suggester.suggest("zeb")] == [("zebra dress", "query")]
    log.close()


def test_follows_the_catalogue(words: ShopVocabulary, suggester: Suggester) -> None:
    assert texts(suggester, "qua") == []
    words.replace((), [product(9, "Quartz Watch", brand="Quala")], 2)
    assert "Quala" in texts(suggester, "qua")


def test_answers_while_a_slow_index_is_made_beside(
    words: ShopVocabulary, suggester: Suggester, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Zova" in texts(suggester, "zov")
    monkeypatch.setattr(suggest, "_MAX_WAIT", 0.0)
    going, made = threading.Event(), suggester._build

    def slow() -> Any:
        assert going.wait(20)
        return made()

    monkeypatch.setattr(suggester, "_build", slow)
    words.replace((), [product(9, "Quartz Watch", brand="Quala")], 2)
    assert texts(suggester, "qua") == []
    assert "Zova" in texts(suggester, "zov")
    going.set()
    for thread in threading.enumerate():
        if thread.name == "snapshelf-suggest":
            thread.join()
    assert "Quala" in texts(suggester, "qua")


def test_prepare_makes_the_index_before_it_is_asked_for(words: ShopVocabulary) -> None:
    suggester = Suggester(words, LEXICON)
    suggester.prepare()
    for thread in threading.enumerate():
        if thread.name == "snapshelf-suggest":
            thread.join()
    made = suggester._index
    assert made is not None
    assert "Zova" in texts(suggester, "zov")
    assert suggester._index is made


def related(suggester: Suggester, text: str | None, hits: Sequence[Product], k: int = 20) -> list[str]:
    return suggester.related(text, hits, find, k)


def test_related_queries_are_narrower_or_beside(suggester: Suggester) -> None:
    dresses = SHOP[:3]
    found = related(suggester, "dress", dresses)
    assert {"red dress", "blue dress", "Zova dress", "Lumo dress"} <= set(found)
    # Beside dresses: the shop has skirts, which are bottomwear, and no nightwear.
    assert "bottomwear" in found
    assert not [each for each in found if "nightwear" in each]
    assert "红色连衣裙" in related(suggester, "连衣裙", dresses)
    # All that are shown are Zova's: that would find the same again.
    assert "Zova dress" not in related(suggester, "dress", dresses[:2])
    # The query says a colour already.
    assert not [each for each in related(suggester, "red dress", dresses) if "blue" in each]


def test_a_related_query_has_a_product_with_all_of_its_words(suggester: Suggester) -> None:
    for text in ("dress", "red dress", "apparel", "连衣裙", "zova", "footwear", "红色的鞋", None, ""):
        hits = find(dict.fromkeys(search_terms(text or "apparel"), 1.0), 10)
        found = related(suggester, text, hits)
        assert len(found) == len({frozenset(search_terms(each)) for each in found})
        for each in found:
            concepts = {match.concept.term for match in LEXICON.find(each)}
            assert any(concepts <= document_terms(one).keys() for one in SHOP), each
    assert related(suggester, "footwear", [SHOP[3]])[0] == "casual shoes"


def test_a_photo_alone_has_related_queries_of_what_it_found(suggester: Suggester) -> None:
    found = related(suggester, None, SHOP[:3])
    assert "red dress" in found
    assert related(suggester, None, []) == []
    assert related(suggester, "🙂", []) == []


def test_related_queries_are_at_most_as_many_as_asked_for(suggester: Suggester) -> None:
    assert len(related(suggester, "dress", SHOP[:3], 2)) == 2
