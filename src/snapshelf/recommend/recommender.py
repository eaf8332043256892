"""The recommender: from statistics, a history and products at hand to a list for a place of the shop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from snapshelf.ranking import LONG, RECENT, UNKNOWN, Floats, InteractionHistory, ItemStatistics
from snapshelf.recommend.kinds import ItemKinds
from snapshelf.recommend.next_item import NextItem
from snapshelf.recommend.request import RecommendationKind
from snapshelf.search import diversified

Rows: TypeAlias = NDArray[np.intp]
IsAllowed: TypeAlias = Callable[[Rows], NDArray[np.bool_]]
"""Tests whether rows may be shown: they match the filter of the request and are in stock."""
Nearest: TypeAlias = Callable[[Floats, int], Rows]
"""Returns the rows, of those that may be shown, whose photos are nearest to a vector, the nearest first."""

PLACES = (6, 10)
"""First and last rank that exploration may give to a new product."""
NEW = 100.0
"""A product with fewer impressions is new; in a small shop, fewer than the mean of its products."""
REPEATS = 0.1
"""Share of repeated purchases from which the products of a category are recommended again after a purchase."""
MOST_OF_A_KIND = 1 / 3
"""Largest share of a category, and of a kind, in a for-you list, unless the shop has too little else."""

_POOL = 100
"""Candidates that diversity chooses from."""
_CHUNK = 256
_SESSION = 8.0
"""Half-life of a product that was seen, in events."""
_EVIDENCE = 0.2
"""Events of the shopper that weigh as much as the popularity."""
_PHOTO = 0.15
"""Weight of the similarity of photos in for-you, the same as that of texts."""
_GROWTH = 0.5
_PRIOR = 10.0
"""Impressions that the expected click rate of a new product is worth."""
_DRAWS = 200
"""Draws that estimate how probable the choice of a new product was."""
_TRIED = 20
"""New products, those nearest to the shopper's taste, of which exploration chooses."""
_LEAST_PROPENSITY = 0.01
_DAY = 86_400.0
_MANY = 5.0
"""Likes, faded with time, from which many shoppers like a product; half of them lately for a product on the rise."""
_LOOKS_LIKE = 0.25
"""Cosine of centred photos from which a product looks like another."""
_SAME_WORDS = 0.3
"""Cosine of texts from which a product is of the kind of another, where neither has a category."""
_LATELY = 30 * _DAY
"""Seconds since it was added for which a product is new."""
_SUPPORT = 0.3
"""Co-occurrence of two categories in baskets from which they go together: that of two or three baskets with both."""
_OFTEN = 0.2
"""Co-occurrence of two products in baskets from which they did not meet by chance: more than a single basket gives."""
_LIFT = 2.0
"""How much more often than by chance goods of different departments are taken together, if they go together."""
_BY_KIND = 0.5
"""Evidence that the kinds of two products go together, against the share of a category in baskets, which is up to 1."""

_COMPANIONS: Mapping[RecommendationKind, Mapping[str, float]] = {
    "similar": {"photo": 1.0, "words": 0.3, "together": 0.5},
    "viewed-together": {"together": 1.0, "photo": 0.2, "words": 0.1, "popularity": 0.05},
    "bought-together": {"basket": 1.0, "together": 0.3, "category": 0.2, "popularity": 0.1},
    "post-cart": {"basket": 1.0, "together": 0.3, "category": 0.2, "popularity": 0.1},
    "complete-the-look": {"category": 1.0, "basket": 0.5, "photo": 0.5, "popularity": 0.1},
}
"""Weights of the parts of a score beside products at hand; each part is between 0 and 1."""

_NEEDED: Mapping[RecommendationKind, tuple[str, ...]] = {
    "bought-together": ("basket", "together", "category"),
    "complete-the-look": ("category",),
}
"""Parts of which a product needs any to be in a list: the list promises it. Others are in none."""

_DIVERSITY: Mapping[RecommendationKind, float] = {
    "for-you": 0.1,
    "trending": 0.2,
    "post-cart": 0.2,
    "bought-together": 0.1,
}
"""How far a list keeps similar products apart; by default not at all."""


class Reason(NamedTuple):
    """Why a product is recommended: the largest part of its score, and the row of the product that it refers to."""

    kind: str
    anchor: int = UNKNOWN


