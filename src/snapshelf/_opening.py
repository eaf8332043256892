"""What it takes to open a shelf: its lock, its own encoder, an index that is up to date."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import filelock
import numpy as np

from snapshelf._cores import usable_cores
from snapshelf._quarantine import index_changes, quarantined
from snapshelf.catalogue import Catalogue
from snapshelf.encoders import Encoder
from snapshelf.errors import ShelfError, ShelfInUseError, StorageError, StoreError
from snapshelf.language import Lexicon
from snapshelf.search import records_fingerprint
from snapshelf.shoppers import CatalogueTraits, ShopperSettings, SqlJournal
from snapshelf.store import EdgeStore, ProcessStore, Store

CATALOGUE = "catalogue.sqlite"
STORE = "store"
LEXICON = "lexicon.yaml"
WORDS = "words"
QUERIES = "queries.sqlite"
JOURNAL = "journal.db"
SHOPPERS = "shoppers.yaml"

_REPLAYED_AT_ONCE = 512
"""Products told to the engine at once."""

_TITLES_AT_ONCE = 2_048
"""Titles in one transaction: what a killed upgrade has to do again."""

_TITLES_A_THREAD = 128

_TOLD = "records_fingerprint"
"""Where the catalogue notes by which rules the engine was told of its products."""


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


def shop_lexicon(folder: Path) -> Lexicon:
    """Return a shelf's lexicon: its own ``lexicon.yaml`` over the bundled one, or that alone.

    Raises
    ------
    LexiconError
        The shelf's own cannot be read or does not hold together.
    """
    own = folder / LEXICON
    return Lexicon.load(own).over(Lexicon.bundled()) if own.is_file() else Lexicon.bundled()


def shopper_settings(folder: Path) -> ShopperSettings:
    """Return what a shelf keeps of its shoppers.

    Raises
    ------
    ShelfError
        Its ``shoppers.yaml`` cannot be used.
    """
    return ShopperSettings.load(folder / SHOPPERS)


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


def fill_titles(
    catalogue: Catalogue, encoder: Encoder, progress: Callable[[int, int], None] | None = None
) -> int:
    """Encode the titles that have no vector yet, those of a shelf made before titles had any; returns how many.

    Parameters
    ----------
    catalogue : Catalogue
    encoder : Encoder
        The shelf's.
    progress : callable or None
        Called with the titles done and the number of titles to do.

    Raises
    ------
    StorageError
        It could not be written. What was written before stays.
    """
    total, done, after = catalogue.count() - catalogue.title_count(), 0, ""
    with ThreadPoolExecutor(usable_cores(), thread_name_prefix="snapshelf-titles") as executor:
        while done < total and (titles := catalogue.untitled(after, _TITLES_AT_ONCE)):
            after = next(reversed(titles))
            # Sorted by length, for the encoder runs texts of equal length together.
            texts = sorted(set(titles.values()), key=len)
            vectors = executor.map(encoder.encode_texts, _chunks(texts, _TITLES_A_THREAD))
            vector_of = dict(zip(texts, np.concatenate(list(vectors)), strict=True))
            catalogue.put_titles(titles, {id: vector_of[title] for id, title in titles.items()})
            done += len(titles)
            if progress is not None:
                progress(done, total)
    return done


def catch_up(catalogue: Catalogue, store: Store, lexicon: Lexicon | None = None) -> None:
    """Bring the engine to the catalogue's state, from the start where the two do not belong together.

    What the engine is told of a product depends on the lexicon too: with another one, all are told again.
    """
    rules = records_fingerprint(lexicon or Lexicon.bundled())
    if store.version > catalogue.version:
        store.clear()
    after = store.version if catalogue.meta(_TOLD) == rules else 0
    if after < catalogue.version:
        store.flush(replay(catalogue, store, after, lexicon))
    if store.count() + len(quarantined(catalogue)) != catalogue.count():
        store.clear()
        store.flush(replay(catalogue, store, 0, lexicon))
    if catalogue.meta(_TOLD) != rules:
        catalogue.set_meta(_TOLD, rules)


def replay(catalogue: Catalogue, store: Store, after: int, lexicon: Lexicon | None = None) -> int:
    """Apply the catalogue's changes after a version to the engine; returns the version reached.

    A product that the engine refuses is put in quarantine, and the others go on.
    """
    while changes := catalogue.changes(after, _REPLAYED_AT_ONCE):
        index_changes(changes, catalogue, store, lexicon)
        after = changes[-1].version
    return after


def _chunks(texts: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (texts[first : first + size] for first in range(0, len(texts), size))
