"""snapshelf events and snapshelf shopper, and training from the journal."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from snapshelf.catalogue import Catalogue, Entry, Product
from snapshelf.cli import app

NOW = time.time()


def run(*arguments: str | Path, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)], input=stdin)


def parsed(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    products = [
        Product(id=f"p{n}", title=f"bag {n}", brand=f"brand {n % 2}", category=("Bags",), price=20 + n)
        for n in range(5)
    ]
    with Catalogue.open(tmp_path / "catalogue.sqlite") as catalogue:
        catalogue.put([Entry(product, ()) for product in products])
    return tmp_path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    lines = [
        {
            "query_id": "q1",
            "client_id": "ann",
            "timestamp": NOW - 70,
            "query_response_hit_ids": ["p1", "p2", "p3"],
        },
        *(
            {
                "action_name": kind,
                "event_id": f"e{n}",
                "client_id": "ann",
                "timestamp": NOW - 60 + n,
                "query_id": "q1",
                "event_attributes": {"object": {"object_id": f"p{n}"}},
            }
            for n, kind in enumerate(("click", "add_to_cart", "purchase", "impression"))
        ),
        {"action_name": "click", "client_id": "ann", "timestamp": "never"},
    ]
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    return path


def test_events_are_imported_once(shelf: Path, file: Path) -> None:
    at = ("--shelf", shelf)
    first = run("events", "import", file, *at)
    assert first.exit_code == 3
    assert "3 accepted, 1 ignored, 1 shown, 1 refused" in first.stdout
    assert "line 6: timestamp: 'never' is no time" in first.stderr
    again = run("events", "import", file, *at, "--json")
    assert again.exit_code == 3
    told = json.loads(again.stdout)
    assert (told["accepted"], told["duplicates"]) == (0, 3)
    assert told["refused"][0]["line"] == 6
    view = {
        "eventType": "detail-page-view",
        "visitorId": "bob",
        "productDetails": [{"product": {"id": "p4"}}],
    }
    assert parsed(run("events", "import", "-", *at, "--json", stdin=json.dumps(view)))["accepted"] == 1
    counts = parsed(run("events", "stats", *at, "--json"))
    assert (counts["events"], counts["impressions"], counts["profiles"]) == (4, 1, 2)
    assert counts["received"]["duplicates"] == 3
    assert "profiles" in run("events", "stats", *at).stdout


def test_what_is_known_of_a_shopper(shelf: Path, file: Path, tmp_path: Path) -> None:
    at = ("--shelf", shelf)
    run("events", "import", file, *at)
    known = parsed(run("shopper", "show", "ann", *at, "--json"))
    assert known["bought"]["p2"]["count"] == 1
    assert "purchase p2, cart p1, click p0" in run("shopper", "show", "ann", *at).stdout
    lines = run("shopper", "export", "ann", *at).stdout.splitlines()
    out = tmp_path / "ann.jsonl"
    assert "lines are in" in run("shopper", "export", "ann", "--out", out, *at).stderr
    assert out.read_text("utf-8").splitlines() == lines
    assert len(lines) == 5

    merged = parsed(run("shopper", "merge", "ann", "anna", *at, "--json"))
    assert merged["events"] == 3
    gone = run("shopper", "show", "ann", *at)
    assert (gone.exit_code, "nothing is known of a shopper 'ann'" in gone.stderr) == (1, True)
    assert parsed(run("shopper", "forget", "anna", *at, "--json")) == {
        "events": 3,
        "impressions": 1,
        "profiles": 1,
    }
    assert run("shopper", "export", "anna", *at).exit_code == 1
    assert "erased 0 events" in run("shopper", "consent", "ann", "no", *at).stdout


def test_what_is_old_is_erased(shelf: Path, file: Path) -> None:
    at = ("--shelf", shelf)
    run("events", "import", file, *at)
    assert parsed(run("events", "prune", *at, "--json"))["events"] == 0
    (shelf / "shoppers.yaml").write_text("keep_days: 3", "utf-8")
    old = {
        "action_name": "click",
        "client_id": "ann",
        "timestamp": NOW - 4 * 86_400,
        "event_attributes": {"object": {"object_id": "p1"}},
    }
    run("events", "import", "-", *at, stdin=json.dumps(old))
    assert parsed(run("events", "prune", "--days", 5, *at, "--json"))["events"] == 0
    assert parsed(run("events", "prune", *at, "--json"))["events"] == 1
    (shelf / "shoppers.yaml").write_text("keep: 3", "utf-8")
    assert "shoppers.yaml: keep: " in run("events", "prune", *at).stderr


def test_without_a_shelf_or_a_file(shelf: Path, tmp_path: Path) -> None:
    assert "there is no shelf here" in run("events", "stats", "--shelf", tmp_path / "none").stderr
    missing = run("events", "import", tmp_path / "none.jsonl", "--shelf", shelf)
    assert "cannot be read (No such file" in missing.stderr


def test_a_journal_elsewhere_and_consent_required(shelf: Path, file: Path, location: str) -> None:
    at = ("--shelf", shelf)
    url = location if "://" in location else f"sqlite:///{location}"
    (shelf / "shoppers.yaml").write_text(json.dumps({"journal": url, "consent_required": True}), "utf-8")
    told = json.loads(run("events", "import", file, *at, "--json").stdout)
    assert (told["accepted"], told["without_consent"]) == (0, 3)
    assert run("shopper", "consent", "ann", "yes", *at).exit_code == 0
    assert json.loads(run("events", "import", file, *at, "--json").stdout)["accepted"] == 3
    assert not (shelf / "journal.db").exists()
    (shelf / "shoppers.yaml").write_text("journal: mysql://shop@db/snapshelf", "utf-8")
    assert "databases of the kind 'mysql' are not supported" in run("events", "stats", *at).stderr
