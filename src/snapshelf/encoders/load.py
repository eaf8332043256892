"""From a name or a folder to an encoder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeAlias

from snapshelf.encoders.description import HUB, ModelDescription, folder_of, home, registry
from snapshelf.encoders.layouts import Layout, read_layout
from snapshelf.encoders.onnx import OnnxEncoder
from snapshelf.encoders.pulled import Pulled
from snapshelf.errors import EncoderError

State: TypeAlias = Literal["here", "pull", "export", "pull, export"]
"""What is still to be done before an encoder can be loaded."""


def load_encoder(name: str | Path | None = None, *, provider: str | None = None) -> OnnxEncoder:
    """Load an encoder. Nothing is ever downloaded.

    Parameters
    ----------
    name : str, Path or None
        Name in the registry, ``hf-hub:org/name`` of what was pulled, or a folder; by default the bundled one.
    provider : str or None
        Execution provider: "cpu", "openvino", "cuda" or "auto"; by default the environment variable
        SNAPSHELF_PROVIDER, else "auto".

    Raises
    ------
    EncoderError
        There is no such encoder or it cannot be loaded; the message says what to do.
    """
    return OnnxEncoder(find_encoder(name), provider)


def find_encoder(name: str | Path | None = None) -> Layout:
    """Find the files that a name stands for; see `load_encoder`."""
    known = registry()
    text = str(name) if name is not None else "bundled"
    if text in known:
        return _of_model(known[text], text)
    if text.startswith(HUB):
        about = next((model for model in known.values() if model.source == text), None)
        return _of_hub(text, about)
    folder = Path(text)
    if not folder.is_dir():
        raise EncoderError(
            f"{name}: no such encoder; known are {', '.join(known)}, or give the folder of one, or hf-hub:org/name of "
            "one that was pulled"
        )
    return read_layout(folder)


def encoders_there_are() -> list[tuple[ModelDescription, State]]:
    """Every encoder of the registry, then those that were pulled or exported under other names, with what they need."""
    known = registry()
    found = [(about, _state(about)) for about in known.values()]
    of_registry = {about.folder for about in known.values()} | {
        folder_of(source)
        for about in known.values()
        for source in (about.source, about.checkpoint)
        if source.startswith(HUB)
    }
    for folder in sorted([*home().glob("*"), *(home() / "hub").glob("*")]):
        if folder in of_registry or not ((folder / "card.json").is_file() or Pulled.is_in(folder)):
            continue
        source = Pulled.read(folder).source if Pulled.is_in(folder) else str(folder)
        try:
            about = read_layout(folder).description
        except EncoderError:
            continue  # a checkpoint, which `export` takes
        found.append((replace(about, name=source, source=source), "here"))
    return found


def _state(about: ModelDescription) -> State:
    if (about.folder / "card.json").is_file() or (about.ready and Pulled.is_in(about.folder)):
        return "here"
    if about.ready:
        return "pull"
    return "export" if Pulled.is_in(about.folder) else "pull, export"


def _of_model(about: ModelDescription, name: str) -> Layout:
    if (about.folder / "card.json").is_file():
        return read_layout(about.folder, about)
    if not about.ready and Pulled.is_in(about.folder):
        raise EncoderError(
            f"{name}: its checkpoint is here, but not yet as ONNX; make that with: snapshelf encoders export {name}"
        )
    return _of_hub(about.source, about, name)


def _of_hub(source: str, about: ModelDescription | None, name: str | None = None) -> Layout:
    folder = folder_of(source)
    if not Pulled.is_in(folder):
        raise EncoderError(
            f"{name or source}: the encoder is not on this machine, and nothing is downloaded unasked; fetch it with: "
            f"snapshelf encoders pull {name or source}"
        )
    return read_layout(folder, about)
