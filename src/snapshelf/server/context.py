"""What the routes of one application share."""

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
"""Requests that wait for the journal together."""


class Context:
    """The shelf with everything around it.

    Shelf calls take a thread each, so that none holds up the event loop. Writing waits in a line of its own:
    the shelf lets one writer in at a time, and those that wait must not take the threads of the searches.
    The same holds for fetching photos from slow addresses.
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
        """Run a call that keeps what shoppers did: it waits for the disk, and many wait for one commit together."""
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
    """Whether what a request is answered with may be kept: crawlers are no shoppers."""
    return not is_robot(request.headers.get("user-agent"))
