"""What a search of the shelf may ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias, TypedDict

from snapshelf.query import PhotoInput
from snapshelf.search import FacetRequest, Mode, Range, Weights
from snapshelf.store import Filter

Side: TypeAlias = Literal["product", "query"]
"""Whose photo a heat map lies over."""


class SearchOptions(TypedDict, total=False):
    """The options of `Shelf.search`, for what explains a search."""

    photo: PhotoInput | None
    photos: Sequence[PhotoInput]
    text: str | None
    without: str | None
    liked: Sequence[str]
    disliked: Sequence[str]
    k: int
    where: str | Filter | None
    mode: Mode
    weights: Weights | None
    sort: str | None
    facets: Sequence[str | FacetRequest]
    choices: Mapping[str, Sequence[str] | Range] | None
    page_token: str | None
    diversity: float
    collapse: bool
    understand: bool
    drop: Sequence[str]
    rules: bool
    related: int
    explain: bool
