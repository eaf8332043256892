"""What a catalogue promises, on both databases."""

from __future__ import annotations

import sqlite3
import sys
import threading
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, make_url, text

from snapshelf.catalogue import Catalogue, Change, Entry, PhotoEntry, Price, Product, fields_hash
from snapshelf.catalogue.product import MAX_NUMBER
from snapshelf.errors import (
    EncoderError,
    InputError,
    MissingExtraError,
    NotFoundError,
    ProductError,
    ShelfVersionError,
    StorageError,
)
from tests.catalogue.database.samples import (
    DIMENSION,
    assert_stored,
    assert_vectors,
    make_entry,
    make_photo,
    make_product,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def all_changes(catalogue: Catalogue, after: int = 0, limit: int = 3) -> list[Change]:
    changes: list[Change] = []
    while found := catalogue.changes(after, limit):
        assert len(found) <= limit
        changes += found
        after = found[-1].version
    return changes


def run_sql(location: str, statement: str) -> None:
    """As another program would."""
    url = make_url(location if "://" in location else f"sqlite:///{location}")
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()


class TestEmpty:
    def test_has_nothing(self, catalogue: Catalogue) -> None:
        assert catalogue.version == 0
        assert catalogue.count() == 0
        assert catalogue.photo_count() == 0
        assert catalogue.ids() == []
        assert catalogue.changes(0, 10) == []
        assert catalogue.get("a") is None
        assert catalogue.get_many(["a"]) == {}
        assert catalogue.known(["a"]) == {}
        assert catalogue.vectors(["a"]) == {}
        assert catalogue.photos("a") == ()
        assert catalogue.thumbnail("a", 0) is None
        assert catalogue.meta("encoder") is None

    def test_writing_nothing_changes_nothing(self, catalogue: Catalogue) -> None:
        catalogue.put([make_entry("a")])
        assert catalogue.put([]) == 1
        assert catalogue.put_fields([]) == 1
        assert catalogue.delete([]) == 0
        assert catalogue.delete(["unknown"]) == 0
        assert catalogue.version == 1
        assert [change.id for change in all_changes(catalogue)] == ["a"]


class TestPut:
    def test_comes_back_as_it_was_put(self, catalogue: Catalogue) -> None:
        entry = make_entry(
            "法-1",
            photos=2,
            title="法式红色雪纺连衣裙",
            description="a\\b\n“c”",
            brand="Zoë",
            category=["Apparel", "Dress"],
            price={"amount": "1299.90", "currency": "CNY"},
            availability="backorder",
            stock=0,
            url="https://shop.example/1",
            images=["images/1.jpg", "images/2.jpg"],
            group_id="法",
            attributes={"colour": "红色", "year": 2026, "size": ["S", "M"], "number as text": "12"},
        )
        assert catalogue.put([entry]) == 1
        assert catalogue.get("法-1") == entry.product
        assert_vectors(catalogue.vectors(["法-1"])["法-1"], entry.vectors)
        photos = catalogue.photos("法-1")
        assert_stored(Entry(entry.product, photos), entry)
        assert [photo.thumbnail for photo in photos] == [photo.thumbnail for photo in entry.photos]
        assert catalogue.thumbnail("法-1", 0) == entry.photos[0].thumbnail
        assert catalogue.thumbnail("法-1", 1) == entry.photos[1].thumbnail
        assert catalogue.thumbnail("法-1", 2) is None
        known = catalogue.known(["法-1"])["法-1"]
        assert known.fields_hash == fields_hash(entry.product)
        assert known.fingerprints == tuple(photo.fingerprint for photo in entry.photos)
        (change,) = catalogue.changes(0, 10)
        assert (change.version, change.id) == (1, "法-1")
        assert_stored(change.entry, entry)

    def test_stays_after_closing(self, location: str) -> None:
        with Catalogue.open(location) as catalogue:
            catalogue.put([make_entry("a"), make_entry("b")])
            catalogue.delete(["b"])
            catalogue.set_meta("encoder", "bundled")
        with Catalogue.open(location) as catalogue:
            assert catalogue.version == 3
            assert catalogue.get_many(["a", "b"]) == {"a": make_product("a")}
            assert catalogue.meta("encoder") == "bundled"
            assert catalogue.put([make_entry("c")]) == 4

    def test_replaces_photos_and_facts(self, catalogue: Catalogue) -> None:
        catalogue.put([make_entry("a", photos=3), make_entry("b")])
        new = make_entry("a", photos=1, title="new")
        assert catalogue.put([new]) == 3
        assert catalogue.count() == 2
        assert catalogue.photo_count() == 2
        assert catalogue.get("a") == new.product
        assert catalogue.thumbnail("a", 0) == new.photos[0].thumbnail
        assert catalogue.thumbnail("a", 1) is None
        changes = all_changes(catalogue)
        assert [(change.version, change.id) for change in changes] == [(2, "b"), (3, "a")]
        assert_stored(changes[1].entry, new)

    def test_a_product_may_have_no_photo(self, catalogue: Catalogue) -> None:
        catalogue.put([make_entry("a", photos=0), make_entry("b")])
        assert catalogue.known(["a"])["a"].fingerprints == ()
        assert catalogue.photos("a") == ()
        assert list(catalogue.vectors(["a", "b"])) == ["b"]
        assert_stored(catalogue.changes(0, 10)[0].entry, make_entry("a", photos=0))

    def test_a_photo_may_have_no_thumbnail(self, catalogue: Catalogue) -> None:
        photo = make_photo("x")
        catalogue.put([Entry(make_product("a"), (PhotoEntry("f", photo.vector), photo))])
        assert catalogue.thumbnail("a", 0) is None
        assert catalogue.thumbnail("a", 1) == photo.thumbnail
        assert [each.thumbnail for each in catalogue.photos("a")] == [b"", photo.thumbnail]

    def test_refuses_an_id_given_twice(self, catalogue: Catalogue) -> None:
        with pytest.raises(ProductError, match="'a' is given twice") as caught:
            catalogue.put([make_entry("a"), make_entry("b"), make_entry("a", title="other")])
        assert caught.value.field == "id"
        assert catalogue.version == 0
        assert catalogue.count() == 0

    @pytest.mark.parametrize(
        "vector",
        [
            np.full(DIMENSION, np.nan, np.float32),
            np.array([np.inf] + [0] * (DIMENSION - 1), np.float32),
            np.zeros(DIMENSION, np.float32),
            np.full(DIMENSION, 1, np.float32),
            np.eye(1, DIMENSION, dtype=np.float32),
            np.empty(0, np.float32),
        ],
        ids=["nan", "infinite", "zero", "not unit", "two axes", "empty"],
    )
    def test_refuses_an_unusable_vector(self, catalogue: Catalogue, vector: np.ndarray) -> None:
        bad = Entry(make_product("bad"), (make_photo("x"), PhotoEntry("f", vector)))
        with pytest.raises(EncoderError, match="photo 1 of product 'bad'"):
            catalogue.put([make_entry("good"), bad])
        assert catalogue.count() == 0

    def test_refuses_vectors_of_two_lengths(self, catalogue: Catalogue) -> None:
        other = Entry(make_product("b"), (make_photo("x", DIMENSION * 2),))
        with pytest.raises(EncoderError, match="length 16, others have 8"):
            catalogue.put([make_entry("a"), other])
        assert catalogue.count() == 0
        catalogue.put([make_entry("a")])
        with pytest.raises(EncoderError, match="length 16, others have 8"):
            catalogue.put([make_entry("c", photos=0), other])
        assert catalogue.ids() == ["a"]

    def test_more_ids_than_one_statement_takes(self, catalogue: Catalogue) -> None:
        ids = [f"{number:05}" for number in range(2_300)]
        photo = make_photo("x")
        assert catalogue.put([Entry(make_product(each), (photo,)) for each in ids]) == 2_300
        backwards = ids[::-1]
        assert list(catalogue.get_many(backwards)) == backwards
        assert catalogue.known(ids).keys() == set(ids)
        assert catalogue.put_fields([make_product(each, title="new") for each in ids]) == 4_600
        assert catalogue.delete(ids) == 2_300
        assert catalogue.count() == 0
        assert catalogue.photo_count() == 0


class TestPutFacts:
    def test_keeps_the_photos(self, catalogue: Catalogue) -> None:
        entry = make_entry("a", photos=2)
        catalogue.put([entry, make_entry("b")])
        cheaper = make_product("a", price={"amount": 5})
        assert catalogue.put_fields([cheaper]) == 3
        assert catalogue.get("a") == cheaper
        assert catalogue.known(["a"])["a"].fields_hash == fields_hash(cheaper)
        assert catalogue.thumbnail("a", 1) == entry.photos[1].thumbnail
        (change,) = catalogue.changes(2, 10)
        assert change.version == 3
        assert_stored(change.entry, Entry(cheaper, entry.photos))

    def test_photos_can_be_put_after_facts(self, catalogue: Catalogue) -> None:
        catalogue.put([make_entry("a"), make_entry("b")])
        catalogue.put_fields([make_product("b", title="2"), make_product("a", title="3")])
        newest = make_entry("b", title="4")
        catalogue.put([newest, make_entry("c")])
        changes = all_changes(catalogue)
        assert [(change.version, change.id) for change in changes] == [(4, "a"), (5, "b"), (6, "c")]
        assert_stored(changes[1].entry, newest)

    def test_refuses_an_unknown_id_and_writes_nothing(self, catalogue: Catalogue) -> None:
        catalogue.put([make_entry("a")])
        with pytest.raises(NotFoundError, match="'x'"):
            catalogue.put_fields([make_product("a", title="new"), make_product("x")])
        assert catalogue.get("a") == make_product("a")
        assert catalogue.version == 1

    def test_refuses_an_id_given_twice(self, catalogue: Catalogue) -> None:
        catalogue.put([make_entry("a")])
        with pytest.raises(ProductError, match="twice"):
            catalogue.put_fields([make_product("a", title="1"), make_product("a", title="2")])


class TestDelete:
    def test_leaves_a_tombstone_and_nothing_else(self, catalogue: Catalogue) -> None:
        catalogue.put([make_entry("a"), make_entry("b", photos=2)])
        assert catalogue.delete(["b", "unknown", "b"]) == 1
        assert catalogue.delete(["b"]) == 0
        assert catalogue.get("b") is None
        assert list(catalogue.vectors(["a", "b"])) == ["a"]
        assert catalogue.photos("b") == ()
        assert catalogue.thumbnail("b", 0) is None
        assert catalogue.photo_count() == 1
        changes = all_changes(catalogue)
        assert [(change.version, change.id) for change in changes] == [(1, "a"), (3, "b")]
        assert changes[1].entry is None

    def test_put_again_clears_the_tombstone(self, catalogue: Catalogue) -> None:
        catalogue.put([make_entry("a")])
        catalogue.delete(["a"])
        catalogue.put([make_entry("a", title="back")])
        (change,) = all_changes(catalogue)
        assert change.version == 3
        assert_stored(change.entry, make_entry("a", title="back"))

    def test_the_version_does_not_go_back_when_the_last_product_goes(self, catalogue: Catalogue) -> None:
        catalogue.put([make_entry("a"), make_entry("b")])
        catalogue.delete(["b"])
        assert catalogue.put([make_entry("b")]) == 4


class TestReading:
    def test_changes_come_in_order_and_from_where_asked(self, catalogue: Catalogue) -> None:
        catalogue.put([make_entry(str(number)) for number in range(8)])
        catalogue.delete(["3", "0"])
        catalogue.put_fields([make_product("5", title="new")])
        changes = all_changes(catalogue)
        assert [change.version for change in changes] == sorted({change.version for change in changes})
        assert [change.id for change in changes[:5]] == ["1", "2", "4", "6", "7"]
        assert {change.id for change in changes[5:7]} == {"0", "3"}
        assert (changes[-1].id, changes[-1].version) == ("5", catalogue.version)
        assert [change.version for change in all_changes(catalogue, after=9)] == [10, 11]
        assert catalogue.changes(catalogue.version, 10) == []

    def test_ids_are_ordered_by_code_point(self, catalogue: Catalogue) -> None:
        ids = ["b", "B", "a", "é", "红", "10", "9", "\U0001f457", "\uffee"]
        catalogue.put([make_entry(each) for each in ids])
        assert catalogue.ids() == sorted(ids)
        assert catalogue.ids(limit=4) == sorted(ids)[:4]
        assert catalogue.ids(after="B", limit=2) == ["a", "b"]
        assert catalogue.ids(after="\U0001f457") == []

    def test_ids_that_look_alike_are_different(self, catalogue: Catalogue) -> None:
        ids = ["é", "e\u0301", "E", "e", "1", "01", "1.0"]
        catalogue.put([make_entry(each) for each in ids])
        assert {each: found.id for each, found in catalogue.get_many(ids).items()} == {
            each: each for each in ids
        }

    def test_get_many_keeps_the_order_asked_for(self, catalogue: Catalogue) -> None:
        catalogue.put([make_entry(each) for each in "abcd"])
        assert list(catalogue.get_many(["d", "x", "a", "d", "c"])) == ["d", "a", "c"]

    def test_vectors_of_several_products(self, catalogue: Catalogue) -> None:
        entries = {
            each: make_entry(each, photos=photos) for each, photos in zip("abcd", (2, 0, 1, 3), strict=True)
        }
        catalogue.put(list(entries.values()))
        found = catalogue.vectors(["d", "x", "b", "a", "d"])
        assert list(found) == ["d", "a"]
        for each, vectors in found.items():
            assert_vectors(vectors, entries[each].vectors)

    def test_meta_can_be_changed_and_takes_no_version(self, catalogue: Catalogue) -> None:
        catalogue.set_meta("encoder", "first")
        catalogue.set_meta("encoder", "第二")
        assert catalogue.meta("encoder") == "第二"
        assert catalogue.version == 0

    def test_size_grows_with_what_is_stored(self, catalogue: Catalogue) -> None:
        before = self.size(catalogue)
        photo = make_photo("x")
        big = PhotoEntry(photo.fingerprint, photo.vector, np.random.default_rng(0).bytes(1_000_000))
        catalogue.put([Entry(make_product("a"), (big,))])
        assert self.size(catalogue) - before > 1_000_000

    @staticmethod
    def size(catalogue: Catalogue) -> int:
        file = Path(catalogue.where)
        return catalogue.server_bytes() or sum(
            each.stat().st_size for each in file.parent.glob(f"{file.name}*")
        )


PRODUCTS = st.builds(
    lambda **fields: Product.parse(fields),
    id=st.just("a"),
    title=st.text('aé红\\"\n >,', min_size=1, max_size=8).filter(str.strip),
    description=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8),
    category=st.lists(st.text("ab红 ,", max_size=4), max_size=3),
    price=st.none()
    | st.builds(
        lambda amount, currency: Price(amount=amount, currency=currency),
        st.decimals(0, 10**11, places=6)
        | st.sampled_from([Decimal("1E+3"), Decimal("1.234"), Decimal("0E-6")]),
        st.sampled_from(["CNY", "EUR"]),
    ),
    availability=st.sampled_from(["in_stock", "out_of_stock", "preorder", "backorder"]),
    stock=st.none() | st.integers(0, 2**31 - 1),
    images=st.lists(st.text("ab,. ", max_size=9), max_size=3),
    group_id=st.none() | st.text("ab", min_size=1),
    attributes=st.dictionaries(
        st.text("ab红", min_size=1),
        st.text("12ab", min_size=1)
        | st.floats(-MAX_NUMBER, MAX_NUMBER)
        | st.lists(st.text("12ab", min_size=1), min_size=1),
    ),
)


