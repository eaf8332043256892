"""Ask a shelf the judged queries."""

from __future__ import annotations

import collections
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import TypeAlias

from PIL import Image, ImageEnhance

from benchmarks.shops.queries import HEAD, Judged
from snapshelf.search import SearchResponse
from snapshelf.shelf import Shelf

_CROP = 0.1
_LIGHT = 1.15
_IN_SET = 200
"""Hits of a result set that are judged."""

_SETS = 30
"""Result sets that are judged, for each measure."""

_ALL_OF_HEAD = ("kind, English", "kind, Chinese")
_EXACT_SETS = ("one rare word", "Chinese word of 2", "Chinese word of 3", *_ALL_OF_HEAD)
_HAS_ANSWER = "a product that is there: “no good match” said"
_VERDICTS = (
    "one rare word", "two rare words", "Chinese word of 2", "Chinese word of 3", "whole title", "code as written",
    "kind, English", "kind, Chinese",
)  # fmt: skip
"""Measures whose products are there, so that "no good match" is wrong."""


@dataclass
class Figures:
    """Shares by measure, and examples of what went wrong."""

    shares: dict[str, tuple[float, int]] = field(default_factory=dict)
    failures: dict[str, list[str]] = field(default_factory=lambda: collections.defaultdict(list))


_Outcomes: TypeAlias = dict[str, list[float]]


def measure(shelf: Shelf, queries: Sequence[Judged], titles: Mapping[str, str]) -> Figures:
    """Ask all queries.

    Parameters
    ----------
    shelf : Shelf
    queries : sequence of Judged
    titles : mapping
        Id → title, for the examples.

    Returns
    -------
    Figures
        Measure → (share, number of queries).
    """
    outcomes: _Outcomes = collections.defaultdict(list)
    figures = Figures()
    sets: collections.Counter[str] = collections.Counter()
    for query in queries:
        response = ask(shelf, query)
        ids = [hit.id for hit in response]
        for name, outcome in _judge(query, ids, response.no_good_match):
            outcomes[name].append(outcome)
            if outcome < 1 - (name == _HAS_ANSWER):
                shown = [f"{id} {titles[id][:40]!r}" for id in ids[:3]]
                figures.failures[name].append(f"{query.text!r} ({query.photo_of}) → {'; '.join(shown)}")
            elif name == _HAS_ANSWER and outcome:
                figures.failures[name].append(f"{query.text!r} ({query.measure}) first {ids[:1]}")
        if query.measure in _EXACT_SETS and sets[query.measure] < _SETS:
            sets[query.measure] += 1
            for name, outcome in _judge_set(shelf, query):
                outcomes[name].append(outcome)
                if outcome < 1:
                    figures.failures[name].append(f"{query.text!r} ({len(query.right)} right)")
    figures.shares = {name: (fmean(values), len(values)) for name, values in outcomes.items()}
    return figures


def ask(shelf: Shelf, query: Judged, k: int = HEAD) -> SearchResponse:
    """Ask a query as a shopper does."""
    photo = None if query.photo_of is None else altered(shelf.photo(query.photo_of))
    return shelf.search(photo=photo, text=query.text or None, k=k, record=False)


def altered(photo: bytes) -> Image.Image:
    """Crop a photo and make it lighter, as if it were taken again."""
    image = Image.open(io.BytesIO(photo)).convert("RGB")
    width, height = image.size
    box = (
        int(_CROP * width),
        int(_CROP * height),
        int((1 - _CROP / 2) * width),
        int((1 - _CROP / 2) * height),
    )
    return ImageEnhance.Brightness(image.crop(box)).enhance(_LIGHT)


def _judge(query: Judged, ids: Sequence[str], no_good_match: bool) -> Iterable[tuple[str, float]]:
    """Name and outcome of what a query counts for."""
    if not query.right:
        yield f"{query.measure}: “no good match” said", float(no_good_match)
        return
    first = float(bool(ids) and ids[0] in query.right)
    if query.measure == "kind and colour":
        most = min(HEAD, len(query.right))
        yield "kind and colour: all right", float(len(ids) >= most and set(ids[:most]) <= query.right)
        yield "kind and colour: first right", first
    elif query.measure == "photo and colour":
        yield "photo and colour: first of the kind", float(bool(ids) and ids[0] in query.kind)
        yield "photo and colour: first right", first
    else:
        yield f"{query.measure}: first right", first
    if query.measure in _ALL_OF_HEAD:
        most = min(HEAD, len(query.right))
        yield f"{query.measure}: share right", sum(id in query.right for id in ids[:most]) / most
    if query.measure in _VERDICTS:
        yield _HAS_ANSWER, float(no_good_match)


def _judge_set(shelf: Shelf, query: Judged) -> Iterable[tuple[str, float]]:
    """Judge the whole result set of a query: what share of it is right, and what share of what is right is in it."""
    response = shelf.search(text=query.text, k=_IN_SET, collapse=False, record=False)
    ids = [hit.id for hit in response]
    shown = min(response.total, _IN_SET)
    right = sum(id in query.right for id in ids[:shown])
    belong = sum(id in query.right | query.belongs for id in ids[:shown])
    which = "kind" if query.measure in _ALL_OF_HEAD else "rare words"
    yield f"total, {which}: share of it right", belong / shown if shown else 0.0
    yield f"total, {which}: right products in it", right / min(len(query.right), _IN_SET)
