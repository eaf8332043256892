"""How long searches of a large shelf take, beside the encoder alone."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from benchmarks.machine import apart, cores
from snapshelf.catalogue import decode_photo
from snapshelf.encoders import load_encoder
from snapshelf.query import DECODED_SIDE
from snapshelf.shelf import Shelf, open_catalogue

_QUERIES = 200
_WARM_UP = 20
_SEED = 12


def measure(folder: Path) -> dict[str, float]:
    """Return medians in milliseconds on one core: whole titles, photos, and the encoder alone on the same photos."""
    return apart(cores(1), _measure, folder)


def _measure(folder: Path) -> dict[str, float]:
    with open_catalogue(folder) as catalogue:
        products = catalogue.count()
        ids = catalogue.ids(None, products)
        chosen = random.Random(_SEED).sample(ids, min(_QUERIES + _WARM_UP, products))
        titles = [product.title for product in catalogue.get_many(chosen).values()]
    with Shelf.open(folder, create=False) as shelf:
        photos = [shelf.photo(id) for id in chosen]
        encoder = load_encoder(None)
        return {
            "products": products,
            "words: whole titles, p50 ms": _p50(
                [lambda text=text: shelf.search(text=text, record=False) for text in titles]
            ),
            "photo, p50 ms": _p50(
                [lambda photo=photo: shelf.search(photo=photo, record=False) for photo in photos]
            ),
            "photo, encoder alone, p50 ms": _p50(
                [
                    lambda photo=photo: encoder.encode_photos([decode_photo(photo, at_least=DECODED_SIDE)])
                    for photo in photos
                ]
            ),
        }


def _p50(calls: Sequence[Callable[[], object]]) -> float:
    spent = []
    for call in calls:
        start = time.perf_counter()
        call()
        spent.append(time.perf_counter() - start)
    return 1_000 * median(spent[_WARM_UP:] or spent)
