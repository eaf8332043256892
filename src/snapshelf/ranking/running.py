"""Counts that go on: what is new in the journal is added to what was counted before."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from snapshelf._support.files import replacing_folder, write_text
from snapshelf.catalogue import Catalogue
from snapshelf.events import WEIGHTS, Impression, Interaction, Journal, Position
from snapshelf.ranking.cooccurrence import CoOccurrence
from snapshelf.ranking.counts import BASKET_SHRINKAGE, NEIGHBOURS, taste_of
from snapshelf.ranking.items import UNKNOWN, Items, brand_of
from snapshelf.ranking.model_store import ModelStore
from snapshelf.ranking.statistics import Floats, ItemStatistics
from snapshelf.ranking.training_data import LONG, RECENT, click_rates, orders, repeat_shares

_DAY = 86_400.0
_FORMAT = 1
_MATRICES = ("together", "baskets", "brands")
_SUMS = ("long", "recent", "impressions", "clicks", "bought", "again")
_STATE = "state.json"

_Deeds = Mapping[str, Sequence[Interaction]]


@dataclass(frozen=True)
class Refreshed:
    """What a refresh did.

    Parameters
    ----------
    events, impressions : int
        That were counted.
    anew : bool
        Whether everything was counted, for there were no counts to go on from, or some had to be taken back.
    """

    events: int
    impressions: int
    anew: bool


@dataclass
class RunningCounts:
    """Sums over shoppers from which the counts of `ItemStatistics` follow.

    Attributes
    ----------
    position : Position
        Up to where the journal is counted.
    at : float
        Unix seconds of the last update: sums that fade are as of then.
    together, baskets, brands : CoOccurrence
    sums : mapping
        Name → product → sum: popularity at two half-lives (``long``, ``recent``), ``impressions``, ``clicks``, on how
        many days its buyers bought it (``bought``), and on how many of these once more (``again``).
    """

    position: Position = field(default_factory=Position)
    at: float = 0.0
    together: CoOccurrence = field(default_factory=CoOccurrence)
    baskets: CoOccurrence = field(default_factory=CoOccurrence)
    brands: CoOccurrence = field(default_factory=CoOccurrence)
    sums: Mapping[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in _SUMS})

    def update(
        self,
        before: _Deeds,
        new: _Deeds,
        shown: Iterable[Impression],
        brands: Mapping[str, str],
        *,
        at: float,
    ) -> None:
        """Add what is new.

        Parameters
        ----------
        before, new : mapping
            Shopper → what was counted before, and what was not; of the shoppers that did something new.
        shown : iterable of Impression
            What was not counted before.
        brands : mapping
            Product → brand.
        at : float
            Unix seconds of now.
        """
        liked = {
            shopper: (_liked(before.get(shopper, ())), _liked(interactions))
            for shopper, interactions in new.items()
        }
        self.together.update(liked.values())
        self.brands.update((_brands(old, brands), _brands(added, brands)) for old, added in liked.values())
        self.baskets.update(
            basket
            for shopper, interactions in new.items()
            for basket in _baskets(before.get(shopper, ()), interactions)
        )
        self._fade(at)
        for shopper, interactions in new.items():
            self._take(before.get(shopper, ()), interactions)
        for search in shown:
            self.sums["impressions"].update(search.products)

    def signals(self, items: Items, brand_names: Sequence[str], taste: Floats | None) -> ItemStatistics:
        """Return the counts for the products that there are.

        Parameters
        ----------
        items : Items
        brand_names : sequence of str
            Of each code of `Items.brand`.
        taste : ndarray or None
            That of `ItemStatistics`.
        """
        sums = {name: self._by_item(items, name) for name in _SUMS}
        known = dict(zip(self.brands.ids, self.brands.counts, strict=True))
        return ItemStatistics(
            items=items,
            together=self.together.neighbours(items.ids, k=NEIGHBOURS),
            baskets=self.baskets.neighbours(items.ids, k=NEIGHBOURS, shrinkage=BASKET_SHRINKAGE),
            brands=self.brands.neighbours(brand_names, k=NEIGHBOURS),
            brand_popularity=np.array([known.get(name, 0.0) for name in brand_names], np.float32),
            popularity=sums["long"],
            popularity_recent=sums["recent"],
            click_rate=click_rates(sums["impressions"], sums["clicks"]),
            taste=taste,
            impressions=sums["impressions"],
            clicks=sums["clicks"],
            repeats=repeat_shares(items, sums["bought"], sums["again"]),
        )

    def save(self, folder: Path) -> None:
        """Write them to a folder, which has all of them or is not there."""
        state = {"format": _FORMAT, "position": self.position, "at": self.at, "sums": self.sums}
        # Where a crash leaves no folder, everything is counted anew: slower and as right.
        with replacing_folder(folder) as new:
            for name in _MATRICES:
                getattr(self, name).save(new / f"{name}.npz")
            write_text(new / _STATE, json.dumps(state))

    @classmethod
    def load(cls, folder: Path) -> RunningCounts | None:
        """Read what `save` wrote; None where there is nothing that can be gone on from."""
        try:
            told = json.loads((folder / _STATE).read_text("utf-8"))
            if told["format"] != _FORMAT:
                return None
            return cls(
                position=Position(*told["position"]),
                at=told["at"],
                sums={name: Counter(told["sums"][name]) for name in _SUMS},
                **{name: CoOccurrence.load(folder / f"{name}.npz") for name in _MATRICES},
            )
        except (OSError, ValueError, KeyError, TypeError, BadZipFile):
            return None

    def _fade(self, at: float) -> None:
        days = max(0.0, at - self.at) / _DAY if self.at else 0.0
        self.at = max(at, self.at)
        for name, half_life in (("long", LONG), ("recent", RECENT)):
            faded = 0.5 ** (days / half_life)
            for product in self.sums[name]:
                self.sums[name][product] *= faded

    def _take(self, before: Sequence[Interaction], new: Sequence[Interaction]) -> None:
        for interaction in new:
            if WEIGHTS[interaction.kind] > 0:
                days = (self.at - interaction.at) / _DAY
                self.sums["long"][interaction.product] += 0.5 ** (days / LONG)
                self.sums["recent"][interaction.product] += 0.5 ** (days / RECENT)
            if interaction.kind == "click" and interaction.query_id:
                self.sums["clicks"][interaction.product] += 1
        had = _bought(before)
        for product, days_bought in _bought([*before, *new]).items():
            more = days_bought - had.get(product, 0)
            self.sums["bought"][product] += more
            self.sums["again"][product] += more - (product not in had)

    def _by_item(self, items: Items, name: str) -> Floats:
        own = self.sums[name]
        rows = items.rows(own)
        values = np.zeros(len(items), np.float32)
        values[rows[rows != UNKNOWN]] = np.array([*own.values()], np.float32)[rows != UNKNOWN]
        return values


def refresh(
    ranking: ModelStore, journal: Journal, items: Items, catalogue: Catalogue, *, now: float
) -> Refreshed:
    """Add what is new in a journal to the counts of a shelf, and let them serve.

    The taste space is that of the last time that everything was counted: it does not follow from sums. Everything is
    counted when there is nothing to go on from, and when events were erased or changed hands since.

    Parameters
    ----------
    ranking : ModelStore
    journal : Journal
    items : Items
    catalogue : Catalogue
    now : float
        Unix seconds.
    """
    running = RunningCounts.load(ranking.running)
    anew = running is None or running.at <= journal.revised_at()
    if running is None or anew:
        running = RunningCounts()
    until = journal.position()
    told = journal.log(running.position, until)
    new = _by_shopper(told.interactions)
    before = {} if anew else _by_shopper(journal.log(until=running.position, of=new).interactions)
    products = {
        interaction.product
        for interactions in (*before.values(), *new.values())
        for interaction in interactions
    }
    running.update(before, new, told.shown, _brand_names(catalogue, products), at=now)
    running.position = until
    if anew:
        taste = taste_of(len(items), [items.rows(_liked(interactions)) for interactions in new.values()])
    else:
        taste = ranking.counts(items).taste if ranking.has_counts else None
    ranking.count(running.signals(items, _brands_by_code(items, catalogue), taste))
    running.save(ranking.running)
    return Refreshed(len(told.interactions), len(told.shown), anew)


def _by_shopper(interactions: Iterable[Interaction]) -> dict[str, list[Interaction]]:
    found: dict[str, list[Interaction]] = defaultdict(list)
    for interaction in interactions:
        found[interaction.shopper].append(interaction)
    for own in found.values():
        own.sort(key=lambda interaction: interaction.at)
    return found


def _liked(interactions: Iterable[Interaction]) -> list[str]:
    return [interaction.product for interaction in interactions if WEIGHTS[interaction.kind] > 0]


def _brands(products: Iterable[str], brands: Mapping[str, str]) -> list[str]:
    return [brands[product] for product in products if product in brands]


def _baskets(
    before: Sequence[Interaction], new: Sequence[Interaction]
) -> Iterable[tuple[list[str], list[str]]]:
    had = orders(before)
    return ((had.get(day, []), added) for day, added in orders(new).items())


def _bought(interactions: Iterable[Interaction]) -> Counter[str]:
    """On how many days each product was bought."""
    return Counter(
        product for product, _ in {(d.product, d.at // _DAY) for d in interactions if d.kind == "purchase"}
    )


def _brand_names(catalogue: Catalogue, products: Iterable[str]) -> dict[str, str]:
    return {id: brand_of(product) for id, product in catalogue.get_many(products).items()}


def _brands_by_code(items: Items, catalogue: Catalogue) -> list[str]:
    """Name each code of `Items.brand`, by a product that has it."""
    codes, rows = np.unique(items.brand, return_index=True)
    names = _brand_names(catalogue, [items.ids[row] for row in rows.tolist()])
    found = [f"\0{code}" for code in range(int(items.brand.max(initial=-1)) + 1)]
    for code, row in zip(codes.tolist(), rows.tolist(), strict=True):
        if code != UNKNOWN and items.ids[row] in names:
            found[code] = names[items.ids[row]]
    return found
