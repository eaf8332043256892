"""Examples from a product feed."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from snapshelf.catalogue import FeedFormat, open_photos, read_feed
from snapshelf.training.sources.example import Example, Photo, Report
from snapshelf.training.sources.files import SharedPhotos
from snapshelf.training.sources.products import annotation_of, stands_out_from_white


def feed_examples(
    path: Path,
    photos: Path | None = None,
    mapping: Mapping[str, str] | None = None,
    *,
    format: FeedFormat | None = None,
    allow_http: bool = False,
    report: Report | None = None,
) -> Iterator[Example]:
    """Yield the products of a CSV, JSON Lines or Parquet feed.

    The language of titles is detected; attributes with common names (colour, 颜色, material ...) and the category
    path become labels.

    Parameters
    ----------
    path : Path
    photos : Path or None
        Folder or tar that image paths are relative to; by default the feed's folder.
    mapping : mapping or None
        Field → column(s), as in `read_feed`; ``attributes.colour=shade`` maps a label.
    format : FeedFormat or None
        By default detected from the file.
    allow_http : bool
        Fetch photos that are http(s) addresses.
    report : callable or None
        Called with a sentence for each row that is no product or has no photo.

    Raises
    ------
    FeedError
        The feed cannot be read, or its columns cannot be mapped.
    PhotoError
        The photo source cannot be opened.
    """
    feed = read_feed(path, mapping, format=format)
    source = SharedPhotos(open_photos(photos if photos is not None else path.parent, allow_http=allow_http))
    embedded = _Spool()
    for row in feed:
        if row.product is None:
            if report is not None:
                report(str(row.error))
            continue
        if row.photos:
            images = [embedded.append(photo) for photo in row.photos]
        else:
            references = row.product.images or source.find_by_id(row.product.id)
            images = [Photo(partial(source.read, reference)) for reference in references]
        if not images:
            if report is not None:
                report(f"{path.name}, row {row.number}: product {row.product.id!r} has no photo")
            continue
        annotation = annotation_of(row.product)
        yield Example(row.product.id, tuple(images), annotation, stands_out_from_white(annotation.labels))


class _Spool:
    """Photos embedded in the feed, in a temporary file: together they may exceed the memory."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - needed as long as the examples are
        self._end = 0
        self._lock = threading.Lock()

    def append(self, photo: bytes) -> Photo:
        with self._lock:
            offset, self._end = self._end, self._end + len(photo)
            self._file.write(photo)
            self._file.flush()
        return Photo(partial(self._read, offset, len(photo)))

    def _read(self, offset: int, size: int) -> bytes:
        return os.pread(self._file.fileno(), size, offset)

    def __del__(self) -> None:
        self._file.close()
