"""The ranking of a shelf while it is searched: products come and go, counts and models are made anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Lock, Thread
from typing import Literal, TypeAlias

from snapshelf.catalogue import Catalogue
from snapshelf.errors import ShelfError, StorageError, TrainingError
from snapshelf.ranking.item_table import ItemTable
from snapshelf.ranking.items import Items
from snapshelf.ranking.model_ranker import ModelRanker
from snapshelf.ranking.model_store import FOLDER, ModelStore
from snapshelf.ranking.models import FixedFormula, ScoringModel
from snapshelf.ranking.ranker import NoRanking, Ranker
from snapshelf.ranking.statistics import ItemStatistics
from snapshelf.ranking.statistics_file import empty_statistics, extended

RankingName: TypeAlias = Literal["promoted", "candidate", "formula", "none"]
"""The model that was promoted (the fixed formula before one was), the one that waits, the formula, or no ranking."""

ITEMS = "items.npz"
"""Name of the products' columns in the folder of a shelf's ranking."""


class LiveRanking:
    """Counts and models of a shelf, as they are at the moment; for several threads.

    What was added to the catalogue is known from the next call on; counts and models that another process has
    written are read when they are next needed. A file that cannot be read is told to `trouble` once, and what was
    there before goes on.

    Parameters
    ----------
    shelf : Path
        Folder of the shelf.
    catalogue : Catalogue
    blocking : bool
        Whether a call waits until products and counts are read; otherwise it does without at first, where there are
        more than a few thousand products, and with what was there before while another thread reads.
    on_error : callable or None
        Told what could not be read, in a sentence.
    read_at_once : int
        Products up to which a call that does not block waits for them all the same.
    """

    def __init__(
        self,
        shelf: Path,
        catalogue: Catalogue,
        *,
        blocking: bool = True,
        on_error: Callable[[str], None] | None = None,
        read_at_once: int = 2_000,
    ) -> None:
        self._read_at_once = read_at_once
        self._store = ModelStore(shelf)
        self._path = shelf / FOLDER / ITEMS
        self._catalogue = catalogue
        self._blocking = blocking
        self._on_error = on_error or (lambda _: None)
        self._lock = Lock()
        self._preparing: Thread | None = None
        self._table: ItemTable | None = None
        self._changed = True
        self._state: tuple[int, ...] | None = None
        self._statistics: ItemStatistics | None = None
        self._models: dict[RankingName, ScoringModel] = {}

    @property
    def has_statistics(self) -> bool:
        """Whether anything was counted."""
        return self._store.has_statistics

    def changed(self) -> None:
        """Look at the products anew when they are next needed."""
        self._changed = True

    def prepare(self) -> None:
        """Begin to read products and counts, beside everything else, and keep the products' columns."""
        if self._preparing is None:
            self._preparing = Thread(target=self._prepare, name="snapshelf-ranking", daemon=True)
            self._preparing.start()

    def _prepare(self) -> None:
        try:
            with self._lock:
                self._up_to_date()
            self.save()
        except (StorageError, ShelfError) as error:
            self._on_error(str(error))

    def statistics(self) -> ItemStatistics | None:
        """Return the counts for the products of now; empty ones where nothing was counted.

        None where they are being read for the first time and the call does not wait.
        """
        is_first = self._table is None
        if is_first and not self._blocking and self._catalogue.count() > self._read_at_once:
            self.prepare()
            return None
        # What few products are read for the first time takes a moment; later, the statistics of before serve meanwhile.
        if not self._lock.acquire(blocking=self._blocking or is_first):
            return self._statistics
        try:
            return self._up_to_date()
        finally:
            self._lock.release()

    def ranker(self, name: RankingName = "promoted") -> Ranker:
        """Return the ranker of that name; `NoRanking` for ``"none"`` and while the products are still being read.

        The fixed formula stands in for a model that does not exist.
        """
        if name == "none" or (statistics := self.statistics()) is None:
            return NoRanking()
        return ModelRanker(statistics, FixedFormula() if name == "formula" else self._model(name))

    def save(self) -> None:
        """Keep the products' columns for the next time.

        Raises
        ------
        StorageError
            They could not be written.
        """
        with self._lock:
            if self._table is not None:
                self._table.save(self._path)

    def _up_to_date(self) -> ItemStatistics:
        if self._table is None:
            self._changed = False
            self._table = ItemTable.open(self._path, self._catalogue)
        elif self._changed:
            self._changed = False
            self._table.follow(self._catalogue)
        items, state = self._table.items, self._store.state()
        if self._statistics is None or state != self._state:
            self._state, self._models = state, {}
            self._statistics = self._counted(items) or self._carried(items)
        elif self._statistics.items is not items:
            self._statistics = self._carried(items)
        return self._statistics

    def _counted(self, items: Items) -> ItemStatistics | None:
        try:
            return self._store.statistics(items) if self.has_statistics else None
        except ShelfError as error:
            self._on_error(str(error))
            return None

    def _carried(self, items: Items) -> ItemStatistics:
        return empty_statistics(items) if self._statistics is None else extended(self._statistics, items)

    def _model(self, name: RankingName) -> ScoringModel:
        if name not in self._models:
            model: ScoringModel = FixedFormula()
            try:
                if name == "promoted" or self._store.has_candidate:
                    model = self._store.candidate() if name == "candidate" else self._store.current()
            except (ShelfError, TrainingError) as error:
                self._on_error(str(error))
            self._models[name] = model
        return self._models[name]
