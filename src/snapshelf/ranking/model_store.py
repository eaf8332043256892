"""The ranking folder of a shelf: the candidate model, the promoted model, the model before it, and the statistics."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from snapshelf._support.files import replacing_folder, write_text
from snapshelf.errors import PromotionError
from snapshelf.ranking.items import Items
from snapshelf.ranking.models import MODEL, FixedFormula, RankingModel
from snapshelf.ranking.statistics import ItemStatistics
from snapshelf.ranking.statistics_file import STATISTICS, load_statistics, save_statistics

FOLDER = "ranking"
_CANDIDATE, _CURRENT, _PREVIOUS = "candidate", "current", "previous"
_REPORT = "report.json"
_COUNTER = "running"


class ModelStore:
    """Ranking models in a shelf's folder.

    Parameters
    ----------
    shelf : Path
        Folder of the shelf.
    """

    def __init__(self, shelf: Path) -> None:
        self._folder = shelf / FOLDER

    def state(self) -> tuple[int, ...]:
        """Return the times at which statistics and models were written; a change means that they must be read again."""
        files = (STATISTICS, f"{_CURRENT}/{MODEL}", f"{_CANDIDATE}/{MODEL}")
        return tuple(_written(self._folder / file) for file in files)

    @property
    def has_statistics(self) -> bool:
        """Whether anything was counted."""
        return (self._folder / STATISTICS).exists()

    @property
    def counter(self) -> Path:
        """Folder of the counter that `refresh` updates."""
        return self._folder / _COUNTER

    @property
    def has_candidate(self) -> bool:
        """Whether there is a candidate model."""
        return (self._folder / _CANDIDATE / MODEL).exists()

    def statistics(self, items: Items) -> ItemStatistics:
        """Return the statistics of the current products.

        Raises
        ------
        ShelfError
            The file cannot be read.
        """
        return load_statistics(self._folder / STATISTICS, items)

    def current(self) -> RankingModel | FixedFormula:
        """Return the promoted model, or the fixed formula where no model was promoted.

        Raises
        ------
        ShelfError
            The model cannot be read or was trained on other features.
        """
        folder = self._folder / _CURRENT
        return RankingModel.load(folder) if folder.exists() else FixedFormula()

    def save_statistics(self, statistics: ItemStatistics) -> None:
        """Replace the statistics that serve."""
        save_statistics(statistics, self._folder / STATISTICS)

    def candidate(self) -> RankingModel:
        """Return the candidate model; ShelfError where it is missing."""
        return RankingModel.load(self._folder / _CANDIDATE)

    def offer(self, model: RankingModel, report: Mapping[str, Any]) -> Path:
        """Replace the candidate by a trained model and the report of its evaluation."""
        folder = self._folder / _CANDIDATE
        with replacing_folder(folder) as new:
            model.save(new)
            write_text(new / _REPORT, json.dumps(report, indent=2))
        return folder

    def report(self) -> dict[str, Any]:
        """Return the figures of the candidate.

        Raises
        ------
        PromotionError
            There is no candidate.
        """
        try:
            return dict(json.loads((self._folder / _CANDIDATE / _REPORT).read_text("utf-8")))
        except (OSError, ValueError):
            raise PromotionError(
                f"{self._folder}: no ranking model waits to be promoted; make one with 'snapshelf rank train'"
            ) from None

    def promote(self, *, force: bool = False) -> None:
        """Promote the candidate.

        Raises
        ------
        PromotionError
            There is none, or it has not won: see `objections`. `force` promotes it nevertheless.
        """
        against = objections(self.report())
        if against and not force:
            raise PromotionError(
                f"the ranking model is not promoted: {'; '.join(against)}. It stays the candidate; --force overrules"
            )
        RankingModel.load(self._folder / _CANDIDATE)
        previous, current = self._folder / _PREVIOUS, self._folder / _CURRENT
        shutil.rmtree(previous, ignore_errors=True)
        if current.exists():
            current.rename(previous)
        (self._folder / _CANDIDATE).rename(current)

    def roll_back(self) -> None:
        """Promote the model before the current model again, or the fixed formula where there was none.

        Raises
        ------
        PromotionError
            No model serves.
        """
        current, previous = self._folder / _CURRENT, self._folder / _PREVIOUS
        if not current.exists():
            raise PromotionError(f"{self._folder}: no ranking model serves, so there is nothing to take back")
        shutil.rmtree(current)
        if previous.exists():
            previous.rename(current)


def _written(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


def objections(report: Mapping[str, Any]) -> list[str]:
    """Return the reasons against the promotion of a model, from the report of its evaluation on later searches."""
    models = report["models"]
    figure = {name: float(models[name]["NDCG@10"]) for name in models}
    against = [
        f"NDCG@10 {figure['personal']:.4f} is below {figure[other]:.4f} of {words}"
        for other, words in (
            ("formula", "the fixed formula"),
            ("impersonal", "the same model without the shopper"),
            ("popularity", "popularity alone"),
        )
        if figure["personal"] < figure[other]
    ]
    if figure["wrong_shopper"] >= figure["personal"]:
        against.append("another shopper's history does as well as the right one")
    return against
