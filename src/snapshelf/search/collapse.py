"""Collapsing: one place for the variants of a product, and for products that look the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
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


def collapse_variants(ids: Sequence[str], table: ScoreTable) -> Collapsed:
    """Keep the first variant of each group."""
    kept: list[str] = []
    represented_by: dict[str, str] = {}
    first_of_group: dict[str, str] = {}
    for id in ids:
        group = table.groups[table.row[id]]
        first = id if group is None else first_of_group.setdefault(group, id)
        if first == id:
            kept.append(id)
        else:
            represented_by[id] = first
    return Collapsed(tuple(kept), represented_by)


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
