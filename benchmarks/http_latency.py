"""Latency of searches over HTTP, cold start and memory of the server."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from benchmarks.measurements import Figures, medians, percentiles
from benchmarks.workload import Material
from snapshelf.errors import SnapshelfError

_WARM_UP = 20


def measure(
    material: Material, cores: Sequence[int], repeats: int, clients: Sequence[int], seconds: float
) -> Figures:
    """Ask a server of its own process; the clients are not bound to its cores."""
    bodies: dict[str, list[dict[str, Any]]] = {
        "photo": [{"content": photo, "headers": {"content-type": "image/jpeg"}} for photo in material.photos],
        "words": [{"json": {"text": text}} for text in material.texts],
    }
    starts = []
    for _ in range(repeats):
        start = time.perf_counter()
        with _server(material.shelf, cores) as (_, address):
            httpx.post(f"{address}/v1/search", timeout=60, **bodies["words"][0]).raise_for_status()
            starts.append(time.perf_counter() - start)
    latency: dict[str, Any] = {}
    with _server(material.shelf, cores) as (process, address):
        for kind, requests in bodies.items():
            asyncio.run(_ask(address, requests[:_WARM_UP], 1, seconds))
            for at_once in clients:
                rounds = [asyncio.run(_ask(address, requests, at_once, seconds)) for _ in range(repeats)]
                latency[f"{kind}, {at_once} clients"] = medians(
                    [percentiles(times) | {"per second": rate} for times, rate in rounds]
                )
        memory = _memory(process.pid)
    return {
        "queries over HTTP": latency,
        "memory of the server in MB, after the queries": memory,
        "cold start": {"seconds from process start to first answer": median(starts)},
    }


@contextmanager
def _server(shelf: Path, cores: Sequence[int]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    program = f"import os; os.sched_setaffinity(0, {list(cores)}); from snapshelf.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "serve", "--shelf", str(shelf), "--port", "0"],
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stderr is not None  # noqa: S101
    said = []
    try:
        for line in process.stderr:
            said.append(line)
            if match := re.search(r"http://\S+", line):
                yield process, match[0]
                return
        raise SnapshelfError(f"the server did not start: {''.join(said)}")
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stderr.close()


async def _ask(
    address: str, requests: Sequence[dict[str, Any]], at_once: int, seconds: float
) -> tuple[list[float], float]:
    """Send every request once from so many clients, or as many as the time allows; seconds each, and the rate."""
    times: list[float] = []
    turn = count()
    end = time.perf_counter() + seconds

    async def client() -> None:
        async with httpx.AsyncClient(base_url=address, timeout=60) as http:
            while (number := next(turn)) < len(requests) * at_once and time.perf_counter() < end:
                start = time.perf_counter()
                response = await http.post("/v1/search", **requests[number % len(requests)])
                response.raise_for_status()
                times.append(time.perf_counter() - start)

    start = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(at_once)))
    return times, len(times) / (time.perf_counter() - start)


def _memory(server: int) -> dict[str, float]:
    """Resident memory of the server and of its children."""
    children = [
        int(stat.parent.name)
        for stat in Path("/proc").glob("[0-9]*/stat")
        # The second field, the name, may contain spaces and parentheses.
        if int(stat.read_text().rpartition(")")[2].split()[1]) == server
    ]
    server_size, children_size = _resident(server), sum(map(_resident, children))
    return {"server": server_size, "engine's process": children_size, "together": server_size + children_size}


def _resident(process: int) -> float:
    fields = Path(f"/proc/{process}/status").read_text()
    match = re.search(r"VmRSS:\s+(\d+) kB", fields)
    return int(match[1]) * 1_024 / 1_000_000 if match else 0.0
