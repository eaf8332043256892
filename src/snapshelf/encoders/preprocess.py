"""Preprocess photos to the square input of a photo tower."""

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


def stretch_to_square(photo: Image.Image, size: int) -> NDArray[np.uint8]:
    """Resize an RGB photo to uint8 (size, size, 3), ignoring its aspect ratio.

    The whole photo is stretched to the square, as in SigLIP: no part of a product is cropped, and no pixel is spent on
    a border. The bundled encoder is trained on the same stretch.
    """
    return preprocess_photo(photo, default_preprocessing(size))


def default_preprocessing(size: int) -> Preprocessing:
    """Return the preprocessing of a card without settings, as of the bundled encoder."""
    return Preprocessing(size=size, reducing_gap=2.0)


def preprocess_photo(photo: Image.Image, settings: Preprocessing) -> NDArray[np.uint8]:
    """Preprocess an RGB photo to uint8 (size, size, 3)."""
    resampling, size = _RESAMPLING[settings.interpolation], settings.size
    match settings.mode:
        case "stretch":
            photo = photo.resize((size, size), resampling, reducing_gap=settings.reducing_gap)
        case "crop":
            photo = _centre_crop(photo, settings.resize or size, size, resampling)
        case "letterbox":
            scale = size / max(photo.size)
            inner = tuple(max(1, round(side * scale)) for side in photo.size)
            resized = photo.resize((inner[0], inner[1]), resampling, reducing_gap=settings.reducing_gap)
            photo = Image.new("RGB", (size, size), settings.background)
            photo.paste(resized, ((size - inner[0]) // 2, (size - inner[1]) // 2))
    return np.asarray(photo)


def _centre_crop(photo: Image.Image, resize: int, size: int, resampling: Image.Resampling) -> Image.Image:
    """Resize the shorter side and crop the centre.

    Only the part of the photo inside the square is resized; otherwise, 2000x3 pixels would become 150,000x224. The
    longer side is rounded down to a whole number of pixels first, as in the hubs' processors.
    """
    width, height = photo.size
    short = min(width, height)
    resized = (int(resize * width / short), int(resize * height / short))
    left, top = ((side - size) // 2 for side in resized)
    x_scale, y_scale = width / resized[0], height / resized[1]
    box = (left * x_scale, top * y_scale, (left + size) * x_scale, (top + size) * y_scale)
    return photo.resize((size, size), resampling, box=box)


def normalise_pixels(pixels: NDArray[np.uint8], settings: Preprocessing) -> NDArray[np.float32]:
    """Convert uint8 (n, s, s, 3) to float32 (n, 3, s, s), normalised with the mean and deviation of the tower."""
    mean, std = (np.array(values, np.float32) for values in (settings.mean, settings.std))
    scaled = (pixels.astype(np.float32) / 255 - mean) / std
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))
