"""Simulated shoppers with known tastes: searches, impressions, clicks, cart additions and purchases."""

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
"""Products of an impression."""
_OF_SEARCHED_KIND = 16
_DISLIKED = 0.04
"""Factor of the taste for each disliked trait: kind, colour, print."""
_CLICKED = 0.9
"""Click probability of an examined, fully relevant product that matches the taste in every trait."""
_SWAPPED = 0.5
"""Share of the impressions in which two adjacent products are swapped at random."""
_OWN_KIND, _OWN_COLOUR = 0.8, 0.25
"""Share of the crowd's searches for a preferred kind (the personas search for no other), and of those that name a
preferred colour."""
_CART, _PURCHASE, _COMPLEMENT, _REPURCHASE = 0.35, 0.6, 0.6, 0.8
"""Probabilities: click → cart, cart → purchase, purchase → complement, purchase → repurchase weeks later."""
_CONSUMABLE = frozenset({"socks", "candle"})
_OTHER_KIND = 0.3
"""Relevance of products of another kind than was searched for."""

_COMPLEMENTS: Mapping[str, tuple[str, ...]] = {
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
    """Return the examination probability of a rank: 1 / rank (position-based click model).

    Craswell et al., "An experimental comparison of click position-bias models", WSDM 2008.

    Parameters
    ----------
    rank : int
        From 1.
    """
    return 1.0 / rank


@dataclass(frozen=True, slots=True)
class Persona:
    """A taste, the known truth of simulated shoppers.

    Parameters
    ----------
    id : str
        Also the id of the demo's shopper with exactly this taste.
    en, zh : str
        Name of that shopper.
    likes_en, likes_zh : str
        The taste in a few words.
    kinds : tuple of str
        Preferred kinds of products, which the shopper searches for most.
    colours, patterns : tuple of str
        Preferred colours and patterns; empty for no preference.
    gender : str or None
        Gender of the clothes; None for no preference.
    price : float or None
        Price in yuan above which the taste decreases; None for no limit.
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
        """Return how much a product matches the taste, 0 to 1."""
        taste = 1.0 if product.kind in self.kinds else _DISLIKED
        taste *= 1.0 if not self.colours or product.colour in self.colours else _DISLIKED
        taste *= 1.0 if not self.patterns or product.pattern in self.patterns else 4 * _DISLIKED
        if self.gender and product.gender not in (self.gender, "unisex", None):
            taste *= _DISLIKED
        if self.price is not None:
            taste *= min(1.0, (self.price / product.price) ** 2)
        # A positive minimum: shoppers search for other kinds, too, and then colour and price decide.
        return max(taste, 0.002)


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
"""All tastes, with the demo's shopper of each."""


@dataclass(frozen=True)
class Behaviour:
    """Simulated events and the true tastes behind them.

    Parameters
    ----------
    lines : list of dict
        Searches and events in the format of UBI 1.3, sorted by time.
    personas : mapping
        Shopper id → persona.
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
    """Simulate shoppers with known tastes in a shop.

    In each session a shopper searches for a kind of product, mostly a preferred kind, and gets a non-personalised
    ranking: relevance with noise; in half of the impressions two adjacent products are swapped. Rank r is examined
    with probability 1 / r; an examined product is clicked with probability 0.9 · relevance · taste. Cart additions,
    purchases, complements, and repurchases of consumables weeks later follow.

    Parameters
    ----------
    products : sequence of DemoProduct
    shoppers : int
        Size of the crowd, in addition to a shopper for each persona.
    sessions : int
        Sessions of each shopper; personas have three times as many.
    days : float
        Period of the sessions.
    until : float
        End of the period, in Unix seconds.
    seed : int
        The same seed, products and numbers give the same behaviour.

    Returns
    -------
    Behaviour
    """
    behaviour = Behaviour()
    of_kind: dict[str, list[DemoProduct]] = defaultdict(list)
    for product in products:
        of_kind[product.kind].append(product)
    shopper_plans = [(persona.id, persona, 3 * sessions, 1.0) for persona in PERSONAS]
    shopper_plans += [
        (f"demo-{number:04d}", PERSONAS[number % len(PERSONAS)], sessions, _OWN_KIND)
        for number in range(shoppers)
    ]
    for number, (shopper, persona, visits, own_kind) in enumerate(shopper_plans):
        behaviour.personas[shopper] = persona
        rng = np.random.default_rng([seed, number])
        simulation = _Shopper(
            shopper, persona, list(products), of_kind, rng, until, own_kind, behaviour.lines
        )
        for session, part in enumerate(np.sort(rng.random(visits))):
            simulation.session(session, until - days * _DAY * (1 - part) - 3_600)
    behaviour.lines.sort(key=lambda line: line["timestamp"])
    return behaviour


class _Shopper:
    """Simulation of a shopper's sessions."""

    def __init__(
        self,
        shopper: str,
        persona: Persona,
        products: list[DemoProduct],
        of_kind: Mapping[str, list[DemoProduct]],
        rng: np.random.Generator,
        until: float,
        own_kind: float,
        lines: list[dict[str, Any]],
    ) -> None:
        self._shopper = shopper
        self._persona = persona
        self._products = products
        self._of_kind = of_kind
        self._rng = rng
        self._until = until
        self._own_kind = own_kind
        self._lines = lines
        self._events: Counter[str] = Counter()

    def session(self, number: int, at: float) -> None:
        rng, persona = self._rng, self._persona
        preferred = [kind for kind in persona.kinds if self._of_kind.get(kind)]
        kinds = preferred if preferred and rng.random() < self._own_kind else list(self._of_kind)
        kind = kinds[int(rng.integers(len(kinds)))]
        colour = ""
        if persona.colours and rng.random() < _OWN_COLOUR:
            colour = persona.colours[int(rng.integers(len(persona.colours)))]
        shown, relevance = self._ranking(kind, colour)
        query = f"{self._shopper}-q{number}"
        shown, relevance, propensities = self._swap_neighbours(shown, relevance)
        self._lines.append(
            {
                "query_id": query,
                "client_id": self._shopper,
                "timestamp": at,
                "user_query": f"{colour} {KINDS[kind].en.lower()}".strip(),
                "query_response_hit_ids": [product.id for product in shown],
                "query_attributes": {
                    "relevance": [round(float(score), 4) for score in relevance],
                    "contributions": {"text_title": [round(float(score), 4) for score in relevance]},
                    "propensities": propensities,
                },
            }
        )
        for rank, product in enumerate(shown, 1):
            true_relevance = 1.0 if product.kind == kind else _OTHER_KIND
            if colour and product.colour != colour:
                true_relevance *= 0.5
            attraction = _CLICKED * true_relevance * self._taste(product, kind)
            if rng.random() < examination(rank) and rng.random() < attraction:
                self._click(product, at + 5 + 20 * rank, query, rank)

    def _taste(self, product: DemoProduct, kind: str) -> float:
        """Return the taste for a product, without the penalty on its kind if that kind was searched for."""
        taste = self._persona.taste(product)
        return taste if kind in self._persona.kinds else min(1.0, taste / _DISLIKED)

    def _ranking(self, kind: str, colour: str) -> tuple[list[DemoProduct], list[float]]:
        """Return a non-personalised ranking for a kind, and a colour if it was named, with scores."""
        rng = self._rng
        parent_category = KINDS[kind].category[:1]
        own = self._sample(self._of_kind[kind], _OF_SEARCHED_KIND)
        others = [
            other for other in self._of_kind if other != kind and KINDS[other].category[:1] == parent_category
        ]
        near = [product for other in others for product in self._of_kind[other]]
        candidates = [*own, *self._sample(near, _LIST - len(own) - 2), *self._sample(self._products, 2)]
        candidates = list({product.id: product for product in candidates}.values())
        scores = []
        for product in candidates:
            match = 1.0 if product.kind == kind else _OTHER_KIND
            named = 0.3 if colour and product.colour == colour else 0.0
            scores.append(match + named + 0.15 * rng.normal())
        order = np.argsort(-np.array(scores), kind="stable")
        return [candidates[place] for place in order], [scores[place] for place in order]

    def _sample(self, products: Sequence[DemoProduct], count: int) -> list[DemoProduct]:
        places = self._rng.permutation(len(products))[: max(count, 0)]
        return [products[int(place)] for place in places]

    def _swap_neighbours(
        self, shown: list[DemoProduct], relevance: list[float]
    ) -> tuple[list[DemoProduct], list[float], list[float]]:
        """Swap a random pair of adjacent products; return the propensities of the positions, too."""
        pairs = min(9, len(shown) - 1)
        each = _SWAPPED / max(pairs, 1)
        propensities = [
            round(1 - each * ((place < pairs) + (0 < place <= pairs)), 6) for place in range(len(shown))
        ]
        if pairs > 0 and self._rng.random() < _SWAPPED:
            place = int(self._rng.integers(pairs))
            shown[place : place + 2] = shown[place : place + 2][::-1]
            relevance[place : place + 2] = relevance[place : place + 2][::-1]
            propensities[place] = propensities[place + 1] = round(each, 6)
        return shown, relevance, propensities

    def _click(self, product: DemoProduct, at: float, query: str, rank: int) -> None:
        rng = self._rng
        self._emit("click", product, at, query, rank)
        if rng.random() > _CART:
            return
        self._emit("cart", product, at + 40, query, rank)
        if rng.random() > _PURCHASE:
            return
        self._emit("purchase", product, at + 300, query, rank)
        self._buy_complement(product, at + 300)
        if product.kind in _CONSUMABLE:
            repurchase = at + 300
            while rng.random() < _REPURCHASE:
                repurchase += _DAY * float(rng.uniform(8, 16))
                if repurchase >= self._until:
                    break
                self._emit("purchase", product, repurchase)

    def _buy_complement(self, product: DemoProduct, at: float) -> None:
        """Buy a complement in the same basket: the best match with the taste among a few."""
        others = [kind for kind in _COMPLEMENTS.get(product.kind, ()) if self._of_kind.get(kind)]
        if not others or self._rng.random() > _COMPLEMENT:
            return
        kind = others[int(self._rng.integers(len(others)))]
        candidates = self._sample(self._of_kind[kind], 12)
        best = max(
            candidates,
            key=lambda candidate: (self._taste(candidate, kind), candidate.colour == product.colour),
        )
        self._emit("click", best, at - 60)
        self._emit("purchase", best, at)

    def _emit(
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
