"""Attributes that a shop system packs into other columns of its export."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

from snapshelf._support.ids import MAX_PRODUCT_ID_LENGTH
from snapshelf.catalogue.values import plain_key

_MAGENTO = "additionalattributes"
"""Plain name of Magento's column: ``color=Red,size=M,material=Cotton|Wool``."""
_PAIRS = re.compile(r"\w+=.*", re.DOTALL)
_NEXT_PAIR = re.compile(r",(?=\w+=)")
_WOOCOMMERCE = re.compile(r"attribute\s*(\d+)\s*name", re.IGNORECASE)
"""WooCommerce's columns: ``Attribute 1 name`` is Color, and ``Attribute 1 value(s)`` is Blue, Green, Red."""
_COMMA = re.compile(r"(?<!\\),\s*")


def unpacked(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes with those that were packed in a column as attributes of their own.

    An attribute that has a column of its own stays as it is.

    Parameters
    ----------
    attributes : mapping
        Name of the column → value.
    """
    own: dict[str, Any] = dict(attributes)
    packed: dict[str, Any] = {}
    for column, value in attributes.items():
        if not isinstance(value, str) or not value.strip():
            continue
        if plain_key(column) == _MAGENTO and _PAIRS.fullmatch(value):
            packed |= dict(_pairs(value))
            del own[column]
        elif match := _WOOCOMMERCE.fullmatch(column):
            name = next((name for name in _value_columns(match[1]) if name in own), None)
            if name is not None and len(value) <= MAX_PRODUCT_ID_LENGTH:
                packed[value.strip()] = _several(own.pop(name), _COMMA)
                del own[column]
    return {**packed, **own}


def _pairs(text: str) -> Iterator[tuple[str, Any]]:
    for pair in _NEXT_PAIR.split(text):
        name, _, value = pair.partition("=")
        yield name, _several(value, re.compile(r"\|"))


def _value_columns(number: str) -> tuple[str, ...]:
    return f"Attribute {number} value(s)", f"Attribute {number} value", f"Attribute {number} values"


def _several(value: Any, sign: re.Pattern[str]) -> Any:
    """Return the values of a list, or the value that there is alone."""
    if not isinstance(value, str):
        return value
    values = [html.unescape(part.replace("\\,", ",")).strip() for part in sign.split(value)]
    return values[0] if len(values) == 1 else values
