"""Facets as answers: what their values are called, and which of them shoppers narrow down by."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from snapshelf.search import is_rating
from snapshelf.server.models import FacetFieldModel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapshelf.search import FacetField

_FIRST = ("price", "category", "brand")
_NEVER = re.compile(r"currency|availability|stock|group_id|added_at|.*(title|description|name)(_en|_zh)?")
_FEW = 60


def facet_fields(fields: Mapping[str, FacetField]) -> list[FacetFieldModel]:
    """List the facets that there are, those that shoppers know from every shop first."""
    order = sorted(fields, key=lambda name: (_FIRST.index(name) if name in _FIRST else len(_FIRST), name))
    return [
        FacetFieldModel(
            field=name,
            kind=fields[name].kind,
            values=fields[name].values,
            products=fields[name].products,
            shown=_is_narrowed_down_by(name, fields[name]),
        )
        for name in order
    ]


def _is_narrowed_down_by(name: str, field: FacetField) -> bool:
    """Whether it tells products apart without naming each: no id, no title, nothing that all have alike."""
    if _NEVER.fullmatch(name) or not field.products:
        return False
    return field.kind == "numbers" or 1 < field.values <= max(_FEW, field.products / 3)


def sorts(fields: Mapping[str, FacetField]) -> list[str]:
    """List what a shop's page offers to sort by."""
    numbers = {name for name, field in fields.items() if field.kind == "numbers"}
    return [
        "bestselling",
        "newest",
        *(("price", "-price") if "price" in numbers else ()),
        *(("rating",) if any(map(is_rating, numbers)) else ()),
    ]
