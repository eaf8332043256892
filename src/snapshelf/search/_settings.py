"""How a shop wants to be searched: ``search.yaml`` in the shelf."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from snapshelf.errors import QueryError, ShelfError
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
        try:
            content = yaml.safe_load(path.read_text("utf-8"))
        except FileNotFoundError:
            return cls()
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ShelfError(f"{path}: cannot be read as YAML: {error}") from error
        try:
            return cls.model_validate({} if content is None else content)
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]
            field = ".".join(str(part) for part in problem["loc"])
            message = str(problem["msg"]).removeprefix("Value error, ")
            raise ShelfError(f"{path}: {field}: {message}") from error
        except QueryError as error:
            raise ShelfError(f"{path}: {error}") from error
