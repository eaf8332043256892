"""The demo on disk: a feed with photos, and shoppers' photos with relevance judgements (qrels)."""

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
"""Increment it when the same seed gives other products or pixels; pictures of an older version are drawn again."""

_QUALITY = 88
_POOL_FROM = 64
"""Fewer pictures are drawn faster without a process pool."""

_PHOTOGRAPHED = (
    # Kinds that shoppers take photos of, in the order of the examples on the page.
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
    """Paths of the demo.

    Parameters
    ----------
    folder : Path
        Folder of the demo.
    feed : Path
        Products as JSON lines; photos are relative to `folder`.
    queries : Path
        Shoppers' photos as BEIR lines: ``_id`` and ``image``, relative to `folder`.
    qrels : Path
        Product of each photo: query-id, corpus-id, score, separated by tabs.
    drawn : int
        Number of pictures drawn by this call; 0 when all existed.
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
    """Write the drawn catalogue to a folder, as a feed with photos.

    Existing pictures of the same count and seed are kept, so that an interrupted run is completed and a second run
    does nothing. Many pictures are drawn by several processes.

    Parameters
    ----------
    folder : str or Path
        Created if missing; it must be empty or an earlier demo.
    count, seed : int
        See `draw_catalogue`.
    progress : function of (int, int) or None
        Called with the number of existing pictures, and of all.

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
    photographed = list(enumerate(_photographed(products), start=1))
    pictures = [_Picture(product, None, folder / _photo_name(product)) for product in products]
    pictures += [_Picture(product, number, folder / _query_name(number)) for number, product in photographed]
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
    queries = [_line({"_id": _query_id(number), "image": _query_name(number)}) for number, _ in photographed]
    write_text(files.queries, "".join(queries))
    qrels = [f"{_query_id(number)}\t{product.id}\t1\n" for number, product in photographed]
    write_text(files.qrels, "".join(["query-id\tcorpus-id\tscore\n", *qrels]))
    return files


def _prepare(folder: Path, state: dict[str, int]) -> None:
    """Prepare the folder for this count and seed; delete pictures of another demo."""
    marker = folder / "demo.json"
    existing = None
    if marker.exists():
        try:
            existing = json.loads(marker.read_bytes())
        except ValueError:
            existing = None  # drawn again
        if existing != state:
            for name in ("photos", "shopper_photos"):
                shutil.rmtree(folder / name, ignore_errors=True)
            for name in ("products.jsonl", "queries.jsonl", "qrels.tsv"):
                (folder / name).unlink(missing_ok=True)
    elif folder.exists() and any(folder.iterdir()):
        raise InputError(f"{folder}: not empty, and not a demo; choose an empty or a new folder")
    for name in ("photos", "shopper_photos"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    if existing != state:
        write_text(marker, json.dumps(state))


@dataclass(frozen=True, slots=True)
class _Picture:
    """A picture to draw: the product's photo, or the shopper's photo of that number."""

    product: DemoProduct
    shopper: int | None
    path: Path

    def draw(self) -> None:
        image = self.product.photo() if self.shopper is None else shopper_photo(self.product, self.shopper)
        _save(image, self.path)


def _save(image: Image.Image, path: Path) -> None:
    # Pictures can be drawn again, so they need not survive a power cut.
    with replacing(path, durable=False) as file:
        image.save(file, "JPEG", quality=_QUALITY)


def _draw(pictures: list[_Picture]) -> Iterator[None]:
    """Draw pictures, yielding after each."""
    workers = usable_cores()
    if workers > 1 and len(pictures) >= _POOL_FROM:
        try:
            yield from _draw_in_pool(pictures, workers)
        except BrokenProcessPool:
            # A script without `if __name__ == "__main__"` cannot start processes; finished pictures are kept.
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


def _photographed(products: list[DemoProduct]) -> list[DemoProduct]:
    """Choose the products of the shoppers' photos: as many kinds as possible, patterned products first."""
    by_kind: dict[str, list[DemoProduct]] = {}
    for product in products:
        by_kind.setdefault(product.kind, []).append(product)
    chosen: list[DemoProduct] = []
    while by_kind and len(chosen) < _QUERIES:
        for kind in [
            *(kind for kind in _PHOTOGRAPHED if kind in by_kind),
            *(kind for kind in list(by_kind) if kind not in _PHOTOGRAPHED),
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
    """Return a record of the feed."""
    attributes = {
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
        "attributes": {name: value for name, value in attributes.items() if value},
    }


def _line(fields: dict[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False) + "\n"
