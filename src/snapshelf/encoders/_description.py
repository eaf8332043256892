"""What is known of a model before it is loaded."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from snapshelf.errors import EncoderError


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """A model of the registry; every field is mandatory.

    Parameters
    ----------
    name : str
    licence : str
        SPDX identifier of the weights.
    parameters : int
    size_mb : float
        Size of its files, in megabytes.
    dimension : int
        Length of its vectors.
    image_size : int
        Side of the square photo input, in pixels.
    languages : tuple of str
        ISO 639-1 codes of the languages it was trained on.
    folder : Path
        Where its files are.
    """

    name: str
    licence: str
    parameters: int
    size_mb: float
    dimension: int
    image_size: int
    languages: tuple[str, ...]
    folder: Path

    @classmethod
    def read(cls, folder: Path) -> ModelDescription:
        """Read the ``card.json`` of a model folder.

        Raises
        ------
        EncoderError
            There is no card, or a field is missing.
        """
        path = folder / "card.json"
        try:
            card = json.loads(path.read_text(encoding="utf-8"))
            files = [folder / name for name in card["files"]]
            return cls(
                name=card["name"],
                licence=card["licence"],
                parameters=int(card["parameters"]),
                size_mb=round(sum(file.stat().st_size for file in files) / 1e6, 1),
                dimension=int(card["dimension"]),
                image_size=int(card["image_size"]),
                languages=tuple(card["languages"]),
                folder=folder,
            )
        except OSError as error:
            raise EncoderError(f"{folder}: not an encoder's folder: {error}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise EncoderError(f"{path}: the card is not valid: {error}") from error


BUNDLED = Path(__file__).with_name("bundled")


def registry() -> dict[str, ModelDescription]:
    """Every model that can be loaded by name."""
    bundled = ModelDescription.read(BUNDLED)
    return {bundled.name: bundled}
