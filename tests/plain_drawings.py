"""Plain drawings as photos of products: tests of words, codes and kinds need photos that say little."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw


def disc(number: int) -> bytes:
    """A disc on white, of another colour and width for each number."""
    image = Image.new("RGB", (64, 64), "white")
    ImageDraw.Draw(image).ellipse((4, 4, 60 - number, 60), fill=(number * 53 % 256, number * 101 % 256, 90))
    return png(image)


def centred(shape: str, colour: str, size: int) -> Image.Image:
    """An ellipse or a rectangle in the middle of a white square."""
    image = Image.new("RGB", (96, 96), "white")
    box = (40 - size, 40 - size, 60 + size, 60 + size)
    getattr(ImageDraw.Draw(image), shape)(box, fill=colour)
    return image


def png(image: Image.Image) -> bytes:
    """The bytes of an image."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
