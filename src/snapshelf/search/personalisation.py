"""What a search knows of its shopper and of the shop's behaviour, and what it tells the journal."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from snapshelf.catalogue import Catalogue
from snapshelf.errors import InputError, ShelfError, StorageError
from snapshelf.events import Event, Impression, Journal, Profile
from snapshelf.ranking import InteractionHistory, LiveRanking, NoRanking, RankingName, assign, history_of
from snapshelf.search.paging import FirstPage
from snapshelf.search.pipeline import Search
from snapshelf.search.rerank import Ranking
from snapshelf.search.response import Hit
from snapshelf.search.settings import RankingSettings

_EXPLORED = 0.05
"""Share of the searches that leave something to chance, where nothing else is said."""

_PASTS_KEPT = 2_000
"""Searches of which the past is remembered for their later pages."""

_MOST_SHOWN = 100
"""Hits of one page that are told to the journal."""

_logger = logging.getLogger("snapshelf.ranking")


@dataclass(frozen=True, slots=True)
class RankingAssignment:
    """How one search is ordered.

    Parameters
    ----------
    first : FirstPage
        This search, or the one that it is a later page of.
    ranking : Ranking or None
    experiment, variant : str or None
        What of an experiment it is.
    """

    first: FirstPage
    ranking: Ranking | None = None
    experiment: str | None = None
    variant: str | None = None

    @property
    def settled(self) -> RankingAssignment:
        """The same with nothing explored, to tell where a product usually is."""
        return self if self.ranking is None else replace(self, ranking=replace(self.ranking, explore=0.0))


class Asked(Protocol):
    """What of a search is told to the journal."""

    @property
    def shopper(self) -> str | None:
        """Who searches."""
        ...

    @property
    def personal(self) -> bool:
        """Whether the shopper counts."""
        ...

    @property
    def text(self) -> str | None:
        """The words."""
        ...


class Personaliser:
    """Orders the searches of one shelf, and keeps what they showed.

    Parameters
    ----------
    folder : Path
        The shelf's.
    catalogue : Catalogue
    settings : RankingSettings
    journal : callable
        Gives the shelf's journal; it is opened when it is first asked for.
    serving : bool
        Whether the shelf answers shoppers: only then is anything kept or left to chance.
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
        self._pasts: OrderedDict[str, InteractionHistory] = OrderedDict()

    @property
    def keeps(self) -> bool:
        """Whether what was shown is kept: otherwise nothing is learned from what is left to chance."""
        return self._serving and self._settings.impressions

    def prepare(self) -> None:
        """Begin to read products and counts, beside everything else, where they will be needed."""
        if self.live.has_counts:
            self.live.prepare()

    def turn(
        self,
        shopper: str | None,
        *,
        personal: bool,
        first: FirstPage | None = None,
        explores: bool = True,
    ) -> RankingAssignment:
        """Say how a search is ordered.

        Parameters
        ----------
        shopper : str or None
        personal : bool
            Whether what is known of the shopper counts.
        first : FirstPage or None
            That of a later page, which goes on with its order.
        explores : bool
            Whether something may be left to chance: not where the search is not recorded.
        """
        is_first = first is None
        first = first or FirstPage(uuid.uuid4().hex, time.time())
        experiment, variant, a, b = self._assigned(shopper or first.query_id)
        past = (
            self._past(shopper, first, is_first=is_first)
            if shopper and personal
            else InteractionHistory.none()
        )
        if not (len(past.rows) or self.live.has_counts):
            return RankingAssignment(
                first, self._chance_only(first) if explores else None, experiment, variant
            )
        ranker, challenger = (self.live.ranker(name or "none") for name in (a, b))
        ranking = Ranking(
            ranker,
            past,
            first.at,
            first.query_id,
            challenger=challenger,
            interleaved=variant == "interleaved",
            explore=self._explored() if explores else 0.0,
        )
        return RankingAssignment(first, ranking, experiment, variant)

    def _chance_only(self, first: FirstPage) -> Ranking | None:
        explored = self._explored()
        return (
            Ranking(NoRanking(), InteractionHistory.none(), first.at, first.query_id, explore=explored)
            if explored
            else None
        )

    def _explored(self) -> float:
        """Share of the searches that leave something to chance: none where nothing is learned from it."""
        if not self.keeps:
            return 0.0
        if self._settings.explore is not None:
            return self._settings.explore
        return _EXPLORED if self.live.has_counts else 0.0

    def _assigned(self, unit: str) -> tuple[str | None, str | None, RankingName, RankingName | None]:
        """Experiment and variant of a shopper, and the rankings that answer."""
        experiment = self._settings.experiment
        if experiment is None or not self._serving:
            return None, None, "promoted", None
        other = "interleaved" if experiment.interleave else "b"
        variant = assign(experiment.name, unit, {other: experiment.share, "a": 1 - experiment.share})
        if variant == "interleaved":
            return experiment.name, variant, experiment.a, experiment.b
        return experiment.name, variant, experiment.b if variant == "b" else experiment.a, None

    def _past(self, shopper: str, first: FirstPage, *, is_first: bool) -> InteractionHistory:
        """What the shopper did before the first page was asked for."""
        with self._lock:
            known = None if is_first else self._pasts.get(first.query_id)
        if known is not None:
            # Who was forgotten meanwhile is, also here.
            return known if not len(known.rows) or self.profile(shopper) else InteractionHistory.none()
        profile, past = self.profile(shopper), InteractionHistory.none()
        if profile is not None and (statistics := self.live.statistics()) is not None:
            past = history_of(profile, statistics.items)
        if not is_first:
            # It was asked for long ago, or before a restart: by the events' own times then.
            return past.until(first.at)
        with self._lock:
            self._pasts[first.query_id] = past
            if len(self._pasts) > _PASTS_KEPT:
                self._pasts.popitem(last=False)
        return past

    def profile(self, shopper: str) -> Profile | None:
        """What is known of a shopper; None where that is nothing, or the journal cannot be read."""
        try:
            return self._journal().profile(shopper) or None
        except (StorageError, ShelfError, InputError) as error:
            _logger.warning("%s", error)
            return None

    def tell(self, shown: Impression) -> None:
        """Keep what was shown, where shoppers are served; it is written in the background."""
        if not (self.keeps and shown.products):
            return
        try:
            self._journal().show(shown)
        except (StorageError, ShelfError, InputError) as error:
            _logger.warning("%s", error)

    def shown(
        self,
        turn: RankingAssignment,
        search: Search,
        query_id: str,
        ask: Asked,
        skip: int,
        hits: Sequence[Hit],
    ) -> None:
        """Tell the journal what a search showed, and what its shopper looked for; it is written in the background.

        Parameters
        ----------
        turn : RankingAssignment
        search : Search
        query_id : str
            Of this page.
        ask : Asked
        skip : int
            Hits before this page.
        hits : sequence of Hit
            Those of this page.
        """
        if not self.keeps or search.manner.mode != "full":
            return
        now = time.time()
        try:
            if hits:
                self._journal().show(_impression(turn, search, query_id, ask, skip, hits[:_MOST_SHOWN], now))
            if ask.shopper is not None and ask.personal and not skip:
                event = Event(
                    event_id=f"search {query_id}",
                    shopper=ask.shopper,
                    kind="search",
                    at=now,
                    query_id=query_id,
                    text=ask.text,
                    vector=search.direction,
                )
                self._journal().append_soon([event])
        except (StorageError, ShelfError, InputError) as error:
            _logger.warning("%s", error)

    def close(self) -> None:
        """Keep the products' columns."""
        with contextlib.suppress(StorageError):
            self.live.save()


def _impression(
    turn: RankingAssignment,
    search: Search,
    query_id: str,
    ask: Asked,
    skip: int,
    hits: Sequence[Hit],
    now: float,
) -> Impression:
    channels = {name: tuple(hit.contributions.get(name, 0.0) for hit in hits) for name in search.channels}
    chances = search.propensities(skip + len(hits))
    return Impression(
        query_id=query_id,
        shopper=ask.shopper or turn.first.query_id,  # somebody who is not known, and who will not come again
        at=now,
        products=tuple(hit.product.id for hit in hits),
        relevance=tuple(map(float, np.sum([*channels.values()], axis=0))),
        channels=channels,
        propensities=None if chances is None else tuple(chances[skip:]),
        start=skip,
        text=ask.text or "",
        experiment=turn.experiment,
        variant=turn.variant,
        teams=tuple(search.teams.get(hit.product.id) for hit in hits) if search.teams else None,
    )
