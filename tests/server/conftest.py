"""A real shelf of a few products, served over real sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from snapshelf.catalogue import Product
from snapshelf.server import Example, ServerSettings, create_app
from snapshelf.shelf import Shelf
from tests.server.drawn_shop import COLOURS, KINDS, base64_of, path_of, photo_of, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def products() -> Iterator[tuple[Product, bytes]]:
    for number, (kind, kind_zh) in enumerate(KINDS.items()):
        for colour, (colour_zh, _) in COLOURS.items():
            sold_out = (kind, colour) == ("ball", "green")
            fields = {
                "id": f"{colour}-{kind}",
                "title": f"{colour.title()} {kind}",
                "brand": "Kiln & Co",
                "category": ["Home", kind.title()],
                "description": f"A {colour} {kind} for every day.",
                "price": {"amount": f"{20 + number}.50", "currency": "CNY"},
                "availability": "out_of_stock" if sold_out else "in_stock",
                "stock": 0 if sold_out else 7,
                "url": f"https://shop.example/{colour}-{kind}",
                "attributes": {
                    "title_en": f"{colour.title()} {kind}",
                    "title_zh": f"{colour_zh}{kind_zh}",
                    "colour": colour,
                    "rating": 3 + number,
                },
            }
            yield Product.parse(fields), photo_of(kind, colour)


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    with Shelf.open(tmp_path_factory.mktemp("server") / "shelf", serving=True) as shelf:
        for product, photo in products():
            shelf.put(product, [photo])
        yield shelf


@pytest.fixture(scope="session")
def address(shelf: Shelf) -> Iterator[str]:
    examples = [
        Example(
            label_en="A mug on a table",
            label_zh="桌上的杯子",
            photo=photo_of("mug", "red", background="wheat"),
        ),
        Example(
            label_en="This bag, in blue", label_zh="这个包，要蓝色", photo=photo_of("bag", "red"), text="blue"
        ),
        Example(label_en="green ball", label_zh="绿色的球", text="绿色 球"),
    ]
    with running(create_app(shelf, examples=examples)) as address:
        yield address


@pytest.fixture(scope="session")
def client(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def settings() -> ServerSettings:
    """Little may be sent, and addresses may be fetched."""
    return ServerSettings(max_body_bytes=60_000, max_import_bytes=200_000, allow_http=True, threads=2)


@pytest.fixture(scope="session")
def strict(shelf: Shelf, settings: ServerSettings) -> Iterator[httpx.Client]:
    """A server with these settings."""
    app = create_app(shelf, settings=settings)
    with running(app) as address, httpx.Client(base_url=address, timeout=30) as client:
        yield client


@pytest.fixture
def put(client: httpx.Client) -> Iterator[Callable[..., httpx.Response]]:
    """Puts products that are deleted again after the test."""
    ids: list[str] = []

    def put(product_id: str, **fields: object) -> httpx.Response:
        ids.append(product_id)
        photo = photo_of("ball", "yellow", background="grey")
        body = {"title": "New ball", "photos": [base64_of(photo)], **fields}
        return client.put(path_of(product_id), json=body)

    yield put
    for product_id in ids:
        client.delete(path_of(product_id))
