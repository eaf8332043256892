"""The product: what a shop says about a thing it sells.

Modelled on the ``Product`` of the Google Retail API, so that a feed made for it maps field by field.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, Self, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from snapshelf._support.ids import MAX_PRODUCT_ID_LENGTH, WITHOUT_CONTROLS, product_id
from snapshelf.catalogue.values import (
    DEFAULT_CURRENCY,
    quoted,
    read_availability,
    read_count,
    read_money,
    split_path,
    split_references,
)
from snapshelf.errors import ProductError

Availability: TypeAlias = Literal["in_stock", "out_of_stock", "preorder", "backorder"]
# PostgreSQL cannot keep NUL in a text.
Text: TypeAlias = Annotated[str, Field(pattern=r"^[^\x00]*$")]
MAX_TITLE_LENGTH = 1_000
MAX_DESCRIPTION_LENGTH = 5_000
MAX_URL_LENGTH = 5_000
MAX_STOCK = 2**31 - 1
MAX_NUMBER = 1e30
"""Largest number of an attribute, either side of 0: squares, sums and ranges of such numbers are finite, in 32 bits the
numbers themselves."""
MAX_ATTRIBUTES = 1_000
MAX_CHARACTERS = 1_000_000
"""Of all the texts of a product together."""

_Name: TypeAlias = Annotated[
    str, Field(min_length=1, max_length=MAX_PRODUCT_ID_LENGTH, pattern=WITHOUT_CONTROLS)
]


def _attribute(value: Any) -> Any:
    """An attribute's text, number or list of texts from what feeds write for it."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _number(value)
    if isinstance(value, list | tuple | set | frozenset):
        return tuple(_attribute_text(item) for item in value if item is not None)
    return _attribute_text(value)


def _number(value: int | float | Decimal) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not abs(number) <= MAX_NUMBER:
        raise ValueError(
            f"{quoted(value)} is too large; numbers go up to {MAX_NUMBER:g}, or give it as a text"
        )
    return number


def _attribute_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        if isinstance(value, bool | Mapping | list | tuple):
            return json.dumps(value, ensure_ascii=False, default=str)
        return str(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"{quoted(value)} cannot be written as a text; give a text") from error


Attribute: TypeAlias = Annotated[Text | float | tuple[Text, ...], BeforeValidator(_attribute)]
"""A free attribute: text, a number or a list of texts."""

_UNREADABLE_BYTE = re.compile("[\udc80-\udcff]")
"""What stands for a byte that is not UTF-8 (``errors="surrogateescape"``)."""


class _Model(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        str_strip_whitespace=True,
        coerce_numbers_to_str=True,
        allow_inf_nan=False,
    )


class ProductName(NamedTuple):
    """What a product is called: its title, and its brand or an empty text."""

    title: str
    brand: str = ""


class Price(_Model):
    """An amount of money: `amount` ≥ 0 in units of the ISO 4217 `currency` (not in cents).

    Where a price is expected, a number or a text such as ``"¥1,299.00"`` or ``"15.00 USD"`` does as well.

    Examples
    --------
    >>> from snapshelf import Product
    >>> Product.parse({"id": "L-1", "title": "Lamp", "price": "¥1,299.00"}).price
    Price(amount=Decimal('1299.00'), currency='CNY')
    """

    amount: Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=6)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = DEFAULT_CURRENCY

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if isinstance(value, Price):
            return value
        if not isinstance(value, Mapping):
            amount, currency = read_money(value)
            return {"amount": amount, "currency": currency}
        given = dict(value)
        if given.get("amount") is not None:
            given["amount"], given["currency"] = read_money(given["amount"], given.get("currency"))
        return given


