"""Recall → fuse → rank → explain."""

from snapshelf.search._documents import record
from snapshelf.search._facets import FacetChoice, FacetRequest, FacetResult, Range
from snapshelf.search._search import Mode, Ranked, Weights, search

__all__ = [
    "FacetChoice",
    "FacetRequest",
    "FacetResult",
    "Mode",
    "Range",
    "Ranked",
    "Weights",
    "record",
    "search",
]
