"""Things worn on the upper body, and dresses."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from snapshelf.demo.colours import CREAM
from snapshelf.demo.look import Look, arch, crease
from snapshelf.demo.patterns import emblem
from snapshelf.demo.studio import (
    CENTRE,
    Knot,
    Mask,
    Pen,
    Points,
    arc,
    ellipse,
    flip,
    luminance,
    mirrored,
    moved,
    rounded,
    spline,
    tone,
)


@dataclass
class _Cut:
    """Measures of a top in sheet units; widths are from the middle to a side."""

    neck: float = 78
    neck_y: float = 168
    drop: float = 70
    sharp: bool = False
    shoulder: float = 188
    shoulder_y: float = 214
    chest: float = 168
    armpit_y: float = 372
    waist: float = 160
    hem: float = 168
    length: float = 850
    sleeve: float = 190
    cuff: float = 112
    angle: float = 24

    @property
    def arm(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Outer and inner end of the right sleeve."""
        a = math.radians(self.angle)
        along = (math.sin(a), math.cos(a))
        top = (CENTRE + self.shoulder, self.shoulder_y)
        outer = (top[0] + along[0] * self.sleeve, top[1] + along[1] * self.sleeve)
        return outer, (outer[0] - math.cos(a) * self.cuff, outer[1] + math.sin(a) * self.cuff)

    def sleeve_outline(self) -> Points:
        (ox, oy), (ix, iy) = self.arm
        sx, sy = CENTRE + self.shoulder, self.shoulder_y
        armpit = (CENTRE + self.chest - 6, self.armpit_y + 8)
        bulge = min(14.0, self.sleeve * 0.04)
        return spline(
            [
                (CENTRE + self.neck + 50, self.neck_y + 20, 0),
                (sx - 14, sy - 8),
                (sx + 12, sy + 26),
                ((sx + ox) / 2 + bulge, (sy + oy) / 2),
                (ox, oy, 0),
                (ix, iy, 0),
                ((ix + armpit[0]) / 2 + bulge * 0.6, (iy + armpit[1]) / 2 + 4),
                (*armpit, 0),
                (CENTRE + self.chest - 70, self.armpit_y, 0),
            ]
        )

    def body_outline(self) -> Points:
        front: list[Knot] = [(CENTRE, self.neck_y + self.drop, 0 if self.sharp else 1)]
        if not self.sharp:
            front.append((CENTRE + self.neck * 0.72, self.neck_y + self.drop * 0.66))
        return mirrored(
            [
                *front,
                (CENTRE + self.neck, self.neck_y, 0),
                (CENTRE + self.shoulder - 2, self.shoulder_y, 0),
                (CENTRE + self.shoulder - 22, self.shoulder_y + 70),
                (CENTRE + self.chest - 4, self.armpit_y - 10, 0),
                (CENTRE + self.chest, self.armpit_y + 16),
                (CENTRE + self.waist, (self.armpit_y + self.length) / 2),
                (CENTRE + self.hem, self.length, 0),
                (CENTRE + self.hem * 0.5, self.length + 8),
                (CENTRE, self.length + 10),
            ]
        )

    def back_outline(self) -> Points:
        """The inside of the back, seen through the neck."""
        return mirrored(
            [
                (CENTRE, self.neck_y + 4),
                (CENTRE + self.neck * 0.6, self.neck_y - 2),
                (CENTRE + self.neck + 2, self.neck_y - 8, 0),
                (CENTRE + self.neck + 10, self.neck_y + 22, 0),
                (CENTRE, self.neck_y + self.drop + 20),
            ]
        )

    def neckline(self, grow: float = 0.0) -> Points:
        """The front edge of the neck, from the left shoulder to the right."""
        right = [
            (CENTRE, self.neck_y + self.drop + grow, 0 if self.sharp else 1),
            *(
                []
                if self.sharp
                else [(CENTRE + self.neck * 0.72 + grow * 0.7, self.neck_y + self.drop * 0.66 + grow * 0.6)]
            ),
            (CENTRE + self.neck + grow * 0.7, self.neck_y - grow * 0.1, 0),
        ]
        left = [(800 - k[0], *k[1:]) for k in reversed(right[1:])]
        return spline([*left, *right], closed=False)  # type: ignore[list-item]


def _folds(cut: _Cut, look: Look, count: int = 5) -> list[Points]:
    """Soft folds from the armpits, and a few that hang to the hem."""
    lines = []
    for side in (-1, 1):
        x = CENTRE + side * (cut.chest - 12)
        lines.append(
            crease(
                (x, cut.armpit_y - 8),
                (x - side * 45, cut.armpit_y + 40),
                (x - side * 80, cut.armpit_y + look.between(70, 150)),
            )
        )
        lines.append(
            crease((x + side * 4, cut.armpit_y + 10), (x - side * 18, cut.armpit_y + look.between(120, 190)))
        )
    for _ in range(count):
        x = CENTRE + look.between(-0.8, 0.8) * cut.waist
        top = look.between(0.45, 0.75)
        y = cut.armpit_y + (cut.length - cut.armpit_y) * top
        sway = look.between(-18, 18)
        lines.append(crease((x, y), (x + sway, (y + cut.length) / 2), (x + sway * 0.6, cut.length - 6)))
    return lines


