"""Things for the home and the desk."""

from __future__ import annotations

import math

import numpy as np

from snapshelf.demo.colours import BRASS, CREAM, DARK, WOOD
from snapshelf.demo.look import Look, arch, crease, grain
from snapshelf.demo.patterns import emblem
from snapshelf.demo.studio import (
    CENTRE,
    Colour,
    Field,
    Mask,
    Pen,
    Points,
    arc,
    clamp,
    ellipse,
    flip,
    luminance,
    mirrored,
    mix,
    rounded,
    spline,
    tone,
)


def _turned(
    pen: Pen, look: Look, right: list[tuple[float, ...]], *, gloss: float = 0.3, depth: float = 0.4
) -> Mask:
    """Paint a thing that came from a potter's wheel: its right half, lit as a round body."""
    outline = mirrored(right)  # type: ignore[arg-type]
    mask = pen.area(outline)
    _glaze(pen, look, mask, outline, gloss=gloss, depth=depth)
    return mask


def _glaze(pen: Pen, look: Look, mask: Mask, outline: Points, *, gloss: float, depth: float) -> None:
    """Light each row by how far it is from the axis to the edge."""
    x, y = pen.grid(mask)
    widths = np.zeros(mask.alpha.shape[0])
    half = outline[outline[:, 0] >= CENTRE]
    half = half[np.argsort(half[:, 1])]
    widths = np.maximum(np.interp(y[:, 0], half[:, 1], half[:, 0] - CENTRE), 8.0)
    t = clamp((x - CENTRE) / widths[:, None], -1, 1)
    light = _round_light(t, depth, gloss)
    look.cloth(pen, mask, radius=26, depth=0.2, light=light)


def _round_light(t: Field, depth: float, gloss: float) -> Field:
    """Light on a round body by the position from its left (-1) to its right edge (1)."""
    light = depth * (0.3 - 1.2 * np.maximum(t + 0.15, 0) ** 2 - 1.6 * np.minimum(t + 0.5, 0) ** 2)
    streak = np.exp(-(((t + 0.5) / 0.1) ** 2)) + 0.3 * np.exp(-(((t - 0.78) / 0.06) ** 2))
    return np.asarray(light + gloss * streak, np.float32)


def mug(pen: Pen, look: Look) -> None:
    """Mug with a handle: straight, round or tapered."""
    w, top, end = look.between(170, 200), look.between(330, 370), look.between(700, 740)
    foot = {"straight": w - 4, "round": w * 0.7, "tapered": w * 0.72}[look.style]
    with pen.placed(-46, 0, zoom=1.05):
        h = end - top
        handle = spline(
            [
                (CENTRE + w - 20, top + h * 0.16),
                (CENTRE + w + 90, top + h * 0.14),
                (CENTRE + w + 130, top + h * 0.42),
                (CENTRE + w + 70, top + h * 0.7),
                (CENTRE + foot - 10, top + h * 0.76),
            ],
            closed=False,
        )
        grip = pen.line(handle, (44, 36, 36, 40))
        pen.paint(
            grip, look.base if look.pattern != "colour-block" else look.accent, pen.relief(grip, 14, 0.6)
        )
        right: list[tuple[float, ...]] = [(CENTRE, top), (CENTRE + w, top, 0)]
        if look.style == "round":
            right.append((CENTRE + w + 16, top + h * 0.55))
        right += [(CENTRE + foot, end - 12), (CENTRE + foot - 24, end + 16), (CENTRE, end + 24)]
        _turned(pen, look, right, gloss=0.34)
        rim = pen.area(ellipse(CENTRE, top, w, 34))
        pen.paint(rim, tone(look.base, 0.3), pen.relief(rim, 8, 0.4))
        inside = pen.area(ellipse(CENTRE, top + 2, w - 12, 27))
        inner = CREAM if look.chance(0.6) else look.accent
        pen.paint(inside, inner, pen.fade(inside, (CENTRE + w, top), (CENTRE - w, top), -0.45))
        if look.chance(0.4):
            drink = pen.area(ellipse(CENTRE, top + 18, w - 34, 17)) & inside
            pen.paint(drink, (0.33, 0.2, 0.12), 0.1)
        if look.pattern == "graphic":
            emblem(pen, CENTRE - 20, top + h * 0.54, 200, look.dye)


