"""Settings of the journal: ``shoppers.yaml`` in the shelf."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from snapshelf._support.settings import read_settings


class ShopperSettings(BaseModel):
    """Settings of a shelf's journal.

    Parameters
    ----------
    journal : str or None
        ``postgresql://…`` for a journal that several machines share; None for a file in the shelf.
    consent_required : bool
        Store events only of shoppers who agreed. Otherwise store all but those of shoppers who refused.
    keep_days : int
        Days after which ``snapshelf events prune`` erases events.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    journal: str | None = None
    consent_required: bool = False
    keep_days: int = Field(default=730, ge=1)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the settings; the defaults where the file is missing.

        Raises
        ------
        ShelfError
            The file cannot be read, or a setting is unknown or unusable.
        """
        return read_settings(path, cls)
