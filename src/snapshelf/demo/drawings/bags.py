"""Bags, wallets and suitcases."""

from __future__ import annotations

import numpy as np

from snapshelf.demo.colours import DARK
from snapshelf.demo.look import Look, arch, crease
from snapshelf.demo.patterns import emblem
from snapshelf.demo.studio import (
    CENTRE,
    Colour,
    Pen,
    Points,
    arc,
    ellipse,
    flip,
    luminance,
    mirrored,
    moved,
    rounded,
    spaced,
    spline,
    tone,
)

_THREAD: Colour = (0.85, 0.72, 0.5)


def _leather(look: Look) -> Colour:
    """Leather for trims: brown, or dark on pale and brown bags."""
    tan = look.chance(0.35)
    return (0.5, 0.32, 0.2) if tan or luminance(look.base) > 0.45 else tone(look.base, -0.3)


def strap(pen: Pen, points: Points, width: float, colour: Colour, *, stitched: bool = False) -> None:
    """Draw a strap on top of the drawing."""
    mask = pen.line(points, width)
    pen.shadow(mask, blur=6, strength=0.35, dx=3, dy=6)
    pen.paint(mask, colour, pen.relief(mask, width * 0.35, 0.5))
    if stitched:
        pen.paint(pen.stitches(points, width=2.2, dash=8, gap=6), tone(colour, 0.35), opacity=0.8)


def buckle(pen: Pen, x: float, y: float, w: float, h: float, metal: Colour) -> None:
    """Draw a rectangular metal frame around (x, y)."""
    frame = pen.area(
        rounded(x - w, y - h, x + w, y + h, 7), holes=[rounded(x - w + 9, y - h + 9, x + w - 9, y + h - 9, 4)]
    )
    pen.shadow(frame, blur=4, strength=0.35, dx=2, dy=4)
    pen.paint(frame, metal, pen.relief(frame, 6, 0.75))


def zipper(pen: Pen, points: Points, look: Look) -> None:
    """Draw a zip along a line, its puller at the end."""
    band = pen.line(points, 15)
    pen.paint(band, look.seam, pen.relief(band, 7, 0.3))
    pen.paint(pen.stitches(points, width=7, dash=4, gap=4), look.metal)
    x, y = points[-1]
    pull = pen.area(rounded(x - 7, y - 4, x + 7, y + 40, 6))
    pen.shadow(pull, blur=4, strength=0.35)
    pen.paint(pull, look.metal, pen.relief(pull, 5, 0.7))


def backpack(pen: Pen, look: Look) -> None:
    """Backpack: a rounded day pack, a roll-top, or with a flap and buckles."""
    leather = _leather(look)
    w, top, end = look.between(205, 235), look.between(215, 240), look.between(870, 900)
    for side in (-1, 1):
        x = CENTRE + side * w * 0.55
        loop = crease(
            (x, top + 30), (x + side * 130, top + 150), (x + side * 150, 560), (x + side * 80, end - 60)
        )
        mask = pen.line(loop, (46, 50, 34))
        pen.paint(mask, look.seam, pen.relief(mask, 18, 0.5))
    handle = pen.line(arc(CENTRE, top + 14, 52, 62, 180, 360), 20)
    pen.paint(handle, leather, pen.relief(handle, 9, 0.5))
    outline = mirrored(
        [
            (CENTRE, top),
            (CENTRE + w * 0.66, top + 18),
            (CENTRE + w * 0.98, top + 120),
            (CENTRE + w * 1.04, (top + end) / 2 + 60),
            (CENTRE + w, end - 50),
            (CENTRE + w * 0.8, end - 4),
            (CENTRE, end),
        ]
    )
    body = pen.area(outline)
    look.cloth(
        pen,
        body,
        radius=80,
        depth=0.55,
        folds=[
            crease((CENTRE - w, 640), (CENTRE - w * 0.7, 660)),
            crease((CENTRE + w, 600), (CENTRE + w * 0.72, 628)),
        ],
    )
    if look.style == "flap":
        flap = mirrored(
            [
                (CENTRE, top + 2),
                (CENTRE + w * 0.7, top + 22),
                (CENTRE + w * 1.0, top + 130),
                (CENTRE + w * 0.98, top + 300),
                (CENTRE + w * 0.6, top + 350),
                (CENTRE, top + 360),
            ]
        )
        mask = pen.area(flap)
        pen.shadow(mask, blur=14, strength=0.4, dx=3, dy=10)
        look.cloth(pen, mask, radius=60, depth=0.5)
        for side in (-1, 1):
            x = CENTRE + side * w * 0.46
            strap(pen, crease((x, top + 250), (x, top + 450)), 34, leather, stitched=True)
            buckle(pen, x, top + 400, 30, 24, look.metal)
        low = end - 170
    else:
        zipper(pen, arch((w * 0.92, top + 300), (w * 0.7, top + 100), (0, top + 60)), look)
        low = (top + end) / 2 + 50
        if look.style == "two-tone":
            base = pen.area(rounded(100, low + 190, 700, end + 40, 2)) & body
            pen.paint(base, leather, pen.relief(body, 80, 0.5).light[body.inside(base)])
    pocket = mirrored(
        [
            (CENTRE, low),
            (CENTRE + w * 0.68, low + 6),
            (CENTRE + w * 0.78, low + 40),
            (CENTRE + w * 0.78, end - 70),
            (CENTRE + w * 0.62, end - 40),
            (CENTRE, end - 36),
        ]
    )
    mask = pen.area(pocket)
    pen.shadow(mask, blur=10, strength=0.35, dx=2, dy=6)
    look.cloth(pen, mask, radius=36, depth=0.45)
    zipper(pen, crease((CENTRE - w * 0.62, low + 40), (CENTRE, low + 34), (CENTRE + w * 0.6, low + 40)), look)
    if look.style != "flap":
        patch = pen.area(rounded(CENTRE - 34, top + 130, CENTRE + 34, top + 186, 6))
        pen.shadow(patch, blur=4, strength=0.25)
        pen.paint(patch, leather, pen.relief(patch, 8, 0.35))
        pen.paint(
            pen.stitches(
                np.vstack([rounded(CENTRE - 28, top + 136, CENTRE + 28, top + 180, 4)]),
                width=1.8,
                dash=5,
                gap=4,
            ),
            _THREAD,
        )
    if look.pattern == "graphic":
        emblem(pen, CENTRE, (low + end) / 2 + 20, 120, look.dye)


