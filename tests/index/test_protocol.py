"""The contract, for every store there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshelf.index import ProcessIndex, QdrantEdgeIndex
from tests.index.index_contract import D, IndexContract
from tests.index.reference_index import ReferenceIndex

if TYPE_CHECKING:
    from pathlib import Path

    from snapshelf.index import SearchIndex


class TestReferenceStore(IndexContract):
    examples = 2

    def open(self, path: Path) -> SearchIndex:
        return ReferenceIndex(path, D)


class TestEdgeStore(IndexContract):
    def open(self, path: Path) -> SearchIndex:
        return QdrantEdgeIndex.open(path, D)


class TestEdgeStoreWithGraph(IndexContract):
    """With a graph over the photos as soon as the store is optimised."""

    examples = 4

    def open(self, path: Path) -> SearchIndex:
        return QdrantEdgeIndex.open(path, D, exact_up_to=0)


class TestProcessStore(IndexContract):
    examples = 2

    def open(self, path: Path) -> SearchIndex:
        return ProcessIndex.open(path, D)
