"""The input of a query: photos, words and example products, with their limits."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from PIL import Image

from snapshelf.catalogue import decode_photo
from snapshelf.errors import PhotoError, QueryError

PhotoInput: TypeAlias = bytes | str | Path | Image.Image
"""A photo: its bytes, the path of a local file, or a Pillow image."""

DECODED_SIDE = 512
"""Shorter side, in pixels, to which a large JPEG may be reduced during decoding. Indexed photos and query photos are
decoded in the same way, so that a photo has the same vector in both."""

MAX_TEXT_LENGTH = 1_000
"""Maximum length of a query's text, in characters."""

MAX_PHOTOS = 16
"""Maximum number of photos of a query; the encoder runs on each."""

MAX_EXAMPLES = 100
"""Maximum number of liked products, and of disliked products, of a query."""


@dataclass(frozen=True, slots=True)
class QueryInput:
    """Photos, words and example products of a search request, before they are parsed.

    Parameters
    ----------
    photos : tuple of PhotoInput
        Search for products that look like these photos; at most 16.
    text : str or None
        Chinese or English words, at most 1,000 characters.
    without : str or None
        Words to move away from: "like this photo, but without stripes".
    liked, disliked : tuple of str
        Ids of products to move towards and away from; at most 100 each.

    Raises
    ------
    QueryError
        The input says only what to avoid, or a part of it exceeds its limit.
    """

    photos: tuple[PhotoInput, ...] = ()
    text: str | None = None
    without: str | None = None
    liked: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.is_empty and (self.without is not None or self.disliked):
            raise QueryError(
                "the query says only what to avoid; add a photo, words, or products that the shopper likes"
            )
        for name, text in (("text", self.text), ("without", self.without)):
            if text is not None and len(text) > MAX_TEXT_LENGTH:
                raise QueryError(
                    f"the query's {name} has {len(text)} characters; the maximum is {MAX_TEXT_LENGTH}"
                )
        for name, count, limit in (
            ("photos", len(self.photos), MAX_PHOTOS),
            ("liked products", len(self.liked), MAX_EXAMPLES),
            ("disliked products", len(self.disliked), MAX_EXAMPLES),
        ):
            if count > limit:
                raise QueryError(f"the query has {count} {name}; the maximum is {limit}")

    @property
    def is_empty(self) -> bool:
        """Whether nothing is looked for in particular: the shop is browsed."""
        return not self.photos and not self.liked and self.text is None


def decode_photo_input(photo: PhotoInput) -> Image.Image:
    """Decode a query photo in the same way as the photos of the catalogue.

    Raises
    ------
    PhotoError
        The photo cannot be read or decoded.
    """
    if isinstance(photo, Image.Image):
        # Encode and decode it like a file, so that transparency and rare modes are handled in the same way.
        buffer = io.BytesIO()
        supported = (
            photo if photo.mode in {"1", "L", "LA", "P", "RGB", "RGBA", "I", "I;16"} else photo.convert("RGB")
        )
        supported.save(buffer, "PNG", compress_level=0, exif=photo.getexif())
        return decode_photo(buffer.getvalue(), at_least=DECODED_SIDE)
    if isinstance(photo, bytes):
        return decode_photo(photo, at_least=DECODED_SIDE)
    try:
        return decode_photo(Path(photo).read_bytes(), at_least=DECODED_SIDE)
    except OSError as error:
        raise PhotoError(f"{photo}: the photo cannot be read: {error.strerror or error}") from error
