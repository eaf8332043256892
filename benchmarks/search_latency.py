"""Latency of searches in process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.machine import apart
from benchmarks.measurements import medians, timed
from benchmarks.workload import Material
from snapshelf.search import SearchResponse
from snapshelf.shelf import Shelf

_WARM_UP = 20
_FACETS = 6
_FEW = 500


def measure(material: Material, cores: Sequence[int], repeats: int) -> dict[str, Any]:
    """Search by photo and by words, one after the other, on a warm shelf."""
    return apart(cores, _searches, material.shelf, material.photos, material.texts, repeats)


def _searches(folder: Path, photos: list[bytes], texts: list[str], repeats: int) -> dict[str, Any]:
    with Shelf.open(folder, create=False) as shelf:
        facets = _facets(shelf)
        with_facets = f", {len(facets)} facets"
        kinds: dict[str, list[Callable[[], SearchResponse]]] = {
            "photo": [partial(shelf.search, photo=photo) for photo in photos],
            "words": [partial(shelf.search, text=text) for text in texts],
            f"photo{with_facets}": [partial(shelf.search, photo=photo, facets=facets) for photo in photos],
            f"words{with_facets}": [partial(shelf.search, text=text, facets=facets) for text in texts],
        }
        figures: dict[str, Any] = {}
        for kind, searches in kinds.items():
            for search in searches[:_WARM_UP]:
                search()
            rounds = [_round(searches) for _ in range(repeats)]
            figures[kind] = medians([figures for figures, _ in rounds])
            figures[f"{kind}, p50 of its stages"] = medians([stages for _, stages in rounds])
    return figures


def _facets(shelf: Shelf) -> list[str]:
    """Fields that shoppers narrow down by, as many as a page shows opened."""
    fields = shelf.facet_fields()
    return [name for name, field in fields.items() if field.kind == "numbers" or 1 < field.values <= _FEW][
        :_FACETS
    ]


def _round(searches: Sequence[Callable[[], SearchResponse]]) -> tuple[dict[str, float], dict[str, float]]:
    timings = []

    def run(search: Callable[[], SearchResponse]) -> None:
        timings.append(search().timings)

    figures = timed(partial(run, search) for search in searches)
    return figures, {f"{stage} ms": seconds * 1_000 for stage, seconds in medians(timings).items()}
