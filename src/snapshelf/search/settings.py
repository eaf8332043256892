"""How a shop wants to be searched: ``search.yaml`` in the shelf."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from snapshelf._support.settings import read_settings
from snapshelf.query import UnderstandingSettings
from snapshelf.ranking import RankingName
from snapshelf.search.signals import Weights, check_weight_names


class Experiment(BaseModel):
    """Two rankings against each other on the shop's searches; ``snapshelf report experiments`` tells what came of it.

    Parameters
    ----------
    name : str
        Another name divides the shoppers anew.
    a, b : {"promoted", "candidate", "formula", "none"}
    interleave : bool
        Both rankings share the places of one answer; otherwise each shopper gets one of them.
    share : float
        Of the shoppers who get b, or who take part where the places are shared; the others get a.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    a: RankingName = "promoted"
    b: RankingName = "candidate"
    interleave: bool = False
    share: float = Field(default=0.5, gt=0, le=1)


class RankingSettings(BaseModel):
    """Settings of how a shelf that is served orders and learns.

    Parameters
    ----------
    impressions : bool
        Keep what searches showed, to learn from it.
    explore : float or None
        Share of the searches in which two neighbours of the first ten may change their order by chance; None for 0.05
        as soon as something was counted, and for 0 before.
    experiment : Experiment or None
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    impressions: bool = True
    explore: float | None = Field(default=None, ge=0, le=1)
    experiment: Experiment | None = None


class SearchSettings(BaseModel):
    """Settings of a shelf's searches.

    Parameters
    ----------
    understanding : Understanding
        What is read from the words, and whether it filters.
    weights : Weights
        Part of each signal in the score.
    log_queries : bool
        Keep the words of queries, for completions and for the report of those that found nothing.
    ranking : RankingSettings
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    understanding: UnderstandingSettings = Field(default_factory=UnderstandingSettings)
    weights: Annotated[Weights, BeforeValidator(check_weight_names)] = Field(default_factory=Weights)
    log_queries: bool = True
    ranking: RankingSettings = Field(default_factory=RankingSettings)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the settings; those of a missing file are the usual ones.

        Raises
        ------
        ShelfError
            The file cannot be read, or a setting is unknown or unusable.
        """
        return read_settings(path, cls)
