"""Write ``stored_vectors.npz``: ``python -m tests.encoders.store_vectors``, after the shipped weights changed.

It keeps photos, as pixels, with their vectors, so that the test depends on no drawing and no decoder.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from snapshelf.demo import draw_catalogue, shopper_photo
from snapshelf.encoders import load_encoder

FILE = Path(__file__).with_name("stored_vectors.npz")
TEXTS = (
    "red dress",
    "women's black leather ankle boots",
    "红色连衣裙",
    "男士黑色手表",
    "T恤",
    "sneekers",
    "",
)
_SIDES = ((60, 80), (200, 150), (96, 96), (40, 160))


def main() -> None:
    photos = []
    for seed, (product, size) in enumerate(
        zip(draw_catalogue(count=len(_SIDES), seed=31), _SIDES, strict=True)
    ):
        photo = product.photo(200) if seed % 2 else shopper_photo(product, seed)
        photos.append(photo.convert("RGB").resize(size))
    encoder = load_encoder()
    np.savez_compressed(
        FILE,
        fingerprint=np.array(encoder.fingerprint),
        photo_vectors=encoder.encode_photos(photos),
        text_vectors=encoder.encode_texts(TEXTS),
        **{f"photo_{number}": np.asarray(photo) for number, photo in enumerate(photos)},
    )


if __name__ == "__main__":
    main()
