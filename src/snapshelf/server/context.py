"""State that the routes of an application share."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Request

from snapshelf.catalogue import open_photos
from snapshelf.events import is_robot
from snapshelf.server.metrics import Metrics
from snapshelf.server.settings import Example, ExampleShopper, ServerSettings

if TYPE_CHECKING:
    from snapshelf.shelf import Shelf

T = TypeVar("T")

_NOTED_AT_ONCE = 64
"""Requests that wait for the journal at the same time."""


class Context:
    """The shelf with its settings, examples and metrics.

    Each call of the shelf takes a thread, so that the event loop never waits. Writes have a queue of their own: the
    shelf has a single writer at a time, and waiting writes must not take the threads of searches. The same holds for
    photos that are fetched from slow addresses.
    """

    def __init__(
        self,
        shelf: "Shelf",
        settings: ServerSettings,
        examples: Sequence[Example],
        shoppers: Sequence[ExampleShopper],
    ) -> None:
        self.shelf = shelf
        self.settings = settings
        self.examples = tuple(examples)
        self.shoppers = tuple(shoppers)
        self.metrics = Metrics()
        self.web_photos = open_photos(None, allow_http=True) if settings.allow_http else None
        self._reading = CapacityLimiter(settings.threads)
        self._writing = CapacityLimiter(1)
        self._fetching = CapacityLimiter(settings.threads)
        self._noting = CapacityLimiter(_NOTED_AT_ONCE)

    async def read(self, call: Callable[[], T]) -> T:
        """Run a call that searches or reads."""
        return await to_thread.run_sync(call, limiter=self._reading)

    async def write(self, call: Callable[[], T]) -> T:
        """Run a call that changes the shelf."""
        return await to_thread.run_sync(call, limiter=self._writing)

    async def note(self, call: Callable[[], T]) -> T:
        """Run a call that writes events: it waits for the disk, and many calls share a commit."""
        return await to_thread.run_sync(call, limiter=self._noting)

    async def fetch(self, call: Callable[[], T]) -> T:
        """Run a call that unpacks a body or waits for another server."""
        return await to_thread.run_sync(call, limiter=self._fetching)


def _context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


InterleavedOrder = Annotated[Context, Depends(_context)]
"""Parameter of a route that needs the shelf."""


def is_recorded(request: Request) -> bool:
    """Return whether the response may be recorded: crawlers are not shoppers."""
    return not is_robot(request.headers.get("user-agent"))
