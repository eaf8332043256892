from __future__ import annotations

import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from snapshelf.catalogue import Feed, read_feed
from snapshelf.errors import FeedError, MissingExtraError

if TYPE_CHECKING:
    from pathlib import Path


def feed_of(folder: Path, columns: dict[str, Any], name: str = "feed.parquet") -> Feed:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.table(columns), folder / name)
    return read_feed(folder / name)


def test_reads_types_as_they_are(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    feed = feed_of(
        tmp_path,
        {
            "id": [1.0, 2.0],
            "title": ["A", "B"],
            "price": arrow.array([19.99, None], arrow.float32()),
            "stock": [float("nan"), 3.0],
            "category": [["Home", "Pans"], []],
            "size": [{"width": 3, "depth": None}, None],
            "code": ["007", "12"],
            "sold": [True, None],
            "image": ["a.jpg", "b.jpg"],
        },
    )
    assert feed.total == 2
    first, second = [row.product and row.product.model_dump(exclude_defaults=True) for row in feed]
    assert first == {
        "id": "1",
        "title": "A",
        "price": {"amount": Decimal("19.99")},
        "category": ("Home", "Pans"),
        "images": ("a.jpg",),
        "attributes": {"size.width": 3.0, "code": "007", "sold": "true"},
    }
    assert second == {"id": "2", "title": "B", "stock": 3, "images": ("b.jpg",), "attributes": {"code": "12"}}


def test_photos_inside_the_file_come_with_the_row(tmp_path: Path) -> None:
    plain = list(feed_of(tmp_path, {"id": ["1", "2"], "title": ["A", "B"], "image": [b"photo", None]}))
    assert [row.photos for row in plain] == [(b"photo",), ()]
    assert plain[0].product is not None
    assert plain[0].product.images == ()
    hugging_face = {
        "id": ["1", "2", "3"],
        "title": ["A", "B", "C"],
        "image": [{"bytes": b"photo", "path": "1.jpg"}, {"bytes": None, "path": "2.jpg"}, None],
    }
    rows = list(feed_of(tmp_path, hugging_face))
    assert [row.photos for row in rows] == [(b"photo",), (), ()]
    assert [row.product and row.product.images for row in rows] == [(), ("2.jpg",), ()]
    several = {
        "id": ["1"],
        "title": ["A"],
        "images": [[{"bytes": b"one", "path": None}, {"bytes": b"two", "path": None}]],
    }
    assert next(iter(feed_of(tmp_path, several))).photos == (b"one", b"two")


def test_reads_more_than_one_batch(tmp_path: Path) -> None:
    count = 300
    feed = feed_of(tmp_path, {"id": list(range(count)), "title": ["T"] * count})
    assert [row.product and row.product.id for row in feed] == [str(number) for number in range(count)]


def test_bad_rows_are_told_and_do_not_stop_the_others(tmp_path: Path) -> None:
    columns = {"id": ["1", None, "3"], "title": ["A", "B", "C"], "price": [float("nan"), 1.0, 2.0]}
    first, second, third = feed_of(tmp_path, columns)
    assert str(first.error).startswith("feed.parquet, row 1: price: 'nan' is not an amount")
    assert "row 2: id: is missing" in str(second.error)
    assert third.product is not None


def test_says_why_it_cannot_be_read(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "feed.parquet"
    with pytest.raises(FeedError, match="there is no such file"):
        read_feed(path)
    path.write_bytes(b"PAR1 and then nothing")
    with pytest.raises(FeedError, match="is damaged or not Parquet"):
        read_feed(path)
    with pytest.raises(FeedError, match="has columns but no rows"):
        feed_of(tmp_path, {"id": [], "title": []})
    with pytest.raises(
        FeedError, match=r"no column looks like the product's title.*Columns: id, size\.width"
    ):
        feed_of(tmp_path, {"id": ["1"], "size": [{"width": 1}]})


def test_without_pyarrow_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (tmp_path / "feed").write_bytes(b"PAR1")
    with pytest.raises(MissingExtraError, match=r"pip install 'snapshelf\[parquet\]'"):
        read_feed(tmp_path / "feed")
