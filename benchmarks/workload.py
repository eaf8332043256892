"""What is searched and what is asked."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from PIL import Image

from snapshelf.catalogue import Product
from snapshelf.demo import write_demo
from snapshelf.evaluation import read_queries
from snapshelf.shelf import Shelf

_SAMPLE = 512

Row = dict[str, str]
"""A line of a products.csv, by column."""


@dataclass(frozen=True, slots=True)
class Material:
    """A shelf, queries for it, and products with a photo each to index anew."""

    shelf: Path
    photos: list[bytes]
    texts: list[str]
    sample: list[tuple[Product, bytes]]
    description: dict[str, Any]


def prepare(shelf: Path | None, scratch: Path, products: int, queries: int) -> Material:
    """Take an existing shelf, or build one of the drawn catalogue.

    Query photos are the drawn shoppers' photos; an existing shelf has its own small photos asked instead.
    Query words are titles.
    """
    query_photos: list[bytes] = []
    folder = shelf or scratch / "shelf"
    if shelf is None:
        files = write_demo(scratch / "drawn", count=products)
        with Shelf.open(folder) as built:
            built.add(files.feed)
        query_photos = [query.image.read_bytes() for query in read_queries(files.queries) if query.image]
    with Shelf.open(folder, create=False) as opened:
        # Any query lists products; the nearest to some word are as good as others.
        listed = [hit.product for hit in opened.search(text="product", k=1_000)]
        sample = [(product, opened.photo(product.id)) for product in listed[:_SAMPLE]]
        stats = opened.stats()
    photos = repeated(query_photos or [photo for _, photo in sample], queries)
    return Material(
        shelf=folder,
        photos=photos,
        texts=repeated([product.title for product in listed], queries),
        sample=sample,
        description={
            "products": stats.products,
            "photos": stats.photos,
            "encoder": stats.encoder,
            "dimension": stats.dimension,
            "query photos": _description(photos),
        },
    )


def read_rows(data: Path) -> list[Row]:
    """Read the products.csv of a folder."""
    with (data / "products.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@contextmanager
def shelf_of(data: Path, rows: Sequence[Row]) -> Iterator[Shelf]:
    """Index some rows of a folder, with photos from its images.tar, into a shelf that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        feed = Path(folder) / "sample.csv"
        with feed.open("w", encoding="utf-8", newline="") as lines:
            writer = csv.DictWriter(lines, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        with Shelf.open(Path(folder) / "shelf") as shelf:
            shelf.add(feed, photos=data / "images.tar")
            yield shelf


def repeated(values: list[Any], count: int) -> list[Any]:
    """Take the values in turn until there are `count`."""
    return [values[place % len(values)] for place in range(count)]


def _description(photos: list[bytes]) -> str:
    widths, heights = zip(*(Image.open(io.BytesIO(photo)).size for photo in photos), strict=True)
    kilobytes = median(map(len, photos)) / 1_000
    return f"{median(widths):.0f} × {median(heights):.0f} px, {kilobytes:.0f} kB (medians)"
