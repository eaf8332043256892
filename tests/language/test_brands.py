from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshelf.language import BrandNames, bilingual_names, index_terms, normalise, query_words
from snapshelf.language.tokens import split_units


def finds(query: str, title: str, brands: BrandNames) -> bool:
    title_terms = index_terms(title)
    terms = {*title_terms.words, *title_terms.helpers}
    return all(
        any(terms.issuperset(alternative) for alternative in word.alternatives)
        for word in query_words(query, brands=brands)
    )


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("苹果笔记本", "Apple MacBook Air laptop"),
        ("苹果笔记本", "MacBook Pro 14英寸 笔记本电脑"),
        ("苹果手机", "iPhone 15 Pro"),
        ("Apple laptop", "苹果 轻薄 笔记本电脑"),
        ("华为手机", "HUAWEI Mate 60 smartphone"),
        ("huawei phone", "华为 Mate 60 手机"),
        ("耐克运动鞋", "Nike Pegasus running shoes"),
        ("索尼耳机", "Sony WH-1000XM5 headphones"),
        ("安德玛", "Under Armour shorts"),
        ("under armour", "安德玛 短裤"),
        ("l'oreal shampoo", "欧莱雅 洗发水"),
        ("乐高", "LEGO City set"),
        ("louis vuitton", "路易威登 手提包"),
    ],
)
def test_a_brand_is_found_under_its_other_name(query: str, title: str) -> None:
    assert finds(query, title, BrandNames())


def test_another_brand_is_not_found() -> None:
    assert not finds("苹果笔记本", "Lenovo ThinkPad laptop", BrandNames())
    assert not finds("华为手机", "Apple iPhone 15", BrandNames())


def test_a_name_that_is_a_common_word_counts_where_the_shop_has_the_brand() -> None:
    assert not finds("xiaomi", "东北 小米 5斤", BrandNames())
    assert finds("xiaomi", "小米14 手机", BrandNames(["小米"]))
    assert not finds("robam", "老板椅 真皮", BrandNames(["得力"]))
    assert finds("robam", "老板 油烟机", BrandNames(["老板"]))


def test_the_shop_tells_names_that_nobody_else_knows() -> None:
    assert not finds("zorblax kettle", "佐布拉 烧水壶", BrandNames())
    assert finds("zorblax kettle", "佐布拉 烧水壶", BrandNames(["佐布拉（Zorblax）"]))
    assert finds("佐布拉烧水壶", "Zorblax kettle", BrandNames(pairs=[("zorblax", "佐布拉")]))


def test_other_names_of_a_brand() -> None:
    assert BrandNames().others("HUAWEI") == ["华为"]
    assert BrandNames().others("小米") == ["xiaomi"]
    assert BrandNames().others("Xiaomi") == []
    assert BrandNames().others("Nobody") == []
    assert BrandNames().others("李维斯") == ["levi's", "levis"]
    assert BrandNames().others("欧莱雅") == ["l'oréal", "loreal"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("华为（HUAWEI）Mate 60", ("huawei", "华为")),
        ("HUAWEI/华为", ("huawei", "华为")),
        ("Apple/苹果 iPhone 15", ("apple", "苹果")),
        ("Black & Decker (百得) 电钻", ("black & decker", "百得")),
        ("L'Oréal（欧莱雅）", ("l'oréal", "欧莱雅")),
        ("Apple 苹果", None),
        ("iPhone 15 / 手机", None),
        ("Red / blue", None),
        ("红色连衣裙", None),
    ],
)
def test_names_in_two_scripts(text: str, names: tuple[str, str] | None) -> None:
    assert bilingual_names(text) == names


def test_a_brand_in_a_longer_name_stays_in_it() -> None:
    (word,) = query_words("apple watch", brands=BrandNames())
    assert word.text == "apple watch"
    assert [word.text for word in query_words("华为荣耀手机", brands=BrandNames())] == [
        "华为",
        "荣耀",
        "手机",
    ]


@given(
    st.text(st.characters())
    | st.lists(st.sampled_from(["苹果", "huawei", "under", " ", "armour", "&", "小"])).map("".join)
)
def test_brands_lie_in_the_text_in_order(text: str) -> None:
    units = split_units(normalise(text))
    spans = sorted((first, last) for first, (last, _) in BrandNames().spans(units).items())
    assert all(0 <= first < last <= len(units) for first, last in spans)
    assert all(left[1] <= right[0] for left, right in pairwise(spans))
