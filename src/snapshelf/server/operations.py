"""Routes for operators."""

from dataclasses import asdict
from http import HTTPStatus

from anyio import CapacityLimiter, fail_after, to_thread
from fastapi import APIRouter, Response
from PIL import Image
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from snapshelf.server.context import Context, InterleavedOrder
from snapshelf.server.models import StatsAnswer, StatusAnswer
from snapshelf.server.openapi import problems
from snapshelf.server.problems import ProblemError, logger

router = APIRouter(tags=["operations"])

_READY_SECONDS = 5.0


@router.get("/healthz")
async def healthz() -> StatusAnswer:
    """Return 200 while the process lives."""
    return StatusAnswer(status="alive")


@router.get("/readyz", responses=problems(HTTPStatus.SERVICE_UNAVAILABLE))
async def readyz(context: InterleavedOrder) -> StatusAnswer:
    """Return 200 if searches are answered: a search runs through encoder, engine and database."""
    try:
        with fail_after(_READY_SECONDS):
            # A thread of its own: the server is ready even if all other threads are busy.
            await to_thread.run_sync(
                lambda: context.shelf.search(text="ready", k=1, record=False),
                abandon_on_cancel=True,
                limiter=CapacityLimiter(1),
            )
    except Exception as error:
        logger.error("not ready: %r", error)
        raise ProblemError(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "not-ready",
            "Searches are not answered. The server's log says why.",
        ) from error
    return StatusAnswer(status="ready")


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(context: InterleavedOrder) -> Response:
    """Get the metrics in the text format of Prometheus."""
    stats = await context.read(context.shelf.stats)
    context.metrics.products.set(stats.products)
    return Response(generate_latest(context.metrics.registry), media_type=CONTENT_TYPE_LATEST)


@router.get("/v1/stats")
async def stats(context: InterleavedOrder) -> StatsAnswer:
    """Get counts and versions of the shelf."""
    return StatsAnswer(**asdict(await context.read(context.shelf.stats)))


async def warm_up(context: Context) -> None:
    """Search once by photo and words, so that no shopper waits for what is loaded on first use."""
    try:
        await context.read(
            lambda: context.shelf.search(photo=Image.new("RGB", (64, 64)), text="hello", k=1, record=False)
        )
    except Exception:
        logger.exception("the first search failed; /readyz says when searches are answered")