def handbag(pen: Pen, look: Look) -> None:
    """Handbag: a structured satchel, a half-moon hobo, or a small bag on a chain."""
    {"satchel": _satchel, "hobo": _hobo, "crossbody": _crossbody}[look.style](pen, look)


def _satchel(pen: Pen, look: Look) -> None:
    top, end = look.between(420, 450), look.between(800, 830)
    w0, w1 = look.between(210, 235), look.between(255, 290)
    trim = _leather(look)
    rise = look.between(190, 240)
    for dx, dy, shade in ((14, -14, -0.35), (0, 0, 0.0)):
        handle = arch((120, top + 40), (104, top - rise * 0.7), (0, top - rise))
        mask = pen.line(moved(handle, dx, dy), 24)
        pen.paint(mask, tone(trim, shade), pen.relief(mask, 10, 0.55))
    body = pen.area(
        mirrored(
            [
                (CENTRE, top),
                (CENTRE + w0, top + 4),
                (CENTRE + w0 + 8, top + 30),
                (CENTRE + w1, end - 30),
                (CENTRE + w1 - 24, end, 1),
                (CENTRE, end + 6),
            ]
        )
    )
    look.cloth(pen, body, radius=60, depth=0.5)
    flap = mirrored(
        [
            (CENTRE, top - 4),
            (CENTRE + w0, top, 0),
            (CENTRE + w0 + 12, top + 120),
            (CENTRE + w0 * 0.5, top + 190),
            (CENTRE, top + 210),
        ]
    )
    if look.chance(0.6):
        mask = pen.area(flap)
        pen.shadow(mask, blur=12, strength=0.4, dx=2, dy=9)
        look.cloth(pen, mask, radius=40, depth=0.45)
        pen.paint(
            pen.stitches(moved(flap[12:48], 0, -12), width=2.2, dash=8, gap=6) & mask,
            tone(look.base, 0.35),
            opacity=0.7,
        )
        lock_y = top + 196
    else:
        zipper(
            pen, crease((CENTRE - w0 + 16, top + 26), (CENTRE, top + 30), (CENTRE + w0 - 20, top + 26)), look
        )
        lock_y = top + 130
    lock = pen.area(rounded(CENTRE - 32, lock_y - 24, CENTRE + 32, lock_y + 28, 9))
    pen.shadow(lock, blur=5, strength=0.4)
    pen.paint(lock, look.metal, pen.relief(lock, 10, 0.7))
    pen.paint(pen.area(rounded(CENTRE - 8, lock_y - 10, CENTRE + 8, lock_y + 16, 6)), tone(look.metal, -0.4))
    for side in (-1, 1):
        tab = pen.area(
            spline(
                [
                    (CENTRE + side * 120 - 22, top + 26, 0),
                    (CENTRE + side * 120 + 22, top + 26, 0),
                    (CENTRE + side * 120 + 18, top + 92),
                    (CENTRE + side * 120, top + 106),
                    (CENTRE + side * 120 - 18, top + 92),
                ]
            )
        )
        pen.shadow(tab, blur=5, strength=0.35)
        pen.paint(tab, trim, pen.relief(tab, 10, 0.45))
        ring = pen.area(
            ellipse(CENTRE + side * 120, top + 30, 22), holes=[ellipse(CENTRE + side * 120, top + 30, 13)]
        )
        pen.paint(ring, look.metal, pen.relief(ring, 6, 0.75))


