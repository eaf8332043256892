"""Refresh the statistics of a shelf: add the new events of its journal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from snapshelf.catalogue import Catalogue
from snapshelf.events import Interaction, Journal
from snapshelf.ranking.items import UNKNOWN, Items, brand_of
from snapshelf.ranking.model_store import ModelStore
from snapshelf.ranking.statistics import StatisticsCounter, liked_products
from snapshelf.ranking.statistics_file import load_counter, save_counter
from snapshelf.ranking.taste import taste_of


@dataclass(frozen=True)
class Refreshed:
    """The result of a refresh.

    Parameters
    ----------
    events, impressions : int
        Numbers of those that were counted.
    anew : bool
        Whether everything was counted, because there was no counter, or counted events were erased since.
    """

    events: int
    impressions: int
    anew: bool


def refresh_statistics(
    store: ModelStore, journal: Journal, items: Items, catalogue: Catalogue, *, now: float
) -> Refreshed:
    """Add the new events of a journal to the statistics of a shelf, which serve from then on.

    The taste space does not follow from sums; it stays as it was when everything was counted. Everything is counted
    where there is no counter, and when events were erased or got another shopper since.

    Parameters
    ----------
    store : ModelStore
    journal : Journal
    items : Items
    catalogue : Catalogue
    now : float
        Unix seconds.
    """
    counter = load_counter(store.counter)
    anew = counter is None or counter.at <= journal.revised_at()
    if counter is None or anew:
        counter = StatisticsCounter()
    until = journal.position()
    log = journal.log(counter.position, until)
    new = _by_shopper(log.interactions)
    before = {} if anew else _by_shopper(journal.log(until=counter.position, of=new).interactions)
    products = {event.product for events in (*before.values(), *new.values()) for event in events}
    counter.update(before, new, log.impressions, _brand_names(catalogue, products), at=now)
    counter.position = until
    if anew:
        taste = taste_of(len(items), [items.rows(liked_products(events)) for events in new.values()])
    else:
        taste = store.statistics(items).taste if store.has_statistics else None
    store.save_statistics(counter.statistics(items, _names_of_codes(items, catalogue), taste))
    save_counter(counter, store.counter)
    return Refreshed(len(log.interactions), len(log.impressions), anew)


def _by_shopper(interactions: Iterable[Interaction]) -> dict[str, list[Interaction]]:
    by_shopper: dict[str, list[Interaction]] = defaultdict(list)
    for interaction in interactions:
        by_shopper[interaction.shopper].append(interaction)
    for events in by_shopper.values():
        events.sort(key=lambda interaction: interaction.at)
    return by_shopper


def _brand_names(catalogue: Catalogue, products: Iterable[str]) -> dict[str, str]:
    return {id: brand_of(product) for id, product in catalogue.get_many(products).items()}


def _names_of_codes(items: Items, catalogue: Catalogue) -> list[str]:
    """Name each code of `Items.brand`, by a product that has it."""
    codes, rows = np.unique(items.brand, return_index=True)
    brands = _brand_names(catalogue, [items.ids[row] for row in rows.tolist()])
    # A brand whose product is gone gets a name that no product has.
    names = [f"\0{code}" for code in range(int(items.brand.max(initial=-1)) + 1)]
    for code, row in zip(codes.tolist(), rows.tolist(), strict=True):
        if code != UNKNOWN and items.ids[row] in brands:
            names[code] = brands[items.ids[row]]
    return names
