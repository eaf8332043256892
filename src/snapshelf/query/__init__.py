"""A raw request → a query that the search room understands."""

from snapshelf.query._filter import MAX_FILTER_LENGTH, parse_filter
from snapshelf.query._filter_fields import Fields
from snapshelf.query._query import DECODED_SIDE, MAX_TEXT_LENGTH, PhotoInput, Query, understand

__all__ = [
    "DECODED_SIDE",
    "MAX_FILTER_LENGTH",
    "MAX_TEXT_LENGTH",
    "Fields",
    "PhotoInput",
    "Query",
    "parse_filter",
    "understand",
]