def _hobo(pen: Pen, look: Look) -> None:
    end = look.between(800, 830)
    w = look.between(265, 300)
    rim = look.between(470, 510)
    handle = arch((w - 26, rim + 10), (w * 0.66, 260), (0, 150))
    mask = pen.line(handle, (44, 30, 44))
    look.cloth(pen, mask, radius=14, depth=0.5, ink=look.base)
    inner = pen.area(
        spline(
            [
                (CENTRE - w + 16, rim - 10, 0),
                (CENTRE, rim + 44),
                (CENTRE + w - 16, rim - 10, 0),
                (CENTRE, rim + 110),
            ]
        )
    )
    pen.paint(inner, look.inside)
    body = pen.area(
        mirrored(
            [
                (CENTRE, rim + 66),
                (CENTRE + w * 0.6, rim + 30),
                (CENTRE + w - 8, rim - 24, 0),
                (CENTRE + w + 10, rim + 120),
                (CENTRE + w * 0.82, end - 60),
                (CENTRE + w * 0.4, end),
                (CENTRE, end + 6),
            ]
        )
    )
    folds = [
        crease(
            (CENTRE + s * (w - 30), rim + 10),
            (CENTRE + s * w * 0.7, rim + 120),
            (CENTRE + s * w * 0.3, rim + look.between(170, 240)),
        )
        for s in (-1, 1)
    ]
    folds += [crease((CENTRE + s * (w - 10), rim + 60), (CENTRE + s * w * 0.8, rim + 200)) for s in (-1, 1)]
    look.cloth(pen, body, radius=80, depth=0.58, folds=folds, fold_width=22)
    zipper(pen, crease((CENTRE - w * 0.7, rim + 52), (CENTRE, rim + 84), (CENTRE + w * 0.66, rim + 54)), look)
    for side in (-1, 1):
        ring = pen.area(
            ellipse(CENTRE + side * (w - 22), rim + 2, 26),
            holes=[ellipse(CENTRE + side * (w - 22), rim + 2, 16)],
        )
        pen.shadow(ring, blur=5, strength=0.35)
        pen.paint(ring, look.metal, pen.relief(ring, 6, 0.75))


def _crossbody(pen: Pen, look: Look) -> None:
    top, end = look.between(480, 510), look.between(790, 820)
    w = look.between(205, 240)
    chain = crease(
        (CENTRE - w + 20, top + 30),
        (CENTRE - w * 0.9, 330),
        (CENTRE - 20, 130),
        (CENTRE + w * 0.9, 330),
        (CENTRE + w - 20, top + 30),
    )
    if look.chance(0.5):
        for number, (x, y) in enumerate(spaced(chain, 15)):
            long = number % 2 == 0
            link = pen.area(ellipse(x, y, 12, 9 if long else 5), holes=[ellipse(x, y, 6, 4)] if long else [])
            pen.paint(link, look.metal, pen.relief(link, 5, 0.7))
    else:
        mask = pen.line(chain, 17)
        pen.paint(mask, look.base, pen.relief(mask, 8, 0.5))
    body = pen.area(rounded(CENTRE - w, top, CENTRE + w, end, 46))
    look.cloth(pen, body, radius=50, depth=0.5)
    flap = mirrored(
        [
            (CENTRE, top - 6),
            (CENTRE + w - 20, top - 4),
            (CENTRE + w + 4, top + 20),
            (CENTRE + w, top + 130),
            (CENTRE + w * 0.7, top + 190),
            (CENTRE, top + 212),
        ]
    )
    mask = pen.area(flap)
    pen.shadow(mask, blur=12, strength=0.4, dx=2, dy=9)
    look.cloth(pen, mask, radius=40, depth=0.48)
    if look.pattern == "solid" and look.chance(0.5):
        for k in range(-6, 7):
            for lean in (-1, 1):
                line = (
                    pen.line(
                        np.array(
                            [
                                (CENTRE + k * 70 - 160 * lean, top - 20),
                                (CENTRE + k * 70 + 160 * lean, top + 230),
                            ]
                        ),
                        3,
                    )
                    & mask
                )
                pen.shadow(line & mask, blur=4, strength=0.35, dx=1, dy=2)
                pen.paint(line, look.seam, opacity=0.55)
    lock = pen.area(ellipse(CENTRE, top + 190, 30), holes=[ellipse(CENTRE, top + 190, 12)])
    pen.shadow(lock, blur=5, strength=0.4)
    pen.paint(lock, look.metal, pen.relief(lock, 9, 0.75))


