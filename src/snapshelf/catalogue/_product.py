"""The product: what a shop says about one thing it sells.

Modelled on the ``Product`` of the Google Retail API, so that a feed made for it maps one to one.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from snapshelf.errors import ProductError

Availability: TypeAlias = Literal["in_stock", "out_of_stock", "preorder", "backorder"]
Attribute: TypeAlias = str | float | tuple[str, ...]
"""A free attribute: text, a number or a list of texts."""

MAX_ID_LENGTH = 128
MAX_TITLE_LENGTH = 1_000
MAX_DESCRIPTION_LENGTH = 5_000


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, allow_inf_nan=False)


class Price(_Model):
    """An amount of money: `amount` ≥ 0 in units of the ISO 4217 `currency` (not in cents)."""

    amount: Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=6)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "CNY"


class Product(_Model):
    """One product or one variant of it.

    Parameters
    ----------
    id : str
        The shop's own id, 1 to 128 characters, no control characters.
    title : str
        1 to 1,000 characters.
    description, brand, url : str
        May be empty.
    category : tuple of str
        Path from the widest to the narrowest, for example ``("Apparel", "Topwear", "Tshirts")``.
    price : Price or None
    availability : {"in_stock", "out_of_stock", "preorder", "backorder"}
    stock : int or None
        Pieces at hand, when the shop tells.
    images : tuple of str
        Where the photos are: paths relative to the photo source, or http(s) URLs. The first is the main one.
    group_id : str or None
        Shared by the variants (size, colour) of one product.
    attributes : dict
        Anything else, by name: a text, a number or a list of texts.

    Raises
    ------
    ProductError
        Through `Product.parse`: a field is missing or has a value that cannot be accepted.
    """

    id: Annotated[str, Field(min_length=1, max_length=MAX_ID_LENGTH, pattern=r"^[^\x00-\x1f\x7f]+$")]
    title: Annotated[str, Field(min_length=1, max_length=MAX_TITLE_LENGTH)]
    description: Annotated[str, Field(max_length=MAX_DESCRIPTION_LENGTH)] = ""
    brand: Annotated[str, Field(max_length=MAX_TITLE_LENGTH)] = ""
    category: tuple[str, ...] = ()
    price: Price | None = None
    availability: Availability = "in_stock"
    stock: Annotated[int, Field(ge=0)] | None = None
    url: Annotated[str, Field(max_length=5_000)] = ""
    images: tuple[str, ...] = ()
    group_id: Annotated[str, Field(min_length=1, max_length=MAX_ID_LENGTH)] | None = None
    attributes: dict[str, Attribute] = Field(default_factory=dict)

    @field_validator("category", "images")
    @classmethod
    def _no_empty_parts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(part.strip() for part in value if part.strip())

    @classmethod
    def parse(cls, fields: dict[str, Any]) -> Product:
        """Make a product from plain values, with an error that names the field.

        Raises
        ------
        ProductError
            A field is missing, unknown or has a value that cannot be accepted.
        """
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            field = ".".join(str(part) for part in first["loc"])
            given = "" if first["type"] == "missing" else f" (given: {str(first['input'])[:80]!r})"
            raise ProductError(f"{field}: {first['msg'].lower()}{given}", field=field) from error
