"""Sources of photos: a folder or an archive, and the web if that is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from snapshelf.catalogue.photos.folder import FolderPhotos
from snapshelf.catalogue.photos.limits import STANDARD_LIMITS, PhotoLimits
from snapshelf.catalogue.photos.tar import TarPhotos
from snapshelf.errors import PhotoError

if TYPE_CHECKING:
    from snapshelf.catalogue.photos.web import WebPhotos


class PhotoSource(Protocol):
    """Gives the bytes of a photo; safe to use from several threads."""

    def read(self, reference: str) -> bytes:
        """Read the image file that a product refers to.

        Raises
        ------
        PhotoError
            There is none, or it may not be read; the message names the reference.
        """
        ...

    def find_by_id(self, id: str) -> tuple[str, ...]:
        """Find the photo that is named after a product: ``<id>.jpg``, ``.jpeg``, ``.png`` or ``.webp``.

        Returns
        -------
        tuple of str
            Its reference, or nothing.
        """
        ...

    def close(self) -> None:
        """Give back files and connections."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


def open_photos(
    path: str | Path | None,
    *,
    allow_http: bool = False,
    limits: PhotoLimits = STANDARD_LIMITS,
) -> PhotoSource:
    """Open the place where a feed's photos are.

    Parameters
    ----------
    path : str, Path or None
        A folder, or a tar file (gzipped or not). None: there are no local photos.
    allow_http : bool
        Whether references that are http(s) addresses are downloaded, from public servers only.
    limits : PhotoLimits

    Raises
    ------
    PhotoError
        `path` is neither a folder nor a tar file, or cannot be read.
    """
    local: FolderPhotos | TarPhotos | None = None
    if path is not None:
        path = Path(path)
        local = FolderPhotos(path, limits) if path.is_dir() else TarPhotos(path, limits)
    if not allow_http:
        return _Photos(local, None)
    # Only here is the HTTP client needed, which takes a tenth of a second to load.
    from snapshelf.catalogue.photos.web import WebPhotos

    return _Photos(local, WebPhotos(limits))


class _Photos:
    """Addresses from the web, everything else from the local source."""

    def __init__(self, local: FolderPhotos | TarPhotos | None, web: WebPhotos | None) -> None:
        self._local = local
        self._web = web

    def read(self, reference: str) -> bytes:
        if reference.lower().startswith(("http://", "https://")):
            if self._web is None:
                raise PhotoError(
                    f"photo {reference!r} is on the web; pass --allow-http to have it downloaded"
                )
            return self._web.read(reference)
        if self._local is None:
            raise PhotoError(
                f"photo {reference!r} is a file's name; pass --photos with its folder or tar file"
            )
        return self._local.read(reference)

    def find_by_id(self, id: str) -> tuple[str, ...]:
        return self._local.find_by_id(id) if self._local else ()

    def close(self) -> None:
        for source in (self._local, self._web):
            if source is not None:
                source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
