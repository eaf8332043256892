"""What is known of a model before it is loaded."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from snapshelf.encoders.card import Card
from snapshelf.errors import EncoderError

BUNDLED = Path(__file__).with_name("bundled")
_REGISTRY = Path(__file__).with_name("registry.yaml")

HUB = "hf-hub:"
"""Begins the name of a model on a hub: ``hf-hub:org/name`` or ``hf-hub:org/name@revision``."""

_HUB_NAME = re.compile(rf"{HUB}[\w.-]+/[\w.-]+(@[\w.-]+(/[\w.-]+)*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """A model of the registry, or of a folder; every field is mandatory.

    Parameters
    ----------
    name : str
    kind : str
        Family of the architecture, for example "siglip".
    licence : str
        SPDX identifier of the weights' licence, or ``LicenseRef-…`` for one without; "not stated" where a folder
        does not say.
    parameters : int or None
        Of both towers; none where a folder does not say.
    size_mb : float
        Size of the files that are loaded, in megabytes; for a model that is not here, what `pull` downloads.
    dimension : int
        Length of its vectors.
    image_size : int
        Side of the square photo input, in pixels.
    languages : tuple of str
        ISO 639-1 codes of the languages it was trained on, "mul" for more than can be listed; empty where a folder
        does not say.
    source : str
        "package", ``hf-hub:org/name`` or a folder.
    ready : bool
        The source has ONNX graphs; else they are exported from its checkpoint.
    checkpoint : str
        Where the weights are that can be fine-tuned; written like `source`.
    folder : Path
        Where its files are or, for a model that is not here yet, where they will be.
    """

    name: str
    kind: str
    licence: str
    parameters: int | None
    size_mb: float
    dimension: int
    image_size: int
    languages: tuple[str, ...]
    source: str
    ready: bool
    checkpoint: str
    folder: Path

    @classmethod
    def of_card(cls, card: Card, folder: Path) -> ModelDescription:
        """Describe the encoder in a folder by its card."""
        return cls(
            name=card.name,
            kind=card.kind,
            licence=card.licence,
            parameters=card.parameters,
            size_mb=megabytes([folder / name for name in card.files]),
            dimension=card.dimension,
            image_size=card.image_size,
            languages=card.languages,
            source=card.source or str(folder),
            ready=True,
            checkpoint=card.source or str(folder),
            folder=folder,
        )


@cache
def _listed() -> dict[str, dict[str, Any]]:
    listed: dict[str, dict[str, Any]] = yaml.safe_load(_REGISTRY.read_text(encoding="utf-8"))
    return listed


def registry() -> dict[str, ModelDescription]:
    """Every model that is known by name, the bundled one first.

    One that is not bundled is brought to this machine by ``snapshelf encoders pull NAME`` and, where its source has
    no ONNX graphs, ``snapshelf encoders export NAME``.
    """
    card = Card.read(BUNDLED)
    models = {card.name: ModelDescription.of_card(card.model_copy(update={"source": "package"}), BUNDLED)}
    for name, entry in _listed().items():
        exported = home() / name
        folder = exported if (exported / "card.json").is_file() else folder_of(entry["source"])
        facts = {field: value for field, value in entry.items() if field != "configuration"}
        facts["languages"] = tuple(entry["languages"])
        models[name] = ModelDescription(**facts, name=name, folder=folder)
    return models


def configuration_of(source: str) -> dict[str, Any] | None:
    """Return the ``open_clip_config.json`` of a model whose folder on the hub has none."""
    return next(
        (entry.get("configuration") for entry in _listed().values() if entry["checkpoint"] == source), None
    )


def home() -> Path:
    """Folder of the encoders on this machine: SNAPSHELF_ENCODERS, else ``snapshelf/encoders`` in the user's cache."""
    if given := os.environ.get("SNAPSHELF_ENCODERS"):
        return Path(given)
    cache_folder = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache_folder) / "snapshelf" / "encoders"


def folder_of(source: str) -> Path:
    """Where ``pull`` puts ``hf-hub:org/name@revision``.

    Raises
    ------
    EncoderError
        That is no such name.
    """
    if not _HUB_NAME.fullmatch(source):
        raise EncoderError(
            f"{source!r} is no name on a hub; it must be hf-hub:org/name or hf-hub:org/name@revision"
        )
    return home() / "hub" / source.removeprefix(HUB).replace("/", "--")


def megabytes(files: list[Path]) -> float:
    """Size of files, in megabytes to one decimal."""
    return round(sum(file.stat().st_size for file in files if file.is_file()) / 1e6, 1)
