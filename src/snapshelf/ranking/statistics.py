"""Statistics of the items: what the behaviour of all shoppers says about each product.

`StatisticsCounter` is the only code that counts. It is updated with new events; counting everything at once is a fresh
counter that is updated once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from snapshelf.events import WEIGHTS, Impression, Interaction, Position
from snapshelf.ranking.cooccurrence import CoOccurrence
from snapshelf.ranking.history import InteractionHistories
from snapshelf.ranking.items import UNKNOWN, Items
from snapshelf.ranking.taste import taste_of

Floats: TypeAlias = NDArray[np.float32]
Interactions: TypeAlias = Mapping[str, Sequence[Interaction]]
"""Shopper → interactions, oldest first."""

LONG, RECENT = 90.0, 7.0
"""Half-lives of the two popularities, in days."""
_FADING = {"long": LONG, "recent": RECENT, "sold": LONG}
"""Sums that fade, with their half-lives in days."""
SUMS = (*_FADING, "impressions", "clicks", "bought", "again")
"""Names of `StatisticsCounter.sums`."""

_SALES = ("cart", "purchase", "remove", "return")
"""Interactions that say what sells, weighted by `WEIGHTS`."""

_NEIGHBOURS = 50
_BASKET_SHRINKAGE = 5.0
"""In baskets, of which there are fewer than of shoppers."""
_PRIOR_IMPRESSIONS = 100.0
"""Impressions that the mean click rate of the shop is worth."""
_PRIOR_PURCHASES = 20.0
"""Purchases that the mean share of repeats of the shop is worth."""
_DAY = 86_400.0


@dataclass(frozen=True)
class ItemStatistics:
    """What the behaviour of all shoppers says about the items; arrays are by row of `items`.

    Parameters
    ----------
    items : Items
    together, baskets : sparse array
        CSR, float32 (n, n): neighbours among a shopper's items and within a basket (`CoOccurrence.neighbours`).
    brands : sparse array
        CSR, float32 (brands, brands): neighbours among the brands of a shopper, by `Items.brand`.
    brand_popularity : ndarray
        float32 (brands,): faded count of the shoppers who took each brand.
    popularity, popularity_recent : ndarray
        float32 (n,): faded counts at two half-lives.
    click_rate : ndarray
        float32 (n,): smoothed clicks per impression, NaN where impressions are unknown.
    taste : ndarray or None
        float32 (n, d): unit vectors in which items of like shoppers are close; zeros for an item that no shopper had.
    impressions, clicks : ndarray or None
        float32 (n,): how often each item was shown, and clicked after it was shown; None where that is unknown.
    repeats : ndarray or None
        float32 (n,): share of the purchases of its category that were not a shopper's first of that item; None
        where the times of purchases are unknown.
    sold : ndarray or None
        float32 (n,): faded purchases and carts less what was taken back, weighted by `WEIGHTS`; None where that is
        unknown.
    """

    items: Items
    together: sparse.csr_array
    baskets: sparse.csr_array
    brands: sparse.csr_array
    brand_popularity: Floats
    popularity: Floats
    popularity_recent: Floats
    click_rate: Floats
    taste: Floats | None = None
    impressions: Floats | None = None
    clicks: Floats | None = None
    repeats: Floats | None = None
    sold: Floats | None = None

    def bestsellers(self) -> tuple[str, ...]:
        """Return the products that shoppers buy or look at: by what was sold, then by clicks per impression."""
        sold = np.zeros(len(self.items), np.float32) if self.sold is None else np.maximum(self.sold, 0.0)
        rows = np.flatnonzero((sold > 0) | (self.popularity > 0))
        clicks = np.nan_to_num(self.click_rate[rows])
        order = np.lexsort((-self.popularity[rows], -clicks, -sold[rows]))
        return tuple(self.items.ids[row] for row in rows[order].tolist())


@dataclass
class StatisticsCounter:
    """Sums over shoppers from which `ItemStatistics` follow; sums that fade do so as of the last update.

    Attributes
    ----------
    position : Position
        Position in the journal up to which events are counted.
    at : float
        Unix seconds of the last update.
    together, baskets, brands : CoOccurrence
        Products of a shopper, products of a basket, and brands of a shopper.
    sums : mapping
        Name → product → sum: popularity at two half-lives (``long``, ``recent``), purchases and carts (``sold``),
        ``impressions``, ``clicks``, the number of days on which a shopper bought the product (``bought``), and of
        those after a shopper's first (``again``).
    """

    position: Position = field(default_factory=Position)
    at: float = 0.0
    together: CoOccurrence = field(default_factory=CoOccurrence)
    baskets: CoOccurrence = field(default_factory=CoOccurrence)
    brands: CoOccurrence = field(default_factory=CoOccurrence)
    sums: Mapping[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in SUMS})

    def update(
        self,
        before: Interactions,
        new: Interactions,
        impressions: Iterable[Impression],
        brands: Mapping[str, str],
        *,
        at: float,
    ) -> None:
        """Add new events.

        Parameters
        ----------
        before, new : mapping
            The interactions that were counted before, and those that were not, of the shoppers with new ones.
        impressions : iterable of Impression
            The new ones.
        brands : mapping
            Product → brand.
        at : float
            Unix seconds of now.
        """
        self._fade(at)
        liked = [
            (liked_products(before.get(shopper, ())), liked_products(own)) for shopper, own in new.items()
        ]
        self.together.update(liked)
        self.brands.update((_brands(old, brands), _brands(added, brands)) for old, added in liked)
        self.baskets.update(
            basket for shopper, own in new.items() for basket in _baskets(before.get(shopper, ()), own)
        )
        self._add_popularity([interaction for own in new.values() for interaction in own])
        for shopper, own in new.items():
            self._add_purchases(before.get(shopper, ()), own)
        for impression in impressions:
            self.sums["impressions"].update(impression.products)

    def statistics(self, items: Items, brand_names: Sequence[str], taste: Floats | None) -> ItemStatistics:
        """Return the statistics of the items.

        Parameters
        ----------
        items : Items
        brand_names : sequence of str
            Of each code of `Items.brand`.
        taste : ndarray or None
            See `ItemStatistics`.
        """
        sums = {name: self._by_item(items, name) for name in SUMS}
        known = dict(zip(self.brands.ids, self.brands.counts, strict=True))
        return ItemStatistics(
            items=items,
            together=self.together.neighbours(items.ids, k=_NEIGHBOURS),
            baskets=self.baskets.neighbours(items.ids, k=_NEIGHBOURS, shrinkage=_BASKET_SHRINKAGE),
            brands=self.brands.neighbours(brand_names, k=_NEIGHBOURS),
            brand_popularity=np.array([known.get(name, 0.0) for name in brand_names], np.float32),
            popularity=sums["long"],
            popularity_recent=sums["recent"],
            click_rate=_click_rates(sums["impressions"], sums["clicks"]),
            taste=taste,
            impressions=sums["impressions"],
            clicks=sums["clicks"],
            repeats=_repeat_shares(items, sums["bought"], sums["again"]),
            sold=sums["sold"],
        )

    def _fade(self, at: float) -> None:
        days = max(0.0, at - self.at) / _DAY if self.at else 0.0
        self.at = max(at, self.at)
        for name, half_life in _FADING.items():
            faded = 0.5 ** (days / half_life)
            for product in self.sums[name]:
                self.sums[name][product] *= faded

    def _add_popularity(self, interactions: Sequence[Interaction]) -> None:
        liked = [interaction for interaction in interactions if WEIGHTS[interaction.kind] > 0]
        codes: dict[str, int] = {}
        products = [codes.setdefault(interaction.product, len(codes)) for interaction in liked]
        days = (self.at - np.array([interaction.at for interaction in liked])) / _DAY
        for name, half_life in (("long", LONG), ("recent", RECENT)):
            added = np.bincount(products, 0.5 ** (days / half_life), len(codes))
            for product, value in zip(codes, added.tolist(), strict=True):
                self.sums[name][product] += value
        for interaction in interactions:
            if interaction.kind in _SALES:
                faded = 0.5 ** ((self.at - interaction.at) / _DAY / LONG)
                self.sums["sold"][interaction.product] += WEIGHTS[interaction.kind] * faded
        self.sums["clicks"].update(
            interaction.product
            for interaction in interactions
            if interaction.kind == "click" and interaction.query_id
        )

    def _add_purchases(self, before: Sequence[Interaction], new: Sequence[Interaction]) -> None:
        known = _purchase_days(before)
        for product, days in _purchase_days([*before, *new]).items():
            more = days - known.get(product, 0)
            self.sums["bought"][product] += more
            self.sums["again"][product] += more - (product not in known)

    def _by_item(self, items: Items, name: str) -> Floats:
        sums = self.sums[name]
        rows = items.rows(sums)
        values = np.zeros(len(items), np.float32)
        values[rows[rows != UNKNOWN]] = np.array([*sums.values()], np.float32)[rows != UNKNOWN]
        return values


def count(
    items: Items, histories: InteractionHistories, impressions: Iterable[Impression], *, until: float
) -> ItemStatistics:
    """Count the behaviour of all shoppers before `until` (Unix seconds).

    Parameters
    ----------
    items : Items
    histories : InteractionHistories
    impressions : iterable of Impression
    until : float
    """
    known = set(items.ids) - items.gone
    own = {
        shopper: [interaction for interaction in interactions if interaction.product in known]
        for shopper, interactions in histories.before(until).items()
    }
    counter = StatisticsCounter()
    shown = [impression for impression in impressions if impression.at < until]
    counter.update({}, own, shown, _brand_codes(items), at=until)
    taste = taste_of(len(items), [items.rows(liked_products(interactions)) for interactions in own.values()])
    return counter.statistics(items, _code_names(items), taste)


def count_histories(items: Items, histories: Iterable[NDArray[np.intp]]) -> ItemStatistics:
    """Count histories without times, impressions and baskets, as in benchmarks: every shopper counts 1 for good.

    Parameters
    ----------
    items : Items
    histories : iterable of ndarray
        intp (m,): rows of the items of a shopper.
    """
    rows = [history[history != UNKNOWN] for history in histories]
    products = [[items.ids[row] for row in own.tolist()] for own in rows]
    counter, codes = StatisticsCounter(), _brand_codes(items)
    counter.together.update(((), own) for own in products)
    counter.brands.update(((), _brands(own, codes)) for own in products)
    shoppers = Counter(dict(zip(counter.together.ids, counter.together.counts.tolist(), strict=True)))
    counter.sums["long"].update(shoppers)
    statistics = counter.statistics(items, _code_names(items), taste_of(len(items), rows))
    # The same array says that times are unknown.
    return replace(
        statistics,
        popularity_recent=statistics.popularity,
        impressions=None,
        clicks=None,
        repeats=None,
        sold=None,
    )


def liked_products(interactions: Iterable[Interaction]) -> list[str]:
    """Return the products of positive interactions, in their order."""
    return [interaction.product for interaction in interactions if WEIGHTS[interaction.kind] > 0]


def _brands(products: Iterable[str], brands: Mapping[str, str]) -> list[str]:
    return [brands[product] for product in products if product in brands]


def _brand_codes(items: Items) -> dict[str, str]:
    """Name the brand of each product by its code."""
    return dict(zip(items.ids, map(str, items.brand.tolist()), strict=True))


def _code_names(items: Items) -> list[str]:
    return [str(code) for code in range(int(items.brand.max(initial=-1)) + 1)]


def _baskets(
    before: Sequence[Interaction], new: Sequence[Interaction]
) -> Iterable[tuple[list[str], list[str]]]:
    """The baskets of a shopper by day: products that were known, and new ones."""
    known = _orders(before)
    return ((known.get(day, []), added) for day, added in _orders(new).items())


def _orders(interactions: Iterable[Interaction]) -> dict[int, list[str]]:
    """Return the purchases of each day since 1970; those of a day are a basket."""
    by_day: dict[int, list[str]] = defaultdict(list)
    for interaction in interactions:
        if interaction.kind == "purchase":
            by_day[int(interaction.at // _DAY)].append(interaction.product)
    return by_day


def _purchase_days(interactions: Iterable[Interaction]) -> Counter[str]:
    """Return on how many days each product was bought."""
    days = {(event.product, event.at // _DAY) for event in interactions if event.kind == "purchase"}
    return Counter(product for product, _ in days)


def _click_rates(impressions: Floats, clicks: Floats) -> Floats:
    """Return the clicks per impression of each item, pulled to the mean; NaN where nothing was shown yet."""
    if not impressions.any():
        return np.full(len(impressions), np.nan, np.float32)
    mean = clicks.sum() / impressions.sum()
    return np.asarray((clicks + _PRIOR_IMPRESSIONS * mean) / (impressions + _PRIOR_IMPRESSIONS), np.float32)


def _repeat_shares(items: Items, bought: Floats, again: Floats) -> Floats:
    """Return the share of repeated purchases in each item's category, pulled to the mean of the shop."""
    size = int(items.category.max(initial=-1)) + 2  # the last is for items without a category
    of_category, of_again = (
        np.bincount(items.category % size, weights=sums, minlength=size) for sums in (bought, again)
    )
    mean = again.sum() / max(bought.sum(), 1.0)
    share = (of_again + _PRIOR_PURCHASES * mean) / (of_category + _PRIOR_PURCHASES)
    return np.asarray(share[items.category], dtype=np.float32)
