from __future__ import annotations

import csv
import pickle
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshelf.errors import LexiconError
from snapshelf.language import Concept, Lexicon, index_terms, normalise, search_terms

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


def concept_ids(text: str) -> list[str]:
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
    assert concept_ids(text) == expected


@pytest.mark.parametrize("word", ["女", "女士", "女式", "女款", "女装", "女裝", "women", "Women's", "ladies"])
def test_all_ways_to_say_women(word: str) -> None:
    (match,) = lexicon.find(word)
    assert match.concept.id == "gender/women"
    assert match[1:] == (0, len(word))


@pytest.mark.parametrize(
    ("chinese", "english"),
    [
        ("空调", "air conditioners"),
        ("笔记本电脑", "laptop"),
        ("洗衣机", "washing machine"),
        ("充电器", "fast charger"),
        ("数据线", "charging cable"),
        ("无线耳机 耳机", "headphones"),
        ("路由器", "wifi router"),
        ("固态硬盘", "SSD"),
        ("鼠标", "computer mouse"),
        ("電鍋 电饭煲", "rice cooker"),
        ("沙发", "couch"),
        ("吸顶灯", "ceiling lights"),
        ("螺丝刀", "screwdriver set"),
        ("婴儿车", "pushchair"),
        ("猫砂", "cat litter"),
        ("割草机", "lawn mower"),
        ("刹车片", "brake pads"),
        ("哑铃", "dumbbells"),
        ("积木", "building blocks"),
        ("订书机", "stapler"),
    ],
)
def test_goods_of_any_shop_have_a_concept_in_both_languages(chinese: str, english: str) -> None:
    assert concept_ids(english)
    assert set(concept_ids(english)) <= set(concept_ids(chinese))


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        ("sofa", "seating"),
        ("armchair", "chair"),
        ("armchair", "seating"),
        ("macbook", "laptop"),
        ("laptop", "computer"),
        ("iphone", "手机"),
        ("ssd", "硬盘"),
        ("earbuds", "耳机"),
        ("desk", "table"),
        ("洗衣机", "appliances"),
    ],
)
def test_what_is_a_kind_of_what(narrow: str, wide: str) -> None:
    first, second = lexicon.get("category", narrow), lexicon.get("category", wide)
    assert first is not None
    assert second is not None
    assert second in lexicon.ancestors(first)


@pytest.mark.parametrize(
    ("text", "absent"),
    [
        ("laptop backpack", "category/laptop"),
        ("鼠标垫", "category/computer-mouse"),
        ("手机支架", "category/mobile-phone"),
        ("空调被", "category/air-conditioner"),
        ("food processor", "category/processor"),
        ("汽车脚垫", "category/car"),
        ("小米手机", "category/rice"),
        ("Apple iPad Air", "category/apple"),
        ("Baseball Glove", "category/baseball-bat"),
        ("礼包", "category/bags"),
    ],
)
def test_what_is_no_kind_of_what(text: str, absent: str) -> None:
    assert lexicon.get("category", absent.removeprefix("category/").replace("-", " ")) is not None
    named = [match.concept for match in lexicon.find(text)]
    assert absent not in {wider.id for concept in named for wider in (concept, *lexicon.ancestors(concept))}


@pytest.mark.parametrize("word", ["男士", "男式", "男款", "men's", "gents"])
def test_all_ways_to_say_men(word: str) -> None:
    assert concept_ids(f"{word} 皮带") == ["gender/men", "category/belt"]


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
    assert concept_ids(text) == expected


@pytest.mark.parametrize(
    ("text", "is_fruit"),
    [("orange", True), ("Orange T-shirt", False), ("fresh orange fruit", True), ("Orange Backpack", False)],
)
def test_a_colour_on_a_garment_is_no_fruit(text: str, is_fruit: bool) -> None:
    assert "colour/orange" in concept_ids(text)
    assert ("category/orange" in concept_ids(text)) is is_fruit


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
    assert len(list(lexicon.concepts())) > 200
    for concept in lexicon.concepts():
        for names in concept.names.values():
            for name in names:
                assert lexicon.get(concept.kind, name) == concept
                assert concept.id in concept_ids(name)


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
        "occasion",
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
    assert len({red, replace(red)}) == 1


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
    assert concept_ids("Jin Xuan") == []


def load(folder: Path, content: str) -> Lexicon:
    path = folder / "own.yaml"
    path.write_text(content, "utf-8")
    return Lexicon.load(path)


