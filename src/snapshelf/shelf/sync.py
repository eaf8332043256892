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
"""Changes applied at once."""

_TITLES_AT_ONCE = 2_048
"""Titles in a transaction: a killed upgrade has to encode at most these again."""

_TITLES_A_THREAD = 128

_RULES = "records_fingerprint"
"""Note in the catalogue of the rules by which the index got its records; see `records_fingerprint`."""


def fill_titles(
    catalogue: Catalogue, encoder: Encoder, progress: Callable[[int, int], None] | None = None
) -> int:
    """Encode the titles of an older shelf that have no vector yet; return their number.

    Parameters
    ----------
    catalogue : Catalogue
    encoder : Encoder
        The encoder of the shelf.
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
            # Sorted by length, because the encoder runs texts of equal length together.
            texts = sorted(set(titles.values()), key=len)
            vectors = executor.map(encoder.encode_texts, _chunks(texts, _TITLES_A_THREAD))
            vector_of = dict(zip(texts, np.concatenate(list(vectors)), strict=True))
            catalogue.put_titles(titles, {id: vector_of[title] for id, title in titles.items()})
            done += len(titles)
            if progress is not None:
                progress(done, total)
    return done


def catch_up(catalogue: Catalogue, index: SearchIndex, lexicon: Lexicon | None = None) -> None:
    """Bring the index to the state of the catalogue, from the start if the two do not belong together.

    The records depend on the lexicon too: after a change of it, all products are indexed again.
    """
    rules = records_fingerprint(lexicon or Lexicon.bundled())
    if index.version > catalogue.version:
        index.clear()
    after = index.version if catalogue.meta(_RULES) == rules else 0
    if after < catalogue.version:
        index.flush(replay(catalogue, index, after, lexicon))
    if index.count() + len(quarantined(catalogue)) != catalogue.count():
        index.clear()
        index.flush(replay(catalogue, index, 0, lexicon))
    if catalogue.meta(_RULES) != rules:
        catalogue.set_meta(_RULES, rules)


def replay(catalogue: Catalogue, index: SearchIndex, after: int, lexicon: Lexicon | None = None) -> int:
    """Apply the changes of the catalogue after a version to the index; return the version reached.

    A product that the index refuses is put in quarantine, and the others go on.
    """
    while changes := catalogue.changes(after, _REPLAYED_AT_ONCE):
        index_changes(changes, catalogue, index, lexicon)
        after = changes[-1].version
    return after


def _chunks(texts: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (texts[first : first + size] for first in range(0, len(texts), size))
