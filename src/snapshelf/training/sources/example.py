"""What a source gives: things to learn from, whose photos are opened when they are needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from PIL import Image

from snapshelf.catalogue import decode_photo, photo_fingerprint
from snapshelf.errors import PhotoError
from snapshelf.training.captions import Labelled

Report: TypeAlias = Callable[[str], None]
"""Takes a sentence about something in a source that cannot be used; the rest goes on."""

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right and bottom as parts of the photo's width and height, 0 to 1."""

_MARGIN = 0.08
"""Part of a box's sides that is kept around it: annotators draw tightly, and edges say what a thing is."""
_SMALLEST_SIDE = 8


@dataclass(frozen=True, slots=True)
class Example:
    """One thing to learn from.

    Parameters
    ----------
    id : str
        Unique within its source.
    photos : tuple of callable
        Each opens a photo of the same thing, RGB; one of them is drawn at each visit. They raise `PhotoError`.
    about : Labelled
    replaceable_background : bool
        The product stands out from a white background, if it has one.
    """

    id: str
    photos: tuple[Callable[[], Image.Image], ...]
    about: Labelled
    replaceable_background: bool


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo in a file, or the part of it that a box marks.

    Parameters
    ----------
    read : callable
        Gives the file's bytes, or raises `PhotoError`.
    box : tuple of float or None
    """

    read: Callable[[], bytes]
    box: Box | None = None

    def __call__(self) -> Image.Image:
        """Decode it, RGB and upright."""
        photo = decode_photo(self.read())
        return photo if self.box is None else cut(photo, self.box)

    def fingerprint(self) -> str:
        """Hash of the file: all boxes of a photo share it."""
        return photo_fingerprint(self.read())


def cut(photo: Image.Image, box: Box) -> Image.Image:
    """Cut a box with a little of what is around it out of a photo.

    Raises
    ------
    PhotoError
        The box holds next to nothing of the photo.
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
    """A class's name as words: data sets write ``red_dress`` for "red dress"."""
    return " ".join(label.replace("_", " ").split())
