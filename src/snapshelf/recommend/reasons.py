"""Reasons of recommendations: the kinds that exist, and the sentence of each in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, NamedTuple, Self

from pydantic import Field

from snapshelf._support.wire import documented
from snapshelf.catalogue import Product


class ReasonText(NamedTuple):
    """A sentence in English and Chinese; ``{title}`` stands for the title of the product that it refers to."""

    en: str
    zh: str

    @property
    def refers(self) -> bool:
        """Whether the sentence refers to a product."""
        return "{title}" in self.en


REASONS: Mapping[str, ReasonText] = {
    "together": ReasonText("Shoppers who liked “{title}” liked it too", "喜欢“{title}”的人也喜欢它"),
    "viewed": ReasonText("Looked at together with “{title}”", "看过“{title}”的人也看了它"),
    "basket": ReasonText("Bought together with “{title}”", "常与“{title}”一起购买"),
    "photo": ReasonText("Looks like “{title}”", "与“{title}”外观相似"),
    "words": ReasonText("Of the kind of “{title}”", "与“{title}”同类"),
    "nearest": ReasonText("The nearest that the shop has to “{title}”", "店内与“{title}”最接近"),
    "category": ReasonText("Goes with “{title}”", "适合搭配“{title}”"),
    "popularity": ReasonText("Many shoppers like it", "很多人喜欢"),
    "growth": ReasonText("More and more shoppers like it", "热度正在上升"),
    "popular-category": ReasonText("Of a category that many shoppers like", "热门品类"),
    "fresh": ReasonText("It came in lately", "最近上架"),
    "range": ReasonText("From the shop’s range", "本店在售"),
    "new": ReasonText("Few have seen it yet", "看过的人还很少"),
    "seen": ReasonText("You looked at it", "你看过它"),
    "bought": ReasonText("You bought it", "你买过它"),
}
"""Kind of reason → its sentence."""


@documented
@dataclass(frozen=True, slots=True)
class RecommendationReason:
    """Why a product is recommended.

    Examples
    --------
    >>> reason = next(iter(shelf.recommend("similar", product="D-1"))).reason
    >>> reason.kind, reason.product
    ('photo', 'D-1')
    """

    kind: Annotated[str, Field(description=", ".join(f"`{kind}`" for kind in REASONS) + ".")]
    en: Annotated[str, Field(description="A short sentence in English.")]
    zh: Annotated[str, Field(description="The same in Chinese.")]
    product: Annotated[str | None, Field(description="Id of the product that the sentence refers to.")] = None

    @classmethod
    def of(cls, kind: str, product: Product | None = None) -> Self:
        """Make the reason of a kind; ``"range"`` where the product that the sentence refers to is not shown."""
        if product is None and REASONS[kind].refers:
            kind = "range"
        text = REASONS[kind]
        if product is None:
            return cls(kind, text.en, text.zh)
        en, zh = (form.format(title=_title(product, language)) for language, form in text._asdict().items())
        return cls(kind, en, zh, product.id)


def _title(product: Product, language: str) -> str:
    title = product.attributes.get(f"title_{language}")
    return title if isinstance(title, str) else product.title
