"""``snapshelf train`` from every source, stopped in the middle, and told to programs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

pytest.importorskip("torch", reason="training needs snapshelf[train]")
pytestmark = pytest.mark.train

from snapshelf.cli import app
from snapshelf.encoders import load_encoder
from snapshelf.evaluation import Verdict
from snapshelf.shelf import Shelf

Train = Callable[..., Result]


@pytest.fixture
def short(tiny: Path, other_shop: Path) -> list[str]:
    """Options of a run of few seconds."""
    options = ["--base", tiny, "--general", other_shop, "--device", "cpu", "--epochs", "1", "--batch", "24"]
    return [str(option) for option in options]


@pytest.fixture
def train(short: list[str]) -> Train:
    def run(*arguments: str | Path) -> Result:
        return CliRunner().invoke(app, ["train", *map(str, arguments), *short])

    return run


def test_from_a_feed(train: Train, shop: Path, tmp_path: Path) -> None:
    result = train(shop, "--out", tmp_path, "--loss", "sigmoid", "--seed", "9", "--rate", "3e-4", "--json")
    assert result.exit_code == 0, result.stderr
    report = json.loads(result.stdout)
    assert report.pop("folder") == str(tmp_path)
    assert report == json.loads((tmp_path / "verdict.json").read_text("utf-8"))
    card = json.loads((tmp_path / "card.json").read_text("utf-8"))
    assert (card["seed"], card["recipe"]["loss"], card["recipe"]["epochs"]) == (9, "sigmoid", 1.0)
    assert card["recipe"]["photo_rate"] == pytest.approx(3e-4)
    assert card["recipe"]["text_rate"] == pytest.approx(6e-4)
    assert card["data"]["source"] == str(shop)
    for stage in (
        "comparing photos: 100 of 100",
        "decoding photos: 75 of 75",
        "training: 3 of 3",
        "judging: 6 of 6",
    ):
        assert stage in result.stderr


def test_from_a_shelf(train: Train, shop: Path, tiny: Path, tmp_path: Path) -> None:
    with Shelf.open(tmp_path / "shelf", encoder=tiny) as shelf:
        shelf.add(shop)
    result = train("--shelf", tmp_path / "shelf", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    header, *rows = (line.split("\t") for line in result.stdout.splitlines()[:-1])
    assert header == ["set", "task", "queries", "metric", "base", "tuned", "outcome"]
    assert {(row[0], row[1], row[2]) for row in rows} >= {
        (side, "title", language) for side in ("target", "general") for language in ("English", "Chinese")
    }
    verdict = Verdict.read(tmp_path / "out" / "verdict.json")
    last = (
        f"snapshelf promote {tmp_path / 'out'}"
        if verdict.may_be_promoted
        else "must not take the base's place"
    )
    assert last in result.stdout.splitlines()[-1]
    assert load_encoder(tmp_path / "out").fingerprint == verdict.tuned


def test_from_boxes(train: Train, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "classes.txt").write_text("red_dress\nmug\n", "utf-8")
    for number in range(24):
        photo = Image.new("RGB", (60, 40), (200 - number, 20, 20))
        photo.paste((20, 20, 200 - number), (30, 0, 60, 40))
        photo.save(photos / f"{number}.png")
        boxes = "0 0.25 0.5 0.4 0.8\n1 0.75 0.5 0.4 0.8\n9 0.5 0.5 0.1 0.1\n"
        (photos / f"{number}.txt").write_text(boxes, "utf-8")
    result = train("--labels", f"yolo:{photos}", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    card = json.loads((tmp_path / "out" / "card.json").read_text("utf-8"))
    assert card["data"]["labels"] == {"class": 48}
    assert "0.txt, line 3: cannot be used" in result.stderr
    assert "… and 14 more rows or annotations could not be used" in result.stderr


@pytest.mark.parametrize("labels", ["yolo", "zip:photos", "coco:"])
def test_annotations_of_another_kind_are_wrong_usage(train: Train, labels: str, tmp_path: Path) -> None:
    result = train("--labels", labels, "--out", tmp_path)
    assert result.exit_code == 2
    assert "give folders:DIR, coco:FILE, voc:DIR or yolo:DIR" in " ".join(
        result.stderr.replace("│", " ").split()
    )


def test_what_cannot_be_learnt_from_is_one_line(train: Train, shop: Path, tmp_path: Path) -> None:
    feed = shop.with_name("three.jsonl")
    feed.write_text("".join(shop.read_text("utf-8").splitlines(keepends=True)[:3]), "utf-8")
    result = train(feed, "--out", tmp_path)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("error: 3 products are too few to learn from")
    assert not (tmp_path / "card.json").exists()


@pytest.mark.timeout(600)
def test_ctrl_c_leaves_a_checkpoint_to_go_on_from(short: list[str], shop: Path, tmp_path: Path) -> None:
    program = "from snapshelf.cli import main; main()"
    command = [
        sys.executable,
        "-c",
        program,
        "train",
        str(shop),
        "--out",
        str(tmp_path),
        *short,
        "--batch",
        "8",
    ]

    def hear_ctrl_c() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    process = subprocess.Popen(
        [*command, "--epochs", "1000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        preexec_fn=hear_ctrl_c,  # a shell that runs the tests in the background has its children ignore it
    )
    with process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("training: ") and int(line.split()[1].replace(",", "")) > 100:
                process.send_signal(signal.SIGINT)
                break
        _, rest = process.communicate(timeout=60)
    assert process.returncode == 130, rest
    assert "the same command continues from there" in rest
    assert (tmp_path / "run" / "checkpoint.pt").exists()
    assert not (tmp_path / "card.json").exists()
    result = CliRunner().invoke(app, [*command[3:], "--epochs", "12"])
    assert result.exit_code == 0, result.stderr
    assert "decoding photos" not in result.stderr
    assert load_encoder(tmp_path).dimension == 24
