from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from snapshelf.catalogue import Product
from snapshelf.errors import ShelfError
from snapshelf.ranking import (
    CandidateTable,
    InteractionHistories,
    Items,
    ItemStatistics,
    ModelStore,
    compute_features,
    count,
)
from tests.ranking.taste_shop import NOW, Shop


@pytest.fixture(scope="module")
def signals(shop: Shop) -> ItemStatistics:
    return count(
        shop.items, InteractionHistories(shop.items, shop.interactions, now=NOW), shop.shown, until=NOW
    )


def features(signals: ItemStatistics, shop: Shop, ids: list[str]) -> np.ndarray:
    items = signals.items
    past = InteractionHistories(items, shop.interactions, now=NOW).history("s3", NOW)
    return compute_features(signals, CandidateTable(ids, np.ones(len(ids), np.float32)), past, NOW)


def test_counts_come_back_for_a_catalogue_that_has_changed(
    tmp_path: Path, shop: Shop, signals: ItemStatistics
) -> None:
    ranking = ModelStore(tmp_path)
    assert not ranking.has_statistics
    ranking.save_statistics(signals)
    # The other way round, so that all rows and codes of brands differ, and with a new product.
    changed = Items.of([Product(id="new", title="new", brand="New"), *reversed(shop.products)])
    kept = ranking.statistics(changed)
    ids = [each.id for each in shop.products if each.category[-1] == "hat"]
    # Less exact than float32: the taste space is kept as float16.
    np.testing.assert_allclose(features(kept, shop, ids), features(signals, shop, ids), rtol=1e-2, atol=1e-2)
    assert kept.popularity[changed.rows(["new"])] == 0
    for name in ("impressions", "clicks", "repeats"):
        np.testing.assert_allclose(
            getattr(kept, name)[changed.rows(ids)], getattr(signals, name)[shop.items.rows(ids)]
        )


def test_a_product_that_went_leaves_no_trace(tmp_path: Path, shop: Shop, signals: ItemStatistics) -> None:
    ModelStore(tmp_path).save_statistics(signals)
    fewer = Items.of(shop.products[:10])
    assert ModelStore(tmp_path).statistics(fewer).together.shape == (10, 10)


def test_broken_and_truncated_counts_are_said(tmp_path: Path, shop: Shop, signals: ItemStatistics) -> None:
    ranking, path = ModelStore(tmp_path), tmp_path / "ranking" / "counts.npz"
    ranking.save_statistics(signals)
    for broken in (b"broken", b"", path.read_bytes()[:2_000]):
        path.write_bytes(broken)
        with pytest.raises(ShelfError, match="the counts cannot be read"):
            ranking.statistics(shop.items)
