"""A raw request → a query that the search room understands."""

from snapshelf.query._query import DECODED_SIDE, MAX_TEXT_LENGTH, PhotoInput, Query, understand

__all__ = ["DECODED_SIDE", "MAX_TEXT_LENGTH", "PhotoInput", "Query", "understand"]
