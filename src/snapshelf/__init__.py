"""Self-hosted product search that sees: by photo, by Chinese or English words, or by both."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from snapshelf import errors
from snapshelf.errors import SnapshelfError

if TYPE_CHECKING:
    from snapshelf.catalogue import Price, Product
    from snapshelf.query import Chip, Note
    from snapshelf.recommend import Recommendation, RecommendationReason, RecommendationResponse
    from snapshelf.search import (
        FacetChoice,
        FacetRequest,
        FacetResult,
        HeatMap,
        Hit,
        Range,
        SearchResponse,
        WhyNot,
    )
    from snapshelf.shelf import AddReport, RowError, Shelf, ShelfStats

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
    "RecommendationResponse",
    "RowError",
    "SearchResponse",
    "Shelf",
    "ShelfStats",
    "SnapshelfError",
    "WhyNot",
    "errors",
]

__version__ = "0.1.0"

# Loaded at first use: `snapshelf --help` and the errors need neither runtime nor engine.
_HOMES = {
    "AddReport": "snapshelf.shelf",
    "Chip": "snapshelf.query",
    "FacetChoice": "snapshelf.search",
    "FacetRequest": "snapshelf.search",
    "FacetResult": "snapshelf.search",
    "HeatMap": "snapshelf.search",
    "Hit": "snapshelf.search",
    "Note": "snapshelf.query",
    "Price": "snapshelf.catalogue",
    "Product": "snapshelf.catalogue",
    "Range": "snapshelf.search",
    "Recommendation": "snapshelf.recommend",
    "RecommendationReason": "snapshelf.recommend",
    "RecommendationResponse": "snapshelf.recommend",
    "RowError": "snapshelf.shelf",
    "SearchResponse": "snapshelf.search",
    "Shelf": "snapshelf.shelf",
    "ShelfStats": "snapshelf.shelf",
    "WhyNot": "snapshelf.search",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