@dataclass(frozen=True, slots=True)
class Recommended:
    """A product at its place in a list.

    Parameters
    ----------
    row : int
    contributions : mapping
        Parts of the score, which is their sum.
    reason : Reason
    propensity : float
        Probability with which the product was to stand at this place.
    """

    row: int
    contributions: Mapping[str, float]
    reason: Reason
    propensity: float = 1.0

    @property
    def score(self) -> float:
        """Sum of the contributions; comparable within a list."""
        return sum(self.contributions.values())


@dataclass(frozen=True)
class PurchaseHistory:
    """The purchases of a shopper, each product once.

    Parameters
    ----------
    rows : ndarray
        intp (m,): rows of the items.
    counts : ndarray
        float32 (m,): number of purchases.
    last : ndarray
        float64 (m,): Unix seconds of the latest purchase, NaN where unknown.
    gaps : ndarray
        float64 (m,): mean seconds between two purchases, NaN for a single purchase.
    """

    rows: Rows
    counts: Floats
    last: NDArray[np.float64]
    gaps: NDArray[np.float64]

    @classmethod
    def none(cls) -> PurchaseHistory:
        """Return an empty history."""
        return cls.of(np.zeros(0, np.intp))

    @classmethod
    def of(cls, rows: Rows) -> PurchaseHistory:
        """Return single purchases at unknown times."""
        unknown = np.full(len(rows), np.nan)
        return cls(rows, np.ones(len(rows), np.float32), unknown, unknown)


@dataclass(frozen=True)
class RecommendationQuery:
    """The input of the recommender; products are rows of the items.

    Parameters
    ----------
    kind : RecommendationKind
    k : int
        Most products, ≥ 1.
    history : InteractionHistory
        Of the shopper; `InteractionHistory.none()` for an unknown shopper.
    purchases : PurchaseHistory
    anchors : ndarray
        intp (m,): the product at hand, or those in the cart.
    interests : tuple of ndarray
        float32 (d,): vectors of the shopper's interests, for candidates by their photos.
    now : float or None
        Unix seconds.
    is_allowed : callable or None
        See `IsAllowed`; None allows every product.
    nearest : callable or None
        See `Nearest`; by default all photos are compared.
    explore : bool
        Whether a new product may take a later place.
    """

    kind: RecommendationKind
    k: int = 10
    history: InteractionHistory = field(default_factory=InteractionHistory.none)
    purchases: PurchaseHistory = field(default_factory=PurchaseHistory.none)
    anchors: Rows = field(default_factory=lambda: np.zeros(0, np.intp))
    interests: tuple[Floats, ...] = ()
    now: float | None = None
    is_allowed: IsAllowed | None = None
    nearest: Nearest | None = None
    explore: bool = True


