"""How long searches of a large shelf take, beside the encoder alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.machine import apart, cores
from benchmarks.measurements import timed
from snapshelf.catalogue import decode_photo
from snapshelf.encoders import load_encoder
from snapshelf.query import DECODED_SIDE
from snapshelf.shelf import Shelf, open_catalogue

_QUERIES = 200
_WARM_UP = 20
_SEED = 12
_PROCESSOR = "processor p50 ms"


def measure(folder: Path) -> dict[str, float]:
    """Return medians on one core: whole titles, photos, and the encoder alone on the same photos."""
    return apart(cores(1), _measure, folder)


def _measure(folder: Path) -> dict[str, float]:
    with open_catalogue(folder) as catalogue:
        products = catalogue.count()
        ids = catalogue.ids(None, products)
        chosen = random.Random(_SEED).sample(ids, min(_QUERIES + _WARM_UP, products))
        titles = [product.title for product in catalogue.get_many(chosen).values()]
    encoder = load_encoder(None)
    with Shelf.open(folder, create=False) as shelf:
        photos = [shelf.photo(id) for id in chosen]

        def encode(photo: bytes) -> object:
            return encoder.encode_photos([decode_photo(photo, at_least=DECODED_SIDE)])

        calls: dict[str, list[Callable[[], object]]] = {
            "words, whole titles": [partial(shelf.search, text=text, record=False) for text in titles],
            "photo": [partial(shelf.search, photo=photo, record=False) for photo in photos],
            "photo, the encoder alone": [partial(encode, photo) for photo in photos],
        }
        figures: dict[str, float] = {"products": products}
        for name, searches in calls.items():
            for warm_up in searches[:_WARM_UP]:
                warm_up()
            times = timed(searches[_WARM_UP:] or searches)
            figures |= {f"{name}: {unit}": times[unit] for unit in ("p50 ms", _PROCESSOR)}
    figures["photo, as a multiple of the encoder alone"] = (
        figures[f"photo: {_PROCESSOR}"] / figures[f"photo, the encoder alone: {_PROCESSOR}"]
    )
    return figures
