"""Sizes on disk."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import snapshelf

_MEGABYTE = 1_000_000


def measure(shelf: Path, venv: Path | None) -> dict[str, float]:
    """Megabytes of the shelf, of the core install and, if asked, of a virtual environment."""
    sizes = {"shelf MB": folder_size(shelf) / _MEGABYTE, "core install MB": core_size() / _MEGABYTE}
    if venv is not None:
        sizes[f"{venv} MB"] = folder_size(venv) / _MEGABYTE
    return sizes


def folder_size(folder: Path) -> int:
    """Bytes that the files in a folder take on disk."""
    return sum(on_disk(file) for file in folder.rglob("*") if file.is_file() and not file.is_symlink())


def on_disk(file: Path) -> int:
    """Bytes of the blocks that a file takes: an engine's files have holes."""
    return file.stat().st_blocks * 512


def core_size() -> int:
    """Bytes of this package and of everything it requires without extras, as far as it is installed here."""
    pending, seen = ["snapshelf"], set()
    # An editable install lists no files of its own.
    total = folder_size(Path(snapshelf.__file__).parent)
    while pending:
        name = re.sub(r"[-_.]+", "-", pending.pop()).lower()
        if name in seen:
            continue
        seen.add(name)
        try:
            installed = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # required elsewhere, for example on Windows only
        if name != "snapshelf":
            paths = {Path(str(file.locate())).resolve() for file in installed.files or ()}
            total += sum(on_disk(path) for path in paths if path.is_file())
        needed = [each for each in installed.requires or () if not re.search(r"\bextra\s*==", each)]
        pending += [re.split(r"[^A-Za-z0-9._-]", each, maxsplit=1)[0] for each in needed]
    return total
