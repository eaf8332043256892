"""Photos: where they are read from, and how their bytes become pixels."""

from snapshelf.catalogue.photos.decode import decode_photo, photo_fingerprint, thumbnail
from snapshelf.catalogue.photos.limits import PhotoLimits
from snapshelf.catalogue.photos.source import PhotoSource, open_photos

__all__ = ["PhotoLimits", "PhotoSource", "decode_photo", "open_photos", "photo_fingerprint", "thumbnail"]
