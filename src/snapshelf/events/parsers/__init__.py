"""Parsers of event formats: UBI 1.3, Google Retail and GA4.

A format is one module with a `Format`. To add one, write the module and add its `Format` to `FORMATS` in `parse.py`.
"""

from snapshelf.events.parsers.parse import FORMATS, ParsedEvent, parse_events
from snapshelf.events.parsers.ubi import read_impression, write_event, write_impression

__all__ = ["FORMATS", "ParsedEvent", "parse_events", "read_impression", "write_event", "write_impression"]