def teapot(pen: Pen, look: Look) -> None:
    """Teapot: round or tall, handle at the side or over the top."""
    over = look.style == "overhead"
    w, top, end = look.between(190, 220), look.between(400, 430), look.between(700, 730)
    with pen.placed(8, -10, zoom=1.05):
        trim = WOOD if over and look.chance(0.7) else look.base
        if over:
            arch = crease(
                (CENTRE - w * 0.62, top + 20),
                (CENTRE - w * 0.72, top - 120),
                (CENTRE, top - 230),
                (CENTRE + w * 0.72, top - 120),
                (CENTRE + w * 0.62, top + 20),
            )
            band = pen.line(arch, 26)
            pen.paint(band, trim, pen.relief(band, 10, 0.6))
        else:
            loop = crease(
                (CENTRE - w * 0.8, top + 50),
                (CENTRE - w - 110, top + 20),
                (CENTRE - w - 120, top + 150),
                (CENTRE - w * 0.9, end - 90),
            )
            band = pen.line(loop, (36, 30, 30, 34))
            pen.paint(band, trim, pen.relief(band, 12, 0.6))
        spout = pen.area(
            spline(
                [
                    (CENTRE + w * 0.7, end - 60),
                    (CENTRE + w * 0.9, top + 110),
                    (CENTRE + w + 90, top - 6),
                    (CENTRE + w + 116, top - 26, 0),
                    (CENTRE + w + 150, top - 6, 0),
                    (CENTRE + w + 70, top + 120),
                    (CENTRE + w * 0.8, end - 20),
                ]
            )
        )
        look.cloth(pen, spout, radius=24, depth=0.6, ink=look.base)
        mouth = pen.area(ellipse(CENTRE + w + 134, top - 17, 24, 9, turn=32))
        pen.paint(mouth, look.inside)
        _turned(
            pen,
            look,
            [
                (CENTRE, top - 4),
                (CENTRE + w * 0.5, top + 2),
                (CENTRE + w * 0.94, top + 90),
                (CENTRE + w, (top + end) / 2 + 20),
                (CENTRE + w * 0.82, end - 40),
                (CENTRE + w * 0.5, end),
                (CENTRE + w * 0.46, end + 18, 0),
                (CENTRE, end + 22),
            ],
            gloss=0.36,
        )
        lid = pen.area(
            mirrored(
                [
                    (CENTRE, top - 56),
                    (CENTRE + w * 0.3, top - 44),
                    (CENTRE + w * 0.52, top - 2),
                    (CENTRE + w * 0.5, top + 14, 0),
                    (CENTRE, top + 26),
                ]
            )
        )
        pen.shadow(lid, blur=7, strength=0.3)
        x, _ = pen.grid(lid)
        pen.paint(
            lid,
            look.base,
            pen.relief(lid, 16, 0.3) + _round_light(np.clip((x - CENTRE) / (w * 0.52), -1, 1), 0.35, 0.25),
        )
        knob = pen.area(ellipse(CENTRE, top - 72, 26, 24))
        pen.paint(knob, trim if over else look.accent, pen.ball(knob, CENTRE, top - 72, 26, 0.5, gloss=0.5))
        if look.pattern == "graphic":
            emblem(pen, CENTRE - 10, (top + end) / 2 + 14, 150, look.dye)


def vase(pen: Pen, look: Look) -> None:
    """Vase: bottle, amphora, or cylinder; some with a few stems in it."""
    top, end = look.between(300, 340), look.between(870, 900)
    mouth, belly, foot = look.between(50, 80), look.between(150, 200), look.between(80, 110)
    if look.chance(0.6):
        leaf = mix((0.42, 0.56, 0.42), (0.6, 0.62, 0.45), look.between(0, 1))
        for _ in range(int(look.between(3, 6))):
            lean = look.between(-190, 190)
            tip = (CENTRE + lean, top - look.between(90, 240))
            stem = crease((CENTRE + lean * 0.08, top + 30), (CENTRE + lean * 0.35, top - 70), tip)
            pen.paint(pen.line(stem, 6), tone(leaf, -0.25))
            for k in range(6, len(stem), 3):
                x, y = stem[k]
                for side in (-1, 1):
                    blade = pen.area(ellipse(x + side * 24, y - 10, 27, 10, turn=side * -36 + lean * 0.1))
                    pen.paint(blade, tone(leaf, look.between(-0.15, 0.2)), pen.relief(blade, 8, 0.4))
    h = end - top
    right: list[tuple[float, ...]] = {
        "bottle": [
            (CENTRE, top),
            (CENTRE + mouth * 0.8, top - 4, 0),
            (CENTRE + mouth * 0.62, top + h * 0.16),
            (CENTRE + mouth * 0.7, top + h * 0.36),
            (CENTRE + belly, top + h * 0.68),
            (CENTRE + belly * 0.8, end - 30),
            (CENTRE + foot, end + 4, 0),
            (CENTRE, end + 12),
        ],
        "amphora": [
            (CENTRE, top),
            (CENTRE + mouth * 1.3, top - 4, 0),
            (CENTRE + mouth, top + h * 0.12),
            (CENTRE + belly, top + h * 0.34),
            (CENTRE + belly * 0.96, top + h * 0.5),
            (CENTRE + foot * 0.8, end - 20),
            (CENTRE + foot * 0.86, end + 4, 0),
            (CENTRE, end + 12),
        ],
        "cylinder": [
            (CENTRE, top),
            (CENTRE + foot + 44, top - 4, 0),
            (CENTRE + foot + 36, top + h * 0.5),
            (CENTRE + foot + 20, end - 10),
            (CENTRE + foot, end + 6, 1),
            (CENTRE, end + 14),
        ],
    }[look.style]
    _turned(pen, look, right, gloss=0.26 if look.chance(0.6) else 0.05)
    rim_width = right[1][0] - CENTRE
    rim = pen.area(ellipse(CENTRE, top - 2, rim_width, rim_width * 0.2))
    pen.paint(rim, tone(look.base, 0.25))
    hole = pen.area(ellipse(CENTRE, top - 1, rim_width - 9, rim_width * 0.2 - 4))
    pen.paint(hole, look.inside, pen.fade(hole, (CENTRE + rim_width, top), (CENTRE - rim_width, top), -0.4))
    if look.pattern == "graphic":
        emblem(pen, CENTRE, top + h * 0.66, 160, look.dye)


