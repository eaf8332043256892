"""Look of a product: its colours, pattern, material and style, and a random generator for proportions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image

from snapshelf.demo.patterns import Dye
from snapshelf.demo.studio import (
    CENTRE,
    Colour,
    Field,
    Ink,
    Mask,
    Pen,
    Points,
    clamp,
    luminance,
    spline,
    tone,
)


@dataclass(frozen=True, slots=True)
class Look:
    """Properties of a product that a drawing needs."""

    dye: Dye
    ink: Ink
    pattern: str
    material: str
    style: str
    metal: Colour
    rng: np.random.Generator

    @property
    def base(self) -> Colour:
        """The main colour."""
        return self.dye.base

    @property
    def accent(self) -> Colour:
        """A second, matching colour."""
        return self.dye.accent

    @property
    def seam(self) -> Colour:
        """The main colour, a little darker, or lighter where it is nearly black."""
        return tone(self.base, 0.16) if luminance(self.base) < 0.2 else tone(self.base, -0.22)

    @property
    def inside(self) -> Colour:
        """The main colour in shadow."""
        return tone(self.base, -0.45)

    def between(self, low: float, high: float) -> float:
        """Return a random number from an interval."""
        return float(self.rng.uniform(low, high))

    def chance(self, probability: float) -> bool:
        """Return True with a probability."""
        return bool(self.rng.random() < probability)

    def cloth(
        self,
        pen: Pen,
        mask: Mask,
        *,
        radius: float = 60.0,
        depth: float = 0.42,
        folds: Sequence[Points] = (),
        fold_width: float = 16.0,
        fold_depth: float = 0.3,
        ink: Ink | None = None,
        light: Field | float = 0.0,
    ) -> None:
        """Paint a part in the product's pattern and material, padded and folded."""
        ink = self.ink if ink is None else ink
        relief = pen.relief(
            mask,
            radius,
            depth,
            ridges=folds,
            ridge_width=fold_width,
            ridge_depth=fold_depth,
            bend=14.0 if callable(ink) else 0.0,
        )
        pen.paint(mask, ink, relief + (grain(pen, mask, self.material) + light))


def crease(*knots: tuple[float, float]) -> Points:
    """Make an open smooth line for a fold or a seam."""
    return spline(knots, closed=False)


def arch(*half: tuple[float, float]) -> Points:
    """Make an open smooth line that is its own mirror image.

    Its knots are given from an end to the middle, each by its distance from the middle of the sheet and its y.
    """
    return crease(
        *((CENTRE - out, y) for out, y in half), *((CENTRE + out, y) for out, y in reversed(half[:-1]))
    )


_TILE = 512


@cache
def _noise(size: int, stretch: int) -> Field:
    rng = np.random.default_rng(size * 31 + stretch)
    noise = rng.standard_normal((_TILE, _TILE), dtype=np.float32)
    if stretch:
        noise = (noise + np.roll(noise, 1, axis=1) + np.roll(noise, 2, axis=1)) / 1.7
    if size > 1:
        image = Image.fromarray(noise).resize((_TILE // size, _TILE // size), Image.Resampling.BOX)
        noise = np.asarray(image.resize((_TILE, _TILE), Image.Resampling.BICUBIC))
    return clamp(noise / noise.std(), -2.5, 2.5)


_GRAINS = {
    # material: (size of the noise, stretched sideways, strength)
    "cotton": (1, 0, 0.010),
    "linen": (1, 1, 0.020),
    "silk": (8, 0, 0.012),
    "wool": (1, 0, 0.024),
    "denim": (1, 1, 0.034),
    "leather": (1, 0, 0.016),
    "suede": (2, 0, 0.020),
    "canvas": (1, 1, 0.018),
    "straw": (1, 1, 0.05),
    "ceramic": (6, 0, 0.008),
    "wood": (3, 1, 0.03),
}


def grain(pen: Pen, mask: Mask, material: str) -> Field | float:
    """Light of a material's surface over a mask: weave, grain or ribs."""
    height, width = mask.alpha.shape
    if material == "knit":
        x, y = pen.grid(mask)
        ribs = np.sin(x * (2 * np.pi / 11)) * 0.05
        rows = np.sin(y * (2 * np.pi / 9) + np.abs(np.sin(x * 0.285)) * 2.5) * 0.022
        return np.asarray(ribs + rows, np.float32)
    if material not in _GRAINS:
        return 0.0
    size, stretch, strength = _GRAINS[material]
    tile = _noise(size, stretch)
    if mask.top + height > _TILE or mask.left + width > _TILE:
        tile = np.tile(tile, (-(-(mask.top + height) // _TILE), -(-(mask.left + width) // _TILE)))
    return tile[mask.top : mask.top + height, mask.left : mask.left + width] * np.float32(strength)
