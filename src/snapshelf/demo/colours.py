"""The palette: colours with their names and matching colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snapshelf.demo.studio import Colour


def _rgb(code: str) -> Colour:
    return (int(code[0:2], 16) / 255, int(code[2:4], 16) / 255, int(code[4:6], 16) / 255)


@dataclass(frozen=True, slots=True)
class Hue:
    """A named colour: its tints as dyed cloth, and the names of matching colours."""

    en: str
    zh: str
    tints: tuple[Colour, ...]
    friends: tuple[str, ...]


def _hue(en: str, zh: str, tints: str, friends: str) -> Hue:
    return Hue(en, zh, tuple(map(_rgb, tints.split())), tuple(friends.split(",")))


HUES = {
    hue.en: hue
    for hue in (
        _hue("black", "黑色", "26262b 2b2a2c 1f2127", "white,grey,red,gold,beige"),
        _hue("white", "白色", "f3f2ef f5f4f2 efeeea", "navy blue,black,red,green,blue"),
        _hue("grey", "灰色", "8f9399 a3a6aa 787c83", "white,black,yellow,pink,navy blue"),
        _hue("beige", "米色", "dccdb4 e3d7c3 d2bfa3", "brown,white,navy blue,olive,orange"),
        _hue("khaki", "卡其色", "b59f76 c0ab83 a8916a", "white,navy blue,brown,olive,black"),
        _hue("brown", "棕色", "7a4e33 8c5d3e 64402b", "beige,white,orange,black,green"),
        _hue("red", "红色", "c5323a b82a30 d1413f", "white,navy blue,black,beige,pink"),
        _hue("burgundy", "酒红色", "6b1f33 7a2740 5c1b2d", "beige,pink,white,gold,grey"),
        _hue("pink", "粉色", "e9a3b2 f0b6c0 df8fa3", "white,grey,red,navy blue,green"),
        _hue("orange", "橙色", "e27b36 d96c2b ea8e4c", "white,navy blue,beige,brown,teal"),
        _hue("yellow", "黄色", "edbf3f f0ca5a e3b02f", "white,navy blue,grey,black,teal"),
        _hue("green", "绿色", "3f8a58 4c9566 2f7b4a", "white,beige,pink,yellow,navy blue"),
        _hue("olive", "橄榄绿", "6d6f42 7b7c4d 5f6239", "beige,white,orange,black,yellow"),
        _hue("teal", "蓝绿色", "2a8a8c 35989a 247d80", "white,orange,yellow,beige,navy blue"),
        _hue("light blue", "浅蓝色", "9cc3e0 aacde6 8fb8d8", "white,navy blue,yellow,pink,grey"),
        _hue("blue", "蓝色", "3d74b8 4b84c6 3266a8", "white,navy blue,orange,yellow,grey"),
        _hue("navy blue", "藏青色", "27355a 2d3c66 212d4e", "white,red,beige,pink,yellow"),
        _hue("purple", "紫色", "75559b 8464a9 67478c", "white,pink,yellow,grey,navy blue"),
        _hue("gold", "金色", "d3a852 dab364 c89b43", "white,black,beige"),
        _hue("silver", "银色", "c3c7cc ced1d5 b6babf", "white,black,blue"),
    )
}
"""By English name. Gold and silver are for metal things."""

CLOTH = tuple(name for name in HUES if name not in {"gold", "silver"})
"""Colours that cloth comes in."""
LEATHER = (
    "black",
    "brown",
    "beige",
    "khaki",
    "grey",
    "navy blue",
    "white",
    "red",
    "burgundy",
    "green",
    "pink",
)
"""Colours that leather comes in."""
DENIM = ("blue", "light blue", "navy blue", "black", "grey", "white")
"""Colours that denim comes in."""
METAL = ("gold", "silver")
"""Colours of jewellery."""
STEEL: Colour = _rgb("bfc3c8")
BRASS: Colour = _rgb("cfa75a")
WOOD: Colour = _rgb("b98756")
DARK: Colour = _rgb("2a2a2e")
CREAM: Colour = _rgb("f4efe6")
