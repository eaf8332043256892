"""Download models from a hub."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias

from snapshelf._support.paths import within
from snapshelf.encoders.card import sha256
from snapshelf.encoders.description import HUB, encoder_folder, open_clip_configuration, registry
from snapshelf.encoders.layouts import GRAPHS
from snapshelf.encoders.pull_record import PullRecord
from snapshelf.errors import EncoderError

Weights: TypeAlias = Literal["fp32", "fp16", "int8"]
Progress: TypeAlias = Callable[[int, int | None], None]

_VARIANTS: dict[Weights, tuple[str, ...]] = {
    "fp32": ("",),
    "fp16": ("_fp16",),
    "int8": ("_quantized", "_int8", "_uint8"),
}

_METADATA_FILES = {
    "card.json",
    "config.json",
    "open_clip_config.json",
    "preprocessor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "README.md",
    "LICENSE",
    "LICENSE.txt",
}

_VOCABULARY_FILES = {
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "spiece.model",
    "tokenizer.model",
    "sentencepiece.bpe.model",
}
"""Files of a checkpoint's tokeniser without tokenizer.json."""

_CHECKPOINTS = (
    "open_clip_model.safetensors",
    "model.safetensors",
    "open_clip_pytorch_model.bin",
    "pytorch_model.bin",
)
"""Checkpoints on the hubs, safetensors first, because loading a pickle can run code."""


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    size: int
    sha256: str | None
    git_sha1: str | None

    def matches(self, path: Path) -> bool:
        """Return whether a file has this size and hash."""
        if not path.is_file() or path.stat().st_size != self.size:
            return False
        if self.sha256 is not None:
            return sha256(path) == self.sha256
        # The hub gives no SHA-256 of small files, only their git hash.
        content = path.read_bytes()
        digest = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
        return self.git_sha1 in {None, digest}


