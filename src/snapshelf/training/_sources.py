"""Labelled photos to train on: the fashion and grocery sets, and the drawn demo catalogue."""

from __future__ import annotations

import csv
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from snapshelf.catalogue import decode_photo
from snapshelf.demo import draw_catalogue, shopper_photo
from snapshelf.encoders import square
from snapshelf.errors import TrainingError
from snapshelf.training._captions import Labelled

_UNKNOWN = {"", "NA"}
_PALE = {"White", "Off White", "Cream", "white", "cream"}


@dataclass(frozen=True, slots=True)
class Example:
    """One thing to learn from.

    Parameters
    ----------
    photos : ndarray
        uint8 (m, s, s, 3): the same product, or the same photo in several resolutions; one is drawn at each visit.
    about : Labelled
    replaceable_background : bool
        The product stands out from a white background.
    """

    photos: NDArray[np.uint8]
    about: Labelled
    replaceable_background: bool


def fashion(folder: Path, size: int, *, limit: int | None = None) -> Iterator[Example]:
    """The train split of the fashion set; validation products are never read."""
    small, large = _Tar(folder / "images.tar"), _Tar(folder / "photos_large.tar")
    columns = {
        "gender": "gender",
        "colour": "baseColour",
        "article": "articleType",
        "subcategory": "subCategory",
        "master": "masterCategory",
        "season": "season",
        "usage": "usage",
    }
    with (folder / "products.csv").open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["split"] == "train"]
    for row in rows[:limit]:
        photos = [square(tar.photo(row["image"]), size) for tar in (small, large) if row["image"] in tar]
        labels = {kind: row[column] for kind, column in columns.items() if row[column] not in _UNKNOWN}
        yield Example(
            np.stack(photos),
            Labelled({"en": row["productDisplayName"]}, labels),
            row["baseColour"] not in _PALE,
        )


def grocery(folder: Path, size: int) -> Iterator[Example]:
    """The train photos of the grocery set, and its catalogue pictures."""
    catalogue, photos = _Tar(folder / "catalogue.tar"), _Tar(folder / "photos.tar")
    about: dict[str, Labelled] = {}
    with (folder / "catalogue.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            labels = {"article": row["title"], "subcategory": row["category"], "master": row["department"]}
            about[row["product_id"]] = Labelled({"en": row["title"]}, labels)
            yield Example(square(catalogue.photo(row["image"]), size)[None], about[row["product_id"]], True)
    with (folder / "photos.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["split"] == "train":
                yield Example(square(photos.photo(row["image"]), size)[None], about[row["product_id"]], False)


def drawn(count: int, size: int, *, seed: int) -> Iterator[Example]:
    """Drawn products, each as a studio picture and as a shopper's photo of it."""
    for number, product in enumerate(draw_catalogue(count=count, seed=seed)):
        labels = {
            kind: value
            for kind, value in (
                ("gender", product.gender),
                ("colour", product.colour),
                ("article", product.kind),
                ("pattern", product.pattern),
                ("material", product.material),
            )
            if value
        }
        pair = [square(product.photo(), size), square(shopper_photo(product, seed=seed + number), size)]
        yield Example(
            np.stack(pair), Labelled({"en": product.title_en, "zh": product.title_zh}, labels), False
        )


class _Tar:
    """Random access to the photos of a tar file."""

    def __init__(self, path: Path) -> None:
        try:
            self._tar = tarfile.open(path)  # noqa: SIM115 - read until the process ends
        except (OSError, tarfile.TarError) as error:
            raise TrainingError(f"{path}: not a tar file that can be read: {error}") from error
        self._members = {member.name: member for member in self._tar.getmembers() if member.isfile()}
        self._path = path

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def photo(self, name: str) -> Image.Image:
        if name not in self._members:
            raise TrainingError(f"{self._path}: {name} is not in it")
        data = self._tar.extractfile(self._members[name])
        return decode_photo(data.read() if data else b"")
