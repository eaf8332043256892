"""``python -m benchmarks``: measure, print."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from benchmarks import (
    disk_sizes,
    http_latency,
    indexing_rate,
    machine,
    measurements,
    search_latency,
    workload,
)
from snapshelf.errors import SnapshelfError


def main() -> int:
    """Run the benchmarks; returns the exit code."""
    options = _options()
    try:
        with tempfile.TemporaryDirectory(prefix="snapshelf-bench-") as scratch:
            figures = measure(options, Path(scratch))
    except SnapshelfError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(
        json.dumps(figures, indent=2, ensure_ascii=False) if options.json else measurements.as_text(figures)
    )
    return 0


def measure(options: argparse.Namespace, scratch: Path) -> measurements.Figures:
    """Take every figure, saying on standard error what is going on."""
    cores = machine.cores(options.threads)
    report_progress("material")
    material = workload.prepare(options.shelf, scratch, options.products, options.queries)
    figures: measurements.Figures = {
        "machine": machine.describe_machine(cores),
        "shelf": material.description,
    }
    report_progress("indexing")
    figures["indexing"] = indexing_rate.measure(material, scratch, cores, options.repeats)
    report_progress("queries in process")
    figures["queries in process"] = search_latency.measure(material, cores, options.repeats)
    report_progress("queries over HTTP")
    figures |= http_latency.measure(material, cores, options.repeats, options.clients, options.seconds)
    figures["sizes"] = disk_sizes.measure(material.shelf, options.venv)
    return figures


def report_progress(what: str) -> None:
    """Say what is being done."""
    print(f"… {what}", file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Photos indexed per second, latency in process and over HTTP, memory, sizes, cold start.",
    )
    parser.add_argument(
        "--shelf", type=Path, help="an existing shelf; by default one of the drawn catalogue is built"
    )
    parser.add_argument(
        "--products", type=int, default=1_500, help="products of that catalogue (%(default)s)"
    )
    parser.add_argument("--queries", type=int, default=200, help="queries of each kind (%(default)s)")
    parser.add_argument(
        "--repeats", type=int, default=3, help="figures are medians over repeats (%(default)s)"
    )
    parser.add_argument(
        "--clients", type=int, nargs="+", default=[1, 4, 16], help="HTTP clients at once (%(default)s)"
    )
    parser.add_argument(
        "--seconds", type=float, default=5, help="most time for one HTTP measurement (%(default)s)"
    )
    parser.add_argument("--threads", type=int, help="bind what is measured to so many cores, for example 1")
    parser.add_argument("--venv", type=Path, help="virtual environment whose size on disk is reported too")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
