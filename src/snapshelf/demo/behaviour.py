"""Shoppers whose tastes are known: what they search for, look at, click, put into the cart and buy."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from snapshelf.demo.kinds import KINDS
from snapshelf.demo.products import DemoProduct

_DAY = 86_400.0
_LIST = 24
"""Products of one list."""
_OF_KIND = 16
_DISLIKED = 0.04
"""What is left of the taste for each thing that does not please: kind, colour, print."""
_CLICKED = 0.9
"""Probability to click what was looked at, is what was searched for, and pleases in everything."""
_SWAPPED = 0.5
"""Share of the lists in which two neighbours were exchanged by chance."""
_OWN_KIND, _OWN_COLOUR = 0.8, 0.25
"""Share of the crowd's searches for a loved kind (the personas search for nothing else), and of those that name a
loved colour."""
_CART, _BUY, _OUTFIT, _AGAIN = 0.35, 0.6, 0.6, 0.8
"""Probabilities: clicked → cart, cart → bought, bought → something that goes with it, bought → again weeks later."""
_REPEATED = frozenset({"socks", "candle"})
_ELSEWHERE = 0.3
"""Relevance of what is of the same aisle but not the kind that was searched for; other things have a tenth."""

_GOES_WITH: Mapping[str, tuple[str, ...]] = {
    "dress": ("heels", "handbag", "necklace", "earrings"),
    "skirt": ("shirt", "sweater", "heels", "handbag"),
    "trousers": ("shirt", "belt", "loafers", "coat"),
    "jeans": ("t-shirt", "casual shoes", "cap", "belt"),
    "shirt": ("trousers", "tie", "belt", "watch"),
    "coat": ("scarf", "boots", "gloves", "hat"),
    "t-shirt": ("jeans", "casual shoes", "cap"),
    "hoodie": ("jeans", "casual shoes", "beanie"),
    "sports shoes": ("socks", "shorts", "water bottle", "cap"),
    "casual shoes": ("socks", "jeans", "backpack"),
    "shorts": ("t-shirt", "sports shoes", "cap"),
    "heels": ("dress", "handbag"),
    "handbag": ("wallet", "sunglasses", "scarf"),
    "mug": ("teapot", "bowl", "candle"),
    "teapot": ("mug", "bowl"),
    "bowl": ("mug", "teapot"),
    "vase": ("candle", "cushion"),
    "lamp": ("chair", "cushion", "clock"),
    "cushion": ("chair", "candle", "lamp"),
    "chair": ("cushion", "lamp"),
}


def examination(rank: int) -> float:
    """Probability that a shopper looks at a rank, from 1: 1 / rank, as in the click model of positions.

    Craswell et al., "An experimental comparison of click position-bias models", WSDM 2008.
    """
    return 1.0 / rank


@dataclass(frozen=True, slots=True)
class Persona:
    """A way of liking things.

    Parameters
    ----------
    id : str
        Also the name of the shopper in the demo who is nothing but that.
    en, zh : str
        What the demo calls the shopper.
    likes_en, likes_zh : str
        The taste in a few words.
    kinds : tuple of str
        Loved kinds; the shopper searches for them most.
    colours, patterns : tuple of str
        Loved ones; empty where all please.
    gender : str or None
        For whom clothes must be; None where that does not matter.
    price : float or None
        Yuan above which the pleasure falls; None where money does not matter.
    """

    id: str
    en: str
    zh: str
    likes_en: str
    likes_zh: str
    kinds: tuple[str, ...]
    colours: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    gender: str | None = None
    price: float | None = None

    def taste(self, product: DemoProduct) -> float:
        """How much a product pleases, 0 to 1: the known truth."""
        pleased = 1.0 if product.kind in self.kinds else _DISLIKED
        pleased *= 1.0 if not self.colours or product.colour in self.colours else _DISLIKED
        pleased *= 1.0 if not self.patterns or product.pattern in self.patterns else 4 * _DISLIKED
        if self.gender and product.gender not in (self.gender, "unisex", None):
            pleased *= _DISLIKED
        if self.price is not None:
            pleased *= min(1.0, (self.price / product.price) ** 2)
        # What is not of a loved kind may be looked for too, and then colour and price decide.
        return max(pleased, 0.002)


PERSONAS = (
    Persona(
        "mei",
        "Mei",
        "小美",
        "red dresses and what goes with them",
        "爱红色连衣裙和配饰",
        ("dress", "skirt", "heels", "handbag", "necklace", "earrings"),
        ("red", "burgundy", "pink"),
        gender="women",
    ),
    Persona(
        "leo",
        "Leo",
        "阿力",
        "runs: sports shoes, shorts, bottles",
        "爱跑步：跑鞋、短裤、水壶",
        ("sports shoes", "casual shoes", "shorts", "socks", "water bottle", "cap", "headphones"),
        ("blue", "light blue", "navy blue", "green", "teal", "yellow"),
        gender="men",
    ),
    Persona(
        "nora",
        "Nora",
        "诺拉",
        "black, white and grey, nothing loud",
        "极简黑白灰，不要花纹",
        ("dress", "shirt", "coat", "trousers", "sweater", "boots", "handbag", "watch", "backpack"),
        ("black", "grey", "white"),
        ("solid",),
        gender="women",
    ),
    Persona(
        "tom",
        "Tom",
        "老唐",
        "home and kitchen in warm colours",
        "爱居家和厨房，暖色调",
        ("mug", "teapot", "bowl", "vase", "lamp", "cushion", "candle", "chair", "clock"),
        ("beige", "brown", "orange", "yellow", "khaki", "red"),
    ),
    Persona(
        "bao",
        "Bao",
        "小宝",
        "bargains, whatever the colour",
        "专找便宜货",
        ("t-shirt", "socks", "cap", "mug", "tote bag", "beanie", "scarf", "belt", "wallet"),
        price=79.0,
    ),
)
"""The tastes there are, and the shoppers of the demo who have one of them each."""


@dataclass(frozen=True)
class Behaviour:
    """What the shoppers did, and the truth behind it.

    Parameters
    ----------
    lines : list of dict
        Searches and events in the shape of UBI 1.3, by time.
    personas : mapping
        Shopper → persona.
    """

    lines: list[dict[str, Any]] = field(default_factory=list)
    personas: dict[str, Persona] = field(default_factory=dict)


def simulate(
    products: Sequence[DemoProduct],
    *,
    shoppers: int = 250,
    sessions: int = 8,
    days: float = 60.0,
    until: float,
    seed: int = 7,
) -> Behaviour:
    """Let shoppers of known tastes search a shop.

    In each session a shopper wants a kind of thing, mostly a loved one, and gets a list that fits it and does not know
    the shopper: relevance with noise, in half of the lists one pair of neighbours exchanged. Rank r is looked at with
    probability 1 / r; what is looked at is clicked with probability 0.9 · relevance · taste; then carts, purchases,
    something that goes with it, and the same again weeks later for what is used up.

    Parameters
    ----------
    products : sequence of DemoProduct
    shoppers : int
        Of the crowd, beside one shopper for each persona.
    sessions : int
        Of each shopper.
    days : float
        Over which they are spread.
    until : float
        Unix seconds at which it ends.
    seed : int
        The same seed, products and numbers give the same behaviour.
    """
    told = Behaviour()
    of_kind: dict[str, list[DemoProduct]] = defaultdict(list)
    for product in products:
        of_kind[product.kind].append(product)
    people = [(persona.id, persona, 3 * sessions, 1.0) for persona in PERSONAS]
    people += [
        (f"demo-{number:04d}", PERSONAS[number % len(PERSONAS)], sessions, _OWN_KIND)
        for number in range(shoppers)
    ]
    for number, (shopper, persona, visits, own_kind) in enumerate(people):
        told.personas[shopper] = persona
        draw = np.random.default_rng([seed, number])
        walk = _Walk(shopper, persona, list(products), of_kind, draw, until, own_kind, told.lines)
        for visit, part in enumerate(np.sort(draw.random(visits))):
            walk.visit(visit, until - days * _DAY * (1 - part) - 3_600)
    told.lines.sort(key=lambda line: line["timestamp"])
    return told


class _Walk:
    """One shopper on the way through the shop."""

    def __init__(
        self,
        shopper: str,
        persona: Persona,
        products: list[DemoProduct],
        of_kind: Mapping[str, list[DemoProduct]],
        draw: np.random.Generator,
        until: float,
        own_kind: float,
        lines: list[dict[str, Any]],
    ) -> None:
        self._shopper = shopper
        self._persona = persona
        self._products = products
        self._of_kind = of_kind
        self._draw = draw
        self._until = until
        self._own_kind = own_kind
        self._lines = lines
        self._events: Counter[str] = Counter()

    def visit(self, number: int, at: float) -> None:
        draw, persona = self._draw, self._persona
        loved = [kind for kind in persona.kinds if self._of_kind.get(kind)]
        kinds = loved if loved and draw.random() < self._own_kind else list(self._of_kind)
        kind = kinds[int(draw.integers(len(kinds)))]
        colour = ""
        if persona.colours and draw.random() < _OWN_COLOUR:
            colour = persona.colours[int(draw.integers(len(persona.colours)))]
        shown, relevance = self._list(kind, colour)
        query = f"{self._shopper}-q{number}"
        shown, relevance, propensities = self._exchanged(shown, relevance)
        self._lines.append(
            {
                "query_id": query,
                "client_id": self._shopper,
                "timestamp": at,
                "user_query": f"{colour} {KINDS[kind].en.lower()}".strip(),
                "query_response_hit_ids": [product.id for product in shown],
                "query_attributes": {
                    "relevance": [round(float(one), 4) for one in relevance],
                    "channels": {"title": [round(float(one), 4) for one in relevance]},
                    "propensities": propensities,
                },
            }
        )
        for rank, product in enumerate(shown, 1):
            asked = 1.0 if product.kind == kind else _ELSEWHERE
            if colour and product.colour != colour:
                asked *= 0.5
            if draw.random() < examination(rank) and draw.random() < _CLICKED * asked * self._pleased(
                product, kind
            ):
                self._takes(product, at + 5 + 20 * rank, query, rank)

    def _pleased(self, product: DemoProduct, kind: str) -> float:
        """Taste for a product when its kind is what was searched for: then the kind itself is no fault."""
        pleased = self._persona.taste(product)
        return pleased if kind in self._persona.kinds else min(1.0, pleased / _DISLIKED)

    def _list(self, kind: str, colour: str) -> tuple[list[DemoProduct], list[float]]:
        """What an impersonal search shows for a kind, and a colour if it was named."""
        draw = self._draw
        aisle = KINDS[kind].category[:1]
        own = self._some(self._of_kind[kind], _OF_KIND)
        others = [other for other in self._of_kind if other != kind and KINDS[other].category[:1] == aisle]
        near = [product for other in others for product in self._of_kind[other]]
        found = [*own, *self._some(near, _LIST - len(own) - 2), *self._some(self._products, 2)]
        found = list({product.id: product for product in found}.values())
        scores = []
        for product in found:
            asked = 1.0 if product.kind == kind else _ELSEWHERE
            named = 0.3 if colour and product.colour == colour else 0.0
            scores.append(asked + named + 0.15 * draw.normal())
        order = np.argsort(-np.array(scores), kind="stable")
        return [found[place] for place in order], [scores[place] for place in order]

    def _some(self, products: Sequence[DemoProduct], count: int) -> list[DemoProduct]:
        places = self._draw.permutation(len(products))[: max(count, 0)]
        return [products[int(place)] for place in places]

    def _exchanged(
        self, shown: list[DemoProduct], relevance: list[float]
    ) -> tuple[list[DemoProduct], list[float], list[float]]:
        """Exchange one pair of neighbours by chance; returns also how probable each place was."""
        pairs = min(9, len(shown) - 1)
        each = _SWAPPED / max(pairs, 1)
        propensities = [
            round(1 - each * ((place < pairs) + (0 < place <= pairs)), 6) for place in range(len(shown))
        ]
        if pairs > 0 and self._draw.random() < _SWAPPED:
            place = int(self._draw.integers(pairs))
            shown[place : place + 2] = shown[place : place + 2][::-1]
            relevance[place : place + 2] = relevance[place : place + 2][::-1]
            propensities[place] = propensities[place + 1] = round(each, 6)
        return shown, relevance, propensities

    def _takes(self, product: DemoProduct, at: float, query: str, rank: int) -> None:
        draw = self._draw
        self._does("click", product, at, query, rank)
        if draw.random() > _CART:
            return
        self._does("cart", product, at + 40, query, rank)
        if draw.random() > _BUY:
            return
        self._does("purchase", product, at + 300, query, rank)
        self._goes_with(product, at + 300)
        if product.kind in _REPEATED:
            again = at + 300
            while (
                draw.random() < _AGAIN and (again := again + _DAY * float(draw.uniform(8, 16))) < self._until
            ):
                self._does("purchase", product, again)

    def _goes_with(self, product: DemoProduct, at: float) -> None:
        """Buy something that goes with it in the same basket: what pleases most of a few."""
        others = [kind for kind in _GOES_WITH.get(product.kind, ()) if self._of_kind.get(kind)]
        if not others or self._draw.random() > _OUTFIT:
            return
        kind = others[int(self._draw.integers(len(others)))]
        some = self._some(self._of_kind[kind], 12)
        best = max(some, key=lambda one: (self._pleased(one, kind), one.colour == product.colour))
        self._does("click", best, at - 60)
        self._does("purchase", best, at)

    def _does(
        self, action: str, product: DemoProduct, at: float, query: str | None = None, rank: int | None = None
    ) -> None:
        self._events[action] += 1
        line: dict[str, Any] = {
            "action_name": action,
            "client_id": self._shopper,
            "timestamp": at,
            "event_id": f"{self._shopper}-{action}-{self._events[action]}",
            "event_attributes": {"object": {"object_id": product.id}},
        }
        if query is not None:
            line["query_id"] = query
            line["event_attributes"]["position"] = {"ordinal": rank}
        self._lines.append(line)
