"""The engine's own process: ``python -m snapshelf.index.child PATH DIMENSION SOCKET...``.

Each inherited socket is served by a thread. When the parent is gone, its ends of the sockets are closed, and
this process ends by itself; a service manager's signal to all processes of the service does not end it
earlier.
"""

from __future__ import annotations

import signal
import sys
import threading
import traceback
from multiprocessing.connection import Connection
from pathlib import Path

from snapshelf.errors import SnapshelfError
from snapshelf.index.qdrant_edge import QdrantEdgeIndex
from snapshelf.index.wire import decode, encode


def main(path: str, dimension: str, *sockets: str) -> None:
    """Open the index, report success or the error on the first socket, and serve until all sockets are closed."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    connections = [Connection(int(socket)) for socket in sockets]
    try:
        index = QdrantEdgeIndex.open(Path(path), int(dimension))
    except SnapshelfError as error:
        connections[0].send_bytes(encode((None, error)))
        return
    connections[0].send_bytes(encode((None, None)))
    with index:
        threads = [threading.Thread(target=_serve, args=(index, connection)) for connection in connections]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def _serve(index: QdrantEdgeIndex, connection: Connection) -> None:
    try:
        while True:
            name, arguments, options = decode(connection.recv_bytes())
            connection.send_bytes(encode(_answer(index, name, arguments, options)))
    except (EOFError, OSError):
        return


def _answer(
    index: QdrantEdgeIndex, name: str, arguments: tuple[object, ...], options: dict[str, object]
) -> tuple[object, Exception | None]:
    try:
        attribute = getattr(index, name)
        return (attribute(*arguments, **options) if callable(attribute) else attribute), None
    except Exception as error:
        if not isinstance(error, SnapshelfError):
            error.add_note(f"In the engine's process:\n{traceback.format_exc()}")
        return None, error


if __name__ == "__main__":
    main(*sys.argv[1:])
