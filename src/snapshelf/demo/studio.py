"""A small drawing studio: anti-aliased shapes, soft light from the upper left, layers with alpha.

Everything is drawn on a sheet of 800 x 1000 units (x to the right, y down), at whatever size in pixels.
Shapes are filled by Pillow at three times the size and averaged down, inside their own box only; light and
patterns are NumPy fields at the final size. A product takes a few tens of milliseconds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

SHEET_WIDTH, SHEET_HEIGHT = 800, 1000
CENTRE = SHEET_WIDTH / 2

Field = NDArray[np.floating[Any]]
"""One number per pixel, shape (h, w); float32 as a rule."""
Points = NDArray[np.float64]
"""Corners of an outline in sheet units, shape (n, 2)."""
Colour = tuple[float, float, float]
"""Red, green and blue in 0..1 (sRGB)."""
Ink = Colour | Callable[[Field, Field], Field]
"""A plain colour, or a pattern: sheet coordinates x, y of shape (h, w) to colours of shape (3, h, w)."""
Knot = tuple[float, float] | tuple[float, float, float]
"""A point that an outline passes through; a third value of 0 makes it a corner."""

_OVERSAMPLE = 3
_LIGHT = (0.55, 0.62)


def spline(knots: Sequence[Knot], *, closed: bool = True, steps: int = 10) -> Points:
    """Pass a smooth curve of cubic Bezier pieces through all knots.

    Parameters
    ----------
    knots : sequence of (x, y) or (x, y, 0)
        In sheet units; a third value of 0 makes a corner, anything else is smooth.
    closed : bool
        Whether the last knot joins the first.
    steps : int
        Points per piece.

    Returns
    -------
    float64 array of shape (n, 2)
    """
    place = np.array([knot[:2] for knot in knots], dtype=np.float64)
    smooth = np.array([len(knot) < 3 or bool(knot[2]) for knot in knots])[:, None]
    follow = np.arange(1, len(place) + 1) % len(place)
    after = place[follow]
    tangent = after - place[follow - 2]
    if not closed:
        tangent[0], tangent[-1] = place[1] - place[0], place[-1] - place[-2]
    tangent /= np.maximum(_length(tangent), 1e-9)
    chord = (after - place) / 3
    reach = _length(chord)
    leave = np.where(smooth, tangent * reach, chord)
    arrive = np.where(smooth[follow], tangent[follow] * reach, chord)
    curve = _bernstein(steps) @ np.stack([place, place + leave, after - arrive, after], axis=1)
    if closed:
        return curve.reshape(-1, 2)
    return np.vstack([curve[:-1].reshape(-1, 2), place[-1:]])


def _length(vectors: Points) -> Points:
    return np.hypot(vectors[:, :1], vectors[:, 1:])


@cache
def _bernstein(steps: int) -> Points:
    """Weights of a cubic Bezier curve's four points, shape (steps, 4)."""
    t = np.arange(steps) / steps
    return np.column_stack([(1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3])


def mirrored(right: Sequence[Knot]) -> Points:
    """Close the right half of a symmetric outline (from its top to its bottom) with its mirror image."""
    left = [(SHEET_WIDTH - knot[0], *knot[1:]) for knot in reversed(right) if abs(knot[0] - CENTRE) > 1e-6]
    return spline([*right, *left])


def flip(points: Points) -> Points:
    """Mirror an outline about the middle of the sheet."""
    return np.column_stack([SHEET_WIDTH - points[:, 0], points[:, 1]])


def moved(points: Points, dx: float, dy: float) -> Points:
    """Move an outline."""
    return np.column_stack([points[:, 0] + dx, points[:, 1] + dy])


@cache
def _circle(count: int) -> Points:
    t = np.arange(count) * (2 * np.pi / count)
    return np.column_stack([np.cos(t), np.sin(t)])


def ellipse(x: float, y: float, rx: float, ry: float | None = None, *, turn: float = 0.0) -> Points:
    """Outline of an ellipse around (x, y), turned clockwise by `turn` degrees."""
    ry = rx if ry is None else ry
    c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    unit = _circle(16 + 8 * int(max(rx, ry) / 10))
    return moved(unit @ np.array([[rx * c, rx * s], [-ry * s, ry * c]]), x, y)


def arc(x: float, y: float, rx: float, ry: float, start: float, end: float) -> Points:
    """Part of an ellipse around (x, y), from angle `start` to `end` in degrees (0 right, 90 down)."""
    t = np.radians(np.linspace(start, end, 40))
    return np.column_stack([x + rx * np.cos(t), y + ry * np.sin(t)])


def rounded(x0: float, y0: float, x1: float, y1: float, radius: float) -> Points:
    """Outline of a rectangle with round corners."""
    r = min(radius, (x1 - x0) / 2, (y1 - y0) / 2)
    t = np.radians(np.linspace(0, 90, 8))
    corners = [(x1 - r, y1 - r, 0), (x0 + r, y1 - r, 1), (x0 + r, y0 + r, 2), (x1 - r, y0 + r, 3)]
    return np.vstack(
        [
            np.column_stack([cx + r * np.cos(t + k * np.pi / 2), cy + r * np.sin(t + k * np.pi / 2)])
            for cx, cy, k in corners
        ]
    )


def ribbon(line: Points, width: float | Sequence[float]) -> Points:
    """Outline of a band along an open line; several widths are spread evenly along it."""
    step = np.empty_like(line)
    step[1:-1] = line[2:] - line[:-2]
    step[0], step[-1] = line[1] - line[0], line[-1] - line[-2]
    normal = step[:, ::-1] * (-1, 1) / np.maximum(_length(step), 1e-9)
    if isinstance(width, int | float):
        side = normal * (width / 2)
    else:
        along = np.arange(len(line)) * ((len(width) - 1) / (len(line) - 1))
        side = normal * (np.interp(along, np.arange(len(width)), width)[:, None] / 2)
    return np.vstack([line + side, (line - side)[::-1]])


def spaced(line: Points, step: float) -> Points:
    """Points along an open line, `step` units apart."""
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    at = np.arange(step / 2, along[-1], step)
    return np.column_stack([np.interp(at, along, line[:, 0]), np.interp(at, along, line[:, 1])])


def tone(colour: Colour, amount: float) -> Colour:
    """Make a colour lighter (towards white, amount > 0) or darker (towards black, amount < 0)."""
    if amount >= 0:
        return tuple(c + (1 - c) * amount for c in colour)  # type: ignore[return-value]
    return tuple(c * (1 + amount) for c in colour)  # type: ignore[return-value]


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Blend two colours; `share` is the part of the second."""
    return tuple(a + (b - a) * share for a, b in zip(first, second, strict=True))  # type: ignore[return-value]


def clamp(values: Any, low: float = 0.0, high: float = 1.0) -> Field:
    """Keep values within limits, as float32."""
    return np.asarray(np.clip(values, low, high), np.float32)


def luminance(colour: Colour) -> float:
    """Perceived lightness in 0..1 (Rec. 709 weights on sRGB values)."""
    return 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]


def _factor(sigma: float) -> int:
    """How much a field may be reduced before it is blurred."""
    return 8 if sigma > 12 else 4 if sigma > 6 else 2 if sigma > 3 else 1


def _blurred(field: Field, sigma: float, factor: int, margin: int) -> Field:
    """Reduce a field, put a margin of zeros around it, and blur it; `sigma` and `margin` count reduced pixels.

    Eight bits are enough for shadows and for light, and Pillow is fast with them.
    """
    image = Image.fromarray((field * np.float32(255) + np.float32(0.5)).astype(np.uint8))
    if factor > 1:
        image = image.reduce(factor)
    room = Image.new("L", (image.width + 2 * margin, image.height + 2 * margin))
    room.paste(image, (margin, margin))
    return np.asarray(room.filter(ImageFilter.GaussianBlur(sigma)), dtype=np.float32) * np.float32(1 / 255)


def _enlarged(field: Field, factor: int, shape: tuple[int, ...]) -> Field:
    """Undo a reduction, without facets."""
    if factor > 1:
        size = (field.shape[1] * factor, field.shape[0] * factor)
        field = np.asarray(Image.fromarray(field).resize(size, Image.Resampling.BICUBIC))
    return field[: shape[0], : shape[1]]


def soften(field: Field, sigma: float, *, dx: float = 0.0, dy: float = 0.0) -> Field:
    """Blur a field of 0..1 by `sigma` pixels and move it by (dx, dy), whole reduced pixels; outside is zero."""
    # A shadow has no edges to keep: it may be reduced further than light.
    factor = min(8, 2 * _factor(sigma)) if sigma > 1.5 else 1
    right, down = round(dx / factor), round(dy / factor)
    margin = math.ceil(2 * sigma / factor) + max(abs(right), abs(down))
    wide = _blurred(field, sigma / factor, factor, margin)
    height, width = wide.shape
    moved = wide[margin - down : height - margin - down, margin - right : width - margin - right]
    return _enlarged(np.ascontiguousarray(moved), factor, field.shape)


def soften_row(row: Field, sigma: float) -> Field:
    """Blur a field of shape (w,) by `sigma` pixels; outside of it is zero."""
    distance = np.arange(-math.ceil(3 * sigma), math.ceil(3 * sigma) + 1) / sigma
    weight = np.exp(-0.5 * distance * distance)
    wide = np.convolve(row, weight / weight.sum())
    reach = len(weight) // 2
    return wide[reach : reach + len(row)].astype(np.float32)


def _slopes(height: Field, margin: int) -> tuple[Field, Field]:
    """Central differences along x and y, without the margin."""
    inner = slice(margin, -margin)
    across = (height[inner, margin + 1 : 1 - margin or None] - height[inner, margin - 1 : -margin - 1]) / 2
    down = (height[margin + 1 : 1 - margin or None, inner] - height[margin - 1 : -margin - 1, inner]) / 2
    return across, down


@dataclass(frozen=True, slots=True)
class Mask:
    """How much of each pixel a shape covers: alpha of shape (h, w) in 0..1 at (left, top) of the sheet."""

    alpha: Field
    left: int
    top: int

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the sheet that the mask's box takes."""
        height, width = self.alpha.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)

    def inside(self, part: Mask) -> tuple[slice, slice]:
        """Rows and columns of this mask's fields that the box of a part of it takes."""
        rows, columns = part.window
        return (
            slice(rows.start - self.top, rows.stop - self.top),
            slice(columns.start - self.left, columns.stop - self.left),
        )

    def __and__(self, other: Mask) -> Mask:
        """Keep the part inside both."""
        top, left = max(self.top, other.top), max(self.left, other.left)
        bottom = max(top, min(self.top + self.alpha.shape[0], other.top + other.alpha.shape[0]))
        right = max(left, min(self.left + self.alpha.shape[1], other.left + other.alpha.shape[1]))
        mine = self.alpha[top - self.top : bottom - self.top, left - self.left : right - self.left]
        theirs = other.alpha[top - other.top : bottom - other.top, left - other.left : right - other.left]
        return Mask(mine * theirs, left, top)

    def __sub__(self, other: Mask) -> Mask:
        """Cut the other out."""
        common = self & other
        alpha = self.alpha.copy()
        # The product of both is what they share, so the rest is the mask less it.
        alpha[self.inside(common)] -= common.alpha
        return Mask(alpha, self.left, self.top)


