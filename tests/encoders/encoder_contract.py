"""What every encoder must hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from snapshelf.encoders import Encoder

# The encoder holds no state, so that all examples may use one.
_SHARED = [HealthCheck.function_scoped_fixture, HealthCheck.differing_executors]


def noise(seed: int, size: tuple[int, int] = (60, 80)) -> Image.Image:
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (5, 4, 3), dtype=np.uint8))
    return coarse.resize(size, Image.Resampling.BICUBIC)


class EncoderContract:
    """Inherit it and give a fixture `encoder`."""

    def test_shapes_dtypes_and_norms(self, encoder: Encoder) -> None:
        for vectors in (
            encoder.encode_photos([noise(0), noise(1, (300, 100))]),
            encoder.encode_texts(["red dress", "红色连衣裙"]),
        ):
            assert vectors.shape == (2, encoder.dimension)
            assert vectors.dtype == np.float32
            np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)

    def test_nothing_gives_no_vectors(self, encoder: Encoder) -> None:
        assert encoder.encode_photos([]).shape == (0, encoder.dimension)
        assert encoder.encode_texts([]).shape == (0, encoder.dimension)

    @settings(max_examples=10, deadline=None, suppress_health_check=_SHARED)
    @given(seeds=st.lists(st.integers(0, 1_000), min_size=1, max_size=20))
    def test_a_batch_of_photos_is_the_stack_of_each(self, encoder: Encoder, seeds: list[int]) -> None:
        photos = [noise(seed) for seed in seeds]
        one_by_one = np.concatenate([encoder.encode_photos([photo]) for photo in photos])
        np.testing.assert_allclose(encoder.encode_photos(photos), one_by_one, atol=1e-4)

    @settings(max_examples=60, deadline=None, suppress_health_check=_SHARED)
    @given(texts=st.lists(st.text(max_size=200), min_size=1, max_size=6))
    def test_any_text_has_a_unit_vector_of_its_own(self, encoder: Encoder, texts: list[str]) -> None:
        together = encoder.encode_texts(texts)
        np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-4)
        np.testing.assert_allclose(
            together, np.concatenate([encoder.encode_texts([t]) for t in texts]), atol=1e-4
        )

    @pytest.mark.parametrize("size", [(1, 1), (2_000, 3), (3, 2_000), (96, 96)])
    def test_any_size_of_photo(self, encoder: Encoder, size: tuple[int, int]) -> None:
        assert np.isfinite(encoder.encode_photos([noise(0, size)])).all()
