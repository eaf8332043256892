"""Products, the catalogue database, feed readers and photo loading."""

from snapshelf.catalogue._database import (
    Catalogue,
    Change,
    Entry,
    Known,
    PhotoEntry,
    facts_hash,
    title_fingerprint,
)
from snapshelf.catalogue._feeds import Feed, Row, parse_mapping, read_feed
from snapshelf.catalogue._photos import (
    PhotoLimits,
    PhotoSource,
    decode_photo,
    open_photos,
    photo_fingerprint,
    thumbnail,
)
from snapshelf.catalogue._product import Attribute, Availability, Price, Product
from snapshelf.catalogue._queries import QueryLog

__all__ = [
    "Attribute",
    "Availability",
    "Catalogue",
    "Change",
    "Entry",
    "Feed",
    "Known",
    "PhotoEntry",
    "PhotoLimits",
    "PhotoSource",
    "Price",
    "Product",
    "QueryLog",
    "Row",
    "decode_photo",
    "facts_hash",
    "open_photos",
    "parse_mapping",
    "photo_fingerprint",
    "read_feed",
    "thumbnail",
    "title_fingerprint",
]
