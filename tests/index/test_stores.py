"""The contract, for every store there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_store import ReferenceStore
from store_contract import D, StoreContract

from snapshelf.index import ProcessIndex, QdrantEdgeIndex

if TYPE_CHECKING:
    from pathlib import Path

    from snapshelf.index import SearchIndex


class TestReferenceStore(StoreContract):
    examples = 2

    def open(self, path: Path) -> SearchIndex:
        return ReferenceStore(path, D)


class TestEdgeStore(StoreContract):
    def open(self, path: Path) -> SearchIndex:
        return QdrantEdgeIndex.open(path, D)


class TestEdgeStoreWithGraph(StoreContract):
    """With a graph over the photos as soon as the store is optimised."""

    examples = 4

    def open(self, path: Path) -> SearchIndex:
        return QdrantEdgeIndex.open(path, D, exact_up_to=0)


class TestProcessStore(StoreContract):
    examples = 2

    def open(self, path: Path) -> SearchIndex:
        return ProcessIndex.open(path, D)
