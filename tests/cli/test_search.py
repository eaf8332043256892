"""search, similar, stats and remove: what they print, and their errors."""

from __future__ import annotations

import json
import re
import shutil
import time
from pathlib import Path

import pytest

from snapshelf.catalogue import Catalogue, Product
from snapshelf.demo import DemoProduct
from snapshelf.events import RELEVANCE_SIGNALS, Event
from snapshelf.shelf import Shelf
from tests.cli.commands import COUNT, Run


def test_search_by_photo_as_json(run: Run, shelf: Path, photos: Path, drawings: list[DemoProduct]) -> None:
    wanted = drawings[3]
    result = run("search", "--photo", photos / f"{wanted.id}.jpg", "--k", 5, "--json", "--shelf", shelf)
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert len(answer["hits"]) == 5
    assert set(answer["timings_ms"]) == {"decode", "understand", "encode", "recall", "rank", "facets"}
    first = answer["hits"][0]
    assert first["photo"] == f"/v1/products/{wanted.id}/photo"
    assert (first["rank"], first["id"], first["product"]["title"]) == (1, wanted.id, wanted.title)
    assert first["product"]["price"] == {"amount": str(wanted.price), "currency": "CNY"}
    assert first["score"] == pytest.approx(sum(first["contributions"].values()))


def test_search_by_words_by_both_and_by_photo_vectors(
    run: Run, shelf: Path, photos: Path, drawings: list[DemoProduct]
) -> None:
    def contributions(*options: str | Path) -> set[str]:
        result = run("search", *options, "--k", 1, "--json", "--shelf", shelf)
        return set(json.loads(result.stdout)["hits"][0]["contributions"])

    words = ("--text", drawings[0].title_zh)
    photo = ("--photo", photos / f"{drawings[0].id}.jpg")
    assert {"text_image", "lexical"} <= contributions(*words) <= set(RELEVANCE_SIGNALS)
    assert {"photo", "text_image", "lexical"} <= contributions(*photo, *words)
    assert contributions(*words, "--mode", "photo-vectors") == {"text_image"}


def test_search_for_people(run: Run, shelf: Path, drawings: list[DemoProduct]) -> None:
    result = run("search", "--text", drawings[0].title_en, "--k", 2, "--shelf", shelf)
    first = result.stdout.splitlines()[1].split("\t")
    assert first[0] == "1"
    assert drawings[0].title_en in first[3]
    assert first[4] == f"{drawings[0].price:,} CNY"
    assert re.search(r"\d hits of \d+: decode", result.stderr)


def test_filters(run: Run, shelf: Path, drawings: list[DemoProduct]) -> None:
    where = f"price >= {drawings[0].price} AND in_stock"
    expected = {drawing.id for drawing in drawings if drawing.price >= drawings[0].price}
    for command in (("search", "--text", "x"), ("similar", drawings[0].id)):
        answer = json.loads(run(*command, "--where", where, "-k", 1_000, "--json", "--shelf", shelf).stdout)
        found = {hit["id"] for hit in answer["hits"]}
        assert found == expected - ({drawings[0].id} if command[0] == "similar" else set())
        bad = run(*command, "-w", "price <", "--shelf", shelf)
        assert bad.exit_code == 1
        assert "filter, character 8: the filter ends too early; a value is missing" in bad.stderr


def test_similar_leaves_the_product_out(run: Run, shelf: Path, drawings: list[DemoProduct]) -> None:
    answer = json.loads(run("similar", drawings[0].id, "--k", 1_000, "--json", "--shelf", shelf).stdout)
    found = [hit["id"] for hit in answer["hits"]]
    assert sorted([*found, drawings[0].id]) == sorted(drawing.id for drawing in drawings)
    assert run("similar", drawings[0].id, "--shelf", shelf).stdout.splitlines()[1].split("\t")[2] == found[0]


def test_stats(run: Run, shelf: Path) -> None:
    facts = json.loads(run("stats", "--json", "--shelf", shelf).stdout)
    assert facts["products"] == facts["photos"] == COUNT
    assert facts["encoder"] == "bundled"
    assert facts["bytes"] > 0
    lines = run("stats", "--shelf", shelf).stdout.splitlines()
    assert f"products: {COUNT}" in lines
    assert f"bytes: {facts['bytes']:,}" in lines
    assert facts["quarantined"] == {}
    assert lines[-1] == "quarantined: 0"


def test_stats_name_what_the_index_refuses(
    run: Run, shelf: Path, tmp_path: Path, drawings: list[DemoProduct]
) -> None:
    copy = shutil.copytree(shelf, tmp_path / "copy")
    id = drawings[0].id
    with Catalogue.open(copy / "catalogue.sqlite") as catalogue:
        product = catalogue.get(id)
        assert product is not None
        too_large = {**dict(product), "attributes": {"w": 1.7976931348623157e308}}
        catalogue.put_fields([Product.model_construct(**too_large)])
    lines = run("stats", "--shelf", copy).stdout.splitlines()
    assert lines[-2] == "quarantined: 1"
    assert lines[-1].startswith(f"  {id}: the field 'attributes.w' is ")
    assert list(json.loads(run("stats", "--json", "--shelf", copy).stdout)["quarantined"]) == [id]
    assert run("search", "--text", "red", "--shelf", copy).exit_code == 0
    assert run("remove", id, "--shelf", copy).stdout == "removed 1 of 1\n"
    assert run("stats", "--shelf", copy).stdout.splitlines()[-1] == "quarantined: 0"


