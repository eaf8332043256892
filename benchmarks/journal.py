"""How fast the journal is: ``python -m benchmarks.journal``.

Made-up shoppers click, look at, put into the cart and buy made-up products, whose vectors have 256 dimensions. Measured
are events kept in a second by size of what is told at once, and by how many tell it; how long one event takes from
telling to the profile; how long a profile takes to be read; and the same over HTTP, by a server on all cores.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np

from benchmarks.http_latency import _server
from benchmarks.measurements import Figures, as_text, percentiles
from snapshelf.catalogue import Product
from snapshelf.events import Event, EventKind, ProductTraits, SqlJournal, write_event
from snapshelf.events.profile import fold
from snapshelf.shelf import Shelf

_PRODUCTS = 20_000
_SHOPPERS = 5_000
_KINDS: tuple[EventKind, ...] = ("click", "view", "long_view", "cart", "purchase")
_BY_HTTP_PRODUCTS = 500


def main() -> None:
    """Tell, ask, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.journal", description=__doc__)
    parser.add_argument("--events", type=int, default=20_000, help="for each figure")
    parser.add_argument("--postgresql", metavar="URL", help="an empty database, instead of SQLite")
    parser.add_argument("--http", action="store_true", help="also over HTTP")
    options = parser.parse_args()
    figures: Figures = {"machine": {"cores": len(os.sched_getaffinity(0)), "load before": os.getloadavg()[0]}}
    with tempfile.TemporaryDirectory() as folder:
        location = options.postgresql or str(Path(folder) / "journal.db")
        with SqlJournal.open(location, traits=_wares(), space="benchmark") as journal:
            figures |= _measure(journal, options.events)
        if options.http:
            figures["over HTTP"] = _over_http(Path(folder) / "shelf", options.events)
    print(as_text(figures))


def _measure(journal: SqlJournal, count: int) -> Figures:
    draw, wares = np.random.default_rng(0), _wares()
    rates = {}
    for at_once, threads in ((1, 1), (1, 16), (1, 64), (10, 4), (100, 1), (1_000, 1)):
        told = _events(draw, count if at_once > 1 or threads > 1 else count // 10, f"{at_once}-{threads}")
        chunks = [told[start : start + at_once] for start in range(0, len(told), at_once)]
        name = f"{at_once} at once, {threads} {'tells' if threads == 1 else 'tell'}"
        rates[name] = _rate(journal.append, chunks, threads)
    one, read, folded = [], [], []
    for event in _events(draw, 1_000, "one"):
        started = time.perf_counter()
        journal.append([event])
        one.append(time.perf_counter() - started)
        started = time.perf_counter()
        known = journal.profile(event.shopper)
        read.append(time.perf_counter() - started)
        started = time.thread_time()
        fold(known, [event], wares([event.product or ""]), lambda _: None).to_bytes()
        folded.append(time.thread_time() - started)
    sizes = [len(journal.profile(f"s{number}").to_bytes()) for number in range(200)]
    return {
        "events kept in a second": rates,
        "one event, told until it is in the profile and on disk": percentiles(one),
        "an event is folded into a profile, processor time": percentiles(folded),
        "a profile is read": percentiles(read),
        "bytes of a profile": {"mean": float(np.mean(sizes)), "largest": max(sizes)},
    }


def _rate(
    append: Callable[[Sequence[Event]], object], chunks: Sequence[Sequence[Event]], threads: int
) -> Mapping[str, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(append, chunks))
    count = sum(map(len, chunks))
    return {
        "events/s": count / (time.perf_counter() - wall),
        "ms of processor time each": (time.process_time() - cpu) / count * 1e3,
    }


def _over_http(folder: Path, events: int) -> Figures:
    with Shelf.open(folder) as shelf:
        shelf.add(Product(id=f"p{n}", title=f"thing {n}", price=5 + n) for n in range(_BY_HTTP_PRODUCTS))
    figures = {}
    with _server(folder, sorted(os.sched_getaffinity(0))) as (_, address):
        for at_once, clients in ((1, 16), (100, 2)):
            count = events if at_once > 1 else events // 10
            told = _events(np.random.default_rng(1), count, f"http-{at_once}", products=_BY_HTTP_PRODUCTS)
            bodies = [
                "\n".join(json.dumps(write_event(event)) for event in told[start : start + at_once])
                for start in range(0, count, at_once)
            ]
            with httpx.Client(base_url=address, timeout=60) as client, ThreadPoolExecutor(clients) as pool:

                def post(body: str, client: httpx.Client = client) -> None:
                    headers = {"content-type": "application/x-ndjson"}
                    client.post("/v1/events", content=body, headers=headers).raise_for_status()

                started = time.perf_counter()
                list(pool.map(post, bodies))
                figures[f"{at_once} at once, {clients} clients"] = {
                    "events/s": count / (time.perf_counter() - started)
                }
    return figures


def _events(draw: np.random.Generator, count: int, name: str, *, products: int = _PRODUCTS) -> list[Event]:
    start = time.time() - 86_400
    shoppers, wares = draw.integers(0, _SHOPPERS, count), draw.integers(0, products, count)
    kinds = draw.choice(len(_KINDS), count, p=(0.5, 0.3, 0.1, 0.06, 0.04))
    return [
        Event(f"{name}-{n}", f"s{shoppers[n]}", _KINDS[kinds[n]], start + n * 86_000 / count, f"p{wares[n]}")
        for n in range(count)
    ]


def _wares() -> Callable[[Sequence[str]], Mapping[str, ProductTraits]]:
    vectors = np.random.default_rng(2).normal(size=(_PRODUCTS, 256)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    wares = {
        f"p{n}": ProductTraits(
            vector, f"Shop > aisle {n % 20} > kind {n % 200}", f"brand {n % 400}", f"{n % 12}", f"{n % 9}"
        )
        for n, vector in enumerate(vectors)
    }
    return lambda ids: {id: wares[id] for id in ids if id in wares}


if __name__ == "__main__":
    main()
