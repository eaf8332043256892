"""Quality beside the published files' queries: ``python -m benchmarks.quality --help``.

Class queries ("women red dresses", 女士红色连衣裙) made from the labels of the validation split with the lexicon's
preferred names, compared with the photo vectors alone over the validation products, which no encoder of ours was
trained on; which changed copies of a photo are still known as the product's own; and whether an indexed photo finds its
own product.
"""

from __future__ import annotations

import argparse
import collections
import json
import random
from collections.abc import Sequence
from io import BytesIO
from itertools import combinations
from pathlib import Path
from statistics import fmean

import numpy as np
from PIL import Image

from benchmarks.workload import Row, read_rows, shelf_of
from snapshelf.catalogue import decode_photo, open_photos, photo_fingerprint
from snapshelf.encoders import Encoder, Vectors, load_encoder
from snapshelf.language import Lexicon
from snapshelf.query import DECODED_SIDE
from snapshelf.search.relevance import NEAR_DUPLICATE
from snapshelf.shelf import Shelf

_KINDS = {"gender": "gender", "baseColour": "colour", "articleType": "category"}
_COPIED = 300
_PHOTOS_AT_ONCE = 64
_LEAST_RELEVANT = 10
"""Classes with fewer products could not fill the ten places that are looked at."""


def main() -> None:
    """Print the figures as a table or as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with products.csv and images.tar")
    parser.add_argument("--shelf", type=Path, help="shelf of the whole feed, for the own-photo figure")
    parser.add_argument("--sample", type=int, default=2_000, help="photos tried for it (default %(default)s)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = read_rows(options.data)
    validation = [row for row in rows if row["split"] == "val"]
    figures = _classes(options.data, validation)
    figures["known as the product's own"] = _known_again(options.data, validation)
    if options.shelf:
        figures["own photo first"] = _own_photo(options.data, options.shelf, rows, options.sample)
    if options.json:
        print(json.dumps(figures, indent=2))
        return
    for name, values in figures.items():
        print(f"{name}: " + ", ".join(f"{key} {value:.4g}" for key, value in values.items()))


def _classes(data: Path, rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """P@10 in both languages for every combination of labels that is common enough."""
    lexicon = Lexicon.bundled()
    by_id = {row["id"]: row for row in rows}
    figures = {}
    with shelf_of(data, rows) as shelf:
        for columns in _subsets(list(_KINDS)):
            counts = collections.Counter(tuple(row[column] for column in columns) for row in rows)
            classes = [labels for labels, count in counts.items() if count >= _LEAST_RELEVANT]
            classes = [labels for labels in classes if "NA" not in labels]
            values: dict[str, float] = {"queries": len(classes)}
            for language, joint in (("en", " "), ("zh", "")):
                precisions = []
                for labels in classes:
                    wanted = dict(zip(columns, labels, strict=True))
                    concepts = [lexicon.get(_KINDS[column], label) for column, label in wanted.items()]
                    text = joint.join(concept.label(language) for concept in concepts if concept)
                    hits = shelf.search(text=text, k=10, mode="photo-vectors")
                    precisions.append(fmean(wanted.items() <= by_id[hit.product.id].items() for hit in hits))
                values[f"P@10 {language}"] = fmean(precisions)
            values["P@10 random"] = fmean(counts[labels] / len(rows) for labels in classes)
            figures[" + ".join(columns)] = values
    return figures


def _subsets(columns: Sequence[str]) -> list[tuple[str, ...]]:
    return [subset for size in range(1, len(columns) + 1) for subset in combinations(columns, size)]


def _known_again(data: Path, rows: Sequence[Row]) -> dict[str, float]:
    """Share of changed copies, and of products with another's photo, within reach of a product's own photo."""
    encoder = load_encoder()
    with open_photos(data / "images.tar") as source:
        photos = [decode_photo(source.read(row["image"]), at_least=DECODED_SIDE) for row in rows]
    vectors = _vectors(encoder, photos)
    copied = photos[:_COPIED]
    copies = {
        "as a JPEG of quality 60": [_saved_again(photo) for photo in copied],
        "cropped by 5 %": [_cropped(photo, 0.05) for photo in copied],
        "cropped by 10 %": [_cropped(photo, 0.1) for photo in copied],
        "half as large again": [
            photo.resize((photo.width * 3 // 2, photo.height * 3 // 2)) for photo in copied
        ],
    }
    own = vectors[: len(copied)]
    figures = {
        name: float(((_vectors(encoder, changed) * own).sum(axis=1) >= NEAR_DUPLICATE).mean())
        for name, changed in copies.items()
    }
    others = vectors @ vectors.T
    np.fill_diagonal(others, -1)
    return {**figures, "another product's": float((others.max(axis=1) >= NEAR_DUPLICATE).mean())}


def _vectors(encoder: Encoder, photos: Sequence[Image.Image]) -> Vectors:
    starts = range(0, len(photos), _PHOTOS_AT_ONCE)
    return np.concatenate(
        [encoder.encode_photos(photos[start : start + _PHOTOS_AT_ONCE]) for start in starts]
    )


def _saved_again(photo: Image.Image) -> Image.Image:
    file = BytesIO()
    photo.save(file, "JPEG", quality=60)
    return Image.open(file).convert("RGB")


def _cropped(photo: Image.Image, share: float) -> Image.Image:
    across, down = int(photo.width * share / 2), int(photo.height * share / 2)
    return photo.crop((across, down, photo.width - across, photo.height - down))


def _own_photo(data: Path, folder: Path, rows: Sequence[Row], sample: int) -> dict[str, float]:
    """Share of photos that find their own product first, exact duplicates aside."""
    with open_photos(data / "images.tar") as photos, Shelf.open(folder, create=False) as shelf:
        copies = collections.Counter(photo_fingerprint(photos.read(row["image"])) for row in rows)
        right = []
        for row in random.Random(1).sample(list(rows), len(rows)):
            photo = photos.read(row["image"])
            if copies[photo_fingerprint(photo)] == 1:
                right.append(shelf.search(photo=photo, k=1).hits[0].product.id == row["id"])
            if len(right) == sample:
                break
    return {"photos": len(right), "share": fmean(right)}


if __name__ == "__main__":
    main()
