"""What the figures were taken on, and running something on some of its cores only."""

from __future__ import annotations

import multiprocessing
import os
import platform
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def cores(wanted: int | None) -> list[int]:
    """Choose the cores that what is measured may use: the first so many of those given to this process."""
    available = sorted(os.sched_getaffinity(0))
    return available if wanted is None else available[:wanted]


def apart(
    cores: Sequence[int], call: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> Result:
    """Call a function in a fresh process that is bound to these cores from its start."""
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawning, initializer=bind, initargs=(list(cores),)) as pool:
        return pool.submit(call, *args, **kwargs).result()


def bind(cores: Sequence[int]) -> None:
    """Bind this process, and its children to come, to these cores."""
    os.sched_setaffinity(0, cores)


def describe_machine(cores: Sequence[int]) -> dict[str, Any]:
    """Describe the machine."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": models[0] if models else platform.machine(),
        "cores used": len(cores),
        "cores of the machine": os.cpu_count(),
        "load before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "system": platform.platform(),
    }
