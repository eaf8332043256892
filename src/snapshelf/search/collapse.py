"""Collapsing: one place for the variants of a product, and for products that look the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from snapshelf.catalogue import ProductName
from snapshelf.language import normalise
from snapshelf.search.corpus import Products
from snapshelf.search.score_table import ScoreTable

DUPLICATE = 0.998
"""Cosine of two photos from which they are the same, shrunk or saved again; see ``docs/concepts/search.md``."""

EQUAL = 0.05
"""Difference of the scores of two variants up to which they fit a query equally well: less than a soft constraint, such
as a colour, or a rule gives."""

COUNTED_BEHIND = 30
"""Candidates behind a product among which its duplicates are counted."""


@dataclass(frozen=True, slots=True)
class Collapsed:
    """Candidates that keep a place.

    Parameters
    ----------
    ids : tuple of str
        In order.
    represented_by : mapping
        Id of each candidate without a place → id of the candidate that stands for it.
    counts : mapping
        Id → candidates that it stands for; 0 is left out.
    """

    ids: tuple[str, ...]
    represented_by: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)


def collapse_variants(
    ids: Sequence[str],
    table: ScoreTable,
    sold_out: Callable[[Sequence[str]], Collection[str]],
    *,
    fixed: Collection[str] = (),
) -> Collapsed:
    """Keep a variant of each group: the first, or the next that fits as well where the first is sold out.

    Parameters
    ----------
    ids : sequence of str
        In order.
    table : ScoreTable
    sold_out : callable
        Returns those of some products that are not in stock.
    fixed : collection of str
        Products that stand for their group even if they are sold out, as pinned products do.
    """
    members: defaultdict[str, list[str]] = defaultdict(list)
    for id in ids:
        members[table.groups[table.row[id]] or f"\0{id}"].append(id)
    several = [group for group in members.values() if len(group) > 1]
    unavailable = sold_out([id for group in several for id in group]) if several else ()
    kept: list[str] = []
    represented_by: dict[str, str] = {}
    for group in members.values():
        first = group[0]
        if len(group) > 1:
            if first in unavailable and first not in fixed:
                first = next(
                    (id for id in group if id not in unavailable and _equal(table, id, first)), first
                )
            represented_by |= {id: first for id in group if id != first}
        kept.append(first)
    return Collapsed(tuple(kept), represented_by)


def _equal(table: ScoreTable, variant: str, first: str) -> bool:
    """Whether a variant fits the query as well as the first of its group."""
    row, of_first = table.row[variant], table.row[first]
    return bool(
        table.window[row] == table.window[of_first]
        and table.tier[row] == table.tier[of_first]
        and table.codes[row] >= table.codes[of_first]
        and table.total[of_first] - table.total[row] <= EQUAL
    )


def collapse_duplicates(
    ids: Sequence[str], table: ScoreTable, products: Products, *, depth: int
) -> Collapsed:
    """Leave out products that look like a product before them and have the same title and brand.

    Titles are read only as far as needed. What is kept of the first candidates, and the counts of the first `depth`
    that are kept, do not depend on `depth`.

    Parameters
    ----------
    ids : sequence of str
        In order.
    table : ScoreTable
    products : Products
        A product that it does not know any more is left out.
    depth : int
        Places to fill.

    Returns
    -------
    Collapsed
        Its counts are of duplicates in the same window, at most `COUNTED_BEHIND` places behind in `ids`.
    """
    kept: list[str] = []
    represented_by: dict[str, str] = {}
    members: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    photos: dict[str, NDArray[np.float32]] = {}
    places = {id: place for place, id in enumerate(ids)}
    start, stop = 0, depth + COUNTED_BEHIND
    while start < min(stop, len(ids)):
        page = ids[start:stop]
        keys = {id: _key(name) for id, name in products.names(page).items()}
        photos |= _photos_to_compare(keys, members, photos, products)
        for id in page:
            if id not in keys:
                continue
            originals = members[keys[id]]
            original = next((other for other in originals if _look_the_same(photos, id, other)), None)
            if original is None:
                originals.append(id)
                kept.append(id)
            else:
                represented_by[id] = original
        start = stop
        missing = depth - len(kept)
        stop = stop + missing if missing > 0 else places[kept[depth - 1]] + COUNTED_BEHIND + 1
    counts: defaultdict[str, int] = defaultdict(int)
    for id, original in represented_by.items():
        same_window = table.window[table.row[id]] == table.window[table.row[original]]
        counts[original] += bool(same_window and places[id] - places[original] <= COUNTED_BEHIND)
    return Collapsed(tuple(kept), represented_by, counts)


def _photos_to_compare(
    keys: Mapping[str, tuple[str, str]],
    members: Mapping[tuple[str, str], Sequence[str]],
    known: Mapping[str, NDArray[np.float32]],
    products: Products,
) -> Mapping[str, NDArray[np.float32]]:
    """Read the photo vectors of products that share title and brand: few, so that collapsing costs little elsewhere."""
    sharing: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for id, key in keys.items():
        sharing[key].append(id)
    needed = {
        id
        for key, ids in sharing.items()
        if len(together := [*members.get(key, ()), *ids]) > 1
        for id in together
        if id not in known
    }
    return products.vectors(sorted(needed)) if needed else {}


def _look_the_same(photos: Mapping[str, NDArray[np.float32]], id: str, other: str) -> bool:
    mine, theirs = photos.get(id), photos.get(other)
    return mine is not None and theirs is not None and float(mine[0] @ theirs[0]) >= DUPLICATE


@lru_cache(maxsize=16_384)
def _key(name: ProductName) -> tuple[str, str]:
    return normalise(name.title), normalise(name.brand)
