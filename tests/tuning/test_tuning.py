"""Tuning: a shelf finds out what its signals are worth, keeps it, and makes it again when it has changed."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from snapshelf.catalogue import Product
from snapshelf.cli import app
from snapshelf.demo import write_demo
from snapshelf.search import Prior
from snapshelf.shelf import Shelf
from snapshelf.tuning import fit_prior

_KINDS = ("kettle", "router", "stapler", "hammock", "violin", "ladder", "wrench", "toaster")
_WORDS = ("copper", "steel", "wide", "small", "folding", "quiet", "heavy", "garden", "studio", "travel")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """A shop that the encoder knows: drawn products."""
    folder = tmp_path_factory.mktemp("drawn")
    feed = write_demo(folder / "feed", 150).feed
    with Shelf.open(folder / "shelf") as shelf:
        shelf.add(feed)
        yield shelf


@pytest.fixture(scope="module")
def unseen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """A shop that the encoder knows nothing of: its photos are noise."""
    random = np.random.default_rng(5)
    with Shelf.open(tmp_path_factory.mktemp("unseen")) as shelf:
        for number in range(96):
            kind = _KINDS[number % len(_KINDS)]
            title = f"{_WORDS[number % 7]} {kind} {_WORDS[(number * 3) % 10]} {number}"
            product = Product(id=f"u{number}", title=title, category=(kind.capitalize(),))
            buffer = io.BytesIO()
            Image.fromarray(random.integers(0, 256, (48, 48, 3), dtype=np.uint8)).save(buffer, "PNG")
            shelf.put(product, [buffer.getvalue()])
        shelf.tune()
        yield shelf


def test_adding_a_feed_tunes_the_shelf(drawn: Shelf) -> None:
    report = drawn.stats().tuning
    assert report is not None
    assert report.products == drawn.stats().products
    assert report.questions > 100
    assert set(report.weights) == {"photo", "text_image", "text_title", "lexical"}
    assert sum(report.weights.values()) == pytest.approx(1)
    assert report.success["title"] > 0.9
    assert report.success["rare word"] > 0.9


def test_an_encoder_that_knows_nothing_of_the_goods_gets_less_say(drawn: Shelf, unseen: Shelf) -> None:
    known, unknown = drawn.stats().tuning, unseen.stats().tuning
    assert known is not None
    assert unknown is not None
    assert known.worth["text_image"] > 0.7
    assert unknown.worth["text_image"] < 0.6
    assert unknown.weights["text_image"] < 0.8 * known.weights["text_image"]


def test_words_find_their_product_whatever_the_photos_say(unseen: Shelf) -> None:
    for number in (3, 40, 77):
        response = unseen.search(text=f"{_KINDS[number % len(_KINDS)]} {number}", k=3)
        assert response.hits[0].id == f"u{number}"
        assert not response.no_good_match
    kettles = unseen.search(text="kettle", k=20)
    assert kettles.total == 12
    assert all(hit.product.category == ("Kettle",) for hit in kettles)
    assert unseen.search(text="parachute").no_good_match


def test_a_tuning_is_kept_and_of_its_encoder(drawn: Shelf, tmp_path: Path) -> None:
    feed = write_demo(tmp_path / "feed", 40).feed
    with Shelf.open(tmp_path / "shelf") as shelf:
        shelf.add(feed)
        report = shelf.stats().tuning
    kept = tmp_path / "shelf" / "tuning.json"
    before = kept.read_text("utf-8")
    with Shelf.open(tmp_path / "shelf") as shelf:
        assert shelf.stats().tuning == report
    assert kept.read_text("utf-8") == before
    # Another encoder made the cosines that this tuning is about.
    kept.write_text(before.replace(json.loads(before)["calibration"]["fingerprint"], "another"), "utf-8")
    with Shelf.open(tmp_path / "shelf") as shelf:
        assert shelf.stats().tuning is not None
        assert "another" not in kept.read_text("utf-8")
        assert shelf.search(text="dress", k=1).hits[0].relevance is not None


def test_few_products_are_searched_as_other_shops_are(tmp_path: Path) -> None:
    feed = write_demo(tmp_path / "feed", 8).feed
    with Shelf.open(tmp_path / "shelf") as shelf:
        shelf.add(feed)
        assert shelf.stats().tuning is None
        assert not (tmp_path / "shelf" / "tuning.json").exists()
        assert shelf.search(text="dress", k=1).cut_off == Prior.bundled().curves["words"].cut_off


def test_a_title_that_is_an_order_asks_nothing(tmp_path: Path) -> None:
    """Searched for, "New" browses the shop, though the code of the product is retrieved."""
    feed = write_demo(tmp_path / "feed", 40).feed
    lines = [json.loads(line) for line in feed.read_text("utf-8").splitlines()]
    lines[0] |= {"id": "new", "title": "New"}
    feed.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    with Shelf.open(tmp_path / "shelf") as shelf:
        report = shelf.add(feed)
        assert report.added == 40
        assert shelf.stats().tuning is not None


def test_a_small_change_is_no_reason_to_tune_again(tmp_path: Path) -> None:
    feed = write_demo(tmp_path / "feed", 60).feed
    lines = feed.read_text("utf-8").splitlines(keepends=True)
    part = tmp_path / "feed" / "part.jsonl"
    with Shelf.open(tmp_path / "shelf") as shelf:
        for rows, products in ((50, 50), (55, 50), (60, 60)):
            part.write_text("".join(lines[:rows]), "utf-8")
            shelf.add(part)
            report = shelf.stats().tuning
            assert report is not None
            assert report.products == products


def test_weights_of_the_shop_keep_the_tuned_ones_out_of_the_way(tmp_path: Path) -> None:
    feed = write_demo(tmp_path / "feed", 40).feed
    with Shelf.open(tmp_path / "shelf") as shelf:
        shelf.add(feed)
        tuned = shelf.search(text="blue", k=1).hits[0].contributions
    (tmp_path / "shelf" / "search.yaml").write_text("weights: {text_image: 0, text_title: 0, lexical: 1}\n")
    with Shelf.open(tmp_path / "shelf") as shelf:
        own = shelf.search(text="blue", k=1).hits[0].contributions
    assert tuned["text_image"] != 0
    assert own.get("text_image", 0) == 0


def test_a_prior_is_fitted_over_shops(drawn: Shelf, unseen: Shelf) -> None:
    inquiries = {name: shelf.inquire(seed=7) for name, shelf in (("drawn", drawn), ("unseen", unseen))}
    prior = fit_prior(
        {name: (each.observations, each.scales) for name, each in inquiries.items()},
        drawn.stats().fingerprint,
    )
    assert prior.shops == ("drawn", "unseen")
    assert set(prior.curves) == {"words", "photo", "both"}
    assert all(weight >= 0 for weight in prior.weights.values())
    assert Prior.model_validate_json(prior.model_dump_json()) == prior


def test_the_command_prints_what_each_signal_is_worth(tmp_path: Path) -> None:
    feed = write_demo(tmp_path / "feed", 40).feed
    with Shelf.open(tmp_path / "shelf") as shelf:
        shelf.add(feed)
    printed = CliRunner().invoke(app, ["tune", "--shelf", str(tmp_path / "shelf"), "--json"])
    assert printed.exit_code == 0, printed.stderr
    report = json.loads(printed.stdout)
    assert report["products"] == 40
    table = CliRunner().invoke(app, ["stats", "--shelf", str(tmp_path / "shelf")])
    assert "questions to 40 products" in table.stdout
    assert "text_image" in table.stdout
