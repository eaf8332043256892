"""The folder of a shelf: its files, its lock, and how its parts are opened."""

from __future__ import annotations

import shutil
from pathlib import Path

import filelock

from snapshelf.catalogue import Catalogue
from snapshelf.errors import SearchIndexError, ShelfInUseError, StorageError
from snapshelf.events import CatalogueTraits, ShopperSettings, SqlJournal
from snapshelf.index import ProcessIndex, QdrantEdgeIndex, SearchIndex
from snapshelf.language import Lexicon

STORE = "store"
LEXICON = "lexicon.yaml"
WORDS = "words"
QUERIES = "queries.sqlite"
JOURNAL = "journal.db"
SHOPPERS = "shoppers.yaml"


def lock_shelf(folder: Path) -> filelock.FileLock:
    """Take a shelf for this process.

    Raises
    ------
    ShelfInUseError
        This or another process has it open.
    StorageError
        The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(folder / "lock", thread_local=False)
        lock.acquire(blocking=False)
    except filelock.Timeout as error:
        raise ShelfInUseError(
            f"{folder}: the shelf is open in another process (`snapshelf serve`?); stop it, or search over HTTP"
        ) from error
    except OSError as error:
        raise StorageError(f"{folder}: a shelf cannot be kept here: {error.strerror or error}") from error
    return lock


def kept_encoder(folder: Path, fingerprint: str) -> Path:
    """Folder of a shelf's own copy of an encoder, whether it is there or not."""
    return folder / "encoders" / fingerprint


def encoder_source(folder: Path, catalogue: Catalogue) -> str | Path | None:
    """Return the source of a shelf's encoder: its own copy, or its name; None for a new shelf."""
    fingerprint = catalogue.meta("encoder_fingerprint")
    if fingerprint is not None and (own := kept_encoder(folder, fingerprint)).is_dir():
        return own
    return catalogue.meta("encoder_source")


def open_index(folder: Path, dimension: int, *, serving: bool = False) -> SearchIndex:
    """Open a shelf's index; replace an unusable index, which holds nothing that the catalogue does not."""
    kind = ProcessIndex if serving else QdrantEdgeIndex
    try:
        return kind.open(folder / STORE, dimension)
    except SearchIndexError:
        shutil.rmtree(folder / STORE, ignore_errors=True)
        return kind.open(folder / STORE, dimension)


def shop_lexicon(folder: Path) -> Lexicon:
    """Return a shelf's lexicon: its own ``lexicon.yaml`` over the bundled lexicon.

    Raises
    ------
    LexiconError
        The shelf's own cannot be read or does not hold together.
    """
    own = folder / LEXICON
    return Lexicon.load(own).overlay(Lexicon.bundled()) if own.is_file() else Lexicon.bundled()


def shopper_settings(folder: Path) -> ShopperSettings:
    """Return what a shelf keeps of its shoppers.

    Raises
    ------
    ShelfError
        Its ``shoppers.yaml`` cannot be used.
    """
    return ShopperSettings.load(folder / SHOPPERS)


def has_own_journal(folder: Path) -> bool:
    """Whether anything may be known of a shelf's shoppers."""
    return (folder / JOURNAL).exists() or shopper_settings(folder).journal is not None


def open_journal(folder: Path, catalogue: Catalogue) -> SqlJournal:
    """Open what is kept of a shelf's shoppers; the shelf itself need not be open.

    Raises
    ------
    ShelfError
        The shelf's ``shoppers.yaml`` cannot be used, or the journal cannot be opened.
    InputError
        The URL in it cannot be used.
    """
    settings = shopper_settings(folder)
    return SqlJournal.open(
        settings.journal or folder / JOURNAL,
        traits=CatalogueTraits(catalogue),
        space=catalogue.meta("encoder_fingerprint") or "",
        consent_required=settings.consent_required,
    )
