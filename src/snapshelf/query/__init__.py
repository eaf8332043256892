"""A raw request → a query that the search room understands."""

from snapshelf.query._query import MAX_TEXT_LENGTH, PhotoInput, Query, understand

__all__ = ["MAX_TEXT_LENGTH", "PhotoInput", "Query", "understand"]
