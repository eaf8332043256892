"""Shoes, seen from the side."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from snapshelf.demo.colours import CREAM, DARK
from snapshelf.demo.look import Look, crease
from snapshelf.demo.studio import (
    Colour,
    Mask,
    Pen,
    Points,
    ellipse,
    luminance,
    mix,
    moved,
    rounded,
    spline,
    tone,
)


def _pair(pen: Pen, look: Look, draw: Callable[[Pen, Look], None], *, lift: float = 0.0) -> None:
    """Draw the far shoe behind the near shoe, both with the same random numbers."""
    state = look.rng.bit_generator.state
    for dx, dy, zoom, dim in ((58, -92, 0.93, 0.13), (-26, 42, 1.0, 0.0)):
        look.rng.bit_generator.state = state
        with pen.placed(dx, dy + lift, zoom=zoom):
            shoe = pen.layer()
        draw(shoe, look)
        pen.shadow(shoe.drawn(), blur=20, strength=0.42, dx=14, dy=2)
        pen.lay(shoe, dim=dim)


def _sole_colour(look: Look) -> Colour:
    gum = look.chance(0.4)
    return (0.77, 0.6, 0.42) if gum and luminance(look.base) >= 0.8 else CREAM


def _eyelets(
    pen: Pen,
    look: Look,
    start: tuple[float, float],
    end: tuple[float, float],
    count: int,
    lace: Colour,
    reach: tuple[float, float],
) -> None:
    for t in np.linspace(0, 1, count):
        x, y = start[0] + (end[0] - start[0]) * t, start[1] + (end[1] - start[1]) * t
        band = pen.line(
            crease((x, y), (x + reach[0] * 0.5, y + reach[1] * 0.5 - 9), (x + reach[0], y + reach[1])), 11
        )
        pen.shadow(band, blur=4, strength=0.35, dx=1, dy=5)
        pen.paint(band, lace, pen.relief(band, 6, 0.45))
        hole = pen.area(ellipse(x - 2, y + 1, 7))
        pen.paint(hole, look.metal, pen.relief(hole, 4, 0.5))
        pen.paint(pen.area(ellipse(x - 2, y + 1, 3)), DARK)


def sneakers(pen: Pen, look: Look) -> None:
    """Sneakers: low-top or high-top."""
    _pair(pen, look, {"low-top": _low_top, "high-top": _high_top}[look.style], lift=30)


def running_shoes(pen: Pen, look: Look) -> None:
    """Running shoes with mesh and a thick sole."""
    _pair(pen, look, _runner, lift=30)


def _sneaker_sole(pen: Pen, look: Look, sole: Colour, thick: float, *, wedge: float = 0.0) -> None:
    outline = spline(
        [
            (92, 640 - thick * 0.2 - wedge, 0),
            (250, 652 - wedge * 0.6),
            (420, 660),
            (600, 656),
            (706, 636),
            (722, 655),
            (700, 690),
            (600, 640 + thick, 1),
            (400, 642 + thick),
            (200, 642 + thick),
            (104, 636 + thick),
            (86, 670),
        ]
    )
    mask = pen.area(outline)
    pen.paint(mask, sole, pen.relief(mask, 26, 0.5))
    stripe = crease((90, 668 - wedge * 0.4), (250, 676), (420, 680), (600, 676), (712, 656))
    pen.paint(pen.line(stripe, 4) & mask, tone(sole, -0.22))
    if look.chance(0.5):
        pen.paint(pen.line(moved(stripe, 0, 12), 5) & mask, look.accent)
    tread = (
        pen.stitches(
            crease((104, 638 + thick), (400, 645 + thick), (640, 640 + thick), (704, 680)),
            width=10,
            dash=16,
            gap=10,
        )
        & mask
    )
    pen.paint(tread, tone(sole, -0.35))


def _low_top(pen: Pen, look: Look) -> None:
    sole = _sole_colour(look)
    collar = look.between(408, 432)
    toe = look.between(536, 560)
    tongue = spline(
        [
            (300, collar - 22),
            (352, collar - 40),
            (392, collar - 6),
            (520, toe - 20),
            (470, toe + 20),
            (330, collar + 60),
        ]
    )
    mask = pen.area(tongue)
    look.cloth(pen, mask, radius=24, depth=0.45, ink=tone(look.base, -0.1))
    upper = spline(
        [
            (98, collar - 16),
            (150, collar - 14, 0),
            (200, collar + 44),
            (290, collar + 28),
            (336, collar - 2, 0),
            (430, collar + 62),
            (530, toe - 4),
            (640, toe + 16),
            (706, toe + 66),
            (712, 650, 0),
            (400, 672),
            (96, 656, 0),
            (88, 560),
            (104, collar + 30),
        ]
    )
    body = pen.area(upper)
    folds = [crease((505, toe + 20), (520, toe + 60)), crease((470, toe + 4), (488, toe + 60))]
    look.cloth(pen, body, radius=55, depth=0.5, folds=folds)
    pen.paint(
        pen.line(crease((150, collar - 12), (204, collar + 46), (290, collar + 30), (334, collar + 2)), 12),
        tone(look.base, -0.3),
        0.05,
    )
    _trims(pen, look, body, collar, toe)
    _eyelets(
        pen,
        look,
        (350, collar + 32),
        (486, toe + 16),
        6,
        CREAM if luminance(look.base) < 0.75 else tone(look.accent, 0.1),
        (40, -32),
    )
    _sneaker_sole(pen, look, sole, look.between(62, 78))


def _trims(pen: Pen, look: Look, body: Mask, collar: float, toe: float) -> None:
    """The cap at the toe, the heel counter, and a stripe or patch of the brand."""
    trim = look.accent if look.chance(0.6) else look.seam
    heel = (
        pen.area(spline([(80, collar + 20), (150, collar + 30), (178, 560), (170, 680, 0), (70, 680, 0)]))
        & body
    )
    pen.paint(heel, trim, pen.relief(heel, 20, 0.35))
    cap = (
        pen.area(
            spline([(560, toe + 4), (600, 600), (590, 680, 0), (740, 680, 0), (730, 560), (640, toe - 4)])
        )
        & body
    )
    pen.shadow(cap, blur=4, strength=0.25, dx=-2, dy=1)
    pen.paint(cap, mix(look.base, trim, 0.25), pen.relief(cap, 26, 0.4))
    kind = int(look.rng.integers(3))
    if kind == 0:
        for x, width in ((268, 34), (322, 12)):
            slash = pen.line(crease((x, collar + 92), (x - 26, 648)), width) & body
            pen.paint(slash, trim, pen.relief(slash, 9, 0.3))
    elif kind == 1:
        wave = crease((184, 600), (226, 566), (270, 604), (314, 566), (358, 602), (398, 572))
        line = pen.line(wave, 17) & body
        pen.paint(line, trim, pen.relief(line, 8, 0.3))
    else:
        dot = pen.area(ellipse(285, 570, 44), holes=[ellipse(285, 570, 28)])
        pen.paint(dot & body, trim, pen.relief(dot & body, 9, 0.3))


def _high_top(pen: Pen, look: Look) -> None:
    sole = _sole_colour(look)
    collar, toe = look.between(252, 290), look.between(540, 560)
    tongue = pen.area(
        spline(
            [
                (290, collar - 30),
                (338, collar - 46),
                (372, collar + 10),
                (400, 470),
                (500, toe - 10),
                (440, toe + 10),
                (320, 440),
            ]
        )
    )
    look.cloth(pen, tongue, radius=22, depth=0.45, ink=tone(look.base, -0.1))
    upper = spline(
        [
            (112, collar, 0),
            (210, collar + 14),
            (318, collar, 0),
            (348, 400),
            (420, 500),
            (540, toe),
            (650, toe + 18),
            (706, toe + 60),
            (712, 650, 0),
            (400, 672),
            (96, 656, 0),
            (90, 560),
            (118, 440),
            (116, 340),
        ]
    )
    body = pen.area(upper)
    folds = [crease((150, 450), (220, 470), (300, 450)), crease((160, 490), (240, 505), (320, 480))]
    look.cloth(pen, body, radius=60, depth=0.5, folds=folds)
    pen.paint(pen.area(ellipse(215, collar + 8, 100, 12)), tone(look.base, -0.4))
    trim = look.accent if look.chance(0.5) else CREAM
    cap = (
        pen.area(spline([(560, toe + 6), (596, 600), (590, 680, 0), (740, 680, 0), (730, 560), (640, toe)]))
        & body
    )
    pen.paint(cap, CREAM, pen.relief(cap, 26, 0.45))
    patch = pen.area(ellipse(205, 420, 46))
    pen.shadow(patch, blur=4, strength=0.25)
    pen.paint(patch, CREAM, pen.relief(patch, 12, 0.3))
    pen.paint(pen.area(ellipse(205, 420, 38), holes=[ellipse(205, 420, 33)]), trim)
    peaks = np.array([(178, 440), (196, 404), (208, 424), (218, 410), (234, 440)], dtype=np.float64)
    pen.paint(pen.area(peaks), trim)
    _eyelets(pen, look, (314, collar + 34), (360, 450), 5, CREAM, (32, -18))
    _eyelets(pen, look, (392, 492), (490, toe + 12), 3, CREAM, (32, -24))
    _sneaker_sole(pen, look, sole, look.between(58, 70))


def _runner(pen: Pen, look: Look) -> None:
    collar, toe = look.between(400, 425), look.between(552, 572)
    upper = spline(
        [
            (104, collar - 40),
            (136, collar - 30, 0),
            (190, collar + 50),
            (276, collar + 30),
            (330, collar - 26),
            (368, collar - 18, 0),
            (450, collar + 70),
            (560, toe),
            (670, toe + 28),
            (718, 640, 0),
            (400, 672),
            (92, 640, 0),
            (100, 520),
        ]
    )
    body = pen.area(upper)
    look.cloth(pen, body, radius=55, depth=0.5)
    mesh = (
        pen.area(
            spline(
                [
                    (420, collar + 100),
                    (560, toe + 20),
                    (650, toe + 50),
                    (640, 640, 0),
                    (440, 650, 0),
                    (390, 560),
                ]
            )
        )
        & body
    )
    x, y = pen.grid(mesh)
    pen.paint(
        mesh,
        tone(look.base, -0.08),
        ((np.sin(x * 0.75) * np.sin(y * 0.75)) * 0.14).astype(np.float32)
        + pen.relief(body, 55, 0.5).light[body.inside(mesh)],
    )
    for k in (0, 2):
        streak = crease((170 + k * 62, 650), (230 + k * 60, 560), (318 + k * 52, collar + 62 + k * 28))
        band = pen.line(streak, (30, 16, 8)) & body
        pen.paint(band, look.accent, pen.relief(band, 8, 0.35))
    pen.paint(
        pen.line(crease((136, collar - 26), (192, collar + 52), (276, collar + 34), (334, collar - 18)), 14),
        look.accent,
        -0.1,
    )
    _heel_tab(pen, crease((106, collar - 36), (96, collar - 70)), 16, look.accent)
    _eyelets(
        pen,
        look,
        (372, collar + 26),
        (500, toe + 4),
        6,
        CREAM if luminance(look.base) < 0.75 else look.accent,
        (36, -26),
    )
    sole = spline(
        [
            (76, 610),
            (120, 640),
            (300, 652),
            (520, 660),
            (680, 640),
            (742, 616),
            (736, 668),
            (640, 716),
            (420, 722),
            (250, 714),
            (120, 720),
            (72, 690),
        ]
    )
    mask = pen.area(sole)
    pen.paint(mask, CREAM, pen.relief(mask, 28, 0.55))
    wave = crease((80, 668), (200, 690), (360, 674), (520, 694), (730, 660))
    pen.paint(pen.line(wave, (10, 16, 8)) & mask, look.accent)
    tread = (
        pen.stitches(crease((110, 716), (420, 720), (640, 714), (730, 672)), width=12, dash=30, gap=10) & mask
    )
    pen.paint(tread, DARK, 0.05)


def boots(pen: Pen, look: Look) -> None:
    """Boots: ankle, lace-up or knee-high."""
    tall = look.style == "knee-high"
    with pen.placed(0, 60 if tall else 0, zoom=0.84 if tall else 1.0):
        _pair(pen, look, _boot, lift=60)


def _boot(pen: Pen, look: Look) -> None:
    style = look.style
    top = {"ankle": 330.0, "lace-up": 260.0, "knee-high": 10.0}[style] + look.between(-15, 15)
    heel = look.between(48, 100) if style != "lace-up" else 48.0
    ground = 720.0
    arch = ground - heel
    shaft = {"ankle": 232.0, "lace-up": 236.0, "knee-high": 262.0}[style]
    upper = spline(
        [
            (128, top, 0),
            (128 + shaft * 0.5, top + 10),
            (128 + shaft, top, 0),
            (120 + shaft, (top + 470) / 2),
            (116 + shaft, 480),
            (400, 560),
            (520, 590),
            (628, 622),
            (664, 676),
            (658, ground - 16, 0),
            (480, ground - 18),
            (330, arch),
            (140, arch, 0),
            (132, arch - 60),
            (144, 520),
            (136, (top + 470) / 2),
        ]
    )
    body = pen.area(upper)
    folds = [
        crease((150, 500), (240, 520), (340, 490)),
        crease((150, 470), (230, 480), (330, 455)),
        crease((160, 540), (270, 570), (390, 555)),
        crease((470, 590), (492, 640), (488, 690)),
    ]
    leather = look.material in {"leather", "suede"}
    gloss = (
        pen.barrel(body, 128, 128 + shaft, 0.12, gloss=0.16 if look.material == "leather" else 0.0)
        if leather
        else 0.0
    )
    look.cloth(pen, body, radius=58, depth=0.55, folds=folds, fold_width=14, light=gloss)
    pen.paint(pen.area(ellipse(128 + shaft / 2, top + 6, shaft / 2 - 3, 11)), tone(look.base, -0.5), 0.06)
    dark_sole = tone(look.base, -0.6) if look.chance(0.6) else (0.36, 0.25, 0.17)
    sole = pen.area(
        spline(
            [
                (126, arch - 6, 0),
                (330, arch - 4),
                (480, ground - 26),
                (664, ground - 26, 0),
                (676, ground - 8),
                (650, ground + 4, 0),
                (470, ground + 4),
                (340, arch + 22),
                (300, arch + 26, 0),
                (288, ground + 4, 0),
                (132, ground + 4, 0),
                (120, arch + 20, 0),
            ]
        )
    )
    pen.paint(sole, dark_sole, pen.relief(sole, 14, 0.5))
    if style == "ankle":
        gore = (
            pen.area(spline([(206, top + 4, 0), (292, top + 4, 0), (284, 430), (262, 486), (228, 430)]))
            & body
        )
        x, _ = pen.grid(gore)
        pen.paint(gore, tone(look.base, -0.35), (np.sin(x * 0.8) * 0.1).astype(np.float32))
        _heel_tab(pen, crease((136, top + 8), (128, top - 34)), 14, look.base)
    elif style == "lace-up":
        lace = (0.8, 0.63, 0.36) if look.chance(0.4) else CREAM if luminance(look.base) < 0.3 else DARK
        _eyelets(pen, look, (330, top + 36), (330, 470), 5, lace, (34, -8))
        _eyelets(pen, look, (362, 520), (430, 566), 2, lace, (26, -22))
        seam = crease((290, top + 4), (300, 470), (360, 560), (400, 660))
        pen.paint(pen.stitches(seam, width=2.6, dash=8, gap=5) & body, tone(look.base, 0.35))
        _heel_tab(pen, crease((134, top + 6), (122, top - 30)), 14, tone(look.base, -0.3))
    else:
        zipper = pen.line(crease((180, top + 12), (176, 470), (190, 640)), 5) & body
        pen.shadow(zipper, blur=5, strength=0.3)
        pen.paint(zipper, look.metal, -0.15)
        if look.chance(0.5):
            strap = pen.line(crease((134, 498), (240, 520), (372, 492)), 26) & body
            pen.shadow(strap, blur=6, strength=0.4)
            pen.paint(strap, look.base, pen.relief(strap, 12, 0.5))
            ring = pen.area(rounded(222, 496, 268, 540, 8), holes=[rounded(232, 506, 258, 530, 4)])
            pen.paint(ring, look.metal, pen.relief(ring, 6, 0.7))


def _heel_tab(pen: Pen, points: Points, width: float, colour: Colour) -> None:
    """The loop behind, by which a shoe is pulled on."""
    tab = pen.line(points, width)
    pen.paint(tab, colour, pen.relief(tab, width / 2, 0.4))


def heels(pen: Pen, look: Look) -> None:
    """High-heeled shoes: stiletto pumps or block heels."""
    _pair(pen, look, _pump, lift=20)


def _pump(pen: Pen, look: Look) -> None:
    block = look.style == "block"
    high = look.between(150, 190) if block else look.between(195, 250)
    ground = 700.0
    back = ground - high
    pointed = look.chance(0.6)
    tip = 730.0 if pointed else 708.0
    if look.chance(0.4):
        far = pen.line(crease((150, back - 106), (230, back - 128), (322, back - 96)), 13)
        pen.paint(far, tone(look.base, -0.3), pen.relief(far, 7, 0.4))
    lining = pen.area(
        spline(
            [
                (130, back - 92),
                (260, back - 60),
                (420, 560),
                (566, 594),
                (520, 660),
                (400, 650),
                (240, back + 60),
                (128, back),
            ]
        )
    )
    pen.paint(lining, (0.84, 0.7, 0.57), pen.relief(lining, 30, 0.5))
    heel = (
        spline([(120, back + 20, 0), (232, back + 66, 0), (216, ground, 0), (128, ground, 0)])
        if block
        else spline(
            [
                (120, back + 14, 0),
                (236, back + 76, 0),
                (172, back + 130),
                (162, ground, 0),
                (138, ground, 0),
                (140, back + 116),
            ]
        )
    )
    mask = pen.area(heel)
    pen.paint(mask, tone(look.base, -0.12), pen.relief(mask, 20, 0.55))
    sole = pen.line(
        crease((126, back + 30), (270, back + 84), (430, 672), (560, ground - 4), (tip - 24, ground - 5)), 13
    )
    pen.paint(sole, (0.66, 0.25, 0.2) if look.chance(0.3) else DARK)
    upper = spline(
        [
            (132, back - 108, 0),
            (158, back - 40),
            (250, back + 8),
            (390, 584 - high * 0.08),
            (480, 600),
            (540, 580),
            (580, 562, 0),
            (650, 612),
            (tip, 682 if pointed else 662),
            (tip - 12, ground - 4, 0),
            (560, ground - 2),
            (430, 674),
            (270, back + 86),
            (124, back + 36, 0),
            (110, back - 40),
        ]
    )
    body = pen.area(upper)
    shine = 0.3 * pen.glow(body, 640, 634, 44, 18) if look.material == "leather" else 0.0
    look.cloth(pen, body, radius=44, depth=0.62, light=shine)
    rim = crease(
        (136, back - 102),
        (160, back - 38),
        (252, back + 11),
        (390, 587 - high * 0.08),
        (480, 603),
        (542, 582),
        (580, 564),
    )
    pen.paint(pen.line(rim, 5) & body, tone(look.base, 0.25), opacity=0.6)
    if look.chance(0.4):
        colour = look.accent if look.pattern != "solid" else look.base
        for side in (-1, 1):
            bow = pen.area(ellipse(604 + side * 28, 588 + side * 12, 32, 17, turn=side * 14 + 22))
            pen.shadow(bow, blur=5, strength=0.35)
            pen.paint(bow, colour, pen.relief(bow, 10, 0.6))
        knot = pen.area(ellipse(604, 588, 11))
        pen.paint(knot, colour, pen.relief(knot, 6, 0.6))


def sandals(pen: Pen, look: Look) -> None:
    """Sandals with straps: flat, or on a platform."""
    _pair(pen, look, _sandal, lift=10)


def _sandal(pen: Pen, look: Look) -> None:
    platform = look.style == "platform"
    thick = look.between(80, 110) if platform else look.between(34, 46)
    ground = 700.0
    deck = ground - thick
    rise = look.between(30, 60) if platform else 8.0
    bed = (0.78, 0.62, 0.44) if look.chance(0.7) else tone(look.base, -0.2)
    ankle = look.between(150, 175)
    far = pen.line(
        crease((118, deck - rise - ankle), (210, deck - rise - ankle - 26), (318, deck - rise - ankle + 10)),
        look.between(20, 26),
    )
    pen.paint(far, tone(look.base, -0.35), pen.relief(far, 9, 0.4))
    inner = pen.area(
        spline(
            [(440, deck - 6, 0), (470, deck - 96), (560, deck - 122), (640, deck - 84), (676, deck - 6, 0)]
        )
    )
    pen.paint(inner, tone(look.base, -0.45))
    foot = pen.area(
        spline(
            [
                (96, deck - rise - 18),
                (260, deck - rise - 24),
                (460, deck - 22),
                (640, deck - 30),
                (720, deck - 12),
                (640, deck + 14),
                (300, deck + 14),
                (100, deck - rise + 14),
            ]
        )
    )
    pen.paint(foot, tone(bed, 0.18), pen.relief(foot, 16, 0.4))
    mask = pen.area(
        spline(
            [
                (90, deck - rise, 0),
                (300, deck - rise * 0.5),
                (500, deck),
                (718, deck - 10, 0),
                (728, ground - thick * 0.5),
                (694, ground, 0),
                (400, ground - 2),
                (98, ground, 0),
            ]
        )
    )
    pen.paint(mask, bed, pen.relief(mask, 20, 0.45))
    if platform:
        for k in np.linspace(0.25, 0.75, 4):
            y = deck + thick * k
            pen.paint(
                pen.line(crease((94, y - rise * (1 - k)), (400, y), (716, y - 4)), 4) & mask,
                tone(bed, -0.18),
                opacity=0.6,
            )
    pen.paint(
        pen.line(crease((96, ground - 6), (400, ground - 7), (690, ground - 6)), 13) & mask, tone(bed, -0.55)
    )
    for left, right, top, lean in (
        ((424, 560, 104, 26), (566, 664, 78, 18)) if look.chance(0.55) else ((440, 668, 112, 20),)
    ):
        vamp = pen.area(
            spline(
                [
                    (left, deck + 8, 0),
                    (left + lean, deck - top * 0.7),
                    (left + lean * 2.2, deck - top, 0),
                    (right - 8, deck - top * 0.84, 0),
                    (right + 14, deck - top * 0.4),
                    (right + 6, deck + 6, 0),
                ]
            )
        )
        pen.shadow(vamp, blur=7, strength=0.32)
        look.cloth(pen, vamp, radius=26, depth=0.5)
        pen.paint(
            pen.stitches(
                crease(
                    (left + 12, deck),
                    (left + lean + 11, deck - top * 0.66),
                    (left + lean * 2.2 + 12, deck - top + 10),
                ),
                width=2.2,
                dash=7,
                gap=5,
            ),
            look.seam,
        )
    counter = pen.area(
        spline(
            [
                (96, deck - rise + 4, 0),
                (102, deck - rise - ankle * 0.5),
                (98, deck - rise - ankle - 16, 0),
                (134, deck - rise - ankle - 18, 0),
                (152, deck - rise - ankle * 0.5),
                (214, deck - rise + 2, 0),
            ]
        )
    )
    look.cloth(pen, counter, radius=24, depth=0.5)
    strap = pen.line(
        crease(
            (116, deck - rise - ankle + 10), (220, deck - rise - ankle + 40), (326, deck - rise - ankle + 14)
        ),
        28,
    )
    pen.shadow(strap, blur=6, strength=0.35)
    look.cloth(pen, strap, radius=11, depth=0.5)
    x, y = 246, deck - rise - ankle + 36
    buckle = pen.area(
        rounded(x - 24, y - 24, x + 24, y + 24, 7), holes=[rounded(x - 13, y - 13, x + 13, y + 13, 3)]
    )
    pen.shadow(buckle, blur=4, strength=0.3)
    pen.paint(buckle, look.metal, pen.relief(buckle, 6, 0.7))


def loafers(pen: Pen, look: Look) -> None:
    """Loafers with an apron seam and a strap or tassels."""
    _pair(pen, look, _loafer, lift=10)


def _loafer(pen: Pen, look: Look) -> None:
    collar = look.between(470, 490)
    inner = pen.area(
        spline(
            [
                (112, collar + 2),
                (150, collar + 50),
                (240, collar + 90),
                (350, collar + 74),
                (404, collar - 10),
                (300, collar - 26),
                (180, collar - 22),
            ]
        )
    )
    pen.paint(inner, (0.74, 0.58, 0.42), -0.12)
    upper = spline(
        [
            (106, collar - 4),
            (150, collar + 12, 0),
            (230, collar + 60),
            (330, collar + 44),
            (392, collar - 16, 0),
            (470, collar + 22),
            (590, 548),
            (690, 602),
            (712, 668),
            (706, 676, 0),
            (400, 676),
            (98, 676, 0),
            (92, 600),
        ]
    )
    body = pen.area(upper)
    shine = 0.2 * pen.glow(body, 600, 590, 70, 18) if look.material == "leather" else 0.0
    look.cloth(pen, body, radius=52, depth=0.58, light=shine)
    apron = crease((390, collar + 24), (430, 574), (560, 610), (660, 600), (694, 614))
    ridge = pen.line(apron, 7) & body
    pen.shadow(ridge, blur=5, strength=0.35, dx=0, dy=5)
    pen.paint(ridge, look.base, pen.relief(ridge, 5, 0.6))
    strap = (
        pen.area(
            spline(
                [
                    (380, collar - 10, 0),
                    (456, collar + 16, 0),
                    (430, 600),
                    (372, 672, 0),
                    (318, 672, 0),
                    (356, 570),
                ]
            )
        )
        & body
    )
    pen.shadow(strap, blur=6, strength=0.35)
    look.cloth(pen, strap, radius=18, depth=0.4, ink=tone(look.base, -0.1))
    if look.style == "tassel":
        for dx in (0, 22):
            cord = pen.line(crease((446 + dx, collar + 36), (470 + dx, collar + 74)), 6)
            tassel = pen.area(
                spline(
                    [
                        (462 + dx, collar + 66, 0),
                        (482 + dx, collar + 66, 0),
                        (494 + dx, collar + 116, 0),
                        (456 + dx, collar + 116, 0),
                    ]
                )
            )
            for part in (cord, tassel):
                pen.shadow(part, blur=4, strength=0.35)
                pen.paint(part, tone(look.base, -0.25), pen.relief(part, 8, 0.5))
    else:
        bit = pen.line(crease((404, 560), (440, collar + 52)), 11)
        pen.shadow(bit, blur=4, strength=0.4)
        pen.paint(bit, look.metal, pen.relief(bit, 5, 0.8))
    edge = crease((150, collar + 14), (232, collar + 62), (330, collar + 48), (388, collar - 8))
    pen.paint(pen.line(edge, 5), tone(look.base, -0.3))
    sole = pen.area(
        spline(
            [
                (88, 668, 0),
                (400, 670),
                (716, 664, 0),
                (722, 682),
                (700, 698, 0),
                (300, 698, 0),
                (286, 722, 0),
                (96, 722, 0),
            ]
        )
    )
    pen.paint(sole, (0.3, 0.2, 0.14) if luminance(look.base) > 0.2 else DARK, pen.relief(sole, 9, 0.5))
    pen.paint(
        pen.stitches(crease((96, 676), (400, 678), (708, 674)), width=2.4, dash=6, gap=4),
        (0.8, 0.66, 0.46),
        opacity=0.8,
    )
