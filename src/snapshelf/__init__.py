"""Self-hosted product search that sees: by photo, by Chinese or English words, or by both."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from snapshelf import errors
from snapshelf.errors import SnapshelfError

if TYPE_CHECKING:
    from snapshelf._results import AddReport, Hit, RowError, SearchResult, ShelfStats
    from snapshelf.catalogue import Price, Product
    from snapshelf.shelf import Shelf

__all__ = [
    "AddReport",
    "Hit",
    "Price",
    "Product",
    "RowError",
    "SearchResult",
    "Shelf",
    "ShelfStats",
    "SnapshelfError",
    "errors",
]

__version__ = "0.1.0"

# Loaded at first use: `snapshelf --help` and the errors need neither runtime nor engine.
_HOMES = {
    "AddReport": "snapshelf._results",
    "Hit": "snapshelf._results",
    "Price": "snapshelf.catalogue",
    "Product": "snapshelf.catalogue",
    "RowError": "snapshelf._results",
    "SearchResult": "snapshelf._results",
    "Shelf": "snapshelf.shelf",
    "ShelfStats": "snapshelf._results",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
