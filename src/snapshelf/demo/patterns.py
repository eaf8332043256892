"""Patterns as inks: sheet coordinates in, colours out, smooth at every size."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from snapshelf.demo.studio import (
    Colour,
    Field,
    Ink,
    Pen,
    Points,
    clamp,
    ellipse,
    luminance,
    mix,
    moved,
    ribbon,
    spline,
    tone,
)

_SOFT: Final = 1.3
"""Half-width, in units, of the soft edge between two inks; about half a pixel."""


@dataclass(frozen=True, slots=True)
class Dye:
    """Colours of a pattern (ground and two prints), the size of its repeat, and its random seed."""

    base: Colour
    accent: Colour
    third: Colour
    size: float
    seed: int


def _cover(distance: Field) -> Field:
    """Turn a signed distance in units (inside positive) into coverage 0..1."""
    return clamp(distance / (2 * _SOFT) + 0.5)


def _planes(colour: Colour) -> Field:
    return np.array(colour, np.float32)[:, None, None]


def _blend(cover: Field, under: Field | Colour, over: Colour) -> Field:
    ground = under if isinstance(under, np.ndarray) else _planes(under)
    return ground + (_planes(over) - ground) * cover


def _band(along: Field, period: float, width: float, offset: float = 0.0) -> Field:
    """Coverage of stripes of a width, every `period` units."""
    return _cover(width / 2 - np.abs((along + offset) % period - period / 2))


def _solid(dye: Dye) -> Ink:
    return dye.base


def _striped(dye: Dye) -> Ink:
    rng = np.random.default_rng(dye.seed)
    upright = rng.random() < 0.25
    period = dye.size * rng.uniform(0.75, 1.5)
    width = period * rng.uniform(0.3, 0.5)
    twin = rng.random() < 0.35

    def ink(x: Field, y: Field) -> Field:
        along = x if upright else y
        colour = _blend(_band(along, period, width), dye.base, dye.accent)
        if twin:
            colour = _blend(_band(along, period, width * 0.22, period / 2), colour, dye.third)
        return colour

    return ink


def _checked(dye: Dye) -> Ink:
    rng = np.random.default_rng(dye.seed)
    period = dye.size * rng.uniform(1.3, 2.0)
    tartan = rng.random() < 0.6
    half = mix(dye.base, dye.accent, 0.5)
    turn = math.radians(45) if rng.random() < 0.12 else 0.0

    def ink(x: Field, y: Field) -> Field:
        u, v = x * math.cos(turn) + y * math.sin(turn), y * math.cos(turn) - x * math.sin(turn)
        across, down = _band(u, period, period * 0.5), _band(v, period, period * 0.5)
        colour = _blend(np.maximum(across, down), dye.base, half)
        colour = _blend(across * down, colour, dye.accent)
        if tartan:
            fine = np.maximum(_band(u, period, 5.0, period / 2), _band(v, period, 5.0, period / 2))
            colour = _blend(fine * 0.8, colour, dye.third)
        return colour

    return ink


def _polka_dot(dye: Dye) -> Ink:
    rng = np.random.default_rng(dye.seed)
    step = dye.size * rng.uniform(0.8, 1.4)
    radius = step * rng.uniform(0.2, 0.3)

    def ink(x: Field, y: Field) -> Field:
        row = np.floor(y / step)
        u = (x + (row % 2) * step / 2) % step - step / 2
        v = y % step - step / 2
        return _blend(_cover(radius - np.hypot(u, v)), dye.base, dye.accent)

    return ink


def _chevron(dye: Dye) -> Ink:
    rng = np.random.default_rng(dye.seed)
    period = dye.size * rng.uniform(0.9, 1.4)
    wave = period * rng.uniform(0.9, 1.5)

    def ink(x: Field, y: Field) -> Field:
        zigzag = np.abs(x % wave - wave / 2)
        colour = _blend(_band(y + zigzag, period, period * 0.45), dye.base, dye.accent)
        return _blend(_band(y + zigzag, period, period * 0.1, period * 0.5), colour, dye.third)

    return ink


def _printed(dye: Dye, span: float, stamp: Callable[[Pen, np.random.Generator], None]) -> Ink:
    """Repeat a drawn tile of `span` units, whose motifs run over its edges."""
    pixels = 256
    pen = Pen(pixels)
    rng = np.random.default_rng(dye.seed)
    stamp(pen, rng)
    tile = (_planes(dye.base) * (1 - pen.alpha) + pen.colour).reshape(3, -1)
    fx, fy = np.float32(pen.width / (0.8 * span)), np.float32(pen.height / span)

    def ink(x: Field, y: Field) -> Field:
        # Warped coordinates may be slightly negative; the integer remainder wraps them.
        row, column = (y * fy).astype(np.int32) % pen.height, (x * fx).astype(np.int32) % pen.width
        return np.take(tile, row * pen.width + column, axis=1)

    return ink


def _wrapped(points: Points) -> list[Points]:
    """The outline, and again wherever it leaves the tile (800 x 1000)."""
    low, high = points.min(axis=0), points.max(axis=0)
    return [
        moved(points, dx, dy)
        for dx in (-800, 0, 800)
        for dy in (-1000, 0, 1000)
        if high[0] + dx > 0 and low[0] + dx < 800 and high[1] + dy > 0 and low[1] + dy < 1000
    ]


@cache
def _scatter(apart: float) -> tuple[tuple[float, float], ...]:
    """Random positions on the tile with a minimum distance, also across its edges (dart throwing)."""
    rng = np.random.default_rng(0)
    places: list[tuple[float, float]] = []
    for _ in range(600):
        x, y = rng.uniform(0, 800), rng.uniform(0, 1000)
        far = [
            math.hypot(min(abs(x - a), 800 - abs(x - a)), min(abs(y - b), 1000 - abs(y - b)))
            for a, b in places
        ]
        if not far or min(far) > apart:
            places.append((x, y))
    return tuple(places)


def _floral(dye: Dye) -> Ink:
    span = dye.size * 5.5

    def stamp(pen: Pen, rng: np.random.Generator) -> None:
        leaf = mix((0.33, 0.5, 0.36), dye.base, 0.15 if luminance(dye.base) > 0.3 else 0.05)
        shift = rng.uniform(0, 800), rng.uniform(0, 1000)
        for number, (x, y) in enumerate((np.array(_scatter(185)) + shift) % (800, 1000)):
            size, turn = rng.uniform(62, 105), rng.uniform(0, 360)
            leaves = []
            for side in (40, 200):
                angle = math.radians(turn + side)
                tip = (x + math.cos(angle) * size * 1.05, y + math.sin(angle) * size * 1.05)
                leaves += _wrapped(ellipse(*tip, size * 0.5, size * 0.2, turn=turn + side))
            pen.paint(pen.area(*leaves), leaf)
            petal = dye.accent if number % 3 else dye.third
            petals = []
            for k in range(5):
                angle = math.radians(turn + 72 * k)
                at = (x + math.cos(angle) * size * 0.5, y + math.sin(angle) * size * 0.5)
                petals += _wrapped(ellipse(*at, size * 0.44, size * 0.34, turn=turn + 72 * k))
            pen.paint(pen.area(*petals), petal)
            heart = tone(petal, -0.35) if luminance(petal) > 0.5 else (0.96, 0.83, 0.5)
            pen.paint(pen.area(*_wrapped(ellipse(x, y, size * 0.22))), heart)

    return _printed(dye, span, stamp)


def _leopard(dye: Dye) -> Ink:
    span = dye.size * 5.5
    dark = luminance(dye.base) < 0.25
    spot: Colour = tone(dye.base, 0.55) if dark else mix(dye.base, (0.1, 0.08, 0.07), 0.85)
    heart = tone(dye.base, 0.2) if dark else tone(dye.base, -0.28)

    def stamp(pen: Pen, rng: np.random.Generator) -> None:
        for x, y in np.array(_scatter(128)):
            size, turn = rng.uniform(40, 62), rng.uniform(0, 360)
            heart_outline = ellipse(x, y, size * 0.72, size * 0.58, turn=turn)
            pen.paint(pen.area(*_wrapped(heart_outline)), heart)
            rosette = []
            # Two or three broken strokes around each spot.
            for k in range(int(rng.integers(2, 4))):
                t = np.radians(np.linspace(turn + k * 130, turn + k * 130 + rng.uniform(70, 110), 8))
                stroke = np.column_stack([x + np.cos(t) * size, y + np.sin(t) * size * 0.84])
                rosette += _wrapped(ribbon(stroke, (10, 30, 34, 24, 10)))
            pen.paint(pen.area(*rosette), spot)

    return _printed(dye, span, stamp)


def _gradient(dye: Dye) -> Ink:
    end = mix(dye.base, dye.accent, 0.85)

    def ink(x: Field, y: Field) -> Field:
        t = clamp((y - 250 + (x - 400) * 0.05) / 560)
        return _blend(t * t * (3 - 2 * t), dye.base, end)

    return ink


def _colour_block(dye: Dye) -> Ink:
    rng = np.random.default_rng(dye.seed)
    style = int(rng.integers(3))
    at, gap, lean = rng.uniform(-60, 60), rng.uniform(90, 170), rng.uniform(0.35, 0.7)

    def ink(x: Field, y: Field) -> Field:
        if style == 0:
            along = y - 480 - at
        elif style == 1:
            along = (y - 500 - at + (x - 400) * lean) * 0.85
        else:
            along = x - 400
            return _blend(_cover(along), dye.base, dye.accent)
        colour = _blend(_cover(along), dye.base, dye.third)
        return _blend(_cover(along - gap), colour, dye.accent)

    return ink


_INKS: dict[str, Callable[[Dye], Ink]] = {
    "solid": _solid,
    "striped": _striped,
    "checked": _checked,
    "polka dot": _polka_dot,
    "floral": _floral,
    "geometric": _chevron,
    "animal print": _leopard,
    "gradient": _gradient,
    "colour-block": _colour_block,
    # The ground of a graphic is plain; the picture is drawn where each kind wants it.
    "graphic": _solid,
}

PATTERNS = {
    "solid": ("", ""),
    "striped": ("Striped", "条纹"),
    "checked": ("Checked", "格纹"),
    "polka dot": ("Polka Dot", "波点"),
    "floral": ("Floral", "碎花"),
    "graphic": ("Graphic", "图案"),
    "colour-block": ("Colour-Block", "拼色"),
    "geometric": ("Geometric", "几何"),
    "animal print": ("Leopard Print", "豹纹"),
    "gradient": ("Gradient", "渐变"),
}
"""Names of patterns in titles, English and Chinese; a solid colour is not mentioned."""


def pattern(name: str, dye: Dye) -> Ink:
    """Make the ink of a pattern by its English name."""
    return _INKS[name](dye)


def emblem(pen: Pen, x: float, y: float, size: float, dye: Dye, *, light: float = 0.0) -> None:
    """Draw the picture of a graphic print, about `size` units wide, around (x, y)."""
    rng = np.random.default_rng(dye.seed)
    _EMBLEMS[int(rng.integers(len(_EMBLEMS)))](pen, x, y, size, dye, light)


def _sunrise(pen: Pen, x: float, y: float, size: float, dye: Dye, light: float) -> None:
    r = size / 2
    disc = pen.area(ellipse(x, y, r))
    pen.paint(disc, mix(dye.accent, dye.base, 0.25), light)
    pen.paint(pen.area(ellipse(x + r * 0.25, y - r * 0.2, r * 0.38)), dye.third, light)
    for share, depth in ((0.15, 0.0), (0.5, -0.3)):
        hill = spline(
            [
                (x - r * 1.2, y + r * (0.25 + share), 0),
                (x - r * 0.45, y + r * (share - 0.25)),
                (x + r * 0.1, y + r * (0.2 + share)),
                (x + r * 0.6, y + r * (share - 0.1)),
                (x + r * 1.2, y + r * (0.3 + share), 0),
                (x + r * 1.2, y + r * 1.3, 0),
                (x - r * 1.2, y + r * 1.3, 0),
            ]
        )
        pen.paint(pen.area(hill) & disc, tone(dye.accent, depth - 0.1), light)


def _arches(pen: Pen, x: float, y: float, size: float, dye: Dye, light: float) -> None:
    for number, share in enumerate((1.0, 0.76, 0.52, 0.28)):
        r = size / 2 * share
        arch = np.vstack(
            [ellipse(x, y, r)[:0], [(x - r, y + size * 0.4)], _half(x, y, r), [(x + r, y + size * 0.4)]]
        )
        pen.paint(pen.area(arch), (dye.accent, dye.third, tone(dye.accent, 0.35), dye.base)[number], light)


def _half(x: float, y: float, r: float) -> Points:
    t = np.linspace(np.pi, 2 * np.pi, 40)
    return np.column_stack([x + r * np.cos(t), y + r * np.sin(t)])


def _bloom(pen: Pen, x: float, y: float, size: float, dye: Dye, light: float) -> None:
    r = size / 2
    stem = spline([(x, y), (x + r * 0.08, y + r * 0.6), (x - r * 0.05, y + r * 1.25)], closed=False)
    pen.paint(pen.line(stem, size * 0.045), (0.33, 0.5, 0.36), light)
    pen.paint(
        pen.area(ellipse(x + r * 0.3, y + r * 0.85, r * 0.32, r * 0.13, turn=-35)), (0.37, 0.56, 0.4), light
    )
    for k in range(8):
        a = math.radians(45 * k)
        at = (x + math.cos(a) * r * 0.5, y - r * 0.2 + math.sin(a) * r * 0.5)
        petal = pen.area(ellipse(*at, r * 0.34, r * 0.19, turn=45 * k))
        pen.paint(petal, dye.accent if k % 2 else tone(dye.accent, 0.25), light)
    pen.paint(pen.area(ellipse(x, y - r * 0.2, r * 0.24)), dye.third, light)


def _shapes(pen: Pen, x: float, y: float, size: float, dye: Dye, light: float) -> None:
    r = size / 2
    pen.paint(pen.area(ellipse(x - r * 0.35, y - r * 0.2, r * 0.62)), dye.accent, light)
    square = np.array(
        [(x - r * 0.1, y - r * 0.55), (x + r, y - r * 0.55), (x + r, y + r * 0.5), (x - r * 0.1, y + r * 0.5)]
    )
    pen.paint(pen.area(square), dye.third, light, opacity=0.9)
    triangle = np.array(
        [(x - r * 0.8, y + r * 0.85), (x + r * 0.15, y - r * 0.25), (x + r * 0.7, y + r * 0.85)]
    )
    pen.paint(pen.area(triangle), tone(dye.accent, -0.3), light, opacity=0.92)


def _wave(pen: Pen, x: float, y: float, size: float, dye: Dye, light: float) -> None:
    t = np.linspace(-1, 1, 60)
    for number, dy in enumerate((-0.36, -0.12, 0.12, 0.36)):
        line = np.column_stack(
            [x + t * size / 2, y + dy * size * 0.8 + np.sin(t * 7 + number * 0.7) * size * 0.06]
        )
        pen.paint(pen.line(line, size * 0.085), (dye.accent, dye.third)[number % 2], light)


def _star(pen: Pen, x: float, y: float, size: float, dye: Dye, light: float) -> None:
    t = np.linspace(0, 2 * np.pi, 11)[:-1] - np.pi / 2
    r = np.where(np.arange(10) % 2 == 0, size / 2, size / 4.6)
    star = np.column_stack([x + r * np.cos(t), y + r * np.sin(t)])
    pen.paint(pen.area(ellipse(x, y, size * 0.56), holes=[ellipse(x, y, size * 0.51)]), dye.third, light)
    pen.paint(pen.area(star), dye.accent, light)


def _cat(pen: Pen, x: float, y: float, size: float, dye: Dye, light: float) -> None:
    r = size / 2
    head = spline(
        [
            (x - r * 0.8, y - r * 0.85, 0),
            (x - r * 0.35, y - r * 0.45),
            (x + r * 0.35, y - r * 0.45),
            (x + r * 0.8, y - r * 0.85, 0),
            (x + r * 0.9, y + r * 0.1),
            (x + r * 0.5, y + r * 0.68),
            (x, y + r * 0.78),
            (x - r * 0.5, y + r * 0.68),
            (x - r * 0.9, y + r * 0.1),
        ]
    )
    pen.paint(pen.area(head), dye.accent, light)
    eyes = [ellipse(x + side * r * 0.36, y + r * 0.08, r * 0.13, r * 0.17) for side in (-1, 1)]
    ground = dye.base if abs(luminance(dye.base) - luminance(dye.accent)) > 0.2 else dye.third
    pen.paint(pen.area(*eyes), ground, light)
    pen.paint(pen.area(ellipse(x, y + r * 0.34, r * 0.1, r * 0.07)), dye.third, light)


_EMBLEMS = (_sunrise, _arches, _bloom, _shapes, _wave, _star, _cat)
