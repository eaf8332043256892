"""A photo of any size → the square of pixels that a photo tower looks at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from snapshelf.encoders.card import Preprocessing

_RESAMPLING = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


def square(photo: Image.Image, size: int) -> NDArray[np.uint8]:
    """Resize an RGB photo to uint8 (size, size, 3), whatever its proportions.

    The whole photo is kept and stretched to the square, as SigLIP does: nothing of a product is cut off and
    no pixel is spent on a border. The encoder is trained on the same stretch.
    """
    return prepare(photo, stretch_of(size))


def stretch_of(size: int) -> Preprocessing:
    """Preprocessing of a card that says none: the bundled encoder's."""
    return Preprocessing(size=size, reducing_gap=2.0)


def prepare(photo: Image.Image, how: Preprocessing) -> NDArray[np.uint8]:
    """Bring an RGB photo to uint8 (size, size, 3)."""
    resampling, size = _RESAMPLING[how.interpolation], how.size
    match how.mode:
        case "stretch":
            photo = photo.resize((size, size), resampling, reducing_gap=how.reducing_gap)
        case "crop":
            photo = _middle(photo, how.resize or size, size, resampling)
        case "letterbox":
            scale = size / max(photo.size)
            inner = tuple(max(1, round(side * scale)) for side in photo.size)
            resized = photo.resize((inner[0], inner[1]), resampling, reducing_gap=how.reducing_gap)
            photo = Image.new("RGB", (size, size), how.background)
            photo.paste(resized, ((size - inner[0]) // 2, (size - inner[1]) // 2))
    return np.asarray(photo)


def _middle(photo: Image.Image, resize: int, size: int, resampling: Image.Resampling) -> Image.Image:
    """Resize the shorter side and cut out the middle.

    Only the part of the photo that ends up in the square is resized: a photo of 2000x3 pixels would otherwise
    become one of 150,000x224. The longer side is cut to a whole number of pixels first, as the hubs' processors do.
    """
    width, height = photo.size
    short = min(width, height)
    resized = (int(resize * width / short), int(resize * height / short))
    left, top = ((side - size) // 2 for side in resized)
    across, down = width / resized[0], height / resized[1]
    box = (left * across, top * down, (left + size) * across, (top + size) * down)
    return photo.resize((size, size), resampling, box=box)


def normalised(pixels: NDArray[np.uint8], how: Preprocessing) -> NDArray[np.float32]:
    """Turn uint8 (n, s, s, 3) into float32 (n, 3, s, s) with the mean and deviation the tower was trained with."""
    mean, std = (np.array(values, np.float32) for values in (how.mean, how.std))
    scaled = (pixels.astype(np.float32) / 255 - mean) / std
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))