def lamp(pen: Pen, look: Look) -> None:
    """Lamp for a table: shade on a ceramic foot, on a tripod, or a jointed desk lamp."""
    if look.style == "desk":
        _desk_lamp(pen, look)
        return
    top, rim = look.between(180, 210), look.between(450, 490)
    w0, w1 = look.between(90, 150), look.between(200, 235)
    shade_colour = CREAM if look.style == "table" and look.chance(0.5) else look.base
    if look.style == "tripod":
        for x in (-1, 0, 1):
            leg = pen.line(crease((CENTRE + x * 14, rim - 20), (CENTRE + x * 150, 880)), (18, 13))
            pen.paint(leg, tone(WOOD, -0.15 if x == 0 else 0.05), pen.relief(leg, 8, 0.5))
    else:
        stem = pen.area(rounded(CENTRE - 9, rim - 30, CENTRE + 9, 640, 4))
        pen.paint(stem, BRASS, pen.barrel(stem, CENTRE - 9, CENTRE + 9, 0.6))
        belly = look.between(90, 130)
        body = Look(
            look.dye,
            look.ink if shade_colour == CREAM else look.accent,
            look.pattern,
            "ceramic",
            look.style,
            look.metal,
            look.rng,
        )
        _turned(
            pen,
            body,
            [
                (CENTRE, 590),
                (CENTRE + 36, 592, 0),
                (CENTRE + 40, 630),
                (CENTRE + belly, 740),
                (CENTRE + belly * 0.7, 850),
                (CENTRE + 70, 880, 0),
                (CENTRE, 886),
            ],
            gloss=0.35,
        )
    shade = mirrored(
        [
            (CENTRE, top - 6),
            (CENTRE + w0, top, 0),
            (CENTRE + w1, rim, 0),
            (CENTRE + w1 * 0.5, rim + 14),
            (CENTRE, rim + 18),
        ]
    )
    mask = pen.area(shade)
    glow = pen.ball(mask, CENTRE - 40, rim - 60, 300, 0.5)
    ink = shade_colour if shade_colour == CREAM else look.ink
    look.cloth(
        pen,
        mask,
        radius=30,
        depth=0.25,
        ink=ink,
        light=glow + pen.barrel(mask, CENTRE - w1, CENTRE + w1, 0.18),
    )
    for y, w in ((top + 5, w0), (rim + 4, w1)):
        trim = pen.line(
            crease((CENTRE - w, y - 4), (CENTRE, y + (10 if y > 300 else 0)), (CENTRE + w, y - 4)), 7
        )
        pen.paint(trim & mask, tone(shade_colour, -0.2))


def _desk_lamp(pen: Pen, look: Look) -> None:

    with pen.placed(-30, 0):
        foot = pen.area(
            mirrored(
                [(CENTRE, 838), (CENTRE + 120, 842), (CENTRE + 138, 868), (CENTRE + 120, 884), (CENTRE, 890)]
            )
        )
        pen.paint(foot, look.base, pen.relief(foot, 20, 0.6))
        elbow = (CENTRE - look.between(120, 160), look.between(540, 580))
        head = (CENTRE + look.between(60, 110), look.between(290, 330))
        for start, end in (((CENTRE, 846), elbow), (elbow, head)):
            rod = pen.line(np.array([start, end]), 17)
            pen.paint(rod, look.metal, pen.relief(rod, 7, 0.6))
        for px, py in ((CENTRE, 842.0), elbow, head):
            joint = pen.area(ellipse(px, py, 24))
            pen.shadow(joint, blur=5, strength=0.3)
            pen.paint(joint, look.base, pen.ball(joint, px, py, 24, 0.5, gloss=0.3))
        x, y = head
        glow = pen.area(ellipse(x + 142, y + 116, 96, 40, turn=-42))
        pen.paint(glow, (1.0, 0.93, 0.68), 0.1)
        cone = pen.area(
            spline(
                [
                    (x - 10, y - 50),
                    (x + 60, y - 36),
                    (x + 214, y + 46, 0),
                    (x + 150, y + 120),
                    (x + 70, y + 182, 0),
                    (x - 20, y + 44),
                    (x - 44, y - 8),
                ]
            )
        )
        pen.shadow(cone, blur=8, strength=0.25)
        look.cloth(pen, cone, radius=44, depth=0.6, light=0.03)
        lip = pen.line(crease((x + 212, y + 48), (x + 148, y + 124), (x + 72, y + 180)), 11)
        pen.paint(lip, tone(look.base, 0.3), -0.05)


