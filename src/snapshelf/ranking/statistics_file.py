"""Counts on disk: what was counted at night serves by day, though products came and went."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from snapshelf._support.files import write_arrays
from snapshelf.errors import ShelfError
from snapshelf.ranking.items import UNKNOWN, Items
from snapshelf.ranking.statistics import Floats, ItemStatistics

COUNTS = "counts.npz"
"""Name of the counts in the folder of a shelf's ranking."""

_FORMAT = 1
_MATRICES = ("together", "baskets", "brands")
_BY_ITEM = ("popularity", "popularity_recent", "click_rate")
_PERHAPS = ("impressions", "clicks", "repeats")
"""By item too, where they are known."""


def save_statistics(signals: ItemStatistics, path: Path) -> None:
    """Write counts to one file (``.npz``); it is there whole or not at all."""
    items = signals.items
    arrays: dict[str, NDArray[Any]] = {
        "format": np.array(_FORMAT),
        "ids": np.frombuffer(json.dumps(items.ids).encode(), np.uint8),
        "brand": items.brand,
        "brand_popularity": signals.brand_popularity,
        **{name: getattr(signals, name) for name in _BY_ITEM},
    }
    for name in _MATRICES:
        matrix = getattr(signals, name).tocoo()
        arrays |= {f"{name}.row": matrix.row, f"{name}.col": matrix.col, f"{name}.data": matrix.data}
    if signals.taste is not None:
        arrays["taste"] = signals.taste.astype(np.float16)
    arrays |= {name: values for name in _PERHAPS if (values := getattr(signals, name)) is not None}
    write_arrays(path, arrays, compressed=True)


def load_statistics(path: Path, items: Items) -> ItemStatistics:
    """Read what `save_statistics` wrote, for the products there are now: new ones have no counts yet.

    Raises
    ------
    ShelfError
        The file cannot be read or is of a newer Snapshelf.
    """
    try:
        # The file is opened here: NumPy forgets to close one that is no archive.
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            kept = {name: file[name] for name in file.files}
        if int(kept["format"]) > _FORMAT:
            raise ShelfError(f"{path}: written by a newer Snapshelf; update Snapshelf")
        rows = items.rows(json.loads(kept["ids"].tobytes()))
    except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error) as error:
        raise ShelfError(
            f"{path}: the counts cannot be read ({error}); make them with 'snapshelf rank train'"
        ) from None
    there = rows != UNKNOWN
    # Codes of brands follow the order of the products; a product that stayed says which is which.
    brands = np.full(len(kept["brand_popularity"]), UNKNOWN, np.int64)
    brands[kept["brand"][there]] = items.brand[rows[there]]
    sizes = {"brands": int(items.brand.max(initial=-1)) + 1}
    places = {"brands": brands}

    def matrix(name: str) -> sparse.csr_array:
        place, size = places.get(name, rows), sizes.get(name, len(items))
        row, column = place[kept[f"{name}.row"]], place[kept[f"{name}.col"]]
        stays = (row != UNKNOWN) & (column != UNKNOWN)
        values = kept[f"{name}.data"][stays]
        found = sparse.csr_array(
            sparse.coo_array((values, (row[stays], column[stays])), shape=(size, size)), dtype=np.float32
        )
        found.sort_indices()
        return found

    def by_item(name: str, unknown: float = 0.0) -> NDArray[np.float32]:
        values = np.full((len(items), *kept[name].shape[1:]), unknown, np.float32)
        values[rows[there]] = kept[name][there]
        return values

    brand_popularity = np.zeros(sizes["brands"], np.float32)
    brand_popularity[brands[brands != UNKNOWN]] = kept["brand_popularity"][brands != UNKNOWN]
    return ItemStatistics(
        items=items,
        together=matrix("together"),
        baskets=matrix("baskets"),
        brands=matrix("brands"),
        brand_popularity=brand_popularity,
        popularity=by_item("popularity"),
        popularity_recent=by_item("popularity_recent"),
        click_rate=by_item("click_rate", np.nan),
        taste=by_item("taste") if "taste" in kept else None,
        **{name: by_item(name) for name in _PERHAPS if name in kept},
    )


def empty_statistics(items: Items) -> ItemStatistics:
    """Give the counts of a shop where nothing has happened yet: likeness is all that is known."""
    size, brands = len(items), int(items.brand.max(initial=-1)) + 1
    return ItemStatistics(
        items=items,
        together=_empty(size),
        baskets=_empty(size),
        brands=_empty(brands),
        brand_popularity=np.zeros(brands, np.float32),
        popularity=np.zeros(size, np.float32),
        popularity_recent=np.zeros(size, np.float32),
        click_rate=np.full(size, np.nan, np.float32),
    )


def extended(signals: ItemStatistics, items: Items) -> ItemStatistics:
    """Take over counts for the products as they are now, new ones below; rows and codes must be as they were."""
    more, brands = len(items) - len(signals.items), int(items.brand.max(initial=-1)) + 1
    more_brands = max(0, brands - len(signals.brand_popularity))

    def by_item(values: Floats, unknown: float = 0.0) -> Floats:
        padding = [(0, more), *((0, 0) for _ in values.shape[1:])]
        return np.pad(values, padding, constant_values=unknown) if more else values

    def known(values: Floats | None) -> Floats | None:
        return None if values is None else by_item(values)

    return ItemStatistics(
        items=items,
        together=_wider(signals.together, more),
        baskets=_wider(signals.baskets, more),
        brands=_wider(signals.brands, more_brands),
        brand_popularity=np.pad(signals.brand_popularity, (0, more_brands)),
        popularity=by_item(signals.popularity),
        popularity_recent=by_item(signals.popularity_recent),
        click_rate=by_item(signals.click_rate, np.nan),
        taste=known(signals.taste),
        **{name: known(getattr(signals, name)) for name in _PERHAPS},
    )


def _empty(size: int) -> sparse.csr_array:
    return sparse.csr_array((size, size), dtype=np.float32)


def _wider(matrix: sparse.csr_array, more: int) -> sparse.csr_array:
    """Append rows and columns without entries; what is there is shared, not copied."""
    if not more:
        return matrix
    size = matrix.shape[0] + more
    starts = np.pad(matrix.indptr, (0, more), mode="edge")
    return sparse.csr_array((matrix.data, matrix.indices, starts), shape=(size, size))