def pull(
    name: str,
    *,
    weights: Weights = "fp32",
    checkpoint: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Download a model for loading or export without a network.

    An interrupted download resumes. The size and hash of each file are verified. The environment variable HF_ENDPOINT
    sets the hub, by default huggingface.co; HF_TOKEN gives access to models that need a login.

    Parameters
    ----------
    name : str
        Name in the registry, or ``hf-hub:org/name`` or ``hf-hub:org/name@revision``.
    weights : {"fp32", "fp16", "int8"}
        Precision of the ONNX graphs; they replace graphs that were pulled before.
    checkpoint : bool
        Download the checkpoint for export and fine-tuning instead of ONNX graphs.
    progress : callable or None
        Called with the number of bytes downloaded and the total.

    Returns
    -------
    Path
        The folder with ONNX graphs or, if the hub has none, a checkpoint.

    Raises
    ------
    EncoderError
        The model is unknown or unsupported, the disk is too small, the hub cannot be reached, or a downloaded file is
        damaged.
    """
    about = registry().get(name)
    if about is not None:
        if not about.source.startswith(HUB):
            raise EncoderError(f"{name} is bundled with Snapshelf; nothing needs to be pulled")
        checkpoint = checkpoint or not about.ready
        source = about.checkpoint if checkpoint else about.source
    else:
        source = name
    folder = encoder_folder(source)
    with _hub_errors(source):
        commit, available = _listing(source)
        needed_files = _select_files(source, available, weights, checkpoint=checkpoint)
        hashes = _download(source, commit, needed_files, folder, progress)
    settings = open_clip_configuration(source)
    if settings is not None and "open_clip_config.json" not in available:
        path = folder / "open_clip_config.json"
        path.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
        hashes[path.name] = sha256(path)
    PullRecord(source=source, commit=commit, files=hashes).write(folder)
    return folder


def _listing(source: str) -> tuple[str, dict[str, _File]]:
    """Return the current commit and files of a model on the hub."""
    from huggingface_hub import HfApi

    repository, _, revision = source.removeprefix(HUB).partition("@")
    info = HfApi(endpoint=_endpoint()).model_info(repository, revision=revision or None, files_metadata=True)
    files = {
        file.rfilename: _File(
            file.rfilename, file.size or 0, file.lfs.sha256 if file.lfs else None, file.blob_id
        )
        for file in info.siblings or []
    }
    if info.sha is None:
        raise EncoderError(f"{source}: the hub does not give the commit of the model")
    return info.sha, files


def _select_files(
    source: str, available: dict[str, _File], weights: Weights, *, checkpoint: bool
) -> list[_File]:
    metadata = [file for name, file in available.items() if name in _METADATA_FILES]
    pairs = {
        kind: [
            (f"{photo}{variant}.onnx", f"{text}{variant}.onnx")
            for variant in variants
            for photo, text in GRAPHS
            if {f"{photo}{variant}.onnx", f"{text}{variant}.onnx"} <= available.keys()
        ]
        for kind, variants in _VARIANTS.items()
    }
    if any(pairs.values()) and not checkpoint:
        if not pairs[weights]:
            variants = ", ".join(kind for kind, names in pairs.items() if names)
            raise EncoderError(
                f"{source}: the hub has only {variants} graphs of this model, not {weights}; set --weights"
            )
        pair = pairs[weights][0]
        prefixes = tuple(f"{graph}{end}" for graph in pair for end in (".data", "_data"))
        return [
            *metadata,
            *(file for name, file in available.items() if name in pair or name.startswith(prefixes)),
        ]
    checkpoints = [available[name] for name in _CHECKPOINTS if name in available]
    if not checkpoints:
        raise EncoderError(
            f"{source}: the model has neither a pair of ONNX graphs nor a checkpoint that can be exported "
            f"({', '.join(_CHECKPOINTS)})"
        )
    return [
        *metadata,
        *(file for name, file in available.items() if name in _VOCABULARY_FILES),
        checkpoints[0],
    ]


def _download(
    source: str, commit: str, needed_files: Sequence[_File], folder: Path, progress: Progress | None
) -> dict[str, str]:
    """Download the files of a commit into a folder; return their SHA-256."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        for file in needed_files:
            within(folder, file.name)
    except ValueError as error:
        raise EncoderError(f"{source}: a file of the model cannot be stored: {error}") from error
    # Complete files stay. The record is removed first, so that a mixture of two versions is never loaded.
    PullRecord.forget(folder)
    _remove_other_graphs(folder, {file.name for file in needed_files})
    missing = [file for file in needed_files if not file.matches(folder / file.name)]
    missing_bytes, free_bytes = sum(file.size for file in missing), shutil.disk_usage(folder).free
    if missing_bytes > free_bytes:
        raise EncoderError(
            f"{source}: {missing_bytes / 1e6:,.0f} MB are needed, but only {free_bytes / 1e6:,.0f} MB are free at "
            f"{folder}; make room, or set SNAPSHELF_ENCODERS to a folder on another disk"
        )
    total = sum(file.size for file in needed_files)
    done = total - missing_bytes
    for file in missing:
        # The library would accept an existing file of this name.
        (folder / file.name).unlink(missing_ok=True)
        _fetch(source, commit, file, folder, partial(_Bar, done, total, progress))
        done += file.size
        if not file.matches(folder / file.name):
            (folder / file.name).unlink(missing_ok=True)
            raise EncoderError(
                f"{source}: the download of {file.name} was damaged and is removed; pull again"
            )
    if progress is not None:
        progress(total, total)
    return {file.name: file.sha256 or sha256(folder / file.name) for file in needed_files}


def _fetch(source: str, commit: str, file: _File, folder: Path, bar: Any) -> None:
    from huggingface_hub import hf_hub_download

    hf_hub_download(
        source.removeprefix(HUB).partition("@")[0],
        file.name,
        revision=commit,
        local_dir=folder,
        endpoint=_endpoint(),
        tqdm_class=bar,
    )


def _remove_other_graphs(folder: Path, needed_files: set[str]) -> None:
    """Remove graphs of other variants; a folder with two would not tell which of them a shelf uses."""
    if not any(".onnx" in name for name in needed_files):
        return
    for path in folder.rglob("*"):
        if (
            ".onnx" in path.name
            and ".cache" not in path.parts
            and str(path.relative_to(folder)) not in needed_files
        ):
            path.unlink()


class _Bar:
    """Replaces the progress bar that the hub's library draws for each file."""

    def __init__(
        self, done: int, total: int, report: Progress | None, /, *_: Any, initial: int | None = 0, **__: Any
    ) -> None:
        self._done, self._total, self._report = done + (initial or 0), total, report

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, n: float | None = 1) -> None:
        """Count downloaded bytes; negative when the library restarts a file."""
        self._done += int(n or 0)
        if self._report is not None:
            self._report(min(self._done, self._total), self._total)


def _endpoint() -> str:
    return os.environ.get("HF_ENDPOINT") or "https://huggingface.co"


@contextmanager
def _hub_errors(source: str) -> Iterator[None]:
    """Convert exceptions of the hub's library to `EncoderError`."""
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        yield
    except EncoderError:
        raise
    except GatedRepoError as error:
        raise EncoderError(
            f"{source}: accept the terms of the model on its page, then set HF_TOKEN to your access token"
        ) from error
    except RepositoryNotFoundError as error:
        raise EncoderError(
            f"{source}: {_endpoint()} does not have this model, or the model needs a login: set HF_TOKEN"
        ) from error
    except RevisionNotFoundError as error:
        raise EncoderError(f"{source}: the model does not have this revision") from error
    except OfflineModeIsEnabled as error:
        raise EncoderError(f"{source}: HF_HUB_OFFLINE forbids downloads; unset it to pull") from error
    except HfHubHTTPError as error:
        raise EncoderError(f"{source}: {_endpoint()} returned an error: {error}") from error
    except Exception as error:  # The HTTP library differs between versions of the hub's library.
        raise EncoderError(
            f"{source}: {_endpoint()} cannot be reached or closed the connection: {error}; pull again to resume"
        ) from error