def _sleeves(pen: Pen, look: Look, cut: _Cut, *, cuff: float = 0.0, folds: int = 3) -> None:
    """Both sleeves, with a hem line or a ribbed cuff of a height."""
    outline = cut.sleeve_outline()
    (ox, oy), (ix, iy) = cut.arm
    sx, sy = CENTRE + cut.shoulder, cut.shoulder_y
    armpit = (CENTRE + cut.chest, cut.armpit_y)
    lines = []
    for k in range(folds):
        t = (k + look.between(0.3, 0.9)) / folds
        upper = (sx + (ox - sx) * t, sy + (oy - sy) * t)
        lower = (armpit[0] + (ix - armpit[0]) * t, armpit[1] + (iy - armpit[1]) * t)
        middle = ((upper[0] + lower[0]) / 2, (upper[1] + lower[1]) / 2 + 14)
        lines.append(
            crease(
                lower,
                middle,
                (upper[0] * 0.7 + lower[0] * 0.3, upper[1] * 0.7 + lower[1] * 0.3 + look.between(0, 14)),
            )
        )
    a = math.radians(cut.angle)
    up = (-math.sin(a), -math.cos(a))
    for side in (1, -1):
        turned = (lambda p: p) if side == 1 else flip
        mask = pen.area(turned(outline))
        look.cloth(pen, mask, radius=42, depth=0.5, folds=[turned(line) for line in lines], fold_width=14)
        reach = cuff or 16.0
        edge = np.array([(ox, oy), (ix, iy)]) + np.array(up) * reach
        if cuff:
            band = np.array([(ox + 2, oy), (ix - 2, iy), *edge[::-1]])
            ribs(pen, look, pen.area(turned(band)), vertical=True)
        else:
            pen.paint(pen.line(turned(edge), 2.4) & mask, look.seam, opacity=0.7)


def ribs(pen: Pen, look: Look, mask: Mask, *, vertical: bool = True) -> None:
    """Paint ribbed knit: a cuff, a collar, a waistband."""
    x, y = pen.grid(mask)
    along = x if vertical else y
    light = pen.relief(mask, 16, 0.4) + (np.sin(along * (2 * math.pi / 9)) * 0.08 - 0.06).astype(np.float32)
    pen.paint(mask, look.base, light)


def _neck(pen: Pen, look: Look, cut: _Cut, *, width: float = 15.0) -> None:
    """A ribbed ring around the neck."""
    back = arc(CENTRE, cut.neck_y - 6, cut.neck + 3, 14, 180, 0)
    pen.paint(pen.line(back, width), tone(look.base, -0.15))
    ring = pen.line(cut.neckline(-2), width)
    pen.shadow(ring, blur=5, strength=0.25, dx=1, dy=4)
    pen.paint(ring, look.base, pen.relief(ring, 9, 0.5))


def _label(pen: Pen, cut: _Cut) -> None:
    pen.paint(pen.area(rounded(CENTRE - 20, cut.neck_y + 12, CENTRE + 20, cut.neck_y + 34, 3)), CREAM, -0.12)


def _body(pen: Pen, look: Look, cut: _Cut, *, hem: bool = True, folds: int = 5, depth: float = 0.42) -> Mask:
    body = pen.area(cut.body_outline())
    pen.shadow(body, blur=9, strength=0.28, dx=3, dy=3)
    look.cloth(pen, body, radius=75, depth=depth, folds=_folds(cut, look, folds))
    if hem:
        line = arch((cut.hem, cut.length - 18), (0, cut.length - 8))
        pen.paint(pen.line(line, 2.4) & body, look.seam, opacity=0.7)
    return body


def _picture(pen: Pen, look: Look, y: float, size: float) -> None:
    if look.pattern == "graphic":
        emblem(pen, CENTRE, y, size, look.dye, light=-0.03)


def tshirt(pen: Pen, look: Look) -> None:
    """T-shirt: crew neck, V-neck, long sleeves, or a polo shirt."""
    if look.style == "polo":
        _polo(pen, look)
        return
    long = look.style == "long-sleeve"
    cut = _Cut(
        neck=look.between(70, 88),
        drop=look.between(110, 145) if look.style == "v-neck" else look.between(52, 78),
        sharp=look.style == "v-neck",
        chest=look.between(160, 180),
        waist=look.between(152, 174),
        hem=look.between(160, 180),
        length=look.between(800, 870),
        sleeve=look.between(545, 590) if long else look.between(165, 225),
        cuff=look.between(64, 76) if long else look.between(108, 130),
        angle=look.between(13, 17) if long else look.between(26, 38),
    )
    pen.paint(pen.area(cut.back_outline()), look.inside)
    _label(pen, cut)
    _sleeves(pen, look, cut, cuff=30 if long else 0, folds=6 if long else 2)
    _body(pen, look, cut)
    _neck(pen, look, cut, width=look.between(12, 18))
    _picture(pen, look, cut.armpit_y + 120, 210)


