"""Records of products: terms, and where they stand."""

from __future__ import annotations

import numpy as np

from snapshelf.catalogue import Product
from snapshelf.index import TermPlace, record


def test_terms_know_their_best_place() -> None:
    product = Product(
        id="1",
        title="Kettle",
        brand="Acme",
        category=["Kitchen"],
        description="A kettle for fast tea in steel.",
        attributes={
            "material": "steel",
            "title_zh": "水壶",
            "MPN": "AB-1234",
            "model": "X200",
            "note": ("hello",),
        },
    )
    places = record(product, np.ones((1, 4), np.float32)).places
    name = ("kettl", "acm", "kitchen", "水壶", "ab1234", "x200", "§category/kettle")
    assert {places[term] for term in name} == {TermPlace.NAME}
    assert {places[term] for term in ("steel", "§material/steel", "hello")} == {TermPlace.ATTRIBUTE}
    assert places.get("fast", TermPlace.TEXT) == TermPlace.TEXT
