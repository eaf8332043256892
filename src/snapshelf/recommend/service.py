"""How the shelf recommends: who asks, what may be shown, and the products and words of the answer."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from snapshelf._support.ids import check_shopper
from snapshelf.catalogue import Catalogue, Product
from snapshelf.errors import NotFoundError, QueryError, ShelfError
from snapshelf.events import Impression, Profile
from snapshelf.index import Equals, Filter, SearchIndex
from snapshelf.query import parse_filter
from snapshelf.ranking import UNKNOWN, InteractionHistory, Items, ItemStatistics, history_of
from snapshelf.recommend.recommender import (
    PurchaseHistory,
    Reason,
    Recommendable,
    RecommendationKind,
    RecommendationQuery,
    Recommender,
)
from snapshelf.recommend.response import Recommendation, RecommendationReason, RecommendationResponse
from snapshelf.search import Personaliser, joined

MAX_RECOMMENDED = 100
"""Most products of one list."""

MAX_CART = 100
"""Most products of a cart."""

_FEW = 2_000
"""Products up to which those that match a filter are listed, instead of asking for each candidate whether it does."""

_PATIENCE = 30.0
"""Seconds to wait for products and counts that are being read for the first time."""

_NEEDS_A_PRODUCT = ("similar", "viewed-together")

REASONS: Mapping[str, tuple[str, str]] = {
    "together": ("Shoppers who liked “{title}” liked it too", "喜欢“{title}”的人也喜欢它"),
    "viewed": ("Looked at together with “{title}”", "看过“{title}”的人也看了它"),
    "basket": ("Bought together with “{title}”", "常与“{title}”一起购买"),
    "photo": ("Looks like “{title}”", "与“{title}”外观相似"),
    "words": ("Of the kind of “{title}”", "与“{title}”同类"),
    "category": ("Goes with “{title}”", "适合搭配“{title}”"),
    "popularity": ("Many shoppers like it", "很多人喜欢"),
    "growth": ("More and more shoppers like it", "热度正在上升"),
    "fresh": ("It came in lately", "最近上架"),
    "new": ("Few have seen it yet", "看过的人还很少"),
    "seen": ("You looked at it", "你看过它"),
    "bought": ("You bought it", "你买过它"),
}
"""Kind of reason → its sentence in English and in Chinese."""


@dataclass(frozen=True, slots=True)
class RecommendationRequest:
    """Recommendations as they were asked for; see `Shelf.recommend`."""

    kind: RecommendationKind
    shopper: str | None = None
    product: str | None = None
    cart: Sequence[str] | None = None
    k: int = 10
    where: str | Filter | None = None
    personal: bool = True
    record: bool = True

    def __post_init__(self) -> None:
        kinds = get_args(RecommendationKind)
        if self.kind not in kinds:
            raise QueryError(f"there are no recommendations {self.kind!r}; there are: {', '.join(kinds)}")
        if not 1 <= self.k <= MAX_RECOMMENDED:
            raise QueryError(f"k is {self.k}; it must be between 1 and {MAX_RECOMMENDED}")
        if self.cart is not None and len(self.cart) > MAX_CART:
            raise QueryError(f"the cart has {len(self.cart)} products; give at most {MAX_CART}")
        if self.kind in _NEEDS_A_PRODUCT and self.product is None:
            raise QueryError(f"recommendations {self.kind!r} are of a product: say which")
        check_shopper(self.shopper)


class RecommendationService:
    """Answers what the places of a shop ask for, for one shelf.

    Parameters
    ----------
    catalogue : Catalogue
    store : SearchIndex
    personal : Personaliser
        Knows the shoppers and what was counted.
    """

    def __init__(self, catalogue: Catalogue, store: SearchIndex, personal: Personaliser) -> None:
        self._catalogue = catalogue
        self._store = store
        self._personal = personal
        self._lock = threading.Lock()
        self._recommender: Recommender | None = None

    def recommend(self, ask: RecommendationRequest) -> RecommendationResponse:
        """See `Shelf.recommend`."""
        given = parse_filter(ask.where, self._store) if isinstance(ask.where, str) else ask.where
        where = joined(given, Equals("in_stock", True))
        recommender = self._current()
        items = recommender.signals.items
        profile = self._personal.profile(ask.shopper) if ask.shopper and ask.personal else None
        now = time.time()
        wish = RecommendationQuery(
            kind=ask.kind,
            k=ask.k,
            past=InteractionHistory.none() if profile is None else history_of(profile, items),
            bought=PurchaseHistory.none() if profile is None else _owned(profile, items),
            anchors=self._anchors(ask, profile, items),
            interests=() if profile is None else _interests(profile),
            now=now,
            allowed=self._allowed(items, where),
            explore=self._personal.records and ask.record,
            near=lambda vector, count: self._near(items, vector, count, where),
        )
        found = recommender.recommend(wish)
        products = self._catalogue.get_many(
            {items.ids[row] for one in found for row in (one.row, one.reason.because) if row != UNKNOWN}
        )
        found = [one for one in found if items.ids[one.row] in products]
        answer = RecommendationResponse(
            kind=ask.kind,
            query_id=uuid.uuid4().hex,
            personal=profile is not None,
            products=tuple(
                Recommendation(
                    product=products[items.ids[one.row]],
                    score=one.score,
                    contributions=one.contributions,
                    reason=_reason(ask.kind, one.reason, items, products),
                    propensity=one.propensity,
                )
                for one in found
            ),
        )
        if ask.record:
            self._tell(answer, ask, now)
        return answer

    def _current(self) -> Recommender:
        """The recommender for the counts and products of now."""
        signals = self._signals()
        with self._lock:
            if self._recommender is None or self._recommender.signals is not signals:
                self._recommender = Recommender(signals)
            return self._recommender

    def _signals(self) -> ItemStatistics:
        until = time.monotonic() + _PATIENCE
        while (signals := self._personal.live.statistics()) is None:
            if time.monotonic() > until:
                raise ShelfError("products and counts are still being read; ask again in a moment")
            time.sleep(0.05)
        return signals

    def _anchors(self, ask: RecommendationRequest, profile: Profile | None, items: Items) -> NDArray[np.intp]:
        """The product or the cart at hand; what the shopper put into the cart where nothing is said."""
        if ask.product is not None:
            if self._catalogue.get(ask.product) is None:
                raise NotFoundError(f"no product has the id {ask.product!r}")
            return _there(items, [ask.product])
        if ask.cart is not None:
            return _there(items, ask.cart)
        if profile is not None and ask.kind in ("post-cart", "bought-together", "complete-the-look"):
            cart = _there(items, _cart(profile))
            if len(cart) or ask.kind != "complete-the-look":
                return cart
            liked = [event.product for event in profile.recent if event.kind not in ("remove", "return")]
            return _there(items, liked[-1:])
        return _there(items, ())

    def _allowed(self, items: Items, where: Filter | None) -> Recommendable:
        count = self._store.count(where)
        if count > _FEW:
            return lambda rows: self._matching(items, rows, where)
        listed = np.zeros(len(items), bool)
        if count:
            every = np.ones(self._store.dimension, np.float32)
            listed[_there(items, [one.id for one in self._store.nearest(every, count, where)])] = True
        return lambda rows: listed[rows]

    def _matching(self, items: Items, rows: NDArray[np.intp], where: Filter | None) -> NDArray[np.bool_]:
        ids = [items.ids[row] for row in rows.tolist()]
        matching = set(ids) if where is None else self._store.matches(ids, where)
        return np.array([id in matching for id in ids], bool)

    def _near(
        self, items: Items, vector: NDArray[np.float32], count: int, where: Filter | None
    ) -> NDArray[np.intp]:
        return _there(items, [one.id for one in self._store.nearest(vector, count, where)])

    def _tell(self, answer: RecommendationResponse, ask: RecommendationRequest, now: float) -> None:
        self._personal.record(
            Impression(
                query_id=answer.query_id,
                shopper=ask.shopper
                or answer.query_id,  # somebody who is not known, and who will not come again
                at=now,
                products=tuple(one.product.id for one in answer.products),
                relevance=tuple(one.score for one in answer.products),
                propensities=tuple(one.propensity for one in answer.products),
                recommended=answer.kind,
            )
        )


def _there(items: Items, ids: Iterable[str]) -> NDArray[np.intp]:
    rows = items.rows(ids)
    return np.asarray(rows[rows != UNKNOWN])


def _owned(profile: Profile, items: Items) -> PurchaseHistory:
    rows = items.rows(profile.bought)
    there = rows != UNKNOWN
    told = [*profile.bought.values()]
    gaps = np.array([one.mean_gap or np.nan for one in told], np.float64)
    return PurchaseHistory(
        rows[there],
        np.array([one.count for one in told], np.float32)[there],
        np.array([one.last for one in told], np.float64)[there],
        gaps[there],
    )


def _interests(profile: Profile) -> tuple[NDArray[np.float32], ...]:
    known = profile.interests()
    return tuple(known[name] for name in ("session", "long") if name in known)


def _cart(profile: Profile) -> list[str]:
    """What was put into the cart and neither bought nor taken out since, the oldest first."""
    cart: dict[str, None] = {}
    for event in profile.recent:
        if event.kind == "cart":
            cart[event.product] = None
        elif event.kind in ("purchase", "remove"):
            cart.pop(event.product, None)
    return list(cart)


def _reason(
    kind: RecommendationKind, reason: Reason, items: Items, products: Mapping[str, Product]
) -> RecommendationReason:
    name = "viewed" if kind == "viewed-together" and reason.kind == "together" else reason.kind
    because = products.get(items.ids[reason.because]) if reason.because != UNKNOWN else None
    if because is None and "{title}" in REASONS[name][0]:
        name = "popularity"  # what it was like has gone since
    en, zh = REASONS[name]
    return RecommendationReason(
        kind=name,
        en=en.format(title="" if because is None else _title(because, "en")),
        zh=zh.format(title="" if because is None else _title(because, "zh")),
        product=None if because is None else because.id,
    )


def _title(product: Product, language: str) -> str:
    own = product.attributes.get(f"title_{language}")
    return own if isinstance(own, str) else product.title