def _buttons(
    pen: Pen,
    x: float,
    top: float,
    bottom: float,
    count: int,
    colour: tuple[float, float, float],
    r: float = 7,
) -> None:
    for y in np.linspace(top, bottom, count):
        button = pen.area(ellipse(x, y, r))
        pen.shadow(button, blur=3, strength=0.4, dx=1, dy=3)
        pen.paint(button, colour, pen.relief(button, 4, 0.5))
        pen.paint(pen.area(ellipse(x - 2, y, 1.3), ellipse(x + 2, y, 1.3)), tone(colour, -0.5))


def _collar(pen: Pen, look: Look, cut: _Cut, *, size: float = 78, open_by: float = 10) -> None:
    """A turned-down collar with two points."""
    stand = mirrored(
        [
            (CENTRE, cut.neck_y - 18),
            (CENTRE + cut.neck * 0.7, cut.neck_y - 22),
            (CENTRE + cut.neck + 4, cut.neck_y - 6, 0),
            (CENTRE + cut.neck * 0.7, cut.neck_y + 26),
            (CENTRE, cut.neck_y + 34),
        ]
    )
    pen.paint(pen.area(stand), look.inside, 0.05)
    leaf = spline(
        [
            (CENTRE + open_by * 0.3, cut.neck_y + cut.drop, 0),
            (CENTRE + cut.neck * 0.55, cut.neck_y + 18),
            (CENTRE + cut.neck + 2, cut.neck_y - 14, 0),
            (CENTRE + cut.neck + 14, cut.neck_y + 8, 0),
            (CENTRE + cut.neck * 0.95, cut.neck_y + size * 0.7),
            (CENTRE + cut.neck * 0.62, cut.neck_y + cut.drop + size * 0.62, 0),
        ]
    )
    for points in (leaf, flip(leaf)):
        mask = pen.area(points)
        pen.shadow(mask, blur=7, strength=0.35, dx=1, dy=6)
        look.cloth(pen, mask, radius=20, depth=0.45, light=0.03)
        pen.paint(pen.line(points[-22:-2], 2) & mask, look.seam, opacity=0.35)


def shirt(pen: Pen, look: Look) -> None:
    """Shirt with collar, placket and buttons; long or short sleeves."""
    short = look.style == "short-sleeve"
    cut = _Cut(
        neck=look.between(66, 76),
        drop=look.between(40, 54),
        sharp=True,
        chest=look.between(162, 178),
        waist=look.between(150, 170),
        hem=look.between(158, 172),
        length=look.between(820, 870),
        sleeve=look.between(185, 225) if short else look.between(550, 590),
        cuff=look.between(108, 124) if short else look.between(70, 80),
        angle=look.between(26, 34) if short else look.between(12, 16),
    )
    pen.paint(pen.area(cut.back_outline()), look.inside)
    _sleeves(pen, look, cut, cuff=0, folds=2 if short else 6)
    if not short:
        (ox, oy), (ix, iy) = cut.arm
        a = math.radians(cut.angle)
        up = np.array([-math.sin(a), -math.cos(a)]) * 46
        band = np.array(
            [(ox + 4, oy), (ix - 4, iy), (ix - 4 + up[0], iy + up[1]), (ox + 4 + up[0], oy + up[1])]
        )
        for points in (band, flip(band)):
            mask = pen.area(points)
            pen.shadow(mask, blur=5, strength=0.25, dx=0, dy=-3)
            look.cloth(pen, mask, radius=18, depth=0.4)
    body = _body(pen, look, cut, folds=4)
    edge = np.array([(CENTRE + 22, cut.neck_y + cut.drop), (CENTRE + 22, cut.length + 20)])
    placket = (
        pen.area(
            np.array(
                [
                    (CENTRE - 22, cut.neck_y + cut.drop - 10),
                    (CENTRE + 22, cut.neck_y + cut.drop - 10),
                    *edge[1:],
                    (CENTRE - 22, cut.length + 20),
                ]
            )
        )
        & body
    )
    pen.shadow(placket, blur=5, strength=0.18, dx=3, dy=0)
    look.cloth(pen, placket, radius=14, depth=0.22)
    pen.paint(pen.stitches(edge - (5, 0), width=1.8, dash=8, gap=5) & body, look.seam, opacity=0.5)
    if look.chance(0.7):
        x, y = CENTRE + cut.chest * 0.52, cut.armpit_y + 10
        pocket = spline(
            [(x - 44, y, 0), (x + 44, y, 0), (x + 42, y + 84, 0), (x, y + 102, 0), (x - 42, y + 84, 0)]
        )
        mask = pen.area(pocket)
        pen.shadow(mask, blur=5, strength=0.2, dx=2, dy=4)
        look.cloth(pen, mask, radius=16, depth=0.25)
    _collar(pen, look, cut, size=look.between(70, 95))
    _picture(pen, look, cut.armpit_y + 200, 150)
    pearl = CREAM if luminance(look.base) < 0.75 else tone(look.seam, -0.15)
    _buttons(pen, CENTRE, cut.neck_y + cut.drop + 34, cut.length - 60, 7, pearl)


