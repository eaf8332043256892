"""The demo on disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

import snapshelf.demo.files as files_module
from snapshelf.demo import DemoFiles, draw_catalogue, write_demo
from snapshelf.errors import InputError, StorageError

_COUNT = 16


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    return write_demo(tmp_path_factory.mktemp("demo") / "new" / "folder", _COUNT, 5)


def _lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def _times(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.jpg")}


def test_the_feed_holds_every_product_with_its_photo(demo: DemoFiles) -> None:
    rows = _lines(demo.feed)
    assert [row["id"] for row in rows] == [product.id for product in draw_catalogue(_COUNT, 5)]
    for row in rows:
        assert row["title"] == f"{row['attributes']['title_en']} {row['attributes']['title_zh']}"
        assert isinstance(row["price"], float)
        assert isinstance(row["category"], list)
        assert row["availability"] == ("in_stock" if row["stock"] else "out_of_stock")
        assert row["attributes"]["colour"]
        assert row["attributes"]["pattern"]
        (photo,) = row["images"]
        with Image.open(demo.folder / photo) as image:
            image.load()
            assert image.format == "JPEG"
            assert image.size == (384, 480)


def test_every_query_names_the_product_that_it_shows(demo: DemoFiles) -> None:
    queries = _lines(demo.queries)
    assert len(queries) >= 12
    for query in queries:
        with Image.open(demo.folder / str(query["image"])) as image:
            image.load()
    header, *judged = demo.qrels.read_text("utf-8").splitlines()
    assert header == "query-id\tcorpus-id\tscore"
    pairs = dict(line.split("\t")[:2] for line in judged)
    assert list(pairs) == [query["_id"] for query in queries]
    assert set(pairs.values()) <= {row["id"] for row in _lines(demo.feed)}
    assert len(set(pairs.values())) == len(pairs)


def test_nothing_but_whole_files_is_left(demo: DemoFiles) -> None:
    assert demo.drawn == _COUNT + len(_lines(demo.queries))
    assert not list(demo.folder.rglob("*.new"))


def test_a_second_run_draws_nothing(demo: DemoFiles) -> None:
    before = {path: path.stat().st_mtime_ns for path in demo.folder.rglob("*")}
    again = write_demo(demo.folder, _COUNT, 5)
    assert again.drawn == 0
    assert {path: path.stat().st_mtime_ns for path in demo.folder.rglob("*")} == before


def test_an_interrupted_run_is_completed(tmp_path: Path) -> None:
    class StoppedError(Exception):
        pass

    def stop_at_nine(done: int, _total: int) -> None:
        if done == 5:
            raise StoppedError

    with pytest.raises(StoppedError):
        write_demo(tmp_path, 8, 5, stop_at_nine)
    kept = _times(tmp_path)
    assert len(kept) == 5
    progress: list[tuple[int, int]] = []
    files = write_demo(tmp_path, 8, 5, lambda done, total: progress.append((done, total)))
    total = 8 + len(_lines(files.queries))
    assert files.drawn == total - 5
    assert progress == [(done, total) for done in range(5, total + 1)]
    after = _times(tmp_path)
    assert len(after) == total
    assert kept.items() <= after.items()


def test_another_seed_replaces_the_pictures(tmp_path: Path) -> None:
    old = write_demo(tmp_path, 3, 5)
    before = {row["id"] for row in _lines(old.feed)}
    new = write_demo(tmp_path, 3, 6)
    after = {row["id"] for row in _lines(new.feed)}
    assert after != before
    assert {path.stem for path in (tmp_path / "photos").iterdir()} == after
    assert new.drawn == 6


def test_a_damaged_marker_means_drawing_anew(tmp_path: Path) -> None:
    write_demo(tmp_path, 2, 5)
    (tmp_path / "demo.json").write_text("{", "utf-8")
    assert write_demo(tmp_path, 2, 5).drawn == 4


def test_processes_draw_the_same_pictures(
    tmp_path: Path, demo: DemoFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files_module, "_POOL_FROM", 1)
    monkeypatch.setattr(files_module, "usable_cores", lambda: 2)
    pooled = write_demo(tmp_path, _COUNT, 5)
    assert pooled.drawn == demo.drawn
    for path in demo.folder.rglob("*.jpg"):
        assert (tmp_path / path.relative_to(demo.folder)).read_bytes() == path.read_bytes(), path.name


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine", "utf-8")
    with pytest.raises(InputError, match="not empty, and not a demo"):
        write_demo(tmp_path, 2, 5)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_count_of_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least one"):
        write_demo(tmp_path, 0)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", "utf-8")
    with pytest.raises(StorageError, match="file"):
        write_demo(blocked / "demo", 2)
