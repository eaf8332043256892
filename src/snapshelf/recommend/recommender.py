"""What to show a shopper who asks for nothing: a list for each place of a shop where products can stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from snapshelf.ranking import LONG, RECENT, UNKNOWN, Floats, InteractionHistory, ItemStatistics
from snapshelf.recommend.next_item import NextItem
from snapshelf.search import diversified

RecommendationKind: TypeAlias = Literal[
    "for-you",
    "similar",
    "viewed-together",
    "bought-together",
    "complete-the-look",
    "post-cart",
    "trending",
    "recently-seen",
    "buy-again",
]
RECOMMENDATIONS: tuple[RecommendationKind, ...] = get_args(RecommendationKind)
"""The lists there are."""

Rows: TypeAlias = NDArray[np.intp]
Recommendable: TypeAlias = Callable[[Rows], NDArray[np.bool_]]
"""Which rows may be shown: the filter of the caller, and what is in stock."""
Near: TypeAlias = Callable[[Floats, int], Rows]
"""Rows whose photos are nearest to a vector, the nearest first, of those that may be shown."""

PLACES = (6, 10)
"""Ranks, the first and the last, one of which a product that few have seen may take."""
NEW = 100.0
"""Impressions up to which a product counts as one that few have seen; in a small shop, the mean of its products."""
REPEATS = 0.1
"""Share of repeated purchases from which a category is one where shoppers buy the same again."""

_POOL = 100
"""Candidates that diversity chooses from."""
_CHUNK = 256
_SESSION = 8.0
"""Half-life of what was seen, in events."""
_EVIDENCE = 0.2
"""Events that speak for what everybody likes, against those of the shopper."""
_PHOTO = 0.15
"""As much as likeness of words counts."""
_GROWTH = 0.5
_PRIOR = 10.0
"""Impressions that the look and the words of a new product are worth, as a guess of its click rate."""
_DRAWS = 200
"""Draws that tell how probable it was that just this new product was tried."""
_TRIED = 20
"""New products, the nearest to the shopper's taste, one of which is tried."""
_LEAST_PROPENSITY = 0.01
_DAY = 86_400.0

_COMPANIONS: Mapping[RecommendationKind, Mapping[str, float]] = {
    "similar": {"photo": 1.0, "words": 0.3, "together": 0.5},
    "viewed-together": {"together": 1.0, "photo": 0.2, "words": 0.1, "popularity": 0.05},
    "bought-together": {"basket": 1.0, "together": 0.3, "category": 0.2, "popularity": 0.1},
    "post-cart": {"basket": 1.0, "together": 0.3, "category": 0.2, "popularity": 0.1},
    "complete-the-look": {"category": 1.0, "basket": 0.5, "photo": 0.5, "popularity": 0.1},
}
"""Weights of what is said of a product that stands beside others; each part is between 0 and 1."""

_DIVERSITY: Mapping[RecommendationKind, float] = {
    "for-you": 0.1,
    "trending": 0.2,
    "post-cart": 0.2,
    "bought-together": 0.1,
}
"""How far a list keeps what is alike apart; where nothing is said, likeness is what is wanted."""


class Reason(NamedTuple):
    """Why a product is recommended: the part that counts most, and the row of the product that it refers to."""

    kind: str
    because: int = UNKNOWN


@dataclass(frozen=True, slots=True)
class Recommended:
    """A product in its place.

    Parameters
    ----------
    row : int
    contributions : mapping
        Parts of the score; they add up to it.
    reason : Reason
    propensity : float
        Probability with which it was to stand at this place.
    """

    row: int
    contributions: Mapping[str, float]
    reason: Reason
    propensity: float = 1.0

    @property
    def score(self) -> float:
        """Sum of the contributions; comparable within one list."""
        return sum(self.contributions.values())


