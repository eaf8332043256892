"""Settings of searches: ``search.yaml`` in the shelf."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from snapshelf._support.settings import read_settings
from snapshelf.query import UnderstandingSettings
from snapshelf.ranking import RankingName
from snapshelf.search.facet_fields import FacetSettings
from snapshelf.search.signals import Weights, check_weight_names


class Experiment(BaseModel):
    """Two rankings against each other on the shop's searches; ``snapshelf report experiments`` shows the result.

    Parameters
    ----------
    name : str
        Another name divides the shoppers again.
    a, b : {"promoted", "candidate", "formula", "none"}
    interleave : bool
        Both rankings share the places of a response; otherwise each shopper gets either of them.
    share : float
        Share of the shoppers who get b, or who take part where the places are shared; the others get a.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    a: RankingName = "promoted"
    b: RankingName = "candidate"
    interleave: bool = False
    share: float = Field(default=0.5, gt=0, le=1)


class RankingSettings(BaseModel):
    """Settings of how a served shelf ranks and learns.

    Parameters
    ----------
    impressions : bool
        Record what searches showed, to learn from it.
    explore : float or None
        Share of the searches in which two neighbours of the first ten may change their order by chance; None for 0.05
        as soon as events were counted, and for 0 before.
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
    understanding : UnderstandingSettings
        Constraints that are read from the words, and whether they filter.
    weights : Weights or None
        Weight of each signal in the score; None for the weights that the shelf found out itself.
    facets : FacetSettings
        Facets that a page shows, their order, names and sizes.
    log_queries : bool
        Keep the words of queries, for completions and for the report of queries without results, and how often facets
        were used.
    ranking : RankingSettings
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    understanding: UnderstandingSettings = Field(default_factory=UnderstandingSettings)
    weights: Annotated[Weights | None, BeforeValidator(check_weight_names)] = None
    facets: FacetSettings = Field(default_factory=FacetSettings)
    log_queries: bool = True
    ranking: RankingSettings = Field(default_factory=RankingSettings)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the settings; a missing file gives the defaults.

        Raises
        ------
        ShelfError
            The file cannot be read, or a setting is unknown or unusable.
        """
        return read_settings(path, cls)
