"""What a shopper says, before anything is understood of it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TypeAlias

from PIL import Image

from snapshelf.catalogue import decode_photo
from snapshelf.errors import PhotoError, QueryError

PhotoInput: TypeAlias = bytes | str | Path | Image.Image
"""A photo: its bytes, the path of a local file, or a Pillow image."""

DECODED_SIDE = 512
"""Shorter side, in pixels, to which a large JPEG may be shrunk as it is decoded. Indexed photos and query photos
are decoded alike, or a photo would not quite find itself."""

MAX_TEXT_LENGTH = 1_000
"""Longest text of a query, in characters."""

MAX_PHOTOS = 16
"""Most photos of one query: each costs a pass of the encoder."""

MAX_EXAMPLES = 100
"""Most products that one query may call liked, and most that it may call disliked."""


@dataclass(frozen=True, slots=True)
class Request:
    """Everything a shopper says at once.

    Parameters
    ----------
    photos : tuple of PhotoInput
        Looks to come near to; at most 16.
    text : str or None
        Chinese or English words, at most 1,000 characters.
    without : str or None
        Words to move away from: "like this photo, but without stripes".
    liked, disliked : tuple of str
        Ids of products to come near to and to move away from; at most 100 each.
    photo_weights : tuple of float or None
        How much each photo counts, ≥ 0 and not all 0; alike by default. Only their proportion matters.
    text_weight, without_weight : float
        How much the words count beside the photos, and how far to move away; ≥ 0, 1 is usual.

    Raises
    ------
    QueryError
        It is empty, or something in it is too long, too many or out of range.
    """

    photos: tuple[PhotoInput, ...] = ()
    text: str | None = None
    without: str | None = None
    liked: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()
    photo_weights: tuple[float, ...] | None = None
    text_weight: float = 1.0
    without_weight: float = 1.0

    def __post_init__(self) -> None:
        if not self.photos and not self.liked and self.text is None:
            if self.without is not None or self.disliked:
                raise QueryError(
                    "the query only says what not to find; give a photo, words, or products that are liked too"
                )
            raise QueryError("the query is empty: give a photo, words, or both")
        for name, text in (("text", self.text), ("without", self.without)):
            if text is not None and len(text) > MAX_TEXT_LENGTH:
                raise QueryError(
                    f"the query's {name} has {len(text)} characters; {MAX_TEXT_LENGTH} are the most"
                )
        for name, count, most in (
            ("photos", len(self.photos), MAX_PHOTOS),
            ("liked products", len(self.liked), MAX_EXAMPLES),
            ("disliked products", len(self.disliked), MAX_EXAMPLES),
        ):
            if count > most:
                raise QueryError(f"the query has {count} {name}; {most} are the most")
        self._check_weights()

    def _check_weights(self) -> None:
        for name, weight in (("text_weight", self.text_weight), ("without_weight", self.without_weight)):
            if not (isfinite(weight) and weight >= 0):
                raise QueryError(f"{name} is {weight}; it must be a number from 0")
        weights = self.photo_weights
        if weights is None:
            return
        if len(weights) != len(self.photos):
            raise QueryError(
                f"there are {len(weights)} photo weights for {len(self.photos)} photos; give one for each"
            )
        if not all(isfinite(weight) and weight >= 0 for weight in weights) or not sum(weights):
            raise QueryError("photo weights must be numbers from 0, and not all 0")


def decoded(photo: PhotoInput) -> Image.Image:
    """Decode a photo as the catalogue's photos are decoded.

    Raises
    ------
    PhotoError
        It cannot be read or decoded.
    """
    if isinstance(photo, Image.Image):
        # Through the same door as a file, so that transparency and odd modes are treated alike.
        buffer = io.BytesIO()
        upright = (
            photo if photo.mode in {"1", "L", "LA", "P", "RGB", "RGBA", "I", "I;16"} else photo.convert("RGB")
        )
        upright.save(buffer, "PNG", compress_level=0, exif=photo.getexif())
        return decode_photo(buffer.getvalue(), at_least=DECODED_SIDE)
    if isinstance(photo, bytes):
        return decode_photo(photo, at_least=DECODED_SIDE)
    try:
        return decode_photo(Path(photo).read_bytes(), at_least=DECODED_SIDE)
    except OSError as error:
        raise PhotoError(f"{photo}: the photo cannot be read: {error.strerror or error}") from error
