"""The application: routes, page and what surrounds them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Response
from fastapi.responses import FileResponse
from starlette.middleware import Middleware
from starlette.staticfiles import StaticFiles

from snapshelf.server import merchandising as _merchandising
from snapshelf.server import operations as _operations
from snapshelf.server import products as _products
from snapshelf.server import recommendations as _recommendations
from snapshelf.server import search as _search
from snapshelf.server import shoppers as _shoppers
from snapshelf.server.context import Context
from snapshelf.server.middleware import BodyLimit, EncodedSlashes, Envelope
from snapshelf.server.openapi import ANY_PROBLEM, DescribedApp
from snapshelf.server.problems import answer_errors_as_problems
from snapshelf.server.settings import Example, ExampleShopper, ServerSettings

if TYPE_CHECKING:
    from snapshelf.shelf import Shelf

_PAGE = Path(__file__).parent / "page"

# After an upgrade no browser may put the files of two releases together.
_REVALIDATE = {"Cache-Control": "no-cache"}

_DESCRIPTION = """
Product search by photos, by Chinese or English words, or by both at once.

Errors are problem details (RFC 9457, `application/problem+json`). A product's id in a path is percent-encoded
as one segment: the product `A/1` is at `/v1/products/A%2F1`.
"""


def create_app(
    shelf: "Shelf",
    *,
    settings: ServerSettings | None = None,
    examples: Sequence[Example] = (),
    shoppers: Sequence[ExampleShopper] = (),
) -> FastAPI:
    """Make the web application of a shelf: the HTTP API and the page.

    Parameters
    ----------
    shelf : Shelf
        Opened with ``serving=True``, so that the engine does not hold up the event loop. Whoever opened it
        closes it.
    settings : ServerSettings or None
        Limits and permissions; None for the defaults.
    examples : sequence of Example
        Queries that the page offers to click.
    shoppers : sequence of ExampleShopper
        Shoppers that the page offers to be, to see the shop as they do.

    Returns
    -------
    FastAPI
        An ASGI application; it can be served by any ASGI server or mounted in another application.
    """
    context = Context(shelf, settings or ServerSettings(), examples, shoppers)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await _operations.warm_up(context)
        yield

    app = DescribedApp(
        title="Snapshelf",
        version=version("snapshelf"),
        description=_DESCRIPTION,
        docs_url=None,  # the usual documentation page loads its parts from a CDN
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        lifespan=lifespan,
        responses=ANY_PROBLEM,
        middleware=[
            Middleware(Envelope, metrics=context.metrics),
            Middleware(EncodedSlashes),
            Middleware(BodyLimit, settings=context.settings),
        ],
    )
    app.state.context = context
    answer_errors_as_problems(app)
    for router in (
        _search.router,
        _products.router,
        _recommendations.router,
        _shoppers.router,
        _merchandising.router,
        _operations.router,
    ):
        app.include_router(router)

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def page() -> Response:
        return FileResponse(_PAGE / "index.html", headers=_REVALIDATE)

    app.mount("/page", _PageFiles(directory=_PAGE), name="page")
    return app


class _PageFiles(StaticFiles):
    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers.update(_REVALIDATE)
        return response
