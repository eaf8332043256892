"""Words → chips: which facts are read, which are ruled out, and what is left of the words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from snapshelf.index import And, Between, Equals, FieldValue, Not, OneOf, Or, QdrantEdgeIndex, Record
from snapshelf.language import Lexicon, normalise
from snapshelf.query import (
    CatalogueView,
    Chip,
    UnderstandingSettings,
    hard_filter,
    parse_filter,
    write_filter,
)
from snapshelf.query.constraints import ConstraintReader, ParsedText
from tests.index.reference_index import matches
from tests.query.constraint_shops import FASHION, Shop, fashion

CATALOGUE = CatalogueView(fashion())
RED = OneOf("attributes.baseColour", ("Red", "Red/White", "Maroon"))


def read(
    text: str, catalogue: CatalogueView = CATALOGUE, dismissed: tuple[str, ...] = (), **options
) -> ParsedText:
    return ConstraintReader(catalogue, UnderstandingSettings(**options), dismissed).read(normalise(text))


def facts(parsed: ParsedText) -> dict[str, str]:
    return {chip.kind: chip.labels["en"] for chip in parsed.chips}


@pytest.mark.parametrize(
    ("text", "expected", "rest"),
    [
        ("红色连衣裙 300元以下", {"colour": "red", "category": "dress", "price": "up to 300 CNY"}, "红色连衣裙"),
        ("Women's red dress", {"gender": "women", "colour": "red", "category": "dress"}, "women's red dress"),
        ("nike sneakers size 42", {"brand": "Nike", "category": "casual shoes", "size": "size 42"}, "nike sneakers"),
        ("李宁 夏季 T恤 XL", {"brand": "李宁", "season": "summer", "category": "t-shirt", "size": "size XL"},
         "李宁 夏季 t恤"),
        ("500毫升", {"volume": "500 ml"}, ""),
        ("shoes between 100 and 200", {"category": "shoes", "price": "100–200"}, "shoes"),
        ("petrol glimmerwear", {"colour": "Petrol", "category": "Glimmerwear"}, "petrol glimmerwear"),
        ("garden hose", {}, "garden hose"),
    ],
)  # fmt: skip
def test_facts_are_read(text: str, expected: dict[str, str], rest: str) -> None:
    parsed = read(text)
    assert facts(parsed) == expected
    assert parsed.remaining_text == rest
    assert parsed.negated_text == ""
    for chip in parsed.chips:
        assert normalise(text)[chip.start : chip.end] == chip.text


@pytest.mark.parametrize(
    ("text", "where", "rest"),
    [
        ("dress not red", Not(RED), "dress"),
        ("dress, not in red", Not(RED), "dress"),
        ("dress -red", Not(RED), "dress"),
        ("anything but red", Not(RED), ""),
        ("不要红色的连衣裙", Not(RED), "连衣裙"),
        ("连衣裙 除了红色", Not(RED), "连衣裙"),
        ("红色除外的连衣裙", Not(RED), "连衣裙"),
        ("非红色连衣裙", Not(RED), "连衣裙"),
    ],
)
def test_what_is_ruled_out_is_left_out(text: str, where: Not, rest: str) -> None:
    parsed = read(text)
    chip = next(chip for chip in parsed.chips if chip.kind == "colour")
    assert (chip.filter, chip.hard, chip.excluded) == (where, True, True)
    assert chip.labels == {"en": "not red", "zh": "不要红色"}
    assert parsed.remaining_text == rest


def test_what_is_ruled_out_may_be_a_list() -> None:
    parsed = read("白色T恤 不要红色和蓝色")
    assert [chip.labels["zh"] for chip in parsed.chips] == ["白色", "T恤", "不要红色", "不要蓝色"]
    assert parsed.remaining_text == "白色t恤"
    assert [chip.excluded for chip in read("not red or blue, size 42").chips] == [True, True, False]


def test_particular_red_is_not_ruled_out() -> None:
    assert not any(
        chip.excluded for chip in read("特别红色的连衣裙").chips
    )  # 特别 is "especially", 别 "do not"
    assert not any(chip.excluded for chip in read("notre dame red dress").chips)


def test_what_no_fact_tells_is_moved_away_from() -> None:
    parsed = read("shoes without laces for women")
    assert (parsed.negated_text, parsed.remaining_text) == ("laces", "shoes for women")
    assert read("不带拉链的T恤").negated_text == "拉链"
    assert read("dress without stripes").negated_text == "stripes"  # a pattern, and this shop tells none


def test_only_what_is_not_wanted_is_moved_away_from() -> None:
    assert read("not red").negated_text == "red"


def test_narrower_values_count_and_the_exact_ones_are_known() -> None:
    (chip,) = read("red").chips
    assert chip.filter == RED
    assert chip.exact == OneOf("attributes.baseColour", ("Red", "Red/White"))
    (chip,) = read("women").chips
    assert chip.filter == OneOf("attributes.gender", ("Women", "Unisex"))
    (chip,) = read("shoes").chips
    assert chip.where == 'category = ("Shoes" OR "Casual Shoes" OR "Sports Shoes" OR "Heels")'


def test_what_the_shop_has_only_wider_is_boosted_half_and_never_filters() -> None:
    exact, wider = read("maroon").chips[0], read("burgundy").chips[0]
    assert exact.filter == Equals("attributes.baseColour", "Maroon")
    assert wider.filter == OneOf("attributes.baseColour", ("Red", "Red/White"))  # maroon is another red
    assert wider.boost == exact.boost / 2
    assert not read("burgundy", constraints={"colour": "hard"}).chips[0].hard
    assert read("dress not burgundy").negated_text == "burgundy"


def test_brands_win_over_the_concepts_in_them() -> None:
    (chip,) = read("red tape").chips
    assert chip.filter == OneOf("brand", ("RED TAPE", "Red Tape"))


def test_a_brand_that_is_a_stop_word_or_within_a_word_is_none() -> None:
    catalogue = CatalogueView(Shop({"brand": ["And", "Nike"]}))
    assert read("shirts and shoes", catalogue).chips == ()
    assert read("nikesque", catalogue).chips == ()


def test_a_shop_without_the_field_has_no_chip() -> None:
    bare = CatalogueView(Shop({}))
    parsed = read("red dress size 42 under 300", bare)
    assert parsed.chips == ()
    assert parsed.remaining_text == "red dress size 42"
    assert [note.kind for note in parsed.notes] == ["no-prices"]


def test_fields_are_known_by_what_they_hold() -> None:
    catalogue = CatalogueView(Shop({"attributes.颜色": ["红色", "藏青色"], "attributes.x": ["Red", "Blue"]}))
    (chip,) = read("red", catalogue).chips
    assert chip.filter == Or((Equals("attributes.x", "Red"), Equals("attributes.颜色", "红色")))
    # One red label in a field of sentences makes it no field of colours.
    assert "note" not in read("red").chips[0].where


def test_a_field_called_like_a_kind_needs_few_of_its_values() -> None:
    own = [f"shade {number}" for number in range(8)]
    for name, count in (("Farbton", 0), ("colour name", 1), ("主颜色", 1)):
        catalogue = CatalogueView(Shop({f"attributes.{name}": ["Red", *own]}))
        assert len(read("red", catalogue).chips) == count
        assert len(read("shade 3", catalogue).chips) == count


def test_a_lexicon_says_which_field_its_concepts_fill(tmp_path: Path) -> None:
    (tmp_path / "lexicon.yaml").write_text(
        "heel: {block: {en: [block heel], zh: [粗跟], fills: Absatz}}", encoding="utf-8"
    )
    lexicon = Lexicon.load(tmp_path / "lexicon.yaml").overlay(Lexicon.bundled())
    shop = Shop({"attributes.Absatz": ["Block heel", "4", "5", "6", "7"]})
    (chip,) = read("粗跟", CatalogueView(shop, lexicon=lexicon)).chips
    assert (chip.kind, chip.filter) == ("heel", Equals("attributes.Absatz", "Block heel"))


def test_attributes_of_too_many_texts_are_no_facts() -> None:
    catalogue = CatalogueView(Shop({"attributes.colour": [f"red {number}" for number in range(2_001)]}))
    assert read("red", catalogue).chips == ()


def test_a_removed_chip_does_not_come_back_and_a_price_leaves_the_words() -> None:
    chips = read("red dress 42码 300元以下").chips
    parsed = read("red dress 42码 300元以下", dismissed=tuple(chip.where for chip in chips))
    assert parsed.chips == ()
    assert parsed.remaining_text == "red dress 42码"


def test_settings_decide_what_filters() -> None:
    text = "red dress 300元以下"
    uses = {"colour": "hard", "category": "off", "price": "soft"}
    chips = {chip.kind: chip for chip in read(text, constraints=uses, boosts={"price": 0.3}).chips}
    assert chips.keys() == {"colour", "price"}
    assert chips["colour"].hard
    assert (chips["price"].hard, chips["price"].boost) == (False, 0.3)
    assert "price" not in facts(read(text, constraints={"price": "off"}))
    assert not any(chip.excluded for chip in read("not red", excluded="off").chips)
    (soft,) = read("not red", excluded="soft").chips
    assert (soft.hard, soft.excluded) == (False, True)


@pytest.mark.parametrize(
    "settings",
    [{"boosts": {"colour": -1}}, {"boosts": {"colour": float("nan")}}, {"facts": {"colour": "maybe"}}, {"fact": {}}],
)  # fmt: skip
def test_bad_settings_are_refused(settings: dict) -> None:
    with pytest.raises(ValueError, match=r"colour|fact"):
        UnderstandingSettings(**settings)


def test_contradictions_are_said() -> None:
    parsed = read("shoes price < 5 and price > 9")
    assert parsed.remaining_text == "shoes"
    (note,) = parsed.notes
    assert note.kind == "contradiction"
    assert note.values == {"one": "price <= 5", "other": "price >= 9"}
    assert [note.kind for note in read("red dress, not red").notes] == ["contradiction"]
    assert read("shoes over 5 under 9").notes == ()


def test_another_currency_is_said_and_one_of_several_is_meant() -> None:
    parsed = read("under $50")
    assert [note.kind for note in parsed.notes] == ["other-currency"]
    both = CatalogueView(Shop({"currency": ["CNY", "USD"]}, ["price"]))
    (chip,) = read("under $50", both).chips
    assert chip.filter == And((Between("price", at_most=50), Equals("currency", "USD")))


def test_sizes_that_are_numbers_are_found_as_numbers() -> None:
    catalogue = CatalogueView(Shop({}, ["attributes.shoe size"]))
    (chip,) = read("size 42", catalogue).chips
    assert chip.filter == Between("attributes.shoe size", at_least=42, at_most=42)
    assert chip.where == '"shoe size" >= 42 AND "shoe size" <= 42'


def test_a_size_is_followed_by_sizes_near_to_it() -> None:
    catalogue = CatalogueView(Shop({"attributes.size": ["41", "42", "42 2/3", "42⅔", "42.5", "43"]}))
    parsed = read("size 42", catalogue)
    (chip,) = parsed.chips
    assert chip.hard
    assert chip.exact == Equals("attributes.size", "42")
    assert chip.near == ("42 2/3", "42.5", "42⅔")
    assert chip.filter == Or((chip.exact, OneOf("attributes.size", chip.near)))
    assert [note.kind for note in parsed.notes] == ["near-size"]
    (chip,) = read("size 42 2/3", CatalogueView(Shop({"attributes.size": ["42 2/3", "44"]}))).chips
    assert (chip.labels["en"], chip.labels["zh"], chip.near) == ("size 42 2/3", "42 2/3 码", ())
    # Letters have no neighbours.
    assert read("size M", catalogue).chips == ()


def test_a_field_may_have_sizes_as_numbers_and_as_texts(tmp_path: Path) -> None:
    with QdrantEdgeIndex.open(tmp_path / "index", 2) as index:
        index.upsert(
            [
                Record(str(size), np.ones((1, 2), np.float32), fields={"attributes.size": size})
                for size in (42.0, 43.0, "42 2/3")
            ]
        )
        (chip,) = read("size 42", CatalogueView(index, index=index)).chips
        assert index.matches(["42.0", "43.0", "42 2/3"], chip.filter) == {"42.0", "42 2/3"}
        assert index.matches(["42.0", "43.0", "42 2/3"], chip.exact) == {"42.0"}


def test_a_unit_is_what_the_shop_has() -> None:
    phones = CatalogueView(Shop({"attributes.storage": ["128GB", "256GB"]}))
    (chip,) = read("128G phone", phones).chips
    assert (chip.kind, chip.where, chip.labels["en"]) == ("memory", 'storage = "128GB"', "128 GB")
    tea = CatalogueView(Shop({"attributes.net weight": ["128 g", "256 g"]}))
    (chip,) = read("128g tea", tea).chips
    assert (chip.kind, chip.where, chip.labels["zh"]) == ("weight", '"net weight" = "128 g"', "128 克")
    assert read("128g tea", CatalogueView(Shop({"attributes.x": ["a", "b"]}))).chips == ()


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("500元以内", "500 元以内"),
        ("100到200元", "100–200 元"),
        ("$50以上", "50 美元以上"),
        ("42码", "42 码"),
    ],
)
def test_chinese_labels_are_chinese(text: str, label: str) -> None:
    catalogue = CatalogueView(Shop({"attributes.size": ["42"]}, ["price"]))
    assert read(text, catalogue).chips[0].labels["zh"] == label


def chip(field: str, value: str, *, hard: bool = True, excluded: bool = False) -> Chip:
    where = Not(Equals(field, value)) if excluded else Equals(field, value)
    return Chip(value, 0, 1, "x", field, value, where, where, {}, hard, 0.1, excluded)


def test_hard_chips_of_one_field_are_a_choice() -> None:
    assert hard_filter([]) is None
    assert hard_filter([chip("a", "1", hard=False)]) is None
    assert hard_filter([chip("a", "1")]) == Equals("a", "1")
    assert hard_filter([chip("a", "1"), chip("a", "2"), chip("b", "3")]) == And(
        (Or((Equals("a", "1"), Equals("a", "2"))), Equals("b", "3"))
    )
    assert hard_filter([chip("a", "1", excluded=True), chip("a", "2", excluded=True)]) == And(
        (Not(Equals("a", "1")), Not(Equals("a", "2")))
    )
    prices = read("over 5 under 9").chips
    assert hard_filter(prices) == And((Between("price", at_least=5), Between("price", at_most=9)))


def of(fields: dict[str, FieldValue]) -> Record:
    return Record("", np.ones((1, 2), np.float32), fields=fields)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("red dress 300元以下", ["colour", "category", "price"]),
        ("not red size 42", ["colour", "size"]),
        ("red tape 100-200元", ["brand", "price"]),
        ("women shoes 500ml", ["gender", "category", "volume"]),
    ],
)
def test_what_a_chip_says_is_what_it_does(text: str, kinds: list[str]) -> None:
    """A chip's text, read as a filter, matches the products that the chip itself matches."""
    shop, chips = fashion(), read(text).chips
    assert [chip.kind for chip in chips] == kinds
    products: list[dict[str, FieldValue]] = [{field: value} for field in FASHION for value in FASHION[field]]
    products += [{"price": float(price)} for price in range(0, 400, 50)]
    for chip in chips:
        if chip.kind != "category":  # a kind is seen in titles too
            assert write_filter(chip.filter) == chip.where
        matched = [product for product in products if matches(chip.filter, of(product))]
        assert 0 < len(matched) < len(products)
        assert [
            product for product in products if matches(parse_filter(chip.where, shop), of(product))
        ] == matched


