"""The engine: vectors, words and filters. Derived from the catalogue and rebuildable from it."""

from snapshelf.store._edge import EdgeStore
from snapshelf.store._filters import And, Between, Equals, Filter, Has, Ids, Not, OneOf, Or
from snapshelf.store._process import ProcessStore
from snapshelf.store._protocol import Candidate, Fact, Record, Store

__all__ = [
    "And",
    "Between",
    "Candidate",
    "EdgeStore",
    "Equals",
    "Fact",
    "Filter",
    "Has",
    "Ids",
    "Not",
    "OneOf",
    "Or",
    "ProcessStore",
    "Record",
    "Store",
]
