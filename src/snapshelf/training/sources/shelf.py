"""Products of a shelf."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from snapshelf.catalogue import Catalogue
from snapshelf.errors import PhotoError
from snapshelf.shelf import open_catalogue
from snapshelf.training.sources.example import Example, Photo
from snapshelf.training.sources.products import annotation_of, stands_out_from_white

_PAGE = 500


def shelf_examples(folder: Path) -> Iterator[Example]:
    """Yield the products of a shelf, which may be in use.

    Photos are the shelf's thumbnails (longest side up to 320 pixels), enough for the bundled encoder's 112 pixels;
    train an encoder of higher resolution from the feed.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    ShelfError
        There is no shelf in the folder, or it cannot be read.
    """
    catalogue = open_catalogue(folder)
    thumbnails = _Thumbnails(catalogue)
    after: str | None = None
    while ids := catalogue.ids(after, _PAGE):
        after = ids[-1]
        products, stored = catalogue.get_many(ids), catalogue.known(ids)
        for id, product in products.items():
            photos = tuple(
                Photo(partial(thumbnails.read, id, position))
                for position in range(len(stored[id].fingerprints) if id in stored else 0)
            )
            annotation = annotation_of(product)
            yield Example(id, photos, annotation, stands_out_from_white(annotation.labels))


class _Thumbnails:
    """Thumbnails of a catalogue that stays open as long as they are referenced."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def read(self, id: str, position: int) -> bytes:
        image = self._catalogue.thumbnail(id, position)
        if image is None:
            raise PhotoError(f"product {id!r} has no photo number {position} in the shelf any more")
        return image

    def __del__(self) -> None:
        self._catalogue.close()
