"""A raw request → a query that the search room understands."""

from snapshelf.query._filter import MAX_FILTER_LENGTH, parse_filter
from snapshelf.query._filter_fields import Fields, Kind, resolve_field
from snapshelf.query._filter_written import write_filter
from snapshelf.query._knowledge import Knowledge, VectorsOf
from snapshelf.query._query import Chip, Note, Query, QueryKind, within
from snapshelf.query._request import (
    DECODED_SIDE,
    MAX_EXAMPLES,
    MAX_PHOTOS,
    MAX_TEXT_LENGTH,
    PhotoInput,
    Request,
    decoded,
)
from snapshelf.query._settings import Understanding, Use
from snapshelf.query._understand import understand

__all__ = [
    "DECODED_SIDE",
    "MAX_EXAMPLES",
    "MAX_FILTER_LENGTH",
    "MAX_PHOTOS",
    "MAX_TEXT_LENGTH",
    "Chip",
    "Fields",
    "Kind",
    "Knowledge",
    "Note",
    "PhotoInput",
    "Query",
    "QueryKind",
    "Request",
    "Understanding",
    "Use",
    "VectorsOf",
    "decoded",
    "parse_filter",
    "resolve_field",
    "understand",
    "within",
    "write_filter",
]
