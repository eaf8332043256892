"""Models of a hub, brought to this machine."""

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
from snapshelf.encoders.description import HUB, configuration_of, folder_of, registry
from snapshelf.encoders.layouts import GRAPHS
from snapshelf.encoders.pulled import Pulled
from snapshelf.errors import EncoderError

Weights: TypeAlias = Literal["fp32", "fp16", "int8"]
Progress: TypeAlias = Callable[[int, int | None], None]

_VARIANTS: dict[Weights, tuple[str, ...]] = {
    "fp32": ("",),
    "fp16": ("_fp16",),
    "int8": ("_quantized", "_int8", "_uint8"),
}

_DESCRIBING = {
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

_VOCABULARIES = {
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "spiece.model",
    "tokenizer.model",
    "sentencepiece.bpe.model",
}
"""What a checkpoint's tokeniser is made of where tokenizer.json is not there."""

_CHECKPOINTS = (
    "open_clip_model.safetensors",
    "model.safetensors",
    "open_clip_pytorch_model.bin",
    "pytorch_model.bin",
)
"""Weights that the hubs have, safetensors first: a pickle can run code when it is read without care."""


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    size: int
    sha256: str | None
    git_sha1: str | None

    def is_at(self, path: Path) -> bool:
        """Whether a file is this one, by its size and hash."""
        if not path.is_file() or path.stat().st_size != self.size:
            return False
        if self.sha256 is not None:
            return sha256(path) == self.sha256
        # Small files have no SHA-256 on the hub but the hash that git gives them.
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
    """Download a model, so that it can be loaded, or exported, without a network.

    An interrupted download goes on where it was; each file's size and hash are checked. The hub is that of the
    environment variable HF_ENDPOINT, by default huggingface.co; HF_TOKEN opens models that need a login.

    Parameters
    ----------
    name : str
        Name in the registry, or ``hf-hub:org/name`` or ``hf-hub:org/name@revision``.
    weights : {"fp32", "fp16", "int8"}
        Which of the ready ONNX graphs; they take the place of others that were pulled before.
    checkpoint : bool
        The weights that are exported and fine-tuned, instead of ONNX graphs.
    progress : callable or None
        Told the bytes that are here and those there will be.

    Returns
    -------
    Path
        The folder. It holds ONNX graphs or, where the hub has none, a checkpoint.

    Raises
    ------
    EncoderError
        There is no such model, it is of no use here, the disk is too small, the hub cannot be reached, or what
        arrived is not what the hub has.
    """
    about = registry().get(name)
    if about is not None:
        if not about.source.startswith(HUB):
            raise EncoderError(f"{name} comes with Snapshelf; there is nothing to pull")
        checkpoint = checkpoint or not about.ready
        source = about.checkpoint if checkpoint else about.source
    else:
        source = name
    folder = folder_of(source)
    with _explained(source):
        commit, there = _listing(source)
        wanted = _wanted(source, there, weights, checkpoint=checkpoint)
        hashes = _download(source, commit, wanted, folder, progress)
    settings = configuration_of(source)
    if settings is not None and "open_clip_config.json" not in there:
        path = folder / "open_clip_config.json"
        path.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
        hashes[path.name] = sha256(path)
    Pulled(source=source, commit=commit, files=hashes).write(folder)
    return folder


def _listing(source: str) -> tuple[str, dict[str, _File]]:
    """Commit and files of a model, as the hub has them now."""
    from huggingface_hub import HfApi

    repository, _, revision = source.removeprefix(HUB).partition("@")
    found = HfApi(endpoint=_endpoint()).model_info(repository, revision=revision or None, files_metadata=True)
    files = {
        one.rfilename: _File(one.rfilename, one.size or 0, one.lfs.sha256 if one.lfs else None, one.blob_id)
        for one in found.siblings or []
    }
    if found.sha is None:
        raise EncoderError(f"{source}: the hub does not say which commit it has")
    return found.sha, files


def _wanted(source: str, there: dict[str, _File], weights: Weights, *, checkpoint: bool) -> list[_File]:
    describing = [file for name, file in there.items() if name in _DESCRIBING]
    pairs = {
        kind: [
            (f"{photo}{variant}.onnx", f"{text}{variant}.onnx")
            for variant in variants
            for photo, text in GRAPHS
            if {f"{photo}{variant}.onnx", f"{text}{variant}.onnx"} <= there.keys()
        ]
        for kind, variants in _VARIANTS.items()
    }
    if any(pairs.values()) and not checkpoint:
        if not pairs[weights]:
            has = ", ".join(kind for kind, found in pairs.items() if found)
            raise EncoderError(f"{source}: the hub has no {weights} graphs of it, only {has}: add --weights")
        pair = pairs[weights][0]
        begins = tuple(f"{graph}{end}" for graph in pair for end in (".data", "_data"))
        return [
            *describing,
            *(file for name, file in there.items() if name in pair or name.startswith(begins)),
        ]
    found = [there[name] for name in _CHECKPOINTS if name in there]
    if not found:
        raise EncoderError(
            f"{source}: neither a pair of ONNX graphs nor a checkpoint that can be exported is in it "
            f"({', '.join(_CHECKPOINTS)})"
        )
    return [*describing, *(file for name, file in there.items() if name in _VOCABULARIES), found[0]]


def _download(
    source: str, commit: str, wanted: Sequence[_File], folder: Path, progress: Progress | None
) -> dict[str, str]:
    """Bring the files of a commit into a folder; gives their SHA-256."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        for file in wanted:
            within(folder, file.name)
    except ValueError as error:
        raise EncoderError(f"{source}: a file of it cannot be kept: {error}") from error
    # What is complete stays; the record goes first, so that no mixture of two versions is ever loaded.
    Pulled.forget(folder)
    _remove_other_graphs(folder, {file.name for file in wanted})
    missing = [file for file in wanted if not file.is_at(folder / file.name)]
    needed, free = sum(file.size for file in missing), shutil.disk_usage(folder).free
    if needed > free:
        raise EncoderError(
            f"{source}: {needed / 1e6:,.0f} MB are to be downloaded, but only {free / 1e6:,.0f} MB are free at "
            f"{folder}; make room, or set SNAPSHELF_ENCODERS to a folder on another disk"
        )
    total = sum(file.size for file in wanted)
    done = total - needed
    for file in missing:
        # The library would take a file of that name for the right one.
        (folder / file.name).unlink(missing_ok=True)
        _fetch(source, commit, file, folder, partial(_Bar, done, total, progress))
        done += file.size
        if not file.is_at(folder / file.name):
            (folder / file.name).unlink(missing_ok=True)
            raise EncoderError(f"{source}: {file.name} arrived damaged and was removed; pull again")
    if progress is not None:
        progress(total, total)
    return {file.name: file.sha256 or sha256(folder / file.name) for file in wanted}


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


def _remove_other_graphs(folder: Path, wanted: set[str]) -> None:
    """One variant at a time: a folder with two would not say which one a shelf was made with."""
    if not any(".onnx" in name for name in wanted):
        return
    for path in folder.rglob("*"):
        if (
            ".onnx" in path.name
            and ".cache" not in path.parts
            and str(path.relative_to(folder)) not in wanted
        ):
            path.unlink()


class _Bar:
    """Stands for the progress bar that the hub's library would draw for each file."""

    def __init__(
        self, done: int, total: int, tell: Progress | None, /, *_: Any, initial: int | None = 0, **__: Any
    ) -> None:
        self._here, self._total, self._tell = done + (initial or 0), total, tell

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, n: float | None = 1) -> None:
        """Take note of bytes that arrived; fewer than none where the library starts a file again."""
        self._here += int(n or 0)
        if self._tell is not None:
            self._tell(min(self._here, self._total), self._total)


def _endpoint() -> str:
    return os.environ.get("HF_ENDPOINT") or "https://huggingface.co"


@contextmanager
def _explained(source: str) -> Iterator[None]:
    """Turn what the hub's library raises into a sentence."""
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
            f"{source}: its owner wants its terms accepted first: do that on its page, then set HF_TOKEN to a token of "
            "yours"
        ) from error
    except RepositoryNotFoundError as error:
        raise EncoderError(
            f"{source}: {_endpoint()} has no such model, or it needs a login: set HF_TOKEN"
        ) from error
    except RevisionNotFoundError as error:
        raise EncoderError(f"{source}: the model is there, but not this revision") from error
    except OfflineModeIsEnabled as error:
        raise EncoderError(f"{source}: HF_HUB_OFFLINE forbids downloads; unset it to pull") from error
    except HfHubHTTPError as error:
        raise EncoderError(f"{source}: {_endpoint()} answers with an error: {error}") from error
    except Exception as error:  # each version of the library speaks through another HTTP library
        raise EncoderError(
            f"{source}: {_endpoint()} cannot be reached or broke off: {error}; pull again, it goes on where it was"
        ) from error
