"""Photos: where they are read from, and how their bytes become pixels."""

from snapshelf.catalogue._photos._decode import decode_photo, photo_fingerprint, thumbnail
from snapshelf.catalogue._photos._limits import PhotoLimits
from snapshelf.catalogue._photos._source import PhotoSource, open_photos

__all__ = ["PhotoLimits", "PhotoSource", "decode_photo", "open_photos", "photo_fingerprint", "thumbnail"]
