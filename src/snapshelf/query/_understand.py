"""A request → vectors, terms and facts."""

from __future__ import annotations

import time
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from snapshelf.encoders import Encoder
from snapshelf.errors import QueryError
from snapshelf.language import normalise, search_terms
from snapshelf.query._knowledge import Knowledge
from snapshelf.query._query import Query
from snapshelf.query._request import PhotoInput, Request, decoded
from snapshelf.query._settings import Understanding


def understand(
    encoder: Encoder,
    request: Request | None = None,
    knowledge: Knowledge | None = None,
    settings: Understanding | None = None,
    *,
    drop: Collection[str] = (),
    photo: PhotoInput | None = None,
    text: str | None = None,
) -> Query:
    """Decode, read and encode a request.

    Parameters
    ----------
    encoder : Encoder
        Encodes all photos in one pass, and all words in another.
    request : Request
    knowledge : Knowledge or None
        What the shop has. Without it no facts are read from the words.
    settings : Understanding or None
        The usual ones by default.
    drop : collection of str
        `Chip.where` of the chips that the shopper removed.

    Raises
    ------
    QueryError
        The words have nothing that could be looked for.
    NotFoundError
        Nothing is asked for but products like some that are not there.
    PhotoError
        A photo cannot be decoded.
    """
    if request is None:
        request = Request(() if photo is None else (photo,), text)
    start = time.perf_counter()
    words = normalise(request.text) if request.text is not None else None
    if words == "":
        raise QueryError("the query's text is empty: leave it out to search by photo alone")
    images = [decoded(each) for each in request.photos]
    decoded_at = time.perf_counter()
    photos = encoder.encode_photos(images) if images else None
    texts = [each for each in (words, request.without and normalise(request.without)) if each]
    vectors = dict(zip(texts, encoder.encode_texts(texts), strict=True)) if texts else {}
    terms: dict[str, float] = {}
    for term in search_terms(words) if words else ():
        terms[term] = terms.get(term, 0.0) + 1.0
    return Query(
        None if photos is None else _unit(np.mean(photos, axis=0)),
        None if words is None else vectors[words],
        terms,
        {"decode": decoded_at - start, "encode": time.perf_counter() - decoded_at},
        words or "",
    )


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if length > 0 else vector