def _polo(pen: Pen, look: Look) -> None:
    """Polo shirt: collar, short placket, ribbed sleeve ends."""
    cut = _Cut(
        neck=look.between(68, 78),
        drop=look.between(44, 56),
        sharp=True,
        chest=look.between(162, 180),
        waist=look.between(154, 174),
        hem=look.between(160, 180),
        length=look.between(810, 865),
        sleeve=look.between(180, 215),
        cuff=look.between(104, 118),
        angle=look.between(26, 34),
    )
    pen.paint(pen.area(cut.back_outline()), look.inside)
    _sleeves(pen, look, cut, cuff=26, folds=2)
    body = _body(pen, look, cut)
    end = cut.neck_y + cut.drop + look.between(130, 165)
    placket = pen.area(rounded(CENTRE - 21, cut.neck_y + cut.drop - 20, CENTRE + 21, end, 4)) & body
    pen.shadow(placket, blur=5, strength=0.25, dx=2, dy=3)
    pen.paint(placket, look.base, pen.relief(placket, 12, 0.3))
    collar = _plain(look)
    _collar(pen, collar, cut, size=look.between(66, 84), open_by=26)
    _buttons(
        pen,
        CENTRE,
        cut.neck_y + cut.drop + 30,
        end - 28,
        3,
        CREAM if luminance(look.base) < 0.75 else look.seam,
        6,
    )
    _picture(pen, look, cut.armpit_y + 140, 150)


def _plain(look: Look) -> Look:
    """The same look without its pattern."""
    return Look(look.dye, look.base, look.pattern, look.material, look.style, look.metal, look.rng)


def sweater(pen: Pen, look: Look) -> None:
    """Knitted sweater with ribbed cuffs and hem; crew neck, V-neck or turtleneck."""
    turtle = look.style == "turtleneck"
    cut = _Cut(
        neck=look.between(60, 66) if turtle else look.between(70, 84),
        drop=30 if turtle else (look.between(120, 150) if look.style == "v-neck" else look.between(48, 66)),
        sharp=look.style == "v-neck",
        shoulder=look.between(184, 198),
        chest=look.between(176, 192),
        waist=look.between(176, 194),
        hem=look.between(160, 174),
        length=look.between(780, 830),
        sleeve=look.between(540, 575),
        cuff=look.between(76, 90),
        angle=look.between(12, 16),
    )
    if not turtle:
        pen.paint(pen.area(cut.back_outline()), look.inside)
    _sleeves(pen, look, cut, cuff=58, folds=5)
    body = _body(pen, look, cut, hem=False, folds=3, depth=0.5)
    band = (
        pen.area(
            np.array(
                [
                    (200, cut.length - 52),
                    (600, cut.length - 52),
                    (600, cut.length + 30),
                    (200, cut.length + 30),
                ]
            )
        )
        & body
    )
    ribs(pen, look, band)
    if turtle:
        top = cut.neck_y - look.between(66, 84)
        roll = mirrored(
            [
                (CENTRE, top),
                (CENTRE + 50, top + 2),
                (CENTRE + cut.neck + 2, top + 16),
                (CENTRE + cut.neck + 10, cut.neck_y + 4),
                (CENTRE + 50, cut.neck_y + 34),
                (CENTRE, cut.neck_y + 40),
            ]
        )
        mask = pen.area(roll)
        pen.shadow(mask, blur=9, strength=0.3, dx=2, dy=8)
        ribs(pen, look, mask)
        pen.paint(pen.area(ellipse(CENTRE, top + 14, cut.neck - 8, 10)), look.inside)
    else:
        _neck(pen, look, cut, width=26)
    if look.pattern == "solid" and look.chance(0.6):
        for x in (-90, -30, 30, 90):
            t = np.linspace(cut.neck_y + cut.drop + 60, cut.length - 70, 70)
            for phase in (0.0, math.pi):
                cable = np.column_stack([CENTRE + x + 9 * np.sin(t / 15 + phase), t])
                strand = pen.line(cable, 7) & body
                pen.paint(strand, look.base, pen.relief(strand, 5, 0.55) + 0.04)
    _picture(pen, look, cut.armpit_y + 130, 200)


