"""The shop's words follow its catalogue, whatever happens between."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapshelf.catalogue import Catalogue, Entry, PhotoEntry, Product
from snapshelf.language import Lexicon
from snapshelf.suggest import ShopVocabulary
from snapshelf.suggest import vocabulary as shopwords
from snapshelf.suggest.vocabulary import Phrase, phrases_of

LEXICON = Lexicon.bundled()


def product(id: str, title: str = "Zova Red Summer Dress", **fields: Any) -> Product:
    return Product.parse({"id": id, "title": title, "brand": "Zova", "category": "Apparel > Dress", **fields})


def entry(each: Product) -> Entry:
    return Entry(each, (PhotoEntry(each.id, np.eye(1, 4, dtype=np.float32)[0]),))


def put(catalogue: Catalogue, words: ShopVocabulary, *products: Product) -> None:
    before = catalogue.get_many(each.id for each in products).values()
    version = catalogue.put([entry(each) for each in products])
    words.replace(before, products, version)


def contents(words: ShopVocabulary) -> tuple[dict[Phrase, int], dict[str, int], int]:
    return dict(words.phrases()), dict(words.vocabulary), words.version


@pytest.fixture
def catalogue(tmp_path: Path):
    with Catalogue.open(tmp_path / "catalogue.sqlite") as opened:
        yield opened


def test_phrases_say_what_a_product_is_in_both_languages() -> None:
    found = phrases_of(product("1", attributes={"fabric": "Cotton"}), LEXICON)
    assert {
        Phrase("Zova", "brand", ""),
        Phrase("Apparel", "category", "en"),
        Phrase("dress", "category", "en"),
        Phrase("连衣裙", "category", "zh"),
        Phrase("red dress", "phrase", "en"),
        Phrase("红色连衣裙", "phrase", "zh"),
        Phrase("cotton dress", "phrase", "en"),
        Phrase("Zova dress", "phrase", "en"),
        Phrase("Zova 连衣裙", "phrase", "zh"),
        Phrase("summer dress", "part", "en"),
        Phrase("Zova Red Summer Dress", "title", "en"),
    } <= found
    # Without a field for the brand, a title begins with it; a concept is none.
    assert Phrase("zova dress", "part", "en") in phrases_of(product("1", brand=""), LEXICON)
    assert Phrase("red dress", "part", "en") not in phrases_of(
        product("1", "Red Summer Dress", brand=""), LEXICON
    )


def test_follows_what_is_put_changed_and_removed(catalogue: Catalogue, tmp_path: Path) -> None:
    words = ShopVocabulary.open(tmp_path / "words", catalogue, LEXICON)
    empty = contents(words)
    put(catalogue, words, product("1"), product("2", "Blue dress"))
    counts = dict(words.phrases())
    assert counts[Phrase("dress", "category", "en")] == 2
    assert counts[Phrase("red dress", "phrase", "en")] == 1
    assert "summer" in words.vocabulary
    put(catalogue, words, product("1", "Green dress"))
    counts = dict(words.phrases())
    assert Phrase("red dress", "phrase", "en") not in counts
    assert counts[Phrase("green dress", "phrase", "en")] == 1
    assert "summer" not in words.vocabulary
    before = catalogue.get_many(["1", "2"]).values()
    catalogue.delete(["1", "2"])
    words.replace(before, (), catalogue.version)
    assert contents(words)[:2] == empty[:2]


TITLES = st.sampled_from(["red dress", "Zova Bag", "蓝色牛仔裤", "Ünïque thing 12", "a"])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from("abcd"), st.none() | TITLES, min_size=1), max_size=6))
def test_any_changes_lead_where_a_new_count_does(
    tmp_path_factory: pytest.TempPathFactory, changes: list[dict[str, str | None]]
) -> None:
    folder = tmp_path_factory.mktemp("words")
    words, now = ShopVocabulary(folder, LEXICON), {}
    for version, change in enumerate(changes, 1):
        before = [now[id] for id in change if id in now]
        after = [product(id, title) for id, title in change.items() if title]
        now = {id: each for id, each in now.items() if id not in change} | {each.id: each for each in after}
        words.replace(before, after, version)
    fresh = ShopVocabulary(folder, LEXICON)
    fresh.replace((), now.values(), len(changes))
    assert contents(words)[:2] == contents(fresh)[:2]


def test_what_was_saved_is_loaded_and_what_came_since_is_added(catalogue: Catalogue, tmp_path: Path) -> None:
    folder = tmp_path / "words"
    words = ShopVocabulary.open(folder, catalogue, LEXICON)
    put(catalogue, words, product("1"))
    words.save()
    files = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    words.save()
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == files
    assert contents(ShopVocabulary.open(folder, catalogue, LEXICON)) == contents(words)
    # As after a kill: the catalogue is ahead of what was saved.
    put(catalogue, words, product("2", "Green bag"))
    assert contents(ShopVocabulary.open(folder, catalogue, LEXICON)) == contents(words)


@pytest.mark.parametrize(
    "trouble", ["torn", "words gone", "other words", "older catalogue", "other lexicon", "no JSON"]
)
def test_what_does_not_fit_is_made_anew(catalogue: Catalogue, tmp_path: Path, trouble: str) -> None:
    folder, lexicon = tmp_path / "words", LEXICON
    words = ShopVocabulary.open(folder, catalogue, LEXICON)
    put(catalogue, words, product("1"))
    words.save()
    phrases, vocabulary = folder / "phrases.json.gz", folder / "vocabulary.tsv"
    match trouble:
        case "torn":
            phrases.write_bytes(phrases.read_bytes()[:-30])
        case "words gone":
            vocabulary.unlink()
        case "other words":
            other = ShopVocabulary(tmp_path / "other", LEXICON)
            other.replace((), [product("1"), product("2", "Quite another")], 1)
            other.save()
            vocabulary.write_bytes((tmp_path / "other" / "vocabulary.tsv").read_bytes())
        case "older catalogue":
            words.replace((), [product("3")], 99)
            words.save()
        case "other lexicon":
            own = tmp_path / "lexicon.yaml"
            own.write_text("category:\n  gown: {en: [summer dress], parent: dress}\n", encoding="utf-8")
            lexicon = Lexicon.load(own).overlay(LEXICON)
        case "no JSON":
            with gzip.open(phrases, "wt", encoding="utf-8") as file:
                json.dump([1], file)
    expected = ShopVocabulary(tmp_path / "none", lexicon)
    expected.replace((), [product("1")], catalogue.version)
    found = ShopVocabulary.open(folder, catalogue, lexicon)
    assert contents(found) == contents(expected)
    if trouble == "other lexicon":
        assert Phrase("red summer dress", "phrase", "en") in dict(found.phrases())


def test_of_too_many_phrases_the_rare_ones_are_forgotten(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(shopwords, "MAX_PHRASES", 40)
    words = ShopVocabulary(tmp_path, LEXICON)
    words.replace((), [product("1"), product("2", "Zova Blue Dress")], 1)
    words.replace((), [product(str(number), f"Thing {number}") for number in range(3, 60)], 2)
    counts = dict(words.phrases())
    assert counts[Phrase("Zova", "brand", "")] == 59
    assert min(counts.values()) > 1
    # What was forgotten may go without harm.
    words.replace([product("1")], (), 3)
    assert dict(words.phrases())[Phrase("Zova", "brand", "")] == 58


def test_names_of_brands_come_from_bilingual_titles_and_follow_the_products(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    words = ShopVocabulary(tmp_path, LEXICON)
    put(
        catalogue,
        words,
        product("1", "Zova/佐瓦 dress", brand="Zova"),
        product("2", "Red/红色 dress", brand="Acme"),
    )
    assert words.brand_names().others("Zova") == []  # a single title may say anything
    put(
        catalogue,
        words,
        product("3", "佐瓦（Zova）红裙", brand="佐瓦"),
        product("4", "Acme（安可）", brand="Acme（安可）"),
    )
    words.save()
    for known in (words, ShopVocabulary.open(tmp_path, catalogue, LEXICON)):
        assert known.brand_names().others("Zova") == ["佐瓦"]
        assert known.brand_names().others("安可") == ["acme"]
        assert known.brand_names().others("Red") == []
    put(catalogue, words, product("3"), product("4"))
    assert words.brand_names().others("Zova") == []
    assert words.brand_names().others("安可") == []