class TestFacts:
    @settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(product=PRODUCTS)
    def test_every_product_comes_back_as_it_was(self, catalogue: Catalogue, product: Product) -> None:
        catalogue.put([Entry(product, ())])
        stored = catalogue.get("a")
        assert stored == product
        assert stored.model_dump() == product.model_dump()
        assert fields_hash(stored) == fields_hash(product)


class TestFactsHash:
    def test_is_the_same_in_every_release(self) -> None:
        product = make_product(
            "红-1", price={"amount": "12.50"}, category=["a", "b"], attributes={"size": ["S"], "n": 1.5}
        )
        assert fields_hash(product) == "2a0949b1c291f0d10163a9b951a724c7"

    def test_ignores_the_order_of_attributes(self) -> None:
        attributes = {"a": "1", "b": "2"}
        backwards = dict(reversed(attributes.items()))
        assert fields_hash(make_product("x", attributes=attributes)) == fields_hash(
            make_product("x", attributes=backwards)
        )

    @given(
        st.sampled_from(
            [
                ("title", "other"),
                ("description", "x"),
                ("brand", "x"),
                ("category", ["x"]),
                ("price", {"amount": 0}),
                ("availability", "preorder"),
                ("stock", 0),
                ("url", "x"),
                ("images", ["x"]),
                ("group_id", "x"),
                ("attributes", {"x": "y"}),
            ]
        )
    )
    def test_sees_every_field(self, change: tuple[str, Any]) -> None:
        assert fields_hash(make_product("x")) != fields_hash(make_product("x", **dict([change])))

    def test_no_field_is_left_out_above(self) -> None:
        tested = "title description brand category price availability stock url images group_id attributes"
        assert set(Product.model_fields) == {"id", *tested.split()}