def hoodie(pen: Pen, look: Look) -> None:
    """Hoodie with hood, drawstrings and pouch pocket; pullover or zipped."""
    zipped = look.style == "zip-up"
    cut = _Cut(
        neck=look.between(84, 94),
        drop=look.between(78, 96),
        shoulder=look.between(188, 200),
        chest=look.between(178, 194),
        waist=look.between(180, 196),
        hem=look.between(160, 174),
        length=look.between(800, 845),
        sleeve=look.between(545, 580),
        cuff=look.between(78, 92),
        angle=look.between(12, 16),
    )
    peak = cut.neck_y - look.between(66, 86)
    hood = mirrored(
        [
            (CENTRE, peak),
            (CENTRE + 78, peak + 16),
            (CENTRE + 124, peak + 80),
            (CENTRE + 118, cut.neck_y + 40),
            (CENTRE + 64, cut.neck_y + cut.drop + 26),
            (CENTRE, cut.neck_y + cut.drop + 40),
        ]
    )
    back = pen.area(hood)
    look.cloth(pen, back, radius=40, depth=0.5, ink=look.base)
    _sleeves(pen, look, cut, cuff=54, folds=5)
    body = _body(pen, look, cut, hem=False, folds=4, depth=0.5)
    ribs(pen, look, pen.area(rounded(180, cut.length - 54, 620, cut.length + 40, 2)) & body)
    opening = mirrored(
        [
            (CENTRE, peak + 40),
            (CENTRE + 58, peak + 54),
            (CENTRE + 82, cut.neck_y + 6),
            (CENTRE + 56, cut.neck_y + 62),
            (CENTRE, cut.neck_y + cut.drop + 8),
        ]
    )
    rim = mirrored(
        [
            (CENTRE, peak + 4),
            (CENTRE + 76, peak + 18),
            (CENTRE + 116, cut.neck_y - 10),
            (CENTRE + 104, cut.neck_y + 70),
            (CENTRE + 40, cut.neck_y + cut.drop + 34),
            (CENTRE, cut.neck_y + cut.drop + 44),
        ]
    )
    mask = pen.area(rim)
    pen.shadow(mask, blur=12, strength=0.32, dx=2, dy=10)
    look.cloth(pen, mask, radius=30, depth=0.55, ink=look.base)
    hole = pen.area(opening)
    pen.paint(hole, look.inside, pen.fade(hole, (CENTRE, cut.neck_y + 60), (CENTRE, peak + 20), -0.35))
    _label(pen, _Cut(neck_y=cut.neck_y + 20))
    cord = CREAM if luminance(look.base) < 0.7 else look.seam
    for side in (-1, 1):
        x = CENTRE + side * 36
        string = crease(
            (x, cut.neck_y + cut.drop + 4),
            (x + side * 8, cut.neck_y + cut.drop + 80),
            (x + side * 2, cut.neck_y + cut.drop + look.between(130, 170)),
        )
        line = pen.line(string, 7)
        pen.shadow(line, blur=5, strength=0.35, dx=3, dy=4)
        pen.paint(line, cord, pen.relief(line, 5, 0.4))
        pen.paint(pen.line(string[-3:], 9), tone(cord, -0.3))
    y = cut.length - 70
    pocket = mirrored(
        [
            (CENTRE, y - 150, 0),
            (CENTRE + 84, y - 150, 0),
            (CENTRE + 138, y - 40),
            (CENTRE + 140, y, 0),
            (CENTRE, y + 4, 0),
        ]
    )
    pouch = pen.area(pocket)
    pen.shadow(pouch, blur=7, strength=0.25, dx=2, dy=2)
    look.cloth(pen, pouch, radius=30, depth=0.32)
    if zipped:
        _zip(pen, look, cut.neck_y + cut.drop + 30, cut.length + 4)
    else:
        _picture(pen, look, cut.armpit_y + 130, 190)


def _quilt(pen: Pen, look: Look, cut: _Cut, body: Mask) -> None:
    """Fill the body of a padded jacket: puffs between seams, each lit as a roll."""
    step = look.between(66, 88)
    edges = np.arange(cut.armpit_y - 120, cut.length + step, step)
    seams = [arch((230, y + 2), (160, y + 10), (80, y + 4), (0, y + 12)) for y in edges]
    puffs = [moved(line, 0, step * 0.42) for line in seams]
    look.cloth(pen, body, radius=75, depth=0.45, folds=puffs, fold_width=step * 0.5, fold_depth=0.75)
    for seam in seams:
        line = pen.line(seam, 3.5) & body
        pen.shadow(line, blur=6, strength=0.4, dx=0, dy=-3)
        pen.paint(line, look.seam, -0.15)