@dataclass(frozen=True)
class PurchaseHistory:
    """What a shopper bought, one row for each item.

    Parameters
    ----------
    rows : ndarray
        intp (m,).
    counts : ndarray
        float32 (m,): how often.
    last : ndarray
        float64 (m,): Unix seconds of the last time, NaN where unknown.
    gaps : ndarray
        float64 (m,): mean seconds between two purchases, NaN for what was bought once.
    """

    rows: Rows
    counts: Floats
    last: NDArray[np.float64]
    gaps: NDArray[np.float64]

    @classmethod
    def none(cls) -> PurchaseHistory:
        """Nothing."""
        return cls.of(np.zeros(0, np.intp))

    @classmethod
    def of(cls, rows: Rows) -> PurchaseHistory:
        """Each once, the times unknown."""
        unknown = np.full(len(rows), np.nan)
        return cls(rows, np.ones(len(rows), np.float32), unknown, unknown)


@dataclass(frozen=True)
class RecommendationQuery:
    """What is asked for.

    Parameters
    ----------
    kind : RecommendationKind
    k : int
        Most products, ≥ 1.
    past : InteractionHistory
        What the shopper did; `InteractionHistory.none()` for one of whom nothing is known.
    bought : PurchaseHistory
    anchors : ndarray
        intp (m,): the product that is looked at, or those in the cart.
    interests : tuple of ndarray
        float32 (d,): vectors of what the shopper likes, to find products by their photos.
    now : float or None
        Unix seconds.
    allowed : callable or None
        See `Recommendable`; None lets everything be shown.
    near : callable or None
        See `Near`; by default all photos are compared.
    explore : bool
        Whether a product that few have seen may take one of the later places.
    """

    kind: RecommendationKind
    k: int = 10
    past: InteractionHistory = field(default_factory=InteractionHistory.none)
    bought: PurchaseHistory = field(default_factory=PurchaseHistory.none)
    anchors: Rows = field(default_factory=lambda: np.zeros(0, np.intp))
    interests: tuple[Floats, ...] = ()
    now: float | None = None
    allowed: Recommendable | None = None
    near: Near | None = None
    explore: bool = True


