"""serve and demo: a real server on a free port, and what the demo shows before it."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from snapshelf.catalogue import Catalogue
from snapshelf.cli.showcase import drawn_showcases, own_showcases
from snapshelf.demo import DemoProduct, write_demo
from snapshelf.errors import FeedError
from snapshelf.shelf import Shelf
from tests.cli.commands import COUNT, Run, spawn


@contextmanager
def serving(*arguments: str | Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Start a command that serves, wait for the address that it prints, and stop it by Ctrl-C."""
    process = spawn(*arguments, "--port", "0")
    said = ""
    try:
        stream = process.stdout if arguments[0] == "demo" else process.stderr
        assert stream is not None
        for line in stream:
            said += line
            if match := re.search(r"http://[0-9.]+:\d+", line):
                yield match[0], process
                break
        else:
            raise AssertionError(f"it did not serve: {said}")
        process.send_signal(signal.SIGINT)
        _, notes = process.communicate(timeout=60)
        assert process.returncode == 0
        assert "Traceback" not in notes
    finally:
        process.kill()
        process.wait()


def test_serve_answers_until_ctrl_c(shelf: Path, drawings: list[DemoProduct], run: Run) -> None:
    with serving("serve", "--shelf", shelf) as (address, _):
        answer = httpx.post(
            f"{address}/v1/search", json={"text": drawings[0].title_zh, "k": 3}, timeout=60
        ).json()
        assert [hit["product"]["id"] for hit in answer["hits"]][:1] == [drawings[0].id]
        assert "the shelf is open in another process" in run("stats", "--shelf", shelf).stderr
    assert run("stats", "--shelf", shelf).exit_code == 0


def test_a_port_in_use_is_an_error(run: Run, shelf: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = run("serve", "--shelf", shelf, "--port", taken.getsockname()[1])
    assert result.exit_code == 1
    assert "Cannot listen at 127.0.0.1" in result.stderr


def test_a_port_that_is_none_is_wrong_usage(run: Run, shelf: Path) -> None:
    assert run("serve", "--shelf", shelf, "--port", 70_000).exit_code == 2


def test_demo_of_an_own_feed(
    run: Run, feed: Path, photos: Path, tmp_path: Path, drawings: list[DemoProduct]
) -> None:
    own = ("--catalogue", feed, "--photos", photos, "--map", "title=name", "--folder", tmp_path / "demo")
    result = run("demo", *own, "--no-serve")
    assert result.exit_code == 0
    assert f"{COUNT} added" in result.stdout
    blocks = re.split(r"\nExample \d · ", result.stdout)[1:]
    assert len(blocks) == 3
    for block in blocks:
        first = block.splitlines()[2].split("\t")
        assert first[:1] == ["1"]
        assert first[2] == drawings[0].id
    assert len(re.findall(r"^[1-5] hits of \d+: ", result.stderr, re.MULTILINE)) == 3
    again = run("demo", *own, "--no-serve")
    assert "nothing changed" in again.stdout

    with serving("demo", *own, "--no-browser") as (address, _):
        offered = httpx.get(f"{address}/v1/examples", timeout=60).json()
        assert [(one["text"] is not None, one["photo"] is not None) for one in offered] == [
            (False, True),
            (True, False),
            (True, True),
        ]


def test_demos_of_feeds_with_one_name_do_not_mix(run: Run, feed: Path, photos: Path, tmp_path: Path) -> None:
    lines = feed.read_text("utf-8").splitlines()
    for name, line in (("one", lines[1]), ("two", lines[2])):
        (tmp_path / name).mkdir()
        (tmp_path / name / "products.csv").write_text(f"{lines[0]}\n{line}\n", "utf-8")
        result = run(
            "demo",
            "--catalogue",
            tmp_path / name / "products.csv",
            "--photos",
            photos,
            "--folder",
            tmp_path / "demo",
            "--no-serve",
        )
        assert result.stderr.count("1 hits of ") == 3


def test_a_demo_without_a_usable_product(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("id,title,image\n1,Chair,gone.jpg\n", "utf-8")
    result = run("demo", "--catalogue", tmp_path / "bad.csv", "--folder", tmp_path / "demo", "--no-serve")
    assert result.exit_code == 1
    assert "no product of the feed could be used" in result.stderr


def test_options_of_an_own_feed_need_one(run: Run, tmp_path: Path, photos: Path) -> None:
    result = run("demo", "--photos", photos, "--folder", tmp_path / "demo", "--no-serve")
    assert result.exit_code == 2
    assert not (tmp_path / "demo").exists()


def test_own_showcases_begin_with_a_product_that_the_shelf_has(
    shelf: Path, drawings: list[DemoProduct]
) -> None:
    with Shelf.open(shelf) as opened:
        known = opened.get(drawings[2].id)
        unknown = known.model_copy(update={"id": "unknown"})
        assert [one.text for one in own_showcases(opened, [unknown, known])] == [
            None,
            known.title,
            known.title,
        ]
        with pytest.raises(FeedError, match="no product of the feed could be used"):
            own_showcases(opened, [unknown])


def test_the_drawn_examples_are_a_photo_words_and_both(tmp_path: Path) -> None:
    files = write_demo(tmp_path / "drawn", count=20)
    photo, words, both, *more = drawn_showcases(files)
    assert (photo.text, words.text, words.photo) == (None, "红色连衣裙", None)
    assert photo.photo == both.photo == (files.folder / "shopper_photos" / "shopper-01.jpg").read_bytes()
    assert both.text is not None
    colour, kind = both.text[:2], both.text[2:]
    assert kind
    shown = files.qrels.read_text("utf-8").splitlines()[1].split("\t")[1]
    rows = {row["id"]: row for row in map(json.loads, files.feed.read_text("utf-8").splitlines())}
    assert {"红色": "red", "蓝色": "blue"}[colour] != rows[shown]["attributes"]["colour"]
    assert len({one.label_en for one in (photo, words, both, *more)}) == 3 + len(more)


def test_a_demo_left_by_another_encoder_is_built_anew(
    run: Run, feed: Path, photos: Path, tmp_path: Path
) -> None:
    own = ("--catalogue", feed, "--photos", photos, "--folder", tmp_path / "demo", "--no-serve")
    run("demo", *own)
    (place,) = (tmp_path / "demo").iterdir()
    with closing(Catalogue.open(place / "catalogue.sqlite")) as catalogue:
        catalogue.set_meta("encoder_fingerprint", "of another version")
    result = run("demo", *own)
    assert result.exit_code == 0
    assert "was made with another encoder and is built anew" in result.stderr
    assert f"{COUNT} added" in result.stdout


@pytest.mark.slow
def test_the_drawn_demo_ends_without_serving(run: Run, tmp_path: Path) -> None:
    result = run("demo", "--no-serve", "--folder", tmp_path / "demo")
    assert result.exit_code == 0
    assert "1,500 added" in result.stdout
    assert result.stdout.count("\nExample ") == 3
    again = run("demo", "--no-serve", "--folder", tmp_path / "demo")
    assert "all pictures are in" in again.stdout
    assert "nothing changed" in again.stdout