def _zip(pen: Pen, look: Look, top: float, bottom: float, *, x: float = CENTRE) -> None:
    tape = pen.area(rounded(x - 11, top, x + 11, bottom, 3))
    pen.paint(tape, look.seam, pen.relief(tape, 6, 0.3))
    teeth = pen.stitches(np.array([(x, top + 4), (x, bottom - 2)]), width=8, dash=4, gap=4)
    pen.paint(teeth, look.metal)
    puller = pen.area(rounded(x - 6, top + 8, x + 6, top + 42, 5))
    pen.shadow(puller, blur=4, strength=0.4)
    pen.paint(puller, look.metal, pen.relief(puller, 4, 0.7))


def jacket(pen: Pen, look: Look) -> None:
    """Short jacket: bomber with ribs and zip, denim with buttons and pockets, or a padded puffer."""
    style = look.style
    cut = _Cut(
        neck=look.between(72, 82),
        drop=look.between(60, 74),
        sharp=True,
        shoulder=look.between(190, 202),
        chest=look.between(180, 194),
        waist=look.between(178, 192),
        hem=look.between(162, 172) if style != "puffer" else look.between(178, 188),
        length=look.between(770, 810),
        sleeve=look.between(530, 560),
        cuff=look.between(84, 96),
        angle=look.between(12, 16),
    )
    pen.paint(pen.area(cut.back_outline()), look.inside)
    _sleeves(pen, look, cut, cuff=0 if style == "denim" else 48, folds=8 if style == "puffer" else 5)
    body = _body(pen, look, cut, hem=False, folds=3, depth=0.5)
    if style == "puffer":
        _quilt(pen, look, cut, body)
    if style == "bomber":
        ribs(pen, look, pen.area(rounded(180, cut.length - 50, 620, cut.length + 40, 2)) & body)
        for side in (-1, 1):
            x = CENTRE + side * 100
            slit = pen.line(crease((x - side * 8, 560), (x + side * 28, 660)), 9)
            pen.shadow(slit, blur=5, strength=0.3)
            pen.paint(slit, look.seam, pen.relief(slit, 5, 0.4))
    if style == "denim":
        thread = (0.82, 0.58, 0.3)
        pen.paint(
            pen.area(rounded(180, cut.length - 46, 620, cut.length + 40, 2)) & body,
            look.base,
            pen.relief(body & pen.area(rounded(180, cut.length - 46, 620, cut.length + 40, 2)), 14, 0.35),
        )
        for side in (-1, 1):
            x = CENTRE + side * 96
            for line in (
                crease((x - side * 60, cut.armpit_y + 96), (x - side * 40, cut.length - 50)),
                crease((x + side * 42, cut.armpit_y + 96), (x - side * 6, cut.length - 50)),
                crease(
                    (CENTRE + side * 26, cut.armpit_y - 4),
                    (CENTRE + side * (cut.chest - 8), cut.armpit_y - 4),
                ),
            ):
                pen.paint(pen.stitches(line, width=2.6, dash=9, gap=5) & body, thread, opacity=0.85)
            flap = spline(
                [
                    (x - 48, cut.armpit_y, 0),
                    (x + 48, cut.armpit_y, 0),
                    (x + 46, cut.armpit_y + 36, 0),
                    (x, cut.armpit_y + 54, 0),
                    (x - 46, cut.armpit_y + 36, 0),
                ]
            )
            mask = pen.area(flap)
            pen.shadow(mask, blur=6, strength=0.35, dx=1, dy=6)
            look.cloth(pen, mask, radius=16, depth=0.35)
            pen.paint(pen.stitches(flap[10:], width=2.2, dash=7, gap=5) & mask, thread, opacity=0.8)
            pen.paint(pen.area(ellipse(x, cut.armpit_y + 38, 6)), look.metal)
        placket = pen.area(rounded(CENTRE - 24, cut.neck_y + 40, CENTRE + 24, cut.length + 30, 2)) & body
        look.cloth(pen, placket, radius=14, depth=0.25)
        _collar(pen, look, cut, size=100, open_by=30)
        _buttons(pen, CENTRE, cut.neck_y + cut.drop + 40, cut.length - 22, 6, look.metal, 9)
        return
    _zip(pen, look, cut.neck_y + cut.drop - 8, cut.length + 4)
    collar = mirrored(
        [
            (CENTRE, cut.neck_y - 34),
            (CENTRE + 60, cut.neck_y - 38),
            (CENTRE + cut.neck + 10, cut.neck_y - 18, 0),
            (CENTRE + cut.neck + 14, cut.neck_y + 18),
            (CENTRE + 16, cut.neck_y + cut.drop + 16, 0),
            (CENTRE + 10, cut.neck_y + cut.drop - 34, 0),
            (CENTRE + 56, cut.neck_y + 8),
            (CENTRE, cut.neck_y - 4),
        ]
    )
    mask = pen.area(collar)
    pen.shadow(mask, blur=8, strength=0.3, dx=1, dy=6)
    ribs(pen, look, mask)
    _picture(pen, look, cut.armpit_y + 150, 150)


