"""The demo on disk: a feed with photos, and photos of shoppers with the products that they show."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snapshelf._support.cores import usable_cores
from snapshelf._support.files import replacing, write_text
from snapshelf.demo.products import DemoProduct, draw_catalogue
from snapshelf.demo.shopper import shopper_photo
from snapshelf.errors import InputError, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PIL import Image

_VERSION = 1
"""Raise it when the same seed gives other products or other pixels: what an older version drew is drawn anew."""

_QUALITY = 88
_POOL_FROM = 64
"""Fewer photos than this are drawn sooner than other processes have started."""

_SHOWN = (
    # Kinds that shoppers take photos of; the first ones are the first examples on the page.
    "dress",
    "casual shoes",
    "backpack",
    "mug",
    "handbag",
    "chair",
    "sunglasses",
    "hoodie",
    "teapot",
    "boots",
    "cushion",
    "shirt",
    "umbrella",
    "lamp",
    "beanie",
    "trolley bag",
    "headphones",
    "vase",
)
_QUERIES = 16


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """Where the demo lies.

    Parameters
    ----------
    folder : Path
        All of it.
    feed : Path
        Products as JSON lines; photos are named relative to `folder`.
    queries : Path
        Photos of shoppers as BEIR lines: ``_id`` and ``image``, relative to `folder`.
    qrels : Path
        Which product each shows: query-id, corpus-id, score, separated by tabs.
    drawn : int
        How many pictures were drawn now; 0 when all were there.
    """

    folder: Path
    feed: Path
    queries: Path
    qrels: Path
    drawn: int


def write_demo(
    folder: str | Path,
    count: int = 1500,
    seed: int = 7,
    progress: Callable[[int, int], None] | None = None,
) -> DemoFiles:
    """Write the drawn catalogue to a folder, as a shop's feed would lie there.

    What is there of the same count and seed is kept, so a run that was interrupted is completed and a second run
    does nothing. Several processes draw when there is much to draw.

    Parameters
    ----------
    folder : str or Path
        Made if missing; it must be empty, or an earlier demo.
    count, seed : int
        See `draw_catalogue`.
    progress : function of (int, int) or None
        Called with how many pictures are there and how many there will be.

    Returns
    -------
    DemoFiles

    Raises
    ------
    InputError
        The folder holds something else, or the count is not positive.
    StorageError
        The folder cannot be written.
    """
    if count < 1:
        raise InputError(f"count is {count}: a demo needs at least one product")
    folder = Path(folder)
    try:
        return _write(folder, count, seed, progress or (lambda _done, _total: None))
    except OSError as error:
        raise StorageError(
            f"{error.filename or folder}: the demo cannot be written: {error.strerror or error}; "
            "free some space or choose another folder"
        ) from error


def _write(folder: Path, count: int, seed: int, progress: Callable[[int, int], None]) -> DemoFiles:
    state = {"version": _VERSION, "count": count, "seed": seed}
    _prepare(folder, state)
    products = list(draw_catalogue(count, seed))
    shown = list(enumerate(_shown(products), start=1))
    pictures = [_Picture(product, None, folder / _photo_name(product)) for product in products]
    pictures += [_Picture(product, number, folder / _query_name(number)) for number, product in shown]
    present = {entry.path for name in ("photos", "shopper_photos") for entry in os.scandir(folder / name)}
    missing = [picture for picture in pictures if str(picture.path) not in present]
    done = len(pictures) - len(missing)
    progress(done, len(pictures))
    for _ in _draw(missing):
        done += 1
        progress(done, len(pictures))
    files = DemoFiles(
        folder, folder / "products.jsonl", folder / "queries.jsonl", folder / "qrels.tsv", len(missing)
    )
    if not missing and all(path.exists() for path in (files.feed, files.queries, files.qrels)):
        return files
    write_text(files.feed, "".join(_line(_record(product)) for product in products))
    queries = [_line({"_id": _query_id(number), "image": _query_name(number)}) for number, _ in shown]
    write_text(files.queries, "".join(queries))
    judgements = [f"{_query_id(number)}\t{product.id}\t1\n" for number, product in shown]
    write_text(files.qrels, "".join(["query-id\tcorpus-id\tscore\n", *judgements]))
    return files


def _prepare(folder: Path, state: dict[str, int]) -> None:
    """Make the folder ready for a demo of this count and seed; pictures of another one go."""
    marker = folder / "demo.json"
    found = None
    if marker.exists():
        try:
            found = json.loads(marker.read_bytes())
        except ValueError:
            found = None  # drawn anew
        if found != state:
            for name in ("photos", "shopper_photos"):
                shutil.rmtree(folder / name, ignore_errors=True)
            for name in ("products.jsonl", "queries.jsonl", "qrels.tsv"):
                (folder / name).unlink(missing_ok=True)
    elif folder.exists() and any(folder.iterdir()):
        raise InputError(f"{folder}: not empty, and not a demo; choose an empty or a new folder")
    for name in ("photos", "shopper_photos"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    if found != state:
        write_text(marker, json.dumps(state))


@dataclass(frozen=True, slots=True)
class _Picture:
    """One picture to draw: the product's own photo, or the shopper's photo of that number."""

    product: DemoProduct
    shopper: int | None
    path: Path

    def draw(self) -> None:
        image = self.product.photo() if self.shopper is None else shopper_photo(self.product, self.shopper)
        _save(image, self.path)


def _save(image: Image.Image, path: Path) -> None:
    # Thousands of pictures that can be drawn again need not outlast a power cut.
    with replacing(path, durable=False) as file:
        image.save(file, "JPEG", quality=_QUALITY)


def _draw(pictures: list[_Picture]) -> Iterator[None]:
    """Draw pictures, yielding after each."""
    workers = usable_cores()
    if workers > 1 and len(pictures) >= _POOL_FROM:
        try:
            yield from _draw_in_pool(pictures, workers)
        except BrokenProcessPool:
            # A script without `if __name__ == "__main__"` cannot start processes; what is drawn stays drawn.
            pictures = [picture for picture in pictures if not picture.path.exists()]
        else:
            return
    for picture in pictures:
        picture.draw()
        yield


def _draw_in_pool(pictures: list[_Picture], workers: int) -> Iterator[None]:
    # Spawned, not forked: the caller may have threads.
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
    try:
        yield from pool.map(_Picture.draw, pictures, chunksize=8)
    finally:
        pool.shutdown(cancel_futures=True)


def _shown(products: list[DemoProduct]) -> list[DemoProduct]:
    """Choose the products that shoppers took photos of: of as many kinds as there are, the patterned ones first."""
    by_kind: dict[str, list[DemoProduct]] = {}
    for product in products:
        by_kind.setdefault(product.kind, []).append(product)
    chosen: list[DemoProduct] = []
    while by_kind and len(chosen) < _QUERIES:
        for kind in [
            *(kind for kind in _SHOWN if kind in by_kind),
            *(kind for kind in list(by_kind) if kind not in _SHOWN),
        ]:
            candidates = by_kind[kind]
            best = max(candidates, key=lambda product: (product.pattern != "solid", product.stock > 0))
            candidates.remove(best)
            if not candidates:
                del by_kind[kind]
            chosen.append(best)
    return chosen[:_QUERIES]


def _photo_name(product: DemoProduct) -> str:
    return f"photos/{product.id}.jpg"


def _query_id(number: int) -> str:
    return f"shopper-{number:02d}"


def _query_name(number: int) -> str:
    return f"shopper_photos/{_query_id(number)}.jpg"


def _record(product: DemoProduct) -> dict[str, Any]:
    """One line of the feed."""
    facts = {
        "colour": product.colour,
        "pattern": product.pattern,
        "material": product.material,
        "gender": product.gender,
        "style": product.style,
        "size": list(product.sizes),
        "title_en": product.title_en,
        "title_zh": product.title_zh,
    }
    return {
        "id": product.id,
        "title": product.title,
        "description": product.description,
        "price": product.price,
        "currency": product.currency,
        "availability": product.availability,
        "stock": product.stock,
        "brand": product.brand,
        "category": list(product.category),
        "url": product.url,
        "images": [_photo_name(product)],
        "group_id": product.group_id,
        "attributes": {name: value for name, value in facts.items() if value},
    }


def _line(fields: dict[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False) + "\n"
