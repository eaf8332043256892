"""The ranking of an open shelf: it follows the catalogue, and reads new statistics and models."""

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
"""The promoted model (the fixed formula before the first), the candidate, the fixed formula, or no ranking."""

ITEMS = "items.npz"
"""Name of the products' columns in the folder of a shelf's ranking."""


class LiveRanking:
    """Statistics and models of a shelf, as they are at the moment; for several threads.

    Changes of the catalogue are read with the next call, and so are statistics and models that another process has
    written. A file that cannot be read is reported to `on_error` once, and its last version stays in use.

    Parameters
    ----------
    shelf : Path
        Folder of the shelf.
    catalogue : Catalogue
    blocking : bool
        Whether a call waits until products and statistics are read. Otherwise a thread reads the products of a large
        shelf for the first time, and later calls use the last version while another call reads.
    on_error : callable or None
        Is called with a sentence about a file that cannot be read.
    read_at_once : int
        Number of products up to which a call that does not block reads them itself.
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
        self._bestsellers: tuple[ItemStatistics, tuple[str, ...]] | None = None
        self._models: dict[RankingName, ScoringModel] = {}

    @property
    def has_statistics(self) -> bool:
        """Whether anything was counted."""
        return self._store.has_statistics

    def changed(self) -> None:
        """Read the changes of the catalogue with the next call."""
        self._changed = True

    def prepare(self) -> None:
        """Start a thread that reads products and statistics, and saves the columns of the products."""
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
        """Return the statistics of the current products; empty ones where nothing was counted.

        None while a thread reads the products of a large shelf for the first time.
        """
        is_first = self._table is None
        if is_first and not self._blocking and self._catalogue.count() > self._read_at_once:
            self.prepare()
            return None
        # Reading few products for the first time takes a moment; later, the last statistics serve meanwhile.
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

    def bestsellers(self) -> tuple[str, ...]:
        """Return the ids of what sells, see `ItemStatistics.bestsellers`; none where nothing was counted."""
        statistics = self.statistics() if self.has_statistics else None
        if statistics is None:
            return ()
        if self._bestsellers is None or self._bestsellers[0] is not statistics:
            self._bestsellers = statistics, statistics.bestsellers()
        return self._bestsellers[1]

    def save(self) -> None:
        """Save the columns of the products.

        Raises
        ------
        StorageError
            The file cannot be written.
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
            self._statistics = self._loaded(items) or self._extended(items)
        elif self._statistics.items is not items:
            self._statistics = self._extended(items)
        return self._statistics

    def _loaded(self, items: Items) -> ItemStatistics | None:
        try:
            return self._store.statistics(items) if self.has_statistics else None
        except ShelfError as error:
            self._on_error(str(error))
            return None

    def _extended(self, items: Items) -> ItemStatistics:
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
