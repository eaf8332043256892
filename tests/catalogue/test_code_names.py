"""Names of columns that hold codes."""

from __future__ import annotations

import pytest

from snapshelf.catalogue import is_barcode_name, is_code_name, is_name_of_other_codes


@pytest.mark.parametrize(
    "name",
    [
        "SKU",
        "sku",
        "variantSku",
        "Variant SKU",
        "g:mpn",
        "manufacturerNumber",
        "Part No.",
        "item_no",
        "EAN-13",
        "UPC/EAN",
        "meta.barcode",
        "model",
        "Model Number",
        "Artikelnummer",
        "référence",
        "Код товара",
        "артикул",
        "货号",
        "商品编号",
        "条形码",
        "型號",
        "JANコード",
        "ISBN13",
        "asins",
    ],
)
def test_codes(name: str) -> None:
    assert is_code_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "articleType",
        "colour_code",
        "related_skus",
        "upsell_skus",
        "image_ref",
        "tax_code",
        "颜色",
        "skull",
        "title",
        "size",
    ],
)
def test_other_columns(name: str) -> None:
    assert not is_code_name(name)


def test_barcodes() -> None:
    assert [is_barcode_name(name) for name in ("gtin", "Barcode", "EAN13", "条码", "sku", "model")] == [
        True
    ] * 4 + [False] * 2


def test_codes_of_other_things() -> None:
    names = ("crosssell_skus", "Related products", "base_image", "country_code", "sku")
    assert [is_name_of_other_codes(name) for name in names] == [True] * 4 + [False]
