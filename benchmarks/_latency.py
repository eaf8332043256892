"""Latency of searches in process."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks._machine import apart
from benchmarks._material import Material
from benchmarks._numbers import medians, percentiles
from snapshelf import SearchResult, Shelf

_WARM_UP = 20


def measure(material: Material, cores: Sequence[int], repeats: int) -> dict[str, Any]:
    """Search by photo and by words, one after the other, on a warm shelf."""
    return apart(cores, _searches, material.shelf, material.photos, material.texts, repeats)


def _searches(folder: Path, photos: list[bytes], texts: list[str], repeats: int) -> dict[str, Any]:
    with Shelf.open(folder, create=False) as shelf:
        kinds: dict[str, list[Callable[[], SearchResult]]] = {
            "photo": [lambda photo=photo: shelf.search(photo=photo) for photo in photos],  # type: ignore[misc]
            "words": [lambda text=text: shelf.search(text=text) for text in texts],  # type: ignore[misc]
        }
        figures: dict[str, Any] = {}
        for kind, searches in kinds.items():
            for search in searches[:_WARM_UP]:
                search()
            rounds = [_round(searches) for _ in range(repeats)]
            figures[kind] = medians([percentiles(totals) for totals, _ in rounds])
            figures[f"{kind}, p50 of its stages"] = medians([stages for _, stages in rounds])
    return figures


def _round(searches: Sequence[Callable[[], SearchResult]]) -> tuple[list[float], dict[str, float]]:
    totals, timings = [], []
    for search in searches:
        start = time.perf_counter()
        result = search()
        totals.append(time.perf_counter() - start)
        timings.append(result.timings)
    return totals, {f"{stage} ms": seconds * 1_000 for stage, seconds in medians(timings).items()}
