"""Categories of shops as kinds: what restricts, what moves up, what is near."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from snapshelf.catalogue import Product
from snapshelf.index import And, Equals, Not, OneOf, QdrantEdgeIndex, Record, record
from snapshelf.language import normalise
from snapshelf.query import CatalogueView, UnderstandingSettings
from snapshelf.query.constraints import ConstraintReader, ParsedText
from tests.query.constraint_shops import Shop


@pytest.fixture
def index(tmp_path: Path) -> Iterator[QdrantEdgeIndex]:
    with QdrantEdgeIndex.open(tmp_path / "index", 2) as index:
        yield index


def stocked(index: QdrantEdgeIndex, categories: Sequence[Sequence[str]]) -> CatalogueView:
    index.upsert(
        [
            Record(str(number), np.ones((1, 2), np.float32), fields={"category": list(path)})
            for number, path in enumerate(categories)
        ]
    )
    return CatalogueView(index, index=index)


def read(text: str, catalogue: CatalogueView) -> ParsedText:
    return ConstraintReader(catalogue, UnderstandingSettings()).read(normalise(text))


def chips(text: str, *categories: str) -> list[tuple[str, bool]]:
    parsed = read(text, CatalogueView(Shop({"category": categories})))
    return [(chip.where, chip.hard) for chip in parsed.chips if chip.kind == "category"]


def test_a_category_that_is_the_kind_restricts() -> None:
    assert chips("black watch", "Watches", "Bags") == [('category = "Watches"', True)]
    assert chips("黑色手表", "Watches", "Bags") == [('category = "Watches"', True)]
    assert chips("watch", "mens-watches", "womens-watches") == [
        ('category = ("mens-watches" OR "womens-watches")', True)
    ]
    assert chips("watch", "All Watches") == [('category = "All Watches"', True)]
    assert chips("hoodie", "Hoodies & Sweatshirts") == [('category = "Hoodies & Sweatshirts"', True)]


def test_the_last_word_of_a_category_is_no_proof() -> None:
    assert chips("table", "Drafting tables") == [('category = "Drafting tables"', False)]
    # The shop's own name is.
    assert chips("drafting table", "Drafting tables") == [('category = "Drafting tables"', True)]


def test_the_shops_own_categories_are_known_in_any_number() -> None:
    assert chips("glimmerwears", "Glimmerwear") == [('category = "Glimmerwear"', True)]
    assert chips("kitchen_gadgets", "kitchen-gadgets") == [('category = "kitchen-gadgets"', True)]


def test_chinese_kinds_are_named_by_their_last_characters() -> None:
    assert chips("红色裙子", "连衣裙", "面包") == [('category = "连衣裙"', True)]
    assert chips("裤子", "牛仔裤", "休闲裤", "连衣裙") == [('category = ("休闲裤" OR "牛仔裤")', True)]
    assert chips("包", "双肩包", "面包") == [('category = "双肩包"', True)]
    # In English the compound may be anything.
    assert chips("silver ring", "Key rings") == []


def test_a_kind_is_known_in_any_number() -> None:
    assert chips("phone", "smartphones") == [('category = "smartphones"', True)]


def test_a_number_is_no_name_of_a_category() -> None:
    assert chips("phone 15", "15", "20") == []


def test_a_kind_that_only_describes_another_restricts_nothing() -> None:
    assert chips("phone case", "Mobile phones") == []
    assert chips("手机壳", "手机") == []
    assert chips("phone zorblax", "Mobile phones") == [('category = "Mobile phones"', False)]
    assert chips("charger for phone", "Mobile phones", "Chargers") == [('category = "Chargers"', True)]


def test_a_description_that_products_of_the_kind_have_moves_them_up(index: QdrantEdgeIndex) -> None:
    shop = stocked(index, [["Kitchen", "Tables"], ["Garden", "Tables"], ["Kitchen", "Pans"]])
    parsed = read("kitchen table", shop)
    assert [(chip.where, chip.hard) for chip in parsed.chips] == [
        ('category = ("Kitchen" OR "Pans")', False),
        ('category = "Tables"', True),
    ]


def test_nothing_widens_to_siblings(index: QdrantEdgeIndex) -> None:
    shop = stocked(index, [["Jewellery", "Necklaces"], ["Jewellery", "Earrings"]])
    assert read("silver ring", shop).chips == ()
    index.upsert([Record("direct", np.ones((1, 2), np.float32), fields={"category": ["Jewellery"]})])
    (chip,) = read("silver ring", shop.refreshed()).chips
    assert not chip.hard
    assert chip.filter == And(
        (Equals("category", "Jewellery"), Not(OneOf("category", ("Earrings", "Necklaces"))))
    )
    assert index.count(chip.filter) == 1
    # Nothing is called a ring, so these come first; unless the shopper takes them away.
    nearest = read("silver ring", shop.refreshed()).nearest
    assert nearest is not None
    assert nearest.categories == ("jewellery",)
    reader = ConstraintReader(shop.refreshed(), UnderstandingSettings(), dismissed=[chip.where])
    assert (parsed := reader.read("silver ring")).chips == ()
    assert parsed.nearest is None


def test_a_wider_kind_needs_products_to_be_counted() -> None:
    assert chips("earbuds", "laptops", "tablets", "smartphones", "electronics") == []


def test_a_kind_that_the_shop_does_not_have_names_its_nearest(index: QdrantEdgeIndex) -> None:
    shop = stocked(index, [["Home", "Armchairs"], ["Home", "Beds"], ["Dresses"]])
    parsed = read("sofa", shop)
    assert parsed.chips == ()
    assert parsed.nearest is not None
    assert parsed.nearest.categories == ("Armchairs",)
    (note,) = parsed.notes
    assert note.kind == "nearest-kind"
    assert note.values == {
        "asked": "sofa",
        "asked_zh": "沙发",
        "nearest": "Armchairs",
        "nearest_zh": "扶手椅",
    }
    # Electronics have nothing in common but the widest kind.
    assert read("earbuds", stocked(index, [["Laptops"]]).refreshed()).nearest is None


def test_a_kind_is_seen_in_titles_too(tmp_path: Path) -> None:
    products = [
        {"id": "watch", "title": "Fossil Grant", "category": "Watches"},
        {"id": "gift", "title": "Watch with a steel dial", "category": "Gifts"},
        {"id": "strap", "title": "Leather strap for watch", "category": "Watch accessories"},
        {"id": "mug", "title": "Black mug", "category": "Mugs"},
    ]
    with QdrantEdgeIndex.open(tmp_path / "index", 2) as index:
        index.upsert([record(Product.parse(row), np.ones((1, 2), np.float32)) for row in products])
        catalogue = CatalogueView(index, index=index)
        (chip,) = read("watch", catalogue).chips
        # What stands in a category of something for watches is no watch.
        assert index.matches([row["id"] for row in products], chip.filter) == {"watch", "gift"}
        assert index.matches([row["id"] for row in products], chip.exact) == {"watch"}
        # The shop's products say what an unknown word makes of the kind.
        assert read("watch strap", catalogue).chips == ()
        assert [chip.hard for chip in read("watch grant", catalogue).chips] == [True]
        assert [chip.hard for chip in read("watch zorblax", catalogue).chips] == [False]
        assert read("no watch", catalogue).chips[0].where == 'NOT category = "Watches"'


def test_men_and_women_may_be_categories() -> None:
    catalogue = CatalogueView(Shop({"category": ["Men", "Women", "Jackets"]}))
    parsed = read("women jacket", catalogue)
    assert [(chip.kind, chip.where, chip.hard) for chip in parsed.chips] == [
        ("gender", 'category = "Women"', False),
        ("category", 'category = "Jackets"', True),
    ]
