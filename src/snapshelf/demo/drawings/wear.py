"""Things worn with clothes: hats, scarves, gloves, belts, ties, umbrellas, watches, glasses, jewellery."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from snapshelf.demo.colours import CREAM, DARK
from snapshelf.demo.drawings.bags import buckle
from snapshelf.demo.look import Look, arch, crease
from snapshelf.demo.patterns import emblem
from snapshelf.demo.studio import (
    CENTRE,
    Colour,
    Pen,
    arc,
    ellipse,
    flip,
    luminance,
    mirrored,
    mix,
    moved,
    rounded,
    spaced,
    spline,
    tone,
)

_GEMS: tuple[Colour, ...] = (
    (0.85, 0.93, 0.97),
    (0.16, 0.45, 0.72),
    (0.12, 0.55, 0.4),
    (0.75, 0.14, 0.24),
    (0.55, 0.36, 0.7),
)


def cap(pen: Pen, look: Look) -> None:
    """Baseball cap, from the front quarter."""
    with pen.placed(0, 20, zoom=1.08):
        left, right, top = 190.0, 560.0, look.between(300, 325)
        crown = spline(
            [
                (left, 590),
                (left + 4, 500),
                (left + 70, top + 70),
                (380, top),
                (500, top + 60),
                (right, 500),
                (right + 6, 590),
                (400, 624),
            ]
        )
        body = pen.area(crown)
        seams = [
            crease((378, top), (330, top + 120), (322, 612)),
            crease((378, top), (470, top + 110), (520, 600)),
            crease((378, top), (250, top + 90), (222, 600)),
        ]
        look.cloth(pen, body, radius=80, depth=0.58)
        for seam in seams:
            line = pen.line(seam, 3) & body
            pen.shadow(line, blur=4, strength=0.3)
            pen.paint(line, look.seam)
            pen.paint(pen.stitches(moved(seam, 9, 0), width=2, dash=6, gap=5) & body, look.seam, opacity=0.7)
        button = pen.area(ellipse(378, top + 2, 15, 11))
        pen.paint(button, look.base, pen.relief(button, 7, 0.6))
        for x, y in ((300, top + 108), (452, top + 100)):
            hole = pen.area(ellipse(x, y, 8, 10))
            pen.paint(hole, look.seam)
            pen.paint(pen.area(ellipse(x, y, 4, 5)), DARK)
        front = [(318, 612), (430, 588), (545, 572), (640, 590), (720, 634), (744, 668)]
        brim = spline([*front, (700, 684), (590, 672), (470, 662), (370, 652), (326, 636)])
        colour = look.accent if look.chance(0.35) else look.base
        mask = pen.area(brim)
        pen.shadow(mask, blur=9, strength=0.35, dx=-2, dy=-4)
        look.cloth(pen, mask, radius=30, depth=0.6, ink=colour)
        thread = tone(colour, 0.2 if luminance(colour) < 0.3 else -0.2)
        for dy in (22, 42):
            row = crease(*((x - dy * 0.7, y + dy) for x, y in front))
            pen.paint(pen.stitches(row, width=2, dash=7, gap=6) & mask, thread, opacity=0.8)
        if look.pattern == "graphic":
            emblem(pen, 420, 490, 120, look.dye)


def _bucket(pen: Pen, look: Look) -> None:
    brim = pen.area(
        mirrored(
            [
                (CENTRE, 560),
                (CENTRE + 180, 560),
                (CENTRE + 310, 690),
                (CENTRE + 290, 730),
                (CENTRE + 150, 752),
                (CENTRE, 760),
            ]
        )
    )
    look.cloth(pen, brim, radius=50, depth=0.5)
    under = pen.area(ellipse(CENTRE, 736, 240, 22)) & brim
    pen.paint(under, look.inside, opacity=0.5)
    for k in range(3):
        row = arch((235 + k * 24, 620 + k * 32), (0, 640 + k * 34))
        pen.paint(pen.stitches(row, width=2.2, dash=8, gap=6) & brim, look.seam)
    crown = pen.area(
        mirrored(
            [(CENTRE, 318), (CENTRE + 130, 326), (CENTRE + 178, 366), (CENTRE + 204, 590, 0), (CENTRE, 612)]
        )
    )
    pen.shadow(crown, blur=12, strength=0.35)
    look.cloth(pen, crown, radius=70, depth=0.55)
    seam = pen.line(arch((178, 372), (0, 396)), 3) & crown
    pen.shadow(seam, blur=5, strength=0.3)
    pen.paint(seam, look.seam)
    if look.pattern == "graphic":
        emblem(pen, CENTRE, 500, 130, look.dye)


def beanie(pen: Pen, look: Look) -> None:
    """Knitted hat with a folded edge, with or without a bobble."""
    top = look.between(330, 370)
    cuff = look.between(120, 150)
    w = look.between(205, 225)
    if look.style == "bobble":
        r = look.between(66, 84)
        rng = np.random.default_rng(look.dye.seed)
        colour = look.accent if look.chance(0.5) else tone(look.base, 0.35)
        ball = pen.area(ellipse(CENTRE, top - r * 0.5, r * 0.92))
        pen.paint(ball, colour, pen.ball(ball, CENTRE, top - r * 0.5, r, 0.5))
        for _ in range(170):
            a, d = rng.uniform(0, 2 * np.pi), r * math.sqrt(rng.random()) * 0.95
            x, y = CENTRE + math.cos(a) * d, top - r * 0.5 + math.sin(a) * d
            hair = pen.line(
                np.array([(x, y), (x + math.cos(a) * 20, y + math.sin(a) * 20)]), (7, 2), round_ends=False
            )
            pen.paint(
                hair, colour, float(-math.sin(a + 0.8) * -0.22 - d / r * 0.1 * math.sin(a)), opacity=0.8
            )
    dome = mirrored(
        [
            (CENTRE, top),
            (CENTRE + 90, top + 20),
            (CENTRE + 176, top + 130),
            (CENTRE + w, 640),
            (CENTRE + w - 8, 720, 0),
            (CENTRE, 724),
        ]
    )
    body = pen.area(dome)
    gx, gy = pen.grid(body)
    fan = (gx - CENTRE) / (0.45 + np.clip((gy - top) / 420, 0.02, 1) * 0.55)
    knit = (np.sin(fan * 0.5) * 0.1 + np.sin(gy * 0.6 + fan * 0.5) * 0.03).astype(np.float32)
    look.cloth(pen, body, radius=90, depth=0.6, light=knit)
    band = pen.area(
        mirrored(
            [
                (CENTRE, 700 - cuff * 0.35),
                (CENTRE + w - 4, 690 - cuff * 0.4, 1),
                (CENTRE + w + 12, 700 + cuff * 0.1),
                (CENTRE + w, 700 + cuff * 0.5),
                (CENTRE, 716 + cuff * 0.5),
            ]
        )
    )
    pen.shadow(band, blur=10, strength=0.35, dx=1, dy=-3)
    gx, gy = pen.grid(band)
    pen.paint(
        band,
        look.base,
        pen.relief(band, 40, 0.55) + (np.sin(gx * 0.42) * 0.12 + np.sin(gy * 0.7) * 0.02).astype(np.float32),
    )
    tag = pen.area(rounded(CENTRE + 60, 690, CENTRE + 112, 726, 4))
    pen.shadow(tag, blur=4, strength=0.3)
    pen.paint(tag, (0.55, 0.36, 0.23), pen.relief(tag, 6, 0.3))


def hat(pen: Pen, look: Look) -> None:
    """Wide-brimmed straw hat with a ribbon, or a bucket hat."""
    if look.style == "bucket":
        _bucket(pen, look)
        return
    w, lift = look.between(300, 335), look.between(66, 92)
    brim = pen.area(ellipse(CENTRE, 640, w, lift, turn=look.between(-4, 4)))
    ring = np.hypot(
        *(
            (np.stack(pen.grid(brim)) - np.array([CENTRE, 640])[:, None, None])
            / np.array([w, lift])[:, None, None]
        )
    )
    weave = (np.sin(ring * 90) * 0.06).astype(np.float32)
    look.cloth(pen, brim, radius=40, depth=0.5, light=weave)
    high = look.between(330, 380)
    crown = pen.area(
        mirrored(
            [
                (CENTRE, high),
                (CENTRE + 90, high + 10),
                (CENTRE + 150, high + 90),
                (CENTRE + 172, 600),
                (CENTRE + 168, 638, 0),
                (CENTRE, 668),
            ]
        )
    )
    pen.shadow(crown, blur=18, strength=0.42, dx=16, dy=12)
    x, y = pen.grid(crown)
    look.cloth(
        pen,
        crown,
        radius=76,
        depth=0.6,
        light=(np.sin(y * 0.55 + ((x - CENTRE) / 90) ** 2) * 0.05).astype(np.float32),
    )
    band = (
        pen.area(mirrored([(CENTRE, 590), (CENTRE + 170, 562, 0), (CENTRE + 175, 628, 0), (CENTRE, 662)]))
        & crown
    )
    pen.paint(band, look.accent, pen.relief(band, 40, 0.5))
    for dx, dy, turn in ((-26, -6, 30), (20, -12, -24)):
        bow = pen.area(ellipse(CENTRE + 120 + dx, 618 + dy, 32, 15, turn=turn))
        pen.shadow(bow, blur=5, strength=0.3)
        pen.paint(bow, look.accent, pen.relief(bow, 10, 0.6))


def scarf(pen: Pen, look: Look) -> None:
    """Scarf: looped once, with fringes; or a folded square."""
    if look.style == "square":
        with pen.placed(0, 0, turn=look.between(-8, 8)):
            cloth = pen.area(
                spline(
                    [
                        (400, 190, 0),
                        (560, 360),
                        (690, 500, 0),
                        (540, 640),
                        (400, 820, 0),
                        (250, 660),
                        (110, 500, 0),
                        (250, 350),
                    ]
                )
            )
            folds = [
                crease((400, 210), (430, 500), (395, 800)),
                crease((140, 500), (400, 470), (660, 505)),
                crease((300, 330), (420, 480), (520, 660)),
            ]
            look.cloth(pen, cloth, radius=70, depth=0.4, folds=folds, fold_width=30, fold_depth=0.4)
            border = cloth - pen.area(
                spline(
                    [
                        (400, 250, 0),
                        (540, 390),
                        (632, 500, 0),
                        (520, 612),
                        (400, 758, 0),
                        (274, 632),
                        (168, 500, 0),
                        (274, 378),
                    ]
                )
            )
            pen.paint(
                border,
                look.accent,
                pen.relief(cloth, 70, 0.4, ridges=folds, ridge_width=30, ridge_depth=0.4).light,
            )
        return
    end_left, end_right = look.between(820, 870), look.between(760, 840)
    fringe = look.between(40, 60)
    for x0, x1, end in ((330, 470, end_right), (220, 366, end_left)):
        tail = spline(
            [
                (x0 + 50, 330, 0),
                (x1 + 30, 330, 0),
                (x1 + 12, 560),
                (x1 + 2, end, 0),
                (x0, end + 4, 0),
                (x0 + 8, 560),
            ]
        )
        mask = pen.area(tail)
        strands = pen.area(
            *[
                np.array(
                    [
                        (x, end - 4),
                        (x + 6, end - 4),
                        (x + look.between(-4, 8), end + fringe),
                        (x - 2, end + fringe),
                    ]
                )
                for x in np.arange(x0 + 3, x1 - 6, 11)
            ]
        )
        pen.shadow(mask, blur=14, strength=0.35)
        pen.paint(strands, tone(look.base, -0.08), pen.relief(strands, 6, 0.3))
        folds = [
            crease((x0 + 70, 340), (x0 + 50, 580), (x0 + 55, end)),
            crease((x1 - 10, 340), (x1 - 40, 560), (x1 - 45, end)),
        ]
        look.cloth(pen, mask, radius=36, depth=0.5, folds=folds, fold_width=22)
    back = pen.area(ellipse(CENTRE, 262, 214, 118), holes=[ellipse(CENTRE, 236, 130, 60)])
    look.cloth(pen, back, radius=40, depth=0.5, light=-0.12)
    front = pen.area(
        spline(
            [
                (182, 250),
                (236, 300),
                (330, 338),
                (470, 338),
                (564, 300),
                (618, 250),
                (640, 330),
                (596, 424),
                (480, 470),
                (330, 474),
                (220, 430),
                (164, 334),
            ]
        )
    )
    pen.shadow(front, blur=18, strength=0.4, dx=4, dy=12)
    folds = [
        crease((190, 300), (330, 384), (480, 388), (610, 290)),
        crease((190, 360), (320, 430), (490, 428), (604, 350)),
        crease((240, 310), (380, 350), (560, 310)),
    ]
    look.cloth(pen, front, radius=50, depth=0.55, folds=folds, fold_width=24, fold_depth=0.5)


def gloves(pen: Pen, look: Look) -> None:
    """A pair of gloves, or mittens."""
    mitten = look.style == "mitten"
    for flipped, dx, dy, turn in ((True, -150, 0, -9), (False, 150, 10, 9)):
        with pen.placed(dx, dy, turn=turn, flip_x=flipped, zoom=0.98):
            shapes = [
                spline(
                    [
                        (312, 620),
                        (300, 500),
                        (322, 470),
                        (480, 466),
                        (502, 520),
                        (496, 640),
                        (486, 760, 0),
                        (322, 760, 0),
                    ]
                )
            ]
            if mitten:
                shapes.append(
                    spline([(304, 520), (318, 340), (400, 262), (482, 330), (500, 520), (400, 560)])
                )
            else:
                for x, top, lean, width in (
                    (330, 330, -16, 50),
                    (380, 284, -4, 52),
                    (430, 292, 8, 52),
                    (478, 348, 22, 46),
                ):
                    shapes.append(_finger(x, 520, x + lean, top, width))
            shapes.append(_finger(322, 620, 232, 452, 58))
            mask = pen.area(*shapes)
            pen.shadow(mask, blur=14, strength=0.3)
            gaps = (
                []
                if mitten
                else [crease((x, 478), (x + lean, 400)) for x, lean in ((356, -10), (406, 2), (454, 14))]
            )
            look.cloth(
                pen,
                mask,
                radius=34,
                depth=0.55,
                folds=[
                    crease((330, 600), (390, 580), (400, 520)),
                    crease((340, 690), (420, 680), (480, 690)),
                ],
            )
            for gap in gaps:
                line = pen.line(gap, (2, 5)) & mask
                pen.shadow(line, blur=5, strength=0.5)
                pen.paint(line, look.inside, opacity=0.8)
            cuff = pen.area(rounded(306, 740, 502, 848, 16))
            pen.shadow(cuff, blur=6, strength=0.3, dx=1, dy=-3)
            across, _ = pen.grid(cuff)
            wrist = look.accent if look.pattern != "solid" else look.base
            pen.paint(
                cuff,
                wrist,
                pen.relief(cuff, 30, 0.5) + (np.sin(across * 0.55) * 0.09 - 0.03).astype(np.float32),
            )


def _finger(
    x0: float, y0: float, x1: float, y1: float, width: float
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    direction = np.array([x1 - x0, y1 - y0]) / math.hypot(x1 - x0, y1 - y0)
    normal = np.array([-direction[1], direction[0]]) * width / 2
    start, end = np.array([x0, y0]), np.array([x1, y1])
    knots = [
        start - normal,
        end - normal * 0.92 - direction * 18,
        end,
        end + normal * 0.92 - direction * 18,
        start + normal,
    ]
    return spline([(float(k[0]), float(k[1])) for k in knots])


def belt(pen: Pen, look: Look) -> None:
    """A belt, rolled up, its buckle in front."""
    width = look.between(64, 84)
    y = 470.0
    for turn, dim in ((250.0, -0.25), (222.0, -0.12)):
        coil = pen.area(
            ellipse(CENTRE, y, turn, turn * 0.34), holes=[ellipse(CENTRE, y, turn - 10, turn * 0.34 - 8)]
        )
        band = pen.area(
            np.vstack(
                [
                    arc(CENTRE, y, turn, turn * 0.34, 180, 360),
                    arc(CENTRE, y + width, turn, turn * 0.34, 360, 180),
                ]
            )
        )
        pen.paint(band, tone(look.base, -0.35 + dim), pen.barrel(band, CENTRE + turn, CENTRE - turn, 0.3))
        pen.paint(coil, tone(look.base, 0.1), -0.1)
    r = 262.0
    front = pen.area(
        np.vstack([arc(CENTRE, y, r, r * 0.34, 180, 0), arc(CENTRE, y + width, r, r * 0.34, 0, 180)])
    )
    pen.shadow(front, blur=14, strength=0.35)
    look.cloth(
        pen, front, radius=12, depth=0.4, light=pen.barrel(front, CENTRE - r, CENTRE + r, 0.35, gloss=0.14)
    )
    for dy in (9, width - 9):
        pen.paint(
            pen.stitches(arc(CENTRE, y + dy, r, r * 0.34, 176, 4), width=2.4, dash=9, gap=6) & front,
            tone(look.base, 0.35),
        )
    tail = pen.area(
        spline(
            [
                (430, y + 86, 0),
                (560, y + 84),
                (690, y + 96),
                (724, y + 96 + width / 2),
                (690, y + 96 + width),
                (560, y + 84 + width),
                (430, y + 86 + width, 0),
            ]
        )
    )
    pen.shadow(tail, blur=9, strength=0.35)
    look.cloth(pen, tail, radius=14, depth=0.45)
    for x in (560, 600, 640):
        pen.paint(pen.area(ellipse(x, y + 88 + width / 2, 6)), DARK)
    cx, cy = 400.0, y + 88 + width / 2
    buckle(pen, cx, cy, 62, width / 2 + 20, look.metal)
    prong = pen.line(np.array([(cx - 56, cy), (cx + 58, cy)]), 12)
    pen.shadow(prong, blur=3, strength=0.4)
    pen.paint(prong, look.metal, pen.relief(prong, 6, 0.8))
    keeper = pen.area(rounded(cx + 92, cy - width / 2 - 5, cx + 124, cy + width / 2 + 5, 5))
    pen.shadow(keeper, blur=5, strength=0.35)
    pen.paint(keeper, look.base, pen.relief(keeper, 9, 0.5))


def tie(pen: Pen, look: Look) -> None:
    """Necktie with its knot, or a bow tie."""
    if look.style == "bow":
        with pen.placed(0, 0, zoom=1.15):
            for points in (
                (
                    wing := spline(
                        [(404, 470), (500, 400), (650, 372), (672, 500), (650, 630), (500, 600), (404, 530)]
                    )
                ),
                flip(wing),
            ):
                mask = pen.area(points)
                side = 1 if points is wing else -1
                folds = [
                    crease((400 + side * 20, 500), (400 + side * 120, 480), (400 + side * 200, 450)),
                    crease((400 + side * 20, 510), (400 + side * 130, 540)),
                ]
                look.cloth(pen, mask, radius=40, depth=0.55, folds=folds, fold_width=20)
            knot = pen.area(rounded(358, 440, 442, 560, 24))
            pen.shadow(knot, blur=10, strength=0.45)
            look.cloth(pen, knot, radius=24, depth=0.6)
        return
    loop = pen.area(ellipse(CENTRE, 150, 118, 70), holes=[ellipse(CENTRE, 142, 92, 48)])
    look.cloth(pen, loop, radius=14, depth=0.5)
    w = look.between(58, 84)
    narrow = pen.area(spline([(388, 250, 0), (414, 250, 0), (446, 740, 0), (420, 780, 0), (388, 740, 0)]))
    look.cloth(pen, narrow, radius=12, depth=0.4, ink=tone(look.base, -0.25))
    blade = pen.area(
        spline(
            [
                (370, 236, 0),
                (430, 236, 0),
                (CENTRE + w * 0.75, 560),
                (CENTRE + w, 800, 0),
                (CENTRE, 906, 0),
                (CENTRE - w, 800, 0),
                (CENTRE - w * 0.75, 560),
            ]
        )
    )
    pen.shadow(blade, blur=10, strength=0.35)
    look.cloth(pen, blade, radius=34, depth=0.48, folds=[crease((400, 270), (392, 400), (400, 480))])
    knot = pen.area(
        spline([(346, 168, 0), (400, 178), (454, 168, 0), (432, 250, 0), (400, 260), (368, 250, 0)])
    )
    pen.shadow(knot, blur=9, strength=0.42)
    look.cloth(pen, knot, radius=24, depth=0.55)


def umbrella(pen: Pen, look: Look) -> None:
    """Umbrella: open, seen from the side, with a crook handle; or folded."""
    handle = (0.45, 0.29, 0.18)
    if look.style == "folded":
        with pen.placed(0, 0, turn=look.between(20, 32)):
            rod = pen.area(rounded(394, 70, 406, 960, 4))
            pen.paint(rod, (0.7, 0.71, 0.73), pen.barrel(rod, 394, 406, 0.6))
            folded = pen.area(
                mirrored([(400, 150), (412, 170, 0), (440, 330), (462, 660), (450, 730), (400, 742)])
            )
            folds = [
                crease((400 + k * 3, 190), (400 + k * 15, 450), (400 + k * 19, 730)) for k in (-2, -1, 1, 2)
            ]
            look.cloth(pen, folded, radius=36, depth=0.6, folds=folds, fold_width=16, fold_depth=0.5)
            band = pen.area(rounded(344, 560, 456, 588, 6)) & folded
            pen.paint(band, look.accent, pen.relief(band, 30, 0.5))
            crook = crease((400, 740), (400, 850), (398, 900), (360, 936), (318, 906))
            grip = pen.line(crook, 26)
            pen.paint(grip, handle, pen.relief(grip, 10, 0.6))
        return
    rod = pen.area(rounded(394, 170, 406, 800, 3))
    pen.paint(rod, (0.68, 0.69, 0.71), pen.barrel(rod, 394, 406, 0.6))
    grip = pen.line(crease((400, 770), (400, 850), (372, 904), (322, 884), (316, 850)), 24)
    pen.paint(grip, handle, pen.relief(grip, 10, 0.6))
    top, rim, w = look.between(200, 225), 520.0, look.between(325, 350)
    xs = np.array([-1, -0.62, -0.2, 0.2, 0.62, 1]) * w + CENTRE
    under = pen.area(ellipse(CENTRE, rim - 6, w * 0.94, 34))
    pen.paint(under, look.inside)
    canopy = []
    for number, (x0, x1) in enumerate(pairwise(xs)):
        sag = 36 * (1 - abs((x0 + x1) / 2 - CENTRE) / w * 0.5)
        bend0, bend1 = (x0 - CENTRE) * 0.76 + CENTRE, (x1 - CENTRE) * 0.76 + CENTRE
        mid = top + (rim - top) * 0.28
        panel = spline(
            [
                (CENTRE - 1, top, 0),
                (CENTRE + 1, top, 0),
                (bend1, mid),
                (x1, rim, 0),
                ((x0 + x1) / 2, rim - sag),
                (x0, rim, 0),
                (bend0, mid),
            ]
        )
        mask = pen.area(panel)
        canopy.append(mask)
        ink = look.ink
        if look.style == "two-tone" and number % 2:
            ink = look.accent
        look.cloth(
            pen, mask, radius=40, depth=0.42, ink=ink, light=pen.barrel(mask, CENTRE - w, CENTRE + w, 0.28)
        )
    for x in xs[1:-1]:
        rib = pen.line(
            crease((CENTRE, top), ((x - CENTRE) * 0.76 + CENTRE, top + (rim - top) * 0.28), (x, rim)), 3
        )
        pen.paint(rib, look.seam, opacity=0.7)
    tip = pen.area(rounded(393, top - 46, 407, top + 6, 5))
    pen.paint(tip, handle, pen.relief(tip, 5, 0.5))


def watch(pen: Pen, look: Look) -> None:
    """Wrist watch: round or square case, leather or steel band; or a smart watch."""
    smart = look.style == "smart"
    square = smart or look.chance(0.25)
    band_w = look.between(64, 78)
    r = look.between(122, 142)
    steel = look.style == "steel"
    colour = look.metal if steel else look.base
    for up in (-1, 1):
        y0, y1 = 500 + up * (r - 20), 500 + up * 420
        strap = pen.area(
            spline(
                [
                    (CENTRE - band_w - 8, y0, 0),
                    (CENTRE + band_w + 8, y0, 0),
                    (CENTRE + band_w - 4, (y0 + y1) / 2),
                    (CENTRE + band_w - 14, y1 - up * 16),
                    (CENTRE, y1),
                    (CENTRE - band_w + 14, y1 - up * 16),
                    (CENTRE - band_w + 4, (y0 + y1) / 2),
                ]
            )
        )
        if steel:
            y = pen.grid(strap)[1]
            links = np.where(np.abs((y % 38) - 19) < 2.2, -0.45, 0.12 - np.abs((y % 38) - 19) * 0.008).astype(
                np.float32
            )
            pen.paint(strap, colour, pen.relief(strap, 24, 0.5) + links)
            inner = pen.area(rounded(CENTRE - 24, min(y0, y1), CENTRE + 24, max(y0, y1), 2)) & strap
            pen.paint(inner, tone(colour, 0.25), links[strap.inside(inner)])
        else:
            look.cloth(
                pen, strap, radius=26, depth=0.55, light=pen.fade(strap, (CENTRE, 500), (CENTRE, y1), -0.16)
            )
            if not smart:
                for side in (-1, 1):
                    seam = crease(
                        (CENTRE + side * (band_w - 8), y0 + up * 50),
                        (CENTRE + side * (band_w - 22), y1 - up * 40),
                    )
                    pen.paint(pen.stitches(seam, width=2.4, dash=8, gap=6) & strap, tone(colour, 0.4))
            if up == 1:
                for k in range(4):
                    pen.paint(pen.area(ellipse(CENTRE, 720 + k * 40, 6, 8)), tone(colour, -0.6))
    if not steel:
        buckle(pen, CENTRE, 100, band_w, 26, look.metal)
    crown = pen.area(rounded(CENTRE + r - 2, 482, CENTRE + r + 20, 518, 6))
    pen.paint(crown, look.metal, pen.relief(crown, 6, 0.6))
    case_metal = DARK if smart and look.chance(0.6) else look.metal
    case = pen.area(
        rounded(CENTRE - r, 500 - r * 1.12, CENTRE + r, 500 + r * 1.12, 46)
        if square
        else ellipse(CENTRE, 500, r)
    )
    pen.shadow(case, blur=12, strength=0.45)
    pen.paint(case, case_metal, pen.relief(case, 12, 0.85))
    inset = 14 if smart else 18
    face_outline = (
        rounded(CENTRE - r + inset, 500 - r * 1.12 + inset, CENTRE + r - inset, 500 + r * 1.12 - inset, 34)
        if square
        else ellipse(CENTRE, 500, r - inset)
    )
    face = pen.area(face_outline)
    if smart:
        pen.paint(face, (0.05, 0.06, 0.08), pen.fade(face, (300, 380), (520, 640), -0.3))
        for x, high, colour in (
            (-62, 70, (0.3, 0.78, 0.86)),
            (-24, 110, (0.98, 0.72, 0.3)),
            (14, 52, (0.3, 0.78, 0.86)),
            (52, 88, (0.93, 0.45, 0.5)),
        ):
            bar = pen.area(rounded(CENTRE + x - 11, 590 - high, CENTRE + x + 11, 590, 9))
            pen.paint(bar, colour)
        for x in (-62, -30, 14, 46):
            digit = pen.area(
                rounded(CENTRE + x - 12, 402, CENTRE + x + 12, 446, 6),
                holes=[rounded(CENTRE + x - 5, 410, CENTRE + x + 5, 438, 3)],
            )
            pen.paint(digit, (0.92, 0.93, 0.95))
        pen.paint(pen.area(ellipse(CENTRE - 8, 416, 4), ellipse(CENTRE - 8, 434, 4)), (0.92, 0.93, 0.95))
    else:
        dial = (CREAM, DARK, mix(look.base, DARK, 0.2), (0.16, 0.25, 0.38))[int(look.rng.integers(4))]
        if steel and look.base != look.metal:
            # The colour that its title names must be seen somewhere.
            dial = look.base
        pen.paint(face, dial, pen.relief(face, 20, -0.35))
        marks = CREAM if luminance(dial) < 0.5 else DARK
        for hour in range(12):
            a = math.radians(hour * 30)
            outer, inner_r = r - inset - 8, r - inset - (30 if hour % 3 == 0 else 20)
            tick = np.array(
                [
                    (CENTRE + math.sin(a) * inner_r, 500 - math.cos(a) * inner_r),
                    (CENTRE + math.sin(a) * outer, 500 - math.cos(a) * outer),
                ]
            )
            pen.paint(
                pen.line(tick, 7 if hour % 3 == 0 else 4, round_ends=False), marks if hour % 3 else look.metal
            )
        if look.chance(0.4):
            sub = pen.area(ellipse(CENTRE, 500 + r * 0.4, 26))
            pen.paint(sub, tone(dial, -0.2 if luminance(dial) > 0.4 else 0.15), pen.relief(sub, 6, -0.3))
        for angle, length, width in ((305, 0.5, 9), (60, 0.74, 7)):
            a = math.radians(angle)
            hand = pen.line(
                np.array(
                    [(CENTRE, 500), (CENTRE + math.sin(a) * r * length, 500 - math.cos(a) * r * length)]
                ),
                (width, width * 0.5),
            )
            pen.shadow(hand, blur=3, strength=0.35, dx=2, dy=4)
            pen.paint(hand, marks)
        a = math.radians(190)
        pen.paint(
            pen.line(
                np.array([(CENTRE, 500), (CENTRE + math.sin(a) * r * 0.7, 500 - math.cos(a) * r * 0.7)]), 3
            ),
            (0.82, 0.26, 0.2),
        )
        pen.paint(pen.area(ellipse(CENTRE, 500, 8)), look.metal, 0.1)
    glare = (
        pen.area(
            spline(
                [
                    (CENTRE - r, 500 - r, 0),
                    (CENTRE + r * 0.1, 500 - r * 1.2, 0),
                    (CENTRE - r * 0.9, 500 + r * 0.5, 0),
                ]
            )
        )
        & face
    )
    pen.paint(glare, (1.0, 1.0, 1.0), opacity=0.1)


def sunglasses(pen: Pen, look: Look) -> None:
    """Sunglasses from the front: round, wayfarer, aviator or cat-eye frames."""
    style = look.style
    with pen.placed(0, 0, zoom=1.02):
        y = 490.0
        metal = look.base == look.metal
        frame = look.metal if metal else look.base
        width = 11.0 if metal else look.between(22, 30)
        for side in (-1, 1):
            x = CENTRE + side * 300
            temple = pen.area(
                spline(
                    [
                        (x, y - 70, 0),
                        (x + side * 24, y - 74),
                        (x + side * 40, y - 30),
                        (x + side * 34, y + 80),
                        (x + side * 14, y + 84),
                        (x + side * 12, y - 20),
                        (x, y - 36, 0),
                    ]
                )
            )
            pen.paint(temple, tone(frame, -0.2), pen.relief(temple, 10, 0.5))
        lens = {
            "round": ellipse(CENTRE + 165, y + 8, 128, 126),
            "wayfarer": spline(
                [
                    (CENTRE + 46, y - 78),
                    (CENTRE + 160, y - 94),
                    (CENTRE + 300, y - 84),
                    (CENTRE + 302, y - 10),
                    (CENTRE + 262, y + 92),
                    (CENTRE + 160, y + 112),
                    (CENTRE + 74, y + 82),
                    (CENTRE + 42, y - 10),
                ]
            ),
            "aviator": spline(
                [
                    (CENTRE + 42, y - 74),
                    (CENTRE + 170, y - 96),
                    (CENTRE + 296, y - 84),
                    (CENTRE + 306, y),
                    (CENTRE + 250, y + 130),
                    (CENTRE + 160, y + 140),
                    (CENTRE + 74, y + 76),
                    (CENTRE + 40, y),
                ]
            ),
            "cat-eye": spline(
                [
                    (CENTRE + 44, y - 40),
                    (CENTRE + 150, y - 78),
                    (CENTRE + 318, y - 128, 0),
                    (CENTRE + 304, y - 10),
                    (CENTRE + 250, y + 82),
                    (CENTRE + 150, y + 98),
                    (CENTRE + 66, y + 62),
                ]
            ),
        }[style]
        tint = ((0.16, 0.17, 0.2), (0.35, 0.22, 0.14), (0.13, 0.27, 0.36), (0.2, 0.3, 0.2), (0.5, 0.2, 0.3))[
            int(look.rng.integers(5))
        ]
        bridge = pen.line(arch((60, y - 30), (0, y - 54)), width * 0.9)
        pen.paint(bridge, frame, pen.relief(bridge, 8, 0.6))
        if style == "aviator":
            bar = pen.line(arch((66, y - 80), (0, y - 90)), width)
            pen.paint(bar, frame, pen.relief(bar, 6, 0.7))
        for points in (flip(lens), lens):
            glass = pen.area(points)
            middle = points.mean(axis=0)
            grown = middle + (points - middle) * (1 + width / 105)
            rim = pen.area(grown, holes=[points])
            pen.paint(
                glass,
                tint,
                pen.fade(glass, (CENTRE, y - 100), (CENTRE, y + 140), look.between(0.35, 0.6)),
                opacity=0.93,
            )
            for dx, w in ((-70, 26), (-30, 12)):
                streak = (
                    pen.area(
                        np.array(
                            [
                                (middle[0] + dx + 60, middle[1] - 130),
                                (middle[0] + dx + 60 + w, middle[1] - 130),
                                (middle[0] + dx - 40 + w, middle[1] + 130),
                                (middle[0] + dx - 40, middle[1] + 130),
                            ]
                        )
                    )
                    & glass
                )
                pen.paint(streak, (1.0, 1.0, 1.0), opacity=0.13)
            ink = frame if metal else look.ink
            pen.paint(rim, ink, pen.relief(rim, 9, 0.75, shade=0.05))
        for side in (-1, 1):
            hinge = pen.area(ellipse(CENTRE + side * 292, y - 70, 7, 5))
            pen.paint(hinge, look.metal)


def ring(pen: Pen, look: Look) -> None:
    """Ring of metal: with a solitaire stone, or a band with small stones."""
    metal = look.base
    cx, cy, r = CENTRE, 600.0, look.between(180, 205)
    thick = look.between(30, 50)
    inside = pen.area(
        ellipse(cx, cy, r, r * 0.96), holes=[ellipse(cx + 6, cy + 4, r - thick * 0.8, r * 0.96 - thick * 0.9)]
    )
    pen.paint(inside, tone(metal, -0.25), pen.relief(inside, 14, 0.6))
    band = pen.area(
        ellipse(cx, cy, r, r * 0.96),
        holes=[ellipse(cx - 4, cy - 6, r - thick * 0.62, r * 0.96 - thick * 0.66)],
    )
    x, y = pen.grid(band)
    around = np.arctan2(y - cy, x - cx)
    gleam = (0.45 * np.cos(around * 3 + 1.1) * np.cos(around + 2.2) + 0.1).astype(np.float32)
    pen.paint(band, metal, pen.relief(band, 12, 0.7) + gleam)
    gem = _GEMS[int(look.rng.integers(len(_GEMS)))]
    if look.style == "solitaire":
        _gem(pen, cx, cy - r - 56, look.between(74, 100), gem)
        for dx in (-1, 1):
            prong = pen.line(
                crease((cx + dx * 24, cy - r + 12), (cx + dx * 46, cy - r - 20), (cx + dx * 62, cy - r - 66)),
                14,
            )
            pen.paint(prong, metal, pen.relief(prong, 7, 0.8))
    elif look.style == "pave":
        for k in range(-4, 5):
            a = math.radians(-90 + k * 13)
            _gem(
                pen,
                cx + math.cos(a) * (r - thick * 0.32),
                cy + math.sin(a) * (r * 0.96 - thick * 0.32),
                20,
                gem,
            )


def _gem(pen: Pen, x: float, y: float, r: float, colour: Colour) -> None:
    outline = ellipse(x, y, r, r * 0.92)
    stone = pen.area(outline)
    pen.shadow(stone, blur=r * 0.15, strength=0.3)
    pen.paint(stone, colour, pen.relief(stone, r * 0.3, 0.4))
    for k in range(8):
        a0, a1 = math.radians(45 * k + 22), math.radians(45 * k + 67)
        facet = np.array(
            [
                (x + math.cos(a0) * r * 0.5, y + math.sin(a0) * r * 0.46),
                (x + math.cos(a1) * r * 0.5, y + math.sin(a1) * r * 0.46),
                (x + math.cos((a0 + a1) / 2) * r, y + math.sin((a0 + a1) / 2) * r * 0.92),
            ]
        )
        pen.paint(
            pen.area(facet) & stone,
            tone(colour, (0.55, -0.3, 0.25, -0.12, 0.4, -0.35, 0.1, 0.6)[k]),
            opacity=0.75,
        )
    table = pen.area(ellipse(x, y, r * 0.5, r * 0.46))
    pen.paint(table, tone(colour, 0.35), pen.fade(table, (x - r, y - r), (x + r, y + r), -0.3))
    pen.paint(pen.area(ellipse(x - r * 0.22, y - r * 0.24, r * 0.12)), (1.0, 1.0, 1.0), opacity=0.9)


def _hanging(pen: Pen, x: float, y: float, look: Look, gem: Colour, size: float) -> None:
    """A pendant: drop, disc, heart or star."""
    kind = int(look.rng.integers(4))
    if kind == 0:
        drop = pen.area(
            spline(
                [
                    (x, y - size, 0),
                    (x + size * 0.62, y + size * 0.3),
                    (x, y + size * 0.95),
                    (x - size * 0.62, y + size * 0.3),
                ]
            )
        )
        pen.shadow(drop, blur=8, strength=0.25)
        pen.paint(drop, look.base, pen.relief(drop, size * 0.2, 0.8))
        _gem(pen, x, y + size * 0.3, size * 0.42, gem)
    elif kind == 1:
        disc = pen.area(ellipse(x, y, size * 0.8))
        pen.paint(
            disc,
            look.base,
            pen.relief(disc, size * 0.16, 0.8)
            + pen.fade(disc, (x - size, y - size), (x + size, y + size), -0.2),
        )
        ring_mask = pen.area(ellipse(x, y, size * 0.62), holes=[ellipse(x, y, size * 0.56)])
        pen.paint(ring_mask, tone(look.base, -0.35))
        _gem(pen, x, y, size * 0.2, gem)
    elif kind == 2:
        heart = pen.area(
            spline(
                [
                    (x, y - size * 0.4, 0),
                    (x + size * 0.5, y - size * 0.8),
                    (x + size * 0.85, y - size * 0.2),
                    (x, y + size * 0.85, 0),
                    (x - size * 0.85, y - size * 0.2),
                    (x - size * 0.5, y - size * 0.8),
                ]
            )
        )
        pen.paint(heart, look.base, pen.relief(heart, size * 0.3, 0.9))
    else:
        _gem(pen, x, y, size * 0.7, gem)
        halo = pen.area(
            ellipse(x, y, size * 0.84, size * 0.79), holes=[ellipse(x, y, size * 0.7, size * 0.65)]
        )
        pen.paint(halo, look.base, pen.relief(halo, 7, 0.9))


def necklace(pen: Pen, look: Look) -> None:
    """Necklace: a fine chain with a pendant, or a string of pearls."""
    gem = _GEMS[int(look.rng.integers(len(_GEMS)))]
    w, low = look.between(210, 260), look.between(640, 720)
    line = arch((w * 0.62, 150), (w, 300), (w * 0.66, 520), (0, low))
    if look.style == "pearl":
        pearl = (0.95, 0.92, 0.88) if look.chance(0.6) else (0.93, 0.84, 0.82)
        step = look.between(36, 46)
        for x, y in spaced(line, step):
            bead = pen.area(ellipse(x, y, step * 0.5))
            pen.shadow(bead, blur=6, strength=0.25)
            pen.paint(bead, pearl, pen.ball(bead, x, y, step * 0.5, 0.55, gloss=0.6))
    else:
        chain = pen.line(line, 7)
        pen.paint(chain, tone(look.base, -0.1), pen.relief(chain, 4, 0.6))
        links = pen.stitches(line, width=9, dash=8, gap=7)
        pen.paint(links, tone(look.base, 0.2), pen.relief(links, 4, 0.8))
    bail = pen.area(ellipse(CENTRE, low + 10, 13), holes=[ellipse(CENTRE, low + 10, 7)])
    pen.paint(bail, look.base, pen.relief(bail, 4, 0.7))
    size = look.between(60, 84)
    if look.style != "pearl" or look.chance(0.4):
        _hanging(pen, CENTRE, low + 18 + size, look, gem, size)
    clasp = pen.area(ellipse(CENTRE + w * 0.62, 146, 12), ellipse(CENTRE - w * 0.62, 146, 12))
    pen.paint(clasp, look.base, pen.relief(clasp, 6, 0.8))


def earrings(pen: Pen, look: Look) -> None:
    """A pair of earrings: hoops, drops or studs."""
    gem = _GEMS[int(look.rng.integers(len(_GEMS)))]
    size = look.between(84, 108)
    state = look.rng.bit_generator.state
    for x in (250.0, 550.0):
        look.rng.bit_generator.state = state
        if look.style == "hoop":
            r, thick = size * 1.5, look.between(18, 36)
            hoop = pen.area(ellipse(x, 520, r), holes=[ellipse(x, 520, r - thick)])
            gx, gy = pen.grid(hoop)
            around = np.arctan2(gy - 520, gx - x)
            pen.paint(
                hoop,
                look.base,
                pen.relief(hoop, 10, 0.8) + (0.3 * np.cos(around * 2 + 2.2)).astype(np.float32),
            )
            post = pen.line(crease((x - 10, 520 - r + 6), (x + 6, 520 - r - 26), (x + 22, 520 - r + 10)), 7)
            pen.paint(post, look.base, pen.relief(post, 4, 0.7))
        elif look.style == "drop":
            hook = pen.line(crease((x - 30, 330), (x - 24, 262), (x + 10, 250), (x + 16, 330), (x, 392)), 7)
            pen.paint(hook, look.base, pen.relief(hook, 4, 0.7))
            bead = pen.area(ellipse(x, 410, 24))
            pen.paint(bead, look.base, pen.ball(bead, x, 410, 24, 0.6, gloss=0.5))
            _hanging(pen, x, 434 + size, look, gem, size)
        else:
            setting = pen.area(ellipse(x, 500, size * 1.12, size * 1.06))
            pen.paint(setting, look.base, pen.relief(setting, 12, 0.85))
            _gem(pen, x, 500, size * 0.9, gem)
