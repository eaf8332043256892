"""Facets and sort orders as answers."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from snapshelf.search import is_rating
from snapshelf.server.models import FacetFieldModel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapshelf.search import FacetField


def facet_fields(fields: Mapping[str, FacetField]) -> list[FacetFieldModel]:
    """List the facets that there are, the most useful first."""
    return [FacetFieldModel(field=name, **asdict(field)) for name, field in fields.items()]


def sorts(fields: Mapping[str, FacetField]) -> list[str]:
    """List what a shop's page offers to sort by."""
    numbers = {name for name, field in fields.items() if field.numeric}
    return [
        "bestselling",
        "newest",
        *(("price", "-price") if "price" in numbers else ()),
        *(("rating",) if any(map(is_rating, numbers)) else ()),
    ]