class TestOpening:
    def test_a_newer_schema_is_refused_and_left_alone(self, location: str) -> None:
        Catalogue.open(location).close()
        run_sql(location, "UPDATE state SET value = 99 WHERE name = 'schema'")
        for _ in range(2):
            with pytest.raises(ShelfVersionError, match=r"schema 99.*pip install --upgrade"):
                Catalogue.open(location)

    def test_the_tables_of_another_program_are_left_alone(self, location: str) -> None:
        run_sql(location, "CREATE TABLE product (sku TEXT)")
        with pytest.raises(StorageError, match=r"another program .*\(product\)"):
            Catalogue.open(location)
        run_sql(location, "INSERT INTO product (sku) VALUES ('still theirs')")

    def test_many_may_open_a_new_one_at_once(self, location: str) -> None:
        start = threading.Barrier(6)
        failures: list[Exception] = []

        def put(id: str) -> None:
            start.wait()
            try:
                with Catalogue.open(location) as catalogue:
                    catalogue.put([make_entry(id)])
            except Exception as error:
                failures.append(error)

        in_threads([lambda each=each: put(each) for each in "abcdef"])
        assert failures == []
        with Catalogue.open(location) as catalogue:
            assert catalogue.ids() == list("abcdef")
            assert catalogue.version == 6

    def test_a_closed_one_says_so(self, location: str) -> None:
        catalogue = Catalogue.open(location)
        catalogue.close()
        for use in (catalogue.count, lambda: catalogue.get("a"), lambda: catalogue.put([make_entry("a")])):
            with pytest.raises(StorageError, match="closed"):
                use()

    @pytest.mark.parametrize(
        ("url", "message"),
        [
            ("mysql://host/shop", "'mysql' are not supported"),
            ("sqlite://", "in memory would be lost"),
            ("sqlite:///:memory:", "in memory would be lost"),
            ("://", "cannot be read"),
        ],
    )
    def test_a_wrong_url_is_refused(self, url: str, message: str) -> None:
        with pytest.raises(InputError, match=message):
            Catalogue.open(url)

    def test_postgresql_without_its_driver_names_the_extra(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "psycopg", None)
        with pytest.raises(MissingExtraError, match=r"snapshelf\[postgresql\]"):
            Catalogue.open("postgresql://localhost/shop")

    def test_sqlite_keeps_what_it_acknowledges(self, tmp_path: Path) -> None:
        path = tmp_path / "catalogue.sqlite"
        with Catalogue.open(path) as catalogue, catalogue._database.reading() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL

    def test_sqlite_keeps_vectors_as_little_endian_halves(self, tmp_path: Path) -> None:
        path = tmp_path / "catalogue.sqlite"
        entry = make_entry("a")
        with Catalogue.open(path) as catalogue:
            catalogue.put([entry])
        connection = sqlite3.connect(path)
        ((blob,),) = connection.execute("SELECT vector FROM photo")
        connection.close()
        assert blob == entry.vectors[0].astype("<f2").tobytes()


