"""Recommendations of a shelf: reads profile, filter and statistics, runs the recommender, keeps the impression."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from snapshelf.catalogue import Catalogue
from snapshelf.errors import NotFoundError
from snapshelf.events import Impression, Profile
from snapshelf.index import Equals, Filter, SearchIndex
from snapshelf.language import Lexicon
from snapshelf.query import parse_filter
from snapshelf.ranking import UNKNOWN, InteractionHistory, Items, ItemStatistics, history_of
from snapshelf.recommend.kinds import GoesWith, ItemKinds
from snapshelf.recommend.reasons import RecommendationReason
from snapshelf.recommend.recommender import (
    IsAllowed,
    PurchaseHistory,
    RecommendationQuery,
    Recommended,
    Recommender,
)
from snapshelf.recommend.request import RecommendationKind, RecommendationRequest
from snapshelf.recommend.response import Recommendation, RecommendationResponse
from snapshelf.search import Personaliser, joined

_MAX_LISTED = 2_000
"""Products up to which those that match a filter are listed, instead of testing each candidate."""


class RecommendationService:
    """Answers the recommendation requests of a shelf.

    Parameters
    ----------
    catalogue : Catalogue
    index : SearchIndex
    personal : Personaliser
        Knows the profiles and the statistics.
    visible : callable
        Returns what the shop's rules do not hide; None for everything.
    lexicon : Lexicon
        Knows the kinds of products.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        index: SearchIndex,
        personal: Personaliser,
        visible: Callable[[], Filter | None],
        lexicon: Lexicon,
    ) -> None:
        self._catalogue = catalogue
        self._index = index
        self._personal = personal
        self._visible = visible
        self._goes_with = GoesWith(lexicon)
        self._lock = threading.Lock()
        self._recommender: Recommender | None = None

    def recommend(self, request: RecommendationRequest) -> RecommendationResponse:
        """See `Shelf.recommend`."""
        where = request.where
        where = parse_filter(where, self._index) if isinstance(where, str) else where
        where = joined(where, Equals("in_stock", True), self._visible())
        if request.product is not None and self._catalogue.get(request.product) is None:
            raise NotFoundError(f"no product has the id {request.product!r}")
        profile = self._personal.profile(request.shopper) if request.shopper and request.personal else None
        statistics, now = self._personal.live.statistics(), time.time()
        # A thread reads the products of a large shelf; no search waits for it.
        products = () if statistics is None else self._products(request, statistics, profile, where, now)
        response = RecommendationResponse(
            kind=request.kind,
            query_id=uuid.uuid4().hex,
            personal=profile is not None,
            products=products,
        )
        if request.record:
            self._record(response, request.shopper, now)
        return response

    def _products(
        self,
        request: RecommendationRequest,
        statistics: ItemStatistics,
        profile: Profile | None,
        where: Filter | None,
        now: float,
    ) -> tuple[Recommendation, ...]:
        items = statistics.items
        query = RecommendationQuery(
            kind=request.kind,
            k=request.k,
            history=InteractionHistory.none() if profile is None else history_of(profile, items),
            purchases=PurchaseHistory.none() if profile is None else _purchases(profile, items),
            anchors=_rows(items, _anchors(request, profile, items)),
            interests=() if profile is None else _interests(profile),
            now=now,
            is_allowed=self._is_allowed(items, where),
            explore=self._personal.records and request.record,
            nearest=lambda vector, count: _rows(
                items, [candidate.id for candidate in self._index.nearest(vector, count, where)]
            ),
        )
        return self._recommendations(request.kind, self._current(statistics).recommend(query), items)

    def _current(self, statistics: ItemStatistics) -> Recommender:
        """The recommender of these statistics, which keeps what it computed for the next request."""
        with self._lock:
            if self._recommender is None or self._recommender.statistics is not statistics:
                kinds = ItemKinds.of(statistics.items, self._catalogue, self._goes_with)
                self._recommender = Recommender(statistics, kinds=kinds)
            return self._recommender

    def _recommendations(
        self, kind: RecommendationKind, ranked: Sequence[Recommended], items: Items
    ) -> tuple[Recommendation, ...]:
        rows = {row for place in ranked for row in (place.row, place.reason.anchor) if row != UNKNOWN}
        products = self._catalogue.get_many({items.ids[row] for row in rows})
        # A reason does not show what the shop hides.
        visible = self._visible()
        shown = products.keys() if visible is None else self._index.matches(list(products), visible)
        recommendations: list[Recommendation] = []
        for place in ranked:
            if (product := products.get(items.ids[place.row])) is None:
                continue
            anchor = products.get(items.ids[place.reason.anchor]) if place.reason.anchor != UNKNOWN else None
            reason = place.reason.kind
            if kind == "viewed-together" and reason == "together":
                reason = "viewed"
            recommendations.append(
                Recommendation(
                    rank=len(recommendations) + 1,
                    product=product,
                    score=place.score,
                    contributions=place.contributions,
                    reason=RecommendationReason.of(
                        reason, anchor if anchor is not None and anchor.id in shown else None
                    ),
                    propensity=place.propensity,
                )
            )
        return tuple(recommendations)

    def _is_allowed(self, items: Items, where: Filter | None) -> IsAllowed:
        count = self._index.count(where)
        if count > _MAX_LISTED:
            return lambda rows: self._matches(items, rows, where)
        listed = np.zeros(len(items), bool)
        if count:
            listed[_rows(items, self._index.scroll(where, limit=count))] = True
        return lambda rows: listed[rows]

    def _matches(self, items: Items, rows: NDArray[np.intp], where: Filter | None) -> NDArray[np.bool_]:
        ids = [items.ids[row] for row in rows.tolist()]
        matching = set(ids) if where is None else self._index.matches(ids, where)
        return np.array([id in matching for id in ids], bool)

    def _record(self, response: RecommendationResponse, shopper: str | None, now: float) -> None:
        self._personal.record(
            Impression(
                query_id=response.query_id,
                # An anonymous shopper gets an id that will not come again.
                shopper=shopper or response.query_id,
                at=now,
                products=tuple(recommendation.product.id for recommendation in response),
                relevance=tuple(recommendation.score for recommendation in response),
                propensities=tuple(recommendation.propensity for recommendation in response),
                recommended=response.kind,
            )
        )


