"""Read the photo and annotation files of data sets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from snapshelf.catalogue import PhotoSource
from snapshelf.errors import PhotoError, TrainingError

_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"})


def existing_folder(folder: Path) -> Path:
    """Return the folder, or refuse one that does not exist.

    Raises
    ------
    TrainingError
        There is no such folder.
    """
    if not folder.is_dir():
        raise TrainingError(f"{folder}: there is no such folder")
    return folder


def photo_files(folder: Path) -> Iterator[Path]:
    """Yield every photo below a folder, sorted by path."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in _SUFFIXES and not path.name.startswith(".") and path.is_file():
            yield path


def read_file(path: Path) -> bytes:
    """Return the bytes of a photo file.

    Raises
    ------
    PhotoError
        It cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise PhotoError(f"{path}: cannot be read: {error.strerror}") from error


def read_text(path: Path) -> str:
    """Return the text of an annotation file.

    Raises
    ------
    TrainingError
        It cannot be read or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise TrainingError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TrainingError(f"{path}: is not UTF-8 text; save it as UTF-8") from error


def read_json(path: Path) -> Any:
    """Return the value of a JSON file.

    Raises
    ------
    TrainingError
        It cannot be read or is not JSON.
    """
    try:
        return json.loads(read_text(path))
    except ValueError as error:
        raise TrainingError(f"{path}: is not JSON: {error}") from error


class SharedPhotos:
    """A photo source that stays open as long as its photos are referenced."""

    def __init__(self, source: PhotoSource) -> None:
        self._source = source

    def read(self, reference: str) -> bytes:
        """Return the bytes of a photo; see `PhotoSource.read`."""
        return self._source.read(reference)

    def find_by_id(self, id: str) -> tuple[str, ...]:
        """See `PhotoSource.find_by_id`."""
        return self._source.find_by_id(id)

    def __del__(self) -> None:
        self._source.close()
