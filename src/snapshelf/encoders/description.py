"""Descriptions of models, and the registry of known models."""

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
"""Prefix of the name of a model on a hub: ``hf-hub:org/name`` or ``hf-hub:org/name@revision``."""

_HUB_NAME = re.compile(rf"{HUB}[\w.-]+/[\w.-]+(@[\w.-]+(/[\w.-]+)*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """A model of the registry or of a folder; every field is mandatory.

    Parameters
    ----------
    name : str
    kind : str
        Family of the architecture, for example "siglip".
    licence : str
        SPDX identifier of the weights' licence, or ``LicenseRef-…`` if it has no identifier; "not stated" if the
        folder does not state it.
    parameters : int or None
        Number of parameters of both towers; None if the folder does not state it.
    size_mb : float
        Size of the loaded files in megabytes; for a model that is not on this machine, the size of the download.
    dimension : int
        Dimension of the vectors.
    image_size : int
        Side of the square photo input, in pixels.
    languages : tuple of str
        ISO 639-1 codes of the training languages, "mul" for very many; empty if the folder does not state them.
    source : str
        "package", ``hf-hub:org/name`` or a folder.
    ready : bool
        The source has ONNX graphs; otherwise they are exported from its checkpoint.
    checkpoint : str
        Source of the weights for fine-tuning, in the format of `source`.
    folder : Path
        Folder of its files, or the target folder of a model that is not on this machine yet.
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
def _registry_entries() -> dict[str, dict[str, Any]]:
    listed: dict[str, dict[str, Any]] = yaml.safe_load(_REGISTRY.read_text(encoding="utf-8"))
    return listed


def registry() -> dict[str, ModelDescription]:
    """Return the known models by name, the bundled model first.

    ``snapshelf encoders pull NAME`` downloads the other models. If the source has no ONNX graphs, ``snapshelf encoders
    export NAME`` makes them.
    """
    card = Card.read(BUNDLED)
    models = {card.name: ModelDescription.of_card(card.model_copy(update={"source": "package"}), BUNDLED)}
    for name, entry in _registry_entries().items():
        exported = encoders_home() / name
        folder = exported if (exported / "card.json").is_file() else encoder_folder(entry["source"])
        fields = {field: value for field, value in entry.items() if field != "configuration"}
        fields["languages"] = tuple(entry["languages"])
        models[name] = ModelDescription(**fields, name=name, folder=folder)
    return models


def open_clip_configuration(source: str) -> dict[str, Any] | None:
    """Return the ``open_clip_config.json`` of a model whose hub folder lacks the file; None for other models."""
    return next(
        (
            entry.get("configuration")
            for entry in _registry_entries().values()
            if entry["checkpoint"] == source
        ),
        None,
    )


def encoders_home() -> Path:
    """Return the folder of encoders: SNAPSHELF_ENCODERS, or else ``snapshelf/encoders`` in the user's cache."""
    if folder := os.environ.get("SNAPSHELF_ENCODERS"):
        return Path(folder)
    cache_folder = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache_folder) / "snapshelf" / "encoders"


def encoder_folder(source: str) -> Path:
    """Return the folder to which ``pull`` downloads ``hf-hub:org/name@revision``.

    Raises
    ------
    EncoderError
        The name has another format.
    """
    if not _HUB_NAME.fullmatch(source):
        raise EncoderError(
            f"{source!r} is not the name of a model on a hub; write hf-hub:org/name or hf-hub:org/name@revision"
        )
    return encoders_home() / "hub" / source.removeprefix(HUB).replace("/", "--")


def megabytes(files: list[Path]) -> float:
    """Return the total size of files in megabytes, rounded to 0.1."""
    return round(sum(file.stat().st_size for file in files if file.is_file()) / 1e6, 1)
