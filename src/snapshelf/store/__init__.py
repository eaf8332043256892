"""The engine: vectors, words and filters. Derived from the catalogue and rebuildable from it."""

from snapshelf.store._answers import Candidate, Facet, FacetValue, Histogram, Kind, Placed, Recalled
from snapshelf.store._edge import EdgeStore
from snapshelf.store._filters import And, Between, Equals, Filter, Has, Ids, Not, OneOf, Or
from snapshelf.store._process import ProcessStore
from snapshelf.store._protocol import Fact, Record, Store

__all__ = [
    "And",
    "Between",
    "Candidate",
    "EdgeStore",
    "Equals",
    "Facet",
    "FacetValue",
    "Fact",
    "Filter",
    "Has",
    "Histogram",
    "Ids",
    "Kind",
    "Not",
    "OneOf",
    "Or",
    "Placed",
    "ProcessStore",
    "Recalled",
    "Record",
    "Store",
]