def coat(pen: Pen, look: Look) -> None:
    """Long coat with lapels; single- or double-breasted, belted or not."""
    double = look.style == "double-breasted"
    cut = _Cut(
        neck=look.between(62, 70),
        neck_y=112,
        drop=look.between(200, 240),
        sharp=True,
        shoulder=look.between(160, 170),
        shoulder_y=152,
        chest=look.between(146, 158),
        armpit_y=292,
        waist=look.between(138, 152),
        hem=look.between(164, 190),
        length=look.between(885, 935),
        sleeve=look.between(510, 545),
        cuff=look.between(70, 82),
        angle=look.between(10, 14),
    )
    pen.paint(pen.area(cut.back_outline()), look.inside)
    _label(pen, cut)
    _sleeves(pen, look, cut, cuff=0, folds=5)
    _body(pen, look, cut, folds=5, depth=0.48)
    cross = cut.neck_y + cut.drop
    front = crease(
        (CENTRE + (46 if double else 20), cross),
        (CENTRE + (48 if double else 22), 650),
        (CENTRE + 26, cut.length + 8),
    )
    edge = pen.line(front, 3)
    pen.shadow(edge, blur=7, strength=0.4, dx=6, dy=0)
    pen.paint(edge, look.seam)
    for side in (1, -1):
        lapel = spline(
            [
                (CENTRE + 4, cross + 14, 0),
                (CENTRE + cut.neck * 0.52, cut.neck_y + 90),
                (CENTRE + cut.neck + 2, cut.neck_y - 14, 0),
                (CENTRE + cut.neck + 16, cut.neck_y + 12, 0),
                (CENTRE + cut.neck + 22, cut.neck_y + 70, 0),
                (CENTRE + cut.neck * 0.98, cut.neck_y + 82, 0),
                (CENTRE + cut.neck + 34, cut.neck_y + 104, 0),
                (CENTRE + 50, cross - 20),
            ]
        )
        mask = pen.area(lapel if side == 1 else flip(lapel))
        pen.shadow(mask, blur=8, strength=0.38, dx=side, dy=6)
        look.cloth(pen, mask, radius=22, depth=0.4, light=0.03)
        x = CENTRE + side * 92
        flap = pen.area(rounded(x - 48, 600, x + 48, 636, 6))
        pen.shadow(flap, blur=6, strength=0.3, dx=1, dy=5)
        look.cloth(pen, flap, radius=14, depth=0.35)
    horn = tone(look.base, -0.4) if luminance(look.base) > 0.25 else tone(look.base, 0.18)
    for x in (CENTRE - 40, CENTRE + 40) if double else (CENTRE,):
        _buttons(pen, x, cross + 40, 690 if not double else 560, 3, horn, 12)
    if look.chance(0.35):
        belt = pen.area(rounded(CENTRE - cut.waist - 6, 470, CENTRE + cut.waist + 6, 508, 4))
        pen.shadow(belt, blur=6, strength=0.35, dx=1, dy=6)
        look.cloth(pen, belt, radius=14, depth=0.4)
        buckle = pen.area(
            rounded(CENTRE - 32, 462, CENTRE + 32, 516, 8),
            holes=[rounded(CENTRE - 20, 474, CENTRE + 20, 504, 4)],
        )
        pen.paint(buckle, horn, pen.relief(buckle, 6, 0.6))


