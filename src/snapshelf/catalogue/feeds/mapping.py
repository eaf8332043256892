"""Which column of a feed fills which field of the product."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from math import isnan
from typing import TYPE_CHECKING, Any

from snapshelf._support.ids import MAX_PRODUCT_ID_LENGTH
from snapshelf.catalogue.feeds.packed import unpacked
from snapshelf.catalogue.values import plain_key, split_path, split_references, without_html
from snapshelf.errors import FeedError, ProductError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_SINGLE = (
    "id", "title", "description", "brand", "price", "currency", "availability", "stock", "url", "group_id",
)  # fmt: skip
_SEVERAL = ("category", "images")
_FIELDS = (*_SINGLE, *_SEVERAL)
_ATTRIBUTE = "attributes."

# The usual names of each field's column, most telling first; letter case, spaces and punctuation are ignored.
# "a/b" are columns that belong together.
_USUAL_NAMES: dict[str, str] = {
    "id": """
        id product_id item_id offer_id sku product_sku variant_sku article_id article_number item_number
        product_code uniq_id asin 商品编号 商品id 产品编号 编号 货号 商品编码 商品货号 sku编码
    """,
    "title": """
        title product_title name product_name product_display_name display_name item_name item_title
        标题 商品标题 商品名称 产品名称 商品名 名称 品名
    """,
    "description": """
        description product_description long_description body_html desc details summary
        描述 商品描述 产品描述 商品详情 详情 简介
    """,
    "brand": "brand brands brand_name vendor manufacturer 品牌 品牌名称 商品品牌 厂商",
    "category": """
        master_category/sub_category/article_type department/category/subcategory department/category
        main_category/sub_category category/subcategory/article_type category/sub_category
        category_1/category_2/category_3 category_1/category_2 category_l1/category_l2/category_l3
        level1/level2/level3 一级类目/二级类目/三级类目 一级类目/二级类目
        一级分类/二级分类/三级分类 一级分类/二级分类
        category categories category_path category_name product_category product_type product_types
        google_product_category type
        类目 商品类目 分类 商品分类 品类 类别
    """,
    "price": """
        price price_info.price price.amount price.value selling_price unit_price retail_price variant_price
        price_amount
        价格 商品价格 售价 销售价 单价 现价
    """,
    "currency": "currency currency_code price_info.currency_code price.currency price_currency 币种 货币",
    "availability": "availability in_stock is_in_stock stock_status availability_status 是否有货 库存状态",
    "stock": """
        stock stock_quantity inventory inventory_quantity available_quantity variant_inventory_qty
        库存 库存数量 库存量
    """,
    "url": "url link product_url product_link uri page_url 链接 商品链接 网址",
    "images": """
        image_link images image image_url image_urls img img_url picture picture_url photo photo_url photos
        pictures main_image primary_image image_src image_path image_file image_bytes image_data
        image_uri jpg jpeg png thumbnail filename
        图片 商品图片 主图 图片链接 图片地址 图片路径 主图链接
    """,
    "group_id": """
        item_group_id group_id parent_id parent_sku primary_product_id handle spu spu_id 款号 商品组
    """,
}
_MORE_IMAGES = ("additionalimagelink", "additionalimagelinks", "additionalimages", "其他图片", "附图")
_USUAL_KEYS = {
    name: [tuple(plain_key(part) for part in group.split("/")) for group in groups.split()]
    for name, groups in _USUAL_NAMES.items()
}

_PHOTO_KEYS = ("bytes", "path", "uri", "url", "src")
_NOT_GIVEN = frozenset({"na", "n/a", "#n/a", "<na>", "nan", "null", "none"})
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?")


def parse_mapping(text: str) -> dict[str, str]:
    """Read a mapping written as ``field=column,field=column``.

    ``category=masterCategory/subCategory`` makes a path of several columns, as ``images=front/back`` makes a
    list; ``attributes.colour=baseColour`` names an attribute; ``brand=`` leaves a field empty whatever the
    columns are called.

    Returns
    -------
    dict
        Column(s) by field.

    Raises
    ------
    FeedError
        It is written in another way, or names a field twice or an unknown field.
    """
    mapping: dict[str, str] = {}
    for pair in text.split(","):
        name, mark, column = (part.strip() for part in pair.partition("="))
        if not mark:
            raise FeedError(f"column mapping: {pair.strip()!r} is not of the form field=column")
        name = _field(name)
        if name in mapping:
            raise FeedError(f"column mapping: {name!r} is given twice; several columns are written as a/b/c")
        mapping[name] = column
    return mapping


def _field(name: str) -> str:
    known = "images" if name == "image" else name
    if known in _FIELDS or (known.startswith(_ATTRIBUTE) and known != _ATTRIBUTE):
        return known
    raise FeedError(
        f"column mapping: a product has no field {name!r}{_nearest(name, _FIELDS)}; "
        f"fields: {', '.join(_FIELDS)}, attributes.<name>"
    )


def _nearest(name: str, names: Iterable[str]) -> str:
    by_key = {plain_key(known): known for known in names}
    near = difflib.get_close_matches(plain_key(name), by_key, n=1)
    return f" (did you mean {by_key[near[0]]!r}?)" if near else ""


@dataclass(frozen=True)
class Plan:
    """How rows become fields of products.

    Parameters
    ----------
    fields : dict
        The column or columns that fill each field; every other column is an attribute.
    attribute_names : dict
        Name by column of the attributes that the mapping names, which columns of fields may be as well.
    ignored : frozenset of str
        Fields that stay empty because the mapping says so.
    untyped : bool
        Whether texts that are numbers become numbers.
    """

    fields: Mapping[str, tuple[str, ...]]
    attribute_names: Mapping[str, str]
    ignored: frozenset[str]
    untyped: bool

    @classmethod
    def make(cls, columns: Sequence[str], mapping: Mapping[str, str], *, feed: str, untyped: bool) -> Plan:
        """Take what `mapping` says and guess the rest from usual names.

        Raises
        ------
        FeedError
            The mapping names a field or a column that does not exist, or nothing fills id or title.
        """
        given = {_field(name): text for name, text in mapping.items()}
        chosen = {name: _columns(name, text, columns, feed) for name, text in given.items() if text}
        plan = cls(
            {name: columns for name, columns in chosen.items() if name in _FIELDS},
            {
                columns[0]: name.removeprefix(_ATTRIBUTE)
                for name, columns in chosen.items()
                if name not in _FIELDS
            },
            frozenset(given.keys() - chosen.keys()),
            untyped,
        ).extended(columns)
        for name in ("id", "title"):
            if name not in plan.fields:
                raise FeedError(
                    f"{feed}: no column looks like the product's {name}; name it in the column mapping: "
                    f"{name}=COLUMN. Columns: {', '.join(columns)}"
                )
        return plan

    @cached_property
    def used(self) -> frozenset[str]:
        """Columns that fill fields."""
        return frozenset(column for columns in self.fields.values() for column in columns)

    def extended(self, columns: Iterable[str]) -> Plan:
        """Guess, too, what columns are for that were not known before."""
        free = {
            plain_key(column): column
            for column in columns
            if column not in self.used and column not in self.attribute_names
        }
        fields = dict(self.fields)
        for name, groups in _USUAL_KEYS.items():
            first = next((group for group in groups if all(key in free for key in group)), ())
            if first and name not in fields and name not in self.ignored:
                more = [key for key in _MORE_IMAGES if key in free] if name == "images" else []
                fields[name] = tuple(free.pop(key) for key in (*first, *more))
        return replace(self, fields=fields)

    def described(self, columns: Iterable[str]) -> dict[str, str]:
        """Write the plan for these columns as a mapping."""
        fields = {name: "/".join(chosen) for name, chosen in self.fields.items()}
        named = {column: _attribute_name(column) for column in columns if column not in self.used}
        attributes = {
            f"{_ATTRIBUTE}{name}": column for column, name in {**named, **self.attribute_names}.items()
        }
        return fields | attributes

    def read(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[bytes, ...]]:
        """Fields for `Product.parse`, and the photos that are inside the row itself.

        Raises
        ------
        ProductError
            A field that must be text holds binary data.
        """
        product: dict[str, Any] = {}
        for name, columns in self.fields.items():
            if name in _SEVERAL:
                continue
            value = _single(name, values.get(columns[0]))
            if value is not None and value != "":
                product[name] = value
        currency = product.pop("currency", None)
        if currency is not None and "price" in product:
            product["price"] = {"amount": product["price"], "currency": currency}
        if isinstance(product.get("description"), str):
            product["description"] = without_html(product["description"])
        category = _category([values.get(column) for column in self.fields.get("category", ())])
        if category:
            product["category"] = category
        references, photos = _images(values.get(column) for column in self.fields.get("images", ()))
        if references:
            product["images"] = references
        used, named = self.used, self.attribute_names
        attributes = {
            named.get(column) or _attribute_name(column): value
            for column, value in values.items()
            if column not in used or column in named
        }
        product["attributes"] = {name: self._attribute(value) for name, value in unpacked(attributes).items()}
        return product, tuple(photos)

    def _attribute(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        value = value.strip()
        if value.casefold() in _NOT_GIVEN:
            return None
        return float(value) if self.untyped and _NUMBER.fullmatch(value) else value


@lru_cache(4096)
def _attribute_name(column: str) -> str:
    name = " ".join(column.split())[:MAX_PRODUCT_ID_LENGTH]
    if not name.startswith(_ATTRIBUTE) or name == _ATTRIBUTE:
        return name
    # attributes.colour.text and attributes.weight.numbers are how the Retail API writes attributes.
    return re.sub(r"\.(?:text|numbers)$", "", name.removeprefix(_ATTRIBUTE))


def _columns(name: str, text: str, columns: Sequence[str], feed: str) -> tuple[str, ...]:
    several = name in _SEVERAL and text not in columns
    parts = tuple(part.strip() for part in text.split("/")) if several else (text,)
    for part in parts:
        if part not in columns:
            raise FeedError(
                f"{feed}: there is no column {part!r}, which the mapping names for {name}"
                f"{_nearest(part, columns)}. Columns: {', '.join(columns)}"
            )
    return parts


def _single(name: str, value: Any) -> Any:
    if isinstance(value, list | tuple):
        value = value[0] if value else None
    if isinstance(value, bytes):
        raise ProductError(f"{name}: is binary data, not text", field=name)
    if isinstance(value, float) and name != "price":
        # A data frame marks gaps by NaN, and makes whole numbers floating in a column that has gaps.
        return None if isnan(value) else int(value) if value.is_integer() else value
    if isinstance(value, str):
        value = value.strip()
        if name not in ("id", "title", "price") and value.casefold() in _NOT_GIVEN:
            return None
    return value


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list | tuple) else (value,)
    texts = [str(item).strip() for item in values if item is not None]
    return [text for text in texts if text and text.casefold() not in _NOT_GIVEN]


def _category(values: list[Any]) -> list[str] | str:
    texts = [text for value in values for text in _texts(value)]
    if len(values) > 1:
        return [part for text in texts for part in split_path(text)]
    return texts if isinstance(values and values[0], list | tuple) else "".join(texts)


def _images(values: Iterable[Any]) -> tuple[list[str], list[bytes]]:
    references: list[str] = []
    photos: list[bytes] = []
    for value in values:
        if isinstance(value, bytes):
            photos.append(value)
        elif isinstance(value, dict | list | tuple):
            inner = (
                value
                if not isinstance(value, dict)
                else [next(filter(None, map(value.get, _PHOTO_KEYS)), None)]
            )
            more_references, more_photos = _images(inner)
            references += more_references
            photos += more_photos
        else:
            references += [reference for text in _texts(value) for reference in split_references(text)]
    return references, photos