class Recommender:
    """Makes the lists from what was counted.

    Parameters
    ----------
    signals : ItemStatistics
    model : NextItem or None
        What of a shopper's past speaks for the next item; by default the one of the benchmark.

    Notes
    -----
    The score of *for-you* is e · taste + (1 − e) · trend, both scaled to 1 for the best item, with e = m / (m + 0.2)
    for a past of m events: somebody of whom nothing is known gets what everybody likes, and each event counts.
    """

    def __init__(self, signals: ItemStatistics, model: NextItem | None = None) -> None:
        self.signals = signals
        self._items = signals.items
        self._model = model or NextItem()

    def recommend(
        self, wish: RecommendationQuery, draw: np.random.Generator | None = None
    ) -> list[Recommended]:
        """Make a list; shorter than asked for where there is no more, and empty where nothing can be said.

        Parameters
        ----------
        wish : RecommendationQuery
        draw : Generator or None
            Chance of what is tried; by default another one each time.
        """
        match wish.kind:
            case "recently-seen":
                return self._seen(wish)
            case "buy-again":
                return self._again(wish)
            case "for-you":
                case = self._taste(wish.past)
            case "trending":
                case = _Case(self._trend())
            case _:
                # An empty cart goes with everything.
                case = self._companions(wish) if len(wish.anchors) else self._taste(wish.past)
        found = self._arranged(wish, case)
        if wish.explore and wish.kind in ("for-you", "trending"):
            found = self._with_a_new_one(wish, case, found, draw or np.random.default_rng())
        return found[: wish.k]

    # ---- what speaks for an item ----

    def _taste(self, past: InteractionHistory) -> _Case:
        """What the past says of all items, and the more of it there is, the less what everybody likes counts."""
        past, trend = _by_product(past), self._trend()
        liked = past.rows
        if not len(liked):
            return _Case(trend)
        parts = self._model.parts(self.signals, past)
        evidence = len(liked) / (len(liked) + _EVIDENCE)
        top = float(np.sum([*parts.values()], axis=0).max())
        unit = np.float32(evidence / top if top > 0 else 0)
        own = {name: unit * part for name, part in parts.items()}
        common = {name: np.float32(1 - evidence) * part for name, part in trend.items()}
        fade = self._model.fade(past)
        return _Case(own | common, liked, fade, _PHOTO * float(unit))

    def _trend(self) -> dict[str, Floats]:
        """What everybody takes now, and what is on the rise; where nothing was counted, what came last."""
        long, recent = self.signals.popularity, self.signals.popularity_recent
        if not long.any():
            return {"fresh": self._fresh}
        parts = {"popularity": _scaled(np.log1p(recent if recent.any() else long))}
        # Where every shopper counts for good, times are not known.
        if recent is not long:
            growth = np.log1p(recent) - np.log1p(long * np.float32(RECENT / LONG))
            parts["growth"] = np.float32(_GROWTH) * _scaled(growth.clip(min=0))
        top = float(np.sum([*parts.values()], axis=0).max())
        return {name: part / np.float32(top) for name, part in parts.items()}

    def _companions(self, wish: RecommendationQuery) -> _Case:
        """What goes with the products at hand."""
        anchors, signals, words = wish.anchors, self.signals, self._items.words
        weights = _COMPANIONS[wish.kind]
        alike = np.full(len(anchors), 1 / len(anchors), np.float32)
        made: Mapping[str, Callable[[], Floats]] = {
            "together": lambda: np.asarray(alike @ signals.together[anchors]),
            "basket": lambda: np.asarray(alike @ signals.baskets[anchors]),
            "words": lambda: np.asarray(words @ (alike @ words[anchors])),
            "category": lambda: self._companion_categories(anchors),
            "popularity": lambda: np.log1p(signals.popularity),
        }
        parts = {
            name: np.float32(weight) * _scaled(made[name]())
            for name, weight in weights.items()
            if name in made
        }
        return _Case(parts, anchors, alike, weights.get("photo", 0.0))

    def _companion_categories(self, anchors: Rows) -> Floats:
        """How far shoppers take the aisle of each item with those of the products at hand."""
        aisles = self._items.parent_category
        own = aisles[anchors]
        own = own[own != UNKNOWN]
        if not len(own):
            return np.zeros(len(aisles), np.float32)
        found = self._aisles[own].mean(axis=0)
        return np.where(aisles == UNKNOWN, 0, found[aisles]).astype(np.float32)

    @cached_property
    def _aisles(self) -> Floats:
        """Share of each aisle among what is taken with another, float32 (aisles, aisles); rows add up to 1 or 0."""
        aisles = self._items.parent_category
        known = np.flatnonzero(aisles != UNKNOWN)
        shape = (len(aisles), int(aisles.max(initial=-1)) + 1)
        member = sparse.csr_array((np.ones(len(known), np.float32), (known, aisles[known])), shape=shape)
        near = self.signals.baskets if self.signals.baskets.nnz else self.signals.together
        mass = (member.T @ near @ member).toarray()
        return np.asarray(mass / np.maximum(mass.sum(axis=1, keepdims=True), 1e-9), dtype=np.float32)

    @cached_property
    def _gone(self) -> Rows:
        """Rows of products that are no longer there."""
        gone = self._items.gone
        return np.flatnonzero([name in gone for name in self._items.ids]) if gone else _NOTHING

    @cached_property
    def _fresh(self) -> Floats:
        """1 for what came last, 0 for what came first, those of one time alike."""
        times = np.unique(np.nan_to_num(self._items.added), return_inverse=True)[1]
        return _scaled(times.astype(np.float32))

    # ---- how products look ----

    @cached_property
    def _usual_look(self) -> Floats | None:
        """Mean of all photos' vectors: what they have in common, which makes no two alike."""
        photos = self._items.photos
        return None if photos is None else photos.mean(axis=0, dtype=np.float32)

    def _looks(self, rows: Rows) -> Floats:
        """Photos of items less the usual look, unit vectors: cosines of what is unlike are about 0."""
        photos, usual = self._items.photos, self._usual_look
        if photos is None or usual is None:
            return np.zeros((len(rows), 1), np.float32)
        given = photos[rows].astype(np.float32)
        looks = np.where(given.any(axis=1, keepdims=True), given - usual, 0)
        lengths = np.linalg.norm(looks, axis=1, keepdims=True)
        return np.asarray(looks / np.maximum(lengths, 1e-9), dtype=np.float32)

    def _near(self, wish: RecommendationQuery, case: _Case) -> Rows:
        """Items whose photos are like what the list comes from."""
        photos = self._items.photos
        if photos is None or not case.photo:
            return np.zeros(0, np.intp)
        interests = wish.interests if wish.kind == "for-you" else ()
        if not interests:
            interests = (case.weights @ photos[case.anchors].astype(np.float32),)
        near = wish.near or (lambda vector, count: np.argsort(-(photos.astype(np.float32) @ vector))[:count])
        return np.concatenate(
            [near(interest, _POOL) for interest in interests if interest.any()] or [_NOTHING]
        )

    # ---- from scores to a list ----

    def _contributions(self, case: _Case, rows: Rows) -> dict[str, Floats]:
        parts = {name: part[rows] for name, part in case.parts.items()}
        if case.photo and self._items.photos is not None:
            near = case.weights @ (self._looks(case.anchors) @ self._looks(rows).T)
            parts["photo"] = np.float32(case.photo) * near
        return parts

    def _arranged(self, wish: RecommendationQuery, case: _Case) -> list[Recommended]:
        """The best that may be shown, one of each group, no two too much alike."""
        pool, parts = self._pool(wish, case)
        if not len(pool):
            return []
        total = np.sum([*parts.values()], axis=0)
        diversity = _DIVERSITY.get(wish.kind, 0.0)
        top = float(total.max()) if total.max() > 0 else 1.0
        places = (
            diversified(total / top, self._likeness(pool), diversity) if diversity else list(range(len(pool)))
        )
        if wish.kind == "complete-the-look":
            best: dict[int, int] = {}
            for place in places:
                best.setdefault(int(self._items.parent_category[pool[place]]), place)
            places = list(best.values())
        return [
            self._said(int(pool[place]), {name: float(part[place]) for name, part in parts.items()}, case)
            for place in places[: max(wish.k, PLACES[1])]
        ]

    def _pool(self, wish: RecommendationQuery, case: _Case) -> tuple[Rows, dict[str, Floats]]:
        """The best candidates that may be shown, the best first, one of each group, and their parts."""
        size = max(_POOL, wish.k)
        total = np.sum([*case.parts.values()], axis=0)
        # What nothing speaks for is ordered by what everybody likes.
        order = np.lexsort((-self.signals.popularity, -total))
        hidden = self._hidden(wish)
        best = _first(order[~hidden[order]], size, wish.allowed, self._items.group)
        near = self._near(wish, case)
        near = near[~hidden[near]]
        rows = np.unique(np.concatenate([best, self._shown(wish, near)]))
        parts = self._contributions(case, rows)
        order = np.lexsort((-self.signals.popularity[rows], -np.sum([*parts.values()], axis=0)))
        first = np.sort(np.unique(self._items.group[rows[order]], return_index=True)[1])
        places = order[first][:size]
        return rows[places], {name: part[places] for name, part in parts.items()}

    def _hidden(self, wish: RecommendationQuery) -> NDArray[np.bool_]:
        """What is not to be shown: the products at hand, what was bought and is not bought again, what was seen."""
        items, bought = self._items, wish.bought.rows
        gone = np.concatenate([wish.anchors, bought[~self._is_bought_again(bought)]])
        hidden = np.isin(items.group, items.group[gone])
        hidden[self._gone] = True
        if wish.kind == "for-you":
            hidden[wish.past.rows[np.abs(wish.past.weights) >= 1]] = True
        if wish.kind == "complete-the-look":
            own = items.parent_category[wish.anchors]
            hidden |= np.isin(items.parent_category, own[own != UNKNOWN])
            for_whom = items.audience[wish.anchors]
            for_whom = for_whom[for_whom != UNKNOWN]
            if len(for_whom):
                hidden |= ~np.isin(items.audience, [*for_whom, UNKNOWN])
        return np.asarray(hidden)

    def _is_bought_again(self, rows: Rows) -> NDArray[np.bool_]:
        """Whether the category of each item is one where shoppers buy the same again."""
        if self.signals.repeats is None:
            return np.zeros(len(rows), bool)
        return np.asarray(self.signals.repeats[rows] >= REPEATS)

    @staticmethod
    def _shown(wish: RecommendationQuery, rows: Rows) -> Rows:
        return rows if wish.allowed is None or not len(rows) else rows[wish.allowed(rows)]

    def _likeness(self, rows: Rows) -> Floats:
        """Cosine of each two: the mean of those of words and photos, or that of words alone."""
        words = self._items.words[rows]
        likeness = np.asarray((words @ words.T).toarray(), dtype=np.float32)
        if self._items.photos is None:
            return likeness
        looks = self._looks(rows)
        return np.asarray((likeness + looks @ looks.T) / 2, dtype=np.float32)

    def _said(self, row: int, parts: Mapping[str, float], case: _Case) -> Recommended:
        contributions = {name: value for name, value in parts.items() if value} or {"popularity": 0.0}
        best = max(contributions, key=lambda name: contributions[name])
        return Recommended(row, contributions, Reason(best, self._because(best, row, case)))

    def _because(self, name: str, row: int, case: _Case) -> int:
        """Row of the product at hand, or of the past, that speaks most for an item."""
        anchors, words = case.anchors, self._items.words
        match name:
            case "together" | "basket":
                near = self.signals.together if name == "together" else self.signals.baskets
                speaks = near[anchors][:, [row]].toarray().ravel()
            case "photo":
                speaks = self._looks(anchors) @ self._looks(np.array([row]))[0]
            case "words":
                speaks = (words[anchors] @ words[[row]].T).toarray().ravel()
            case "category":
                speaks = np.ones(len(anchors))
            case _:
                return UNKNOWN
        return int(anchors[np.argmax(speaks * case.weights)])

    # ---- lists of what the shopper knows ----

    def _seen(self, wish: RecommendationQuery) -> list[Recommended]:
        latest = wish.past.rows[wish.past.weights > 0][::-1]
        rows = latest[np.sort(np.unique(latest, return_index=True)[1])]
        bought = wish.bought.rows
        gone = np.concatenate([wish.anchors, bought[~self._is_bought_again(bought)]])
        rows = self._shown(wish, rows[~np.isin(rows, gone)])
        return [
            Recommended(row, {"seen": 0.5 ** (place / _SESSION)}, Reason("seen", row))
            for place, row in enumerate(rows[: wish.k].tolist())
        ]

    def _again(self, wish: RecommendationQuery) -> list[Recommended]:
        bought = wish.bought
        again = self._is_bought_again(bought.rows) | (bought.counts > 1)
        shown = set(self._shown(wish, bought.rows[again]).tolist())
        found = []
        for row, count, last, gap in zip(
            bought.rows.tolist(), bought.counts, bought.last, bought.gaps, strict=True
        ):
            if row in shown:
                since = np.nan if wish.now is None else max(wish.now - last, 0.0)
                due = min(1.0, since / gap) if gap > 0 and since >= 0 else 0.0
                parts = {"bought": float(np.log1p(count)), "due": float(due)}
                found.append(Recommended(row, parts, Reason("bought", row)))
        return sorted(found, key=lambda one: -one.score)[: wish.k]

    # ---- products that few have seen ----

    def _with_a_new_one(
        self, wish: RecommendationQuery, case: _Case, found: list[Recommended], draw: np.random.Generator
    ) -> list[Recommended]:
        """Put a product that few have seen at one of the later places, and log how probable all that was.

        Which one is Thompson sampling [1]_ from a Beta distribution of its click rate, whose prior is what its
        words let expect.

        References
        ----------
        .. [1] O. Chapelle and L. Li, "An empirical evaluation of Thompson sampling", NeurIPS 2011.
        """
        places = np.arange(PLACES[0], min(PLACES[1], wish.k, len(found) + 1) + 1)
        tried = self._thompson(wish, case, {one.row for one in found}, draw) if len(places) else None
        if tried is None:
            return found
        row, probability = tried
        place = int(draw.choice(places))
        parts = {name: float(part[0]) for name, part in self._contributions(case, np.array([row])).items()}
        propensity = max(probability / len(places), _LEAST_PROPENSITY)
        new = replace(self._said(row, parts, case), reason=Reason("new"), propensity=propensity)
        moved = [replace(one, propensity=_stays(rank, place, places)) for rank, one in enumerate(found, 1)]
        return [*moved[: place - 1], new, *moved[place - 1 :]]

    def _thompson(
        self, wish: RecommendationQuery, case: _Case, shown: set[int], draw: np.random.Generator
    ) -> tuple[int, float] | None:
        """Choose a product that few have seen, and say how probable that choice was."""
        impressions, clicks = self.signals.impressions, self.signals.clicks
        if impressions is None or clicks is None or not impressions.any():
            return None
        few = np.flatnonzero((impressions < min(NEW, float(impressions.mean()))) & ~self._hidden(wish))
        # What others did says nothing of what few have seen, and would hide what nobody has.
        alike = case.parts.get("words", np.zeros(len(impressions), np.float32))
        few = few[np.lexsort((-self._guess[few], -alike[few]))]
        few = few[~np.isin(self._items.group[few], self._items.group[list(shown)])]
        few = _first(few, _TRIED, wish.allowed, self._items.group)
        if not len(few):
            return None
        prior, clicked = self._guess[few], np.minimum(clicks[few], impressions[few])
        rates = draw.beta(
            _PRIOR * prior + clicked, _PRIOR * (1 - prior) + impressions[few] - clicked, (_DRAWS, len(few))
        )
        best = np.argmax(rates, axis=1)
        # The first draw decides, all of them tell how often it would be so.
        return int(few[best[0]]), float(np.mean(best == best[0]))

    @cached_property
    def _guess(self) -> NDArray[np.float64]:
        """Click rate that the words of an item let expect: that of what has like words, by impressions."""
        words, impressions, clicks = self._items.words, self.signals.impressions, self.signals.clicks
        assert impressions is not None  # noqa: S101  (asked before)
        assert clicks is not None  # noqa: S101
        clicks = np.minimum(clicks, impressions)
        mean = float(clicks.sum()) / float(impressions.sum())
        shown, clicked = (
            np.asarray(words @ (words.T @ count), np.float64) for count in (impressions, clicks)
        )
        return np.clip((clicked + NEW * mean) / (shown + NEW), 1e-3, 1 - 1e-3)


