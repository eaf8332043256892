"""Vectors of titles, and since when a product is there, on both databases."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sqlalchemy import create_engine, make_url, text

from snapshelf.catalogue import Catalogue, Entry, title_fingerprint
from snapshelf.catalogue import database as database
from snapshelf.errors import EncoderError
from tests.catalogue.database.samples import DIMENSION, make_entry, make_photo, make_product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshelf.catalogue import Product


def vector_of(title: str, dimension: int = DIMENSION) -> np.ndarray:
    return make_photo(title_fingerprint(title), dimension).vector


def titled(id: str, photos: int = 1, **fields: object) -> Entry:
    entry = make_entry(id, photos=photos, **fields)
    return Entry(entry.product, entry.photos, vector_of(entry.product.title))


def assert_titles(catalogue: Catalogue, expected: dict[str, str]) -> None:
    """These products, and no others, have the vectors of these titles; those without are listed as such."""
    ids = catalogue.ids()
    changes = {change.id: change.entry for change in catalogue.changes(0, 1_000) if change.entry}
    found = catalogue.titles(ids)
    assert found.keys() == expected.keys()
    for id, title in expected.items():
        assert found[id].dtype == np.float32
        np.testing.assert_allclose(found[id], vector_of(title, found[id].size), atol=1e-3)
        np.testing.assert_array_equal(changes[id].title, found[id])
        assert np.linalg.norm(found[id]) == pytest.approx(1, abs=1e-6)
    known = catalogue.known(ids)
    assert {id: each.title for id, each in known.items() if each.title is not None} == {
        id: title_fingerprint(title) for id, title in expected.items()
    }
    assert catalogue.title_count() == len(expected)
    assert list(catalogue.untitled()) == [id for id in ids if id not in expected]


def test_a_title_comes_back_with_its_product(catalogue: Catalogue) -> None:
    catalogue.put(
        [titled("a", title="红色连衣裙"), make_entry("b"), titled("c", photos=3), titled("d", photos=0)]
    )
    assert_titles(catalogue, {"a": "红色连衣裙", "c": "Title of c", "d": "Title of d"})
    assert catalogue.untitled() == {"b": "Title of b"}
    assert catalogue.titles(["x"]) == {}
    catalogue.put([titled("b"), make_entry("c")])
    assert_titles(catalogue, {"a": "红色连衣裙", "b": "Title of b", "d": "Title of d"})
    catalogue.delete(["a", "b"])
    assert_titles(catalogue, {"d": "Title of d"})


def test_a_title_stays_while_other_facts_change_and_goes_when_it_does(catalogue: Catalogue) -> None:
    catalogue.put([titled("a"), titled("b"), titled("c"), make_entry("d")])
    catalogue.put_fields(
        [
            make_product("a", price={"amount": 5}),
            make_product("b", title="new"),
            make_product("c", title="newer"),
            make_product("d", title="first"),
        ],
        {"c": vector_of("newer"), "d": vector_of("first")},
    )
    assert_titles(catalogue, {"a": "Title of a", "c": "newer", "d": "first"})


def test_titles_may_be_put_afterwards(catalogue: Catalogue) -> None:
    catalogue.put([make_entry(id) for id in "abcd"])
    version = catalogue.version
    texts = catalogue.untitled(limit=3)
    assert texts == {"a": "Title of a", "b": "Title of b", "c": "Title of c"}
    assert catalogue.untitled(after="c") == {"d": "Title of d"}
    # Since they were listed, one was renamed and one is gone.
    catalogue.put_fields([make_product("a", title="renamed")])
    catalogue.delete(["b"])
    reached = catalogue.put_titles(texts, {id: vector_of(title) for id, title in texts.items()})
    assert reached == catalogue.version == version + 3
    assert_titles(catalogue, {"c": "Title of c"})
    (change,) = catalogue.changes(reached - 1, 10)
    assert change.id == "c"


@pytest.mark.parametrize(
    ("vector", "message"),
    [
        (np.full(DIMENSION, np.nan, np.float32), "the title of product 'b'"),
        (np.zeros(DIMENSION, np.float32), "the title of product 'b'"),
        (vector_of("x", DIMENSION + 1), "has length 9, others have 8"),
    ],
    ids=["nan", "zero", "length"],
)
def test_an_unusable_vector_is_refused(catalogue: Catalogue, vector: np.ndarray, message: str) -> None:
    catalogue.put([titled("a")])
    photos = make_entry("b").photos
    with pytest.raises(EncoderError, match=message):
        catalogue.put([Entry(make_product("b"), photos, vector)])
    catalogue.put([make_entry("b")])
    with pytest.raises(EncoderError, match=message):
        catalogue.put_fields([make_product("b", price={"amount": 5})], {"b": vector})
    with pytest.raises(EncoderError, match=message):
        catalogue.put_titles({"b": "Title of b"}, {"b": vector})
    assert_titles(catalogue, {"a": "Title of a"})
    assert catalogue.get("b") == make_product("b")


def test_another_encoder_makes_all_titles_anew(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_KEYS", database._KEYS.limit(None).limit(2))
    catalogue.put([titled("a"), make_entry("b"), titled("c", photos=0), titled("d", photos=2)])

    def vectors(wanted: Sequence[str]) -> dict[str, np.ndarray]:
        return {each: make_photo(each, 12).vector for each in wanted}

    catalogue.replace_vectors(vectors, {})
    assert_titles(catalogue, {id: f"Title of {id}" for id in "abcd"})
    assert catalogue.titles(["a"])["a"].shape == (12,)


def added(catalogue: Catalogue) -> dict[str, int | None]:
    return {change.id: change.entry.added for change in catalogue.changes(0, 100) if change.entry}


def test_a_product_keeps_the_time_at_which_it_came(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    catalogue.put([make_entry("a"), make_entry("b")])
    assert all(each is not None and abs(each - now) < 60 for each in added(catalogue).values())
    first = added(catalogue)["a"]
    monkeypatch.setattr(database, "time", lambda: now + 1_000.7)
    catalogue.put([make_entry("a", title="again"), make_entry("c")])
    catalogue.put_fields([make_product("b", title="other")])
    assert added(catalogue) == {"a": first, "b": first, "c": int(now + 1_000.7)}
    catalogue.delete(["a"])
    catalogue.put([make_entry("a")])
    assert added(catalogue)["a"] == int(now + 1_000.7)


def test_a_catalogue_of_schema_1_is_brought_up_to_date(location: str) -> None:
    with Catalogue.open(location) as catalogue:
        catalogue.put([titled("a", photos=2), titled("b")])
        products: list[Product | None] = [catalogue.get(id) for id in "ab"]
    engine = create_engine(make_url(location if "://" in location else f"sqlite:///{location}"))
    with engine.begin() as connection:
        for statement in (
            "DROP TABLE title",
            "ALTER TABLE product DROP COLUMN added",
            "UPDATE state SET value = 1 WHERE name = 'schema'",
        ):
            connection.execute(text(statement))
    engine.dispose()
    for _ in range(2):
        with Catalogue.open(location) as catalogue:
            assert [catalogue.get(id) for id in "ab"] == products
            assert catalogue.untitled() == {"a": "Title of a", "b": "Title of b"}
            assert added(catalogue) == {"a": None, "b": None}
            assert len(catalogue.vectors("ab")["a"]) == 2
    with Catalogue.open(location) as catalogue:
        catalogue.put([titled("a"), titled("c")])
        assert added(catalogue)["a"] is None
        assert added(catalogue)["c"] is not None
        assert_titles(catalogue, {"a": "Title of a", "c": "Title of c"})