def test_a_shop_is_asked_once_and_again_when_renewed() -> None:
    shop = fashion()
    catalogue = CatalogueView(shop)
    read("red dress", catalogue)
    first = shop.reads
    assert first > 0
    read("blue shoes size 42", catalogue)
    assert shop.reads == first
    shop.held["attributes.baseColour"] = ["Green"]
    assert facts(read("green", catalogue)) == {}
    assert facts(read("green", catalogue.refreshed())) == {"colour": "green"}


WORDS = [
    *(name for concept in Lexicon.bundled().concepts() for name in concept.names.get("zh", ())[:1]),
    "red", "dress", "not", "without", "不要", "和", "or", "under", "300", "元", "size", "42", "-", "👗", "\u202e",
    "以下", "，", " ", "nike", "red tape", "除外", "500ml", '"', "*", "\\",
]  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), max_size=12).map("".join))
@settings(max_examples=150, deadline=None)
def test_any_mixture_of_words_is_read(text: str) -> None:
    normalised = normalise(text)
    parsed = ConstraintReader(CATALOGUE, UnderstandingSettings()).read(normalised)
    wheres = [chip.where for chip in parsed.chips]
    assert len(set(wheres)) == len(wheres)
    for chip in parsed.chips:
        assert normalised[chip.start : chip.end] == chip.text
        parse_filter(chip.where, fashion())
    without_chip = ConstraintReader(CATALOGUE, UnderstandingSettings(), wheres).read(normalised)
    assert not {chip.where for chip in without_chip.chips} & set(wheres)


