"""snapshelf rank: train, eval, promote and explain on a log."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from snapshelf.catalogue import Catalogue, Entry
from snapshelf.cli import app
from tests.ranking.taste_shop import NOW, Shop, make_shop


@pytest.fixture(autouse=True)
def _trees_can_grow(trees: None) -> None:
    """Every model here is of trees."""


@pytest.fixture(scope="module")
def shop() -> Shop:
    return make_shop()


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["rank", *map(str, arguments)])


@pytest.fixture
def shelf(tmp_path: Path, shop: Shop) -> Path:
    with Catalogue.open(tmp_path / "catalogue.sqlite") as catalogue:
        catalogue.put([Entry(product, ()) for product in shop.products])
    return tmp_path


@pytest.fixture
def log(tmp_path: Path, shop: Shop) -> Path:
    lines = [
        json.dumps(
            {
                "query_id": search.query_id,
                "client_id": search.shopper,
                "timestamp": search.at,
                "query_response_hit_ids": search.products,
                "query_attributes": {"relevance": search.relevance},
            }
        )
        for search in shop.shown
    ]
    lines += [
        json.dumps(
            {
                "action_name": interaction.kind,
                "client_id": interaction.shopper,
                "timestamp": interaction.at,
                "query_id": interaction.query_id,
                "event_attributes": {"object": {"object_id": interaction.product}},
            }
        )
        for interaction in shop.interactions
    ]
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join([*lines, "broken"]), "utf-8")
    return path


def test_from_a_log_to_a_ranking_that_serves(shelf: Path, log: Path) -> None:
    at = ("--shelf", shelf)
    before = json.loads(run("eval", "--log", log, *at, "--json").stdout)["models"]
    assert before["personal"]["NDCG@10"] == before["formula"]["NDCG@10"]
    assert "no ranking model waits" in run("promote", *at).stderr

    trained = run("train", "--log", log, *at, "--json")
    assert "line 1" in trained.stderr
    figures = json.loads(trained.stdout)["models"]
    assert figures["personal"]["low"] > figures["impersonal"]["NDCG@10"]
    assert {"as_shown", "popularity", "formula", "wrong_shopper"} <= set(figures)

    waiting = json.loads(run("eval", "--candidate", "--log", log, *at, "--json").stdout)
    assert waiting["models"]["personal"]["NDCG@10"] == pytest.approx(figures["personal"]["NDCG@10"], abs=1e-3)
    for found in waiting["models"].values():
        assert found["intervals"].keys() == {"NDCG@10", "HR@10", "MRR"}
        for metric, (low, high) in found["intervals"].items():
            assert low <= found[metric] <= high
    off_policy = waiting["off_policy"]
    assert off_policy["estimates"].keys() == {"naive", "ips", "snips", "doubly_robust"}
    assert off_policy["trusted"] is (off_policy["estimates"]["ips"]["effective"] >= 1_000)

    assert run("promote", *at).exit_code == 0
    after = json.loads(run("eval", "--log", log, *at, "--json").stdout)["models"]
    assert after["personal"]["NDCG@10"] == pytest.approx(figures["personal"]["NDCG@10"], abs=1e-3)
    explained = json.loads(run("explain", *at, "--json").stdout)
    assert sum(each["share"] for each in explained) == pytest.approx(1)
    assert all(each["meaning"] for each in explained)

    assert run("promote", "--back", *at).exit_code == 0
    assert "fixed formula" in run("explain", *at).stderr


def test_no_shelf_and_no_log_are_said(shelf: Path, log: Path, tmp_path: Path) -> None:
    nowhere = run("train", "--log", log, "--shelf", tmp_path / "none")
    assert nowhere.exit_code == 1
    assert "there is no shelf" in nowhere.stderr
    assert "cannot be read" in run("eval", "--log", tmp_path / "none", "--shelf", shelf).stderr


def test_bench_prints_json_and_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "products.csv").write_text("id,title,categories\na,A,Shop > b\nb,B,Shop > b\n", "utf-8")
    lines = [{"shopper": n, "products": ["a", "b"] if n % 2 else ["b", "a"]} for n in range(8)]
    (tmp_path / "purchases.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    told = json.loads(run("bench", tmp_path, "--protocol", "next", "--json").stdout)
    assert told["protocol"] == "next"
    assert {"popularity", "item_knn", "default"} <= set(told["models"])
    few = run("bench", tmp_path, "--protocol", "search", "--json")
    assert few.exit_code == 1
    assert "too few to learn from" in json.loads(few.stdout)["error"]["message"]


def test_without_a_log_the_journal_is_learned_from(shelf: Path, log: Path) -> None:
    at = ("--shelf", shelf)
    taken = CliRunner().invoke(app, ["events", "import", str(log), *map(str, at), "--json"])
    assert json.loads(taken.stdout)["accepted"] > 900
    from_log = json.loads(run("eval", "--log", log, *at, "--json").stdout)
    assert json.loads(run("eval", *at, "--json").stdout) == from_log
    # Who is forgotten is not learned from, whichever way the events come.
    CliRunner().invoke(app, ["shopper", "forget", "s1", *map(str, at)])
    without = json.loads(run("eval", *at, "--json").stdout)
    assert without["searches"] < from_log["searches"]
    assert json.loads(run("eval", "--log", log, *at, "--json").stdout) == without


def test_estimates_that_are_luck_are_said_not_to_be_trusted(shelf: Path, log: Path, tmp_path: Path) -> None:
    lines = log.read_text("utf-8").splitlines()
    few = tmp_path / "few.jsonl"
    few.write_text(
        "\n".join([*lines[:60], *(line for line in lines if any(f'"q{n}"' in line for n in range(60)))])
    )
    told = run("eval", "--log", few, "--shelf", shelf)
    assert "doubly_robust" in told.stdout
    assert "not to be trusted: the effective sample size is" in told.stderr


def test_experiments_of_a_log_are_reported(shelf: Path, tmp_path: Path) -> None:
    lines = []
    for number in range(200):
        attributes = {"experiment": "taste", "variant": "ab"[number % 2]}
        lines.append(
            {
                "query_id": f"q{number}",
                "client_id": f"s{number}",
                "timestamp": NOW,
                "query_response_hit_ids": ["Ahorn-hat-0"],
                "query_attributes": attributes,
            }
        )
        if number % 2 and number % 3:
            lines.append(
                {
                    "action_name": "click",
                    "event_id": str(number),
                    "client_id": f"s{number}",
                    "timestamp": NOW + 1,
                    "query_id": f"q{number}",
                    "event_attributes": {"object": {"object_id": "Ahorn-hat-0"}},
                }
            )
    log = tmp_path / "experiment.jsonl"
    log.write_text("\n".join(map(json.dumps, lines)), "utf-8")

    def report(*arguments: str | Path) -> Result:
        return CliRunner().invoke(app, ["report", "experiments", "--shelf", str(shelf), *map(str, arguments)])

    (told,) = json.loads(report("--log", log, "--json").stdout)
    assert told["verdict"] == "b is better"
    assert told["variants"]["a"]["of_shoppers"]["click"]["value"] == 0
    assert told["variants"]["b"]["searches"] == 100
    printed = report("--log", log)
    assert "taste\tb\t100\t100" in printed.stdout
    assert "taste: b is better" in printed.stderr
    assert "no search took part" in report().stderr
