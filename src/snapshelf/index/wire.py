"""Messages between the engine's process and its parent: pickles over sockets that only they hold."""

from __future__ import annotations

import pickle
from typing import Any


def encode(message: object) -> bytes:
    """Pickle any object; arrays go as they lie in memory."""
    return pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)


def decode(message: bytes) -> Any:
    """Unpickle a message."""
    return pickle.loads(message)  # noqa: S301 - the sockets have no name: nobody else can write to them
