"""The kind of a photo: from the products that look like it and the names of the categories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from snapshelf.encoders import load_encoder
from snapshelf.index import QdrantEdgeIndex, Record
from snapshelf.query import CatalogueView, QueryInput, understand
from snapshelf.query.photo_kind import PhotoKind, PhotoKinds
from tests.plain_drawings import centred

ENCODER = load_encoder()
DIMENSION = ENCODER.dimension


class Shop:
    """Products around a direction for each category, in the real engine."""

    def __init__(self, index: QdrantEdgeIndex) -> None:
        self.index = index
        self.photos: dict[str, NDArray[np.float32]] = {}
        self._rng = np.random.default_rng(7)

    def vectors(self, ids: Sequence[str]) -> Mapping[str, NDArray[np.float32]]:
        return {id: self.photos[id] for id in ids if id in self.photos}

    def near(self, direction: int, spread: float = 0.02) -> NDArray[np.float32]:
        vector = np.zeros(DIMENSION) + self._rng.normal(0, spread, DIMENSION)
        vector[direction] += 1
        return (vector / np.linalg.norm(vector)).astype(np.float32)

    def put(self, direction: int, category: Sequence[str], count: int = 20, spread: float = 0.02) -> None:
        for _ in range(count):
            id = f"P-{len(self.photos)}"
            self.photos[id] = self.near(direction, spread)[None]
            self.index.upsert([Record(id, self.photos[id], fields={"category": list(category)})])

    @property
    def kinds(self) -> PhotoKinds:
        return PhotoKinds(self.index, self.vectors, ENCODER, str)

    @property
    def view(self) -> CatalogueView:
        return CatalogueView(self.index, index=self.index, photo_vectors=self.vectors)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with QdrantEdgeIndex.open(tmp_path / "index", DIMENSION) as index:
        yield Shop(index)


def test_the_nearest_products_tell_the_narrowest_sure_category(shop: Shop) -> None:
    shop.put(0, ["Home", "Kitchen", "Pans"])
    shop.put(1, ["Home", "Kitchen", "Mugs"])
    shop.put(2, ["Home", "Lamps"])
    kinds = shop.kinds
    for direction, category in ((0, "Pans"), (1, "Mugs"), (2, "Lamps")):
        kind = kinds.estimate(shop.near(direction), 0.5)
        assert kind is not None
        assert kind.category == category
        assert kind.probability > 0.9
    assert kinds.estimate(shop.near(7), 0.5) is None  # nothing looks like it


def test_a_shop_of_few_products_knows_what_it_shows(shop: Shop) -> None:
    for direction, category in enumerate((["Bags"], ["Home", "Kitchen"], ["Shoes"], ["Home", "Decoration"])):
        shop.put(direction, category, count=1)
    shop.put(5, ["Clothing", "Dresses"], count=2)
    kind = shop.kinds.estimate(shop.near(5), 0.4)
    assert kind is not None
    assert kind.category in ("Clothing", "Dresses")


def test_categories_may_be_numbers(shop: Shop) -> None:
    shop.put(0, ["12"])
    shop.put(1, ["15"])
    assert isinstance(kind := shop.kinds.estimate(shop.near(1), 0.5), PhotoKind)
    assert kind.category == "15"


def test_where_categories_cannot_be_seen_there_is_no_kind(shop: Shop) -> None:
    for number in range(60):
        shop.put(number % 3, [f"Shelf {number % 7}"], count=1)
    assert shop.kinds.estimate(shop.near(1), 0.5) is None


def test_a_shop_without_categories_has_no_kind(shop: Shop) -> None:
    shop.put(0, [])
    assert shop.kinds.estimate(shop.near(0), 0.0) is None
    assert shop.view.photo_kinds(ENCODER) is None


def test_the_estimator_is_kept_while_it_stands_for_the_shop(shop: Shop) -> None:
    shop.put(0, ["Pans"])
    shop.put(1, ["Mugs"])
    view = shop.view
    kinds = view.photo_kinds(ENCODER)
    assert view.refreshed().photo_kinds(ENCODER) is kinds
    shop.put(1, ["Mugs"], count=2)
    assert view.refreshed().photo_kinds(ENCODER) is kinds
    shop.put(1, ["Mugs"], count=20)
    assert (renewed := view.refreshed().photo_kinds(ENCODER)) is not kinds
    shop.put(2, ["Lamps"], count=1)
    assert view.refreshed().photo_kinds(ENCODER) is not renewed


@pytest.fixture
def drawn(shop: Shop) -> Shop:
    """Round and square things in two colours."""
    for shape, category in (("ellipse", "Plates"), ("rectangle", "Cushions")):
        for colour in ("red", "blue"):
            for size in range(10, 34, 2):
                id = f"{shape}-{colour}-{size}"
                shop.photos[id] = ENCODER.encode_photos([centred(shape, colour, size)])
                fields = {"category": [category], "attributes.colour": colour}
                shop.index.upsert([Record(id, shop.photos[id], fields=fields)])
    return shop


def test_a_photo_with_words_keeps_its_kind(drawn: Shop) -> None:
    photo = centred("ellipse", "red", 21)
    query = understand(ENCODER, QueryInput((photo,), "in blue"), drawn.view)
    colour, kind = query.chips
    assert (colour.kind, colour.hard, colour.source) == ("colour", False, "words")
    assert (kind.where, kind.hard, kind.source) == ('category = "Plates"', True, "photo")
    assert kind.probability is not None
    assert kind.probability > 0.5
    assert kind.labels == {"en": "plate", "zh": "盘子"}
    dismissed = understand(ENCODER, QueryInput((photo,), "in blue"), drawn.view, dismissed=[kind.where])
    assert [chip.kind for chip in dismissed.chips] == ["colour"]


@pytest.mark.parametrize("text", ["blue cushion", "blue handbag", "蓝色的靠垫"])
def test_words_that_name_a_kind_win(drawn: Shop, text: str) -> None:
    query = understand(ENCODER, QueryInput((centred("ellipse", "red", 21),), text), drawn.view)
    assert all(chip.source == "words" for chip in query.chips)


def test_words_alone_have_no_kind_of_a_photo(drawn: Shop) -> None:
    query = understand(ENCODER, QueryInput(text="in blue"), drawn.view)
    assert [chip.kind for chip in query.chips] == ["colour"]
