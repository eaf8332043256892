"""Shoppers: what they did, what that says of them, and the order of results that follows from it."""

from snapshelf.shoppers._cooccurrence import CoOccurrence
from snapshelf.shoppers._features import FEATURES, Feature, Floats, Past, RankRequest, Signals, features_hash
from snapshelf.shoppers._items import Items, term_counts
from snapshelf.shoppers._next import NextItem
from snapshelf.shoppers._ranker import (
    FixedFormula,
    Gate,
    Judged,
    Ranker,
    RankingModel,
    Settings,
    normalised,
    shortened,
    train,
)

__all__ = [
    "FEATURES",
    "CoOccurrence",
    "Feature",
    "FixedFormula",
    "Floats",
    "Gate",
    "Items",
    "Judged",
    "NextItem",
    "Past",
    "RankRequest",
    "Ranker",
    "RankingModel",
    "Settings",
    "Signals",
    "features_hash",
    "normalised",
    "shortened",
    "term_counts",
    "train",
]
