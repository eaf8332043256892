"""Facets, choices, sorting, pages, chips, reasons, suggestions, rules, lexicon and reports on the command line."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from snapshelf.demo import DemoProduct
from snapshelf.events import Event
from snapshelf.shelf import Shelf
from tests.cli.commands import COUNT, Run


@pytest.fixture(scope="module")
def ids(drawings: list[DemoProduct]) -> list[str]:
    return [drawing.id for drawing in drawings]


def answer(run: Run, *arguments: str | Path) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    value: dict[str, Any] = json.loads(result.stdout)
    return value


def found(answer: dict[str, Any]) -> list[str]:
    return [hit["id"] for hit in answer["hits"]]


def test_facets_and_choices(run: Run, shelf: Path, drawings: list[DemoProduct]) -> None:
    prices = sorted(drawing.price for drawing in drawings)
    low, high = prices[4], prices[9]
    everything = ("--photo", shelf.parent / "query.jpg", "--no-collapse", "-k", "1000", "--shelf", shelf)
    (shelf.parent / "query.jpg").write_bytes(b"")
    drawings[0].photo(120).save(shelf.parent / "query.jpg")
    narrowed = answer(run, "search", *everything, "--facet", "price:4", "--choose", f"price={low}..{high}")
    assert sorted(found(narrowed)) == sorted(one.id for one in drawings if low <= one.price <= high)
    (facet,) = narrowed["facets"]
    assert (facet["kind"], len(facet["counts"]), sum(facet["counts"])) == ("numbers", 3, COUNT)
    assert facet["chosen"] == {"low": float(low), "high": float(high)}
    upwards = answer(run, "search", *everything, "--choose", f"price={low}..")
    assert len(found(upwards)) == sum(one.price >= low for one in drawings)
    values = answer(run, "search", *everything, "--choose", "currency=CNY", "--choose", "currency=EUR")
    assert len(found(values)) == COUNT


def test_facets_for_people(run: Run, shelf: Path) -> None:
    result = run("search", "--facet", "currency", "--facet", "price:2", "--shelf", shelf)
    tables = result.stdout.split("\n\n")
    assert tables[1].splitlines() == ["currency\tproducts", f"CNY\t{COUNT}"]
    bars = [line.split("\t") for line in tables[2].splitlines()]
    assert (bars[0], sum(int(count) for _, count in bars[1:])) == (["price", "products"], COUNT)


def test_sorting_and_pages(run: Run, shelf: Path, drawings: list[DemoProduct]) -> None:
    # Words that only constrain look for nothing in particular: everything that meets them is sorted.
    search = (
        "search",
        "--text",
        "under 100000",
        "--sort",
        "-price",
        "--no-collapse",
        "-k",
        "6",
        "--shelf",
        shelf,
    )
    prices: list[float] = []
    token: tuple[str, ...] = ()
    for _ in range(3):
        page = answer(run, *search, *token)
        prices += [float(hit["product"]["price"]["amount"]) for hit in page["hits"]]
        token = ("--page-token", page["next_page_token"] or "")
    assert prices == sorted((float(one.price) for one in drawings), reverse=True)
    assert token[1] == ""
    told = run(*search).stderr
    assert "more with --page-token " in told
    wrong = run("search", "--text", "other", "--page-token", told.split()[-1], "--shelf", shelf)
    assert (wrong.exit_code, wrong.stdout) == (1, "")


def test_chips_are_told_and_dropped(run: Run, shelf: Path) -> None:
    words = ("search", "--text", "under 500", "--shelf", shelf)
    (chip,) = answer(run, *words)["chips"]
    assert (chip["kind"], chip["hard"]) == ("price", True)
    assert f"only: {chip['where']} (read from 'under 500'; if not meant: --drop" in run(*words).stderr
    assert answer(run, *words, "--drop", chip["where"])["chips"] == []
    assert answer(run, *words, "--no-understand")["chips"] == []


def test_liked_disliked_and_without(run: Run, shelf: Path, ids: list[str]) -> None:
    examples = ("--liked", ids[0], "--liked", ids[1], "--disliked", ids[2], "--without", "red")
    hits = found(answer(run, "search", *examples, "--no-collapse", "-k", "1000", "--shelf", shelf))
    assert sorted(hits) == sorted(ids[3:])
    nobody = run("search", "--liked", "nobody", "--shelf", shelf)
    assert (nobody.exit_code, nobody.stdout) == (1, "")
    assert "none of the liked products is in the catalogue" in nobody.stderr


def test_several_photos(run: Run, shelf: Path, photos: Path, ids: list[str]) -> None:
    both = [("--photo", photos / f"{id}.jpg") for id in ids[:2]]
    hits = found(answer(run, "search", *both[0], *both[1], "--no-collapse", "-k", "1000", "--shelf", shelf))
    assert max(hits.index(ids[0]), hits.index(ids[1])) < COUNT // 2


def test_explaining(run: Run, shelf: Path, drawings: list[DemoProduct]) -> None:
    result = run("search", "--text", drawings[0].title_en, "--explain", "-k", "1", "--shelf", shelf)
    columns, first = (line.split("\t") for line in result.stdout.splitlines())
    assert columns[-4:] == ["relevance", "matched terms", "constraints", "rules"]
    assert first[-3].split(", ")[-1].lower() in drawings[0].title_en.lower()


def test_why_not(run: Run, shelf: Path, ids: list[str]) -> None:
    asked = ("why-not", ids[0], "--text", "red", "--where", "price > 100000", "--shelf", shelf)
    reason = answer(run, *asked)
    assert (reason["id"], reason["kind"], reason["rank"]) == (ids[0], "filter", None)
    assert sum(reason["contributions"].values()) == pytest.approx(reason["score"])
    lines = run(*asked).stdout.splitlines()
    assert "price > 100000" in lines[0]
    assert lines[-1].startswith("score\t")
    unknown = run("why-not", "nobody", "--text", "red", "--shelf", shelf)
    assert (unknown.exit_code, unknown.stderr) == (1, "error: no product has the id 'nobody'\n")


def test_suggest(run: Run, shelf: Path, drawings: list[DemoProduct]) -> None:
    word = drawings[0].title_en.split()[0][:3]
    result = run("suggest", word, "--k", "3", "--json", "--shelf", shelf)
    suggestions = json.loads(result.stdout)
    assert 0 < len(suggestions) <= 3
    assert {*suggestions[0]} == {"text", "kind", "language"}
    assert run("suggest", word, "--shelf", shelf).stdout.startswith("text\tkind\n")
    assert "no completion on this shelf" in run("suggest", "zzyzx", "--shelf", shelf).stderr


@pytest.mark.parametrize("choice", ["price", "=3", "price=", " = "])
def test_choices_that_are_none(run: Run, shelf: Path, choice: str) -> None:
    result = run("search", "--text", "red", "--choose", choice, "--shelf", shelf)
    assert result.exit_code == 2
    assert "FIELD=VALUE" in result.stderr


def test_a_range_and_values_of_one_field(run: Run, shelf: Path) -> None:
    both = ("--choose", "price=1..2", "--choose", "price=3")
    result = run("search", "--text", "red", *both, "--shelf", shelf)
    assert (result.exit_code, "price has several choices" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--facet", "colr"), "colr"),
        (("--sort", "currency"), "holds no numbers"),
        (("--diversity", "2"), "diversity is 2.0"),
        (("--related", "99"), "related is 99"),
        (("--facet", "price:0"), "limit is 0"),
    ],
)
def test_bad_options_are_said(run: Run, shelf: Path, options: tuple[str, ...], message: str) -> None:
    result = run("search", "--text", "red", *options, "--shelf", shelf)
    assert (result.exit_code, result.stdout) == (1, "")
    assert message in result.stderr


RULES = """\
- name: spring first
  boost: {where: in_stock, by: 0.2}
