from __future__ import annotations

import csv
import pickle
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshelf.errors import LexiconError
from snapshelf.language import Concept, Lexicon, normalise

if TYPE_CHECKING:
    from pathlib import Path

KIND_OF_COLUMN = {
    "gender": "gender",
    "masterCategory": "category",
    "subCategory": "category",
    "articleType": "category",
    "baseColour": "colour",
    "season": "season",
    "usage": "usage",
}

lexicon = Lexicon.bundled()


def found(text: str) -> list[str]:
    return [match.concept.id for match in lexicon.find(text)]


def named_texts() -> st.SearchStrategy[str]:
    names = [name for concept in lexicon.concepts() for names in concept.names.values() for name in names]
    return st.lists(st.sampled_from(names) | st.text(max_size=5), max_size=8).flatmap(
        lambda parts: st.sampled_from(["", " ", "-", "，"]).map(lambda gap: gap.join(parts))
    )


def test_every_fashion_label_is_a_concept(shared: Path) -> None:
    labels: set[tuple[str, str]] = set()
    with (shared / "data/fashion/products.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            labels |= {(kind, row[column]) for column, kind in KIND_OF_COLUMN.items()}
    labels = {(kind, label) for kind, label in labels if label not in {"", "NA"}}
    assert len(labels) > 200
    assert [(kind, label) for kind, label in sorted(labels) if lexicon.get(kind, label) is None] == []


def test_every_grocery_is_a_concept_below_its_category(shared: Path) -> None:
    with (shared / "data/grocery/catalogue.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 81
    for row in rows:
        title, category, department = (
            lexicon.get("category", row[column]) for column in ("title", "category", "department")
        )
        assert title is not None, row["title"]
        assert category in (title, *lexicon.ancestors(title)), row["title"]
        assert department in lexicon.ancestors(title), row["title"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("红色连衣裙", ["colour/red", "category/dress"]),
        ("紅色連衣裙", ["colour/red", "category/dress"]),
        ("Red Dress", ["colour/red", "category/dress"]),
        ("Navy-Blue T-Shirts", ["colour/navy-blue", "category/t-shirt"]),
        ("navy blue t shirt", ["colour/navy-blue", "category/t-shirt"]),
        ("藏青色Ｔ恤", ["colour/navy-blue", "category/t-shirt"]),
        ("Puma Men's Watch", ["gender/men", "category/watch"]),
        ("levis men’s watches", ["gender/men", "category/watch"]),
        ("V领 长袖", ["style/v-neck", "style/long-sleeve"]),
        ("口红", ["category/lipstick"]),
        ("金属 橙汁", ["material/metal", "category/orange-juice"]),
        ("Ties & Cufflinks", ["category/ties-and-cufflinks"]),
        ("Lancôme crème fraîche", ["category/sour-cream"]),
        ("redden a shirtless seashore", []),
        ("", []),
    ],
)
def test_longest_names_in_either_language(text: str, expected: list[str]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize("word", ["女", "女士", "女式", "女款", "女装", "女裝", "women", "Women's", "ladies"])
def test_all_ways_to_say_women(word: str) -> None:
    (match,) = lexicon.find(word)
    assert match.concept.id == "gender/women"
    assert match[1:] == (0, len(word))


@pytest.mark.parametrize("word", ["男士", "男式", "男款", "men's", "gents"])
def test_all_ways_to_say_men(word: str) -> None:
    assert found(f"{word} 皮带") == ["gender/men", "category/belt"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("红裙", ["colour/red", "category/skirt"]),
        ("耐克黑鞋", ["colour/black", "category/shoes"]),
        ("红的包", ["colour/red", "category/bags"]),
        ("红T恤", ["colour/red", "category/t-shirt"]),
        ("红米手机", ["category/mobile-phone"]),
        ("鼓励", []),
        ("红 色", ["colour/red"]),
    ],
)
def test_one_character_counts_only_where_a_word_may_end(text: str, expected: list[str]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "is_fruit"),
    [("orange", True), ("Orange T-shirt", False), ("fresh orange fruit", True), ("Orange Backpack", False)],
)
def test_a_colour_on_a_garment_is_no_fruit(text: str, is_fruit: bool) -> None:
    assert "colour/orange" in found(text)
    assert ("category/orange" in found(text)) is is_fruit


@given(named_texts())
def test_matches_lie_in_the_text_in_order_and_carry_a_name_of_their_concept(text: str) -> None:
    normal = normalise(text)
    spans = set()
    for concept, start, end in lexicon.find(text):
        assert 0 <= start < end <= len(normal)
        assert lexicon.get(concept.kind, normal[start:end]) == concept
        spans.add((start, end))
    ordered = sorted(spans)
    assert all(left[1] <= right[0] for left, right in pairwise(ordered))


