"""From rows of a feed to entries of the catalogue, on several threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from snapshelf._support.cores import usable_cores
from snapshelf.catalogue import (
    Catalogue,
    Entry,
    Known,
    PhotoEntry,
    PhotoSource,
    Product,
    Row,
    decode_photo,
    fields_hash,
    photo_fingerprint,
    thumbnail,
    title_fingerprint,
)
from snapshelf.encoders import Encoder
from snapshelf.errors import PhotoError, ProductError
from snapshelf.query import DECODED_SIDE
from snapshelf.shelf.reports import RowError

_ROWS = 32
"""Rows that a thread takes at once: enough photos to encode together, few enough to spread."""


@dataclass(slots=True)
class PreparedRow:
    """A row, ready to be written.

    Parameters
    ----------
    row : int
        Its number.
    errors : list of RowError
    entry : Entry or None
        Product to put with its photos.
    fields : Product or None
        Product to put without photos: these are unchanged.
    title : ndarray or None
        New vector of the title of `fields`; None if the title is unchanged.
    new : bool
        The catalogue did not have the product.
    encoded : int
        Photos encoded for it.
    """

    row: int = 1
    errors: list[RowError] = field(default_factory=list)
    entry: Entry | None = None
    fields: Product | None = None
    title: NDArray[np.float32] | None = None
    new: bool = False
    encoded: int = 0

    @property
    def product(self) -> Product | None:
        """The product to write."""
        return self.entry.product if self.entry else self.fields


@dataclass(slots=True)
class _Photo:
    """A photo of a row: stored already (`entry`), or decoded and waiting for its vector (`image`)."""

    fingerprint: str
    entry: PhotoEntry | None = None
    image: Image.Image | None = None
    thumbnail: bytes = b""


_Report: TypeAlias = Callable[[str], None]
"""Reports a problem of a photo."""


def prepare_all(
    rows: Iterable[Row], catalogue: Catalogue, encoder: Encoder, source: PhotoSource, file: str
) -> Iterator[list[PreparedRow]]:
    """Read, decode and encode rows in order, in chunks; nothing is written."""
    workers = usable_cores()
    rows = iter(rows)
    executor = ThreadPoolExecutor(workers, thread_name_prefix="snapshelf-add")
    running: deque[Future[list[PreparedRow]]] = deque()
    try:
        while True:
            while len(running) < 2 * workers and (chunk := list(islice(rows, _ROWS))):
                running.append(executor.submit(_prepare, chunk, catalogue, encoder, source, file))
            if not running:
                return
            yield running.popleft().result()
    finally:
        executor.shutdown(cancel_futures=True)


def prepare_one(
    product: Product, photos: Sequence[bytes] | None, catalogue: Catalogue, encoder: Encoder
) -> PreparedRow:
    """Prepare a product with its photos; None keeps its stored photos.

    Raises
    ------
    ProductError
        A new product comes without photos.
    PhotoError
        None of the photos can be used.
    """
    if photos is None:
        known = catalogue.known([product.id]).get(product.id)
        if known is None:
            raise ProductError("photos: a new product needs at least one photo", field="photos")
        prepared = PreparedRow()
        if known.fields_hash != fields_hash(product):
            prepared.fields = product
            _add_titles([prepared], {product.id: known}, catalogue, encoder)
        return prepared
    row = Row(1, product, tuple(photos), None)
    prepared = _prepare([row], catalogue, encoder, None, "")[0]
    if prepared.errors:
        raise PhotoError(prepared.errors[0].message)
    return prepared


@dataclass(frozen=True, slots=True)
class Written:
    """The changes of `write`.

    Parameters
    ----------
    before : tuple of Product
        Products before the change, without new products.
    after : tuple of Product
        The same products and the new products after the change.
    """

    before: tuple[Product, ...]
    after: tuple[Product, ...]


def write(catalogue: Catalogue, prepared: Sequence[PreparedRow]) -> Written:
    """Write prepared rows; they are on the disk when this returns.

    Raises
    ------
    StorageError
        It could not be written.
    """
    entries = [row.entry for row in prepared if row.entry]
    fields = [row.fields for row in prepared if row.fields]
    after = (*(entry.product for entry in entries), *fields)
    before = tuple(catalogue.get_many(each.id for each in after).values())
    if entries:
        catalogue.put(entries)
    if fields:
        titles = {row.fields.id: row.title for row in prepared if row.fields and row.title is not None}
        catalogue.put_fields(fields, titles)
    return Written(before, after)


def _prepare(
    rows: Sequence[Row], catalogue: Catalogue, encoder: Encoder, source: PhotoSource | None, file: str
) -> list[PreparedRow]:
    known = catalogue.known([row.product.id for row in rows if row.product])
    done = [PreparedRow(row.number) for row in rows]
    waiting: list[tuple[PreparedRow, Product, list[_Photo]]] = []
    for row, prepared in zip(rows, done, strict=True):
        if row.product is None:
            field = row.error.field if row.error else None
            prepared.errors.append(RowError(file, row.number, row.id, field, str(row.error)))
            continue
        report = _reporter(prepared, row, file)
        data = {photo_fingerprint(photo): photo for photo in _bytes(row, row.product, source, report)}
        before = known.get(row.product.id)
        prepared.new = before is None
        if before and before.fingerprints == tuple(data):
            prepared.fields = None if before.fields_hash == fields_hash(row.product) else row.product
            continue
        stored = catalogue.photos(row.product.id) if before else ()
        photos = _decoded(data, {entry.fingerprint: entry for entry in stored}, report)
        if photos:
            waiting.append((prepared, row.product, photos))
            continue
        report("no usable photo: searches compare photos, give at least one")
        prepared.errors[-1] = replace(prepared.errors[-1], refused=True)
    vectors = iter(
        encoder.encode_photos([each.image for _, _, photos in waiting for each in photos if each.image])
    )
    for prepared, product, photos in waiting:
        prepared.encoded = sum(photo.image is not None for photo in photos)
        entries = tuple(
            photo.entry or PhotoEntry(photo.fingerprint, next(vectors), photo.thumbnail) for photo in photos
        )
        before = known.get(product.id)
        if before is None or before.fingerprints != tuple(entry.fingerprint for entry in entries):
            prepared.entry = Entry(product, entries)
        elif before.fields_hash != fields_hash(product):
            prepared.fields = product
    _add_titles(done, known, catalogue, encoder)
    return done


def _add_titles(
    done: Sequence[PreparedRow], known: Mapping[str, Known], catalogue: Catalogue, encoder: Encoder
) -> None:
    """Add the vectors of titles; equal titles are encoded once, stored titles not at all."""
    products = [row.product for row in done if row.product]
    same = {
        each.id
        for each in products
        if each.id in known and known[each.id].title == title_fingerprint(each.title)
    }
    stored = catalogue.titles(
        row.entry.product.id for row in done if row.entry and row.entry.product.id in same
    )
    texts = list(dict.fromkeys(each.title for each in products if each.id not in same))
    encoded = dict(zip(texts, encoder.encode_texts(texts), strict=True))
    for row in done:
        if row.fields and row.fields.id not in same:
            row.title = encoded[row.fields.title]
        if row.entry:
            product = row.entry.product
            vector = stored[product.id] if product.id in stored else encoded[product.title]
            row.entry = replace(row.entry, title=vector)


def _reporter(prepared: PreparedRow, row: Row, file: str) -> _Report:
    id = row.product.id if row.product else row.id
    where = f"{row.place}: " if row.place else ""

    def report(message: str) -> None:
        prepared.errors.append(RowError(file, row.number, id, "images", where + message, refused=False))

    return report


def _bytes(row: Row, product: Product, source: PhotoSource | None, report: _Report) -> Iterator[bytes]:
    """Yield the photos of a row that can be read, as bytes."""
    if row.photos or source is None:
        yield from row.photos
        return
    for reference in product.images or source.find_by_id(product.id):
        try:
            yield source.read(reference)
        except PhotoError as error:
            report(str(error))


def _decoded(data: Mapping[str, bytes], stored: Mapping[str, PhotoEntry], report: _Report) -> list[_Photo]:
    """Return the usable photos; stored photos need no decoding."""
    photos = []
    for fingerprint, photo in data.items():
        if fingerprint in stored:
            photos.append(_Photo(fingerprint, stored[fingerprint]))
            continue
        try:
            image = decode_photo(photo, at_least=DECODED_SIDE)
        except PhotoError as error:
            report(str(error))
        else:
            photos.append(_Photo(fingerprint, image=image, thumbnail=thumbnail(image, photo)))
    return photos
