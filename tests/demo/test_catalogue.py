"""The drawn catalogue: facts, titles, pictures."""

from __future__ import annotations

import pickle
import re
from collections import Counter, defaultdict

import numpy as np
import pytest

from snapshelf.demo import DemoProduct, draw_catalogue, shopper_photo


@pytest.fixture(scope="module")
def products() -> list[DemoProduct]:
    return list(draw_catalogue(1500, 7))


def test_there_is_something_of_everything(products: list[DemoProduct]) -> None:
    assert len(products) == 1500
    assert len({product.id for product in products}) == 1500
    assert len({product.kind for product in products}) >= 24
    assert min(Counter(product.kind for product in products).values()) >= 5
    assert len({product.colour for product in products}) >= 14
    assert len({product.pattern for product in products}) >= 7
    assert {product.gender for product in products} == {"women", "men", "unisex", None}
    sold_out = sum(product.stock == 0 for product in products)
    assert 75 < sold_out < 300


def test_a_red_dress_can_be_found(products: list[DemoProduct]) -> None:
    dresses = [product for product in products if product.kind == "dress" and product.colour == "red"]
    assert dresses
    assert all("红色" in product.title_zh and "连衣裙" in product.title_zh for product in dresses)
    assert all("Red" in product.title_en and "Dress" in product.title_en for product in dresses)


def test_titles_say_what_is_drawn_in_both_languages(products: list[DemoProduct]) -> None:
    for product in products:
        assert re.fullmatch(r"[A-Za-zé' -]+", product.title_en), product.title_en
        assert re.fullmatch(r"[A-Z\u4e00-\u9fff]+", product.title_zh), product.title_zh
        assert product.title == f"{product.title_en} {product.title_zh}"
        assert product.colour.title() in product.title_en
        assert (product.gender == "women") == product.title_en.startswith("Women's")
        assert (product.gender == "women") == product.title_zh.startswith("女士")
        assert len(set(product.title_en.split())) == len(product.title_en.split()), product.title_en


def test_variants_share_all_but_colour_and_stock(products: list[DemoProduct]) -> None:
    groups = defaultdict(list)
    for product in products:
        groups[product.group_id].append(product)
    several = [group for group in groups.values() if len(group) > 1]
    assert len(several) > 300
    for group in several:
        assert len({product.colour for product in group}) == len(group)
        for fact in ("kind", "style", "pattern", "material", "gender", "sizes", "brand", "price", "seed"):
            assert len({getattr(product, fact) for product in group}) == 1, fact


def test_prices_stock_and_urls_are_usable(products: list[DemoProduct]) -> None:
    for product in products:
        assert 10 <= product.price <= 3000
        assert product.currency == "CNY"
        assert product.stock >= 0
        assert product.availability == ("in_stock" if product.stock else "out_of_stock")
        assert len(product.category) >= 2
        assert product.url.endswith(product.id)
        assert re.fullmatch(r"[a-z0-9-]+", product.id)


def test_the_same_seed_gives_the_same_products_and_pixels() -> None:
    first, second = (list(draw_catalogue(60, 5)) for _ in range(2))
    assert first == second
    # A copy from another process draws from nothing but its facts.
    for product in first[:4]:
        copy = pickle.loads(pickle.dumps(product))  # noqa: S301
        assert copy.photo().tobytes() == product.photo().tobytes()
        assert shopper_photo(copy, 3).tobytes() == shopper_photo(product, 3).tobytes()


def test_another_seed_gives_other_products_and_forms() -> None:
    first, second = (next(p for p in draw_catalogue(600, seed) if p.kind == "vase") for seed in (1, 2))
    assert first != second
    assert first.photo().tobytes() != second.photo().tobytes()


def test_variants_have_one_form_in_two_colours(products: list[DemoProduct]) -> None:
    groups = defaultdict(list)
    for product in products:
        if product.kind in {"mug", "dress", "backpack"} and product.pattern == "solid":
            groups[product.group_id].append(product)
    checked = 0
    for group in groups.values():
        if len(group) < 2 or checked == 3:
            continue
        checked += 1
        first, second = (np.asarray(product.cutout(240), dtype=float) for product in group[:2])
        assert np.abs(first[..., 3] - second[..., 3]).mean() < 2
        inside = (first[..., 3] > 250) & (second[..., 3] > 250)
        assert np.abs(first[inside] - second[inside])[:, :3].mean() > 4
    assert checked == 3


def test_every_style_of_every_kind_is_drawn_within_its_photo() -> None:
    seen = set()
    for product in draw_catalogue(1200, 3):
        if (product.kind, product.style) in seen:
            continue
        seen.add((product.kind, product.style))
        cut = product.cutout(160)
        assert cut.mode == "RGBA"
        assert cut.size == (128, 160)
        alpha = np.asarray(cut)[..., 3] / 255
        assert 0.02 < alpha.mean() < 0.8, (product.kind, product.style)
        edge = np.concatenate([alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]])
        assert edge.max() < 0.5, (product.kind, product.style)
    assert len(seen) > 90


def test_photos_are_light_around_the_product(products: list[DemoProduct]) -> None:
    for product in products[:12]:
        photo = product.photo()
        assert photo.mode == "RGB"
        assert photo.size == (384, 480)
        pixels = np.asarray(photo)
        corners = pixels[[0, 0, -1, -1], [0, -1, 0, -1]]
        assert corners.min() > 200, product.id
        assert pixels.std() > 5, product.id


def test_the_picture_has_the_named_colour(products: list[DemoProduct]) -> None:
    # What the eye expects of the mean colour inside a plain product: which channel wins.
    expected = {"red": 0, "green": 1, "blue": 2}
    for colour, channel in expected.items():
        product = next(
            p
            for p in products
            if p.kind in {"t-shirt", "sweater"} and (p.colour, p.pattern) == (colour, "solid")
        )
        pixels = np.asarray(product.cutout(160), dtype=float)
        mean = pixels[pixels[..., 3] > 250][:, :3].mean(axis=0)
        assert mean.argmax() == channel, (colour, mean)


def test_a_shopper_photo_is_another_picture_of_the_product(products: list[DemoProduct]) -> None:
    product = products[0]
    first, second = shopper_photo(product, 1), shopper_photo(product, 2)
    assert first.mode == "RGB"
    assert first.size == (420, 560)
    assert first.tobytes() != second.tobytes()
    background = np.asarray(first)[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert background.mean() < 235
