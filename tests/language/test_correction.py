from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapshelf.language import (
    Concept,
    Lexicon,
    Vocabulary,
    correct,
    normalise,
    warm_up_correction,
    words_with_prefix,
)
from snapshelf.language.spelling import Speller, edit_distance

TITLES = [
    *["Nike Men Running Shoes Black", "Adidas Women Red Dress Shoes", "Puma Black Backpack"] * 40,
    *["Fossil Women Watches", "Catwalk Women Sandals", "Embroidered Kurta", "Wrangler Men Blue Jeans"] * 10,
    "Titan Raga Steel Watch",
    "Gucci Flora Perfume",
    "Casio MTP-1302D",
    "优衣库白色衬衫",
]
vocabulary = Vocabulary.of(TITLES)


def corrected(text: str) -> str | None:
    correction = correct(text, vocabulary)
    return correction and correction.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("runing shoes", "running shoes"),  # left out
        ("adiddas", "adidas"),  # exchanged
        ("baackpack", "backpack"),  # put in
        ("blakc shoes", "black shoes"),  # swapped
        ("niek SHOSE", "nike shoes"),
        ("embrodered kurtta", "embroidered kurta"),
        ("embbroiderred kurta", "embroidered kurta"),  # two slips in a long word
        ("womens runningshoes", "womens running shoes"),  # run together
        ("耐克 runing shoes", "耐克 running shoes"),
        ("red runing, shoes!", "red running, shoes!"),
        ("snekers", "sneakers"),  # only the lexicon knows it
        ("wrangelr 42", "wrangler 42"),  # beside a number
        ("runing guci", "running guci"),  # what is sure is corrected, whatever is not
    ],
)
def test_slips(text: str, expected: str) -> None:
    assert corrected(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "nike running shoes",
        "run shoe watch dress",  # other inflections of known words
        "ran",  # too short to judge
        "gucc1 t20",  # digits
        "casio mpt 1302",  # short beside a number
        "under $50",
        "cheap quality",  # shoppers' words
        "sneakers ethnic sofa",  # the lexicon's
        "she's",
        "gucci",  # once is enough to exist
        "zzzzqqqq",  # near nothing
        "красные туфли 신발",
        "红色连衣裙",
        "",
    ],
)
def test_what_is_left_alone(text: str) -> None:
    assert correct(text, vocabulary) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lianyiqun", "连衣裙"),
        ("lian yi qun", "连衣裙"),
        ("lián yī qún", "连衣裙"),
        ("hongse lianyiqun", "红色连衣裙"),
        ("hongselianyiqun", "红色连衣裙"),
        ("nvshi baise chenshan", "女士白色衬衫"),
        ("nüshi", "女士"),
        ("lvse", "绿色"),
        ("changxiu", "长袖"),  # 长 is zhang too
        ("nike hongse yundongxie", "nike 红色运动鞋"),
        ("youyiku chenshan", "优衣库衬衫"),  # the shop's own word
        ("hong qun", "红裙"),
    ],
)
def test_pinyin(text: str, expected: str) -> None:
    correction = correct(text, vocabulary)
    assert correction is not None
    assert correction.text == expected
    assert {change.kind for change in correction.changes} == {"pinyin"}


phones = Vocabulary.of(
    [
        *[
            "Apple iPhone 15 Pro 128GB",
            "碎花连衣裙女夏季",
            "真丝连衣裙",
            "无线蓝牙耳机",
            "苏泊尔电饭煲4升",
            "运动鞋男透气",
        ]
        * 5,
        "手机壳硅胶",
        "华为手机",
        "群晖网络存储服务器",
    ]
)


