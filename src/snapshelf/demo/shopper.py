"""Shoppers' photos: at home or in the street, tilted, badly lit, partly occluded."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFilter

from snapshelf.demo.backdrop import flat_shadow, to_image
from snapshelf.demo.studio import (
    Colour,
    Field,
    Pen,
    arc,
    clamp,
    ellipse,
    moved,
    rounded,
    soften,
    spline,
    tone,
)

if TYPE_CHECKING:
    from snapshelf.demo.products import DemoProduct

_WIDTH, _HEIGHT = 420, 560


def shopper_photo(product: DemoProduct, seed: int) -> Image.Image:
    """Draw a photo that a shopper took of a product.

    Parameters
    ----------
    product : DemoProduct
        Product in the photo.
    seed : int
        Random seed of background, perspective, light and occlusion.

    Returns
    -------
    Image
        RGB, 420 x 560 pixels.
    """
    rng = np.random.default_rng([seed, 99])
    ground = _GROUNDS[int(rng.integers(len(_GROUNDS)))](rng)
    cut, alpha = _tilted(product.cutout(), rng)
    scale = _HEIGHT / 1000
    shade = np.minimum(1.7 * flat_shadow(alpha, scale), 0.7)
    picture = ground * (1 - shade) * (1 - alpha) + cut * alpha
    if rng.random() < 0.6:
        picture = _hidden(picture, rng)
    return _taken(_lit(picture, rng), rng)


def _noise(rng: np.random.Generator, cells_x: int, cells_y: int) -> Field:
    """Smooth random field over the photo, about -1..1, of the given number of cells."""
    coarse = Image.fromarray(rng.standard_normal((cells_y, cells_x)).astype(np.float32))
    return np.asarray(coarse.resize((_WIDTH, _HEIGHT), Image.Resampling.BICUBIC))


def _plain(colour: Colour) -> Field:
    return np.tile(np.array(colour, np.float32)[:, None, None], (1, _HEIGHT, _WIDTH))


def _axes(turn: float = 0.0) -> tuple[Field, Field]:
    y, x = np.mgrid[0:_HEIGHT, 0:_WIDTH].astype(np.float32)
    c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    return x * c + y * s, y * c - x * s


def _wood(rng: np.random.Generator) -> Field:
    base: Colour = ((0.62, 0.43, 0.27), (0.75, 0.58, 0.4), (0.42, 0.28, 0.18), (0.68, 0.6, 0.5))[
        int(rng.integers(4))
    ]
    u, v = _axes(rng.uniform(-12, 12) + (90 if rng.random() < 0.4 else 0))
    plank = rng.uniform(60, 120)
    row = np.floor(v / plank).astype(np.int64)
    shade = rng.uniform(-0.09, 0.09, 64).astype(np.float32)[row % 64]
    waves = np.sin(v * 0.55 + 6 * _noise(rng, 6, 9) + u * 0.02) * 0.035 + _noise(rng, 20, 220) * 0.018
    gap = np.abs(v % plank - plank / 2) > plank / 2 - 1.4
    return clamp(_plain(base) * (1 + shade + waves - 0.35 * gap))


def _tiles(rng: np.random.Generator) -> Field:
    base: Colour = ((0.86, 0.85, 0.82), (0.62, 0.66, 0.68), (0.8, 0.72, 0.62), (0.5, 0.53, 0.52))[
        int(rng.integers(4))
    ]
    u, v = _axes(rng.uniform(-30, 30))
    size = rng.uniform(90, 170)
    number = (np.floor(u / size) * 7 + np.floor(v / size) * 13).astype(np.int64) % 32
    shade = rng.uniform(-0.05, 0.05, 32).astype(np.float32)[number]
    edge = np.minimum(np.minimum(u % size, size - u % size), np.minimum(v % size, size - v % size))
    joint = np.clip(2.6 - edge, 0, 1)
    return clamp(_plain(base) * (1 + shade + 0.03 * _noise(rng, 30, 40) - 0.28 * joint))


def _fabric(rng: np.random.Generator) -> Field:
    base: Colour = (
        (0.84, 0.81, 0.76),
        (0.55, 0.62, 0.7),
        (0.76, 0.62, 0.6),
        (0.4, 0.42, 0.46),
        (0.7, 0.74, 0.66),
    )[int(rng.integers(5))]
    u, v = _axes(rng.uniform(0, 90))
    folds = _noise(rng, 4, 5)
    slope = np.gradient(folds)[0] * 26 + np.gradient(_noise(rng, 7, 9))[1] * 7
    weave = np.sin(u * 2.1) * np.sin(v * 2.1) * 0.03
    stripe = 0.1 * ((v / 46) % 1 < 0.28) if rng.random() < 0.35 else 0.0
    return clamp(_plain(base) * (1 + 0.5 * np.clip(slope, -0.5, 0.5) + weave - stripe))


def _street(rng: np.random.Generator) -> Field:
    grit = _noise(rng, 210, 280) * 0.09 + _noise(rng, 100, 130) * 0.05 + _noise(rng, 5, 7) * 0.05
    picture = _plain((0.44, 0.44, 0.45)) * (1 + grit)
    if rng.random() < 0.5:
        u, _ = _axes(rng.uniform(-40, 40))
        at = rng.uniform(60, 300)
        line = np.clip(20 - np.abs(u - at), 0, 1) * (0.75 + 0.2 * np.clip(_noise(rng, 40, 50), -1, 1))
        picture = picture + (np.array([0.9, 0.86, 0.7], np.float32)[:, None, None] - picture) * line
    return clamp(picture)


def _grass(rng: np.random.Generator) -> Field:
    blades = _noise(rng, 200, 60) * 0.16 + _noise(rng, 120, 40) * 0.12 + _noise(rng, 6, 8) * 0.1
    tint = _noise(rng, 9, 12)[None] * np.array([0.06, 0.02, 0.0], np.float32)[:, None, None]
    return clamp(_plain((0.36, 0.5, 0.22)) * (1 + blades) + tint)


def _desk(rng: np.random.Generator) -> Field:
    top: Colour = ((0.82, 0.8, 0.77), (0.66, 0.5, 0.36), (0.3, 0.31, 0.33))[int(rng.integers(3))]
    pen = Pen(round(_WIDTH * 1.25 + 1) if _WIDTH * 1.25 > _HEIGHT else _HEIGHT)
    pen.paint(pen.area(rounded(-50, -50, 850, 1050, 1)), top)
    with pen.placed(rng.uniform(-260, -120), rng.uniform(-330, -200), turn=rng.uniform(-25, 25)):
        sheet = pen.area(rounded(250, 330, 560, 760, 4))
        pen.shadow(sheet, blur=12, strength=0.3)
        pen.paint(sheet, (0.95, 0.94, 0.92))
        for k in range(9):
            pen.paint(
                pen.area(rounded(280, 380 + k * 38, 520 - (k * 37) % 90, 386 + k * 38, 2)), (0.6, 0.62, 0.66)
            )
    with pen.placed(rng.uniform(180, 330), rng.uniform(-300, 300), turn=rng.uniform(-60, 60)):
        pencil = pen.area(rounded(388, 330, 412, 680, 8))
        pen.shadow(pencil, blur=10, strength=0.4)
        pen.paint(pencil, (0.85, 0.6, 0.2), pen.barrel(pencil, 388, 412, 0.5))
    with pen.placed(rng.uniform(-330, -220), rng.uniform(260, 400)):
        cup = pen.area(ellipse(400, 500, 120))
        pen.shadow(cup, blur=20, strength=0.4)
        pen.paint(cup, (0.93, 0.92, 0.9), pen.relief(cup, 12, 0.5))
        pen.paint(pen.area(ellipse(400, 500, 100)), (0.3, 0.19, 0.12))
    picture = pen.colour[:, :_HEIGHT, :]
    missing = _WIDTH - picture.shape[2]
    if missing > 0:
        picture = np.pad(picture, ((0, 0), (0, 0), (0, missing)), mode="edge")
    return clamp(picture[:, :, :_WIDTH] * (1 + 0.02 * _noise(rng, 80, 110)))


def _carpet(rng: np.random.Generator) -> Field:
    base: Colour = ((0.6, 0.3, 0.28), (0.3, 0.38, 0.5), (0.72, 0.67, 0.58))[int(rng.integers(3))]
    u, v = _axes(rng.uniform(-20, 20))
    motif = np.sin(u * 0.07) + np.sin(v * 0.07) + 0.5 * np.sin((u + v) * 0.12)
    light = 0.12 * np.tanh(3 * motif) + 0.08 * _noise(rng, 200, 270)
    return clamp(_plain(base) * (1 + light))


_GROUNDS: tuple[Callable[[np.random.Generator], Field], ...] = (
    _wood,
    _tiles,
    _fabric,
    _street,
    _grass,
    _desk,
    _carpet,
    _wood,
)


def _tilted(cutout: Image.Image, rng: np.random.Generator) -> tuple[Field, Field]:
    """Turn, tip and place the product: colours (3, h, w) and alpha (h, w) on the photo."""
    box = cutout.getchannel("A").getbbox() or (0, 0, cutout.width, cutout.height)
    thing = cutout.crop(box)
    width, height = thing.size
    zoom = rng.uniform(0.72, 1.0) * min(_WIDTH * 0.96 / width, _HEIGHT * 0.92 / height)
    turn = math.radians(rng.uniform(-24, 24))
    c, s = math.cos(turn) * zoom, math.sin(turn) * zoom
    middle = np.array([_WIDTH * rng.uniform(0.42, 0.58), _HEIGHT * rng.uniform(0.44, 0.58)])
    corners = np.array([(-width, -height), (width, -height), (width, height), (-width, height)]) / 2
    # Corners pushed about freely are a photo taken from aside.
    lean = rng.uniform(-0.07, 0.07, size=(4, 2)) * (width, height)
    placed = (corners + lean) @ np.array([[c, s], [-s, c]]) + middle
    source = moved(corners, width / 2, height / 2)
    tipped = thing.convert("RGBa").transform(
        (_WIDTH, _HEIGHT), Image.Transform.PERSPECTIVE, _perspective(placed, source), Image.Resampling.BICUBIC
    )
    planes = np.asarray(tipped.convert("RGBA"), dtype=np.float32).transpose(2, 0, 1) / 255
    return planes[:3], planes[3]


def _perspective(target: np.ndarray, source: np.ndarray) -> list[float]:
    """Solve the eight coefficients that map points of the target picture to the source (Pillow's order)."""
    rows, right = [], []
    for (x, y), (u, v) in zip(target, source, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    return [float(value) for value in np.linalg.solve(np.array(rows), np.array(right))]


def _hidden(picture: Field, rng: np.random.Generator) -> Field:
    """Occlude an edge of the product: fingers, a strap, a sheet, leaves, a plate."""
    pen = Pen(_HEIGHT)
    turn = float(rng.uniform(0, 360))
    reach = rng.uniform(230, 330)
    a = math.radians(turn)
    with pen.placed(math.cos(a) * reach, math.sin(a) * reach * 1.25, turn=turn):
        _OBSTACLES[int(rng.integers(len(_OBSTACLES)))](pen, rng)
    # The photo is narrower than the sheet that the obstacle is drawn on.
    left = (pen.width - _WIDTH) // 2
    alpha, colour = pen.alpha[:, left : left + _WIDTH], pen.colour[:, :, left : left + _WIDTH]
    shade = 0.4 * soften(alpha, 9, dx=5, dy=9)
    return picture * (1 - shade) * (1 - alpha) + colour


def _hand(pen: Pen, rng: np.random.Generator) -> None:
    skin: Colour = ((0.93, 0.76, 0.65), (0.85, 0.65, 0.5), (0.6, 0.42, 0.3), (0.4, 0.27, 0.2))[
        int(rng.integers(4))
    ]
    palm = pen.area(
        spline(
            [
                (430, 410),
                (560, 390),
                (760, 400),
                (900, 380, 0),
                (900, 660, 0),
                (740, 640),
                (560, 620),
                (440, 570),
            ]
        )
    )
    pen.paint(palm, skin, pen.relief(palm, 50, 0.4))
    for y, length, lean in ((410, 150, -26), (462, 190, -8), (514, 180, 8), (564, 140, 24)):
        line = spline([(520, y), (450, y + lean * 0.4), (440 - length * 0.6, y + lean)], closed=False)
        finger = pen.line(line, (60, 54, 46))
        pen.shadow(finger, blur=8, strength=0.3, dx=0, dy=5)
        pen.paint(finger, skin, pen.relief(finger, 20, 0.5))
        tip = line[-1]
        nail = pen.area(ellipse(tip[0] - 8, tip[1] - 4, 13, 15))
        pen.paint(nail, tone(skin, 0.35), pen.relief(nail, 5, 0.3))


def _strap(pen: Pen, rng: np.random.Generator) -> None:
    colour: Colour = ((0.2, 0.2, 0.22), (0.5, 0.33, 0.2), (0.8, 0.78, 0.74), (0.25, 0.35, 0.5))[
        int(rng.integers(4))
    ]
    line = spline([(400, -100), (360, 250), (420, 520), (380, 800), (400, 1100)], closed=False)
    band = pen.line(line, rng.uniform(26, 60))
    pen.paint(band, colour, pen.relief(band, 14, 0.5))


def _sheet(pen: Pen, rng: np.random.Generator) -> None:
    colour: Colour = ((0.95, 0.94, 0.91), (0.9, 0.82, 0.6), (0.72, 0.8, 0.86))[int(rng.integers(3))]
    paper = pen.area(spline([(300, 280, 0), (720, 240, 0), (760, 700, 0), (330, 740, 0)]))
    pen.paint(paper, colour, pen.relief(paper, 40, 0.15))
    for k in range(7):
        pen.paint(
            pen.area(rounded(350, 340 + k * 46, 640 - (k * 53) % 120, 348 + k * 46, 3)), tone(colour, -0.4)
        )


def _leaves(pen: Pen, rng: np.random.Generator) -> None:
    green: Colour = ((0.25, 0.45, 0.25), (0.4, 0.55, 0.28), (0.2, 0.4, 0.33))[int(rng.integers(3))]
    pen.paint(pen.line(spline([(760, 520), (560, 500), (330, 440)], closed=False), 9), tone(green, -0.3))
    for k, x in enumerate(range(340, 720, 62)):
        for side in (-1, 1):
            leaf = pen.area(ellipse(x, 490 + side * 62, 74, 30, turn=side * (58 - k * 3)))
            pen.shadow(leaf, blur=8, strength=0.3)
            pen.paint(leaf, tone(green, float(rng.uniform(-0.15, 0.2))), pen.relief(leaf, 18, 0.5))


def _plate(pen: Pen, rng: np.random.Generator) -> None:
    colour: Colour = ((0.94, 0.93, 0.91), (0.55, 0.66, 0.72), (0.8, 0.55, 0.42))[int(rng.integers(3))]
    disc = pen.area(ellipse(520, 500, 210))
    pen.paint(disc, colour, pen.relief(disc, 26, 0.4))
    ring = pen.line(arc(520, 500, 150, 150, 0, 359), 6, round_ends=False)
    pen.paint(ring, tone(colour, -0.15))


_OBSTACLES: tuple[Callable[[Pen, np.random.Generator], None], ...] = (
    _hand,
    _hand,
    _strap,
    _sheet,
    _leaves,
    _plate,
)


def _lit(picture: Field, rng: np.random.Generator) -> Field:
    """Uneven light, a colour cast, wrong exposure; sometimes the photographer's shadow."""
    y, x = np.mgrid[0:_HEIGHT, 0:_WIDTH].astype(np.float32)
    a = rng.uniform(0, 2 * np.pi)
    slope = (x / _WIDTH - 0.5) * math.cos(a) + (y / _HEIGHT - 0.5) * math.sin(a)
    light = 1 + rng.uniform(0.15, 0.55) * slope
    corner = (x / _WIDTH - 0.5) ** 2 + (y / _HEIGHT - 0.5) ** 2
    light = light * (1 - rng.uniform(0.0, 0.45) * corner)
    if rng.random() < 0.3:
        edge = x * math.cos(a + 1) + y * math.sin(a + 1) - rng.uniform(0.2, 0.8) * _WIDTH
        light = light * (1 - rng.uniform(0.15, 0.35) * 0.5 * (1 + np.tanh(edge / rng.uniform(12, 80))))
    warmth = rng.uniform(-0.1, 0.14)
    cast = np.array([1 + warmth, 1 + rng.uniform(-0.02, 0.03), 1 - warmth], np.float32)[:, None, None]
    exposed = np.clip(picture * light * cast * rng.uniform(0.78, 1.12), 0, 1)
    return np.asarray(exposed ** rng.uniform(0.88, 1.2), np.float32)


def _taken(picture: Field, rng: np.random.Generator) -> Image.Image:
    """The camera: a little blur, noise, and JPEG."""
    image = to_image(picture).filter(ImageFilter.GaussianBlur(float(rng.uniform(0.3, 1.3))))
    pixels = np.asarray(image, dtype=np.float32)
    noisy = pixels + rng.standard_normal(pixels.shape, dtype=np.float32) * np.float32(rng.uniform(1.5, 7))
    data = io.BytesIO()
    Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(
        data, "JPEG", quality=int(rng.integers(45, 82))
    )
    return Image.open(io.BytesIO(data.getvalue())).convert("RGB")
