"""Training examples, whose photos are read lazily."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from PIL import Image

from snapshelf.catalogue import decode_photo, photo_fingerprint
from snapshelf.errors import PhotoError
from snapshelf.training.captions import Annotation

Report: TypeAlias = Callable[[str], None]
"""Called with a sentence for each item of a source that is skipped."""

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right and bottom as parts of the photo's width and height, 0 to 1."""

_MARGIN = 0.08
"""Margin around a box, as part of its sides: annotators draw tightly, and edges are informative."""
_SMALLEST_SIDE = 8


@dataclass(frozen=True, slots=True)
class Example:
    """A training example: photos of the same item, with its annotation.

    Parameters
    ----------
    id : str
        Unique within its source.
    photos : tuple of callable
        Each returns an RGB photo or raises `PhotoError`; every epoch samples a photo.
    annotation : Annotation
    replaceable_background : bool
        The product stands out from a white background, if it has one.
    """

    id: str
    photos: tuple[Callable[[], Image.Image], ...]
    annotation: Annotation
    replaceable_background: bool


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo file, or the crop of a box.

    Parameters
    ----------
    read : callable
        Returns the file's bytes, or raises `PhotoError`.
    box : tuple of float or None
    """

    read: Callable[[], bytes]
    box: Box | None = None

    def __call__(self) -> Image.Image:
        """Decode the photo: RGB, upright, cropped to the box."""
        photo = decode_photo(self.read())
        return photo if self.box is None else cut(photo, self.box)

    def fingerprint(self) -> str:
        """Return the hash of the file, which all boxes of a photo share."""
        return photo_fingerprint(self.read())


def cut(photo: Image.Image, box: Box) -> Image.Image:
    """Crop a box with its margin from a photo.

    Raises
    ------
    PhotoError
        The box is too small, or outside the photo.
    """
    left, top, right, bottom = box
    across, down = _MARGIN * (right - left), _MARGIN * (bottom - top)
    corners = (
        round(max(0.0, left - across) * photo.width),
        round(max(0.0, top - down) * photo.height),
        round(min(1.0, right + across) * photo.width),
        round(min(1.0, bottom + down) * photo.height),
    )
    if min(corners[2] - corners[0], corners[3] - corners[1]) < _SMALLEST_SIDE:
        raise PhotoError(
            f"the box {tuple(round(part, 3) for part in box)} is smaller than {_SMALLEST_SIDE} pixels or outside "
            "the photo; correct the annotation"
        )
    return photo.crop(corners)


def plain_name(label: str) -> str:
    """Return a class name as words: data sets write ``red_dress`` for "red dress"."""
    return " ".join(label.replace("_", " ").split())
