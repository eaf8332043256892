"""Products of a shelf."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from snapshelf.catalogue import Catalogue
from snapshelf.errors import PhotoError
from snapshelf.shelf import open_catalogue
from snapshelf.training.sources.example import Example, Photo
from snapshelf.training.sources.products import described, stands_out

_AT_ONCE = 500


def shelf_examples(folder: Path) -> Iterator[Example]:
    """Products of a shelf, which may be served meanwhile.

    Photos are the shelf's own small ones (longest side up to 320 pixels): enough for the bundled encoder's 112 pixels;
    give the feed to train an encoder that looks at more.

    Raises
    ------
    ShelfError
        There is no shelf in the folder, or it cannot be read.
    """
    catalogue = open_catalogue(folder)
    stored = _Photos(catalogue)
    after: str | None = None
    while ids := catalogue.ids(after, _AT_ONCE):
        after = ids[-1]
        products, known = catalogue.get_many(ids), catalogue.known(ids)
        for id, product in products.items():
            photos = tuple(
                Photo(partial(stored.read, id, position))
                for position in range(len(known[id].fingerprints) if id in known else 0)
            )
            about = described(product)
            yield Example(id, photos, about, stands_out(about.labels))


class _Photos:
    """Photos of a catalogue that is open as long as one of them may be asked for."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def read(self, id: str, position: int) -> bytes:
        image = self._catalogue.thumbnail(id, position)
        if image is None:
            raise PhotoError(f"product {id!r} has no photo number {position} in the shelf any more")
        return image

    def __del__(self) -> None:
        self._catalogue.close()
