"""Counts that go on from the journal are those of counting everything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from snapshelf.catalogue import Catalogue, Entry
from snapshelf.cli import app
from snapshelf.events import Event, SqlJournal
from snapshelf.ranking import (
    InteractionHistories,
    Items,
    ItemStatistics,
    ModelStore,
    count,
    refresh_statistics,
)
from snapshelf.ranking.refresh import Refreshed
from snapshelf.ranking.statistics_file import load_counter
from tests.ranking.taste_shop import NOW, Shop


@pytest.fixture
def catalogue(tmp_path: Path, shop: Shop) -> Iterator[Catalogue]:
    with Catalogue.open(tmp_path / "catalogue.sqlite") as catalogue:
        catalogue.put([Entry(product, ()) for product in shop.products])
        yield catalogue


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqlJournal]:
    with SqlJournal.open(tmp_path / "journal.db") as journal:
        yield journal


def tell(journal: SqlJournal, shop: Shop, part: slice) -> None:
    """Some come later than younger ones, and some products are bought once more on another day."""
    for number in range(len(shop.shown))[part]:
        journal.record_impression(shop.shown[number])
    numbered = list(enumerate(shop.interactions))[part]
    journal.append(
        Event(
            f"e{number}",
            interaction.shopper,
            interaction.kind,
            interaction.at,
            interaction.product,
            interaction.query_id,
        )
        for number, interaction in numbered[1::2] + numbered[::2]
    )


def assert_counted(found: ItemStatistics, journal: SqlJournal, items: Items, at: float) -> None:
    log = journal.log()
    expected = count(items, InteractionHistories(items, log.interactions, now=at), log.impressions, until=at)
    assert expected.popularity.sum() > 0
    for name in ("together", "baskets", "brands"):
        np.testing.assert_allclose(
            getattr(found, name).toarray(),
            getattr(expected, name).toarray(),
            rtol=1e-4,
            atol=1e-6,
            err_msg=name,
        )
    for name in ("popularity", "popularity_recent", "click_rate", "brand_popularity"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-3, err_msg=name)
    for name in ("impressions", "clicks", "repeats"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-3, err_msg=name)


def test_what_is_added_bit_by_bit_is_what_is_counted_at_once(
    tmp_path: Path, shop: Shop, catalogue: Catalogue, journal: SqlJournal
) -> None:
    ranking = ModelStore(tmp_path)
    for number, part in enumerate((slice(None, 500), slice(500, 700), slice(700, None))):
        tell(journal, shop, part)
        at = NOW + number * 86_400
        done = refresh_statistics(ranking, journal, shop.items, catalogue, now=at)
        assert done.anew == (number == 0)
        assert done.events == len(shop.interactions[part])
        assert_counted(ranking.statistics(shop.items), journal, shop.items, at)
    assert ranking.statistics(shop.items).taste is not None
    assert refresh_statistics(ranking, journal, shop.items, catalogue, now=NOW + 3 * 86_400) == Refreshed(
        0, 0, False
    )


def test_who_was_forgotten_is_in_no_count(
    tmp_path: Path, shop: Shop, catalogue: Catalogue, journal: SqlJournal
) -> None:
    ranking = ModelStore(tmp_path)
    tell(journal, shop, slice(None))
    refresh_statistics(ranking, journal, shop.items, catalogue, now=NOW)
    before = ranking.statistics(shop.items).brand_popularity.sum()
    journal.forget("s1")
    assert refresh_statistics(ranking, journal, shop.items, catalogue, now=NOW).anew
    assert_counted(ranking.statistics(shop.items), journal, shop.items, NOW)
    assert ranking.statistics(shop.items).brand_popularity.sum() < before


def test_events_of_a_removed_product_are_no_error(
    tmp_path: Path, shop: Shop, catalogue: Catalogue, journal: SqlJournal
) -> None:
    tell(journal, shop, slice(None))
    removed = shop.products[0].id
    items = Items.of(shop.products[1:])
    catalogue.delete([removed])
    ranking = ModelStore(tmp_path)
    assert refresh_statistics(ranking, journal, items, catalogue, now=NOW).anew
    assert_counted(ranking.statistics(items), journal, items, NOW)


@pytest.mark.parametrize("damage", ["missing", "cut short", "newer"])
def test_what_cannot_be_gone_on_from_is_counted_anew(
    tmp_path: Path, shop: Shop, catalogue: Catalogue, journal: SqlJournal, damage: str
) -> None:
    ranking = ModelStore(tmp_path)
    tell(journal, shop, slice(None, 300))
    refresh_statistics(ranking, journal, shop.items, catalogue, now=NOW)
    state = ranking.counter / "state.json"
    if damage == "missing":
        (ranking.counter / "together.npz").unlink()
    elif damage == "cut short":
        state.write_text(state.read_text("utf-8")[:40], "utf-8")
    else:
        state.write_text(json.dumps(json.loads(state.read_text("utf-8")) | {"format": 99}), "utf-8")
    assert load_counter(ranking.counter) is None
    assert refresh_statistics(ranking, journal, shop.items, catalogue, now=NOW).anew
    assert_counted(ranking.statistics(shop.items), journal, shop.items, NOW)


def test_the_command(tmp_path: Path, shop: Shop, catalogue: Catalogue, journal: SqlJournal) -> None:
    tell(journal, shop, slice(None))
    run = CliRunner().invoke(app, ["rank", "refresh", "--shelf", str(tmp_path), "--json"])
    assert json.loads(run.stdout) == {
        "events": len(shop.interactions),
        "impressions": len(shop.shown),
        "anew": True,
    }
    run = CliRunner().invoke(app, ["rank", "refresh", "--shelf", str(tmp_path)])
    assert run.stdout == "counted 0 events and 0 impressions\n"
