"""Personalisation: who searches, which ranker answers, what is left to chance, and what is recorded."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from snapshelf.catalogue import Catalogue
from snapshelf.errors import InputError, ShelfError, StorageError
from snapshelf.events import Event, Impression, Journal, Profile
from snapshelf.ranking import InteractionHistory, LiveRanking, NoRanking, Ranker, assign, history_of
from snapshelf.search.assignment import RankingAssignment
from snapshelf.search.paging import FirstPage
from snapshelf.search.settings import RankingSettings

_EXPLORED = 0.05
"""Default share of the searches that leave something to chance."""

_HISTORIES_KEPT = 2_000
"""Searches whose history is remembered for their later pages."""

_logger = logging.getLogger("snapshelf.ranking")


class Personaliser:
    """Assigns rankers to the searches of a shelf, and records what they showed.

    Parameters
    ----------
    folder : Path
        The shelf's.
    catalogue : Catalogue
    settings : RankingSettings
    journal : callable
        Returns the shelf's journal, which is opened on the first call.
    serving : bool
        Whether the shelf answers shoppers: only then is anything recorded or left to chance.
    """

    def __init__(
        self,
        folder: Path,
        catalogue: Catalogue,
        settings: RankingSettings,
        journal: Callable[[], Journal],
        *,
        serving: bool,
    ) -> None:
        self.live = LiveRanking(folder, catalogue, blocking=not serving, on_error=_logger.warning)
        self._settings = settings
        self._journal = journal
        self._serving = serving
        self._lock = threading.Lock()
        self._histories: OrderedDict[str, InteractionHistory] = OrderedDict()

    @property
    def records(self) -> bool:
        """Whether impressions are recorded; otherwise nothing is learned from what is left to chance."""
        return self._serving and self._settings.impressions

    def prepare(self) -> None:
        """Begin to read products and counts in the background, where searches will need them."""
        if self.live.has_statistics:
            self.live.prepare()

    def assign(
        self, shopper: str | None, *, personal: bool, first: FirstPage | None = None, explores: bool = True
    ) -> RankingAssignment:
        """Assign rankers to a search.

        Parameters
        ----------
        shopper : str or None
        personal : bool
            Whether the history of the shopper counts.
        first : FirstPage or None
            The first page of a later page, whose order goes on.
        explores : bool
            Whether something may be left to chance; False for a search that is not recorded.
        """
        is_first = first is None
        first = first or FirstPage(uuid.uuid4().hex, time.time())
        history = InteractionHistory.none()
        if shopper and personal:
            history = self._history(shopper, first, is_first=is_first)
        explore = self._explored() if explores else 0.0
        experiment, variant = self._variant(shopper or first.query_id)
        ranker, challenger = self._rankers(variant, history)
        return RankingAssignment(
            first, ranker, history, challenger, explore=explore, experiment=experiment, variant=variant
        )

    def _variant(self, unit: str) -> tuple[str | None, str | None]:
        """Return the experiment and the variant of a shopper; None where there is no experiment."""
        experiment = self._settings.experiment
        if experiment is None or not self._serving:
            return None, None
        other = "interleaved" if experiment.interleave else "b"
        shares = {other: experiment.share, "a": 1 - experiment.share}
        return experiment.name, assign(experiment.name, unit, shares)

    def _rankers(self, variant: str | None, history: InteractionHistory) -> tuple[Ranker, Ranker | None]:
        """Return the ranker of a variant, and the challenger of an interleaved variant."""
        if not (len(history.rows) or self.live.has_statistics):
            return NoRanking(), None
        experiment = self._settings.experiment
        if variant is None or experiment is None:
            return self.live.ranker("promoted"), None
        if variant == "interleaved":
            return self.live.ranker(experiment.a), self.live.ranker(experiment.b)
        return self.live.ranker(experiment.b if variant == "b" else experiment.a), None

    def _explored(self) -> float:
        """Share of the searches that leave something to chance: none where nothing is learned from it."""
        if not self.records:
            return 0.0
        if self._settings.explore is not None:
            return self._settings.explore
        return _EXPLORED if self.live.has_statistics else 0.0

    def _history(self, shopper: str, first: FirstPage, *, is_first: bool) -> InteractionHistory:
        """Return what the shopper did before the first page."""
        with self._lock:
            known = None if is_first else self._histories.get(first.query_id)
        if known is not None:
            # A shopper who was forgotten meanwhile is forgotten here, too.
            return known if not len(known.rows) or self.profile(shopper) else InteractionHistory.none()
        profile, history = self.profile(shopper), InteractionHistory.none()
        if profile is not None and (statistics := self.live.statistics()) is not None:
            history = history_of(profile, statistics.items)
        if not is_first:
            # The first page was long ago, or before a restart: then the times of the events decide.
            return history.until(first.at)
        with self._lock:
            self._histories[first.query_id] = history
            if len(self._histories) > _HISTORIES_KEPT:
                self._histories.popitem(last=False)
        return history

    def profile(self, shopper: str) -> Profile | None:
        """Return what is known of a shopper; None where that is nothing, or the journal cannot be read."""
        try:
            return self._journal().profile(shopper) or None
        except (StorageError, ShelfError, InputError) as error:
            _logger.warning("%s", error)
            return None

    def record(self, impression: Impression | None, events: tuple[Event, ...] = ()) -> None:
        """Record an impression that has products, and events, where shoppers are served; written in the background."""
        if not self.records:
            return
        try:
            if impression is not None and impression.products:
                self._journal().record_impression(impression)
            if events:
                self._journal().append_soon(events)
        except (StorageError, ShelfError, InputError) as error:
            _logger.warning("%s", error)

    def close(self) -> None:
        """Keep the columns of the products for the next opening."""
        with contextlib.suppress(StorageError):
            self.live.save()
