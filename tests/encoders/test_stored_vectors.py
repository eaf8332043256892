"""The shipped files are those of the card, and give the vectors that they gave when they were released."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from PIL import Image

from snapshelf.encoders import Card, load_encoder, registry
from tests.encoders.store_vectors import FILE, TEXTS

_TOLERANCE = 1e-3


@pytest.fixture(scope="module")
def stored() -> dict[str, np.ndarray]:
    with np.load(FILE) as file:
        return dict(file)


def test_the_shipped_files_have_the_hashes_of_the_card() -> None:
    folder = registry()["bundled"].folder
    files = Card.read(folder).files
    assert {path.name for path in folder.iterdir()} - {"card.json"} == set(files)
    for name, digest in files.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name


def test_the_vectors_were_stored_from_these_weights(stored: dict[str, np.ndarray]) -> None:
    assert str(stored["fingerprint"]) == load_encoder().fingerprint, (
        "run python -m tests.encoders.store_vectors"
    )


def test_photos_have_the_stored_vectors(stored: dict[str, np.ndarray]) -> None:
    vectors = stored["photo_vectors"]
    photos = [Image.fromarray(stored[f"photo_{number}"]) for number in range(len(vectors))]
    np.testing.assert_allclose(load_encoder().encode_photos(photos), vectors, atol=_TOLERANCE)


def test_texts_have_the_stored_vectors(stored: dict[str, np.ndarray]) -> None:
    np.testing.assert_allclose(load_encoder().encode_texts(TEXTS), stored["text_vectors"], atol=_TOLERANCE)