def test_every_value_of_a_shop_finds_itself() -> None:
    for field in ("attributes.baseColour", "attributes.gender", "attributes.season", "category"):
        for value in FASHION[field]:
            chips = [chip for chip in read(value).chips if chip.field == field]
            assert any(matches(chip.filter, of({field: value})) for chip in chips), value


@pytest.mark.parametrize("names", [("title_en", "title_zh"), ("Artikelname", "商品名称")])
@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        (
            ["Men's Red Tie", "Women's Red Midi Dress", "Unisex Blue Checked Backpack"],
            ["男士红色领带", "女士红色中长款连衣裙", "中性蓝色格纹双肩包"],
        ),
        (
            ["Red bag", "Black bag", "Yellow ball", "Blue mug"],
            ["红色手提包", "黑色手提包", "黄色球", "蓝色马克杯"],
        ),
    ],
    ids=["long", "short"],
)
def test_titles_in_an_attribute_are_no_facts(
    names: tuple[str, str], english: list[str], chinese: list[str]
) -> None:
    """Each of them names a colour, among other things; a field of colours names little else."""
    titles = {f"attributes.{names[0]}": english, f"attributes.{names[1]}": chinese}
    catalogue = CatalogueView(Shop({**FASHION, **titles}, ["price"]))
    for text in ("红色连衣裙", "red bag", english[0], chinese[0]):
        (chip,) = (chip for chip in read(text, catalogue).chips if chip.kind == "colour")
        assert chip.filter == RED


