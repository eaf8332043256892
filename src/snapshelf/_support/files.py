"""Files that are replaced whole: a reader, a crash or a power cut sees the old content or the new, never a part."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from snapshelf.errors import StorageError

_NEW, _OLD = ".new", ".old"


@contextmanager
def replacing(path: Path, *, durable: bool = True, private: bool = False) -> Iterator[IO[bytes]]:
    """Open a temporary file that takes the place of `path` when the block ends without an error.

    The temporary file ``NAME.new`` lies in the same folder. Writers of the same path wait for each other, also across
    processes. An error in the block removes the temporary file; what a killed process leaves, the next writer uses.

    Parameters
    ----------
    path : Path
        Folders of it that are missing are made.
    durable : bool
        Wait until the file and its name are on the disk, so that they outlast a power cut. Without it only a crash
        of the process is covered: for thousands of files that can be made again.
    private : bool
        Let no other user read the file.

    Raises
    ------
    StorageError
        The file cannot be written.
    """
    new = path.with_name(path.name + _NEW)
    with _write_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with _open_alone(new) as file:
            try:
                if private:
                    os.fchmod(file.fileno(), 0o600)
                yield file
                file.flush()
                if durable:
                    os.fsync(file.fileno())
                new.replace(path)
            except BaseException:
                new.unlink(missing_ok=True)
                raise
        if durable:
            _sync(path.parent)


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file; see `replacing`."""
    with replacing(path) as file:
        file.write(content)


def write_text(path: Path, text: str, *, private: bool = False) -> None:
    """Replace a file by UTF-8 text; see `replacing`."""
    with replacing(path, private=private) as file:
        file.write(text.encode())


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], *, compressed: bool = False) -> None:
    """Replace a NumPy archive (``.npz``); see `replacing`. Arrays of objects are refused."""
    save = np.savez_compressed if compressed else np.savez
    with replacing(path) as file:
        save(file, allow_pickle=False, **arrays)


def remove(path: Path) -> None:
    """Remove a file, if it is there, so that it stays removed after a power cut.

    Raises
    ------
    StorageError
        It cannot be removed.
    """
    with _write_errors(path):
        path.unlink(missing_ok=True)
        _sync(path.parent)


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Make a new folder that takes the place of `folder`, durably, when the block ends without an error.

    Two names cannot be exchanged at once: a crash in the moment between leaves no folder of that name. Callers treat
    that like a folder that was never written, and let no two writers have the same folder.

    Yields
    ------
    Path
        An empty folder ``NAME.new`` beside `folder`.

    Raises
    ------
    StorageError
        The folder cannot be written.
    """
    new, old = (folder.with_name(folder.name + suffix) for suffix in (_NEW, _OLD))
    with _write_errors(folder):
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        try:
            yield new
            for path in (*new.rglob("*"), new):
                _sync(path)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise
        shutil.rmtree(old, ignore_errors=True)
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
        _sync(folder.parent)
        shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _open_alone(path: Path) -> Iterator[IO[bytes]]:
    """Open a file, empty, for this writer alone."""
    while True:
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            # The writer before may have renamed or removed the file while this one waited for its lock.
            if _is_at(file, path):
                file.truncate()
                yield file
                return


def _is_at(file: IO[bytes], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _sync(path: Path) -> None:
    """Make a file, or the names in a folder, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _write_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"{path}: cannot be written: {error.strerror or error}; free space on the disk, or make the folder "
            "writable for this user"
        ) from error
