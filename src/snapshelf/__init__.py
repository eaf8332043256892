"""Self-hosted product search that sees: by photo, by Chinese or English words, or by both."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from snapshelf import errors
from snapshelf.errors import SnapshelfError

if TYPE_CHECKING:
    from snapshelf._results import (
        AddReport,
        HeatMap,
        Hit,
        Recommendation,
        RecommendationReason,
        Recommendations,
        RowError,
        SearchResult,
        ShelfStats,
        WhyNot,
    )
    from snapshelf.catalogue import Price, Product
    from snapshelf.query import Chip, Note
    from snapshelf.search import FacetChoice, FacetRequest, FacetResult, Range
    from snapshelf.shelf import Shelf

__all__ = [
    "AddReport",
    "Chip",
    "FacetChoice",
    "FacetRequest",
    "FacetResult",
    "HeatMap",
    "Hit",
    "Note",
    "Price",
    "Product",
    "Range",
    "Recommendation",
    "RecommendationReason",
    "Recommendations",
    "RowError",
    "SearchResult",
    "Shelf",
    "ShelfStats",
    "SnapshelfError",
    "WhyNot",
    "errors",
]

__version__ = "0.1.0"

# Loaded at first use: `snapshelf --help` and the errors need neither runtime nor engine.
_HOMES = {
    "AddReport": "snapshelf._results",
    "Chip": "snapshelf.query",
    "FacetChoice": "snapshelf.search",
    "FacetRequest": "snapshelf.search",
    "FacetResult": "snapshelf.search",
    "HeatMap": "snapshelf._results",
    "Hit": "snapshelf._results",
    "Note": "snapshelf.query",
    "Price": "snapshelf.catalogue",
    "Product": "snapshelf.catalogue",
    "Range": "snapshelf.search",
    "Recommendation": "snapshelf._results",
    "RecommendationReason": "snapshelf._results",
    "Recommendations": "snapshelf._results",
    "RowError": "snapshelf._results",
    "SearchResult": "snapshelf._results",
    "Shelf": "snapshelf.shelf",
    "ShelfStats": "snapshelf._results",
    "WhyNot": "snapshelf._results",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
