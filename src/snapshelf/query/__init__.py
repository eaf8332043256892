"""Query understanding: the input of a query → vectors, terms and constraints."""

from snapshelf.query.catalogue_view import CatalogueView, PhotoVectorLookup, ProductIndex
from snapshelf.query.categories import CATEGORY
from snapshelf.query.codes import Code, CodeTable, complete_codes
from snapshelf.query.composition import CONSTRAINED_TEXT_LENGTH, CONSTRAINT_BOOST
from snapshelf.query.filters import FieldKind, Fields, parse_filter, resolve_field, write_filter
from snapshelf.query.query import Chip, NearestKind, Note, OrderWords, Query, QueryKind, hard_filter
from snapshelf.query.query_input import (
    DECODED_SIDE,
    MAX_EXAMPLES,
    MAX_PHOTOS,
    MAX_TEXT_LENGTH,
    PhotoInput,
    QueryInput,
    decode_photo_input,
)
from snapshelf.query.settings import ConstraintMode, UnderstandingSettings
from snapshelf.query.understanding import understand

__all__ = [
    "CATEGORY",
    "CONSTRAINED_TEXT_LENGTH",
    "CONSTRAINT_BOOST",
    "DECODED_SIDE",
    "MAX_EXAMPLES",
    "MAX_PHOTOS",
    "MAX_TEXT_LENGTH",
    "CatalogueView",
    "Chip",
    "Code",
    "CodeTable",
    "ConstraintMode",
    "FieldKind",
    "Fields",
    "NearestKind",
    "Note",
    "OrderWords",
    "PhotoInput",
    "PhotoVectorLookup",
    "ProductIndex",
    "Query",
    "QueryInput",
    "QueryKind",
    "UnderstandingSettings",
    "complete_codes",
    "decode_photo_input",
    "hard_filter",
    "parse_filter",
    "resolve_field",
    "understand",
    "write_filter",
]