def in_threads(works: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class TestThreads:
    def test_readers_see_whole_writes_while_three_write(self, catalogue: Catalogue, location: str) -> None:
        ids = [f"{number:02}" for number in range(20)]
        rounds, failures, looks = 6, [], []
        catalogue.put([make_entry(each, title="start") for each in ids])
        writing = threading.Event()

        def write(name: str, writer: Catalogue) -> None:
            for number in range(rounds):
                writer.put([make_entry(each, title=f"{name} {number}") for each in ids])

        def read() -> None:
            while not writing.is_set() or not looks:
                titles = {found.title for found in catalogue.get_many(ids).values()}
                changes = catalogue.changes(0, 100)
                whole = {change.entry.product.title for change in changes if change.entry}
                if len(titles) != 1 or len(whole) != 1 or len(changes) != len(ids):
                    failures.append((titles, whole))
                looks.append(changes[-1].version)

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        try:
            # The third is what another process would be: it does not share the lock of the first two.
            with Catalogue.open(location) as other:
                in_threads(
                    [lambda: write("1", catalogue), lambda: write("2", catalogue), lambda: write("3", other)]
                )
        finally:
            writing.set()
            for reader in readers:
                reader.join()
        assert failures == []
        assert len(set(looks)) > 1
        assert catalogue.version == len(ids) * (3 * rounds + 1)

    def test_an_unfinished_write_blocks_no_reader(self, catalogue: Catalogue, location: str) -> None:
        catalogue.put([make_entry("a")])
        url = make_url(location if "://" in location else f"sqlite:///{location}")
        engine = create_engine(url)
        with engine.connect() as other:
            other.execute(text("UPDATE state SET value = value + 1 WHERE name = 'version'"))
            other.execute(text("UPDATE product SET facts_hash = 'unfinished'"))
            assert catalogue.get("a") == make_product("a")
            assert catalogue.known(["a"])["a"].fields_hash == fields_hash(make_product("a"))
            assert catalogue.version == 1
            assert len(catalogue.changes(0, 10)) == 1
        engine.dispose()
        assert catalogue.put([make_entry("b")]) == 2