def dress(pen: Pen, look: Look) -> None:
    """Dress: mini, midi or maxi; with straps, short sleeves or long ones."""
    hem_y = {"mini": 720, "midi": 840, "maxi": 940}[look.style] + look.between(-15, 15)
    top = 90.0
    waist_y = top + look.between(285, 320)
    waist, chest = look.between(82, 96), look.between(110, 122)
    flare = look.between(150, 250) * (0.9 if look.style == "mini" else 1.0)
    sleeves = ("strap", "short", "long", "flutter")[int(look.rng.integers(4))]
    neck, drop = look.between(50, 70), look.between(50, 110)
    sharp = look.chance(0.4)
    armpit = top + 150
    if sleeves == "strap":
        neck, drop = 64, 118
        for side in (-1, 1):
            strap = pen.line(
                crease(
                    (CENTRE + side * 78, top - 8),
                    (CENTRE + side * 76, top + 60),
                    (CENTRE + side * 80, top + 130),
                ),
                look.between(10, 22),
            )
            pen.paint(strap, look.base, pen.relief(strap, 8, 0.4))
        bodice_top = [
            (CENTRE, top + drop + 24, 0 if sharp else 1),
            (CENTRE + 50, top + drop - 6),
            (CENTRE + 84, top + drop - 14, 0),
            (CENTRE + chest, armpit + 24, 0),
        ]
    else:
        back = mirrored(
            [
                (CENTRE, top + 14),
                (CENTRE + neck, top - 4, 0),
                (CENTRE + neck + 8, top + 24, 0),
                (CENTRE, top + drop + 20),
            ]
        )
        pen.paint(pen.area(back), look.inside)
        reach, cuff, angle = {"short": (150, 92, 26), "long": (400, 58, 12), "flutter": (120, 150, 34)}[
            sleeves
        ]
        arm = _Cut(
            neck=neck,
            neck_y=top,
            shoulder=128,
            shoulder_y=top + 34,
            chest=chest,
            armpit_y=armpit,
            sleeve=reach,
            cuff=cuff,
            angle=angle,
        )
        _sleeves(pen, look, arm, folds=5 if sleeves != "short" else 2)
        bodice_top = [
            (CENTRE, top + drop, 0 if sharp else 1),
            *([] if sharp else [(CENTRE + neck * 0.72, top + drop * 0.66)]),
            (CENTRE + neck, top, 0),
            (CENTRE + 126, top + 34, 0),
            (CENTRE + 112, top + 90),
            (CENTRE + chest, armpit, 0),
        ]
    tiers = look.style != "mini" and look.chance(0.35)
    skirt = mirrored(
        [
            (CENTRE, waist_y - 6),
            (CENTRE + waist - 2, waist_y - 8, 0),
            (CENTRE + waist + flare * 0.42, waist_y + (hem_y - waist_y) * 0.36),
            (CENTRE + waist + flare * 0.8, hem_y - 20, 0),
            (CENTRE + (waist + flare) * 0.66, hem_y + 6),
            (CENTRE + (waist + flare) * 0.4, hem_y + 4),
            (CENTRE, hem_y + 14),
        ]
    )
    pleats = []
    for t in np.linspace(-0.9, 0.9, int(look.between(7, 12))):
        lean = t + look.between(-0.05, 0.05)
        start = waist_y + look.between(4, 70)
        pleats.append(
            crease(
                (CENTRE + lean * waist, start),
                (CENTRE + lean * (waist + flare * 0.4), (start + hem_y) / 2),
                (CENTRE + lean * (waist + flare * 0.82), hem_y + 10),
            )
        )
    mask = pen.area(skirt)
    look.cloth(pen, mask, radius=60, depth=0.45, folds=pleats, fold_width=20, fold_depth=0.42)
    if tiers:
        for share in (0.4, 0.72):
            y = waist_y + (hem_y - waist_y) * share
            seam = pen.line(arch((360, y - 12), (0, y + 10)), 4) & mask
            pen.shadow(seam, blur=8, strength=0.4, dx=0, dy=7)
            pen.paint(seam, look.seam, opacity=0.8)
    bodice = pen.area(mirrored([*bodice_top, (CENTRE + waist, waist_y, 0), (CENTRE, waist_y + 6)]))  # type: ignore[list-item]
    pen.shadow(bodice, blur=9, strength=0.25, dx=2, dy=4)
    darts = [crease((CENTRE + s * 50, armpit + 60), (CENTRE + s * 46, waist_y)) for s in (-1, 1)]
    darts += [crease((CENTRE + s * chest, armpit + 10), (CENTRE + s * 60, armpit + 60)) for s in (-1, 1)]
    look.cloth(pen, bodice, radius=50, depth=0.45, folds=darts)
    if sleeves != "strap":
        edge = _Cut(neck=neck, neck_y=top, drop=drop, sharp=sharp).neckline()
        pen.paint(pen.line(edge, 7), look.seam, opacity=0.8)
    _picture(pen, look, armpit + 70, 110)
    if look.chance(0.6):
        colour = look.accent if look.chance(0.3) else look.seam
        sash = mirrored(
            [
                (CENTRE, waist_y - 16),
                (CENTRE + waist + 1, waist_y - 18, 0),
                (CENTRE + waist + 3, waist_y + 14, 0),
                (CENTRE, waist_y + 18),
            ]
        )
        band = pen.area(sash)
        pen.shadow(band, blur=6, strength=0.3, dx=1, dy=5)
        pen.paint(band, colour, pen.relief(band, 14, 0.4))
        if look.chance(0.4):
            for side in (-1, 1):
                loop = pen.area(ellipse(CENTRE + side * 26, waist_y + 2, 28, 14, turn=side * -18))
                tail = pen.line(
                    crease(
                        (CENTRE, waist_y + 4),
                        (CENTRE + side * 16, waist_y + 50),
                        (CENTRE + side * 24, waist_y + 105),
                    ),
                    (8, 16),
                )
                pen.shadow(loop, blur=5, strength=0.3)
                pen.paint(tail, colour, pen.relief(tail, 8, 0.4))
                pen.paint(loop, colour, pen.relief(loop, 9, 0.6))
            knot = pen.area(rounded(CENTRE - 10, waist_y - 12, CENTRE + 10, waist_y + 14, 6))
            pen.paint(knot, colour, pen.relief(knot, 6, 0.6))
