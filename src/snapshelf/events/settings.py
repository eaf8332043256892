"""What a shop keeps of its shoppers: ``shoppers.yaml`` in the shelf."""

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
        Keep nothing of a shopper who did not agree. Otherwise nothing is kept of those who refused.
    keep_days : int
        Days after which ``snapshelf events prune`` erases.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    journal: str | None = None
    consent_required: bool = False
    keep_days: int = Field(default=730, ge=1)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the settings; those of a missing file are the usual ones.

        Raises
        ------
        ShelfError
            The file cannot be read, or a setting is unknown or unusable.
        """
        return read_settings(path, cls)
