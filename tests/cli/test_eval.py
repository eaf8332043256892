"""eval: the figures of a shelf whose right answers are known."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from snapshelf.demo import DemoProduct
from snapshelf.shelf import Shelf
from tests.cli.commands import COUNT, Run


@pytest.fixture(scope="module")
def questions(photos: Path, drawings: list[DemoProduct]) -> tuple[Path, Path]:
    """Every product's photo, asked for the product; beside the photos because image paths are relative."""
    queries, qrels = photos / "queries.jsonl", photos / "qrels.tsv"
    queries.write_text(
        "".join(json.dumps({"_id": f"q-{one.id}", "image": f"{one.id}.jpg"}) + "\n" for one in drawings),
        "utf-8",
    )
    qrels.write_text(
        "query-id\tcorpus-id\tscore\n" + "".join(f"q-{one.id}\t{one.id}\t1\n" for one in drawings), "utf-8"
    )
    return queries, qrels


@pytest.mark.parametrize("mode", ["photo-vectors", "full"])
def test_every_photo_finds_its_product(
    run: Run, shelf: Path, questions: tuple[Path, Path], mode: str
) -> None:
    queries, qrels = questions
    result = run(
        "eval",
        "--shelf",
        shelf,
        "--queries",
        queries,
        "--qrels",
        qrels,
        "--mode",
        mode,
        "--metrics",
        "R@1,RR@10,P@10,AP",
        "--json",
    )
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert list(report)[:4] == ["mode", "queries", "corpus", "metrics"]
    assert (report["mode"], report["queries"], report["corpus"]) == (mode, COUNT, COUNT)
    assert list(report["metrics"]) == ["R@1", "RR@10", "P@10", "AP"]
    for found in report["metrics"].values():
        assert list(found) == ["value", "low", "high", "random"]
        assert found["low"] <= found["value"] <= found["high"]
    assert report["metrics"]["R@1"] == {"value": 1, "low": 1, "high": 1, "random": pytest.approx(1 / COUNT)}
    assert report["metrics"]["P@10"]["value"] == pytest.approx(0.1)


def test_words_photo_and_both_for_people(
    run: Run, shelf: Path, photos: Path, drawings: list[DemoProduct], tmp_path: Path
) -> None:
    (tmp_path / "one.jpg").write_bytes((photos / f"{drawings[0].id}.jpg").read_bytes())
    queries = [
        {"_id": "words", "text": drawings[0].title_zh},
        {"_id": "both", "text": drawings[0].title_en, "image": "one.jpg"},
        {"_id": "unjudged", "text": "red"},
    ]
    (tmp_path / "q.jsonl").write_text("\n".join(map(json.dumps, queries)), "utf-8")
    (tmp_path / "qrels.txt").write_text(
        f"words 0 {drawings[0].id} 1\nboth 0 {drawings[0].id} 2\nboth 0 sold-out 1\nother 0 {drawings[1].id} 1\n",
        "utf-8",
    )
    result = run(
        "eval",
        "--shelf",
        shelf,
        "--queries",
        tmp_path / "q.jsonl",
        "--qrels",
        tmp_path / "qrels.txt",
        "--metrics",
        "R@5",
    )
    assert result.exit_code == 0
    header, row = (line.split("\t") for line in result.stdout.splitlines())
    assert header == ["metric", "value", "low", "high", "random"]
    # The second query has one relevant product that the shelf lacks: (1 + 1/2) / 2.
    assert row[:2] == ["R@5", "0.7500"]
    for note in (
        "1 queries are left out: they have no qrels",
        "1 queries of the qrels are left out: the queries file does not have them",
        "1 relevant products are not in the shelf; they count as misses",
        f"2 queries over {COUNT} products, mode full",
    ):
        assert note in result.stderr


