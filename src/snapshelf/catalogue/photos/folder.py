"""Photos in a folder."""

from __future__ import annotations

import os
import stat
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from snapshelf._support.paths import within
from snapshelf.catalogue.photos.names import PhotoNames
from snapshelf.errors import PhotoError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshelf.catalogue.photos.limits import PhotoLimits


class FolderPhotos:
    """Files below a folder; nothing outside it can be read, not through ``..`` nor a symbolic link either.

    A look-up by id searches the folder itself and its direct subfolders.
    """

    def __init__(self, root: Path, limits: PhotoLimits) -> None:
        self._root = root.resolve()
        self._limits = limits

    def read(self, reference: str) -> bytes:
        """Read a file; see `PhotoSource.read`."""
        try:
            path = within(self._root, reference)
        except ValueError as error:
            raise PhotoError(f"photo {error}") from error
        try:
            status = path.stat()
            # Reading a pipe or a device might never end.
            if not stat.S_ISREG(status.st_mode):
                raise PhotoError(f"photo {reference!r} is not a file")
            self._limits.check_bytes(status.st_size, f"photo {reference!r}")
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            hint = self._names.hint(reference)
            raise PhotoError(f"photo {reference!r} is not in {self._root}{hint}") from error
        except (OSError, ValueError) as error:
            raise PhotoError(f"photo {reference!r} cannot be read: {error}") from error

    def find_by_id(self, id: str) -> tuple[str, ...]:
        """See `PhotoSource.find_by_id`."""
        return self._names.of_id(id)

    def close(self) -> None:
        """Nothing is held."""

    @cached_property
    def _names(self) -> PhotoNames:
        return PhotoNames(self._files())

    def _files(self) -> Iterator[str]:
        # No deeper: the folder may be somebody's home.
        for folder, subfolders, files in os.walk(self._root):
            within = Path(folder).relative_to(self._root)
            yield from ((within / name).as_posix() for name in files)
            if within.parts:
                subfolders.clear()