class Product(_Model):
    """A product or a variant of it.

    Values are taken in the forms that feeds write: for prices see `Price`; ``"Home > Kitchen > Pans"`` is a
    category path; a text is an image or several divided by commas; ``"in stock"``, ``"有货"`` and ``true``
    are availabilities. Without an availability, a product with stock 0 is out of stock. All texts of a product
    together have at most 1,000,000 characters.

    Parameters
    ----------
    id : str
        The shop's own id, 1 to 128 characters, no control characters.
    title : str
        1 to 1,000 characters.
    description, brand, url : str
        May be empty. The URL of the product's page is http(s) or without a scheme.
    category : tuple of str
        Path from the widest to the narrowest, for example ``("Apparel", "Topwear", "Tshirts")``.
    price : Price or None
    availability : {"in_stock", "out_of_stock", "preorder", "backorder"}
    stock : int or None
        Pieces at hand, when the shop tells.
    images : tuple of str
        Where the photos are: paths relative to the photo source, or http(s) URLs. The first is the main photo.
    group_id : str or None
        Shared by the variants (size, colour) of a product.
    attributes : dict
        Anything else, by name: a text, a number up to 1e30 or a list of texts; at most 1,000. Empty ones are left out.

    Raises
    ------
    ProductError
        Through `Product.parse`: a field is missing or has a value that cannot be accepted.

    Examples
    --------
    >>> from snapshelf import Product
    >>> product = Product.parse({"id": "P-1", "title": "Pan", "category": "Home > Kitchen", "stock": 0})
    >>> product.category, product.availability
    (('Home', 'Kitchen'), 'out_of_stock')
    """

    id: _Name
    title: Annotated[Text, Field(min_length=1, max_length=MAX_TITLE_LENGTH)]
    description: Annotated[Text, Field(max_length=MAX_DESCRIPTION_LENGTH)] = ""
    brand: Annotated[Text, Field(max_length=MAX_TITLE_LENGTH)] = ""
    category: tuple[Text, ...] = ()
    price: Price | None = None
    availability: Availability = "in_stock"
    stock: Annotated[int, Field(ge=0, le=MAX_STOCK)] | None = None
    url: Annotated[Text, Field(max_length=MAX_URL_LENGTH)] = ""
    images: tuple[Text, ...] = ()
    group_id: _Name | None = None
    attributes: dict[_Name, Attribute] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _nothing_left_is_out_of_stock(cls, fields: Any) -> Any:
        if isinstance(fields, Mapping) and fields.get("availability") is None:
            stock = fields.get("stock")
            others = {name: value for name, value in fields.items() if name != "availability"}
            return {**others, "availability": "out_of_stock"} if stock in (0, "0", "0.0") else others
        return fields

    @field_validator("id", mode="before")
    @classmethod
    def _trimmed(cls, value: Any) -> Any:
        return product_id(value) if isinstance(value, str) else value

    @field_validator("availability", mode="before")
    @classmethod
    def _usual_words(cls, value: Any) -> str:
        return read_availability(value)

    @field_validator("stock", mode="before")
    @classmethod
    def _whole_number(cls, value: Any) -> int | None:
        return None if value is None else read_count(value)

    @field_validator("category", mode="before")
    @classmethod
    def _split_path(cls, value: Any) -> Any:
        if isinstance(value, str):
            return split_path(value)
        if isinstance(value, list | tuple):
            # The Retail API lists whole paths ("Home > Pans"), the main path first.
            paths = (split_path(part) for part in value if isinstance(part, str))
            return next((path for path in paths if len(path) > 1), value)
        return value

    @field_validator("images", mode="before")
    @classmethod
    def _split_references(cls, value: Any) -> Any:
        return split_references(value) if isinstance(value, str) else value

    @field_validator("category", "images")
    @classmethod
    def _no_empty_parts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(part for part in value if part)

    @field_validator("url")
    @classmethod
    def _web_page(cls, value: str) -> str:
        # The result page makes a link of it: "javascript:..." must not get there.
        if re.match(r"(?!https?://)[a-z][a-z0-9+.-]*:", value, re.IGNORECASE):
            raise ValueError(f"{quoted(value)} is not an http or https address")
        return value

    @field_validator("attributes", mode="before")
    @classmethod
    def _plain_attributes(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        if len(value) > MAX_ATTRIBUTES:
            raise ValueError(f"are {len(value):,}; a product has at most {MAX_ATTRIBUTES:,}")
        plain = ((name, _unwrapped(item)) for name, item in value.items())
        return {name: item for name, item in plain if not _is_gap(item)}

    @model_validator(mode="after")
    def _not_too_long(self) -> Self:
        texts = [*self.category, *self.images]
        for value in self.attributes.values():
            if not isinstance(value, float):
                texts += (value,) if isinstance(value, str) else value
        length = sum(map(len, texts))
        if length > MAX_CHARACTERS:
            raise ValueError(
                f"its texts have {length:,} characters; a product has at most {MAX_CHARACTERS:,}"
            )
        return self

    @classmethod
    def parse(cls, fields: Mapping[str, Any]) -> Self:
        """Make a product from plain values, with an error that names the fields.

        Raises
        ------
        ProductError
            A field is missing, unknown or has a value that cannot be accepted. Its `field` is the first of them.
        """
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            problems: dict[str, Any] = {}
            for details in error.errors(include_url=False):
                field = _field_name(details["loc"])
                # Of the kinds that an attribute may be, the best fit was looked into deepest.
                if field not in problems or len(details["loc"]) > len(problems[field]["loc"]):
                    problems[field] = details
            texts = (f"{field}: {_wording(details)}" for field, details in problems.items())
            raise ProductError("; ".join(texts), field=next(iter(problems))) from error
        except (RecursionError, ValueError) as error:  # not turned into a `ValidationError` by pydantic
            raise ProductError(
                "product: holds a value that is nested too deeply, or a number of thousands of digits",
                field="product",
            ) from error

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy it; with other values for some fields, these are checked as `parse` does.

        Raises
        ------
        ProductError
            A value cannot be accepted.
        """
        copy = super().model_copy(deep=deep)
        return copy if update is None else self.parse({**dict(copy), **update})


def _unwrapped(value: Any) -> Any:
    """What is inside of {"text": ["red"]} and {"numbers": [12]}, the CustomAttribute of the Retail API."""
    while isinstance(value, Mapping):
        inner = value.get("text") or value.get("numbers")
        if not isinstance(inner, list) or not inner:
            break
        value = inner[0] if len(inner) == 1 else inner
    return value


def _is_gap(value: Any) -> bool:
    """Whether a value says nothing; a data frame marks gaps by NaN."""
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, list | tuple | set | frozenset):
        return all(item is None for item in value)
    if isinstance(value, float | Decimal):
        return value != value  # also for the NaN of a Decimal that signals
    return value is None or isinstance(value, bytes)


def _field_name(location: tuple[int | str, ...]) -> str:
    depth = 2 if location[:1] in (("attributes",), ("price",)) else 1
    name = ".".join(str(part) for part in location[:depth]) or "product"
    # A lone surrogate cannot be printed.
    return name.encode(errors="backslashreplace").decode()


def _wording(details: Any) -> str:
    limits = details.get("ctx", {})
    match details["type"]:
        case "missing":
            return "is missing"
        case "string_too_short":
            return "is empty"
        case "string_too_long":
            return f"is longer than {limits['max_length']:,} characters: {quoted(details['input'])[:-1]}...'"
        case "string_pattern_mismatch":
            return "holds a control character; take it out"
        case "string_unicode":
            given = details["input"]
            if isinstance(given, bytes) or _UNREADABLE_BYTE.search(str(given)):
                return "holds bytes that are not UTF-8; save the file as UTF-8"
            return r"holds half of a character (a lone surrogate such as \ud83d); take it out or complete it"
        case "extra_forbidden":
            return f"is not a field of a product; its fields are {', '.join(Product.model_fields)}"
        case "value_error":
            return str(limits["error"])
        case _:
            return f"{details['msg'][:1].lower()}{details['msg'][1:]} (given: {quoted(details['input'])})"