@dataclass(frozen=True, slots=True)
class Relief:
    """Light on a shape (h, w), 0 neutral, 1 white, -1 black; and how far its form bends a pattern, in units."""

    light: Field
    bend_x: Field | float = 0.0
    bend_y: Field | float = 0.0

    def __add__(self, light: Field | float) -> Relief:
        """Add more light."""
        return Relief(self.light + light, self.bend_x, self.bend_y)


class Pen:
    """Draws a product on a transparent sheet.

    Parameters
    ----------
    height : int
        Height of the sheet in pixels; the width follows (4:5).
    """

    def __init__(self, height: int) -> None:
        self.scale = height / SHEET_HEIGHT
        self.height = height
        self.width = round(SHEET_WIDTH * self.scale)
        # Premultiplied by alpha, so that every step is a plain blend; planes, because NumPy is faster so.
        self.colour: Field = np.zeros((3, self.height, self.width), np.float32)
        self.alpha: Field = np.zeros((self.height, self.width), np.float32)
        self._matrix = np.eye(2)
        self._shift = np.zeros(2)

    @contextmanager
    def placed(
        self, dx: float = 0.0, dy: float = 0.0, *, zoom: float = 1.0, turn: float = 0.0, flip_x: bool = False
    ) -> Iterator[None]:
        """Move, scale, turn (degrees, clockwise) and mirror what is drawn, about the middle of the sheet."""
        before = self._matrix, self._shift
        c, s = math.cos(math.radians(turn)) * zoom, math.sin(math.radians(turn)) * zoom
        matrix = np.array([[c, -s], [s, c]]) @ np.diag([-1.0 if flip_x else 1.0, 1.0])
        middle = np.array([CENTRE, SHEET_HEIGHT / 2])
        shift = middle + np.array([dx, dy]) - matrix @ middle
        self._matrix, self._shift = before[0] @ matrix, before[0] @ shift + before[1]
        try:
            yield
        finally:
            self._matrix, self._shift = before

    def layer(self) -> Pen:
        """Make another transparent sheet that is drawn on from the same place."""
        other = Pen(self.height)
        other._matrix, other._shift = self._matrix, self._shift
        return other

    def lay(self, layer: Pen, *, dim: float = 0.0) -> None:
        """Put another sheet on top, made darker by `dim`."""
        self.colour *= 1 - layer.alpha
        self.colour += layer.colour * np.float32(1 - dim)
        self.alpha += (1 - self.alpha) * layer.alpha

    def centre(self, *, lower: float = 0.0) -> None:
        """Move everything drawn to the middle of the sheet, or lower by a share of its height."""
        drawn = self.drawn()
        height, width = drawn.alpha.shape
        left = (self.width - width) // 2
        top = min((self.height - height) // 2 + round(lower * self.height), self.height - height)
        for plane in (*self.colour, self.alpha):
            part = plane[drawn.window].copy()
            plane[:] = 0
            plane[top : top + height, left : left + width] = part

    def drawn(self) -> Mask:
        """Everything drawn so far, as a single shape."""
        rows, columns = np.flatnonzero(self.alpha.any(axis=1)), np.flatnonzero(self.alpha.any(axis=0))
        if not len(rows):
            return Mask(self.alpha[:0, :0], 0, 0)
        inside = self.alpha[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        return Mask(inside.copy(), int(columns[0]), int(rows[0]))

    @property
    def _zoom(self) -> float:
        return math.sqrt(abs(float(np.linalg.det(self._matrix))))

    def _place(self, points: Points) -> Points:
        return (points @ self._matrix.T + self._shift) * self.scale

    def area(self, *outlines: Points, holes: Sequence[Points] = ()) -> Mask:
        """Fill outlines (their union), less the holes."""
        placed = [self._place(points) for points in outlines]
        if not placed:
            return Mask(np.zeros((0, 0), np.float32), 0, 0)
        low = np.min([points.min(axis=0) for points in placed], axis=0)
        high = np.max([points.max(axis=0) for points in placed], axis=0)
        left, top = (int(v) for v in np.clip(np.floor(low), 0, (self.width, self.height)))
        right, bottom = (int(v) for v in np.clip(np.ceil(high) + 1, (left, top), (self.width, self.height)))
        if right == left or bottom == top:
            return Mask(np.zeros((bottom - top, right - left), np.float32), left, top)
        image = Image.new("L", ((right - left) * _OVERSAMPLE, (bottom - top) * _OVERSAMPLE))
        draw = ImageDraw.Draw(image)
        for fill, group in ((255, placed), (0, [self._place(points) for points in holes])):
            for points in group:
                # Pillow counts pixel centres as whole numbers, we count pixel corners.
                corners = (points - (left, top)) * _OVERSAMPLE - 0.5
                draw.polygon(corners.ravel().tolist(), fill=fill)
        alpha = np.asarray(image.reduce(_OVERSAMPLE), dtype=np.float32) * np.float32(1 / 255)
        return Mask(alpha, left, top)

    def line(self, points: Points, width: float | Sequence[float], *, round_ends: bool = True) -> Mask:
        """Stroke an open line."""
        parts = [ribbon(points, width)]
        if round_ends:
            ends = (width, width) if isinstance(width, int | float) else (width[0], width[-1])
            parts += [
                ellipse(float(points[i, 0]), float(points[i, 1]), end / 2)
                for i, end in zip((0, -1), ends, strict=True)
                if end > 2
            ]
        return self.area(*parts)

    def stitches(self, points: Points, *, width: float = 3.0, dash: float = 12.0, gap: float = 7.0) -> Mask:
        """Stroke a line as a row of dashes."""
        along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
        starts = np.arange(0, along[-1] - dash / 2, dash + gap)
        where = np.stack([starts, np.minimum(starts + dash, along[-1])], axis=1)
        x, y = np.interp(where, along, points[:, 0]), np.interp(where, along, points[:, 1])
        return self.area(*(ribbon(np.column_stack(pair), width) for pair in zip(x, y, strict=True)))

    def grid(self, mask: Mask) -> tuple[Field, Field]:
        """Coordinates x, y of a mask's pixels, each of shape (h, w), as the drawing counts them."""
        rows, columns = mask.window
        x = (np.arange(columns.start, columns.stop, dtype=np.float32) + 0.5) / self.scale - self._shift[0]
        y = ((np.arange(rows.start, rows.stop, dtype=np.float32) + 0.5) / self.scale - self._shift[1])[
            :, None
        ]
        back = np.linalg.inv(self._matrix)
        u, v = back[0, 0] * x + back[0, 1] * y, back[1, 0] * x + back[1, 1] * y
        return u.astype(np.float32), v.astype(np.float32)

    def relief(
        self,
        mask: Mask,
        radius: float = 60.0,
        depth: float = 0.5,
        *,
        ridges: Sequence[Points] = (),
        ridge_width: float = 14.0,
        ridge_depth: float = 0.35,
        shade: float = 0.12,
        bend: float = 0.0,
    ) -> Relief:
        """Light a shape as if it were padded: its blurred mask is the height, lit from the upper left.

        Parameters
        ----------
        mask : Mask
            The shape.
        radius : float
            How far the rounding reaches in from the edge, in units.
        depth : float
            How strong it is; about the light at the edge that faces the lamp.
        ridges : sequence of Points
            Folds: lines that stand out of the surface.
        ridge_width, ridge_depth : float
            Their width in units and strength.
        shade : float
            How much darker the edge is all around.
        bend : float
            How far the form pulls a pattern, in units.
        """
        if mask.alpha.size == 0:
            return Relief(mask.alpha)
        pixels = max(0.8, radius * self._zoom * self.scale)
        factor = _factor(pixels)
        if ridges:
            factor = min(factor, _factor(ridge_width * self._zoom * self.scale))
        sigma = pixels / factor
        margin = math.ceil(2 * sigma) + 1
        form = _blurred(mask.alpha, sigma, factor, margin)
        slope_x, slope_y = (slope * np.float32(2.4 * depth * sigma) for slope in _slopes(form, margin))
        if ridges:
            fold_x, fold_y = self._folds(mask, ridges, ridge_width, factor, slope_x.shape)
            slope_x, slope_y = (
                slope_x + fold_x * np.float32(ridge_depth),
                slope_y + fold_y * np.float32(ridge_depth),
            )
        inner = form[margin:-margin, margin:-margin]
        light = (
            slope_x * np.float32(_LIGHT[0])
            + slope_y * np.float32(_LIGHT[1])
            - (1 - inner) * np.float32(2 * shade)
        )
        shape = mask.alpha.shape
        if not bend:
            return Relief(_enlarged(light, factor, shape))
        pull = np.float32(bend)
        return Relief(
            _enlarged(light, factor, shape),
            _enlarged(slope_x * pull, factor, shape),
            _enlarged(slope_y * pull, factor, shape),
        )

    def _folds(
        self, mask: Mask, ridges: Sequence[Points], width: float, factor: int, shape: tuple[int, ...]
    ) -> tuple[Field, Field]:
        """Slopes of lines that stand out of a surface, on the reduced grid of a mask."""
        thick = width * self._zoom * self.scale / factor
        sigma = max(0.8, thick * 0.55)
        # Folds run on past the edge of the shape.
        margin = math.ceil(2 * sigma) + 1
        image = Image.new("L", ((shape[1] + 2 * margin) * 2, (shape[0] + 2 * margin) * 2))
        draw = ImageDraw.Draw(image)
        for ridge in ridges:
            points = ((self._place(ridge) - (mask.left, mask.top)) / factor + margin) * 2
            draw.line(points.ravel().tolist(), fill=255, width=max(1, round(2 * thick * 0.5)))
        lines = np.asarray(image.reduce(2).filter(ImageFilter.GaussianBlur(sigma)), dtype=np.float32)
        across, down = _slopes(lines, margin)
        gain = np.float32(4.4 * sigma / 255)
        return across * gain, down * gain

    def barrel(self, mask: Mask, x0: float, x1: float, depth: float = 0.4, *, gloss: float = 0.0) -> Field:
        """Light on an upright cylinder between x0 and x1 (sheet units), with an optional bright streak."""
        x, _ = self.grid(mask)
        t = np.clip((x - x0) / (x1 - x0), 0, 1) * 2 - 1
        light = depth * (0.35 - 1.15 * np.maximum(t + 0.15, 0) ** 2 - 1.0 * np.minimum(t + 0.45, 0) ** 2 * 2)
        if gloss:
            light = (
                light
                + gloss * np.exp(-(((t + 0.52) / 0.09) ** 2))
                + gloss * 0.35 * np.exp(-(((t - 0.7) / 0.06) ** 2))
            )
        return np.asarray(light, np.float32)

    def ball(
        self, mask: Mask, x: float, y: float, r: float, depth: float = 0.4, *, gloss: float = 0.0
    ) -> Field:
        """Light on a sphere around (x, y)."""
        gx, gy = self.grid(mask)
        u, v = (gx - x) / r, (gy - y) / r
        far = np.sqrt((u + 0.35) ** 2 + (v + 0.4) ** 2)
        light = depth * (0.45 - far**1.6 * 0.75)
        if gloss:
            light = light + gloss * np.exp(-((np.sqrt((u + 0.38) ** 2 + (v + 0.45) ** 2) / 0.2) ** 2))
        return np.asarray(light, np.float32)

    def fade(self, mask: Mask, start: tuple[float, float], end: tuple[float, float], amount: float) -> Field:
        """Light that grows evenly from 0 at `start` to `amount` at `end` (sheet units)."""
        x, y = self.grid(mask)
        dx, dy = end[0] - start[0], end[1] - start[1]
        t = ((x - start[0]) * dx + (y - start[1]) * dy) / (dx * dx + dy * dy)
        return clamp(t) * np.float32(amount)

    def glow(self, mask: Mask, x: float, y: float, rx: float, ry: float) -> Field:
        """Light of a soft spot: 1 at (x, y), Gaussian around it with a scale of rx and ry (sheet units)."""
        gx, gy = self.grid(mask)
        return np.asarray(np.exp(-(((gx - x) / rx) ** 2) - ((gy - y) / ry) ** 2), np.float32)

    def paint(
        self, mask: Mask, ink: Ink, light: Relief | Field | float = 0.0, *, opacity: float = 1.0
    ) -> None:
        """Paint ink over the drawing.

        Parameters
        ----------
        mask : Mask
            Where.
        ink : Ink
            Colour or pattern.
        light : Relief, Field or float
            Light on it: 0 none, up to 1 towards white, down to -1 towards black.
        opacity : float
            0..1.
        """
        if mask.alpha.size == 0:
            return
        relief = light if isinstance(light, Relief) else Relief(np.asarray(light, np.float32))
        lift = np.clip(relief.light, 0, 0.9) * np.float32(0.6)
        gain = 1 + np.clip(relief.light, -0.92, 0) - lift
        if callable(ink):
            x, y = self.grid(mask)
            colours = ink(x + relief.bend_x, y + relief.bend_y)
        else:
            colours = np.asarray(ink, np.float32)
        cover = mask.alpha * np.float32(opacity) if opacity != 1 else mask.alpha
        window = mask.window
        for plane, colour in zip(self.colour, colours, strict=True):
            under = plane[window]
            change = gain * colour + lift - under
            change *= cover
            under += change
        self.alpha[window] += (1 - self.alpha[window]) * cover

    def shadow(
        self, mask: Mask, *, blur: float = 14.0, strength: float = 0.35, dx: float = 5.0, dy: float = 9.0
    ) -> None:
        """Darken what is already drawn, as a shape lying on it would."""
        if mask.alpha.size == 0:
            return
        pad = math.ceil((blur * 2 + max(abs(dx), abs(dy))) * self.scale)
        height, width = mask.alpha.shape
        above, before = min(pad, mask.top), min(pad, mask.left)
        below, after = min(pad, self.height - mask.top - height), min(pad, self.width - mask.left - width)
        patch = np.zeros((above + height + below, before + width + after), np.float32)
        patch[above : above + height, before : before + width] = mask.alpha
        cast = soften(patch, max(0.8, blur * self.scale), dx=dx * self.scale, dy=dy * self.scale)
        around = Mask(patch, mask.left - before, mask.top - above)
        self.colour[:, *around.window] *= 1 - np.float32(strength) * cast
