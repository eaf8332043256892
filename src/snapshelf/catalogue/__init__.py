"""Products, the catalogue database, feed readers and photo loading."""

from snapshelf.catalogue.code_names import is_barcode_name, is_code_name, is_name_of_other_codes
from snapshelf.catalogue.database import (
    Catalogue,
    Change,
    Entry,
    Known,
    PhotoEntry,
    fields_hash,
    title_fingerprint,
)
from snapshelf.catalogue.feeds.feed import Feed, FeedFormat, Row, read_feed
from snapshelf.catalogue.feeds.mapping import parse_mapping
from snapshelf.catalogue.photos.decode import decode_photo, photo_fingerprint, thumbnail
from snapshelf.catalogue.photos.limits import PhotoLimits
from snapshelf.catalogue.photos.source import PhotoSource, open_photos
from snapshelf.catalogue.product import Attribute, Availability, Price, Product, ProductName

__all__ = [
    "Attribute",
    "Availability",
    "Catalogue",
    "Change",
    "Entry",
    "Feed",
    "FeedFormat",
    "Known",
    "PhotoEntry",
    "PhotoLimits",
    "PhotoSource",
    "Price",
    "Product",
    "ProductName",
    "Row",
    "decode_photo",
    "fields_hash",
    "is_barcode_name",
    "is_code_name",
    "is_name_of_other_codes",
    "open_photos",
    "parse_mapping",
    "photo_fingerprint",
    "read_feed",
    "thumbnail",
    "title_fingerprint",
]
