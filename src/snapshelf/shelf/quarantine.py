"""Products that the catalogue has and the index refuses.

A product in quarantine stays in the catalogue and can be read, but no search returns it. It leaves quarantine when it
is put again with values that the index takes, or removed. The catalogue notes the ids with the reasons; the replay that
brings the index up to date brings the note up to date too.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence

import numpy as np

from snapshelf.catalogue import Catalogue, Change, Entry
from snapshelf.errors import SearchIndexError
from snapshelf.index import Record, SearchIndex, record
from snapshelf.language import Lexicon

_NOTE = "quarantine"

_logger = logging.getLogger("snapshelf.shelf")


def quarantined(catalogue: Catalogue) -> dict[str, str]:
    """Return the ids in quarantine, each with the reason."""
    reasons: dict[str, str] = json.loads(catalogue.meta(_NOTE) or "{}")
    return reasons


def index_changes(
    changes: Sequence[Change], catalogue: Catalogue, index: SearchIndex, lexicon: Lexicon | None = None
) -> None:
    """Apply changes of the catalogue to the index; a product that the index refuses is put in quarantine.

    Raises
    ------
    SearchIndexError
        The index itself fails, whatever the record.
    StorageError
        The disk is full.
    """
    index.delete([change.id for change in changes if change.entry is None])
    entries = [change.entry for change in changes if change.entry]
    records, refused = _records(entries, lexicon)
    refused |= _upsert(index, records)
    # The index must not go on with an older state of a product that was refused.
    index.delete(list(refused))
    before = quarantined(catalogue)
    changed = {change.id for change in changes}
    after = {id: reason for id, reason in before.items() if id not in changed} | refused
    if after != before:
        catalogue.set_meta(_NOTE, json.dumps(after, ensure_ascii=False))
    for id, reason in refused.items():
        _logger.warning("product %r cannot be searched: %s; put it again with other values", id, reason)


def _records(entries: Sequence[Entry], lexicon: Lexicon | None) -> tuple[list[Record], dict[str, str]]:
    records: list[Record] = []
    refused: dict[str, str] = {}
    for entry in entries:
        try:
            records.append(record(entry.product, entry.vectors, entry.title, entry.added, lexicon))
        # Whatever goes wrong with the values of a product must stop no other product.
        except Exception as error:
            refused[entry.product.id] = f"{type(error).__name__}: {error}"
    return records, refused


def _upsert(index: SearchIndex, records: Sequence[Record]) -> Mapping[str, str]:
    """Upsert records; those that are refused come back by id, each with the reason."""
    if not records:
        return {}
    try:
        index.upsert(records)
    except SearchIndexError as error:
        if len(records) > 1:
            middle = len(records) // 2
            return {**_upsert(index, records[:middle]), **_upsert(index, records[middle:])}
        # A closed or broken index fails with the plainest record too: then the values are not to blame.
        index.upsert([Record(records[0].id, np.eye(1, index.dimension, dtype=np.float32))])
        return {records[0].id: str(error)}
    return {}
