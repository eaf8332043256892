"""``snapshelf encoders``: lists, fetches, measures, checks and converts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from snapshelf.encoders import registry
from tests.cli.commands import Run, spawn
from tests.encoders import hub_folders
from tests.encoders.hub_server import Hub, serving

NAME = "hf-hub:maker/small-siglip2"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with serving(Hub(repositories={"maker/small-siglip2": hub_folders.siglip2(tmp_path / "remote")})) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        monkeypatch.setenv("SNAPSHELF_ENCODERS", str(tmp_path / "home"))
        monkeypatch.setenv("NO_PROXY", "*")
        monkeypatch.delenv("SNAPSHELF_PROVIDER", raising=False)
        yield hub


def test_pulled_in_one_process_it_searches_in_another(hub: Hub, feed: Path, tmp_path: Path) -> None:
    pulling = spawn("encoders", "pull", NAME)
    output, notes = pulling.communicate(timeout=120)
    assert pulling.returncode == 0, notes
    assert NAME in output
    assert f"--encoder {NAME}" in notes
    hub.repositories.clear()
    hub.requests.clear()
    for arguments in (
        ("add", feed, "--photos", feed.parent / "photos", "--encoder", NAME),
        ("search", "--text", "red dress"),
    ):
        process = spawn(*arguments, "--shelf", tmp_path / "shelf", "--json")
        output, notes = process.communicate(timeout=120)
        assert process.returncode == 0, notes
    assert json.loads(output)["hits"]
    assert hub.requests == []


def test_pull_prints_json(run: Run, hub: Hub) -> None:
    pulled = json.loads(run("encoders", "pull", NAME, "--json").stdout)
    assert pulled["ready"] is True
    assert pulled["name"] == NAME
    assert "onnx/vision_model.onnx" in pulled["files"]


def test_a_pull_that_fails_is_one_line(run: Run, hub: Hub) -> None:
    result = run("encoders", "pull", "hf-hub:no/such")
    assert result.exit_code == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert "does not have this model" in line


def test_ls_tells_what_is_there_and_what_is_to_be_done(run: Run, hub: Hub) -> None:
    run("encoders", "pull", NAME)
    listed = json.loads(run("encoders", "ls", "--json").stdout)
    states = {about["name"]: about["state"] for about in listed["encoders"]}
    assert states.keys() == registry().keys() | {NAME}
    assert (states["bundled"], states[NAME], states["nllb-clip-base"]) == ("here", "here", "pull, export")
    assert "cpu" in listed["providers"]
    header, *rows = run("encoders", "ls").stdout.splitlines()
    assert header.split("\t")[:3] == ["name", "state", "licence"]
    assert len(rows) == len(states)


def test_bench_measures(run: Run, hub: Hub) -> None:
    run("encoders", "pull", NAME)
    speed = json.loads(run("encoders", "bench", NAME, "--provider", "cpu", "--json").stdout)
    assert (speed["provider"], speed["dimension"]) == ("cpu", hub_folders.DIMENSION)
    assert min(speed["photo_ms"], speed["text_ms"], speed["photos_per_second"], speed["load_seconds"]) > 0


def test_doctor_finds_nothing_wrong_with_the_bundled_one(run: Run) -> None:
    result = run("encoders", "doctor")
    assert result.exit_code == 0
    assert all(row.startswith("ok\t") for row in result.stdout.splitlines()[1:])


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (lambda folder: (folder / "photo.onnx").unlink(), "loads"),
        (lambda folder: (folder / "tokenizer.json").write_bytes(b"{}"), "tokenizer.json"),
        (lambda folder: shutil.copyfile(folder / "text.onnx", folder / "photo.onnx"), "photo.onnx"),
        (lambda folder: (folder / "card.json").write_text("{}"), "loads"),
    ],
)
def test_doctor_says_what_is_wrong(run: Run, tmp_path: Path, damage: object, what: str) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(registry()["bundled"].folder, folder)
    assert callable(damage)
    damage(folder)
    result = run("encoders", "doctor", folder, "--json")
    assert result.exit_code == 1
    wrong = [check for check in json.loads(result.stdout) if not check["fine"]]
    assert wrong[0]["what"] == what
    assert str(folder) in json.dumps(wrong, ensure_ascii=False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("bench", "no-such"), "unknown encoder"),
        (("bench", "nllb-clip-base"), "snapshelf encoders pull nllb-clip-base"),
        (("export", "nllb-clip-base"), "snapshelf encoders pull nllb-clip-base --checkpoint"),
        (("export", "bundled"), "nothing to export"),
        (("export", "nowhere", "--out", "out"), "no such folder"),
        (("pull", "bundled"), "nothing needs to be pulled"),
    ],
)
def test_what_cannot_be_done_says_why(run: Run, hub: Hub, arguments: tuple[str, ...], said: str) -> None:
    result = run("encoders", *arguments)
    assert result.exit_code == 1
    assert said in result.stderr


@pytest.mark.parametrize(
    "arguments", [("export", "somewhere"), ("bench", "--provider", "gpu"), ("pull",), ("nonsense",)]
)
def test_wrong_usage_exits_with_2(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("encoders", *arguments).exit_code == 2


def test_a_provider_that_is_missing_is_an_error(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from snapshelf.encoders import providers_available

    missing = [name for name in ("cuda", "openvino") if name not in providers_available()]
    for name in missing:
        result = run("encoders", "bench", "--provider", name)
        assert result.exit_code == 1
        assert f"lacks the execution provider {name}" in result.stderr
        monkeypatch.setenv("SNAPSHELF_PROVIDER", name)
        assert run("encoders", "bench").exit_code == 1
        monkeypatch.delenv("SNAPSHELF_PROVIDER")
