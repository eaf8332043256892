"""Products, the catalogue database, feed readers and photo loading."""

from snapshelf.catalogue._database import Catalogue, Change, Entry, Known, PhotoEntry, facts_hash
from snapshelf.catalogue._product import Attribute, Availability, Price, Product

__all__ = [
    "Attribute",
    "Availability",
    "Catalogue",
    "Change",
    "Entry",
    "Known",
    "PhotoEntry",
    "Price",
    "Product",
    "facts_hash",
]