- name: nobody sees it
  hide: [gone]
"""


def test_rules(run: Run, shelf: Path, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(RULES, "utf-8")
    assert run("rules", "check", file).stdout == "2 rules that hold together: spring first, nobody sees it\n"
    assert json.loads(run("rules", "check", file, "--json").stdout) == {
        "rules": ["spring first", "nobody sees it"],
        "warnings": [],
    }
    assert "this shelf has no rules" in run("rules", "show", "--shelf", shelf).stderr
    copy = shutil.copytree(shelf, tmp_path / "shelf")
    shutil.copy(file, copy / "rules.yaml")
    assert run("rules", "show", "--shelf", copy).stdout == RULES
    (warning,) = json.loads(run("rules", "check", file, "--json", "--shelf", copy).stdout)["warnings"]
    assert warning.startswith("rules.yaml, line ")
    assert warning in run("rules", "check", file, "--shelf", copy).stderr
    assert f"warning: {warning}" in run("stats", "--shelf", copy).stdout
    assert json.loads(run("rules", "show", "--json", "--shelf", copy).stdout) == {"rules": RULES}
    search = ("search", "--text", "red", "-k", "1", "--shelf", copy)
    assert answer(run, *search)["hits"][0]["rules"] == ["spring first"]
    assert answer(run, *search, "--no-rules")["hits"][0]["rules"] == []


def test_rules_that_contradict_each_other(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text("- {name: one, pin: [A]}\n- {name: two, hide: [A]}\n", "utf-8")
    result = run("rules", "check", file, "--json")
    assert result.exit_code == 1
    error = json.loads(result.stdout)["error"]
    assert error["type"] == "RuleError"
    assert all(word in error["message"] for word in ("rules.yaml", "'one'", "'two'"))
    missing = run("rules", "check", tmp_path / "none.yaml")
    assert (missing.exit_code, "there is no such file" in missing.stderr) == (1, True)


def test_lexicon_find(run: Run, tmp_path: Path) -> None:
    result = run("lexicon", "find", "红色连衣裙", "--json", "--shelf", tmp_path / "none")
    concepts = {one["words"]: one for one in json.loads(result.stdout)}
    assert concepts["红色"]["id"] == "colour/red"
    assert "red" in concepts["红色"]["names"]["en"]
    assert concepts["连衣裙"]["kind"] == "category"
    table = run("lexicon", "find", "red", "--shelf", tmp_path / "none").stdout.splitlines()
    assert table[0] == "words\tconcept\tEnglish\tChinese\tkind of"
    assert table[1].startswith("red\tcolour/red\t")
    nothing = run("lexicon", "find", "zzyzx", "--shelf", tmp_path / "none")
    assert "no concept of the lexicon is named here" in nothing.stderr


def test_a_shop_s_own_lexicon(run: Run, tmp_path: Path) -> None:
    (tmp_path / "lexicon.yaml").write_text("colour:\n  mocha: {en: [mocha], zh: [摩卡色]}\n", "utf-8")
    counts = json.loads(run("lexicon", "check", tmp_path / "lexicon.yaml", "--json").stdout)
    assert counts["own"] == 1
    assert counts["together"] > 500
    found = json.loads(run("lexicon", "find", "摩卡色", "--json", "--shelf", tmp_path).stdout)
    assert [one["id"] for one in found] == ["colour/mocha"]
    (tmp_path / "bad.yaml").write_text(
        "colour:\n  mocha: {en: [mocha], zh: [摩卡色], parent: mocha}\n", "utf-8"
    )
    bad = run("lexicon", "check", tmp_path / "bad.yaml")
    assert (bad.exit_code, bad.stdout) == (1, "")
    assert "bad.yaml" in bad.stderr
    assert "mocha" in bad.stderr


def test_report_of_searches_that_found_nothing(run: Run, shelf: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(shelf, tmp_path / "shelf")
    for words in ("zzyzx gadget", "zzyzx gadget"):
        assert run("search", "--text", words, "--shelf", copy).exit_code == 0
    report = json.loads(run("report", "zero-results", "--json", "--shelf", copy).stdout)
    assert {"text": "zzyzx gadget", "times": 2} in report
    assert "2\tzzyzx gadget" in run("report", "zero-results", "--days", "1", "--shelf", copy).stdout


def test_a_shopper_has_an_order_of_their_own(run: Run, shelf: Path, ids: list[str]) -> None:
    with Shelf.open(shelf) as opened:
        told = Event(event_id="bought", shopper="ann", kind="purchase", at=time.time(), product=ids[0])
        opened.journal.append([told])
    search = ("search", "--text", "red", "--min-relevance", "0", "--shelf", shelf)
    of_ann = answer(run, *search, "--shopper", "ann")
    assert any("shopper" in hit["contributions"] for hit in of_ann["hits"])
    for hit in of_ann["hits"]:
        assert hit["score"] == pytest.approx(sum(hit["contributions"].values()))
    assert "shopper" in run(*search, "--shopper", "ann").stdout
    for options in (("--shopper", "ann", "--no-personal"), ("--shopper", "bob")):
        assert found(answer(run, *search, *options)) == found(answer(run, *search))
    reason = answer(run, "why-not", ids[0], "--text", "red", "--shopper", "ann", "--shelf", shelf)
    assert reason["score"] == pytest.approx(sum(reason["contributions"].values()))
    assert run(*search, "--shopper", " ").exit_code == 1
