"""What was pulled from a hub into a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from snapshelf._support.files import write_text
from snapshelf.encoders.card import FileName
from snapshelf.errors import EncoderError

_NAME = "pulled.json"


class Pulled(BaseModel):
    """The record of a complete download; a folder without it is not loaded.

    Parameters
    ----------
    source : str
        ``hf-hub:org/name`` or ``hf-hub:org/name@revision``.
    commit : str
        The hub's commit that the files are of.
    files : mapping
        Name, within the folder → SHA-256 in hexadecimal.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    commit: str
    files: Mapping[FileName, str]

    @staticmethod
    def is_in(folder: Path) -> bool:
        """Tell whether a download into this folder was completed."""
        return (folder / _NAME).is_file()

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the record.

        Raises
        ------
        EncoderError
            There is none, or it is damaged.
        """
        try:
            return cls.model_validate_json((folder / _NAME).read_bytes())
        except (OSError, ValidationError) as error:
            raise EncoderError(
                f"{folder / _NAME}: cannot be read: {error}; pull the encoder again"
            ) from error

    def write(self, folder: Path) -> None:
        """Write the record, whole or not at all."""
        write_text(folder / _NAME, self.model_dump_json(indent=2) + "\n")

    @staticmethod
    def forget(folder: Path) -> None:
        """Remove the record: the folder is about to change."""
        (folder / _NAME).unlink(missing_ok=True)
