"""add: reports, refused rows, feeds that cannot be read, and being stopped in the middle."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from PIL import Image

from snapshelf.catalogue import FeedFormat
from snapshelf.cli.add import add
from tests.cli.commands import COUNT, Run, spawn

FIELDS = ["rows", "added", "updated", "unchanged", "failed", "photos_encoded", "quarantined", "seconds"]


def test_add_and_again(run: Run, feed: Path, photos: Path, tmp_path: Path) -> None:
    first = run("add", feed, "--photos", photos, "--shelf", tmp_path / "shelf", "--json")
    assert first.exit_code == 0
    report = json.loads(first.stdout)
    assert list(report) == FIELDS
    assert [report[field] for field in FIELDS[:-1]] == [COUNT, COUNT, 0, 0, 0, COUNT, 0]
    assert "columns: id=sku, title=name, price=price, images=image" in first.stderr
    again = run("add", feed, "--photos", photos, "--shelf", tmp_path / "shelf")
    assert again.exit_code == 0
    assert again.stdout.startswith(f"{COUNT} rows: nothing changed: {COUNT} unchanged; no photo encoded; ")


def test_every_feed_format_can_be_named() -> None:
    """The command repeats them, because `--help` must not load the catalogue."""
    literal, _ = get_args(get_type_hints(add)["format"])
    assert get_args(literal) == get_args(FeedFormat)


def test_a_price_that_changed_encodes_nothing(run: Run, feed: Path, photos: Path, tmp_path: Path) -> None:
    run("add", feed, "--photos", photos, "--shelf", tmp_path / "shelf")
    changed = tmp_path / "changed.csv"
    lines = feed.read_text("utf-8").splitlines()
    lines[1] = lines[1].replace(" CNY", "1 CNY")
    changed.write_text("\n".join(lines), "utf-8")
    result = run("add", changed, "--photos", photos, "--shelf", tmp_path / "shelf")
    assert f"0 added, 1 updated, {COUNT - 1} unchanged; no photo encoded" in result.stdout


@pytest.fixture
def bad_feed(feed: Path, photos: Path, tmp_path: Path) -> Path:
    """One good row and one of each bad kind."""
    (tmp_path / "broken.jpg").write_bytes(next(photos.iterdir()).read_bytes()[:400])
    (tmp_path / "good.jpg").write_bytes(next(photos.iterdir()).read_bytes())
    path = tmp_path / "bad.csv"
    path.write_text(
        "id,title,price,image\n"
        "a,Good,10 CNY,good.jpg\n"
        ",No id,10 CNY,good.jpg\n"
        "c,No price,cheap,good.jpg\n"
        "d,No photo,10 CNY,gone.jpg\n"
        "e,Broken photo,10 CNY,broken.jpg\n"
        "a,Twice,10 CNY,good.jpg\n"
        "f,One of two,10 CNY,good.jpg|gone.jpg\n",
        "utf-8",
    )
    return path


def test_refused_rows_are_written_and_the_rest_goes_on(run: Run, bad_feed: Path, tmp_path: Path) -> None:
    problems = tmp_path / "problems.jsonl"
    result = run("add", bad_feed, "--shelf", tmp_path / "shelf", "--errors", problems, "--json")
    assert result.exit_code == 3
    report = json.loads(result.stdout)
    assert (report["rows"], report["added"], report["failed"]) == (7, 2, 5)
    lines = [json.loads(line) for line in problems.read_text("utf-8").splitlines()]
    assert all(list(line) == ["file", "row", "id", "field", "message", "refused"] for line in lines)
    assert {(line["row"], line["field"]) for line in lines if line["refused"]} == {
        (2, "id"),
        (3, "price"),
        (4, "images"),
        (5, "images"),
        (6, "id"),
    }
    assert [line["id"] for line in lines if line["row"] == 7] == ["f"]
    assert f"{len(lines)} problems are in {problems}" in result.stderr


def test_without_a_file_the_first_problems_are_shown(
    run: Run, feed: Path, photos: Path, tmp_path: Path
) -> None:
    path = tmp_path / "many.csv"
    rows = "".join(f"p{i},Product {i},no number\n" for i in range(14))
    path.write_text(f"id,title,price\nbare,No photo,1\n{rows}", "utf-8")
    result = run("add", path, "--shelf", tmp_path / "shelf")
    assert result.exit_code == 3
    assert "15 rows: nothing changed: 0 unchanged, 15 refused" in result.stdout
    shown = [line for line in result.stderr.splitlines() if "row " in line]
    assert len(shown) == 10
    assert shown[0].startswith("many.csv, row 1 (line 2): no usable photo")
    assert shown[1].startswith("many.csv, row 2 (line 3): price: ")
    assert all(line.count("row ") == 1 for line in shown)
    assert "… and 5 more; --errors FILE writes them all" in result.stderr


def test_an_errors_file_that_cannot_be_written(run: Run, feed: Path, tmp_path: Path) -> None:
    result = run("add", feed, "--shelf", tmp_path / "shelf", "--errors", tmp_path)
    assert result.exit_code == 1
    assert "cannot be written: Is a directory" in result.stderr
    assert not (tmp_path / "shelf").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--map", "title=nowhere"), "nowhere"),
        (("--map", "headline=name"), "a product has no field 'headline'"),
        (("--map", "title"), "not of the form field=column"),
        (("--map", "title=name", "--map", "title=sku"), "given twice"),
        (("--format", "jsonl"), "products.csv"),
    ],
)
def test_a_feed_that_is_not_understood_makes_no_shelf(
    run: Run, feed: Path, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    result = run("add", feed, *options, "--shelf", tmp_path / "shelf")
    assert (result.exit_code, result.stdout) == (1, "")
    assert message in result.stderr
    assert result.stderr.startswith("error: ")
    assert not (tmp_path / "shelf").exists()


def test_a_mapping_names_the_columns(run: Run, photos: Path, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    photo = next(photos.iterdir())
    path.write_text(f"number,headline,wide,narrow,file\n1,Red dress,Clothing,Dresses,{photo.name}\n", "utf-8")
    options = ("--map", "id=number,title=headline", "--map", "category=wide/narrow,image=file")
    assert run("add", path, "--photos", photos, *options, "--shelf", tmp_path / "shelf").exit_code == 0
    hit = json.loads(run("search", "--text", "dress", "--json", "--shelf", tmp_path / "shelf").stdout)[
        "hits"
    ][0]
    assert (hit["id"], hit["product"]["category"]) == ("1", ["Clothing", "Dresses"])


@pytest.mark.parametrize("feed_name", ["gone.csv", "folder"])
def test_a_feed_that_cannot_be_read(run: Run, tmp_path: Path, feed_name: str) -> None:
    (tmp_path / "folder").mkdir()
    result = run("add", tmp_path / feed_name, "--shelf", tmp_path / "shelf")
    assert result.exit_code == 1
    assert str(tmp_path / feed_name) in result.stderr
    assert not (tmp_path / "shelf").exists()


def test_an_unknown_encoder(run: Run, feed: Path, tmp_path: Path) -> None:
    result = run("add", feed, "--encoder", "no-such", "--shelf", tmp_path / "shelf", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"]["type"] == "EncoderError"


ROWS, STORED, BAD = 384, 256, 280
"""Rows of the long feed; how many are stored for certain when its bad row is reported."""


@pytest.fixture(scope="module")
def long_feed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("long")
    lines = ["id,title,image"]
    for number in range(ROWS):
        Image.new("RGB", (8, 8), (number % 256, number // 256, 90)).save(folder / f"{number}.png")
        lines.append(f"{number},{'' if number == BAD else 'Tile'},{number}.png")
    (folder / "tiles.csv").write_text("\n".join(lines), "utf-8")
    return folder / "tiles.csv"


@pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="keeps the program slow by binding it to one core"
)
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_stopped_in_the_middle_it_goes_on_where_it_was(
    run: Run, long_feed: Path, tmp_path: Path, how: signal.ItemStatistics
) -> None:
    shelf, problems = tmp_path / "shelf", tmp_path / "problems.jsonl"
    process = spawn("add", long_feed, "--shelf", shelf, "--errors", problems, one_core=True)
    while process.poll() is None and not (problems.exists() and problems.stat().st_size):
        time.sleep(0.01)
    process.send_signal(how)
    output, notes = process.communicate(timeout=60)
    assert output == ""
    if how is signal.SIGINT:
        assert process.returncode == 130
        assert "stopped; indexed rows are kept, and the same command continues from there" in notes
        assert "Traceback" not in notes
    else:
        assert process.returncode == -signal.SIGKILL

    resumed = json.loads(run("add", long_feed, "--shelf", shelf, "--json").stdout)
    assert (resumed["rows"], resumed["failed"]) == (ROWS, 1)
    assert resumed["added"] + resumed["unchanged"] == ROWS - 1
    assert resumed["unchanged"] >= STORED
    assert resumed["photos_encoded"] == resumed["added"]
    assert json.loads(run("stats", "--json", "--shelf", shelf).stdout)["products"] == ROWS - 1
    again = json.loads(run("add", long_feed, "--shelf", shelf, "--json").stdout)
    assert (again["unchanged"], again["photos_encoded"]) == (ROWS - 1, 0)


@pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="keeps the program slow by binding it to one core"
)
def test_stopped_while_it_tunes_every_row_is_kept(run: Run, long_feed: Path, tmp_path: Path) -> None:
    feed, shelf = tmp_path / "few.csv", tmp_path / "shelf"
    feed.write_text("\n".join(long_feed.read_text("utf-8").splitlines()[:41]), "utf-8")
    process = spawn("add", feed, "--photos", long_feed.parent, "--shelf", shelf, one_core=True)
    while process.poll() is None and not (shelf / "words").exists():  # written after the last row
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    output, notes = process.communicate(timeout=60)
    assert (process.returncode, output) == (130, "")
    assert "Traceback" not in notes
    assert not (shelf / "tuning.json").exists()

    again = json.loads(run("add", feed, "--photos", long_feed.parent, "--shelf", shelf, "--json").stdout)
    assert (again["unchanged"], again["photos_encoded"]) == (40, 0)
    assert json.loads(run("stats", "--json", "--shelf", shelf).stdout)["tuning"]["products"] == 40
