from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from snapshelf.catalogue import Product, parse_mapping, read_feed
from snapshelf.errors import FeedError

if TYPE_CHECKING:
    from pathlib import Path


def only_product(folder: Path, content: str, mapping: str | None = None) -> dict[str, Any]:
    return products(folder, content, mapping)[0].model_dump(exclude_defaults=True)


def products(folder: Path, content: str, mapping: str | None = None) -> list[Product]:
    path = folder / "feed.csv"
    path.write_text(content, encoding="utf-8")
    rows = list(read_feed(path, parse_mapping(mapping) if mapping else None))
    assert [row.error for row in rows] == [None] * len(rows)
    return [row.product for row in rows if row.product]


def test_is_written_as_pairs() -> None:
    text = "title=productDisplayName, category = masterCategory/subCategory/articleType,"
    text += "attributes.colour=a=b,brand="
    assert parse_mapping(text) == {
        "title": "productDisplayName",
        "category": "masterCategory/subCategory/articleType",
        "attributes.colour": "a=b",
        "brand": "",
    }
    assert parse_mapping("image=photo") == {"images": "photo"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("title", "'title' is not of the form field=column"),
        ("", "'' is not of the form field=column"),
        ("title=a,", "'' is not of the form field=column"),
        ("title=a,title=b", "'title' is given twice"),
        ("titel=a", "no field 'titel' (did you mean 'title'?); fields: id, title"),
        ("attributes.=a", "no field 'attributes.'"),
    ],
)
def test_says_what_is_wrong_with_it(text: str, reason: str) -> None:
    with pytest.raises(FeedError) as caught:
        parse_mapping(text)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("mapping", "reason"),
    [
        ({"title": "productDisplyName"}, "no column 'productDisplyName', which the mapping names for title"),
        (
            {"title": "productDisplyName"},
            "(did you mean 'productDisplayName'?). Columns: id, productDisplayName, a/b",
        ),
        ({"category": "a/c"}, "there is no column 'a'"),
        ({"titel": "productDisplayName"}, "no field 'titel'"),
        ({"title": ""}, "no column looks like the product's title"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(tmp_path: Path, mapping: dict[str, str], reason: str) -> None:
    path = tmp_path / "feed.csv"
    path.write_text("id,productDisplayName,a/b\n1,T,x\n")
    with pytest.raises(FeedError) as caught:
        read_feed(path, mapping)
    assert "feed.csv" in str(caught.value) or "column mapping" in str(caught.value)
    assert reason in str(caught.value)


def test_given_columns_win_and_the_rest_is_guessed(tmp_path: Path) -> None:
    content = "id,title,alt,brand,a/b,c,front,back\n1,Guessed,Given,Acme,A > B,C,f.jpg,b.jpg\n"
    mapping = "title=alt,brand=,category=a/b,attributes.third=c,attributes.name=alt,images=front/back"
    assert only_product(tmp_path, content, mapping) == {
        "id": "1",
        "title": "Given",
        "category": ("A", "B"),
        "images": ("f.jpg", "b.jpg"),
        "attributes": {"title": "Guessed", "brand": "Acme", "third": "C", "name": "Given"},
    }


def test_a_category_of_several_columns_is_one_path(tmp_path: Path) -> None:
    content = "id,title,wide,narrow,none\n1,T,Home > Kitchen,Pans,\n"
    assert only_product(tmp_path, content, "category=wide/narrow/none")["category"] == (
        "Home",
        "Kitchen",
        "Pans",
    )


def test_can_be_shown_and_given_again(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text("sku,name,department,category,img,shade\n1,T,D,C,a.jpg,red\n")
    feed = read_feed(path)
    assert feed.mapping == {
        "id": "sku",
        "title": "name",
        "category": "department/category",
        "images": "img",
        "attributes.shade": "shade",
    }
    assert list(read_feed(path, feed.mapping)) == list(feed)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            # Google Merchant
            "id\ttitle\tdescription\tlink\timage link\tadditional image link\tprice\tavailability\tbrand\t"
            "item_group_id\tgoogle_product_category\tproduct_type\tcolor\tsize\n"
            "7\tShirt\tSoft\thttps://x.test/7\thttps://x.test/7.jpg\thttps://x.test/8.jpg,https://x.test/9.jpg\t"
            "15.00 USD\tin stock\tAcme\tg7\t2271\tApparel > Tops > Shirts\tred\tM\n",
            {
                "id": "7",
                "title": "Shirt",
                "description": "Soft",
                "url": "https://x.test/7",
                "images": ("https://x.test/7.jpg", "https://x.test/8.jpg", "https://x.test/9.jpg"),
                "price": {"amount": 15, "currency": "USD"},
                "brand": "Acme",
                "group_id": "g7",
                "category": ("Apparel", "Tops", "Shirts"),
                "attributes": {"google_product_category": 2271.0, "color": "red", "size": "M"},
            },
        ),
        (
            "商品编号,商品名称,品牌,一级类目,二级类目,价格,图片,库存,颜色\n"
            "8,红色连衣裙,某牌,服饰,连衣裙,¥199,8.jpg,0,红\n",
            {
                "id": "8",
                "title": "红色连衣裙",
                "brand": "某牌",
                "category": ("服饰", "连衣裙"),
                "price": {"amount": 199},
                "images": ("8.jpg",),
                "stock": 0,
                "availability": "out_of_stock",
                "attributes": {"颜色": "红"},
            },
        ),
        (
            "编号,标题,类目,币种,售价,是否有货\n8,锅,家居 > 厨房,usd,12.5,有货\n",
            {
                "id": "8",
                "title": "锅",
                "category": ("家居", "厨房"),
                "price": {"amount": 12.5, "currency": "USD"},
            },
        ),
        (
            "SKU,Product Name,Vendor,Image URL,Unit Price,Currency Code,In Stock\n"
            "A-1,Pan,Acme,a.jpg,12,EUR,yes\n",
            {
                "id": "A-1",
                "title": "Pan",
                "brand": "Acme",
                "images": ("a.jpg",),
                "price": {"amount": 12, "currency": "EUR"},
            },
        ),
        (
            "product_id;Category;Sub Category;name;quantity\n3;Food;Milk;Oat drink;500 ml\n",
            {
                "id": "3",
                "title": "Oat drink",
                "category": ("Food", "Milk"),
                "attributes": {"quantity": "500 ml"},
            },
        ),
    ],
    ids=["google", "chinese", "chinese-short", "shop", "semicolons"],
)
def test_guesses_usual_names(tmp_path: Path, content: str, expected: dict[str, Any]) -> None:
    assert only_product(tmp_path, content) == expected


