"""Finding a photo by what its file is called."""

from __future__ import annotations

from collections import defaultdict
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_ID_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


class PhotoNames:
    """The files of a photo source, looked up by name without folder and suffix.

    Parameters
    ----------
    references : iterable of str
        Every file's path within the source.
    """

    def __init__(self, references: Iterable[str]) -> None:
        self._by_stem: defaultdict[str, list[str]] = defaultdict(list)
        for reference in references:
            self._by_stem[PurePosixPath(reference).stem.casefold()].append(reference)

    def of_id(self, id: str) -> tuple[str, ...]:
        """Find the photo named after a product, in any folder: a tuple with its reference, or an empty tuple."""
        named = [PurePosixPath(reference) for reference in self._by_stem.get(id.casefold(), ())]
        usable = [path for path in named if path.stem == id and path.suffix.lower() in _ID_SUFFIXES]
        # Nearest to the top first: thumbnails and the like lie deeper.
        usable.sort(key=lambda path: (len(path.parts), _ID_SUFFIXES.index(path.suffix.lower()), path))
        return tuple(str(path) for path in usable[:1])

    def hint(self, reference: str) -> str:
        """End a sentence about a reference that leads nowhere with what may have been meant."""
        near = self._by_stem.get(PurePosixPath(reference).stem.casefold())
        return f"; did you mean {near[0]!r}?" if near else ""