class Recommender:
    """Makes recommendations from the statistics of the items.

    Parameters
    ----------
    statistics : ItemStatistics
    model : NextItem or None
        Predicts the next item from a history; by default the model of the benchmark.
    kinds : ItemKinds or None
        Kinds of the items; by default their categories.
    diversity : mapping
        Kind → how far a list keeps similar products apart, 0 to 1; 0 for a kind that is missing.

    Notes
    -----
    The score of *for-you* is e · taste + (1 − e) · trend, both scaled to 1 for the best item, with e = m / (m + 0.2)
    for a history of m events: an unknown shopper gets the trend, and each event counts.
    """

    def __init__(
        self,
        statistics: ItemStatistics,
        model: NextItem | None = None,
        *,
        kinds: ItemKinds | None = None,
        diversity: Mapping[RecommendationKind, float] = _DIVERSITY,
    ) -> None:
        self.statistics = statistics
        self._diversity = diversity
        self._items = statistics.items
        self._kinds = kinds or ItemKinds.of_categories(statistics.items)
        self._model = model or NextItem()

    def recommend(
        self, query: RecommendationQuery, draw: np.random.Generator | None = None
    ) -> list[Recommended]:
        """Make a list, at most `RecommendationQuery.k` long and empty where no product is known to fit.

        Parameters
        ----------
        query : RecommendationQuery
        draw : Generator or None
            Chance of the exploration; by default a new generator each time.
        """
        match query.kind:
            case "recently-seen":
                return self._recently_seen(query)
            case "buy-again":
                return self._buy_again(query)
            case "for-you":
                evidence = self._taste(query.history)
            case "trending":
                evidence = _Evidence(self._trend())
            case _:
                # An empty cart goes with everything.
                evidence = self._companions(query) if len(query.anchors) else self._taste(query.history)
        ranked = self._arranged(query, evidence)
        if query.explore and query.kind in ("for-you", "trending"):
            ranked = self._explored(query, evidence, ranked, draw or np.random.default_rng())
        return ranked[: query.k]

    # ---- evidence for items ----

    def _taste(self, history: InteractionHistory) -> _Evidence:
        """Blend the next item of a history with the trend; the longer the history, the less the trend counts."""
        history, trend = _by_product(history), self._trend()
        liked = history.rows
        if not len(liked):
            return _Evidence(trend)
        parts = self._model.parts(self.statistics, history)
        share = len(liked) / (len(liked) + _EVIDENCE)
        top = float(np.sum([*parts.values()], axis=0).max())
        unit = np.float32(share / top if top > 0 else 0)
        taste = {name: unit * part for name, part in parts.items()}
        common = {name: np.float32(1 - share) * part for name, part in trend.items()}
        fading = self._model.fading(history)
        return _Evidence(taste | common, liked, fading, _PHOTO * float(unit))

    def _trend(self) -> dict[str, Floats]:
        """Popularity and its growth; before anything was counted, how recently an item was added."""
        long, recent = self.statistics.popularity, self.statistics.popularity_recent
        if not long.any():
            return {"fresh": self._fresh}
        parts = {"popularity": _scaled(np.log1p(recent if recent.any() else long))}
        # Both are the same array where the times of interactions are unknown.
        if recent is not long:
            growth = np.log1p(recent) - np.log1p(long * np.float32(RECENT / LONG))
            parts["growth"] = np.float32(_GROWTH) * _scaled(growth.clip(min=0))
        top = float(np.sum([*parts.values()], axis=0).max())
        return {name: part / np.float32(top) for name, part in parts.items()}

    def _companions(self, query: RecommendationQuery) -> _Evidence:
        """Score what goes with the products at hand."""
        anchors, statistics, words = query.anchors, self.statistics, self._items.words
        weights = _COMPANIONS[query.kind]
        shares = np.full(len(anchors), 1 / len(anchors), np.float32)
        compute: Mapping[str, Callable[[], Floats]] = {
            "together": lambda: np.asarray(shares @ statistics.together[anchors]),
            "basket": lambda: np.asarray(shares @ statistics.baskets[anchors]),
            "words": lambda: np.asarray(words @ (shares @ words[anchors])),
            "category": lambda: self._companion_categories(anchors),
            "popularity": lambda: np.log1p(statistics.popularity),
        }
        parts = {
            name: np.float32(weight) * _scaled(compute[name]())
            for name, weight in weights.items()
            if name in compute
        }
        if query.kind == "complete-the-look":
            # By chance, a lamp may lie in a basket with a dress.
            parts["basket"] = parts["basket"] * self._met_on_purpose(anchors)
            parts["category"] = np.maximum(parts["category"], np.float32(_BY_KIND) * parts["basket"])
        needed = [parts[name] for name in _NEEDED.get(query.kind, ())]
        unfit = np.sum(needed, axis=0) <= 0 if needed else np.zeros(len(self._items), bool)
        return _Evidence(parts, anchors, shares, weights.get("photo", 0.0), unfit)

    def _companion_categories(self, anchors: Rows) -> Floats:
        """Return how well each item goes with the products at hand: by the baskets of categories, or by the kinds."""
        by_kind = np.float32(_BY_KIND) * self._kinds.companions(anchors)
        categories = self._items.parent_category
        own = anchors[categories[anchors] != UNKNOWN]
        if not len(own):
            return by_kind
        shares = np.stack([self._shares_beside(row) for row in own.tolist()]).mean(axis=0)
        learned = np.where(categories == UNKNOWN, 0, shares[categories] * self._suits(own))
        return np.asarray(np.maximum(learned, by_kind), dtype=np.float32)

    def _met_on_purpose(self, anchors: Rows) -> NDArray[np.bool_]:
        """Return which items may be in a basket with the products at hand for more than by chance.

        Those of the same department, or taken together several times where departments are unknown.
        """
        departments, own = self._kinds.department, self._kinds.department[anchors]
        same = np.isin(departments, own[own != UNKNOWN])
        unknown = (departments == UNKNOWN) | (own == UNKNOWN).any()
        often = np.asarray(self.statistics.baskets[anchors].max(axis=0).toarray()).ravel() >= _OFTEN
        return np.asarray(same | (unknown & often))

    def _suits(self, anchors: Rows) -> NDArray[np.bool_]:
        """Return which items are for the people that the products at hand are for."""
        audience = self._kinds.audience
        people = np.bitwise_or.reduce(audience[anchors])
        return np.asarray((people == 0) | (audience == 0) | (audience & people > 0))

    def _shares_beside(self, row: int) -> Floats:
        """Return the shares of the parent categories that go with that of an item, float32 (parent categories,).

        Two categories are taken together by chance, too: goods for different purposes go together only if they are
        taken together clearly more often than that.
        """
        own = int(self._items.parent_category[row])
        mass, departments = self._category_mass, self._departments
        beside = mass[own].copy()
        beside[own] = 0
        total = mass.sum() - np.trace(mass)
        expected = (mass.sum(axis=0) - mass.diagonal()) / max(float(total), 1e-9)
        shares = beside / max(float(beside.sum()), 1e-9)
        lift = shares * (1 - expected[own]) / np.maximum(expected, 1e-9)
        differs = (departments != departments[own]) & (departments != UNKNOWN) & (departments[own] != UNKNOWN)
        shares[(beside < _SUPPORT) | (differs & (lift < _LIFT))] = 0
        return np.asarray(shares, dtype=np.float32)

    @cached_property
    def _category_mass(self) -> Floats:
        """Co-occurrence in baskets of each two parent categories, float32 (parent categories, parent categories)."""
        categories = self._items.parent_category
        known = np.flatnonzero(categories != UNKNOWN)
        shape = (len(categories), int(categories.max(initial=-1)) + 1)
        member = sparse.csr_array((np.ones(len(known), np.float32), (known, categories[known])), shape=shape)
        return np.asarray((member.T @ self.statistics.baskets @ member).toarray(), dtype=np.float32)

    @cached_property
    def _departments(self) -> NDArray[np.int32]:
        """Department of most items of each parent category, int32 (parent categories,)."""
        categories, departments = self._items.parent_category, self._kinds.department
        known = (categories != UNKNOWN) & (departments != UNKNOWN)
        shape = (int(categories.max(initial=-1)) + 1, int(departments.max(initial=0)) + 1)
        counts = np.zeros(shape, np.int64)
        np.add.at(counts, (categories[known], departments[known]), 1)
        return np.where(counts.any(axis=1), counts.argmax(axis=1), UNKNOWN).astype(np.int32)

    @cached_property
    def _gone(self) -> Rows:
        """Rows of removed products."""
        gone = self._items.gone
        return np.flatnonzero([name in gone for name in self._items.ids]) if gone else _NOTHING

    @cached_property
    def _fresh(self) -> Floats:
        """1 for the product that was added last, 0 for the first; equal times have equal values."""
        times = np.unique(np.nan_to_num(self._items.added), return_inverse=True)[1]
        return _scaled(times.astype(np.float32))

    # ---- photos ----

    @cached_property
    def _mean_photo(self) -> Floats | None:
        """Mean of all photo vectors: what all photos have in common, float32 (d,)."""
        photos = self._items.photos
        return None if photos is None else photos.mean(axis=0, dtype=np.float32)

    def _centred_photos(self, rows: Rows) -> Floats:
        """Photo vectors less their mean, unit length, float32 (n, d): cosines of unrelated photos are about 0."""
        photos, mean = self._items.photos, self._mean_photo
        if photos is None or mean is None:
            return np.zeros((len(rows), 1), np.float32)
        vectors = photos[rows].astype(np.float32)
        centred = np.where(vectors.any(axis=1, keepdims=True), vectors - mean, 0)
        lengths = np.linalg.norm(centred, axis=1, keepdims=True)
        return np.asarray(centred / np.maximum(lengths, 1e-9), dtype=np.float32)

    def _nearest(self, query: RecommendationQuery, evidence: _Evidence) -> Rows:
        """Return the items whose photos are nearest to the interests, or to the products at hand."""
        photos = self._items.photos
        if photos is None or not evidence.photo:
            return np.zeros(0, np.intp)
        interests = query.interests if query.kind == "for-you" else ()
        if not interests:
            interests = (evidence.weights @ photos[evidence.anchors].astype(np.float32),)
        nearest = query.nearest or (
            lambda vector, count: np.argsort(-(photos.astype(np.float32) @ vector))[:count]
        )
        return np.concatenate(
            [nearest(interest, _POOL) for interest in interests if interest.any()] or [_NOTHING]
        )

    # ---- from scores to a list ----

    def _contributions(self, evidence: _Evidence, rows: Rows) -> dict[str, Floats]:
        parts = {name: part[rows] for name, part in evidence.parts.items()}
        if evidence.photo and self._items.photos is not None:
            near = evidence.weights @ (self._centred_photos(evidence.anchors) @ self._centred_photos(rows).T)
            parts["photo"] = np.float32(evidence.photo) * near
        return parts

    def _arranged(self, query: RecommendationQuery, evidence: _Evidence) -> list[Recommended]:
        """Return the best products that may be shown, each group once, similar products apart."""
        pool, parts = self._pool(query, evidence)
        if not len(pool):
            return []
        total = np.sum([*parts.values()], axis=0)
        diversity = self._diversity.get(query.kind, 0.0)
        top = float(total.max()) if total.max() > 0 else 1.0
        places = (
            diversified(total / top, self._similarity(pool), diversity)
            if diversity
            else list(range(len(pool)))
        )
        if query.kind == "complete-the-look":
            best: dict[object, int] = {}
            for place in places:
                best.setdefault(self._part(int(pool[place]), query.anchors), place)
            places = list(best.values())
        if query.kind == "for-you":
            codes = [self._items.category[pool], self._kinds.code[pool]]
            kept, behind = _mixed(places, codes, _most_of_a_kind(query.k))
            places = kept + behind
        return [
            self._recommended(
                int(pool[place]),
                {name: float(part[place]) for name, part in parts.items()},
                evidence,
                query,
            )
            for place in places[: max(query.k, PLACES[1])]
        ]

    def _pool(self, query: RecommendationQuery, evidence: _Evidence) -> tuple[Rows, dict[str, Floats]]:
        """Return the best candidates that may be shown, best first, each group once, and their parts."""
        size = max(_POOL, query.k)
        total = np.sum([*evidence.parts.values()], axis=0)
        # Items without evidence are ordered by popularity.
        order = np.lexsort((-self.statistics.popularity, -total))
        hidden = self._hidden(query) | evidence.unfit
        order = order[~hidden[order]]
        best = _first(order, size, query.is_allowed, self._items.group)
        if query.kind == "for-you":
            best = self._with_others(best, order, query)
        near = self._nearest(query, evidence)
        near = near[~hidden[near]]
        rows = np.unique(np.concatenate([best, self._allowed(query, near)]))
        parts = self._contributions(evidence, rows)
        order = np.lexsort((-self.statistics.popularity[rows], -np.sum([*parts.values()], axis=0)))
        first = np.sort(np.unique(self._items.group[rows[order]], return_index=True)[1])
        places = order[first]
        return rows[places], {name: part[places] for name, part in parts.items()}

    def _with_others(self, rows: Rows, order: Rows, query: RecommendationQuery) -> Rows:
        """Add the best rows of other categories and kinds, until a list of several kinds can be made."""
        most = _most_of_a_kind(query.k)
        codes = [self._items.category, self._kinds.code]
        while len(_mixed(rows.tolist(), codes, most)[0]) < query.k:
            order = order[~np.isin(order, rows)]
            for code in codes:
                values, counts = np.unique(code[rows], return_counts=True)
                order = order[~np.isin(code[order], values[(counts >= most) & (values != UNKNOWN)])]
            others = _first(order, query.k, query.is_allowed, self._items.group)
            if not len(others):
                break
            rows = np.concatenate([rows, others])
        return rows

    def _part(self, row: int, anchors: Rows) -> object:
        """Return what an item is beside the products at hand; a look has each only once."""
        part = self._kinds.part(row, anchors)
        return part if isinstance(part, tuple) else int(self._items.parent_category[row])

    def _hidden(self, query: RecommendationQuery) -> NDArray[np.bool_]:
        """Return which items are hidden: products at hand, purchases that do not repeat, seen products in for-you."""
        items, purchases = self._items, query.purchases.rows
        excluded = np.concatenate([query.anchors, purchases[~self._repeats(purchases)]])
        hidden = np.isin(items.group, items.group[excluded])
        hidden[self._gone] = True
        if query.kind == "for-you":
            hidden[query.history.rows[np.abs(query.history.weights) >= 1]] = True
        if query.kind == "complete-the-look":
            own = items.parent_category[query.anchors]
            same = np.isin(items.parent_category, own[own != UNKNOWN])
            kinds = self._kinds.code[query.anchors]
            hidden |= same & (self._kinds.companions(query.anchors) == 0)
            hidden |= np.isin(self._kinds.code, kinds[kinds != UNKNOWN])
            audiences = items.audience[query.anchors]
            audiences = audiences[audiences != UNKNOWN]
            if len(audiences):
                hidden |= ~np.isin(items.audience, [*audiences, UNKNOWN])
        return np.asarray(hidden)

    def _repeats(self, rows: Rows) -> NDArray[np.bool_]:
        """Return whether shoppers buy the same product again in the category of each item."""
        if self.statistics.repeats is None:
            return np.zeros(len(rows), bool)
        return np.asarray(self.statistics.repeats[rows] >= REPEATS)

    @staticmethod
    def _allowed(query: RecommendationQuery, rows: Rows) -> Rows:
        return rows if query.is_allowed is None or not len(rows) else rows[query.is_allowed(rows)]

    def _similarity(self, rows: Rows) -> Floats:
        """Return the similarity of each two items: the mean cosine of texts and photos, or of texts alone."""
        words = self._items.words[rows]
        text = np.asarray((words @ words.T).toarray(), dtype=np.float32)
        if self._items.photos is None:
            return text
        photos = self._centred_photos(rows)
        return np.asarray((text + photos @ photos.T) / 2, dtype=np.float32)

    def _recommended(
        self, row: int, parts: Mapping[str, float], evidence: _Evidence, query: RecommendationQuery
    ) -> Recommended:
        contributions = {name: value for name, value in parts.items() if value}
        for name in sorted(contributions, key=lambda name: -contributions[name]):
            anchor = self._anchor(name, row, evidence)
            if contributions[name] > 0 and self._is_true(name, row, anchor, query.now):
                return Recommended(row, contributions, Reason(name, anchor))
        if query.kind == "similar" and len(query.anchors):
            return Recommended(row, contributions, Reason("nearest", int(query.anchors[0])))
        kind = "popular-category" if self._category_popularity[row] >= _MANY else "range"
        return Recommended(row, contributions, Reason(kind))

    def _is_true(self, name: str, row: int, anchor: int, now: float | None) -> bool:
        """Whether the sentence of a reason holds, of whatever weight its part of the score is."""
        statistics, items = self.statistics, self._items
        match name:
            case "popularity":
                return bool(statistics.popularity[row] >= _MANY)
            case "growth":
                return bool(statistics.popularity_recent[row] >= _MANY / 2)
            case "fresh":
                # Where everything came at once, nothing came lately.
                usual = float(np.nanmedian(items.added))
                return now is not None and bool(items.added[row] > max(now - _LATELY, usual + _DAY))
            case "photo":
                looks = self._centred_photos(np.array([row, anchor]))
                return bool(looks[0] @ looks[1] >= _LOOKS_LIKE)
            case "words":
                own = self._kinds.code[[row, anchor]]
                if own[0] != UNKNOWN and own[1] != UNKNOWN:
                    return bool(own[0] == own[1])
                return bool((items.words[[row]] @ items.words[[anchor]].T).sum() >= _SAME_WORDS)
            case _:
                return True

    @cached_property
    def _category_popularity(self) -> Floats:
        """Popularity of the category of each item; 0 for a category that is liked less than others."""
        kinds, popularity = self._kinds.code, self.statistics.popularity
        size = int(kinds.max(initial=-1)) + 2  # the last is for items of unknown kind
        sums, counts = np.bincount(kinds % size, popularity, size), np.bincount(kinds % size, minlength=size)
        sums[-1] = 0
        sums[sums / np.maximum(counts, 1) < popularity.mean() if len(popularity) else slice(0)] = 0
        return np.asarray(sums[kinds], dtype=np.float32)

    def _anchor(self, name: str, row: int, evidence: _Evidence) -> int:
        """Return the row of the product at hand, or of the history, that contributes most to an item."""
        anchors, words = evidence.anchors, self._items.words
        match name:
            case "together" | "basket":
                near = self.statistics.together if name == "together" else self.statistics.baskets
                similarity = near[anchors][:, [row]].toarray().ravel()
            case "photo":
                similarity = self._centred_photos(anchors) @ self._centred_photos(np.array([row]))[0]
            case "words":
                similarity = (words[anchors] @ words[[row]].T).toarray().ravel()
            case "category":
                similarity = np.ones(len(anchors))
            case _:
                return UNKNOWN
        return int(anchors[np.argmax(similarity * evidence.weights)])

    # ---- lists of products that the shopper knows ----

    def _recently_seen(self, query: RecommendationQuery) -> list[Recommended]:
        latest = query.history.rows[query.history.weights > 0][::-1]
        rows = latest[np.sort(np.unique(latest, return_index=True)[1])]
        purchases = query.purchases.rows
        excluded = np.concatenate([query.anchors, purchases[~self._repeats(purchases)]])
        rows = self._allowed(query, rows[~np.isin(rows, excluded)])
        return [
            Recommended(row, {"seen": 0.5 ** (place / _SESSION)}, Reason("seen", row))
            for place, row in enumerate(rows[: query.k].tolist())
        ]

    def _buy_again(self, query: RecommendationQuery) -> list[Recommended]:
        purchases = query.purchases
        repeats = self._repeats(purchases.rows) | (purchases.counts > 1)
        allowed = set(self._allowed(query, purchases.rows[repeats]).tolist())
        recommended = []
        for row, count, last, gap in zip(
            purchases.rows.tolist(), purchases.counts, purchases.last, purchases.gaps, strict=True
        ):
            if row in allowed:
                since = np.nan if query.now is None else max(query.now - last, 0.0)
                due = min(1.0, since / gap) if gap > 0 and since >= 0 else 0.0
                parts = {"bought": float(np.log1p(count)), "due": float(due)}
                recommended.append(Recommended(row, parts, Reason("bought", row)))
        return sorted(recommended, key=lambda place: -place.score)[: query.k]

    # ---- exploration of new products ----

    def _explored(
        self,
        query: RecommendationQuery,
        evidence: _Evidence,
        ranked: list[Recommended],
        draw: np.random.Generator,
    ) -> list[Recommended]:
        """Put a new product at a later place, and set the propensities of all places.

        Thompson sampling [1]_ chooses the product, from a Beta distribution of its click rate whose prior is the click
        rate of products with similar texts.

        References
        ----------
        .. [1] O. Chapelle and L. Li, "An empirical evaluation of Thompson sampling", NeurIPS 2011.
        """
        places = np.arange(PLACES[0], min(PLACES[1], query.k, len(ranked) + 1) + 1)
        choice = (
            self._thompson(query, evidence, {product.row for product in ranked}, draw)
            if len(places)
            else None
        )
        if choice is None:
            return ranked
        row, probability = choice
        place = int(draw.choice(places))
        parts = {
            name: float(part[0]) for name, part in self._contributions(evidence, np.array([row])).items()
        }
        propensity = max(probability / len(places), _LEAST_PROPENSITY)
        new = replace(
            self._recommended(row, parts, evidence, query), reason=Reason("new"), propensity=propensity
        )
        moved = [
            replace(product, propensity=_stays(rank, place, places)) for rank, product in enumerate(ranked, 1)
        ]
        return [*moved[: place - 1], new, *moved[place - 1 :]]

    def _thompson(
        self, query: RecommendationQuery, evidence: _Evidence, shown: set[int], draw: np.random.Generator
    ) -> tuple[int, float] | None:
        """Choose a new product; returns its row and the probability of the choice, or None where no product is new."""
        impressions, clicks = self.statistics.impressions, self.statistics.clicks
        if impressions is None or clicks is None or not impressions.any():
            return None
        new = np.flatnonzero((impressions < min(NEW, float(impressions.mean()))) & ~self._hidden(query))
        # Behaviour says nothing about new products: similarity of texts chooses the candidates.
        similarity = evidence.parts.get("words", np.zeros(len(impressions), np.float32))
        new = new[np.lexsort((-self._expected_rate[new], -similarity[new]))]
        new = new[~np.isin(self._items.group[new], self._items.group[list(shown)])]
        new = _first(new, _TRIED, query.is_allowed, self._items.group)
        if not len(new):
            return None
        prior, clicked = self._expected_rate[new], np.minimum(clicks[new], impressions[new])
        rates = draw.beta(
            _PRIOR * prior + clicked, _PRIOR * (1 - prior) + impressions[new] - clicked, (_DRAWS, len(new))
        )
        best = np.argmax(rates, axis=1)
        # The first draw decides; all draws together estimate its probability.
        return int(new[best[0]]), float(np.mean(best == best[0]))

    @cached_property
    def _expected_rate(self) -> NDArray[np.float64]:
        """Expected click rate of each item: that of items with similar texts, weighted by impressions, float64 (n,)."""
        words, impressions, clicks = self._items.words, self.statistics.impressions, self.statistics.clicks
        assert impressions is not None  # noqa: S101  (tested by the caller)
        assert clicks is not None  # noqa: S101
        clicks = np.minimum(clicks, impressions)
        mean = float(clicks.sum()) / float(impressions.sum())
        shown, clicked = (
            np.asarray(words @ (words.T @ count), np.float64) for count in (impressions, clicks)
        )
        return np.clip((clicked + NEW * mean) / (shown + NEW), 1e-3, 1 - 1e-3)