def cushion(pen: Pen, look: Look) -> None:
    """Cushion: square, round, or long; piped or with tassels."""
    shape = look.style
    if shape == "round":
        outline = ellipse(CENTRE, 520, 285, 268)
    else:
        w, h = (282, 270) if shape == "square" else (320, 190)
        d = look.between(26, 40)
        outline = spline(
            [
                (CENTRE - w, 520 - h, 0),
                (CENTRE, 520 - h + d),
                (CENTRE + w, 520 - h, 0),
                (CENTRE + w - d, 520),
                (CENTRE + w, 520 + h, 0),
                (CENTRE, 520 + h - d * 0.7),
                (CENTRE - w, 520 + h, 0),
                (CENTRE - w + d, 520),
            ]
        )
        if look.chance(0.3):
            for sx in (-1, 1):
                for sy in (-1, 1):
                    x, y = CENTRE + sx * (w + 4), 520 + sy * (h + 4)
                    tassel = pen.area(
                        np.array(
                            [
                                (x - 8, y),
                                (x + 8, y),
                                (x + sx * 26 + 18, y + sy * 60),
                                (x + sx * 26 - 18, y + sy * 60),
                            ]
                        )
                    )
                    pen.paint(tassel, look.accent, pen.relief(tassel, 9, 0.5))
                    knot = pen.area(ellipse(x, y, 14))
                    pen.paint(knot, look.accent, pen.relief(knot, 7, 0.6))
    mask = pen.area(outline)
    folds = []
    if shape == "round":
        for k in range(16):
            a = math.radians(k * 22.5)
            folds.append(
                crease(
                    (CENTRE + math.cos(a) * 40, 520 + math.sin(a) * 38),
                    (CENTRE + math.cos(a + 0.1) * 230, 520 + math.sin(a + 0.1) * 215),
                )
            )
    else:
        for sx in (-1, 1):
            for sy in (-1, 1):
                folds.append(
                    crease(
                        (CENTRE + sx * (w - 20), 520 + sy * (h - 20)),
                        (CENTRE + sx * w * 0.7, 520 + sy * h * 0.62),
                        (CENTRE + sx * w * 0.45, 520 + sy * h * 0.5),
                    )
                )
                folds.append(
                    crease(
                        (CENTRE + sx * (w - 40), 520 + sy * (h - 70)),
                        (CENTRE + sx * w * 0.74, 520 + sy * h * 0.45),
                    )
                )
    look.cloth(pen, mask, radius=96, depth=0.62, folds=folds, fold_width=26, fold_depth=0.35)
    closed = np.vstack([outline, outline[:1]])
    piping = pen.line(closed, 10)
    pen.paint(piping, look.accent if look.chance(0.4) else look.seam, pen.relief(piping, 5, 0.6))
    if shape == "round":
        button = pen.area(ellipse(CENTRE, 520, 24))
        pen.shadow(button, blur=10, strength=0.5, dx=2, dy=4)
        pen.paint(button, look.accent, pen.relief(button, 10, 0.6))
    if look.pattern == "graphic":
        emblem(pen, CENTRE, 520, 250, look.dye, light=-0.04)


