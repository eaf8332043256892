"""Photos in a tar file."""

from __future__ import annotations

import gzip
import os
import shutil
import tarfile
import tempfile
import zlib
from functools import cached_property
from typing import TYPE_CHECKING, BinaryIO

from snapshelf.catalogue.photos.names import PhotoNames
from snapshelf.errors import PhotoError

if TYPE_CHECKING:
    from pathlib import Path

    from snapshelf.catalogue.photos.limits import PhotoLimits

_GZIP_MAGIC = b"\x1f\x8b"


class TarPhotos:
    """Members of a tar file, plain or gzipped, whose places are looked up once.

    A gzipped archive is unpacked to a temporary file first, because gzip cannot be read from the middle.
    """

    def __init__(self, path: Path, limits: PhotoLimits) -> None:
        self._path = path
        self._limits = limits
        try:
            self._file = _open(path)
        except (EOFError, zlib.error, OSError) as error:
            raise PhotoError(f"{path}: cannot be read: {error}") from error
        try:
            self._places = _index(self._file)
        except tarfile.TarError as error:
            self._file.close()
            raise PhotoError(
                f"{path}: is neither a folder nor a whole tar file ({error}); give a folder, .tar or .tar.gz"
            ) from error

    def read(self, reference: str) -> bytes:
        """Read a member; see `PhotoSource.read`."""
        place = self._places.get(reference.removeprefix("./"))
        if place is None:
            hint = self._names.hint(reference)
            raise PhotoError(f"photo {reference!r} is not in {self._path}{hint}")
        offset, size = place
        self._limits.check_bytes(size, f"photo {reference!r}")
        # Unlike seek and read, a single call, which threads may make at the same time.
        return os.pread(self._file.fileno(), size, offset)

    def find_by_id(self, id: str) -> tuple[str, ...]:
        """See `PhotoSource.find_by_id`."""
        return self._names.of_id(id)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @cached_property
    def _names(self) -> PhotoNames:
        return PhotoNames(self._places)


def _open(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        if file.read(2) == _GZIP_MAGIC:
            file.seek(0)
            return _unpacked(file)
    return path.open("rb")


def _unpacked(file: BinaryIO) -> BinaryIO:
    unpacked: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - the caller's, who closes it
    try:
        with gzip.open(file) as packed:
            shutil.copyfileobj(packed, unpacked, 1 << 20)
    except BaseException:
        unpacked.close()
        raise
    unpacked.seek(0)
    return unpacked


def _index(file: BinaryIO) -> dict[str, tuple[int, int]]:
    places: dict[str, tuple[int, int]] = {}
    with tarfile.open(fileobj=file, mode="r:") as archive:
        for member in archive:
            name = member.name.removeprefix("./")
            if member.isreg() and not member.issparse():
                places[name] = member.offset_data, member.size
            elif member.islnk() and (linked := member.linkname.removeprefix("./")) in places:
                places[name] = places[linked]
    return places
