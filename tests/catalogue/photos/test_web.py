from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from snapshelf.catalogue import PhotoLimits, open_photos
from snapshelf.catalogue.photos.web import WebPhotos
from snapshelf.errors import PhotoError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PHOTO = b"\xff\xd8\xff photo"
_LIMITS = PhotoLimits(bytes=10_000, seconds=20, redirects=3)
_HASTY = PhotoLimits(bytes=10_000, seconds=0.3, redirects=3)


class _Shop(BaseHTTPRequestHandler):
    seen: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers["Host"]))
        kind, _, rest = self.path.lstrip("/").partition("/")
        match kind:
            case "photo":
                self._answer(200, _PHOTO)
            case "to":
                self._answer(302, b"", Location=rest if ":" in rest else f"/{rest}")
            case "again":
                self._answer(302, b"", Location=f"/again/{int(rest) - 1}" if int(rest) else "/photo")
            case "large":
                self._answer(200, b"x" * 10_001)
            case "endless":
                self.send_response(200)
                self.end_headers()
                with contextlib.suppress(OSError):
                    while True:
                        self.wfile.write(b"x" * 1_000)
            case "to-slow":
                self.send_response(302)
                self.send_header("Location", "/photo")
                self.end_headers()
                self._drip()
            case "slow":
                self.send_response(200)
                self.end_headers()
                self._drip()
            case "slow-header":
                self._drip()
            case _:
                self._answer(404, b"<html>")

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _drip(self) -> None:
        with contextlib.suppress(OSError):
            for _ in range(200):
                self.wfile.write(b"x")
                time.sleep(0.05)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def shop() -> Iterator[ThreadingHTTPServer]:
    _Shop.seen = []
    with ThreadingHTTPServer(("127.0.0.1", 0), _Shop) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Give host names addresses; returns the list of the names that are looked up from then on."""
    real = socket.getaddrinfo

    def name(**addresses: list[str]) -> list[str]:
        looked_up: list[str] = []

        def look_up(host: str, port: Any, *args: Any, **options: Any) -> Any:
            known = addresses.get(host.removesuffix(".test"))
            if known is None:
                return real(host, port, *args, **options)
            looked_up.append(host)
            return [entry for address in known for entry in real(address, port, *args, **options)]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        return looked_up

    return name


@pytest.fixture
def photos() -> Iterator[WebPhotos]:
    web = WebPhotos(_LIMITS, also_allowed=["127.0.0.1"])
    yield web
    web.close()


def address(shop: ThreadingHTTPServer, path: str, host: str = "127.0.0.1") -> str:
    return f"http://{host}:{shop.server_port}/{path}"


def test_downloads_a_photo(shop: ThreadingHTTPServer, photos: WebPhotos) -> None:
    assert photos.read(address(shop, "photo/红 裙.jpg?size=1,2")) == _PHOTO
    assert _Shop.seen[0][0] == "/photo/%E7%BA%A2%20%E8%A3%99.jpg?size=1,2"
    assert photos.find_by_id("1") == ()


def test_follows_redirections(shop: ThreadingHTTPServer, photos: WebPhotos) -> None:
    assert photos.read(address(shop, "again/2")) == _PHOTO
    with pytest.raises(PhotoError, match="is redirected more than 3 times"):
        photos.read(address(shop, "again/3"))


def test_what_comes_along_with_a_redirection_is_not_waited_for(shop: ThreadingHTTPServer) -> None:
    web = WebPhotos(replace(_LIMITS, seconds=5), also_allowed=["127.0.0.1"])
    assert web.read(address(shop, "to-slow")) == _PHOTO
    web.close()


def test_many_threads_download_at_once(shop: ThreadingHTTPServer, photos: WebPhotos) -> None:
    with ThreadPoolExecutor(8) as executor:
        assert set(executor.map(photos.read, [address(shop, "photo")] * 24)) == {_PHOTO}


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("nowhere", "the server answered 404"),
        ("large", "is larger than 0.01 MB"),
        ("endless", "is larger than 0.01 MB"),
        ("to/ftp://x.test/1.jpg", "only http and https are followed"),
        ("to/file:///etc/passwd", "only http and https are followed"),
        ("to/http://127.0.0.2/", "'127.0.0.2' is at 127.0.0.2, which is not a public address"),
        ("to/http://[::1]/", "is not a public address"),
        ("to/http://169.254.169.254/latest/meta-data", "is not a public address"),
        ("to/http://x.test:0/", "cannot be downloaded"),
    ],
)
def test_says_why_there_is_no_photo(
    shop: ThreadingHTTPServer, photos: WebPhotos, names: Callable[..., list[str]], path: str, reason: str
) -> None:
    names(x=["127.0.0.1"])
    with pytest.raises(PhotoError) as caught:
        photos.read(address(shop, path))
    assert address(shop, path) in str(caught.value)
    assert reason in str(caught.value)


@pytest.mark.parametrize("path", ["slow", "slow-header", "to/slow", "to/slow-header"])
def test_ends_on_time_however_slow_the_server_drips(shop: ThreadingHTTPServer, path: str) -> None:
    web = WebPhotos(_HASTY, also_allowed=["127.0.0.1"])
    start = time.monotonic()
    with pytest.raises(PhotoError, match=r"took longer than 0\.3 seconds to download"):
        web.read(address(shop, path))
    # The server drips for ten seconds.
    assert time.monotonic() - start < 5
    web.close()


def test_ends_on_time_if_nobody_answers() -> None:
    web = WebPhotos(_HASTY, also_allowed=["127.0.0.1"])
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(PhotoError, match="took longer"):
        web.read(f"http://127.0.0.1:{silent.getsockname()[1]}/1.jpg")
    web.close()


def test_a_server_that_hangs_up_is_told(photos: WebPhotos) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        threading.Thread(target=lambda: server.accept()[0].close(), daemon=True).start()
        with pytest.raises(PhotoError, match="cannot be downloaded"):
            photos.read(f"http://127.0.0.1:{port}/1.jpg")
    with pytest.raises(PhotoError, match="cannot be downloaded"):
        photos.read(f"http://127.0.0.1:{port}/1.jpg")


def test_a_name_is_looked_up_once_and_kept(
    shop: ThreadingHTTPServer, photos: WebPhotos, names: Callable[..., list[str]]
) -> None:
    looked_up = names(shop=["127.0.0.1"])
    assert photos.read(address(shop, "photo", "shop.test")) == _PHOTO
    assert looked_up == ["shop.test"]
    assert _Shop.seen == [("/photo", f"shop.test:{shop.server_port}")]
    assert photos.read(address(shop, "again/1", "shop.test")) == _PHOTO
    assert {host for _, host in _Shop.seen} == {f"shop.test:{shop.server_port}"}
    assert looked_up == ["shop.test"] * 4


def test_the_next_address_is_tried_if_one_does_not_answer(
    shop: ThreadingHTTPServer, names: Callable[..., list[str]]
) -> None:
    web = WebPhotos(_LIMITS, also_allowed=["127.0.0.1", "127.0.0.3"])
    names(shop=["127.0.0.3", "127.0.0.1"])
    assert web.read(address(shop, "photo", "shop.test")) == _PHOTO
    web.close()


def test_one_private_address_among_a_names_addresses_is_enough_to_refuse(
    shop: ThreadingHTTPServer, photos: WebPhotos, names: Callable[..., list[str]]
) -> None:
    names(shop=["127.0.0.1", "10.0.0.1"])
    with pytest.raises(PhotoError, match=r"'shop\.test' is at 10\.0\.0\.1, which is not a public address"):
        photos.read(address(shop, "photo", "shop.test"))
    assert _Shop.seen == []


def test_tls_asks_for_the_name_and_not_for_the_address(
    photos: WebPhotos, names: Callable[..., list[str]]
) -> None:
    names(shop=["127.0.0.1"])
    hello = bytearray()

    def listen(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            hello.extend(connection.recv(4_096))

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=listen, args=(server,))
        thread.start()
        with pytest.raises(PhotoError, match="cannot be downloaded"):
            photos.read(f"https://shop.test:{server.getsockname()[1]}/1.jpg")
        thread.join()
    assert b"shop.test" in hello


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "0.0.0.0",  # noqa: S104
        "2130706433",
        "0x7f.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "100.100.100.200",
        "169.254.169.254",
        "168.63.129.16",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[::ffff:10.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::a00:1]",
        "[2002:a00:1::]",
        "[2001:0:53aa:64c:0:5efe:a00:1]",
        "[fe80::1]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[ff02::1]",
        "[2001:db8::1]",
    ],
)
def test_addresses_that_are_not_public_are_refused(host: str) -> None:
    refusal = pytest.raises(PhotoError, match="which is not a public address")
    with open_photos(None, allow_http=True) as photos, refusal:
        photos.read(f"http://{host}/1.jpg")


@pytest.mark.parametrize("public", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::101:101"])
def test_public_addresses_are_connected_to(
    public: str, names: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    connected: list[str] = []

    def refuse(place: tuple[str, int], *_: Any, **__: Any) -> socket.socket:
        connected.append(place[0])
        raise ConnectionRefusedError

    names(shop=[public])
    monkeypatch.setattr(socket, "create_connection", refuse)
    with (
        open_photos(None, allow_http=True) as photos,
        pytest.raises(PhotoError, match="cannot be downloaded"),
    ):
        photos.read("http://shop.test/1.jpg")
    assert [ipaddress.ip_address(place) for place in connected] == [ipaddress.ip_address(public)]


@pytest.mark.parametrize(
    "reference", ["http://", "https://:80/", "http://x y/", "http://" + "a" * 300, "http://[::1"]
)
def test_an_address_that_is_none_is_a_photo_error(reference: str) -> None:
    with open_photos(None, allow_http=True) as photos, pytest.raises(PhotoError):
        photos.read(reference)
