"""The search index: vectors, terms and filters. Derived from the catalogue and rebuildable from it."""

from snapshelf.index.answers import Candidate, Facet, FacetValue, Histogram, Kind, Placed, ScoredCandidate
from snapshelf.index.documents import document_terms, record, records_fingerprint
from snapshelf.index.filters import And, Between, Equals, Filter, Has, Ids, Not, OneOf, Or
from snapshelf.index.process import ProcessIndex
from snapshelf.index.protocol import Fact, Record, SearchIndex
from snapshelf.index.qdrant_edge import QdrantEdgeIndex

__all__ = [
    "And",
    "Between",
    "Candidate",
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
    "ProcessIndex",
    "QdrantEdgeIndex",
    "Record",
    "ScoredCandidate",
    "SearchIndex",
    "document_terms",
    "record",
    "records_fingerprint",
]
