"""Facets as answers: what their values are called, and which of them shoppers narrow down by."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from snapshelf.language import normalise
from snapshelf.server._models import FacetField, FacetModel, RangeBody, ValueModel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapshelf import FacetResult
    from snapshelf.language import Lexicon
    from snapshelf.search import FacetKind

_FIRST = ("price", "category", "brand")
_NEVER = re.compile(r"currency|availability|stock|group_id|added_at|.*(title|description|name)(_en|_zh)?")
_HAN = re.compile(r"[\u3400-\u9fff]")


def facet_fields(fields: Mapping[str, FacetKind]) -> list[FacetField]:
    """List the facets that there are, those that shoppers know from every shop first."""
    order = sorted(fields, key=lambda field: (_FIRST.index(field) if field in _FIRST else len(_FIRST), field))
    return [
        FacetField(field=field, kind=fields[field], shown=not _NEVER.fullmatch(field.rpartition(".")[2]))
        for field in order
    ]


def sorts(fields: Mapping[str, FacetKind]) -> list[str]:
    """List what a shop's page offers to sort by."""
    numbers = {field.removeprefix("attributes.") for field, kind in fields.items() if kind == "numbers"}
    return [
        *(("price", "-price") if "price" in numbers else ()),
        "newest",
        *(("rating",) if "rating" in numbers else ()),
    ]


def facet_model(facet: FacetResult, lexicon: Lexicon) -> FacetModel:
    """Say a facet as JSON."""
    return FacetModel(
        field=facet.field,
        kind=facet.kind,
        values=[
            ValueModel(
                value=one.value, count=one.count, chosen=one.chosen, labels=_labels(one.value, lexicon)
            )
            for one in facet.values
        ],
        total_values=facet.total_values,
        missing=facet.missing,
        low=facet.low,
        high=facet.high,
        edges=list(facet.edges),
        counts=list(facet.counts),
        chosen=None if facet.chosen is None else RangeBody(low=facet.chosen.low, high=facet.chosen.high),
    )


def _labels(value: str, lexicon: Lexicon) -> dict[str, str] | None:
    """Name a value in both languages; in its own it stays as the shop writes it."""
    whole = [match for match in lexicon.find(value) if match.end - match.start == len(normalise(value))]
    if not whole:
        return None
    labels = {language: whole[0].concept.label(language) for language in ("en", "zh")}
    labels["zh" if _HAN.search(value) else "en"] = value
    return labels