def bottle(pen: Pen, look: Look) -> None:
    """Water bottle: an insulated flask, a sports bottle with a straw, or a tumbler."""
    style = look.style
    w = look.between(96, 122) if style != "tumbler" else look.between(120, 140)
    top, end = look.between(330, 360), look.between(870, 895)
    cap_colour = DARK if look.chance(0.4) else look.accent
    if style == "flask":
        loop = pen.area(ellipse(CENTRE, top - 150, 46, 50), holes=[ellipse(CENTRE, top - 150, 28, 32)])
        pen.paint(loop, cap_colour, pen.relief(loop, 8, 0.5))
        lid = pen.area(rounded(CENTRE - 62, top - 130, CENTRE + 62, top - 34, 16))
        pen.paint(lid, cap_colour, pen.barrel(lid, CENTRE - 62, CENTRE + 62, 0.5, gloss=0.2))
        neck: list[tuple[float, ...]] = [
            (CENTRE, top - 44),
            (CENTRE + 54, top - 44, 0),
            (CENTRE + 58, top - 20),
            (CENTRE + w, top + 60),
        ]
    elif style == "sports":
        straw = pen.line(
            crease((CENTRE + 8, top - 70), (CENTRE + 6, top - 150), (CENTRE - 40, top - 176)), 24
        )
        pen.paint(straw, (0.86, 0.87, 0.88), pen.relief(straw, 10, 0.5))
        lid = pen.area(
            mirrored(
                [
                    (CENTRE, top - 92),
                    (CENTRE + w * 0.7, top - 84),
                    (CENTRE + w * 0.92, top - 20, 0),
                    (CENTRE + w * 0.92, top + 10, 0),
                    (CENTRE, top + 16),
                ]
            )
        )
        pen.paint(lid, cap_colour, pen.barrel(lid, CENTRE - w, CENTRE + w, 0.5, gloss=0.2))
        neck = [
            (CENTRE, top),
            (CENTRE + w * 0.9, top, 0),
            (CENTRE + w, top + 40),
            (CENTRE + w * 0.98, top + 180),
            (CENTRE + w * 0.86, top + 260),
            (CENTRE + w * 0.98, top + 340),
        ]
    else:
        lid = pen.area(rounded(CENTRE - w - 8, top - 30, CENTRE + w + 8, top + 24, 18))
        straw = pen.line(np.array([(CENTRE + 26, top), (CENTRE + 60, top - 170)]), 20)
        pen.paint(straw, look.accent, pen.relief(straw, 8, 0.5))
        neck = [(CENTRE, top), (CENTRE + w, top, 0), (CENTRE + w * 0.94, top + 200)]
        end -= 40
    foot = w * (0.74 if style == "tumbler" else 1.0)
    _turned(
        pen,
        look,
        [*neck, (CENTRE + foot, end - 30), (CENTRE + foot - 14, end - 2), (CENTRE, end + 8)],
        gloss=0.3,
        depth=0.48,
    )
    if style == "tumbler":
        pen.shadow(lid, blur=6, strength=0.3)
        pen.paint(lid, cap_colour, pen.barrel(lid, CENTRE - w, CENTRE + w, 0.5, gloss=0.2))
    elif style == "flask":
        collar = pen.area(rounded(CENTRE - 60, top - 42, CENTRE + 60, top - 26, 4))
        pen.paint(collar, look.metal, pen.barrel(collar, CENTRE - 60, CENTRE + 60, 0.5))
        base = pen.area(rounded(CENTRE - w, end - 36, CENTRE + w, end + 6, 12))
        pen.paint(base, look.metal, pen.barrel(base, CENTRE - w, CENTRE + w, 0.5, gloss=0.2))
    if look.pattern == "graphic":
        emblem(pen, CENTRE, (top + end) / 2 + 60, 150, look.dye)


def chair(pen: Pen, look: Look) -> None:
    """Chair: wooden with a padded seat, a moulded shell, or an armchair."""
    {"wooden": _wooden_chair, "shell": _shell_chair, "armchair": _armchair}[look.style](pen, look)


def _chair_leg(
    pen: Pen, x0: float, y0: float, x1: float, y1: float, colour: Colour, width: float = 22
) -> None:
    leg = pen.line(np.array([(x0, y0), (x1, y1)]), (width, width * 0.62), round_ends=False)
    pen.paint(leg, colour, pen.relief(leg, width * 0.35, 0.5))


def _wooden_chair(pen: Pen, look: Look) -> None:
    wood = tone(WOOD, look.between(-0.4, 0.2))
    w = look.between(150, 172)
    _chair_leg(pen, CENTRE - w + 30, 600, CENTRE - w + 16, 850, tone(wood, -0.28))
    _chair_leg(pen, CENTRE + w - 30, 600, CENTRE + w - 16, 850, tone(wood, -0.28))
    for side in (-1, 1):
        post = pen.line(
            crease(
                (CENTRE + side * (w - 16), 600),
                (CENTRE + side * (w - 6), 380),
                (CENTRE + side * (w + 6), 170),
            ),
            22,
        )
        pen.paint(post, wood, pen.relief(post, 9, 0.55))
    for k, y in enumerate(np.linspace(200, 400, 3)):
        slat = pen.area(
            spline(
                [
                    (CENTRE - w + 2, y - 18, 0),
                    (CENTRE, y - 28),
                    (CENTRE + w - 2, y - 18, 0),
                    (CENTRE + w - 4, y + 22, 0),
                    (CENTRE, y + 14),
                    (CENTRE - w + 4, y + 22, 0),
                ]
            )
        )
        pen.paint(slat, tone(wood, 0.04 * k), pen.relief(slat, 10, 0.5) + grain(pen, slat, "wood"))
    seat = pen.area(
        spline(
            [
                (CENTRE - w - 6, 570, 0),
                (CENTRE + w + 6, 570, 0),
                (CENTRE + w + 38, 642),
                (CENTRE + w + 20, 670),
                (CENTRE, 682),
                (CENTRE - w - 20, 670),
                (CENTRE - w - 38, 642),
            ]
        )
    )
    look.cloth(pen, seat, radius=30, depth=0.55)
    apron = pen.area(
        spline(
            [
                (CENTRE - w - 24, 668, 0),
                (CENTRE, 680),
                (CENTRE + w + 24, 668, 0),
                (CENTRE + w + 10, 704, 0),
                (CENTRE, 714),
                (CENTRE - w - 10, 704, 0),
            ]
        )
    )
    pen.paint(apron, wood, pen.relief(apron, 10, 0.5))
    for side in (-1, 1):
        _chair_leg(pen, CENTRE + side * (w + 12), 676, CENTRE + side * (w + 26), 930, wood, 28)
    rung = pen.line(np.array([(CENTRE - w - 16, 820), (CENTRE + w + 16, 820)]), 14)
    pen.paint(rung, tone(wood, -0.1), pen.relief(rung, 6, 0.5))