@pytest.mark.parametrize(
    ("text", "absent"),
    [
        ("orange juice", "colour/orange"),
        ("red tape men shoes", "colour/red"),
        ("U.S. Polo Assn. Men Shirt", "style/polo"),
        ("New Balance shoes", "style/new"),
        ("apple watch", "category/apple"),
        ("奶粉", "colour/pink"),
        ("金鱼缸", "colour/gold"),
        ("红酒杯", "colour/red"),
        ("牛皮纸", "material/leather"),
        ("stainless steel bottle", "colour/steel"),
    ],
)
def test_names_do_not_mean_their_concept_everywhere(text: str, absent: str) -> None:
    kind, key = absent.split("/")
    assert absent not in concept_ids(text)
    assert lexicon.get(kind, key) is not None
    assert absent not in {term.removeprefix("§") for term in search_terms(text)}


def test_a_phrase_bars_only_what_lies_within_it(tmp_path: Path) -> None:
    own = load(
        tmp_path,
        "colour:\n"
        "  red: {en: [red], zh: [红], not_in: [red bull, 红牛]}\n"
        "  bull: {en: [bull], zh: [牛]}\n"
        "  blue: {en: [blue], zh: [蓝]}\n",
    )

    def ids(text: str) -> list[str]:
        return [match.concept.key for match in own.find(text)]

    assert ids("red bull") == ["bull"]
    assert ids("red red bull, blue") == ["red", "bull", "blue"]
    assert ids("red. bull") == ["red", "bull"]
    assert ids("红牛") == ["bull"]
    # What is barred stays a word.
    assert search_terms("red bull", lexicon=own) == ["red", "bull", "§colour/bull"]


def test_narrower_concepts() -> None:
    footwear = lexicon.get("category", "footwear")
    assert footwear is not None
    keys = {concept.key for concept in lexicon.descendants(footwear)}
    assert {"shoes", "heels", "loafers", "sandals"} <= keys
    assert "footwear" not in keys
    assert all(footwear in lexicon.ancestors(concept) for concept in lexicon.descendants(footwear))
    heels = lexicon.get("category", "heels")
    assert heels is not None
    assert lexicon.descendants(heels) == ()


def test_concepts_kept_apart_are_not_widened_into_each_other(tmp_path: Path) -> None:
    own = load(
        tmp_path,
        "apart:\n  - [c/b, c/a]\n"
        "c:\n  a: {en: [a1]}\n  b: {en: [b1], parent: a}\n  d: {en: [d1], parent: b}\n",
    )
    a, b, d = own.concepts()
    assert own.are_disjoint(a, b)
    assert own.are_disjoint(b, a)
    assert not own.are_disjoint(a, d)
    assert own.ancestors(b) == ()
    assert own.ancestors(d) == (b, a)
    assert own.descendants(a) == (d,)
    assert index_terms("b1", own).words == ("b1", "§c/b")


def test_the_bundled_lexicon_says_what_its_concepts_fill_and_speaks_both_languages() -> None:
    for concept in lexicon.concepts():
        assert concept.fills == concept.kind
        assert set(concept.names) == {"en", "zh"}


def test_a_shop_lays_its_lexicon_over_the_bundled_one(tmp_path: Path) -> None:
    own = load(
        tmp_path,
        "fills: {grape: variety}\n"
        "apart: [[grape/riesling, category/wine]]\n"
        "colour:\n"
        "  red: {zh: [中国红, 红色], not_in: [red carpet], fills: shade}\n"
        "  navy: {en: [navy]}\n"
        "  tan: {en: [sun tan], replace: true}\n"
        "grape:\n"
        "  riesling: {en: [riesling], zh: [雷司令]}\n"
        "category:\n"
        "  riesling bottle: {zh: [雷司令酒], parent: wine}\n",
    )
    shop = own.overlay(lexicon)
    red, navy, tan = (shop.get("colour", name) for name in ("red", "navy", "sun tan"))
    assert red is not None
    assert navy is not None
    assert tan is not None
    assert red.names["zh"][:3] == ("中国红", "红色", "红")
    assert red.names["en"] == ("red", "reds", "crimson", "scarlet", "bright red")
    assert red.fills == "shade"
    assert {"red carpet", "red bull"} <= set(red.not_in)
    assert navy.label("zh") == "navy"
    assert tan.names == {"en": ("sun tan",)}
    assert shop.get("colour", "camel") is None
    navy_blue = shop.get("colour", "navy blue")
    assert navy_blue is not None
    assert "navy" not in navy_blue.names["en"]
    riesling, bottle, wine = (
        shop.get(*name) for name in (("grape", "雷司令"), ("category", "雷司令酒"), ("category", "wine"))
    )
    assert riesling is not None
    assert bottle is not None
    assert wine is not None
    assert riesling.fills == "variety"
    assert shop.are_disjoint(riesling, wine)
    assert wine in shop.ancestors(bottle)
    assert shop.find("中国红连衣裙")[0].concept == red
    # Both stay as they were.
    assert lexicon.get("colour", "中国红") is None
    assert own.get("colour", "crimson") is None


