"""Measure search in shops of many kinds: ``python -m benchmarks.shops --help``."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.shops import cases, latency, photo_colours, prior, report, systems
from benchmarks.shops.measure import measure
from benchmarks.shops.queries import Judge
from benchmarks.shops.shop import Shop, open_shop
from benchmarks.shops.sources import ON_DEMAND, SOURCES
from snapshelf.encoders import load_encoder
from snapshelf.errors import SnapshelfError
from snapshelf.shelf import Shelf

_USUAL = [name for name in SOURCES if name not in ON_DEMAND]


def main() -> int:
    """Measure, print; return the exit code."""
    options = _options()
    try:
        figures = run(options)
    except SnapshelfError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(
        json.dumps(figures, indent=2, ensure_ascii=False)
        if options.json
        else report.as_text(figures, options.failures)
    )
    return 0


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Take every figure of the shops that are at hand."""
    shops: list[Shop] = []
    missing: list[str] = []
    for name in options.shops:
        shop = open_shop(name, options.data, options.cache, _say)
        if shop is None:
            missing.append(name)
        else:
            shops.append(shop)
    if missing:
        _say(f"not measured, as --data has them: {', '.join(missing)}")
    inquiries = prior.ask(_USUAL, options.data, options.cache) if options.leave_one_out else {}
    encoder = load_encoder(None)
    judges = {shop.name: Judge(shop, options.queries) for shop in shops}
    figures: dict[str, Any] = {"shops": {}}
    for shop in shops:
        started = time.perf_counter()
        judge = judges[shop.name]
        queries = judge.queries([other for name, other in judges.items() if name != shop.name])
        titles = {product.id: product.title for product in shop.products}
        with Shelf.open(shop.shelf, create=False) as shelf:
            if inquiries:
                shelf.tune(prior=prior.prior_of(inquiries, without=shop.name))
            measured = measure(shelf, [*queries, *judge.photo_queries()], titles)
            named = cases.run(shelf, shop.name)
            if shop.name == "demo":
                figures["photo_colours"] = asdict(photo_colours.measure(shelf, shop.source.photos))
        if inquiries:
            shop.forget_tuning()
        figures["shops"][shop.name] = {
            "products": len(shop.products),
            "photos": shop.source.photographed,
            "shares": measured.shares,
            "systems": systems.compare(shop, encoder, queries),
            "cases": named,
            "failures": measured.failures,
        }
        _say(f"{shop.name}: {time.perf_counter() - started:.0f} s")
    if options.shelf is not None:
        figures["latency"] = latency.measure(options.shelf)
    return figures


def _say(what: str) -> None:
    print(f"… {what}", file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shops", description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=Path("../shared/data"), help="folder of shared data (%(default)s)"
    )
    parser.add_argument(
        "--cache", type=Path, default=Path("shops-cache"), help="keeps the shelves (%(default)s)"
    )
    parser.add_argument("--shops", type=_names, default=_USUAL, help=f"of {', '.join(SOURCES)}")
    parser.add_argument("--queries", type=int, default=100, help="most of a measure and shop (%(default)s)")
    parser.add_argument("--shelf", type=Path, help="a large shelf, whose latency is measured")
    parser.add_argument(
        "--leave-one-out",
        action="store_true",
        help="tune each shop with a prior of the other shops, instead of the bundled prior of all",
    )
    parser.add_argument("--failures", type=int, default=0, help="examples of each measure to print")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args()


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in SOURCES]:
        raise argparse.ArgumentTypeError(f"no shop {unknown[0]!r}; there are {', '.join(SOURCES)}")
    return names


if __name__ == "__main__":
    sys.exit(main())