_NOTHING = np.zeros(0, np.intp)


@dataclass(frozen=True)
class _Case:
    """What speaks for items: weighed parts of all items' scores, and the products at hand or of the past.

    `photo` is the weight of the likeness of photos with those products, which is worked out for few items only.
    """

    parts: Mapping[str, Floats]
    anchors: Rows = field(default_factory=lambda: _NOTHING)
    weights: Floats = field(default_factory=lambda: np.zeros(0, np.float32))
    photo: float = 0.0


def _by_product(past: InteractionHistory) -> InteractionHistory:
    """What was liked, each product once: at its latest time, with its strongest event."""
    liked = np.flatnonzero(past.weights > 0)
    latest = {int(past.rows[place]): int(place) for place in liked}
    places = np.array(sorted(latest.values()), np.intp)
    strongest = np.zeros(int(past.rows.max(initial=0)) + 1, np.float32)
    np.maximum.at(strongest, past.rows[liked], past.weights[liked])
    return InteractionHistory(past.rows[places], strongest[past.rows[places]], past.times[places])


def _scaled(values: Floats) -> Floats:
    """Scale to 1 for the largest; zeros stay."""
    top = float(values.max(initial=0))
    return np.asarray(values / np.float32(top) if top > 0 else np.zeros_like(values), dtype=np.float32)


def _first(order: Rows, count: int, allowed: Recommendable | None, groups: NDArray[np.int32]) -> Rows:
    """The first of an order that may be shown, one of each group."""
    found = _NOTHING
    for start in range(0, len(order), _CHUNK):
        rows = order[start : start + _CHUNK]
        rows = np.concatenate([found, rows if allowed is None else rows[allowed(rows)]])
        found = rows[np.sort(np.unique(groups[rows], return_index=True)[1])]
        if len(found) >= count:
            break
    return found[:count]


def _stays(rank: int, place: int, places: Rows) -> float:
    """Probability that what was at a rank stands where it stands now, when a new one may take any of `places`."""
    if rank < places[0]:
        return 1.0
    pushed = float(np.mean(places <= rank))
    return pushed if place <= rank else 1.0 - pushed
