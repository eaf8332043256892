"""Find and load an encoder by its name or folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeAlias

from snapshelf.encoders.description import HUB, ModelDescription, encoder_folder, encoders_home, registry
from snapshelf.encoders.layouts import Layout, read_layout
from snapshelf.encoders.onnx import OnnxEncoder
from snapshelf.encoders.pull_record import PullRecord
from snapshelf.errors import EncoderError

State: TypeAlias = Literal["here", "pull", "export", "pull, export"]
"""The steps before an encoder can be loaded; "here" if none remains."""


def load_encoder(name: str | Path | None = None, *, provider: str | None = None) -> OnnxEncoder:
    """Load an encoder, without any download.

    Parameters
    ----------
    name : str, Path or None
        Name in the registry, ``hf-hub:org/name`` of a pulled model, or a folder; the bundled encoder if None.
    provider : str or None
        Execution provider: "cpu", "openvino", "cuda" or "auto"; by default the environment variable
        SNAPSHELF_PROVIDER, else "auto".

    Raises
    ------
    EncoderError
        The encoder is unknown or cannot be loaded; the message says what to do.
    """
    return OnnxEncoder(find_encoder(name), provider)


def find_encoder(name: str | Path | None = None) -> Layout:
    """Return the files of an encoder; see `load_encoder`."""
    known = registry()
    text = str(name) if name is not None else "bundled"
    if text in known:
        return _registered_layout(known[text], text)
    if text.startswith(HUB):
        about = next((model for model in known.values() if model.source == text), None)
        return _pulled_layout(text, about)
    folder = Path(text)
    if not folder.is_dir():
        raise EncoderError(
            f"{name}: unknown encoder; use {', '.join(known)}, the folder of an encoder, or hf-hub:org/name of a "
            "pulled model"
        )
    return read_layout(folder)


def available_encoders() -> list[tuple[ModelDescription, State]]:
    """Return the encoders of the registry, then other pulled or exported encoders, with their remaining steps."""
    known = registry()
    encoders = [(about, _encoder_state(about)) for about in known.values()]
    registry_folders = {about.folder for about in known.values()} | {
        encoder_folder(source)
        for about in known.values()
        for source in (about.source, about.checkpoint)
        if source.startswith(HUB)
    }
    for folder in sorted([*encoders_home().glob("*"), *(encoders_home() / "hub").glob("*")]):
        if folder in registry_folders or not ((folder / "card.json").is_file() or PullRecord.is_in(folder)):
            continue
        source = PullRecord.read(folder).source if PullRecord.is_in(folder) else str(folder)
        try:
            about = read_layout(folder).description
        except EncoderError:
            continue  # A checkpoint, the input of `export`.
        encoders.append((replace(about, name=source, source=source), "here"))
    return encoders


def _encoder_state(about: ModelDescription) -> State:
    if (about.folder / "card.json").is_file() or (about.ready and PullRecord.is_in(about.folder)):
        return "here"
    if about.ready:
        return "pull"
    return "export" if PullRecord.is_in(about.folder) else "pull, export"


def _registered_layout(about: ModelDescription, name: str) -> Layout:
    if (about.folder / "card.json").is_file():
        return read_layout(about.folder, about)
    if not about.ready and PullRecord.is_in(about.folder):
        raise EncoderError(
            f"{name}: the checkpoint is not exported to ONNX yet; run: snapshelf encoders export {name}"
        )
    return _pulled_layout(about.source, about, name)


def _pulled_layout(source: str, about: ModelDescription | None, name: str | None = None) -> Layout:
    folder = encoder_folder(source)
    if not PullRecord.is_in(folder):
        raise EncoderError(
            f"{name or source}: the encoder is not on this machine; download it with: "
            f"snapshelf encoders pull {name or source}"
        )
    return read_layout(folder, about)
