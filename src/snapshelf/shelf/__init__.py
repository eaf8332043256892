"""The shelf: the object that a user holds, its folder, ingest, the sync of its index, and encoder rollouts."""

from snapshelf.shelf.facade import Progress, Shelf
from snapshelf.shelf.folder import open_journal, shop_lexicon, shopper_settings
from snapshelf.shelf.location import open_catalogue
from snapshelf.shelf.reports import AddReport, RowError, ShelfStats, TuningReport
from snapshelf.shelf.rollout import Promotion, history, promote, roll_back

__all__ = [
    "AddReport",
    "Progress",
    "Promotion",
    "RowError",
    "Shelf",
    "ShelfStats",
    "TuningReport",
    "history",
    "open_catalogue",
    "open_journal",
    "promote",
    "roll_back",
    "shop_lexicon",
    "shopper_settings",
]
