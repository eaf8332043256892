"""Shops for the tests of understanding: what their products hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class Shop:
    """Fields and their texts, counted how often they are asked for."""

    def __init__(self, texts: Mapping[str, Sequence[str]], others: Sequence[str] = ()) -> None:
        self.held = {field: sorted(values) for field, values in texts.items()}
        self.others = others
        self.reads = 0

    def fields(self) -> list[str]:
        return sorted([*self.held, *self.others])

    def texts(self, field: str, limit: int) -> list[str]:
        self.reads += 1
        return list(self.held.get(field, []))[:limit]


FASHION = {
    "category": [
        "Apparel",
        "Shoes",
        "Dresses",
        "Tshirts",
        "Casual Shoes",
        "Sports Shoes",
        "Heels",
        "Glimmerwear",
    ],
    "brand": ["Nike", "Red Tape", "Only", "李宁", "RED TAPE"],
    "currency": ["CNY"],
    "attributes.baseColour": ["Red", "Maroon", "Blue", "Navy Blue", "Black", "White", "Red/White", "Petrol"],
    "attributes.gender": ["Men", "Women", "Boys", "Unisex"],
    "attributes.season": ["Summer", "Winter"],
    "attributes.size": ["38", "42", "42码", "M", "XL"],
    "attributes.volume": ["500ml", "0.5 L", "1 L"],
    "attributes.note": ["handle with care", "red label", "made for you"],
}


def fashion() -> Shop:
    """A shop of clothes whose products have prices too."""
    return Shop(FASHION, ["price", "in_stock", "attributes.year"])
