"""Training data of the bundled encoder: the fashion and grocery sets, and drawn products."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from snapshelf.catalogue import open_photos
from snapshelf.demo import draw_catalogue, shopper_photo
from snapshelf.errors import TrainingError
from snapshelf.training.captions import Annotation
from snapshelf.training.sources.example import Example, Photo
from snapshelf.training.sources.files import SharedPhotos
from snapshelf.training.sources.products import stands_out_from_white

_UNKNOWN = {"", "NA"}
_FASHION_COLUMNS = {
    "gender": "gender",
    "colour": "baseColour",
    "article": "articleType",
    "subcategory": "subCategory",
    "master": "masterCategory",
    "season": "season",
    "usage": "usage",
}
_DRAWN_SEED = 123


def bundled_examples(data: Path, drawings: int) -> Iterator[Example]:
    """Yield the training examples of the bundled encoder.

    Parameters
    ----------
    data : Path
        Folder with ``fashion/`` and ``grocery/``; only their train splits are read.
    drawings : int
        Number of drawn products; each is repeated, because they are few beside the photos.

    Raises
    ------
    TrainingError
        A table is missing.
    PhotoError
        An archive of photos is missing.
    """
    yield from fashion(data / "fashion")
    yield from grocery(data / "grocery")
    for example in drawn(drawings, seed=_DRAWN_SEED):
        yield example
        yield example


def fashion(folder: Path) -> Iterator[Example]:
    """Yield the train split of the fashion set, each photo in every size that the set has."""
    small, large = _tar(folder / "images.tar"), _tar(folder / "photos_large.tar")
    for row in _rows(folder / "products.csv"):
        if row["split"] != "train":
            continue
        photos = [Photo(partial(small.read, row["image"]))]
        photos += [Photo(partial(large.read, reference)) for reference in large.find_by_id(row["id"])]
        labels = {
            kind: row[column] for kind, column in _FASHION_COLUMNS.items() if row[column] not in _UNKNOWN
        }
        annotation = Annotation({"en": row["productDisplayName"]}, labels)
        yield Example(f"fashion/{row['id']}", tuple(photos), annotation, stands_out_from_white(labels))


def grocery(folder: Path) -> Iterator[Example]:
    """Yield the train photos of the grocery set, and its catalogue pictures."""
    catalogue, photos = _tar(folder / "catalogue.tar"), _tar(folder / "photos.tar")
    annotations: dict[str, Annotation] = {}
    for row in _rows(folder / "catalogue.csv"):
        labels = {"article": row["title"], "subcategory": row["category"], "master": row["department"]}
        annotations[row["product_id"]] = Annotation({"en": row["title"]}, labels)
        photo = Photo(partial(catalogue.read, row["image"]))
        yield Example(f"grocery/{row['product_id']}", (photo,), annotations[row["product_id"]], True)
    for row in _rows(folder / "photos.csv"):
        if row["split"] == "train":
            photo = Photo(partial(photos.read, row["image"]))
            yield Example(f"grocery/{row['image']}", (photo,), annotations[row["product_id"]], False)


def drawn(count: int, *, seed: int) -> Iterator[Example]:
    """Yield drawn products, each with a studio picture and a shopper's photo."""
    for number, product in enumerate(draw_catalogue(count=count, seed=seed)):
        labels = {
            "gender": product.gender,
            "colour": product.colour,
            "article": product.kind,
            "pattern": product.pattern,
            "material": product.material,
        }
        annotation = Annotation(
            {"en": product.title_en, "zh": product.title_zh},
            {kind: label for kind, label in labels.items() if label},
        )
        pictures = (product.photo, partial(shopper_photo, product, seed=seed + number))
        yield Example(f"drawn/{product.id}", pictures, annotation, False)


def _tar(path: Path) -> SharedPhotos:
    return SharedPhotos(open_photos(path))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            yield from csv.DictReader(lines)
    except OSError as error:
        raise TrainingError(f"{path}: cannot be read: {error.strerror}") from error
