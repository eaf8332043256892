"""What the bundled encoder is trained on: the fashion and grocery sets, and the drawn demo catalogue."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from snapshelf.catalogue import open_photos
from snapshelf.demo import draw_catalogue, shopper_photo
from snapshelf.errors import TrainingError
from snapshelf.training.captions import Labelled
from snapshelf.training.sources.example import Example, Photo
from snapshelf.training.sources.files import SharedPhotos
from snapshelf.training.sources.products import stands_out

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
    """Everything that the bundled encoder learns from.

    Parameters
    ----------
    data : Path
        Folder with ``fashion/`` and ``grocery/``; only their train splits are read.
    drawings : int
        Drawn products; they are few beside the photos, so each comes twice.

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
    """The train split of the fashion set, each photo in both sizes where there are two."""
    small, large = _tar(folder / "images.tar"), _tar(folder / "photos_large.tar")
    for row in _rows(folder / "products.csv"):
        if row["split"] != "train":
            continue
        photos = [Photo(partial(small.read, row["image"]))]
        photos += [Photo(partial(large.read, reference)) for reference in large.find_by_id(row["id"])]
        labels = {
            kind: row[column] for kind, column in _FASHION_COLUMNS.items() if row[column] not in _UNKNOWN
        }
        about = Labelled({"en": row["productDisplayName"]}, labels)
        yield Example(f"fashion/{row['id']}", tuple(photos), about, stands_out(labels))


def grocery(folder: Path) -> Iterator[Example]:
    """The train photos of the grocery set, and its catalogue pictures."""
    catalogue, photos = _tar(folder / "catalogue.tar"), _tar(folder / "photos.tar")
    about: dict[str, Labelled] = {}
    for row in _rows(folder / "catalogue.csv"):
        labels = {"article": row["title"], "subcategory": row["category"], "master": row["department"]}
        about[row["product_id"]] = Labelled({"en": row["title"]}, labels)
        photo = Photo(partial(catalogue.read, row["image"]))
        yield Example(f"grocery/{row['product_id']}", (photo,), about[row["product_id"]], True)
    for row in _rows(folder / "photos.csv"):
        if row["split"] == "train":
            photo = Photo(partial(photos.read, row["image"]))
            yield Example(f"grocery/{row['image']}", (photo,), about[row["product_id"]], False)


def drawn(count: int, *, seed: int) -> Iterator[Example]:
    """Drawn products, each as a studio picture and as a shopper's photo of it."""
    for number, product in enumerate(draw_catalogue(count=count, seed=seed)):
        labels = {
            "gender": product.gender,
            "colour": product.colour,
            "article": product.kind,
            "pattern": product.pattern,
            "material": product.material,
        }
        about = Labelled(
            {"en": product.title_en, "zh": product.title_zh},
            {kind: label for kind, label in labels.items() if label},
        )
        pictures = (product.photo, partial(shopper_photo, product, seed=seed + number))
        yield Example(f"drawn/{product.id}", pictures, about, False)


def _tar(path: Path) -> SharedPhotos:
    return SharedPhotos(open_photos(path))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            yield from csv.DictReader(lines)
    except OSError as error:
        raise TrainingError(f"{path}: cannot be read: {error.strerror}") from error
