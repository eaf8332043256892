"""Filters in the grammar of AIP-160: text → conditions of the search index, and back."""

from snapshelf.query.filters.compiler import MAX_FILTER_LENGTH, parse_filter
from snapshelf.query.filters.fields import FieldKind, Fields, resolve_field
from snapshelf.query.filters.writer import write_filter

__all__ = ["MAX_FILTER_LENGTH", "FieldKind", "Fields", "parse_filter", "resolve_field", "write_filter"]
