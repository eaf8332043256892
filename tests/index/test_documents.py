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
    assert places["=kettle"] == TermPlace.NAME
    assert "=tea" not in places


def test_ids_that_look_like_codes_are_names_as_a_whole() -> None:
    def names(id: str, group: str | None = None) -> set[str]:
        product = Product(id=id, title="Kettle", group_id=group)
        places = record(product, np.ones((1, 4), np.float32)).places
        return {term for term, place in places.items() if place == TermPlace.NAME}

    kettle = names("watch")
    assert names("KX55-XS-Red", "KX55") == kettle | {"kx55xsred", "kx55"}
    assert names("100200") == kettle | {"100200"}
    assert names("42") == names("watch-red") == kettle, "sizes and words are not names for their id"


def test_numbers_that_may_be_codes_are_words() -> None:
    attributes = {"EAN": 4006381333931.0, "year": 2012.0, "pieces": 12.0, "ratio": 1234.5}
    product = Product(id="k", title="Kettle", attributes=attributes)
    places = record(product, np.ones((1, 4), np.float32)).places
    assert places["4006381333931"] == TermPlace.NAME
    assert places["2012"] == TermPlace.ATTRIBUTE
    assert not {"12", "1234"} & places.keys()
