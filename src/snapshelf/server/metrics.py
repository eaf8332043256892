"""Prometheus metrics of an application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

if TYPE_CHECKING:
    from collections.abc import Mapping

_STAGES = ("decode", "understand", "encode", "recall", "rank", "facets")
_STAGE_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_REQUEST_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 30.0, 120.0)


class Metrics:
    """Metrics in a registry of their own, so that several applications can share a process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "snapshelf_http_requests_total",
            "Requests answered.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.request_seconds = Histogram(
            "snapshelf_http_request_seconds",
            "Time from a request's headers to the end of its answer.",
            ["method", "route"],
            buckets=_REQUEST_BUCKETS,
            registry=self.registry,
        )
        self.in_flight = Gauge(
            "snapshelf_http_requests_in_flight", "Requests being answered.", registry=self.registry
        )
        self.products = Gauge("snapshelf_products", "Products on the shelf.", registry=self.registry)
        self._stages = Histogram(
            "snapshelf_search_stage_seconds",
            f"Time of a search by stage: {', '.join(_STAGES)}.",
            ["stage"],
            buckets=_STAGE_BUCKETS,
            registry=self.registry,
        )
        for stage in _STAGES:
            self._stages.labels(stage)
        ProcessCollector(registry=self.registry)

    def observe_search(self, timings: Mapping[str, float]) -> None:
        """Record the timings of a search, in seconds by stage."""
        for stage, seconds in timings.items():
            self._stages.labels(stage).observe(seconds)
