"""How a shop wants to be searched: ``search.yaml`` in the shelf."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from snapshelf._settings import read_settings
from snapshelf.query import Understanding
from snapshelf.search._fusion import Weights


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
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    understanding: Understanding = Field(default_factory=Understanding)
    weights: Weights = Field(default_factory=Weights)
    log_queries: bool = True

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the settings; those of a missing file are the usual ones.

        Raises
        ------
        ShelfError
            The file cannot be read, or a setting is unknown or unusable.
        """
        return read_settings(path, cls)
