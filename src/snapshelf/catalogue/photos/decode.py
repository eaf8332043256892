"""From the bytes of an image file to upright RGB pixels."""

from __future__ import annotations

import contextlib
import hashlib
import io
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageFile, ImageOps
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from snapshelf.catalogue.photos.limits import STANDARD_LIMITS, PhotoLimits
from snapshelf.errors import PhotoError

if TYPE_CHECKING:
    from numpy.typing import NDArray

# What these two warn about, odd metadata, does not concern the pixels; `warnings.catch_warnings` is no help
# because it is not safe with threads.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.(Tiff|Png)ImagePlugin")

_FORMATS: tuple[tuple[bytes, type[ImageFile.ImageFile]], ...] = (
    (b"\xff\xd8\xff", JpegImageFile),
    (b"\x89PNG\r\n\x1a\n", PngImageFile),
    (b"GIF87a", GifImageFile),
    (b"GIF89a", GifImageFile),
    (b"BM", BmpImageFile),
    (b"II*\x00", TiffImageFile),
    (b"MM\x00*", TiffImageFile),
    (b"II+\x00", TiffImageFile),
    (b"MM\x00+", TiffImageFile),
)
_OTHERS = (
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"8BPS", "a Photoshop file"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 image"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 image"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL image"),
    (b"\xff\x0a", "a JPEG XL image"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"version https://git-lfs", "a Git LFS pointer whose file was not fetched"),
    (b"<!doctype html", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"<svg", "an SVG drawing"),
    (b"<?xml", "an XML document or SVG drawing"),
    (b"{", "JSON"),
)
_BRANDS = {b"avif": "an AVIF image", b"avis": "an AVIF image"} | dict.fromkeys(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), "a HEIC image"
)

_THUMBNAIL_SIDE = 320
_THUMBNAIL_BYTES = 40_000


def decode_photo(
    data: bytes,
    *,
    limits: PhotoLimits = STANDARD_LIMITS,
    at_least: int | None = None,
) -> Image.Image:
    """Decode a JPEG, PNG, WebP, GIF (first frame), BMP or TIFF (first page) file.

    Safe to call from several threads.

    Parameters
    ----------
    data : bytes
        The file.
    limits : PhotoLimits
    at_least : int or None
        A large JPEG may come back at 1/2, 1/4 or 1/8 of its size, which is much faster, as long as its
        shorter side keeps this many pixels.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, turned upright as its EXIF orientation says, transparency laid on white.

    Raises
    ------
    PhotoError
        It is not such a file, is damaged or truncated, or exceeds `limits`.
    """
    limits.check_bytes(len(data))
    reader = _reader(data)
    # Pillow raises errors of many kinds, as low as struct.error, for files that are not what they say.
    try:
        image = reader(io.BytesIO(data))
    except Exception as error:
        raise _undecodable(error) from error
    limits.check_size(*image.size)
    try:
        if at_least is not None:
            image.draft("RGB", (at_least, at_least))
        image.load()
        # What is wrong with metadata must not cost the photo.
        with contextlib.suppress(Exception):
            ImageOps.exif_transpose(image, in_place=True)
        return _rgb(image)
    except Exception as error:
        raise _undecodable(error) from error


def _undecodable(error: Exception) -> PhotoError:
    return PhotoError(
        f"the photo cannot be decoded, it may be damaged or truncated ({error}); make the file again"
    )


def _reader(data: bytes) -> type[ImageFile.ImageFile]:
    # Not Image.open: about sizes that `PhotoLimits` refuses anyway, it gives warnings of its own.
    for magic, reader in _FORMATS:
        if data.startswith(magic):
            return reader
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return WebPImageFile
    raise PhotoError(f"the photo is {_looks_like(data)}; give a JPEG, PNG, WebP, GIF, BMP or TIFF file")


def _looks_like(data: bytes) -> str:
    if not data:
        return "empty"
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12], "a video")
    beginning = data[:64].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return next((name for magic, name in _OTHERS if beginning.startswith(magic.lower())), "not an image")


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        return Image.fromarray(_eight_bits(np.asarray(image))).convert("RGB")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        ground = Image.new("RGB", layer.size, "white")
        ground.paste(layer, mask=layer.getchannel("A"))
        return ground
    return image.convert("RGB")


def _eight_bits(levels: NDArray[Any]) -> NDArray[np.uint8]:
    """Greyscale of more than 8 bits, shape (height, width), as uint8.

    White is 65,535 in 16-bit files. Integers of 32 bits and floats do not say what it is: it is taken to be
    the least of the usual values, 1 for floats only, that no pixel exceeds.
    """
    values = np.nan_to_num(levels.astype(np.float32), copy=False)
    if levels.dtype.itemsize == 2:
        white = 65_535.0
    else:
        usual = (1.0, 255.0, 65_535.0) if levels.dtype.kind == "f" else (255.0, 65_535.0, 2.0**31)
        brightest = float(values.max())
        white = next((value for value in usual if brightest <= value), brightest)
    eight: NDArray[np.uint8] = np.clip(np.rint(values * (255 / white)), 0, 255).astype(np.uint8)
    return eight


def photo_fingerprint(data: bytes) -> str:
    """BLAKE2b of the file's bytes, 128 bits as 32 hexadecimal digits."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def thumbnail(image: Image.Image, data: bytes) -> bytes:
    """Make a small JPEG of a photo for result pages: longest side ≤ 320 pixels, quality 82.

    Parameters
    ----------
    image : PIL.Image.Image
        What `decode_photo` made of `data`.
    data : bytes
        The file itself, which is returned if it already is such a JPEG of ≤ 40 kB without EXIF or XMP.
    """
    if (
        len(data) <= _THUMBNAIL_BYTES
        and _reader(data) is JpegImageFile
        and max(image.size) <= _THUMBNAIL_SIDE
    ):
        original = JpegImageFile(io.BytesIO(data))
        if (
            original.mode == "RGB"
            and original.size == image.size
            and not {"exif", "xmp"} & original.info.keys()
        ):
            return data
    scale = min(1.0, _THUMBNAIL_SIDE / max(image.size))
    width, height = (max(1, round(side * scale)) for side in image.size)
    small = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
    buffer = io.BytesIO()
    # What comes with the original is left behind: its EXIF may tell where it was taken.
    small.info.clear()
    small.save(buffer, "JPEG", quality=82, optimize=True)
    return buffer.getvalue()