def _shell_chair(pen: Pen, look: Look) -> None:
    legs = tone(WOOD, look.between(-0.2, 0.15)) if look.chance(0.7) else DARK
    for x0, x1, shade in ((-80, -120, -0.3), (80, 120, -0.3), (-110, -210, 0.0), (110, 210, 0.0)):
        _chair_leg(pen, CENTRE + x0, 630, CENTRE + x1, 920 if shade == 0 else 850, tone(legs, shade), 22)
    shell = pen.area(
        mirrored(
            [
                (CENTRE, 170),
                (CENTRE + 110, 178),
                (CENTRE + 180, 250),
                (CENTRE + 188, 400),
                (CENTRE + 196, 520),
                (CENTRE + 232, 560),
                (CENTRE + 236, 620),
                (CENTRE + 170, 668),
                (CENTRE, 684),
            ]
        )
    )
    look.cloth(pen, shell, radius=80, depth=0.5)
    fold = (
        pen.line(
            arch((196, 540), (100, 500), (0, 490)),
            10,
        )
        & shell
    )
    pen.shadow(fold, blur=26, strength=0.6, dx=0, dy=-6)
    seat = pen.area(
        spline(
            [
                (CENTRE - 200, 560),
                (CENTRE, 506),
                (CENTRE + 200, 560),
                (CENTRE + 212, 612),
                (CENTRE + 150, 650),
                (CENTRE, 660),
                (CENTRE - 150, 650),
                (CENTRE - 212, 612),
            ]
        )
    )
    look.cloth(pen, seat, radius=36, depth=0.5, light=0.05)


def _armchair(pen: Pen, look: Look) -> None:
    legs = tone(WOOD, look.between(-0.5, 0.0))
    for x in (-210, 210, -150, 150):
        _chair_leg(
            pen,
            CENTRE + x * 0.9,
            800,
            CENTRE + x,
            910 if abs(x) > 200 else 880,
            tone(legs, 0 if abs(x) > 200 else -0.25),
            28,
        )
    high, w = look.between(230, 270), look.between(190, 215)
    back = pen.area(
        mirrored(
            [
                (CENTRE, high),
                (CENTRE + w * 0.7, high + 14),
                (CENTRE + w, high + 90),
                (CENTRE + w + 6, 640),
                (CENTRE, 660),
            ]
        )
    )
    tufts = (
        [(CENTRE + x, high + y) for y, row in ((120, (-90, 0, 90)), (210, (-45, 45))) for x in row]
        if look.chance(0.5)
        else []
    )
    look.cloth(pen, back, radius=60, depth=0.55)
    for place in tufts:
        tuft = pen.area(ellipse(*place, 9))
        pen.shadow(tuft, blur=16, strength=0.6, dx=0, dy=2)
        pen.paint(tuft, look.seam)
    base = pen.area(rounded(CENTRE - w - 40, 660, CENTRE + w + 40, 820, 26))
    look.cloth(pen, base, radius=36, depth=0.5, light=-0.1)
    seat = pen.area(
        spline(
            [
                (CENTRE - w + 14, 610),
                (CENTRE, 580),
                (CENTRE + w - 14, 610),
                (CENTRE + w - 4, 690),
                (CENTRE + w - 30, 730),
                (CENTRE, 738),
                (CENTRE - w + 30, 730),
                (CENTRE - w + 4, 690),
            ]
        )
    )
    pen.shadow(seat, blur=10, strength=0.35)
    look.cloth(pen, seat, radius=40, depth=0.55)
    arm = spline(
        [
            (CENTRE + w - 10, 560),
            (CENTRE + w + 30, 520),
            (CENTRE + w + 78, 552),
            (CENTRE + w + 70, 700),
            (CENTRE + w + 56, 816, 0),
            (CENTRE + w - 2, 816, 0),
            (CENTRE + w - 12, 680),
        ]
    )
    for points in (arm, flip(arm)):
        mask = pen.area(points)
        pen.shadow(mask, blur=10, strength=0.35)
        look.cloth(pen, mask, radius=34, depth=0.6)


