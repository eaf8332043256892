"""Feeds: files in which a shop lists its products, read row by row."""

from snapshelf.catalogue.feeds.feed import Feed, Row, read_feed
from snapshelf.catalogue.feeds.mapping import parse_mapping

__all__ = ["Feed", "Row", "parse_mapping", "read_feed"]