def test_remove(run: Run, shelf: Path, tmp_path: Path, drawings: list[DemoProduct]) -> None:
    copy = shutil.copytree(shelf, tmp_path / "copy")
    gone, also = drawings[0].id, drawings[1].id
    assert run("remove", gone, "unknown", "--shelf", copy).stdout == "removed 1 of 2\n"
    assert json.loads(run("remove", gone, also, "--json", "--shelf", copy).stdout) == {"removed": 1}
    assert json.loads(run("stats", "--json", "--shelf", copy).stdout)["products"] == COUNT - 2
    assert run("similar", gone, "--shelf", copy).exit_code == 1


def test_browsing(run: Run, shelf: Path, drawings: list[DemoProduct]) -> None:
    everything = json.loads(run("search", "-k", "1000", "--no-collapse", "--json", "--shelf", shelf).stdout)
    assert sorted(hit["id"] for hit in everything["hits"]) == sorted(drawing.id for drawing in drawings)
    cheap = ("--where", f"price <= {sorted(drawing.price for drawing in drawings)[2]}", "--sort", "price")
    result = run("search", *cheap, "-k", "2", "--no-collapse", "--shelf", shelf)
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 3)
    assert "2 hits of " in result.stderr


def test_browsing_by_what_sells(run: Run, shelf: Path, tmp_path: Path, drawings: list[DemoProduct]) -> None:
    copy = shutil.copytree(shelf, tmp_path / "copy")
    # What is sold out would come last.
    bought, carted, seen = [drawing.id for drawing in drawings if drawing.stock][-3:]
    kinds = [("purchase", bought), ("cart", carted), ("view", seen), ("cart", seen), ("remove", seen)]
    with Shelf.open(copy) as opened:
        opened.journal.append(
            [
                Event(event_id=f"{at}", shopper="ann", kind=kind, at=time.time(), product=id)
                for at, (kind, id) in enumerate(kinds)
            ]
        )
    browse = ("search", "--json", "--no-collapse", "-k", "5", "--shelf", copy)
    assert bought not in {hit["id"] for hit in json.loads(run(*browse).stdout)["hits"]}
    assert run("rank", "refresh", "--shelf", copy).exit_code == 0
    for sort in ((), ("--sort", "bestselling")):
        # Other tests may have bought something, too.
        first = [hit["id"] for hit in json.loads(run(*browse, *sort).stdout)["hits"]]
        assert [id for id in first if id in (bought, carted, seen)] == [bought, carted, seen]
    (first, *_) = json.loads(run(*browse, "--where", f"id = {bought!r} OR id = {seen!r}").stdout)["hits"]
    assert first["id"] == bought


ERRORS = [
    (("search", "--without", "red"), "QueryError", "says only what to avoid"),
    (("search", "--text", "  "), "QueryError", "text is empty"),
    (("search", "--text", "red", "--k", "0"), "QueryError", "k is 0; it must be between 1 and 1000"),
    (("search", "--text", "red", "--k", "1001"), "QueryError", "k is 1001"),
    (("search", "--photo", "gone.jpg"), "PhotoError", "gone.jpg: the photo cannot be read: No such file"),
    (("similar", "no-such-id"), "NotFoundError", "no product has the id 'no-such-id'"),
]


@pytest.mark.parametrize(("arguments", "kind", "message"), ERRORS)
def test_an_error_is_one_line_and_one_object(
    run: Run, shelf: Path, arguments: tuple[str, ...], kind: str, message: str
) -> None:
    result = run(*arguments, "--json", "--shelf", shelf)
    assert result.exit_code == 1
    error = json.loads(result.stdout)["error"]
    assert error["type"] == kind
    assert message in error["message"]
    assert result.stderr == f"error: {error['message']}\n"
    for_people = run(*arguments, "--shelf", shelf)
    assert (for_people.exit_code, for_people.stdout, for_people.stderr) == (1, "", result.stderr)


def test_a_photo_that_is_none(run: Run, shelf: Path, tmp_path: Path) -> None:
    (tmp_path / "words.jpg").write_text("not a photo")
    result = run("search", "--photo", tmp_path / "words.jpg", "--shelf", shelf)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("error: ")


@pytest.mark.parametrize(
    "command", [("search", "--text", "x"), ("similar", "x"), ("stats",), ("remove", "x"), ("serve",)]
)
def test_an_unknown_shelf_is_not_made(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    result = run(*command, "--shelf", tmp_path / "none")
    assert result.exit_code == 1
    assert "there is no shelf here; make one with: snapshelf add" in result.stderr
    assert not (tmp_path / "none").exists()


def test_a_shelf_that_is_open_elsewhere(run: Run, shelf: Path, feed: Path) -> None:
    with Shelf.open(shelf):
        for command in (("stats",), ("search", "--text", "x"), ("add", feed), ("serve",)):
            result = run(*command, "--shelf", shelf)
            assert result.exit_code == 1
            assert "the shelf is open in another process" in result.stderr
    assert run("stats", "--shelf", shelf).exit_code == 0