@pytest.mark.parametrize(
    ("text", "expected", "sure"),
    [
        ("ipone 15", "iphone 15", True),
        ("iphnoe 15 128gb", "iphone 15 128gb", True),
        ("连衣群", "连衣裙", True),
        ("紅色連衣群", "红色连衣裙", True),
        ("红色连衣群女", "红色连衣裙女", True),
        ("蓝牙尔机", "蓝牙耳机", True),
        ("电饭堡", "电饭煲", True),
        ("运动协", "运动鞋", True),
        ("手基壳", "手机壳", True),
        ("缎面裙摆洗衣基", "缎面裙摆洗衣机", False),  # the shop has none
    ],
)
def test_words_beside_numbers_and_wrong_characters(text: str, expected: str, sure: bool) -> None:
    correction = correct(text, phones)
    assert correction is not None
    assert (correction.text, correction.sure) == (expected, sure)


@pytest.mark.parametrize(
    "text",
    [
        "连衣裙",
        "群晖",  # the shop has it
        "华为手机",
        "蓝牙音箱",  # the lexicon has it
        "红群",  # a single character is no word to go by
        "安踏鞋",
        "佳能相机",
        "围棋",
        "人体工学",
        "手机 壳",
    ],
)
def test_chinese_that_is_left_alone(text: str) -> None:
    assert correct(text, phones) is None


def test_a_word_that_the_shop_has_elsewhere_is_left_alone() -> None:
    assert correct("embroiderd", vocabulary) is not None
    assert correct("embroiderd", vocabulary, is_word={"embroiderd"}.__contains__) is None


@pytest.mark.parametrize(
    ("prefix", "words"),
    [
        ("embro", ["embroidered"]),
        ("wran", ["wrangler"]),
        ("sho", ["shoes"]),
        ("em", []),
        ("shoes", []),
        ("zzz", []),
    ],
)
def test_words_that_an_unknown_word_begins(prefix: str, words: list[str]) -> None:
    assert words_with_prefix(prefix, vocabulary) == words


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        ("runing shoes", True),
        ("lianyiqun", True),
        ("hong qun", False),  # single characters
        ("beizi", False),  # 杯子 and 被子
        ("womens runningshoes", False),
        ("embbroiderred kurta", False),  # two slips
        ("mike", False),  # first letters are rarely wrong
        ("gucchi", True),  # the only word that near
        ("guci", False),  # too short for a word that the shop has once only
        ("sofra", False),  # near a word of the lexicon that the shop lacks
        ("fossli women", True),  # transposed
        ("sandlal", True),  # the shop has sandals
        ("embroiderd", True),
    ],
)
def test_being_sure(text: str, sure: bool) -> None:
    correction = correct(text, vocabulary)
    assert correction is not None
    assert correction.sure is sure


def test_changes_say_what_was_where() -> None:
    text = "Red  RUNING shoes, lian yi qun"
    correction = correct(text, vocabulary)
    assert correction is not None
    assert correction.text == "red running shoes, 连衣裙"
    first, second = correction.changes
    assert (first.before, first.after, first.kind) == ("runing", "running", "typo")
    assert (second.before, second.after, second.kind) == ("lian yi qun", "连衣裙", "pinyin")
    assert all(normalise(text)[c.start : c.end] == c.before for c in correction.changes)


def test_the_shop_decides_which_word_is_meant() -> None:
    for title, meant in (("Blue shirt", "shirt"), ("Shark steak", "shark")):
        correction = correct("shart", Vocabulary.of([title] * 9))
        assert correction is not None
        assert correction.text == meant


def test_new_words_exist_at_once_and_are_aimed_at_once_there_are_some() -> None:
    own = Vocabulary.of(TITLES)
    assert correct("kontiki", own) is None
    assert correct("nikke", own) is not None
    own.add(["Nikke"])
    assert correct("nikke", own) is None
    own.add([f"kontiki {word}" for word in ("alpha", "bravo", "delta")])
    correction = correct("kontikki", own)
    assert correction is not None
    assert correction.text == "kontiki"


