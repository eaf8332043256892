"""Statistics and their counter on disk; statistics serve although products were added or removed since."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from snapshelf._support.files import replacing_folder, write_arrays, write_text
from snapshelf.errors import ShelfError
from snapshelf.events import Position
from snapshelf.ranking.cooccurrence import CoOccurrence
from snapshelf.ranking.items import UNKNOWN, Items
from snapshelf.ranking.statistics import SUMS, Floats, ItemStatistics, StatisticsCounter

STATISTICS = "counts.npz"
"""Name of the statistics in the folder of a shelf's ranking."""

_FORMAT = 1
_MATRICES = ("together", "baskets", "brands")
_BY_ITEM = ("popularity", "popularity_recent", "click_rate")
_OPTIONAL = ("impressions", "clicks", "repeats", "sold")
"""By item too, where they are known."""
_STATE = "state.json"


def save_statistics(statistics: ItemStatistics, path: Path) -> None:
    """Write statistics to a file (``.npz``)."""
    items = statistics.items
    arrays: dict[str, NDArray[Any]] = {
        "format": np.array(_FORMAT),
        "ids": np.frombuffer(json.dumps(items.ids).encode(), np.uint8),
        "brand": items.brand,
        "brand_popularity": statistics.brand_popularity,
        **{name: getattr(statistics, name) for name in _BY_ITEM},
    }
    for name in _MATRICES:
        matrix = getattr(statistics, name).tocoo()
        arrays |= {f"{name}.row": matrix.row, f"{name}.col": matrix.col, f"{name}.data": matrix.data}
    if statistics.taste is not None:
        arrays["taste"] = statistics.taste.astype(np.float16)
    arrays |= {name: values for name in _OPTIONAL if (values := getattr(statistics, name)) is not None}
    write_arrays(path, arrays, compressed=True)


def load_statistics(path: Path, items: Items) -> ItemStatistics:
    """Read what `save_statistics` wrote, for the current products: new products have no counts yet.

    Raises
    ------
    ShelfError
        The file cannot be read or was written by a newer Snapshelf.
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
    is_known = rows != UNKNOWN
    # Codes of brands follow the order of the products; a product that stayed says which is which.
    brands = np.full(len(kept["brand_popularity"]), UNKNOWN, np.int64)
    brands[kept["brand"][is_known]] = items.brand[rows[is_known]]
    sizes = {"brands": int(items.brand.max(initial=-1)) + 1}
    places = {"brands": brands}

    def matrix(name: str) -> sparse.csr_array:
        place, size = places.get(name, rows), sizes.get(name, len(items))
        row, column = place[kept[f"{name}.row"]], place[kept[f"{name}.col"]]
        stays = (row != UNKNOWN) & (column != UNKNOWN)
        values = kept[f"{name}.data"][stays]
        entries = sparse.csr_array(
            sparse.coo_array((values, (row[stays], column[stays])), shape=(size, size)), dtype=np.float32
        )
        entries.sort_indices()
        return entries

    def by_item(name: str, unknown: float = 0.0) -> NDArray[np.float32]:
        values = np.full((len(items), *kept[name].shape[1:]), unknown, np.float32)
        values[rows[is_known]] = kept[name][is_known]
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
        **{name: by_item(name) for name in _OPTIONAL if name in kept},
    )


def empty_statistics(items: Items) -> ItemStatistics:
    """Return the statistics of a shop without events."""
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


def extended(statistics: ItemStatistics, items: Items) -> ItemStatistics:
    """Return statistics for items to which new ones were appended; rows and codes of the others must be the same."""
    more, brands = len(items) - len(statistics.items), int(items.brand.max(initial=-1)) + 1
    more_brands = max(0, brands - len(statistics.brand_popularity))

    def by_item(values: Floats, unknown: float = 0.0) -> Floats:
        padding = [(0, more), *((0, 0) for _ in values.shape[1:])]
        return np.pad(values, padding, constant_values=unknown) if more else values

    def known(values: Floats | None) -> Floats | None:
        return None if values is None else by_item(values)

    return ItemStatistics(
        items=items,
        together=_wider(statistics.together, more),
        baskets=_wider(statistics.baskets, more),
        brands=_wider(statistics.brands, more_brands),
        brand_popularity=np.pad(statistics.brand_popularity, (0, more_brands)),
        popularity=by_item(statistics.popularity),
        popularity_recent=by_item(statistics.popularity_recent),
        click_rate=by_item(statistics.click_rate, np.nan),
        taste=known(statistics.taste),
        **{name: known(getattr(statistics, name)) for name in _OPTIONAL},
    )


def _empty(size: int) -> sparse.csr_array:
    return sparse.csr_array((size, size), dtype=np.float32)


def _wider(matrix: sparse.csr_array, more: int) -> sparse.csr_array:
    """Append rows and columns without entries; the entries are shared, not copied."""
    if not more:
        return matrix
    size = matrix.shape[0] + more
    starts = np.pad(matrix.indptr, (0, more), mode="edge")
    return sparse.csr_array((matrix.data, matrix.indices, starts), shape=(size, size))


def save_counter(counter: StatisticsCounter, folder: Path) -> None:
    """Write a counter to a folder, which is there whole or not at all."""
    state = {"format": _FORMAT, "position": counter.position, "at": counter.at, "sums": counter.sums}
    # Where a crash leaves no folder, everything is counted anew: slower, with the same result.
    with replacing_folder(folder) as new:
        for name in _MATRICES:
            getattr(counter, name).save(new / f"{name}.npz")
        write_text(new / _STATE, json.dumps(state))


def load_counter(folder: Path) -> StatisticsCounter | None:
    """Read what `save_counter` wrote; None where it is missing, damaged or of another version."""
    try:
        state = json.loads((folder / _STATE).read_text("utf-8"))
        if state["format"] != _FORMAT:
            return None
        return StatisticsCounter(
            position=Position(*state["position"]),
            at=state["at"],
            sums={name: Counter(state["sums"][name]) for name in SUMS},
            **{name: CoOccurrence.load(folder / f"{name}.npz") for name in _MATRICES},
        )
    except (OSError, ValueError, KeyError, TypeError, BadZipFile):
        return None
