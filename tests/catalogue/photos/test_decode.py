from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageDraw

from snapshelf.catalogue import PhotoLimits, decode_photo, photo_fingerprint, thumbnail
from snapshelf.errors import PhotoError
from tests.catalogue.json_values import unhurried


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def scene(width: int = 48, height: int = 32) -> Image.Image:
    """Four quarters of different colours: tells every turn and reflection apart."""
    image = Image.new("RGB", (width, height), "red")
    draw = ImageDraw.Draw(image)
    draw.rectangle((width // 2, 0, width, height // 2 - 1), fill="lime")
    draw.rectangle((0, height // 2, width // 2 - 1, height), fill="blue")
    draw.rectangle((width // 2, height // 2, width, height), fill="black")
    return image


def same(one: Image.Image, other: Image.Image, tolerance: float = 0) -> bool:
    pixels, others = np.asarray(one, np.int16), np.asarray(other, np.int16)
    return pixels.shape == others.shape and float(np.abs(pixels - others).mean()) <= tolerance


@pytest.mark.parametrize(
    ("kind", "options", "tolerance"),
    [
        ("JPEG", {"quality": 95, "subsampling": 0}, 2),
        ("JPEG", {"quality": 95, "subsampling": 0, "progressive": True}, 2),
        ("PNG", {}, 0),
        ("WEBP", {"lossless": True}, 0),
        ("GIF", {}, 0),
        ("BMP", {}, 0),
        ("TIFF", {}, 0),
        ("TIFF", {"compression": "tiff_lzw"}, 0),
        ("TIFF", {"big_tiff": True}, 0),
    ],
)
def test_reads_every_format(kind: str, options: dict[str, Any], tolerance: float) -> None:
    image = decode_photo(encoded(scene(), kind, **options))
    assert image.mode == "RGB"
    assert same(image, scene(), tolerance)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "TIFF", "PNG"])
def test_takes_the_first_of_several_images(kind: str) -> None:
    lossless = {"lossless": True} if kind == "WEBP" else {}
    more = [Image.new("RGB", (48, 32), "white")]
    data = encoded(scene(), kind, save_all=True, append_images=more, **lossless)
    assert same(decode_photo(data), scene())


_TURNS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_turns_the_photo_upright(orientation: int, kind: str) -> None:
    turn = _TURNS[orientation]
    stored = scene() if turn is None else scene().transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 95, "subsampling": 0}}.get(kind, {})
    image = decode_photo(encoded(stored, kind, exif=exif, **options))
    assert same(image, scene(), 2)


def test_a_photo_with_damaged_exif_is_still_a_photo() -> None:
    script = (
        "import sys; from snapshelf.catalogue import decode_photo;"
        "print(decode_photo(sys.stdin.buffer.read()).size)"
    )
    data = encoded(scene(), "JPEG", exif=b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x09\x00\x12\x01\x03\x00\xff")
    done = subprocess.run([sys.executable, "-c", script], input=data, capture_output=True, check=True)
    assert done.stdout.split() == b"(48, 32)".split()
    assert done.stderr == b""


def half_transparent(mode: str) -> Image.Image:
    """Left half black, right half transparent, and black underneath."""
    if mode == "P":
        image = Image.new("P", (32, 32), 1)
        image.putpalette([0] * 6)
        image.paste(0, (0, 0, 16, 32))
        image.info["transparency"] = 1
        return image
    alpha = Image.new("L", (32, 32), 0)
    alpha.paste(255, (0, 0, 16, 32))
    image = Image.new(mode.removesuffix("A"), (32, 32))
    image.putalpha(alpha)
    return image


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        *(("RGBA", kind) for kind in ("PNG", "WEBP", "TIFF", "GIF")),
        *(("LA", kind) for kind in ("PNG", "WEBP", "TIFF")),
        *(("P", kind) for kind in ("PNG", "GIF")),
        ("PA", "TIFF"),
    ],
)
def test_lays_transparency_on_white(mode: str, kind: str) -> None:
    lossless = {"lossless": True} if kind == "WEBP" else {}
    image = decode_photo(encoded(half_transparent(mode), kind, **lossless))
    assert image.mode == "RGB"
    assert image.getpixel((4, 16)) == (0, 0, 0)
    assert image.getpixel((28, 16)) == (255, 255, 255)


def test_mixes_half_transparency_with_white() -> None:
    data = encoded(Image.new("RGBA", (16, 16), (255, 0, 0, 128)), "PNG")
    assert decode_photo(data).getpixel((8, 8)) == (255, 127, 127)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_one_transparent_colour_is_white(mode: str) -> None:
    colour: Any = 10 if mode == "L" else (10, 20, 30)
    data = encoded(Image.new(mode, (16, 16), colour), "PNG", transparency=colour)
    assert decode_photo(data).getpixel((8, 8)) == (255, 255, 255)


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
@pytest.mark.parametrize("colour", ["red", "white", "black", "blue"])
def test_reads_cmyk(kind: str, colour: str) -> None:
    original = Image.new("RGB", (32, 32), colour)
    image = decode_photo(encoded(original.convert("CMYK"), kind))
    assert same(image, original, 3)


def test_reads_grey_and_black_and_white() -> None:
    grey = Image.linear_gradient("L")
    assert same(decode_photo(encoded(grey, "PNG")), grey.convert("RGB"))
    assert same(decode_photo(encoded(grey, "JPEG", quality=95)), grey.convert("RGB"), 2)
    bits = grey.point(lambda level: 255 * (level > 127), "1")
    assert same(decode_photo(encoded(bits, "PNG")), bits.convert("RGB"))


@pytest.mark.parametrize(
    ("levels", "kind"),
    [
        (np.linspace(0, 65_535, 256).astype(np.uint16), "PNG"),
        (np.linspace(0, 65_535, 256).astype(np.uint16), "TIFF"),
        (np.linspace(0, 65_535, 256).astype(np.int32), "TIFF"),
        (np.arange(256).astype(np.int32), "TIFF"),
        (np.linspace(0, 1, 256).astype(np.float32), "TIFF"),
        (np.linspace(0, 255, 256).astype(np.float32), "TIFF"),
        (np.linspace(0, 65_535, 256).astype(np.float32), "TIFF"),
        (np.linspace(0, 1e6, 256).astype(np.float32), "TIFF"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.dtype}-{value.max():g}",
)
def test_scales_grey_of_more_than_eight_bits(levels: np.ndarray[Any, Any], kind: str) -> None:
    data = encoded(Image.fromarray(np.tile(levels, (16, 1))), kind)
    image = decode_photo(data)
    assert image.mode == "RGB"
    np.testing.assert_allclose(np.asarray(image)[8, :, 0], np.arange(256), atol=1)


def test_grey_that_is_no_number_is_black() -> None:
    levels = np.full((16, 16), np.nan, np.float32)
    levels[:, 8:] = 1
    image = decode_photo(encoded(Image.fromarray(levels), "TIFF"))
    assert image.getpixel((2, 8)) == (0, 0, 0)
    assert image.getpixel((12, 8)) == (255, 255, 255)


def test_a_profile_of_other_colours_does_no_harm() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert same(decode_photo(encoded(scene(), "PNG", icc_profile=profile)), scene())


def png_header(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    end = b"IEND"
    chunks = [struct.pack(">I", 13), header, struct.pack(">I", zlib.crc32(header))]
    chunks += [struct.pack(">I", 0), end, struct.pack(">I", zlib.crc32(end))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize("size", [(8_000, 6_251), (9_500, 9_500), (65_000, 65_000), (2**31 - 1, 2**31 - 1)])
def test_a_giant_is_refused_by_its_header(size: tuple[int, int]) -> None:
    with pytest.raises(PhotoError, match=r"pixels, more than 50 million; scale it down"):
        decode_photo(png_header(*size))


def test_a_giant_webp_and_gif_are_refused() -> None:
    webp = bytearray(encoded(scene(), "WEBP", lossless=True))
    place = webp.index(b"VP8L") + 9
    webp[place : place + 4] = struct.pack("<I", 16_383 | 16_383 << 14)
    gif = bytearray(encoded(scene(), "GIF"))
    gif[6:10] = struct.pack("<HH", 60_000, 60_000)
    for data in (webp, gif):
        with pytest.raises(PhotoError):
            decode_photo(bytes(data))


def test_limits_can_be_others() -> None:
    data = encoded(scene(), "PNG")
    with pytest.raises(PhotoError, match=r"is larger than 0.0001 MB"):
        decode_photo(data, limits=PhotoLimits(bytes=100))
    with pytest.raises(PhotoError, match=r"more than 0.001 million"):
        decode_photo(data, limits=PhotoLimits(pixels=1_000))
    with pytest.raises(PhotoError, match=r"has 48 × 32 pixels, too few; at least 40 each way are needed"):
        decode_photo(data, limits=PhotoLimits(side=40))


def test_a_dot_is_not_a_photo() -> None:
    with pytest.raises(PhotoError, match=r"has 1 × 1 pixels, too few"):
        decode_photo(encoded(Image.new("RGB", (1, 1)), "GIF"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
@pytest.mark.parametrize("kept", [0.02, 0.5, 0.9])
def test_a_truncated_file_is_refused(kind: str, kept: float) -> None:
    noise = Image.effect_noise((64, 64), 80).convert("RGB")
    data = encoded(noise, kind)
    with pytest.raises(PhotoError, match=r"damaged or truncated|not an image"):
        decode_photo(data[: int(len(data) * kept)])


@pytest.mark.parametrize(
    ("data", "looks_like"),
    [
        (b"", "empty"),
        (b"hello", "not an image"),
        (b"\n <!DOCTYPE html><title>404</title>", "an HTML page"),
        (b"<html>", "an HTML page"),
        (b"<svg xmlns='...'>", "an SVG drawing"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><svg/>", "an XML document or SVG drawing"),
        (b"%PDF-1.7", "a PDF document"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "a HEIC image"),
        (b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00", "an AVIF image"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00", "a video"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b'{"error": 404}', "JSON"),
        (b"version https://git-lfs.github.com/spec/v1", "a Git LFS pointer"),
        (encoded(scene(), "ICO"), "an icon"),
        (encoded(scene(), "JPEG2000"), "a JPEG 2000 image"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_says_what_it_is_if_not_a_photo(data: bytes, looks_like: str) -> None:
    with pytest.raises(PhotoError, match=f"the photo is {looks_like}.*; give a JPEG, PNG, WebP"):
        decode_photo(data)


_FILES = [encoded(scene(16, 16), kind) for kind in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")]


@unhurried
@given(
    st.sampled_from(_FILES),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8),
)
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_whatever_the_bytes_it_is_a_photo_or_a_photo_error(
    data: bytes, changes: list[tuple[float, int]]
) -> None:
    changed = bytearray(data)
    for place, value in changes:
        changed[int(place * len(data))] = value
    try:
        image = decode_photo(bytes(changed), limits=PhotoLimits(pixels=1_000_000))
    except PhotoError:
        return
    assert image.mode == "RGB"


def test_a_large_jpeg_may_come_smaller() -> None:
    data = encoded(scene(1600, 1200), "JPEG")
    assert decode_photo(data).size == (1600, 1200)
    smaller = decode_photo(data, at_least=256)
    assert smaller.size == (400, 300)
    assert same(smaller, scene(400, 300), 2)
    assert decode_photo(data, at_least=1201).size == (1600, 1200)
    assert decode_photo(encoded(scene(1600, 1200), "PNG"), at_least=256).size == (1600, 1200)


def test_many_threads_decode_at_once() -> None:
    files = [encoded(scene(40 + number, 32), "JPEG") for number in range(40)]
    with ThreadPoolExecutor(8) as executor:
        sizes = [image.size for image in executor.map(decode_photo, files)]
    assert sizes == [(40 + number, 32) for number in range(40)]


def test_fingerprints_tell_files_apart() -> None:
    assert photo_fingerprint(b"") == "cae66941d9efbd404e4d88758ea67670"
    assert photo_fingerprint(b"a") != photo_fingerprint(b"b")


class TestThumbnail:
    def test_is_a_small_jpeg(self) -> None:
        data = encoded(scene(1600, 1200), "PNG")
        small = thumbnail(decode_photo(data), data)
        image = Image.open(io.BytesIO(small))
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (320, 240))
        assert same(image, scene(320, 240), 3)

    def test_never_enlarges(self) -> None:
        data = encoded(scene(), "PNG")
        assert Image.open(io.BytesIO(thumbnail(decode_photo(data), data))).size == (48, 32)

    def test_a_file_that_is_small_already_is_kept(self) -> None:
        data = encoded(scene(), "JPEG")
        assert thumbnail(decode_photo(data), data) == data

    @pytest.mark.parametrize("case", ["exif", "cmyk", "wide", "heavy"])
    def test_a_file_that_would_not_do_is_made_anew(self, case: str) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        exif[0x8825] = {1: "N"}
        data = {
            "exif": lambda: encoded(scene(), "JPEG", exif=exif),
            "cmyk": lambda: encoded(scene().convert("CMYK"), "JPEG"),
            "wide": lambda: encoded(scene(321, 8), "JPEG"),
            "heavy": lambda: encoded(Image.effect_noise((320, 320), 99).convert("RGB"), "JPEG", quality=98),
        }[case]()
        decoded = decode_photo(data)
        small = thumbnail(decoded, data)
        image = Image.open(io.BytesIO(small))
        assert (image.mode, "exif" in image.info) == ("RGB", False)
        assert image.size == ((320, 8) if case == "wide" else decoded.size)
        assert len(small) < len(data) or case != "heavy"