@pytest.fixture(scope="module")
def worded(drawings: list[DemoProduct], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Every product's title in both languages, twice, asked for the product."""
    folder = tmp_path_factory.mktemp("titles")
    titles = [(one.id, title) for one in drawings for title in (one.title_en, one.title_zh)] * 2
    (folder / "queries").write_text(
        "".join(json.dumps({"_id": f"q{n}", "text": title}) + "\n" for n, (_, title) in enumerate(titles)),
        "utf-8",
    )
    (folder / "qrels").write_text("".join(f"q{n} 0 {id} 1\n" for n, (id, _) in enumerate(titles)), "utf-8")
    return folder / "queries", folder / "qrels"


def test_titles_in_other_order(run: Run, shelf: Path, worded: tuple[Path, Path]) -> None:
    queries, qrels = worded
    result = run(
        "eval", "--shelf", shelf, "--queries", queries, "--qrels", qrels, "--vary", "order", "--metrics", "RR"
    )
    assert result.exit_code == 0
    assert f"{4 * COUNT} queries, words shuffled over {COUNT} products" in result.stderr


def test_calibration_is_kept_in_the_shelf_and_used(
    run: Run, shelf: Path, worded: tuple[Path, Path], drawings: list[DemoProduct], tmp_path: Path
) -> None:
    own = tmp_path / "shelf"
    shutil.copytree(shelf, own)
    queries, qrels = worded
    result = run("eval", "--shelf", own, "--queries", queries, "--qrels", qrels, "--calibrate", "--json")
    assert result.exit_code == 0
    (kind, figures), *others = json.loads(result.stdout)["calibration"].items()
    assert (kind, others) == ("words", [])
    assert figures["queries"] == 4 * COUNT
    assert 0 <= figures["error"] < 0.2
    assert 0 < figures["cut_off"] < 1
    with Shelf.open(own) as opened:
        found = opened.search(text=drawings[0].title_zh)
        assert found.cut_off == pytest.approx(figures["cut_off"])
        assert found.hits[0].relevance is not None
        # What was not calibrated has no probabilities.
        assert opened.search(photo=opened.photo(drawings[0].id)).hits[0].relevance is None


def test_too_few_queries_to_calibrate(
    run: Run, shelf: Path, questions: tuple[Path, Path], tmp_path: Path
) -> None:
    queries, qrels = questions
    few = queries.parent / "few.jsonl"
    few.write_text("".join(queries.read_text("utf-8").splitlines(keepends=True)[:3]), "utf-8")
    result = run("eval", "--shelf", shelf, "--queries", few, "--qrels", qrels, "--calibrate")
    assert result.exit_code == 1
    assert "3 judged queries are too few to calibrate; give at least 50 of a kind" in result.stderr
    assert not (shelf / "calibration.json").exists()


@pytest.mark.parametrize(
    ("queries", "qrels", "metrics", "message"),
    [
        ('{"_id": "q"}', "q 0 a 1", "R@1", 'neither "text" nor "image"'),
        ('{"_id": "q", "text": "x"}', "q a 1", "R@1", "qrels:1: expected BEIR"),
        ('{"_id": "q", "text": "x"}', "q 0 a 1", "Recall@1", "unknown metric 'Recall@1'; known: R@k"),
        ('{"_id": "q", "text": "x"}', "q 0 a 1", "R@1001", "the cutoff 1,001 is too large"),
        ('{"_id": "q", "text": "x"}', "r 0 a 1", "R@1", "check that queries and qrels belong together"),
        ('{"_id": "q", "image": "queries"}', "q 0 a 1", "R@1", "query 'q': "),
    ],
)
def test_errors(
    run: Run, shelf: Path, tmp_path: Path, queries: str, qrels: str, metrics: str, message: str
) -> None:
    (tmp_path / "queries").write_text(queries, "utf-8")
    (tmp_path / "qrels").write_text(qrels, "utf-8")
    result = run(
        "eval",
        "--shelf",
        shelf,
        "--queries",
        tmp_path / "queries",
        "--qrels",
        tmp_path / "qrels",
        "--metrics",
        metrics,
        "--json",
    )
    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"]["type"] == "EvaluationError"
    assert message in result.stderr