def tote(pen: Pen, look: Look) -> None:
    """Tote bag of canvas with two long handles."""
    top, end = look.between(370, 400), look.between(860, 890)
    w0, w1 = look.between(220, 245), look.between(215, 250)
    trim = _leather(look) if look.chance(0.5) else look.base
    rise = look.between(200, 250)
    inner = pen.area(ellipse(CENTRE, top, w0, 26))
    for dy, shade in ((-26, -0.3), (8, 0.0)):
        handle = arch((110, top + 60 + dy), (100, top - rise * 0.6 + dy), (0, top - rise + dy))
        mask = pen.line(handle, 28)
        if shade:
            pen.paint(mask, tone(trim, shade), pen.relief(mask, 10, 0.4))
            pen.paint(inner, look.inside)
    body = pen.area(
        mirrored(
            [
                (CENTRE, top + 22),
                (CENTRE + w0 * 0.6, top + 16),
                (CENTRE + w0, top, 0),
                (CENTRE + w1 + 6, (top + end) / 2),
                (CENTRE + w1, end - 10),
                (CENTRE + w1 - 20, end),
                (CENTRE, end + 6),
            ]
        )
    )
    folds = [
        crease(
            (CENTRE + look.between(-170, 170), top + look.between(60, 140)),
            (CENTRE + look.between(-120, 120), top + look.between(220, 320)),
        )
        for _ in range(4)
    ]
    look.cloth(pen, body, radius=60, depth=0.42, folds=folds, fold_width=24)
    front = arch((112, top + 96), (106, top - rise * 0.55), (0, top - rise + 14))
    mask = pen.line(front, 28)
    pen.shadow(mask & body, blur=8, strength=0.35)
    pen.paint(mask, trim, pen.relief(mask, 10, 0.45))
    hem = arch((w0, top + 34), (0, top + 52))
    pen.paint(pen.stitches(hem, width=2.4, dash=9, gap=6) & body, look.seam)
    if look.pattern == "graphic":
        emblem(pen, CENTRE, (top + end) / 2 + 30, 240, look.dye, light=-0.04)
    elif look.style == "shopper":
        pocket = pen.area(rounded(CENTRE - 120, top + 180, CENTRE + 120, end - 110, 10))
        pen.shadow(pocket, blur=7, strength=0.3)
        look.cloth(pen, pocket, radius=30, depth=0.3)
        pen.paint(
            pen.stitches(
                rounded(CENTRE - 110, top + 190, CENTRE + 110, end - 120, 8), width=2.2, dash=8, gap=6
            ),
            look.seam,
        )


def wallet(pen: Pen, look: Look) -> None:
    """Wallet: folded and slightly open, or long with a zip."""
    if look.style == "long":
        with pen.placed(0, 0, turn=look.between(-10, -4)):
            back = pen.area(rounded(130, 370, 670, 660, 26))
            look.cloth(pen, back, radius=34, depth=0.5)
            zipper(pen, crease((150, 392), (400, 390), (640, 392)), look)
            flap = pen.area(rounded(130, 430, 670, 664, 26))
            pen.shadow(flap, blur=9, strength=0.3, dx=2, dy=-5)
            look.cloth(pen, flap, radius=34, depth=0.45)
            pen.paint(
                pen.stitches(rounded(144, 444, 656, 650, 18), width=2.4, dash=9, gap=6), tone(look.base, 0.3)
            )
            plate = pen.area(rounded(540, 596, 620, 624, 6))
            pen.paint(plate, look.metal, pen.relief(plate, 8, 0.7))
        return
    with pen.placed(0, 0, turn=look.between(-12, -5)):
        back = pen.area(spline([(170, 340, 0), (640, 322, 0), (652, 640, 0), (176, 668, 0)]))
        look.cloth(pen, back, radius=26, depth=0.4, ink=tone(look.base, -0.25))
        for k, colour in enumerate(((0.86, 0.78, 0.6), (0.55, 0.68, 0.75), (0.85, 0.5, 0.42))):
            card = pen.area(rounded(220 + k * 12, 338 + k * 16, 610 - k * 6, 500, 10))
            pen.shadow(card, blur=4, strength=0.3, dx=0, dy=-2)
            pen.paint(card, colour, pen.relief(card, 12, 0.15))
        front = pen.area(rounded(162, 392, 656, 688, 24))
        pen.shadow(front, blur=12, strength=0.4, dx=0, dy=-6)
        look.cloth(pen, front, radius=36, depth=0.5)
        pen.paint(
            pen.stitches(rounded(176, 406, 642, 674, 16), width=2.6, dash=10, gap=7), tone(look.base, 0.32)
        )
        stamp = pen.area(ellipse(590, 630, 22), holes=[ellipse(590, 630, 17)])
        pen.paint(stamp, tone(look.base, -0.35), opacity=0.6)
        if look.pattern == "graphic":
            emblem(pen, 340, 540, 130, look.dye)


