"""Serving a shelf from this process."""

from __future__ import annotations

import signal
import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import uvicorn

from snapshelf.errors import SnapshelfError
from snapshelf.server.app import create_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from snapshelf.server.settings import Example, ExampleShopper, ServerSettings
    from snapshelf.shelf import Shelf

_GRACE_SECONDS = 10


def serve(
    shelf: Shelf,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    settings: ServerSettings | None = None,
    examples: Sequence[Example] = (),
    shoppers: Sequence[ExampleShopper] = (),
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve a shelf until Ctrl-C or SIGTERM; requests under way are answered first (up to 10 s).

    Parameters
    ----------
    shelf : Shelf
        Opened with ``serving=True``. It is not closed here.
    host : str
        Address to listen at; no other is bound.
    port : int
        0 takes a free port.
    settings, examples, shoppers
        As for `create_app`.
    on_ready : callable or None
        Called once with the page's address when requests are answered.

    Raises
    ------
    SnapshelfError
        The address cannot be bound: the port is in use, or the host is not an address of this machine.
    """
    with _listen(host, port) as listener:
        app = create_app(shelf, settings=settings, examples=examples, shoppers=shoppers)
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        server = _Server(config, on_ready, _address(listener))
        # uvicorn raises the signal again after its graceful shutdown; the caller has to go on and close the shelf.
        with _sigterm_as_interrupt(), suppress(KeyboardInterrupt):
            server.run(sockets=[listener])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_ready: Callable[[str], None] | None, address: str) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._address = address

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._on_ready and not self.should_exit:
            self._on_ready(self._address)


@contextmanager
def _listen(host: str, port: int) -> Iterator[socket.socket]:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise SnapshelfError(
            f"Cannot listen at {host}: {error.strerror}. Give an address of this machine."
        ) from error
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            # Two servers can bind the same port as long as neither listens; the second must fail here.
            listener.listen()
        except OSError as error:
            raise SnapshelfError(
                f"Cannot listen at {host} port {port}: {error.strerror}. "
                "Stop the other program or choose another address with --host and --port."
            ) from error
        yield listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """Let SIGTERM end like Ctrl-C, with the clean-up of everyone who holds something open."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
