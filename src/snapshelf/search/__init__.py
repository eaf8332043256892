"""Recall → fuse → rank → explain."""

from snapshelf.search._documents import record
from snapshelf.search._search import Mode, Ranked, Weights, search

__all__ = ["Mode", "Ranked", "Weights", "record", "search"]