def _rows(items: Items, ids: Iterable[str]) -> NDArray[np.intp]:
    """Rows of the products that exist."""
    rows = items.rows(ids)
    return np.asarray(rows[rows != UNKNOWN])


def _anchors(request: RecommendationRequest, profile: Profile | None, items: Items) -> Sequence[str]:
    """The product or the cart at hand; by default what the shopper put into the cart."""
    if request.product is not None:
        return [request.product]
    if request.cart is not None:
        return request.cart
    if profile is not None and request.kind in ("post-cart", "bought-together", "complete-the-look"):
        cart = _cart(profile)
        if len(_rows(items, cart)) or request.kind != "complete-the-look":
            return cart
        liked = [event.product for event in profile.recent if event.kind not in ("remove", "return")]
        return liked[-1:]
    return ()


def _purchases(profile: Profile, items: Items) -> PurchaseHistory:
    rows, purchases = items.rows(profile.bought), list(profile.bought.values())
    is_known = rows != UNKNOWN
    return PurchaseHistory(
        rows=rows[is_known],
        counts=np.array([purchase.count for purchase in purchases], np.float32)[is_known],
        last=np.array([purchase.last for purchase in purchases], np.float64)[is_known],
        gaps=np.array([purchase.mean_gap or np.nan for purchase in purchases], np.float64)[is_known],
    )


def _interests(profile: Profile) -> tuple[NDArray[np.float32], ...]:
    interests = profile.interests()
    return tuple(interests[name] for name in ("session", "long") if name in interests)


def _cart(profile: Profile) -> list[str]:
    """Products that were put into the cart and neither bought nor removed since, the oldest first."""
    cart: dict[str, None] = {}
    for event in profile.recent:
        if event.kind == "cart":
            cart[event.product] = None
        elif event.kind in ("purchase", "remove"):
            cart.pop(event.product, None)
    return list(cart)