def headphones(pen: Pen, look: Look) -> None:
    """Headphones: over the ears, or small ones in a charging case."""
    if look.style == "earbuds":
        case = pen.area(rounded(CENTRE - 190, 520, CENTRE + 190, 790, 120))
        lid = pen.area(rounded(CENTRE - 186, 280, CENTRE + 186, 520, 110))
        look.cloth(pen, lid, radius=60, depth=0.5, light=-0.08)
        inner = pen.area(rounded(CENTRE - 160, 316, CENTRE + 160, 520, 90))
        pen.paint(inner, look.inside, pen.relief(inner, 30, -0.3))
        for side in (-1, 1):
            x = CENTRE + side * 76
            bud = pen.area(ellipse(x, 486, 52, 58))
            pen.shadow(bud, blur=8, strength=0.3)
            pen.paint(bud, tone(look.base, 0.25), pen.ball(bud, x, 486, 58, 0.5, gloss=0.5))
            grille = pen.area(ellipse(x + side * 14, 452, 24, 9, turn=side * 24))
            pen.paint(grille, DARK, 0.1)
            stem = pen.area(rounded(x - 15, 486, x + 15, 570, 14))
            pen.paint(stem, tone(look.base, 0.25), pen.relief(stem, 12, 0.5))
        pen.shadow(case, blur=9, strength=0.3, dx=0, dy=-6)
        look.cloth(pen, case, radius=70, depth=0.55)
        pen.paint(pen.area(ellipse(CENTRE, 600, 8)), (0.45, 0.85, 0.5))
        return
    y = look.between(560, 590)
    w = look.between(205, 225)
    arch = crease(
        (CENTRE - w, y),
        (CENTRE - w * 0.98, y - 170),
        (CENTRE - w * 0.62, y - 310),
        (CENTRE, y - 362),
        (CENTRE + w * 0.62, y - 310),
        (CENTRE + w * 0.98, y - 170),
        (CENTRE + w, y),
    )
    outer = pen.line(arch, (20, 30, 50, 30, 20))
    pen.paint(outer, look.base, pen.relief(outer, 14, 0.6))
    pad = pen.line(arch[20:41] * (1, 1) + (0, 18), 30)
    pen.paint(
        pad,
        tone(look.base, -0.4) if luminance(look.base) > 0.25 else tone(look.base, 0.18),
        pen.relief(pad, 12, 0.5),
    )
    for side in (-1, 1):
        slider = pen.line(crease((CENTRE + side * w, y - 120), (CENTRE + side * w, y)), 18)
        pen.paint(slider, look.metal, pen.relief(slider, 8, 0.7))
        cushion_mask = pen.area(ellipse(CENTRE + side * (w - 40), y + 60, 62, 118, turn=side * 6))
        pen.paint(
            cushion_mask,
            DARK if luminance(look.base) > 0.2 else (0.3, 0.3, 0.32),
            pen.relief(cushion_mask, 26, 0.6),
        )
        cup = pen.area(ellipse(CENTRE + side * (w + 14), y + 60, 72, 124, turn=side * 6))
        pen.shadow(cup, blur=10, strength=0.4, dx=-side * 6, dy=4)
        look.cloth(pen, cup, radius=40, depth=0.65, light=0.03)
        ring_mask = pen.area(
            ellipse(CENTRE + side * (w + 20), y + 60, 46, 88, turn=side * 6),
            holes=[ellipse(CENTRE + side * (w + 20), y + 60, 39, 80, turn=side * 6)],
        )
        pen.paint(ring_mask, look.metal, pen.relief(ring_mask, 4, 0.6))


def clock(pen: Pen, look: Look) -> None:
    """Wall clock: round or square; numerals as strokes."""
    r = look.between(255, 280)
    square = look.style == "square"
    outline = rounded(CENTRE - r, 500 - r, CENTRE + r, 500 + r, 60) if square else ellipse(CENTRE, 500, r)
    rim = look.between(22, 44)
    inner = (
        rounded(CENTRE - r + rim, 500 - r + rim, CENTRE + r - rim, 500 + r - rim, 40)
        if square
        else ellipse(CENTRE, 500, r - rim)
    )
    case = pen.area(outline)
    look.cloth(pen, case, radius=16, depth=0.75)
    face = pen.area(inner)
    dial = CREAM if look.chance(0.7) else tone(look.base, 0.75)
    pen.paint(face, dial, pen.relief(face, 26, -0.3))
    ink = DARK if luminance(dial) > 0.4 else CREAM
    reach = r - rim - 18
    style = int(look.rng.integers(3))
    for hour in range(12):
        a = math.radians(hour * 30)
        dx, dy = math.sin(a), -math.cos(a)
        if style == 0:
            pen.paint(
                pen.area(
                    ellipse(CENTRE + dx * (reach - 12), 500 + dy * (reach - 12), 12 if hour % 3 == 0 else 7)
                ),
                look.base if hour % 3 == 0 else ink,
            )
        elif style == 1 or hour % 3 == 0:
            length = 46 if hour % 3 == 0 else 24
            tick = np.array(
                [
                    (CENTRE + dx * (reach - length), 500 + dy * (reach - length)),
                    (CENTRE + dx * reach, 500 + dy * reach),
                ]
            )
            pen.paint(pen.line(tick, 12 if hour % 3 == 0 else 7, round_ends=False), ink)
    hour_at, minute_at = look.between(0, 2 * math.pi), look.between(0, 2 * math.pi)
    for a, reached, width in ((hour_at, 0.5, 17), (minute_at, 0.76, 12)):
        hand = pen.line(
            np.array(
                [
                    (CENTRE - math.sin(a) * 34, 500 + math.cos(a) * 34),
                    (CENTRE + math.sin(a) * reach * reached, 500 - math.cos(a) * reach * reached),
                ]
            ),
            (width, width * 0.55),
        )
        pen.shadow(hand, blur=6, strength=0.3)
        pen.paint(hand, ink)
    a = math.radians(look.between(0, 360))
    second = pen.line(
        np.array(
            [
                (CENTRE - math.sin(a) * 50, 500 + math.cos(a) * 50),
                (CENTRE + math.sin(a) * reach * 0.8, 500 - math.cos(a) * reach * 0.8),
            ]
        ),
        4,
    )
    pen.paint(second, look.accent if luminance(look.accent) < 0.8 else (0.8, 0.28, 0.22))
    pen.paint(pen.area(ellipse(CENTRE, 500, 15)), ink)
    pen.paint(pen.area(ellipse(CENTRE, 500, 7)), look.metal)


