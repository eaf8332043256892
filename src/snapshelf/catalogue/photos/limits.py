"""How large a photo may be and how long it may take to come."""

from __future__ import annotations

from dataclasses import dataclass

from snapshelf.errors import PhotoError

_MEGA = 1_000_000


@dataclass(frozen=True, slots=True)
class PhotoLimits:
    """Limits that hold for every photo.

    Parameters
    ----------
    bytes : int
        Size of the file.
    pixels : int
        Width × height, read from the header before anything is decoded.
    side : int
        The least number of pixels of each side.
    seconds : float
        Time for a download, from the look-up of the name to the last byte.
    redirects : int
        Redirections that a download follows.
    """

    bytes: int = 20 * _MEGA
    pixels: int = 50 * _MEGA
    side: int = 8
    seconds: float = 10.0
    redirects: int = 3

    def check_bytes(self, count: int, photo: str = "the photo") -> None:
        """Refuse a file of `count` bytes that is too large; `photo` names it in the message.

        Raises
        ------
        PhotoError
            It is too large.
        """
        if count > self.bytes:
            raise PhotoError(f"{photo} is larger than {self.bytes / _MEGA:g} MB; make the file smaller")

    def check_size(self, width: int, height: int) -> None:
        """Refuse an image of `width` × `height` pixels that is too large or too small.

        Raises
        ------
        PhotoError
            It is too large or too small.
        """
        if width * height > self.pixels:
            raise PhotoError(
                f"the photo has {width:,} × {height:,} pixels, more than {self.pixels / _MEGA:g} million; "
                "scale it down"
            )
        if min(width, height) < self.side:
            raise PhotoError(
                f"the photo has {width} × {height} pixels, too few; at least {self.side} each way are needed"
            )


STANDARD_LIMITS = PhotoLimits()
