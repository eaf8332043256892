"""A small shop with two kinds of shoppers, whose taste is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snapshelf.catalogue import Product
from snapshelf.events import Impression, Interaction
from snapshelf.ranking import Items

BRANDS = ("Ahorn", "Birke", "Clivia", "Distel")
KINDS = ("shirt", "shoe", "bag", "hat", "scarf")
EACH = 4
DAY = 86_400.0
NOW = 1_700_000_000.0


@dataclass(frozen=True)
class Shop:
    """Shoppers are faithful to one brand; what they search for is by chance."""

    products: list[Product]
    items: Items
    shown: list[Impression]
    interactions: list[Interaction]


def products() -> list[Product]:
    return [
        Product(
            id=f"{brand}-{kind}-{number}",
            title=f"{kind} number{number}",
            brand=brand,
            category=("Apparel", kind),
            price=10 + 5 * number,
        )
        for brand in BRANDS
        for kind in KINDS
        for number in range(EACH)
    ]


def make_shop() -> Shop:
    made = products()
    draw = np.random.default_rng(7)
    shown: list[Impression] = []
    interactions: list[Interaction] = []
    of_kind = {kind: [each.id for each in made if each.category[-1] == kind] for kind in KINDS}
    for number in range(900):
        shopper = f"s{number % 60}"
        brand = BRANDS[number % 60 % len(BRANDS)]
        at = NOW - (900 - number) * DAY / 20
        ids = list(draw.permutation(of_kind[KINDS[int(draw.integers(len(KINDS)))]]))
        query = f"q{number}"
        shown.append(
            Impression(query, shopper, at, tuple(ids), tuple(1 - 0.01 * place for place in range(len(ids))))
        )
        liked = [name for name in ids if name.startswith(brand)]
        product = str(draw.choice(liked)) if draw.random() < 0.9 else str(draw.choice(ids))
        interactions.append(Interaction(shopper, product, at + 10, "click", query))
        if draw.random() < 0.3:
            interactions.append(Interaction(shopper, product, at + 20, "purchase", query))
    return Shop(made, Items.of(made), shown, interactions)
