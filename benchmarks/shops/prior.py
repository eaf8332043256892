"""Fit the prior of tuning over shops: ``python -m benchmarks.shops.prior --help``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from benchmarks.shops.shop import open_shop
from benchmarks.shops.sources import SOURCES
from snapshelf.encoders import load_encoder
from snapshelf.search import PRIOR, Prior
from snapshelf.shelf import Shelf
from snapshelf.tuning import Inquiry, fit_prior

SEED = 20_000
"""Shelves tune themselves with other seeds, and judged queries are of other products again."""

_SECONDS = 120.0
_PLAIN = "plain"


def main() -> int:
    """Fit, print and perhaps write; return the exit code."""
    options = _options()
    inquiries = ask(options.shops, options.data, options.cache)
    prior = prior_of(inquiries)
    print(prior.model_dump_json(indent=2))
    if options.write:
        Path(str(resources.files("snapshelf.search") / PRIOR)).write_text(
            prior.model_dump_json(indent=2) + "\n", encoding="utf-8"
        )
    return 0


def ask(names: Sequence[str], data: Path | None, cache: Path) -> dict[str, Inquiry]:
    """Ask shops for their own products; those whose data is not at hand are left out."""
    inquiries = {}
    for name in names:
        shop = open_shop(name, data, cache, _say)
        if shop is None:
            continue
        _say(f"{name}: questions")
        with Shelf.open(shop.shelf, create=False) as shelf:
            inquiry = shelf.inquire(seed=SEED, seconds=_SECONDS)
        if shop.source.photographed == _PLAIN:
            # Plain photos say nothing about what a photo of a real product is worth.
            words = [each for each in inquiry.observations if each.evidence.kind == "words"]
            inquiry = Inquiry(words, inquiry.scales)
        inquiries[name] = inquiry
    return inquiries


def prior_of(inquiries: dict[str, Inquiry], without: str | None = None) -> Prior:
    """Fit the prior over all shops but one."""
    chosen = {
        name: (inquiry.observations, inquiry.scales) for name, inquiry in inquiries.items() if name != without
    }
    return fit_prior(chosen, load_encoder(None).fingerprint)


def _say(what: str) -> None:
    print(f"… {what}", file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shops.prior", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cache", type=Path, default=Path("shops-cache"))
    parser.add_argument("--shops", type=lambda text: text.split(","), default=list(SOURCES))
    parser.add_argument("--write", action="store_true", help="replace the bundled prior")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
