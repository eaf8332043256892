"""A raw request → a query that the search room understands."""

from snapshelf.query.filter import MAX_FILTER_LENGTH, parse_filter
from snapshelf.query.filter_fields import Fields, Kind, resolve_field
from snapshelf.query.filter_writer import write_filter
from snapshelf.query.knowledge import Knowledge, VectorsOf
from snapshelf.query.query import Chip, Note, Query, QueryKind, within
from snapshelf.query.request import (
    DECODED_SIDE,
    MAX_EXAMPLES,
    MAX_PHOTOS,
    MAX_TEXT_LENGTH,
    PhotoInput,
    Request,
    decoded,
)
from snapshelf.query.settings import Understanding, Use
from snapshelf.query.understanding import understand

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
