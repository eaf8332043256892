"""What a shelf takes over from before, and what a shop's own lexicon changes in it."""

from __future__ import annotations

import shutil
import sqlite3
import time
from pathlib import Path

import numpy as np
import pytest

from snapshelf.catalogue import Catalogue, Product, Row, open_photos
from snapshelf.demo import DemoProduct
from snapshelf.encoders import OnnxEncoder, load_encoder
from snapshelf.errors import LexiconError, ProductError
from snapshelf.shelf import Shelf
from snapshelf.shelf.folder import open_index, shop_lexicon
from snapshelf.shelf.ingest import prepare_all, prepare_one, write
from snapshelf.shelf.sync import catch_up, fill_titles
from tests.shelf.small_encoder import write_small_encoder

COUNT = 40


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> OnnxEncoder:
    folder = tmp_path_factory.mktemp("encoder") / "model"
    write_small_encoder(folder, seed=0, dimension=40)
    return load_encoder(folder)


@pytest.fixture(scope="module")
def filled(feed: Path, encoder: OnnxEncoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("before") / "shelf"
    with Shelf.open(folder, encoder=encoder.description.folder) as shelf:
        shelf.add(feed)
    return folder


@pytest.fixture
def folder(filled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(filled, tmp_path / "shelf"))


def run_sql(folder: Path, *statements: str) -> None:
    connection = sqlite3.connect(folder / "catalogue.sqlite")
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def to_schema_1(folder: Path) -> None:
    run_sql(
        folder,
        "DROP TABLE title",
        "ALTER TABLE product DROP COLUMN added",
        "UPDATE state SET value = 1 WHERE name = 'schema'",
        "DELETE FROM meta WHERE key = 'records_fingerprint'",
    )


def titles_of(catalogue: Catalogue, encoder: OnnxEncoder) -> dict[str, np.ndarray]:
    products = catalogue.get_many(catalogue.ids())
    vectors = encoder.encode_texts([each.title for each in products.values()])
    return dict(zip(products, vectors, strict=True))


def test_titles_and_times_come_with_the_products(folder: Path, encoder: OnnxEncoder) -> None:
    with Catalogue.open(folder / "catalogue.sqlite") as catalogue:
        assert catalogue.title_count() == COUNT
        stored = catalogue.titles(catalogue.ids())
        for id, vector in titles_of(catalogue, encoder).items():
            assert stored[id] == pytest.approx(vector, abs=1e-3)
        (first, *_) = catalogue.changes(0, 1)
    assert first.entry is not None
    assert abs(first.entry.added - time.time()) < 3_600


def test_a_shelf_from_before_titles_had_vectors_gets_them(folder: Path, encoder: OnnxEncoder) -> None:
    to_schema_1(folder)
    seen: list[tuple[int, int]] = []
    with Catalogue.open(folder / "catalogue.sqlite") as catalogue:
        before = catalogue.version
        assert len(catalogue.untitled(limit=3)) == 3
        assert fill_titles(catalogue, encoder, lambda *told: seen.append(told)) == COUNT
        assert seen == [(COUNT, COUNT)]
        assert catalogue.version == before + COUNT
        stored = catalogue.titles(catalogue.ids())
        for id, vector in titles_of(catalogue, encoder).items():
            assert stored[id] == pytest.approx(vector, abs=1e-3)
        assert {change.entry.added for change in catalogue.changes(0, 100) if change.entry} == {None}
        assert fill_titles(catalogue, encoder) == 0
        with open_index(folder, encoder.dimension) as store:
            catch_up(catalogue, store)
            assert store.version == catalogue.version
            (found,) = store.nearest(stored[catalogue.ids()[7]], 1, using="title")
            title = catalogue.get_many([found.id])[found.id].title
            assert title == catalogue.get_many(catalogue.ids())[catalogue.ids()[7]].title


def test_a_shop_names_things_its_own_way(
    folder: Path, encoder: OnnxEncoder, drawings: list[DemoProduct]
) -> None:
    def found(words: str) -> set[str]:
        with (
            Catalogue.open(folder / "catalogue.sqlite") as catalogue,
            open_index(folder, encoder.dimension) as store,
        ):
            catch_up(catalogue, store, shop_lexicon(folder))
            return {each.id for each in store.matching({words: 1.0}, COUNT)}

    red = {each.id for each in drawings if each.colour == "red"}
    assert red
    assert found("§colour/red") >= red
    assert found("§mood/loud") == set()
    (folder / "lexicon.yaml").write_text("mood:\n  loud: {en: [red]}\n", encoding="utf-8")
    assert found("§mood/loud") >= red
    (folder / "lexicon.yaml").unlink()
    assert found("§mood/loud") == set()
    (folder / "lexicon.yaml").write_text("mood: loud", encoding="utf-8")
    with pytest.raises(LexiconError, match=r"lexicon\.yaml"):
        found("red")


def test_only_a_changed_title_is_encoded_again(
    folder: Path,
    encoder: OnnxEncoder,
    monkeypatch: pytest.MonkeyPatch,
    drawings: list[DemoProduct],
    feed: Path,
) -> None:
    encoded: list[str] = []
    encode = OnnxEncoder.encode_texts

    def noting(self: OnnxEncoder, texts: list[str]) -> np.ndarray:
        encoded.extend(texts)
        return encode(self, texts)

    monkeypatch.setattr(OnnxEncoder, "encode_texts", noting)
    with Catalogue.open(folder / "catalogue.sqlite") as catalogue:

        def put(product: Product, photos: list[bytes] | None = None) -> bool:
            prepared = prepare_one(product, photos, catalogue, encoder)
            changed = write(catalogue, [prepared])
            assert [each.id for each in changed.before] == [each.id for each in changed.after]
            return changed.after == (product,)

        product = catalogue.get_many([drawings[0].id])[drawings[0].id]
        assert not put(product)
        assert put(product.model_copy(update={"price": 5}))
        drawings[0].photo().save(folder.parent / "new.png")
        assert put(product, [(folder.parent / "new.png").read_bytes()])
        assert encoded == []
        assert put(Product(id=product.id, title="Quite another"))
        assert encoded == ["Quite another"]
        (expected,) = encode(encoder, encoded)
        assert catalogue.titles([product.id])[product.id] == pytest.approx(expected, abs=1e-3)
        with pytest.raises(ProductError, match="at least one photo"):
            put(Product(id="new", title="New"))
        # Of two products with the same title one is encoded.
        encoded.clear()
        rows = [Row(1, Product(id=id, title="Same", images=(f"{drawings[1].id}.jpg",))) for id in "ab"]
        with open_photos(feed.parent) as source:
            (prepared,) = prepare_all(rows, catalogue, encoder, source, "")
        assert encoded == ["Same"]
        changed = write(catalogue, prepared)
        assert (changed.before, [each.id for each in changed.after]) == ((), ["a", "b"])
        assert catalogue.title_count() == COUNT + 2
