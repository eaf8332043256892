"""Things worn on the legs and feet: skirts, trousers, shorts, socks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from snapshelf.demo.look import Look, crease
from snapshelf.demo.patterns import emblem
from snapshelf.demo.studio import (
    CENTRE,
    Colour,
    Mask,
    Pen,
    Points,
    ellipse,
    flip,
    luminance,
    mirrored,
    rounded,
    spline,
    tone,
)

_THREAD: Colour = (0.82, 0.58, 0.3)
_CORD: Colour = (0.95, 0.94, 0.91)


def _leg(
    top: float, waist: float, hip: float, crotch: float, knee: float, ankle: float, end: float, apart: float
) -> Points:
    """The right half of trousers; widths from the middle at the waist, of a leg below."""
    middle = (crotch + end) / 2
    return spline(
        [
            (CENTRE - 2, top + 6, 0),
            (CENTRE + waist, top, 0),
            (CENTRE + hip, crotch - 70),
            (CENTRE + apart * 0.5 + knee, middle),
            (CENTRE + apart + ankle, end, 0),
            (CENTRE + apart, end + 4, 0),
            (CENTRE + apart * 0.5 + 2, middle),
            (CENTRE + 2, crotch, 0),
            (CENTRE - 2, crotch - 10, 0),
        ]
    )


def _waistband(
    pen: Pen, look: Look, top: float, waist: float, *, height: float = 42, loops: bool = True
) -> None:
    band = pen.area(
        mirrored(
            [
                (CENTRE, top - 4),
                (CENTRE + waist - 2, top - 12, 0),
                (CENTRE + waist + 3, top + height - 10, 0),
                (CENTRE, top + height),
            ]
        )
    )
    pen.shadow(band, blur=5, strength=0.25, dx=1, dy=4)
    look.cloth(pen, band, radius=16, depth=0.35)
    if loops:
        for x in (-0.72, -0.3, 0.3, 0.72):
            loop = pen.area(
                rounded(CENTRE + x * waist - 6, top - 13, CENTRE + x * waist + 6, top + height + 4, 2)
            )
            pen.shadow(loop, blur=3, strength=0.3, dx=1, dy=2)
            pen.paint(loop, look.base, pen.relief(loop, 5, 0.5))
    button = pen.area(ellipse(CENTRE, top + height / 2 - 6, 9))
    pen.shadow(button, blur=3, strength=0.35)
    pen.paint(
        button, look.metal if look.material == "denim" else tone(look.seam, -0.1), pen.relief(button, 5, 0.6)
    )


def _legs(
    pen: Pen,
    look: Look,
    outline: Points,
    crotch: float,
    end: float,
    *,
    crease_line: bool,
    apart: float,
    ankle: float,
) -> list[Mask]:
    masks = []
    for side in (-1, 1):
        mask = pen.area(outline if side == 1 else flip(outline))
        folds = []
        for _ in range(4):
            x = CENTRE + side * look.between(15, 40)
            y = crotch + look.between(-20, 40)
            folds.append(
                crease(
                    (x, y),
                    (x + side * look.between(40, 70), y + look.between(-20, 10)),
                    (x + side * look.between(80, 120), y + look.between(-60, -10)),
                )
            )
        knee = crotch + (end - crotch) * 0.45
        for _ in range(3):
            y = knee + look.between(-50, 60)
            x = CENTRE + side * (apart * 0.5 + look.between(15, 50))
            folds.append(crease((x, y), (x + side * look.between(30, 60), y + look.between(-16, 16))))
        if crease_line:
            folds.append(
                crease((CENTRE + side * 92, crotch - 120), (CENTRE + side * (apart + ankle * 0.52), end))
            )
        pen.shadow(mask, blur=8, strength=0.3, dx=4, dy=2)
        look.cloth(pen, mask, radius=52, depth=0.5, folds=folds, fold_width=12, fold_depth=0.26)
        masks.append(mask)
    return masks


def _pocket(pen: Pen, look: Look, opening: Points, leg: Mask) -> None:
    line = pen.line(opening, 3) & leg
    pen.shadow(line, blur=5, strength=0.35, dx=0, dy=3)
    pen.paint(line, look.seam)


def _fly(pen: Pen, look: Look, points: Points) -> None:
    """The seam in the middle, which overlaps to a side."""
    line = pen.line(points, 3)
    pen.shadow(line, blur=5, strength=0.4, dx=3, dy=0)
    pen.paint(line, look.seam)


def _drawstring(pen: Pen, colour: Colour, knots: Sequence[tuple[float, float]], width: float) -> None:
    """Both ends of a cord; the knots of an end are given by their distance from the middle, and height."""
    for side in (-1, 1):
        cord = pen.line(crease(*((CENTRE + side * x, y) for x, y in knots)), width)
        pen.shadow(cord, blur=4, strength=0.3)
        pen.paint(cord, colour, pen.relief(cord, 4, 0.4))


def trousers(pen: Pen, look: Look) -> None:
    """Trousers with a crease: straight, wide-leg, or joggers with cuffs."""
    top, crotch, end = 95.0, look.between(345, 375), look.between(895, 925)
    waist = look.between(104, 116)
    wide = look.style == "wide-leg"
    jogger = look.style == "jogger"
    knee = look.between(118, 140) if wide else look.between(88, 100)
    ankle = look.between(140, 172) if wide else look.between(62, 72) if jogger else look.between(78, 94)
    apart = look.between(20, 30) if wide else look.between(34, 52)
    outline = _leg(top, waist, waist + look.between(30, 40), crotch, knee, ankle, end, apart)
    back = pen.area(ellipse(CENTRE, top - 8, waist - 4, 10))
    pen.paint(back, look.inside)
    masks = _legs(pen, look, outline, crotch, end, crease_line=not jogger, apart=apart, ankle=ankle)
    for side, mask in zip((-1, 1), masks, strict=True):
        pocket = crease((CENTRE + side * (waist - 28), top + 34), (CENTRE + side * (waist + 14), top + 140))
        _pocket(pen, look, pocket, mask)
        if jogger:
            cuff = pen.area(
                rounded(
                    CENTRE + side * (apart + ankle / 2) - ankle / 2 - 3,
                    end - 44,
                    CENTRE + side * (apart + ankle / 2) + ankle / 2 + 3,
                    end + 8,
                    8,
                )
            )
            pen.shadow(cuff, blur=5, strength=0.25, dx=0, dy=-3)
            x, _ = pen.grid(cuff)
            pen.paint(
                cuff,
                look.base,
                pen.relief(cuff, 16, 0.4) + (np.sin(x * 0.7) * 0.08 - 0.04).astype(np.float32),
            )
    _fly(pen, look, crease((CENTRE, top + 30), (CENTRE + 2, crotch - 12)))
    _waistband(pen, look, top, waist, loops=not jogger)
    if jogger:
        colour = _CORD if luminance(look.base) < 0.7 else look.seam
        _drawstring(pen, colour, ((8, top + 24), (22, top + 70), (14, top + 120)), 6)


def jeans(pen: Pen, look: Look) -> None:
    """Jeans with washed thighs, pockets and yellow stitches: slim, straight or flared."""
    top, crotch, end = 95.0, look.between(340, 365), look.between(895, 925)
    waist = look.between(104, 116)
    knee, ankle = {"slim": (82, 58), "straight": (94, 88), "flared": (82, 132)}[look.style]
    apart = {"slim": 50.0, "straight": 36.0, "flared": 26.0}[look.style]
    outline = _leg(
        top,
        waist,
        waist + look.between(30, 38),
        crotch,
        knee + look.between(-4, 6),
        ankle + look.between(-4, 8),
        end,
        apart,
    )
    pen.paint(pen.area(ellipse(CENTRE, top - 8, waist - 4, 10)), look.inside)
    masks = _legs(pen, look, outline, crotch, end, crease_line=False, apart=apart, ankle=ankle)
    for side, mask in zip((-1, 1), masks, strict=True):
        wash = pen.area(ellipse(CENTRE + side * 84, 500, 36, 150, turn=-side * 3)) & mask
        glow = pen.glow(wash, CENTRE + side * 84, 500, 26, 100)
        pen.paint(
            Mask(wash.alpha * glow, wash.left, wash.top),
            tone(look.base, 0.55),
            opacity=look.between(0.25, 0.6),
        )
        for step in (0.0, 9.0):
            scoop = crease(
                (CENTRE + side * (waist - 58), top + 30),
                (CENTRE + side * (waist - 40), top + 78 + step),
                (CENTRE + side * (waist + 22), top + 104 + step),
            )
            pen.paint(pen.stitches(scoop, width=2.4, dash=8, gap=4) & mask, _THREAD)
        hem = np.array(
            [(CENTRE + side * (apart - 6), end - 20), (CENTRE + side * (apart + ankle + 12), end - 22)]
        )
        pen.paint(pen.stitches(hem, width=2.4, dash=8, gap=4) & mask, _THREAD)
        side_seam = crease(
            (CENTRE + side * (waist + 24), crotch - 60),
            (CENTRE + side * (apart * 0.5 + knee - 8), (crotch + end) / 2),
            (CENTRE + side * (apart + ankle - 6), end),
        )
        pen.paint(pen.line(side_seam, 2) & mask, look.seam, opacity=0.6)
    fly = crease((CENTRE + 34, top + 34), (CENTRE + 32, crotch - 90), (CENTRE + 4, crotch - 36))
    pen.paint(pen.stitches(fly, width=2.4, dash=8, gap=4), _THREAD)
    _fly(pen, look, crease((CENTRE, top + 30), (CENTRE + 1, crotch - 8)))
    _waistband(pen, look, top, waist)
    if look.chance(0.35):
        for side in (-1, 1):
            height = crotch + (end - crotch) * look.between(0.3, 0.5)
            rip = pen.area(
                ellipse(
                    CENTRE + side * look.between(74, 92),
                    height,
                    look.between(26, 34),
                    look.between(8, 14),
                    turn=side * -6,
                )
            )
            pen.paint(rip, tone(look.base, 0.72), -0.05)
            for k in (-5.0, 0.0, 5.0):
                pen.paint(
                    pen.line(
                        crease(
                            (CENTRE + side * 60, height + k), (CENTRE + side * 106, height + k - side * 3)
                        ),
                        2,
                    )
                    & rip,
                    tone(look.base, 0.2),
                )


def shorts(pen: Pen, look: Look) -> None:
    """Shorts: chino with belt loops, or sports shorts with a drawstring."""
    sport = look.style == "sports"
    with pen.placed(0, 20, zoom=1.28):
        top, crotch, end = 270.0, look.between(500, 530), look.between(660, 730)
        waist = look.between(126, 140)
        outline = _leg(
            top,
            waist,
            waist + 34,
            crotch,
            look.between(150, 165),
            look.between(150, 172),
            end,
            look.between(16, 30),
        )
        pen.paint(pen.area(ellipse(CENTRE, top - 8, waist - 4, 11)), look.inside)
        masks = _legs(pen, look, outline, crotch, end, crease_line=False, apart=20, ankle=150)
        for side, mask in zip((-1, 1), masks, strict=True):
            pocket = crease(
                (CENTRE + side * (waist - 26), top + 36), (CENTRE + side * (waist + 18), top + 130)
            )
            _pocket(pen, look, pocket, mask)
            hem = np.array([(CENTRE, end - 18), (CENTRE + side * 230, end - 26)])
            pen.paint(pen.stitches(hem, width=2.4, dash=8, gap=5) & mask, look.seam)
            if sport:
                stripe = (
                    pen.line(
                        crease(
                            (CENTRE + side * (waist + 14), top + 20),
                            (CENTRE + side * (waist + 44), crotch - 50),
                            (CENTRE + side * 176, end + 10),
                        ),
                        18,
                    )
                    & mask
                )
                pen.paint(stripe, look.accent, pen.relief(stripe, 10, 0.2))
        _fly(pen, look, crease((CENTRE, top + 36), (CENTRE + 2, crotch - 8)))
        _waistband(pen, look, top, waist, height=46, loops=not sport)
        if sport:
            _drawstring(pen, _CORD, ((8, top + 30), (26, top + 76), (18, top + 116)), 7)
        if look.pattern == "graphic":
            emblem(pen, CENTRE + 90, end - 80, 80, look.dye)


def skirt(pen: Pen, look: Look) -> None:
    """Skirt: A-line, pencil or pleated."""
    style = look.style
    with pen.placed(0, -10, zoom=1.08):
        top, end = 190.0, {"a-line": 640.0, "pencil": 760.0, "pleated": 720.0}[style] + look.between(-30, 90)
        waist = look.between(108, 122)
        hem = {
            "a-line": look.between(230, 290),
            "pencil": look.between(118, 132),
            "pleated": look.between(235, 285),
        }[style]
        hip = waist + (46 if style == "pencil" else (hem - waist) * 0.45)
        outline = mirrored(
            [
                (CENTRE, top),
                (CENTRE + waist, top - 4, 0),
                (CENTRE + hip, top + (170 if style == "pencil" else 200)),
                (CENTRE + hem, end - 16, 0),
                (CENTRE + hem * 0.62, end + 8),
                (CENTRE + hem * 0.3, end + 10),
                (CENTRE, end + 16),
            ]
        )
        pen.paint(pen.area(ellipse(CENTRE, top - 6, waist - 4, 11)), look.inside)
        mask = pen.area(outline)
        folds = []
        count = 13 if style == "pleated" else int(look.between(5, 8))
        for t in np.linspace(-0.92, 0.92, count):
            start = top + 24 if style == "pleated" else top + look.between(90, 220)
            lean = t if style == "pleated" else t + look.between(-0.06, 0.06)
            folds.append(
                crease(
                    (CENTRE + lean * waist, start),
                    (CENTRE + lean * hip, (start + end) / 2),
                    (CENTRE + lean * hem, end + 12),
                )
            )
        if style == "pencil":
            folds = folds[::3]
        look.cloth(
            pen,
            mask,
            radius=60,
            depth=0.45,
            folds=folds,
            fold_width=18,
            fold_depth=0.5 if style == "pleated" else 0.36,
        )
        if style == "pencil":
            slit = pen.line(crease((CENTRE + 58, end - 130), (CENTRE + 60, end + 12)), 3.5) & mask
            pen.shadow(slit, blur=7, strength=0.45, dx=4, dy=0)
            pen.paint(slit, look.inside)
        elif style == "a-line" and look.chance(0.5):
            for y in np.linspace(top + 80, end - 50, 6):
                button = pen.area(ellipse(CENTRE, y, 9))
                pen.shadow(button, blur=3, strength=0.4)
                pen.paint(button, look.metal, pen.relief(button, 5, 0.6))
        if look.pattern == "graphic":
            emblem(pen, CENTRE + 70, end - 130, 130, look.dye, light=-0.03)
        _waistband(pen, look, top, waist, height=44, loops=False)


def socks(pen: Pen, look: Look) -> None:
    """A pair of socks: ankle, crew or knee-high."""
    height = {"ankle": 240.0, "crew": 420.0, "knee-high": 560.0}[look.style] + look.between(-20, 20)
    foot = look.between(225, 255)
    lift = 40 + height * 0.1
    tip = look.accent if look.chance(0.55) else look.base
    for dx, dy in ((-140, -24), (20, 24)):
        with pen.placed(dx, dy):
            base = 690 + lift
            top = base - height
            x0, x1 = 310.0, 310.0 + look.between(138, 142)
            outline = spline(
                [
                    (x0, top, 0),
                    (x1, top, 0),
                    (x1 - 4, base - 170),
                    (x1 + 6, base - 100),
                    (x1 + foot * 0.6, base - 84),
                    (x1 + foot - 30, base - 50),
                    (x1 + foot - 40, base + 28),
                    (x1 + foot * 0.4, base + 46),
                    (x0 + 70, base + 44),
                    (x0 + 4, base + 10),
                    (x0 - 4, base - 70),
                    (x0 + 6, base - 180),
                ]
            )
            mask = pen.area(outline)
            pen.shadow(mask, blur=16, strength=0.3, dx=10, dy=8)
            folds = [
                crease((x1 + 4, base - 110), (x0 + 80, base - 70), (x0 + 40, base - 40)),
                crease((x1 + 20, base - 90), (x0 + 110, base - 50)),
            ]
            look.cloth(pen, mask, radius=44, depth=0.5, folds=folds)
            toe = pen.area(ellipse(x1 + foot + 8, base + 4, 96, 110)) & mask
            heel = pen.area(ellipse(x0 - 6, base + 14, 84, 78)) & mask
            for part in (toe, heel):
                pen.paint(part, tip, pen.relief(mask, 44, 0.5).light[mask.inside(part)])
            cuff = pen.area(rounded(x0 - 6, top - 2, x1 + 4, top + 52, 6))
            gx, _ = pen.grid(cuff)
            pen.shadow(cuff, blur=4, strength=0.2, dx=0, dy=4)
            pen.paint(
                cuff, tip, pen.relief(cuff, 24, 0.45) + (np.sin(gx * 0.7) * 0.07 - 0.03).astype(np.float32)
            )
            if look.pattern == "graphic":
                emblem(pen, (x0 + x1) / 2, top + 110, 90, look.dye)
