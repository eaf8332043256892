"""Titles and labels from a shop's products."""

from __future__ import annotations

import re
from collections.abc import Mapping

from snapshelf.catalogue import Attribute, Product
from snapshelf.language import Lexicon
from snapshelf.training.captions import Annotation, Language

# Common names of attributes that are labels, English and Chinese, without case, spaces and punctuation.
_ATTRIBUTES: dict[str, str] = {
    "gender": "gender sex targetgender 性别 适用性别 适用人群",
    "colour": "colour color basecolour basecolor maincolour maincolor colourname colorname 颜色 主颜色 色系 颜色分类",
    "article": "articletype article producttype itemtype 商品类型",
    "subcategory": "subcategory 二级类目 二级分类",
    "master": "mastercategory 一级类目 一级分类",
    "season": "season 季节 适用季节",
    "usage": "usage occasion 用途 场合 适用场景 适用场合",
    "pattern": "pattern 图案 花型 花色",
    "material": "material fabric 材质 面料 材料",
}
_KIND_BY_NAME = {name: kind for kind, names in _ATTRIBUTES.items() for name in names.split()}
_TITLE_NAMES: dict[Language, str] = {
    "en": "titleen nameen titleenglish entitle 英文标题 英文名称",
    "zh": "titlezh namezh titlechinese zhtitle 中文标题 中文名称",
}
_TITLES = {name: language for language, names in _TITLE_NAMES.items() for name in names.split()}
_PALE = frozenset({"white", "off white", "cream"})
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_CHINESE_PART = re.compile(r"[\u3400-\u9fff\uf900-\ufaff][\u3400-\u9fff\uf900-\ufaff\d·、，/-]*")
_LONGEST_LABEL = 40
_SEPARATORS = re.compile(r"[,，;；/|]")


def annotation_of(product: Product) -> Annotation:
    """Return titles by language and labels by kind of a product.

    A bilingual title is split if its English part names a category or two attributes; otherwise, as in
    "Quillmere 连衣裙", the Latin letters are a brand and the title is Chinese. A title that equals the id or has no
    letters is left out. An attribute with several values is no label: which of them a photo shows is unknown.
    """
    attributes = {re.sub(r"[\W_]+", "", name).casefold(): value for name, value in product.attributes.items()}
    titles = _titles(product.title) if product.title != product.id else {}
    for name, language in _TITLES.items():
        if isinstance(title := attributes.get(name), str):
            titles[language] = title
    labels = _category_labels(product.category)
    for name, kind in _KIND_BY_NAME.items():
        label = _label(attributes.get(name))
        if label:
            labels[kind] = label
    return Annotation(titles, labels)


def stands_out_from_white(labels: Mapping[str, str]) -> bool:
    """Whether the colour is known and differs from a white background."""
    colour = labels.get("colour")
    if colour is None:
        return False
    concept = Lexicon.bundled().get("colour", colour)
    return (concept.key if concept else colour.casefold()) not in _PALE


def _titles(title: str) -> dict[Language, str]:
    if not any(letter.isalpha() for letter in title):
        return {}
    if not _HAN.search(title):
        return {"en": title}
    english = " ".join(_CHINESE_PART.sub(" ", title).split())
    kinds = {match.concept.kind for match in Lexicon.bundled().find(english)}
    if "category" in kinds or len(kinds) > 1:
        return {"en": english, "zh": "".join(_CHINESE_PART.findall(title))}
    return {"zh": title}


def _category_labels(path: tuple[str, ...]) -> dict[str, str]:
    if not path:
        return {}
    labels = {"article": path[-1]}
    if len(path) > 1:
        labels["master"] = path[0]
    if len(path) > 2:
        labels["subcategory"] = path[-2]
    return {kind: label for kind, label in labels.items() if len(label) <= _LONGEST_LABEL}


def _label(value: Attribute | None) -> str:
    if isinstance(value, tuple) and len(value) == 1:
        value = value[0]
    if not isinstance(value, str) or len(value) > _LONGEST_LABEL or _SEPARATORS.search(value):
        return ""
    return value