def test_titles_with_no_thing_in_them_are_no_facts_either() -> None:
    catalogue = CatalogueView(Shop({"attributes.title_en": ["Black Fog", "Yellow Sun"]}))
    assert read("black fog", catalogue).chips == ()


def test_colours_called_after_things_are_colours() -> None:
    catalogue = CatalogueView(
        Shop({"attributes.tone": ["Milk white", "Red", "Peach", "Tea green", "Wine", "Blue"]})
    )
    (chip,) = read("white", catalogue).chips
    assert chip.filter == Equals("attributes.tone", "Milk white")


def test_settings_are_read_under_their_former_name_too() -> None:
    assert UnderstandingSettings.model_validate({"facts": {"colour": "hard"}}).mode("colour") == "hard"
    with pytest.raises(ValidationError, match="facts"):
        UnderstandingSettings.model_validate({"facts": {}, "constraints": {}})


@pytest.mark.parametrize(
    ("texts", "where"),
    [
        (["17 inch", "19 inch"], ['screen = "17 inch"']),
        (
            [
                "Catalogue page 9, depth 17 inch, made of wood",
                "Width 30 inch, depth 17 inch, color: light brown",
            ],
            [],
        ),
    ],
)
def test_a_list_of_specifications_is_no_quantity(texts: list[str], where: list[str]) -> None:
    catalogue = CatalogueView(Shop({"attributes.screen": texts}))
    parsed = ConstraintReader(catalogue, UnderstandingSettings()).read("17-inch touch screen")
    assert [chip.where for chip in parsed.chips] == where
