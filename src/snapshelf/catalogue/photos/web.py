"""Photos from the web, from public addresses only."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeAlias

import httpx

from snapshelf.errors import PhotoError

if TYPE_CHECKING:
    from collections.abc import Collection

    from snapshelf.catalogue.photos.limits import PhotoLimits

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Public by its number, but answers inside Azure's virtual machines only.
_AZURE_HOST = ipaddress.IPv4Address("168.63.129.16")

_DEADLINE = "snapshelf.deadline"
_HEADERS = {"User-Agent": "Snapshelf", "Accept": "image/*", "Accept-Encoding": "identity"}


class WebPhotos:
    """Downloads within limits; addresses that are not public are refused, at every redirection anew.

    Parameters
    ----------
    limits : PhotoLimits
    also_allowed : collection of str
        Addresses that are let through although they are not public.
    """

    def __init__(self, limits: PhotoLimits, *, also_allowed: Collection[str] = ()) -> None:
        self._limits = limits
        transport = _PublicTransport(frozenset(map(ipaddress.ip_address, also_allowed)))
        self._client = httpx.Client(transport=transport, headers=_HEADERS)

    def read(self, reference: str) -> bytes:
        """Download a file; see `PhotoSource.read`."""
        photo = f"photo {reference!r}"
        late = f"{photo} took longer than {self._limits.seconds:g} seconds to download"
        deadline = _Deadline(self._limits.seconds)
        try:
            with deadline:
                request = self._client.build_request("GET", reference, extensions={_DEADLINE: deadline})
                data = self._download(request, photo)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            timed_out = deadline.passed or isinstance(error, httpx.TimeoutException)
            raise PhotoError(late if timed_out else f"{photo} cannot be downloaded: {error}") from error
        # Its end looks like the end of the file where the server did not say how long that is.
        if deadline.passed:
            raise PhotoError(late)
        return data

    def find_by_id(self, id: str) -> tuple[str, ...]:  # noqa: ARG002
        """Find nothing: the web cannot be listed."""
        return ()

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def _download(self, request: httpx.Request, photo: str) -> bytes:
        for _ in range(self._limits.redirects + 1):
            # Redirections are not left to httpx, which reads what comes along with them to its end.
            with contextlib.closing(self._client.send(request, stream=True)) as response:
                if response.next_request is None:
                    return self._body(response, photo)
                request = response.next_request
        raise PhotoError(f"{photo} is redirected more than {self._limits.redirects} times")

    def _body(self, response: httpx.Response, photo: str) -> bytes:
        if response.status_code != httpx.codes.OK:
            raise PhotoError(f"{photo} cannot be downloaded: the server answered {response.status_code}")
        self._limits.check_bytes(int(response.headers.get("Content-Length", 0)), photo)
        data = bytearray()
        for chunk in response.iter_raw():
            data += chunk
            self._limits.check_bytes(len(data), photo)
        return bytes(data)


class _Deadline:
    """Ends a download when its time is over, whatever it is waiting for.

    A time limit for each read would not do: a server that sends a byte now and then never exceeds it.
    """

    def __init__(self, seconds: float) -> None:
        self._end = monotonic() + seconds
        self._timer = threading.Timer(seconds, self._hang_up)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self.passed = False

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            while self._sockets:
                self._sockets.pop().close()

    @property
    def remaining(self) -> float:
        return max(self._end - monotonic(), 0.001)

    def watch(self, event: str, info: dict[str, Any]) -> None:
        """Take note of a new connection; called by httpx as its ``trace``."""
        if event == "connection.connect_tcp.complete":
            with self._lock:
                self._sockets.append(info["return_value"].get_extra_info("socket").dup())
            if self.passed:
                self._hang_up()

    def _hang_up(self) -> None:
        self.passed = True
        with self._lock:
            for connection in self._sockets:
                # Unlike close, this wakes the thread that waits for data.
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class _PublicTransport(httpx.BaseTransport):
    """Looks up every host itself, and connects to the very addresses that it has checked."""

    def __init__(self, also_allowed: frozenset[_Address]) -> None:
        self._also_allowed = also_allowed
        # No connection is used twice: the pool distinguishes them by address, and an address may be several hosts.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        self._transport = httpx.HTTPTransport(limits=limits)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to the first address of its host that answers."""
        addresses = self._addresses(request.url)
        for address in addresses[:-1]:
            with contextlib.suppress(httpx.ConnectError):
                return self._transport.handle_request(_addressed(request, address))
        return self._transport.handle_request(_addressed(request, addresses[-1]))

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def _addresses(self, url: httpx.URL) -> list[str]:
        if url.scheme not in ("http", "https"):
            raise httpx.UnsupportedProtocol(
                f"it leads to a {url.scheme}: address; only http and https are followed"
            )
        entries = socket.getaddrinfo(url.raw_host.decode("ascii"), url.port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(place[0]) for *_, place in entries))
        for address in map(ipaddress.ip_address, addresses):
            if address not in self._also_allowed and not _is_public(address):
                raise httpx.ConnectError(f"{url.host!r} is at {address}, which is not a public address")
        return addresses


def _addressed(request: httpx.Request, address: str) -> httpx.Request:
    deadline: _Deadline = request.extensions[_DEADLINE]
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        extensions={
            "sni_hostname": request.url.raw_host.decode("ascii"),
            "timeout": httpx.Timeout(deadline.remaining).as_dict(),
            "trace": deadline.watch,
        },
    )


def _is_public(address: _Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return _is_public(inner)
    return address.is_global and not (address.is_multicast or address.is_reserved or address == _AZURE_HOST)
