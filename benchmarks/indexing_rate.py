"""Photos indexed per second: decode, encode, write durably, tell the engine."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.machine import apart
from benchmarks.workload import Material
from snapshelf.shelf import Shelf


def measure(material: Material, scratch: Path, cores: Sequence[int], repeats: int) -> dict[str, float]:
    """Index a sample of the shelf's products into a new shelf, again and again."""
    feed = scratch / "sample"
    feed.mkdir()
    with (feed / "products.jsonl").open("w", encoding="utf-8") as lines:
        for number, (product, photo) in enumerate(material.sample):
            (feed / f"{number}.jpg").write_bytes(photo)
            fields = product.model_dump(mode="json") | {"images": [f"{number}.jpg"]}
            lines.write(json.dumps(fields, ensure_ascii=False) + "\n")
    rates = [
        apart(cores, _rate, feed / "products.jsonl", scratch / f"indexed-{repeat}")
        for repeat in range(repeats)
    ]
    return {"photos per second": median(rates)}


def _rate(feed: Path, folder: Path) -> float:
    with Shelf.open(folder) as shelf:
        report = shelf.add(feed)
    return report.photos_encoded / report.seconds
