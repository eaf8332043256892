"""The studio that product photos are taken in: light paper, soft shadows."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from snapshelf.demo.studio import Colour, Field, Pen, clamp, soften, soften_row

_PAPERS: tuple[Colour, ...] = (
    (0.972, 0.968, 0.960),
    (0.962, 0.966, 0.970),
    (0.974, 0.962, 0.955),
    (0.960, 0.968, 0.958),
    (0.968, 0.966, 0.972),
    (0.976, 0.972, 0.966),
)


@lru_cache(maxsize=32)
def _paper(width: int, height: int, tint: int, stands: bool) -> Field:
    """Light paper, shape (3, height, width): brighter in the middle, and a soft bend where a floor begins."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    u, v = x / width - 0.5, y / height - 0.45
    light = 1.012 - 0.075 * (u * u + v * v)
    if stands:
        floor = 1 / (1 + np.exp(-(y / height - 0.74) * 26))
        light = light * (1 - 0.022 * floor)
    colour = np.array(_PAPERS[tint], np.float32)[:, None, None]
    return clamp(colour * light)


def studio_photo(pen: Pen, *, stands: bool, tint: int) -> Image.Image:
    """Lay a drawing on studio paper with its shadow.

    Parameters
    ----------
    pen : Pen
        The drawing.
    stands : bool
        Whether it stands on the ground, with a shadow at its foot, or lies flat, with a shadow all around.
    tint : int
        Chooses the paper.

    Returns
    -------
    Image
        RGB.
    """
    paper = _paper(pen.width, pen.height, tint % len(_PAPERS), stands)
    shade = foot_shadow(pen.alpha, pen.scale) if stands else flat_shadow(pen.alpha, pen.scale)
    clear = 1 - pen.alpha
    planes = []
    # Shadows on warm paper are a little blue. Plane by plane, the fields stay in the processor's cache.
    for plane, colour, ink in zip(paper, pen.colour, (1.0, 0.97, 0.92), strict=True):
        picture = shade * np.float32(-ink)
        picture += 1
        picture *= plane
        picture *= clear
        picture += colour
        planes.append(Image.fromarray(_bytes(picture)))
    return Image.merge("RGB", planes)


def _bytes(field: Field) -> NDArray[np.uint8]:
    return (clamp(field) * np.float32(255) + np.float32(0.5)).astype(np.uint8)


def to_image(planes: Field) -> Image.Image:
    """Make an RGB image of planes (3, h, w) in 0..1."""
    return Image.merge("RGB", [Image.fromarray(_bytes(plane)) for plane in planes])


def flat_shadow(alpha: Field, scale: float) -> Field:
    """Shadow of a thing that lies flat: wide and faint, narrow and darker."""
    wide = soften(alpha, 28 * scale, dx=10 * scale, dy=20 * scale)
    close = soften(alpha, 8 * scale, dx=3 * scale, dy=6 * scale)
    return 0.17 * wide + 0.16 * close


def foot_shadow(alpha: Field, scale: float) -> Field:
    """Shadow on the ground of a thing that stands: under each column the darker, the nearer it comes to the ground."""
    height = alpha.shape[0]
    opaque = alpha > 0.5
    low = np.where(opaque.any(axis=0), height - 1 - np.argmax(opaque[::-1], axis=0), -height)
    foot = int(low.max())
    if foot < 0:
        return np.zeros_like(alpha)
    lift = ((foot - low) / height).astype(np.float32)
    below = np.arange(height, dtype=np.float32)[:, None] - foot
    shade = np.zeros_like(alpha)
    for nearness, thick, spread, strength in ((0.10, 15.0, 22.0, 0.30), (0.02, 5.0, 7.0, 0.42)):
        contact = np.exp(-lift / nearness).astype(np.float32)
        along = soften_row(contact, spread * scale)
        shade += strength * along * np.exp(-((below - 2 * scale) ** 2) / (2 * (thick * scale) ** 2))
    return np.minimum(shade, 0.75).astype(np.float32)
