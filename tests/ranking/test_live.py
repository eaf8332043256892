from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from snapshelf.catalogue import Catalogue, Entry, PhotoEntry, Product
from snapshelf.ranking import (
    CandidateTable,
    FixedFormula,
    InteractionHistories,
    InteractionHistory,
    Items,
    ItemStatistics,
    ItemTable,
    LiveRanking,
    ModelRanker,
    ModelStore,
    NoRanking,
    compute_features,
    count,
)
from tests.ranking.taste_shop import NOW, Shop

DIMENSION = 8


def vector_of(id: str) -> NDArray[np.float32]:
    drawn = np.random.default_rng(sum(id.encode())).normal(size=DIMENSION).astype(np.float32)
    return drawn / np.float32(np.linalg.norm(drawn))


def entries(products: Sequence[Product]) -> list[Entry]:
    return [Entry(each, (PhotoEntry(each.id, vector_of(each.id)),)) for each in products]


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    with Catalogue.open(tmp_path / "catalogue.sqlite") as opened:
        yield opened


def same_as_anew(table: ItemTable, products: Sequence[Product]) -> None:
    """Whether the features are those of columns made of the products there are."""
    anew = Items.of(products, photos={each.id: vector_of(each.id) for each in products})
    ids = [each.id for each in products]
    rows = table.items.rows(ids)
    assert (rows >= 0).all()
    assert len(table.items.gone) == len(table.items) - len(products)
    np.testing.assert_allclose(table.items.log_price[rows], anew.log_price, equal_nan=True)
    assert table.items.photos is not None
    assert anew.photos is not None
    np.testing.assert_allclose(table.items.photos[rows], anew.photos, atol=1e-3)
    for name in ("category", "parent_category", "brand", "colour", "audience", "group"):
        own, theirs = getattr(table.items, name)[rows], getattr(anew, name)
        np.testing.assert_array_equal(own[:, None] == own, theirs[:, None] == theirs)
        np.testing.assert_array_equal(own == -1, theirs == -1)
    if not table.items.gone:  # otherwise the words of what is gone count in the rarity of words
        alike = (table.items.words @ table.items.words.T).toarray()[np.ix_(rows, rows)]
        np.testing.assert_allclose(alike, (anew.words @ anew.words.T).toarray(), atol=1e-5)