_NOTHING = np.zeros(0, np.intp)


@dataclass(frozen=True)
class _Evidence:
    """Weighted parts of the scores of all items, and the products that they come from.

    Parameters
    ----------
    parts : mapping
        Name → float32 (items,).
    anchors : ndarray
        intp (m,): the products at hand, or of the history.
    weights : ndarray
        float32 (m,): how much each anchor counts.
    photo : float
        Weight of the similarity of photos with the anchors, which is computed for few items only.
    unfit : ndarray
        bool (items,): items that have nothing of what the list promises.
    """

    parts: Mapping[str, Floats]
    anchors: Rows = field(default_factory=lambda: _NOTHING)
    weights: Floats = field(default_factory=lambda: np.zeros(0, np.float32))
    photo: float = 0.0
    unfit: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(1, bool))


def _most_of_a_kind(k: int) -> int:
    return max(1, int(k * MOST_OF_A_KIND))


def _mixed(
    places: Sequence[int], codes: Sequence[NDArray[np.int32]], most: int
) -> tuple[list[int], list[int]]:
    """Divide places into the first `most` of each category and kind, and the others."""
    counts: Counter[tuple[int, int]] = Counter()
    kept: list[int] = []
    behind: list[int] = []
    for place in places:
        own = [(column, int(code[place])) for column, code in enumerate(codes) if code[place] != UNKNOWN]
        if any(counts[code] >= most for code in own):
            behind.append(place)
        else:
            kept.append(place)
            counts.update(own)
    return kept, behind


