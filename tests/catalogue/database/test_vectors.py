"""Every photo gets another vector: all of them at once or none, on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from snapshelf.catalogue import Catalogue
from snapshelf.catalogue import database as database
from snapshelf.errors import EncoderError
from tests.catalogue.database.samples import make_entry, make_photo

COUNT = 7
OTHER_DIMENSION = 12


def other(photos: Sequence[str], dimension: int = OTHER_DIMENSION) -> dict[str, np.ndarray]:
    return {photo: make_photo(photo, dimension).vector for photo in photos}


@pytest.fixture
def filled(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    # Several rounds for few products.
    monkeypatch.setattr(database, "_KEYS", database._KEYS.limit(None).limit(3))
    catalogue.put([make_entry(f"p{number}", photos=1 + number % 3) for number in range(COUNT)])
    catalogue.put([make_entry("p2", photos=2, title="again")])
    catalogue.delete(["p5"])
    return catalogue


def contents(catalogue: Catalogue) -> list[Any]:
    return [
        (change.version, change.id, change.entry and change.entry.vectors.tolist())
        for change in catalogue.changes(0, 100)
    ]


def test_every_photo_gets_its_vector_and_every_product_a_new_version(filled: Catalogue) -> None:
    before = filled.version
    thumbnails = {id: [photo.thumbnail for photo in filled.photos(id)] for id in filled.ids()}
    filled.set_meta("encoder", "old")
    asked: list[int] = []

    def vectors(photos: Sequence[str]) -> dict[str, np.ndarray]:
        asked.append(len(photos))
        return other(photos)

    assert filled.replace_vectors(vectors, {"encoder": "new", "history": "[]"}) == filled.version
    assert filled.version == before + COUNT - 1
    assert len(asked) == 2
    assert (filled.meta("encoder"), filled.meta("history")) == ("new", "[]")
    changed = {change.id: change for change in filled.changes(before, 100)}
    assert set(changed) == set(filled.ids())
    for id, change in changed.items():
        assert change.entry is not None
        for photo in change.entry.photos:
            expected = other([photo.fingerprint])[photo.fingerprint]
            np.testing.assert_allclose(photo.vector, expected, atol=1e-3)
        assert [photo.thumbnail for photo in filled.photos(id)] == thumbnails[id]
    # New products must have vectors of the new length.
    with pytest.raises(EncoderError, match="has length"):
        filled.put([make_entry("old length")])


@pytest.mark.parametrize("trouble", ["interrupt", "length", "zero", "missing"])
def test_nothing_is_changed_when_it_does_not_go_to_its_end(filled: Catalogue, trouble: str) -> None:
    before, version, calls = contents(filled), filled.version, 0

    def vectors(photos: Sequence[str]) -> dict[str, np.ndarray]:
        nonlocal calls
        calls += 1
        if calls == 1:
            return other(photos)
        match trouble:
            case "interrupt":
                raise KeyboardInterrupt
            case "length":
                return other(photos, dimension=5)
            case "zero":
                return {photo: np.zeros(OTHER_DIMENSION, np.float32) for photo in photos}
        return {}

    errors: dict[str, type[BaseException]] = {"interrupt": KeyboardInterrupt, "missing": KeyError}
    with pytest.raises(errors.get(trouble, EncoderError)):
        filled.replace_vectors(vectors, {"encoder": "new"})
    assert (contents(filled), filled.version, filled.meta("encoder")) == (before, version, None)


def test_an_empty_catalogue_takes_the_notes(catalogue: Catalogue) -> None:
    assert catalogue.replace_vectors(other, {"encoder": "new"}) == 0
    assert catalogue.meta("encoder") == "new"
