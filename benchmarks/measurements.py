"""Percentiles, medians and how figures are printed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median
from typing import Any, TypeAlias

import numpy as np

Figures: TypeAlias = dict[str, Any]
"""Heading → name → figure, or → table rows by name."""


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """p50, p95 and p99 in milliseconds."""
    p50, p95, p99 = np.percentile(np.asarray(seconds) * 1_000, [50, 95, 99])
    return {"p50 ms": float(p50), "p95 ms": float(p95), "p99 ms": float(p99)}


def timed(calls: Iterable[Callable[[], object]]) -> dict[str, float]:
    """Time calls by the clock and by what the processor spends on each, which others on the machine lengthen less."""
    elapsed, spent = [], []
    for call in calls:
        start, before = time.perf_counter(), time.process_time()
        call()
        elapsed.append(time.perf_counter() - start)
        spent.append(time.process_time() - before)
    p50, p95 = np.percentile(np.asarray(spent) * 1_000, [50, 95])
    return {**percentiles(elapsed), "processor p50 ms": float(p50), "processor p95 ms": float(p95)}


def medians(repeats: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Take the median of each figure over repeats."""
    return {name: median(repeat[name] for repeat in repeats) for name in repeats[0]}


def as_text(figures: Figures) -> str:
    """Lay the figures out for people."""
    lines: list[str] = []
    for heading, content in figures.items():
        lines += ["", heading[:1].upper() + heading[1:]]
        width = max(map(len, content))
        for name, value in content.items():
            lines.append(f"  {name:<{width}}  {_value(value)}")
    return "\n".join(lines[1:])


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "   ".join(f"{name} {_value(each)}" for name, each in value.items())
    if isinstance(value, float):
        return f"{value:,.1f}" if abs(value) >= 1 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
