"""The demo's catalogue: products with random properties, and pictures drawn from the properties."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from snapshelf.demo.backdrop import studio_photo, to_image
from snapshelf.demo.colours import BRASS, HUES, METAL, STEEL
from snapshelf.demo.kinds import GENDERS, KINDS, MATERIALS, Kind
from snapshelf.demo.look import Look
from snapshelf.demo.patterns import PATTERNS, Dye, pattern
from snapshelf.demo.studio import Colour, Pen, luminance

if TYPE_CHECKING:
    from collections.abc import Iterator

PHOTO_HEIGHT = 480
"""Height of a product photo in pixels; the width follows (4:5)."""

_BRANDS = (
    "Lumen & Oak",
    "Quillmere",
    "Pebble Orchard",
    "Novelle Tide",
    "Fernbrook Loom",
    "Harrowby Finch",
    "Mistral Teasel",
    "Ostrava Wren",
    "Saffronmere",
    "Tindle & Thorn",
    "Velmarrow",
    "Wickerdale",
    "Juniper Slate",
    "Koto Meadow",
    "Brindlewick",
    "Aurelmoss",
    "Cloudberry Yard",
    "Dovetail Harbour",
)

_CLOSING_SENTENCES = {
    # The second half of a description, English and Chinese, by department.
    "Clothing": (
        ("An easy cut for every day.", "版型利落，日常百搭。"),
        ("Soft to the touch and made to last.", "触感柔软，经久耐穿。"),
        ("Pairs well with denim and knitwear.", "搭配牛仔与针织都合适。"),
    ),
    "Shoes": (
        ("A cushioned insole for long days.", "缓震鞋垫，久走不累。"),
        ("A grippy sole and a clean shape.", "防滑鞋底，线条简洁。"),
    ),
    "Bags": (
        ("Room for the day, with an inside pocket.", "容量充足，内设隔层。"),
        ("Sturdy seams and smooth zips.", "走线结实，拉链顺滑。"),
    ),
    "Accessories": (
        ("A small thing that finishes the look.", "小小一件，点亮整身穿搭。"),
        ("Comes in a gift box.", "附赠礼盒包装。"),
    ),
    "Jewellery": (
        ("Polished by hand, kind to the skin.", "手工抛光，亲肤不易过敏。"),
        ("Comes in a gift box.", "附赠礼盒包装。"),
    ),
    "Home": (
        ("Brings a warm note to any room.", "为居室添一份暖意。"),
        ("Made in small batches.", "小批量制作，质感十足。"),
    ),
    "Electronics": (
        ("Clear sound and a long-lasting battery.", "音质清晰，续航持久。"),
        ("Folds small for travel.", "可折叠收纳，出行方便。"),
    ),
}


@dataclass(frozen=True, slots=True)
class DemoProduct:
    """A product of the drawn catalogue: its fields, and how to draw it.

    Parameters
    ----------
    id, group_id : str
        Id of the product, and of the group of its colour variants.
    kind, style, colour, pattern : str
        English names, for example ``"dress"``, ``"midi"``, ``"red"``, ``"floral"``.
    material, gender : str or None
        English names; gender is ``"women"``, ``"men"``, ``"unisex"`` or None for things.
    sizes : tuple of str
        Sizes; empty for a single size.
    brand : str
        An invented name.
    title_en, title_zh, description_en, description_zh : str
        For example ``"Women's Red Floral Dress"`` and ``"女士红色碎花连衣裙"``.
    price : float
        Amount in `currency`.
    currency : str
        ISO 4217.
    stock : int
        Pieces in stock; 0 when sold out.
    category : tuple of str
        Category path.
    url : str
        Address of the product's page, which does not exist.
    seed : tuple of int
        Random seed of the product's shape, shared by the variants of a group.
    """

    id: str
    group_id: str
    kind: str
    style: str
    colour: str
    pattern: str
    material: str | None
    gender: str | None
    sizes: tuple[str, ...]
    brand: str
    title_en: str
    title_zh: str
    description_en: str
    description_zh: str
    price: float
    currency: str
    stock: int
    category: tuple[str, ...]
    url: str
    seed: tuple[int, ...] = field(repr=False)

    @property
    def title(self) -> str:
        """English and Chinese title in one line."""
        return f"{self.title_en} {self.title_zh}"

    @property
    def description(self) -> str:
        """English and Chinese description in one line."""
        return f"{self.description_en} {self.description_zh}"

    @property
    def availability(self) -> str:
        """``"in_stock"`` or ``"out_of_stock"``."""
        return "in_stock" if self.stock else "out_of_stock"

    def photo(self, height: int = PHOTO_HEIGHT) -> Image.Image:
        """Draw the product on a light studio background.

        Parameters
        ----------
        height : int
            In pixels; the width follows (4:5).

        Returns
        -------
        Image
            RGB.
        """
        pen = _drawn(self, height)
        return studio_photo(pen, stands=KINDS[self.kind].stands, tint=sum(self.seed))

    def cutout(self, height: int = PHOTO_HEIGHT) -> Image.Image:
        """Draw the product alone.

        Parameters
        ----------
        height : int
            In pixels; the width follows (4:5).

        Returns
        -------
        Image
            RGBA, transparent around the product; alpha is not premultiplied.
        """
        pen = _drawn(self, height)
        cut = to_image(pen.colour / np.maximum(pen.alpha, 1e-6))
        cut.putalpha(Image.fromarray((pen.alpha * np.float32(255) + np.float32(0.5)).astype(np.uint8)))
        return cut


@lru_cache(maxsize=2)
def _drawn(product: DemoProduct, height: int) -> Pen:
    """Draw a product; cached, because photo and cut-out are often drawn in turn."""
    kind = KINDS[product.kind]
    # The shape is the group's: the colour must not change how many random numbers it takes.
    rng = np.random.default_rng([*product.seed, 0])
    dye = _dye(product.colour, [*product.seed, 1])
    metal = (STEEL, BRASS)[int(rng.integers(2))]
    if product.colour in METAL:
        metal = dye.base
    look = Look(
        dye, pattern(product.pattern, dye), product.pattern, product.material or "", product.style, metal, rng
    )
    pen = Pen(height)
    with pen.placed(zoom=kind.zoom):
        kind.draw(pen, look)
    # Standing products are seen slightly from above: their foot is nearer to the lower edge.
    pen.centre(lower=0.03 if kind.stands else 0.0)
    return pen


def _tint(name: str, rng: np.random.Generator) -> Colour:
    tints = HUES[name].tints
    red, green, blue = tints[int(rng.integers(len(tints)))]
    # A small change of hue: greys must stay grey.
    shift = rng.uniform(-0.025, 0.025) + rng.uniform(-0.006, 0.006, size=3)
    return (
        float(np.clip(red + shift[0], 0, 1)),
        float(np.clip(green + shift[1], 0, 1)),
        float(np.clip(blue + shift[2], 0, 1)),
    )


def _dye(name: str, seed: list[int]) -> Dye:
    """Choose two colours that match the first and differ from it."""
    rng = np.random.default_rng(seed)
    size, chance = float(rng.uniform(34, 62)), int(rng.integers(2**31))
    base = _tint(name, rng)
    friends = HUES[name].friends
    first, second = (friends[int(k)] for k in rng.permutation(len(friends))[:2])
    accent, third = _tint(first, rng), _tint(second, rng)
    if abs(luminance(accent) - luminance(base)) < 0.15:
        accent, third = third, accent
    return Dye(base, accent, third, size, chance)


def draw_catalogue(count: int = 1500, seed: int = 7) -> Iterator[DemoProduct]:
    """Generate a catalogue of random products; their pictures are drawn on demand.

    Parameters
    ----------
    count : int
        Number of products, counting each variant.
    seed : int
        The same count and seed give the same products and the same pixels.

    Yields
    ------
    DemoProduct
        In random order, so that the variants of a group are apart.
    """
    rng = np.random.default_rng([seed, 0])
    round_of_kinds = [kind for kind in KINDS.values() for _ in range(kind.share)]
    products: list[DemoProduct] = []
    group = 0
    while len(products) < count:
        for number in rng.permutation(len(round_of_kinds)):
            group += 1
            products.extend(_group(round_of_kinds[int(number)], group, seed))
    kept = products[:count]
    for number in rng.permutation(len(kept)):
        yield kept[int(number)]


def _group(kind: Kind, number: int, seed: int) -> Iterator[DemoProduct]:
    """Generate the colour variants of a design."""
    rng = np.random.default_rng([seed, number])

    def pick(choices: tuple[str, ...]) -> str:
        return choices[int(rng.integers(len(choices)))]

    weights = np.array(list(kind.patterns.values()))
    print_name = str(rng.choice(list(kind.patterns), p=weights / weights.sum()))
    style = pick(tuple(kind.styles))
    material = _material(kind, style, pick(tuple(kind.materials)))
    gender = pick(kind.genders) if kind.genders else None
    variants = min(len(kind.colours), int(rng.choice([1, 2, 3, 4], p=[0.3, 0.35, 0.25, 0.1])))
    colours = [kind.colours[int(k)] for k in rng.permutation(len(kind.colours))[:variants]]
    brand = pick(_BRANDS)
    named = rng.random() < 0.65
    name = kind.styles[style] if named else (kind.en, kind.zh)
    says_material = kind.materials.get(material, False) and rng.random() < 0.5 and material in MATERIALS
    low, high = kind.price
    # Most prices are near the lower end; prices end in 9.
    price = round((low + (high - low) * rng.random() ** 1.7) / 10) * 10 - 1
    sizes = _sizes(kind, rng)
    closing = _CLOSING_SENTENCES[kind.category[0]][
        int(rng.integers(len(_CLOSING_SENTENCES[kind.category[0]])))
    ]
    slug = kind.name.replace(" ", "-")
    group_id = f"{slug}-{number:04d}"
    for colour in colours:
        words = [
            *([GENDERS[gender]] if gender else []),
            (colour.title(), HUES[colour].zh),
            *([PATTERNS[print_name]] if print_name != "solid" else []),
            *([MATERIALS[material]] if says_material else []),
            name,
        ]
        title_en, title_zh = " ".join(en for en, _ in words), "".join(zh for _, zh in words)
        product_id = f"{group_id}-{colour.replace(' ', '-')}"
        yield DemoProduct(
            id=product_id,
            group_id=group_id,
            kind=kind.name,
            style=style,
            colour=colour,
            pattern=print_name,
            material=material,
            gender=gender,
            sizes=sizes,
            brand=brand,
            title_en=title_en,
            title_zh=title_zh,
            description_en=f"{title_en} by {brand}. {closing[0]}",
            description_zh=f"{brand} {title_zh}，{closing[1]}",
            price=float(price),
            currency="CNY",
            stock=0 if rng.random() < 0.1 else int(rng.integers(1, 200)),
            category=kind.category,
            url=f"https://demo.snapshelf.example/products/{product_id}",
            seed=(seed, number),
        )


_STYLE_MATERIALS = {
    # Styles with a fixed material.
    ("jacket", "denim"): "denim",
    ("hat", "straw"): "straw",
    ("hat", "bucket"): "cotton",
    ("scarf", "square"): "silk",
    ("watch", "leather"): "leather",
    ("watch", "smart"): "silicone",
}


def _material(kind: Kind, style: str, material: str) -> str:
    if kind.name == "scarf" and style == "long" and material == "silk":
        return "wool"
    return _STYLE_MATERIALS.get((kind.name, style), material)


def _sizes(kind: Kind, rng: np.random.Generator) -> tuple[str, ...]:
    """Choose a range of adjacent sizes."""
    if len(kind.sizes) < 4:
        return kind.sizes
    length = int(rng.integers(3, len(kind.sizes) + 1))
    start = int(rng.integers(len(kind.sizes) - length + 1))
    return kind.sizes[start : start + length]
