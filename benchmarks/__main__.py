"""``python -m benchmarks``: measure, print."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from benchmarks import _http, _indexing, _latency, _machine, _material, _numbers, _sizes
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
    print(json.dumps(figures, indent=2, ensure_ascii=False) if options.json else _numbers.as_text(figures))
    return 0


def measure(options: argparse.Namespace, scratch: Path) -> _numbers.Figures:
    """Take every figure, saying on standard error what is going on."""
    cores = _machine.cores(options.threads)
    tell("material")
    material = _material.prepare(options.shelf, scratch, options.products, options.queries)
    figures: _numbers.Figures = {"machine": _machine.facts(cores), "shelf": material.facts}
    tell("indexing")
    figures["indexing"] = _indexing.measure(material, scratch, cores, options.repeats)
    tell("queries in process")
    figures["queries in process"] = _latency.measure(material, cores, options.repeats)
    tell("queries over HTTP")
    figures |= _http.measure(material, cores, options.repeats, options.clients, options.seconds)
    figures["sizes"] = _sizes.measure(material.shelf, options.venv)
    return figures


def tell(what: str) -> None:
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
