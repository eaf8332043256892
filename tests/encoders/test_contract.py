"""The encoders keep the contract; the bundled one is what its card says and knows what it should."""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from snapshelf.demo import draw_catalogue
from snapshelf.encoders import Encoder, load_encoder, registry
from snapshelf.errors import EncoderError
from tests.encoders.encoder_contract import EncoderContract
from tests.encoders.reference_encoder import ReferenceEncoder


@functools.cache
def bundled() -> Encoder:
    return load_encoder()


class TestReference(EncoderContract):
    @pytest.fixture
    def encoder(self) -> Encoder:
        return ReferenceEncoder()


class TestBundled(EncoderContract):
    @pytest.fixture
    def encoder(self) -> Encoder:
        return bundled()

    def test_files_are_those_of_the_card(self) -> None:
        folder = registry()["bundled"].folder
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        assert set(card["files"]) == {"photo.onnx", "text.onnx", "tokenizer.json"}
        for name, digest in card["files"].items():
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest

    def test_the_description_is_complete_and_true(self, encoder: Encoder) -> None:
        about = registry()["bundled"]
        assert about.dimension == encoder.dimension <= 384
        assert about.size_mb <= 25
        assert set(about.languages) == {"en", "zh"}
        assert about.licence == "Apache-2.0"

    def test_threads_get_the_same_vectors(self, encoder: Encoder) -> None:
        expected = encoder.encode_texts(["男士黑色手表"])
        got: list[np.ndarray] = []
        threads = [
            threading.Thread(target=lambda: got.append(encoder.encode_texts(["男士黑色手表"])))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(got) == 8
        for vectors in got:
            np.testing.assert_array_equal(vectors, expected)

    @pytest.mark.parametrize("titles", ["title_en", "title_zh"])
    def test_titles_find_drawn_photos_far_better_than_chance(self, encoder: Encoder, titles: str) -> None:
        """Drawings of a seed that training never saw: the right kind is among the best three far beyond its share."""
        products = list(draw_catalogue(count=90, seed=4_242))
        photos = encoder.encode_photos([product.photo() for product in products])
        texts = encoder.encode_texts([getattr(product, titles) for product in products])
        best = np.argsort(-(texts @ photos.T), axis=1)[:, :3]
        right = np.mean(
            [
                any(products[i].kind == product.kind for i in row)
                for product, row in zip(products, best, strict=True)
            ]
        )
        assert right > 0.5  # three products at random share the kind less than one time in five

    def test_both_languages_mean_the_same(self, encoder: Encoder) -> None:
        pairs = [
            ("black watch", "黑色手表"),
            ("red dress", "红色连衣裙"),
            ("blue jeans", "蓝色牛仔裤"),
            ("white shoes", "白色鞋子"),
            ("handbag", "手提包"),
        ]
        english = encoder.encode_texts([pair[0] for pair in pairs])
        chinese = encoder.encode_texts([pair[1] for pair in pairs])
        assert (np.argmax(english @ chinese.T, axis=1) == np.arange(len(pairs))).all()


def test_an_unknown_encoder_lists_the_known() -> None:
    with pytest.raises(EncoderError, match="bundled"):
        load_encoder("no-such-encoder")


def test_a_folder_is_loaded_like_the_bundled_one(tmp_path: Path) -> None:
    shutil.copytree(registry()["bundled"].folder, tmp_path / "mine")
    assert load_encoder(tmp_path / "mine").fingerprint == load_encoder().fingerprint


@pytest.mark.parametrize("name", ["card.json", "photo.onnx", "text.onnx", "tokenizer.json"])
@pytest.mark.parametrize("damage", ["missing", "broken"])
def test_a_damaged_folder_is_refused(tmp_path: Path, name: str, damage: str) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(registry()["bundled"].folder, folder)
    if damage == "missing":
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(b"{}")
    with pytest.raises(EncoderError, match="mine"):
        load_encoder(folder)
