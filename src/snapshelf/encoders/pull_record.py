"""The record of a download from a hub."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from snapshelf._support.files import write_text
from snapshelf.encoders.card import FileName
from snapshelf.errors import EncoderError

_NAME = "pulled.json"


class PullRecord(BaseModel):
    """The record of a complete download; a folder without a record is not loaded.

    Parameters
    ----------
    source : str
        ``hf-hub:org/name`` or ``hf-hub:org/name@revision``.
    commit : str
        The commit of the files on the hub.
    files : mapping
        Name in the folder → SHA-256 in hexadecimal.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    commit: str
    files: Mapping[FileName, str]

    @staticmethod
    def is_in(folder: Path) -> bool:
        """Return whether a download to this folder was completed."""
        return (folder / _NAME).is_file()

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the record.

        Raises
        ------
        EncoderError
            The record is missing or damaged.
        """
        try:
            return cls.model_validate_json((folder / _NAME).read_bytes())
        except (OSError, ValidationError) as error:
            raise EncoderError(
                f"{folder / _NAME}: cannot be read: {error}; pull the encoder again"
            ) from error

    def write(self, folder: Path) -> None:
        """Write the record atomically."""
        write_text(folder / _NAME, self.model_dump_json(indent=2) + "\n")

    @staticmethod
    def forget(folder: Path) -> None:
        """Remove the record before the folder changes."""
        (folder / _NAME).unlink(missing_ok=True)