changes = st.lists(
    st.tuples(
        st.integers(0, 7),
        st.sampled_from(["red shoe", "blue hat", "red hat", "green long scarf"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


@given(told=st.lists(changes, min_size=1, max_size=4))
@settings(max_examples=25, deadline=None)
def test_columns_follow_the_catalogue(tmp_path_factory: pytest.TempPathFactory, told: list) -> None:
    folder = tmp_path_factory.mktemp("table")
    with Catalogue.open(folder / "catalogue.sqlite") as catalogue:
        table = ItemTable.open(folder / "items.npz", catalogue)
        there: dict[str, Product] = {}
        for batch in told:
            for number, title, removed in batch:
                id = f"p{number}"
                if removed:
                    catalogue.delete([id])
                    there.pop(id, None)
                else:
                    colour, kind = title.split()[0], title.split()[-1]
                    there[id] = Product(
                        id=id,
                        title=title,
                        category=("Wear", kind),
                        attributes={"colour": colour},
                        price=number + 1,
                    )
                    catalogue.put(entries([there[id]]))
            table.follow(catalogue)
            if there:
                same_as_anew(table, list(there.values()))
        table.save(folder / "items.npz")
        again = ItemTable.open(folder / "items.npz", catalogue)
        assert again.version == catalogue.version
        if there:
            same_as_anew(again, list(there.values()))


def test_a_table_that_cannot_be_read_or_is_ahead_is_made_anew(tmp_path: Path, catalogue: Catalogue) -> None:
    catalogue.put(entries([Product(id="a", title="A")]))
    path = tmp_path / "items.npz"
    table = ItemTable.open(path, catalogue)
    table.save(path)
    good = path.read_bytes()
    for broken in (b"", b"broken", good[: len(good) // 2]):
        path.write_bytes(broken)
        assert ItemTable.open(path, catalogue).items.ids == ("a",)
    path.write_bytes(good)
    with Catalogue.open(tmp_path / "other.sqlite") as other:
        assert ItemTable.open(path, other).items.ids == ()


def test_vectors_of_another_encoder_are_read_anew(tmp_path: Path, catalogue: Catalogue) -> None:
    catalogue.put(entries([Product(id="a", title="A")]))
    path = tmp_path / "items.npz"
    table = ItemTable.open(path, catalogue)
    assert table.items.photos is not None
    table.items.photos[:] = 0  # as if they were another encoder's
    table.save(path)
    assert not np.any(ItemTable.open(path, catalogue).items.photos)
    catalogue.set_meta("encoder_fingerprint", "another")
    assert np.any(ItemTable.open(path, catalogue).items.photos)


def test_a_table_of_mostly_removed_products_is_made_anew(tmp_path: Path, catalogue: Catalogue) -> None:
    catalogue.put(entries([Product(id=str(number), title="A") for number in range(10)]))
    path = tmp_path / "items.npz"
    ItemTable.open(path, catalogue).save(path)
    catalogue.delete([str(number) for number in range(5)])
    assert len(ItemTable.open(path, catalogue).items) == 5


@pytest.fixture
def counted(tmp_path: Path, shop: Shop, catalogue: Catalogue) -> LiveRanking:
    catalogue.put(entries(shop.products))
    signals = count(
        shop.items, InteractionHistories(shop.items, shop.interactions, now=NOW), shop.shown, until=NOW
    )
    ModelStore(tmp_path).save_statistics(signals)
    return LiveRanking(tmp_path, catalogue)


def features(signals: ItemStatistics, ids: Sequence[str], past: Sequence[str]) -> NDArray[np.float32]:
    table = CandidateTable(ids, np.ones(len(ids), np.float32))
    return compute_features(signals, table, InteractionHistory.of(signals.items.rows(past)), None)


def model_of(live: LiveRanking) -> object:
    ranker = live.ranker()
    assert isinstance(ranker, ModelRanker)
    return ranker.model


def test_products_come_and_go_without_a_restart(
    tmp_path: Path, shop: Shop, catalogue: Catalogue, counted
) -> None:
    ids, past = [each.id for each in shop.products[:20]], [shop.products[5].id]
    before = counted.statistics()
    table = features(before, ids, past)
    new = Product(id="new", title="shirt number1", brand="New brand", category=("Apparel", "shirt"), price=12)
    catalogue.put(entries([new]))
    catalogue.delete([shop.products[30].id])
    assert counted.statistics() is before, "nobody said that anything has changed"
    counted.changed()
    after = counted.statistics()
    assert after.items.rows(["new", shop.products[30].id]).tolist() == [len(shop.products), -1]
    # Another share of the words is "shirt" now; everything else is as it was.
    np.testing.assert_allclose(features(after, ids, past), table, atol=0.05)
    of_new = features(after, ["new"], past)
    assert np.isfinite(of_new[0]).sum() >= np.isfinite(table[0]).sum() - 2
    columns = counted.ranker().rerank(
        CandidateTable([*ids, "new"], np.ones(21)), InteractionHistory.of(after.items.rows(past)), None
    )
    assert np.isfinite(columns).all()
    assert columns.ranking[-1] != 0


def test_counts_and_models_of_another_process_are_taken_up(
    tmp_path: Path, shop: Shop, catalogue: Catalogue
) -> None:
    catalogue.put(entries(shop.products))
    live = LiveRanking(tmp_path, catalogue)
    assert not live.has_statistics
    assert not live.statistics().popularity.any()
    ModelStore(tmp_path).save_statistics(
        count(shop.items, InteractionHistories(shop.items, shop.interactions, now=NOW), shop.shown, until=NOW)
    )
    assert live.has_statistics
    assert live.statistics().popularity.any()
    assert model_of(live) == FixedFormula()
    assert isinstance(live.ranker("none"), NoRanking)


def test_what_cannot_be_read_is_said_once_and_the_rest_goes_on(
    tmp_path: Path, shop: Shop, catalogue: Catalogue
) -> None:
    catalogue.put(entries(shop.products))
    said: list[str] = []
    live = LiveRanking(tmp_path, catalogue, on_error=said.append)
    folder = tmp_path / "ranking"
    (folder / "current").mkdir(parents=True)
    (folder / "counts.npz").write_bytes(b"broken")
    (folder / "current" / "ranking.json").write_text(json.dumps({"features": "other", "names": []}))
    for _ in range(3):
        assert model_of(live) == FixedFormula()
    assert len(said) == 2
    assert "counts" in said[0]
    assert "other features" in said[1]


def test_a_server_answers_while_many_products_are_read(tmp_path: Path, catalogue: Catalogue) -> None:
    catalogue.put(entries([Product(id=str(number), title="A") for number in range(30)]))
    live = LiveRanking(tmp_path, catalogue, blocking=False, read_at_once=10)
    assert live.statistics() is None
    for _ in range(200):
        if (signals := live.statistics()) is not None:
            break
        time.sleep(0.02)
    assert signals is not None
    assert len(signals.items) == 30
    for _ in range(200):
        if (tmp_path / "ranking" / "items.npz").exists():
            break
        time.sleep(0.02)
    assert len(ItemTable.open(tmp_path / "ranking" / "items.npz", catalogue).items) == 30
