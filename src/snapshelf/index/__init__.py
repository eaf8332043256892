"""The search index: vectors, terms and filters. Derived from the catalogue and rebuildable from it."""

from snapshelf.index.answers import Candidate, Facet, FacetValue, Histogram, Kind, Placed, Recalled
from snapshelf.index.documents import document_terms, record, records_fingerprint
from snapshelf.index.filters import And, Between, Equals, Filter, Has, Ids, Not, OneOf, Or
from snapshelf.index.process import ProcessStore
from snapshelf.index.protocol import Fact, Record, Store
from snapshelf.index.qdrant_edge import EdgeStore

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
    "document_terms",
    "record",
    "records_fingerprint",
]
