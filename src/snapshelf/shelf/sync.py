"""Keeping the index in step with the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from snapshelf._support.cores import usable_cores
from snapshelf.catalogue import Catalogue
from snapshelf.encoders import Encoder
from snapshelf.index import SearchIndex, records_fingerprint
from snapshelf.language import Lexicon
from snapshelf.shelf.quarantine import index_changes, quarantined

_REPLAYED_AT_ONCE = 512
"""Products told to the engine at once."""

_TITLES_AT_ONCE = 2_048
"""Titles in one transaction: what a killed upgrade has to do again."""

_TITLES_A_THREAD = 128

_TOLD = "records_fingerprint"
"""Where the catalogue notes by which rules the engine was told of its products."""


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


def catch_up(catalogue: Catalogue, store: SearchIndex, lexicon: Lexicon | None = None) -> None:
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


def replay(catalogue: Catalogue, store: SearchIndex, after: int, lexicon: Lexicon | None = None) -> int:
    """Apply the catalogue's changes after a version to the engine; returns the version reached.

    A product that the engine refuses is put in quarantine, and the others go on.
    """
    while changes := catalogue.changes(after, _REPLAYED_AT_ONCE):
        index_changes(changes, catalogue, store, lexicon)
        after = changes[-1].version
    return after


def _chunks(texts: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (texts[first : first + size] for first in range(0, len(texts), size))