def test_every_name_finds_its_concept() -> None:
    for concept in lexicon.concepts():
        for names in concept.names.values():
            for name in names:
                assert lexicon.get(concept.kind, name) == concept
                assert concept.id in found(name)


def test_ancestors_are_nearest_first() -> None:
    jersey = lexicon.get("category", "球衣")
    assert jersey is not None
    assert [wider.key for wider in lexicon.ancestors(jersey)] == ["t-shirt", "topwear", "apparel"]


def test_looking_up() -> None:
    assert lexicon.get("colour", "GREY MELANGE") == lexicon.get("colour", "花灰色")
    assert lexicon.get("colour", "shoes") is None
    assert lexicon.get("nothing", "red") is None
    assert set(lexicon.kinds) == {
        "colour",
        "gender",
        "season",
        "usage",
        "pattern",
        "material",
        "style",
        "category",
    }
    assert [concept.key for concept in lexicon.concepts("season")] == ["spring", "summer", "fall", "winter"]
    assert len(lexicon.concepts()) == sum(len(lexicon.concepts(kind)) for kind in lexicon.kinds)


def test_a_concept_is_a_value() -> None:
    red = lexicon.get("colour", "red")
    assert red is not None
    assert (red.id, red.term, red.label("en"), red.label("zh")) == (
        "colour/red",
        "§colour/red",
        "red",
        "红色",
    )
    assert pickle.loads(pickle.dumps(red)) == red  # noqa: S301
    assert len({red, Concept(red.kind, red.key, red.names, red.parent)}) == 1


def test_loading_an_own_file(tmp_path: Path) -> None:
    path = tmp_path / "tea.yaml"
    path.write_text(
        "tea:\n"
        "  oolong: {en: [oolong], zh: [乌龙茶]}\n"
        "  milk oolong: {en: [jin xuan], zh: [金萱], parent: oolong}\n",
        "utf-8",
    )
    own = Lexicon.load(path)
    (match,) = own.find("Jin Xuan")
    assert [wider.id for wider in own.ancestors(match.concept)] == ["tea/oolong"]
    assert found("Jin Xuan") == []


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("a: [", "not valid YAML"),
        ("- a", "mapping from kinds"),
        ("colour: red", "colour: must be a mapping from keys"),
        ("colour:\n  red: [red]", "colour/red: must be a mapping with the fields"),
        (
            "colour:\n  red: {en: [red], zh: [红], fr: [rouge]}",
            "colour/red: must be a mapping with the fields",
        ),
        ("colour:\n  red: {parent: blue}", "colour/red: needs a name: en or zh"),
        ("colour:\n  red: {en: [], zh: [红]}", "colour/red: en must list"),
        ("answer:\n  no: {en: [no], zh: [不]}", "kind and key must be text"),
        ("answer:\n  none: {en: [no], zh: [不]}", "answer/none: en must list"),
        ("colour:\n  red: {en: [red], zh: [红], parent: 1}", "parent must be text"),
        ("colour:\n  red: {en: [red], zh: [红]}\n  red: {en: [r], zh: [赤]}", "'red' is there twice"),
        ("colour:\n  a b: {en: [x], zh: [红]}\n  a-b: {en: [y], zh: [赤]}", "colour/a-b is there twice"),
        ("colour:\n  red: {en: [red], zh: [红]}\n  rot: {en: [Red], zh: [赤]}", "colour/red and colour/rot"),
        ("colour:\n  red: {en: ['!'], zh: [红]}", "without a letter"),
        (
            "c:\n  a: {en: [a1], zh: [甲], parent: b}\n  b: {en: [b1], zh: [乙], parent: a}",
            "among its own ancestors",
        ),
        (
            "c:\n  x: {en: [x1], zh: [丙], parent: a}\n  a: {en: [a1], zh: [甲], parent: a}",
            "among its own ancestors",
        ),
    ],
)
def test_a_malformed_file_is_refused_with_place_and_reason(
    tmp_path: Path, content: str, complaint: str
) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(content, "utf-8")
    with pytest.raises(LexiconError) as caught:
        Lexicon.load(path)
    assert str(path) in str(caught.value)
    assert complaint in str(caught.value)


def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match="cannot be read"):
        Lexicon.load(tmp_path / "missing.yaml")
    (tmp_path / "gbk.yaml").write_bytes("colour: 红".encode("gbk"))
    with pytest.raises(LexiconError, match="cannot be read as UTF-8"):
        Lexicon.load(tmp_path / "gbk.yaml")