def test_the_description_loses_its_html(tmp_path: Path) -> None:
    html = "<p>Soft <b>cot</b>ton &amp; linen</p><style>p {}</style><ul><li>red</li><li>blue</li>"
    assert only_product(tmp_path, f'id,title,description\n1,T,"{html}"\n')["description"] == (
        "Soft cotton & linen red blue"
    )
    assert (
        only_product(tmp_path, "id,title,description\n1,T,width < 3 > 2\n")["description"] == "width < 3 > 2"
    )
    odd = "<![odd[ </p>"
    assert only_product(tmp_path, f"id,title,description\n1,T,{odd}\n")["description"]


_SHOPIFY = """\
Handle,Title,Body (HTML),Vendor,Type,Option1 Name,Option1 Value,Variant SKU,Variant Price,\
Variant Inventory Qty,Image Src,Variant Image
shirt,Shirt,<p>Soft</p>,Acme,Tops,Colour,Red,S-R,12.50,3,https://x.test/1.jpg,https://x.test/red.jpg
shirt,,,,,,Blue,,13.50,-2,https://x.test/2.jpg,
shirt,,,,,,,,,,https://x.test/3.jpg,
pan,Pan,,Acme,Kitchen,Title,Default Title,,30,1,https://x.test/pan.jpg,
"""


def test_a_shopify_export_gives_one_product_per_variant(tmp_path: Path) -> None:
    red, blue, pan = products(tmp_path, _SHOPIFY)
    assert red.model_dump(exclude_defaults=True) == {
        "id": "S-R",
        "title": "Shirt",
        "description": "Soft",
        "brand": "Acme",
        "category": ("Tops",),
        "price": {"amount": 12.5},
        "stock": 3,
        "images": ("https://x.test/red.jpg", *(f"https://x.test/{number}.jpg" for number in (1, 2, 3))),
        "group_id": "shirt",
        "attributes": {"Colour": "Red"},
    }
    assert (blue.id, blue.title, blue.attributes) == ("shirt-2", "Shirt", {"Colour": "Blue"})
    assert (blue.stock, blue.availability, len(blue.images)) == (0, "out_of_stock", 3)
    assert (pan.id, pan.attributes, pan.group_id) == ("pan", {}, "pan")


def test_shopify_rows_keep_their_numbers_and_faults(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text(_SHOPIFY.replace("13.50", "soon") + "too,few\n")
    feed = read_feed(path)
    rows = list(feed)
    assert [(row.number, row.id, row.product is None) for row in rows] == [
        (1, "S-R", False),
        (2, "shirt-2", True),
        (4, "pan", False),
        (5, None, True),
    ]
    assert "row 2 (line 3): price: 'soon'" in str(rows[1].error)
    assert feed.total == 5


def test_attributes_that_shop_systems_pack_are_attributes_of_their_own(tmp_path: Path) -> None:
    magento = only_product(
        tmp_path,
        "sku,name,product_type,category,size,additional_attributes\n"
        'H-1,Hoodie,simple,Tops,XL,"color=Red,size=M,material=Cotton|Wool&reg;,note=warm, soft and wide,weight=1.5"\n',
    )
    assert magento["category"] == ("Tops",)
    assert magento["attributes"] == {
        "product_type": "simple",
        "size": "XL",
        "color": "Red",
        "material": ("Cotton", "Wool®"),
        "note": "warm, soft and wide",
        "weight": 1.5,
    }
    woocommerce = products(
        tmp_path,
        "ID,Name,Attribute 1 name,Attribute 1 value(s),Attribute 1 visible,Attribute 2 name,Attribute 2 value(s)\n"
        '1,Tee,Color,"Blue, Green, Red",1,Size,Large\n'
        '2,Cap,Fit,"One size\\, wide",0,,\n'
        "3,Bag,,,,Volume,20\n",
    )
    assert [product.attributes for product in woocommerce] == [
        {"Color": ("Blue", "Green", "Red"), "Size": "Large", "Attribute 1 visible": 1.0},
        {"Fit": "One size, wide", "Attribute 1 visible": 0.0},
        {"Volume": 20.0},
    ]


def test_a_text_that_is_no_list_of_attributes_stays(tmp_path: Path) -> None:
    product = only_product(
        tmp_path, "id,title,additional_attributes,Attribute 1 name\n1,Tee,just a note,Color\n"
    )
    assert product["attributes"] == {"additional_attributes": "just a note", "Attribute 1 name": "Color"}