def candle(pen: Pen, look: Look) -> None:
    """Candle: in a jar with a label, or a pillar."""
    w, top, end = look.between(140, 165), look.between(430, 470), look.between(800, 830)
    flame = pen.area(
        spline(
            [
                (CENTRE, top - 130, 0),
                (CENTRE + 26, top - 66),
                (CENTRE + 14, top - 30),
                (CENTRE, top - 24),
                (CENTRE - 14, top - 30),
                (CENTRE - 24, top - 66),
            ]
        )
    )
    jar = look.style == "jar"
    wax = tone(mix(look.base, CREAM, 0.75), 0.1) if jar else look.base
    _turned(
        pen,
        look,
        [
            (CENTRE, top),
            (CENTRE + w, top, 0),
            (CENTRE + w, end - 10, 0),
            (CENTRE + w * 0.92, end + 4),
            (CENTRE + w * 0.6, end + 22),
            (CENTRE, end + 30),
        ],
        gloss=0.4 if jar else 0.1,
        depth=0.42,
    )
    rim = pen.area(ellipse(CENTRE, top, w, 36))
    pen.paint(rim, tone(look.base, 0.3))
    pool = pen.area(ellipse(CENTRE, top + (6 if jar else 2), w - 9, 29))
    pen.paint(pool, wax, pen.ball(pool, CENTRE, top - 10, w, 0.3))
    wick = pen.line(crease((CENTRE, top + 4), (CENTRE + 3, top - 30)), 6)
    pen.paint(wick, DARK)
    halo = pen.area(ellipse(CENTRE, top - 60, 90, 100))
    glow = pen.glow(halo, CENTRE, top - 64, 40, 52)
    pen.paint(Mask(halo.alpha * glow, halo.left, halo.top), (1.0, 0.83, 0.45), opacity=0.45)
    pen.paint(flame, (1.0, 0.72, 0.25), pen.fade(flame, (CENTRE, top - 130), (CENTRE, top - 40), 0.5))
    heart = pen.area(ellipse(CENTRE, top - 50, 9, 22))
    pen.paint(heart, (1.0, 0.97, 0.85), 0.2)
    if jar:
        label = pen.area(rounded(CENTRE - 84, top + 130, CENTRE + 84, end - 70, 8))
        pen.paint(label, CREAM, pen.barrel(label, CENTRE - w, CENTRE + w, 0.2))
        pen.paint(pen.area(ellipse(CENTRE, top + 180, 22), holes=[ellipse(CENTRE, top + 180, 17)]), look.seam)
        for k, half in enumerate((54, 36)):
            pen.paint(
                pen.area(rounded(CENTRE - half, top + 216 + k * 18, CENTRE + half, top + 222 + k * 18, 3)),
                look.seam,
                opacity=0.8,
            )
    if look.pattern == "graphic" and not jar:
        emblem(pen, CENTRE, (top + end) / 2 + 30, 150, look.dye)


def bowl(pen: Pen, look: Look) -> None:
    """Bowl: deep or shallow, plain inside."""
    deep = look.style == "deep"
    w = look.between(235, 265) if deep else look.between(285, 315)
    top, end = look.between(430, 460), look.between(700, 730) if deep else look.between(620, 650)
    foot = look.between(84, 110)
    _turned(
        pen,
        look,
        [
            (CENTRE, top),
            (CENTRE + w, top, 0),
            (CENTRE + w * 0.95, top + (end - top) * 0.4),
            (CENTRE + w * 0.62, end - 26),
            (CENTRE + foot, end - 4, 0),
            (CENTRE + foot - 6, end + 20, 0),
            (CENTRE, end + 26),
        ],
        gloss=0.32,
    )
    rim = pen.area(ellipse(CENTRE, top, w, w * 0.24))
    pen.paint(rim, tone(look.base, 0.35))
    inside = pen.area(ellipse(CENTRE, top + 2, w - 9, w * 0.24 - 7))
    inner = CREAM if look.chance(0.6) else tone(look.base, 0.3)
    pen.paint(
        inside,
        inner,
        pen.fade(inside, (CENTRE + w, top + 20), (CENTRE - w, top - 20), -0.4)
        + pen.fade(inside, (CENTRE, top - 30), (CENTRE, top + 50), 0.12),
    )
    if look.chance(0.3):
        ring_mask = pen.line(arc(CENTRE, top + 2, w - 26, w * 0.24 - 18, 0, 359), 6, round_ends=False)
        pen.paint(ring_mask & inside, look.accent, opacity=0.8)