def suitcase(pen: Pen, look: Look) -> None:
    """Suitcase on wheels with a telescopic handle: ribbed shell or soft."""
    w, top, end = look.between(190, 215), look.between(290, 320), look.between(845, 865)
    for x in (CENTRE - 70, CENTRE + 70):
        tube = pen.area(rounded(x - 8, 110, x + 8, top + 20, 4))
        pen.paint(tube, (0.72, 0.73, 0.75), pen.barrel(tube, x - 8, x + 8, 0.6))
    grip = pen.area(rounded(CENTRE - 90, 92, CENTRE + 90, 130, 16))
    pen.paint(grip, DARK, pen.relief(grip, 10, 0.6))
    for side in (-1, 1):
        wheel = pen.area(
            rounded(CENTRE + side * (w - 50) - 24, end - 12, CENTRE + side * (w - 50) + 24, end + 50, 18)
        )
        pen.paint(wheel, DARK, pen.relief(wheel, 14, 0.6))
    body = pen.area(rounded(CENTRE - w, top, CENTRE + w, end, 52))
    look.cloth(
        pen,
        body,
        radius=46,
        depth=0.55,
        light=pen.barrel(
            body, CENTRE - w, CENTRE + w, 0.14, gloss=0.16 if look.style == "hard-shell" else 0.0
        ),
    )
    if look.style == "hard-shell":
        for x in np.linspace(CENTRE - w + 60, CENTRE + w - 60, int(look.between(5, 8))):
            rib = pen.area(rounded(x - 9, top + 50, x + 9, end - 50, 9))
            pen.shadow(rib, blur=4, strength=0.22, dx=4, dy=2)
            look.cloth(
                pen,
                rib,
                radius=7,
                depth=0.5,
                light=pen.barrel(body, CENTRE - w, CENTRE + w, 0.14)[body.inside(rib)],
            )
        middle = pen.area(
            rounded(CENTRE - w - 4, (top + end) / 2 - 8, CENTRE + w + 4, (top + end) / 2 + 8, 4)
        )
        pen.shadow(middle, blur=4, strength=0.3)
        pen.paint(middle, look.seam, pen.relief(middle, 5, 0.5))
    else:
        for y0, y1 in ((top + 50, (top + end) / 2 - 30), ((top + end) / 2 + 10, end - 50)):
            pocket = pen.area(rounded(CENTRE - w + 40, y0, CENTRE + w - 40, y1, 26))
            pen.shadow(pocket, blur=9, strength=0.35)
            look.cloth(pen, pocket, radius=30, depth=0.45)
            zipper(pen, crease((CENTRE - w + 62, y0 + 26), (CENTRE + w - 66, y0 + 26)), look)
    handle = pen.line(arc(CENTRE, top + 4, 60, 36, 180, 360), 18)
    pen.paint(handle, DARK, pen.relief(handle, 8, 0.6))
    badge = pen.area(rounded(CENTRE - 30, top + 18, CENTRE + 30, top + 36, 6))
    pen.paint(badge, look.metal, pen.relief(badge, 6, 0.6))
    if look.pattern == "graphic":
        emblem(pen, CENTRE, (top + end) / 2 + 120, 150, look.dye)
    for part in (
        flip(rounded(CENTRE + w - 12, top + 120, CENTRE + w + 6, top + 170, 5)),
        flip(rounded(CENTRE + w - 12, end - 170, CENTRE + w + 6, end - 120, 5)),
    ):
        clasp = pen.area(part)
        pen.paint(clasp, look.metal, pen.relief(clasp, 5, 0.6))