def _by_product(history: InteractionHistory) -> InteractionHistory:
    """Return each liked product once: at its latest time, with its strongest event."""
    rows = history.rows
    liked = np.flatnonzero(history.weights > 0)
    latest = {int(rows[place]): int(place) for place in liked}
    places = np.array(sorted(latest.values()), np.intp)
    strongest = np.zeros(int(rows.max(initial=0)) + 1, np.float32)
    np.maximum.at(strongest, rows[liked], history.weights[liked])
    return InteractionHistory(rows[places], strongest[rows[places]], history.times[places])


def _scaled(values: Floats) -> Floats:
    """Scale to 1 for the largest; zeros stay."""
    top = float(values.max(initial=0))
    return np.asarray(values / np.float32(top) if top > 0 else np.zeros_like(values), dtype=np.float32)


def _first(order: Rows, count: int, allowed: IsAllowed | None, groups: NDArray[np.int32]) -> Rows:
    """Return the first rows of an order that may be shown, each group once."""
    first = _NOTHING
    for start in range(0, len(order), _CHUNK):
        rows = order[start : start + _CHUNK]
        rows = np.concatenate([first, rows if allowed is None else rows[allowed(rows)]])
        first = rows[np.sort(np.unique(groups[rows], return_index=True)[1])]
        if len(first) >= count:
            break
    return first[:count]


def _stays(rank: int, place: int, places: Rows) -> float:
    """Return the probability that a product of a rank stands where it does, when a new product may take any place."""
    if rank < places[0]:
        return 1.0
    pushed = float(np.mean(places <= rank))
    return pushed if place <= rank else 1.0 - pushed
