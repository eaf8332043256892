"""The search index: vectors, terms and filters. Derived from the catalogue and rebuildable from it."""

from snapshelf.index.documents import document_terms, record, records_fingerprint
from snapshelf.index.filters import (
    Alternatives,
    And,
    Between,
    Equals,
    Filter,
    Has,
    HasWords,
    Ids,
    Not,
    OneOf,
    Or,
)
from snapshelf.index.order import ByNumber, ByRank, ByTests, SortKey, TakeTurns
from snapshelf.index.process import ProcessIndex
from snapshelf.index.protocol import (
    Candidate,
    Facet,
    FacetValue,
    FieldValue,
    Histogram,
    Kind,
    Record,
    ScoredCandidate,
    ScoredCandidates,
    SearchIndex,
    TermPlace,
)
from snapshelf.index.qdrant_edge import QdrantEdgeIndex

__all__ = [
    "Alternatives",
    "And",
    "Between",
    "ByNumber",
    "ByRank",
    "ByTests",
    "Candidate",
    "Equals",
    "Facet",
    "FacetValue",
    "FieldValue",
    "Filter",
    "Has",
    "HasWords",
    "Histogram",
    "Ids",
    "Kind",
    "Not",
    "OneOf",
    "Or",
    "ProcessIndex",
    "QdrantEdgeIndex",
    "Record",
    "ScoredCandidate",
    "ScoredCandidates",
    "SearchIndex",
    "SortKey",
    "TakeTurns",
    "TermPlace",
    "document_terms",
    "record",
    "records_fingerprint",
]