@pytest.mark.parametrize(("apart", "expected"), [([], "moon boots"), ([("c/light", "c/boots")], None)])
def test_concepts_kept_apart_are_not_corrected_into_each_other(
    apart: list[tuple[str, str]], expected: str | None
) -> None:
    lexicon = Lexicon(
        [Concept("c", "light", {"en": ("moon",)}), Concept("c", "boots", {"en": ("moon boots",)})],
        apart=apart,
    )
    correction = correct("moon bootts", Vocabulary.of(TITLES), lexicon)
    assert (correction and correction.text) == expected


def test_what_the_first_correction_needs_can_be_made_before() -> None:
    large = Vocabulary.of(
        f"{a}{b}{c}{d}" for a in "bdfg" for b in "aeiou" for c in "lmnr" for d in ("ton", "ville")
    )
    warm_up_correction(large)
    start = time.process_time()
    assert correct("lianyiqun", large) is not None
    assert time.process_time() - start < 0.02


@settings(deadline=None)
@given(st.text(st.characters()) | st.text("abnikered lyqu 连衣裙-'’1é\u0301"))
def test_any_text_is_corrected_to_a_normal_form_that_differs_where_it_says(text: str) -> None:
    correction = correct(text, vocabulary)
    if correction is None:
        return
    rebuilt, end = "", 0
    for change in correction.changes:
        assert change.before != change.after
        rebuilt += normalise(text)[end : change.start] + change.after
        end = change.end
    assert rebuilt + normalise(text)[end:] == correction.text == normalise(correction.text)


WORDS = sorted(
    {word for word, _ in vocabulary} | {"".join(random.Random(i).choices("abcde", k=7)) for i in range(300)}
)


LATIN_WORDS = [word for word in WORDS if word.isascii() and word.isalpha()]
speller = Speller(WORDS)


@settings(deadline=None)
@given(
    st.sampled_from(LATIN_WORDS) | st.text("abcdeinrs", min_size=1, max_size=9), st.text("abcde", max_size=2)
)
def test_the_speller_finds_what_comparing_with_all_words_finds(word: str, tail: str) -> None:
    typed = word + tail
    for limit in (1, 2):
        expected = [
            (w, edits)
            for w in LATIN_WORDS
            if (edits := edit_distance(typed, w, limit)) <= limit and (limit == 1 or w[0] == typed[0])
        ]
        assert speller.near(typed, limit) == expected


@pytest.mark.parametrize(
    ("first", "second", "edits"),
    [
        ("", "", 0),
        ("a", "", 1),
        ("shoe", "shoes", 1),
        ("ab", "ba", 1),
        ("abc", "ca", 3),
        ("kitten", "sitting", 3),
    ],
)
def test_counting_slips(first: str, second: str, edits: int) -> None:
    assert edit_distance(first, second, 9) == edit_distance(second, first, 9) == edits
    if edits > 1:
        assert edit_distance(first, second, edits - 1) == edits


def test_fast_with_a_hundred_thousand_words() -> None:
    rng = random.Random(1)
    words = ["".join(rng.choices("etaoinshrdlubcmpg", k=rng.randint(4, 12))) for _ in range(100_000)]
    large = Vocabulary.of([*TITLES, *words])
    queries = ["runing shoes", "hongse lianyiqun", "blakc backpackk", "embbroiderred kurta"]
    for query in queries:
        correct(query, large)
    start = time.process_time()
    for query in queries * 5:
        assert correct(query, large) is not None
    # 1 to 2 ms on one 2020s core; the margin is for loaded machines
    assert (time.process_time() - start) / 20 < 20e-3


@pytest.mark.parametrize(
    "text", ["lian" * 2500, "ab " * 3333, "🙂" * 5000, "runing " * 1428, "\x00\u200b" * 5000]
)
def test_long_and_strange_texts_are_quick(text: str) -> None:
    start = time.process_time()
    correct(text, vocabulary)
    assert time.process_time() - start < 0.2
