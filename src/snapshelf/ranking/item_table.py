"""The items of a catalogue that changes: columns that follow it, and are kept between runs."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from snapshelf._support.files import write_arrays
from snapshelf.catalogue import Catalogue, Entry
from snapshelf.ranking.items import (
    CODED,
    Items,
    coded,
    idf_of,
    log_prices,
    stacked,
    term_counts,
    text_of,
    tf_idf_weights,
)

_LAYOUT = 2
_AT_ONCE = 10_000
_MOST_GONE = 0.2
"""Share of rows without a product above which the table is built again."""
_SPARE = 1.1
"""Room for the vectors of new products, so that few additions move all the others."""


class ItemTable:
    """Columns over the products of a catalogue, updated by reading its changes.

    A product keeps its row until the table is opened again, also when it is removed: its id is then among `Items.gone`.

    Attributes
    ----------
    items : Items
        As of the last `follow`. Nothing of it changes afterwards but vectors of photos that were replaced, so a
        search may go on with it.
    version : int
        Version of the catalogue that it has reached.
    space : str
        Fingerprint of the encoder that made the vectors.
    """

    def __init__(self) -> None:
        self.version = 0
        self.space = ""
        self.items = Items.of([])
        self._saved = -1
        self._rows: dict[str, int] = {}
        self._known: dict[str, dict[Hashable, int]] = {name: {} for name in CODED}
        self._terms: dict[str, int] = {}
        self._counts = term_counts([])
        self._currencies: Counter[str] = Counter()
        self._currency: str | None = None
        self._vectors = np.zeros((0, 0), np.float16)

    @classmethod
    def open(cls, path: Path, catalogue: Catalogue) -> Self:
        """Load the saved table and catch up with the catalogue; build it again where it does not fit."""
        table, space = cls(), catalogue.meta("encoder_fingerprint") or ""
        if not table._load(path) or table.version > catalogue.version or table.space != space:
            table = cls()
        table.follow(catalogue)
        if table._is_worn:
            table = cls()
            table.follow(catalogue)
        table.space = space
        return table

    @property
    def _is_worn(self) -> bool:
        """Whether many products are gone, or most prices come in another currency than at first."""
        usual = self._currencies.most_common(1)
        return len(self.items.gone) > _MOST_GONE * len(self.items) or (
            bool(usual) and usual[0][0] != self._currency
        )

    def follow(self, catalogue: Catalogue) -> bool:
        """Read the changes since the last call; returns whether there were any."""
        before = self.version
        while changes := catalogue.changes(self.version, _AT_ONCE):
            self._take([change.entry for change in changes if change.entry is not None])
            removed = {change.id for change in changes if change.entry is None} & self._rows.keys()
            self.items = replace(self.items, gone=self.items.gone | removed)
            self.version = changes[-1].version
        if self.version != before:
            self.items = replace(self.items, words=tf_idf_weights(self._counts, idf_of(self._counts)))
        return self.version != before

    def _take(self, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        old, products = self.items, [entry.product for entry in entries]
        rows = np.array([self._rows.setdefault(each.id, len(self._rows)) for each in products], np.intp)
        size = len(self._rows)
        self._currencies.update(each.price.currency for each in products if each.price)
        if self._currency is None and self._currencies:
            self._currency = self._currencies.most_common(1)[0][0]
        changed: dict[str, NDArray[Any]] = {
            **coded(products, self._known),
            "log_price": log_prices(products, self._currency),
            "added": np.array([math.nan if each.added is None else float(each.added) for each in entries]),
        }
        columns: dict[str, Any] = {}
        for name, values in changed.items():
            columns[name] = np.resize(getattr(old, name), size)
            columns[name][rows] = values
        self._count_words([text_of(product) for product in products], rows, size)
        self.items = replace(
            old,
            ids=tuple(self._rows),
            photos=self._photos(entries, rows, size),
            gone=old.gone.difference(product.id for product in products),
            **columns,
        )

    def _count_words(self, texts: Sequence[str], rows: NDArray[np.intp], size: int) -> None:
        added, before = term_counts(texts, terms=self._terms), self._counts
        before.resize((before.shape[0], added.shape[1]))
        # The new rows stand below the old ones; `order` says where that of each item is.
        order = np.arange(size)
        order[rows] = before.shape[0] + np.arange(len(texts))
        self._counts = sparse.csr_array(sparse.vstack([before, added], format="csr")[order])

    def _photos(
        self, entries: Sequence[Entry], rows: NDArray[np.intp], size: int
    ) -> NDArray[np.float16] | None:
        photos = {entry.product.id: entry.photos[0].vector for entry in entries if entry.photos}
        width = len(next(iter(photos.values()))) if photos else self._vectors.shape[1]
        if len(self._vectors) < size or self._vectors.shape[1] < width:
            grown = np.zeros((int(size * _SPARE), width), np.float16)
            grown[: len(self._vectors), : self._vectors.shape[1]] = self._vectors
            self._vectors = grown
        self._vectors[rows] = stacked([entry.product.id for entry in entries], photos) if photos else 0
        return self._vectors[:size] if width else None

    def save(self, path: Path) -> None:
        """Write the table to a file (``.npz``), unless this version was written.

        Raises
        ------
        StorageError
            It could not be written.
        """
        if self._saved == self.version:
            return
        header = {
            "layout": _LAYOUT,
            "version": self.version,
            "space": self.space,
            "ids": list(self._rows),
            "gone": sorted(self.items.gone),
            "known": {name: list(values) for name, values in self._known.items()},
            "terms": list(self._terms),
            "currencies": self._currencies,
            "currency": self._currency,
        }
        columns = {name: getattr(self.items, name) for name in (*CODED, "log_price", "added")}
        arrays = {
            "header": np.frombuffer(json.dumps(header).encode(), np.uint8),
            "vectors": self._vectors[: len(self.items)],
            **{part: getattr(self._counts, part) for part in ("data", "indices", "indptr")},
            **columns,
        }
        write_arrays(path, arrays)
        self._saved = self.version

    def _load(self, path: Path) -> bool:
        """Read a saved table; False where it cannot be used."""
        try:
            # The file is opened here: NumPy forgets to close one that is no archive.
            with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                kept = {name: file[name] for name in file.files}
            header = json.loads(kept["header"].tobytes())
            if header["layout"] != _LAYOUT:
                return False
            self._rows = {id: row for row, id in enumerate(header["ids"])}
            self._known = {
                name: {_hashable(value): code for code, value in enumerate(header["known"][name])}
                for name in CODED
            }
            self._terms = {term: column for column, term in enumerate(header["terms"])}
            self._currencies, self._currency = Counter(header["currencies"]), header["currency"]
            self._vectors = kept["vectors"]
            shape = (len(self._rows), max(1, len(self._terms)))
            self._counts = sparse.csr_array((kept["data"], kept["indices"], kept["indptr"]), shape=shape)
            self.items = Items(
                ids=tuple(self._rows),
                words=tf_idf_weights(self._counts, idf_of(self._counts)),
                photos=self._vectors if self._vectors.shape[1] else None,
                gone=frozenset(header["gone"]),
                **{name: kept[name] for name in (*CODED, "log_price", "added")},
            )
            self.version = self._saved = header["version"]
            self.space = header["space"]
        except (OSError, EOFError, ValueError, TypeError, KeyError, BadZipFile):
            return False
        return True


def _hashable(value: Any) -> Hashable:
    """Return the hashable value that JSON read as a list."""
    return tuple(map(_hashable, value)) if isinstance(value, list) else value
