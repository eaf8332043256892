"""A photo and a colour in the demo's own shop: the kind of the photo holds, the colour is that of the words.

``python -m benchmarks.shops.photo_colours`` asks for the first eight photos of the demo in seven colours.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snapshelf.demo import write_demo
from snapshelf.shelf import Shelf

PHOTOS = 8
COLOURS = ("red", "blue", "green", "black", "white", "yellow", "pink")


@dataclass(frozen=True, slots=True)
class PhotoColours:
    """Counts over photos × colours.

    Parameters
    ----------
    asked : int
        Queries.
    kind_first : int
        Queries whose first hit is of the photo's kind.
    answerable : int
        Queries whose kind the shop has in the colour.
    right_first : int
        Answerable queries whose first hit has kind and colour.
    """

    asked: int
    kind_first: int
    answerable: int
    right_first: int


def measure(shelf: Shelf, folder: Path, phrase: str = "in {}") -> PhotoColours:
    """Ask for the photos of a demo in each colour.

    Parameters
    ----------
    shelf : Shelf
        Holds the demo's products.
    folder : Path
        The demo's files, as `write_demo` writes them.
    phrase : str
        How the words name the colour.
    """
    products = {row["id"]: row for row in _rows(folder / "products.jsonl")}
    photographed = [
        line.split("\t")[1] for line in (folder / "qrels.tsv").read_text("utf-8").splitlines()[1:]
    ]
    photos = [folder / row["image"] for row in _rows(folder / "queries.jsonl")]
    in_shop = {(_kind(row), row["attributes"]["colour"]) for row in products.values()}
    kind_first = answerable = right_first = 0
    for id, photo in list(zip(photographed, photos, strict=True))[:PHOTOS]:
        kind = _kind(products[id])
        for colour in COLOURS:
            hit = shelf.search(photo=photo, text=phrase.format(colour), k=1, record=False).hits[0]
            row = products[hit.product.id]
            is_kind = _kind(row) == kind
            kind_first += is_kind
            if (kind, colour) in in_shop:
                answerable += 1
                right_first += is_kind and row["attributes"]["colour"] == colour
    return PhotoColours(PHOTOS * len(COLOURS), kind_first, answerable, right_first)


def _kind(row: dict[str, Any]) -> str:
    return str(row["category"][-1])


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def main() -> None:
    """Draw the demo, index it, print the counts."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shops.photo_colours", description=__doc__)
    parser.add_argument("--demo", type=Path, help="folder of `snapshelf demo`, with drawn files and shelf")
    parser.add_argument(
        "--phrase", default="in {}", help="how the words name the colour (default %(default)s)"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.demo or Path(temporary)
        drawn = write_demo(folder / "drawn")
        with Shelf.open(folder / "shelf") as shelf:
            shelf.add(drawn.feed)
            print(measure(shelf, folder / "drawn", options.phrase))


if __name__ == "__main__":
    main()