def test_brands_of_a_shop_hide_what_their_words_would_mean() -> None:
    brands = Lexicon([Concept("brand", "dark horse", {"en": ("Dark Horse",)}, fills="brand")])
    shop = brands.overlay(lexicon)
    assert "colour/dark" in concept_ids("dark horse shirt")
    assert [match.concept.id for match in shop.find("dark horse shirt")] == [
        "brand/dark-horse",
        "category/shirt",
    ]


def test_a_fingerprint_tells_lexicons_apart(tmp_path: Path) -> None:
    first = load(tmp_path, "c:\n  a: {en: [a1]}\n")
    assert load(tmp_path, "c:\n  a: {en: [a1]}  # the same\n").fingerprint == first.fingerprint
    changed = [
        load(tmp_path, f"c:\n  a: {{en: [a1]{rest}}}\n").fingerprint
        for rest in ("", ", zh: [甲]", ", not_in: [a1 b]", ", fills: x")
    ]
    assert changed[0] == first.fingerprint
    assert len(set(changed)) == 4
    assert first.overlay(lexicon).fingerprint != lexicon.fingerprint


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("colour:\n  x: {en: [x1], parent: hue}", "colour/x has the unknown parent 'hue'"),
        ("apart: [[colour/red, colour/hue]]", "apart: unknown concept 'colour/hue'"),
        ("colour:\n  red: {parent: maroon, en: [red]}", "its own ancestor"),
        (
            "season:\n  warm: {en: [spring, summer], zh: [春季, 春天, 春, 春款, 春装]}",
            "season/spring would have no name",
        ),
    ],
)
def test_two_lexicons_that_do_not_hold_together_are_refused(
    tmp_path: Path, content: str, complaint: str
) -> None:
    own = load(tmp_path, content)
    with pytest.raises(LexiconError) as caught:
        own.overlay(lexicon)
    assert str(tmp_path) in str(caught.value)
    assert complaint in str(caught.value)


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
        ("colour:\n  red: {en: [red], replace: 1}", "colour/red: replace must be true or false"),
        ("colour:\n  red: {en: [red], not_in: red bull}", "colour/red: not_in must list"),
        ("colour:\n  red: {en: [red], fills: 3}", "colour/red: fills must be text"),
        ("fills: [colour]", "fills: must be a mapping"),
        ("apart: colour/red", "apart: must list pairs"),
        ("apart: [[colour/red]]", "apart: must list pairs"),
        ("apart: [[colour/red, colour/red]]", "apart: must list pairs"),
        ("answer:\n  no: {en: [no], zh: [不]}", "kind and key must be text"),
        ("answer:\n  none: {en: [no], zh: [不]}", "answer/none: en must list"),
        ("colour:\n  red: {en: [red], zh: [红], parent: 1}", "parent must be text"),
        ("colour:\n  red: {en: [red], zh: [红]}\n  red: {en: [r], zh: [赤]}", "'red' occurs twice"),
        ("colour:\n  a b: {en: [x], zh: [红]}\n  a-b: {en: [y], zh: [赤]}", "colour/a-b is defined twice"),
        ("colour:\n  red: {en: [red], zh: [红]}\n  rot: {en: [Red], zh: [赤]}", "colour/red and colour/rot"),
        ("colour:\n  red: {en: ['!'], zh: [红]}", "has no letter"),
        (
            "c:\n  a: {en: [a1], zh: [甲], parent: b}\n  b: {en: [b1], zh: [乙], parent: a}",
            "its own ancestor",
        ),
        (
            "c:\n  x: {en: [x1], zh: [丙], parent: a}\n  a: {en: [a1], zh: [甲], parent: a}",
            "its own ancestor",
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
