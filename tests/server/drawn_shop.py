"""Drawn products, paths, problems and servers: what the tests of the server share."""

from __future__ import annotations

import base64
import io
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

import uvicorn
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    from fastapi import FastAPI

COLOURS = {
    "red": ("红色", (200, 40, 50)),
    "blue": ("蓝色", (45, 90, 190)),
    "green": ("绿色", (50, 140, 80)),
    "yellow": ("黄色", (240, 200, 60)),
    "black": ("黑色", (30, 30, 34)),
}
KINDS = {"mug": "马克杯", "ball": "球", "bag": "手提包"}


def draw(kind: str, colour: str, *, size: int = 160, background: str = "white") -> Image.Image:
    """Draw a simple product, told apart by its shape and colour."""
    image = Image.new("RGB", (size, size), background)
    pen, unit, ink = ImageDraw.Draw(image), size / 16, COLOURS[colour][1]

    def box(*corners: float) -> list[float]:
        return [corner * unit for corner in corners]

    match kind:
        case "mug":
            pen.arc(box(9, 5, 14, 11), 0, 360, fill=ink, width=int(unit))
            pen.rectangle(box(3, 3, 11, 13), fill=ink)
        case "ball":
            pen.ellipse(box(2, 2, 14, 14), fill=ink)
        case "bag":
            pen.arc(box(4, 2, 12, 12), 180, 360, fill=ink, width=int(unit))
            pen.polygon(box(3, 7, 13, 7, 14, 14, 2, 14), fill=ink)
        case "cap":
            pen.pieslice(box(2, 4, 12, 16), 180, 360, fill=ink)
            pen.rounded_rectangle(box(2, 9, 15, 11), unit, fill=ink)
        case "scarf":
            pen.rectangle(box(4, 2, 8, 14), fill=ink)
            pen.rectangle(box(9, 2, 12, 11), fill=ink)
            pen.arc(box(4, 1, 12, 6), 180, 360, fill=ink, width=int(unit))
    return image


def encoded(image: Image.Image, form: str = "JPEG") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form)
    return buffer.getvalue()


def photo_of(kind: str, colour: str, *, size: int = 160, background: str = "white") -> bytes:
    return encoded(draw(kind, colour, size=size, background=background))


def base64_of(photo: bytes) -> str:
    return base64.b64encode(photo).decode()


def path_of(product_id: str, *rest: str) -> str:
    return "/".join(["/v1/products", quote(product_id, safe=""), *rest])


def problem(response: httpx.Response, status: int, kind: str) -> dict[str, object]:
    """Check that an answer is the problem it should be; gives its members."""
    body: dict[str, object] = response.json()
    assert response.status_code == status, body
    assert response.headers["content-type"] == "application/problem+json"
    assert body["type"] == f"urn:snapshelf:problem:{kind}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["instance"] == response.request.url.raw_path.decode().partition("?")[0]
    return body


@contextmanager
def running(app: FastAPI) -> Iterator[str]:
    """Serve an application from a thread, at a free port; gives its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + 30
        while not server.started:
            assert thread.is_alive(), "the server ended before it started"
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)
