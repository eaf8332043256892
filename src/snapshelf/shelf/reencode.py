"""Encoding the photos and titles of a shelf with another encoder, while the shelf may be served."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from snapshelf._support.cores import usable_cores
from snapshelf.catalogue import (
    Catalogue,
    PhotoSource,
    Product,
    decode_photo,
    photo_fingerprint,
    title_fingerprint,
)
from snapshelf.encoders import OnnxEncoder
from snapshelf.errors import PhotoError, PromotionError
from snapshelf.query import DECODED_SIDE
from snapshelf.shelf.vector_file import VectorFile

Progress: TypeAlias = Callable[[int, int | None], None]
"""Called with the number of photos looked at and their total."""

_PAGE = 512
"""Products looked at together; their vectors are written together too."""
_PRODUCTS_A_THREAD = 32
_TITLES_A_THREAD = 128


@dataclass(slots=True)
class EncodedCounts:
    """Number of photos encoded so far, and of those encoded from thumbnails."""

    photos: int = 0
    from_thumbnails: int = 0


def encode_missing(
    catalogue: Catalogue,
    encoder: OnnxEncoder,
    vectors: VectorFile,
    originals: PhotoSource,
    counts: EncodedCounts,
    progress: Progress,
) -> None:
    """Encode the photos and titles of a catalogue that have no vector in a file yet.

    Parameters
    ----------
    catalogue : Catalogue
    encoder : OnnxEncoder
    vectors : VectorFile
        Gets the vectors.
    originals : PhotoSource
        Files that the shelf was made from; a photo that is not there is encoded from its thumbnail.
    counts : EncodedCounts
        Is increased.
    progress : callable

    Raises
    ------
    PromotionError
        A photo can be read neither from `originals` nor from the catalogue.
    StorageError
        The disk is full.
    """
    workers = usable_cores()
    total, done, after = catalogue.photo_count(), 0, None
    with ThreadPoolExecutor(workers, thread_name_prefix="snapshelf-promote") as executor:
        running: deque[Future[_Batch]] = deque()
        try:
            while page := catalogue.ids(after, _PAGE):
                after = page[-1]
                known = catalogue.known(page)
                missing = vectors.missing(
                    {each for product in known.values() for each in product.fingerprints}
                )
                wanting = iter([id for id, product in known.items() if missing & set(product.fingerprints)])
                while ids := list(islice(wanting, _PRODUCTS_A_THREAD)):
                    running.append(
                        executor.submit(_encode_photos, catalogue, encoder, originals, ids, missing)
                    )
                titles = {
                    title_fingerprint(each.title): each.title for each in catalogue.get_many(page).values()
                }
                untitled = iter(sorted(vectors.missing(titles.keys())))
                while some := {each: titles[each] for each in islice(untitled, _TITLES_A_THREAD)}:
                    running.append(executor.submit(_encode_titles, encoder, some))
                while running:
                    batch = running.popleft().result()
                    vectors.put(batch.vectors)
                    counts.photos += batch.photos
                    counts.from_thumbnails += batch.from_thumbnails
                done += sum(len(product.fingerprints) for product in known.values())
                progress(min(done, total), total)
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            raise


@dataclass(frozen=True, slots=True)
class _Batch:
    vectors: dict[str, NDArray[np.float32]]
    photos: int
    from_thumbnails: int


def _encode_titles(encoder: OnnxEncoder, titles: Mapping[str, str]) -> _Batch:
    vectors = encoder.encode_texts(list(titles.values()))
    return _Batch(dict(zip(titles, vectors, strict=True)), photos=0, from_thumbnails=0)


def _encode_photos(
    catalogue: Catalogue, encoder: OnnxEncoder, source: PhotoSource, ids: Sequence[str], missing: set[str]
) -> _Batch:
    """Encode the photos of some products, from the originals where available."""
    products = catalogue.get_many(ids)
    images: dict[str, Image.Image] = {}
    thumbnails = 0
    for id, product in products.items():
        stored = {photo.fingerprint: photo.thumbnail for photo in catalogue.photos(id)}
        wanted = {each: image for each, image in stored.items() if each in missing and each not in images}
        originals = _originals(product, source, wanted)
        for fingerprint, thumbnail in wanted.items():
            try:
                images[fingerprint] = decode_photo(
                    originals.get(fingerprint, thumbnail), at_least=DECODED_SIDE
                )
            except PhotoError as error:
                raise PromotionError(
                    f"a photo of product {id!r} can be read neither from --photos nor from the shelf ({error}); give "
                    "--photos, or remove the product"
                ) from error
            thumbnails += fingerprint not in originals
    vectors = encoder.encode_photos(list(images.values()))
    return _Batch(dict(zip(images, vectors, strict=True)), len(images), thumbnails)


def _originals(product: Product, source: PhotoSource, wanted: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the indexed files by fingerprint, as far as available; `wanted` has the thumbnails."""
    # A small JPEG is its own thumbnail.
    files = {each: image for each, image in wanted.items() if photo_fingerprint(image) == each}
    for reference in product.images or source.find_by_id(product.id):
        if wanted.keys() <= files.keys():
            break
        with suppress(PhotoError):
            data = source.read(reference)
            fingerprint = photo_fingerprint(data)
            if fingerprint in wanted:
                files[fingerprint] = data
    return files
