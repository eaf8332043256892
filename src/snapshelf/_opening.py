"""What it takes to open a shelf: its lock, its own encoder, an index that is up to date."""

from __future__ import annotations

import shutil
from pathlib import Path

import filelock

from snapshelf.catalogue import Catalogue
from snapshelf.errors import ShelfError, ShelfInUseError, StorageError, StoreError
from snapshelf.search import record
from snapshelf.store import EdgeStore, ProcessStore, Store

CATALOGUE = "catalogue.sqlite"
STORE = "store"

_REPLAYED_AT_ONCE = 512
"""Products told to the engine at once."""


def require_shelf(folder: Path) -> None:
    """Raise `ShelfError` where there is no shelf."""
    if not (folder / CATALOGUE).is_file():
        raise ShelfError(
            f"{folder}: there is no shelf here; make one with: snapshelf add FEED --shelf {folder}"
        )


def lock_shelf(folder: Path) -> filelock.FileLock:
    """Take a shelf for this process.

    Raises
    ------
    ShelfInUseError
        Another process, or this one, has it.
    StorageError
        The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(folder / "lock", thread_local=False)
        lock.acquire(blocking=False)
    except filelock.Timeout as error:
        raise ShelfInUseError(
            f"{folder}: the shelf is open in another process (`snapshelf serve`?); stop that one, or ask it over HTTP"
        ) from error
    except OSError as error:
        raise StorageError(f"{folder}: a shelf cannot be kept here: {error.strerror or error}") from error
    return lock


def kept_encoder(folder: Path, fingerprint: str) -> Path:
    """Folder of a shelf's own copy of an encoder, whether it is there or not."""
    return folder / "encoders" / fingerprint


def encoder_source(folder: Path, catalogue: Catalogue) -> str | Path | None:
    """Where a shelf's encoder is loaded from: its own copy, or what it was made with; None for a new shelf."""
    fingerprint = catalogue.meta("encoder_fingerprint")
    if fingerprint is not None and (own := kept_encoder(folder, fingerprint)).is_dir():
        return own
    return catalogue.meta("encoder_source")


def open_store(folder: Path, dimension: int, *, serving: bool = False) -> Store:
    """Open a shelf's index; an unusable one is made anew, for it holds nothing that the catalogue does not."""
    kind = ProcessStore if serving else EdgeStore
    try:
        return kind.open(folder / STORE, dimension)
    except StoreError:
        shutil.rmtree(folder / STORE, ignore_errors=True)
        return kind.open(folder / STORE, dimension)


def catch_up(catalogue: Catalogue, store: Store) -> None:
    """Bring the engine to the catalogue's state, from the start where the two do not belong together."""
    if store.version > catalogue.version:
        store.clear()
    if store.version < catalogue.version:
        store.flush(replay(catalogue, store, store.version))
    if store.count() != catalogue.count():
        store.clear()
        store.flush(replay(catalogue, store, 0))


def replay(catalogue: Catalogue, store: Store, after: int) -> int:
    """Apply the catalogue's changes after a version to the engine; returns the version reached."""
    while changes := catalogue.changes(after, _REPLAYED_AT_ONCE):
        store.delete([change.id for change in changes if change.entry is None])
        store.upsert(
            [record(change.entry.product, change.entry.vectors) for change in changes if change.entry]
        )
        after = changes[-1].version
    return after
