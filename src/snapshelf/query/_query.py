"""A shopper's raw request → vectors and terms."""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from snapshelf.catalogue import decode_photo
from snapshelf.encoders import Encoder
from snapshelf.errors import PhotoError, QueryError
from snapshelf.language import normalise, search_terms

PhotoInput: TypeAlias = bytes | str | Path | Image.Image
"""A photo: its bytes, the path of a local file, or a Pillow image."""

DECODED_SIDE = 512
"""Shorter side, in pixels, to which a large JPEG may be shrunk as it is decoded. Indexed photos and query photos
are decoded alike, or a photo would not quite find itself."""

MAX_TEXT_LENGTH = 1_000
"""Longest text of a query, in characters."""


@dataclass(frozen=True, slots=True)
class Query:
    """What the search room works with.

    Parameters
    ----------
    photo, text : ndarray or None
        Unit vectors float32 (d,) of the photo and of the words; at least one is there.
    terms : mapping
        Words-recall terms → weight; empty without words.
    timings : mapping
        Seconds of the stages ``decode`` and ``encode``.
    """

    photo: NDArray[np.float32] | None
    text: NDArray[np.float32] | None
    terms: Mapping[str, float] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)


def understand(encoder: Encoder, *, photo: PhotoInput | None = None, text: str | None = None) -> Query:
    """Decode and encode a request.

    Raises
    ------
    QueryError
        There is neither photo nor text, or the text is blank or longer than 1,000 characters.
    PhotoError
        The photo cannot be decoded.
    """
    words = normalise(text) if text is not None else None
    if photo is None and words is None:
        raise QueryError("the query is empty: give a photo, words, or both")
    if words == "":
        raise QueryError("the query's text is empty: leave it out to search by photo alone")
    if text is not None and len(text) > MAX_TEXT_LENGTH:
        raise QueryError(f"the query's text has {len(text)} characters; {MAX_TEXT_LENGTH} are the most")
    start = time.perf_counter()
    image = None if photo is None else _decoded(photo)
    decoded = time.perf_counter()
    photo_vector = None if image is None else encoder.encode_photos([image])[0]
    text_vector = None if words is None else encoder.encode_texts([words])[0]
    terms: dict[str, float] = {}
    for term in search_terms(words) if words else ():
        terms[term] = terms.get(term, 0.0) + 1.0
    encoded = time.perf_counter()
    return Query(photo_vector, text_vector, terms, {"decode": decoded - start, "encode": encoded - decoded})


def _decoded(photo: PhotoInput) -> Image.Image:
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
