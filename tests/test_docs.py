"""What README and docs say is true: commands, code, tables, links."""

from __future__ import annotations

import csv
import importlib
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

import pytest
import typer
from fastapi.testclient import TestClient

import snapshelf
from snapshelf.catalogue import Price, Product, read_feed
from snapshelf.cli import app
from snapshelf.demo import draw_catalogue
from snapshelf.server import create_app
from snapshelf.shelf import Shelf

ROOT = Path(__file__).resolve().parents[1]
ROOMS = {init.parent.name for init in (ROOT / "src/snapshelf").glob("*/__init__.py")} | {"errors"}
PAIRS = sorted(
    (path, path.with_name(path.name.replace(".zh.md", ".md"))) for path in (ROOT / "docs").rglob("*.zh.md")
)
READMES = (ROOT / "README.md", ROOT / "README.zh.md")
DOCUMENTS = (*READMES, *sorted((ROOT / "docs").rglob("*.md")))
LINKING = (*DOCUMENTS, ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md")
RUNNABLE = (
    ROOT / "README.md",
    *(
        ROOT / f"docs/{name}.md"
        for name in (
            "index",
            "reference/catalogue",
            "concepts/search",
            "reference/filters",
            "concepts/events",
            "concepts/recommendations",
            "reference/http",
            "howto/evaluate",
        )
    ),
)

COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]

by_name = pytest.mark.parametrize


def name(value: object) -> str | None:
    """Name a document in the id of a test."""
    return value.relative_to(ROOT).as_posix() if isinstance(value, Path) else None


class Block(NamedTuple):
    language: str
    code: str


def blocks(document: Path) -> list[Block]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", document.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [Block(*block) for block in found]


def prose(document: Path) -> str:
    return re.sub(r"^```.*?^```$", "", document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def tables(document: Path, header: str) -> Iterator[list[str]]:
    """Give the cells of the rows of the tables under a header such as ``| field | written |``."""
    for table in document.read_text("utf-8").split(f"{header}\n")[1:]:
        for line in table.splitlines()[1:]:
            if not line.startswith("|"):
                break
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def codes(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def without_comments(block: Block) -> list[str]:
    return [line for line in (re.sub(r"\s*# .*$", "", line) for line in block.code.splitlines()) if line]


def test_both_readmes_have_the_same_code() -> None:
    english, chinese = (
        [(block.language, without_comments(block)) for block in blocks(path)] for path in READMES
    )
    assert english
    assert english == chinese


def test_both_readmes_have_the_same_shape() -> None:
    """Sections, list entries, links and placeholders correspond, but for the links from one to the other."""
    shapes = []
    for path in READMES:
        text = prose(path)
        links = sorted(
            {link.replace(".zh.md", ".md") for link in re.findall(r"\]\(([^)]+)\)", text)} - {"README.md"}
        )
        shapes.append(
            (
                re.findall(r"^(#+) ", text, re.MULTILINE),
                text.count("\n- "),
                links,
                re.findall(r"{{\w+}}", text),
            )
        )
    assert shapes[0] == shapes[1]


@by_name(("chinese", "english"), PAIRS, ids=name)
def test_chinese_pages_have_the_code_of_the_english_ones(chinese: Path, english: Path) -> None:
    assert [without_comments(block) for block in blocks(chinese)] == [
        without_comments(block) for block in blocks(english)
    ]
    levels = [re.findall(r"^(#+) ", prose(page), re.MULTILINE) for page in (chinese, english)]
    assert levels[0] == levels[1]


def test_tutorials_and_howtos_are_in_both_languages() -> None:
    english = {path for room in ("tutorial", "howto") for path in (ROOT / "docs" / room).glob("*.md")}
    translated = {page for _, page in PAIRS}
    pages = {path for path in english if not path.name.endswith(".zh.md")}
    assert pages
    assert pages <= translated


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text("utf-8")
    for page in (ROOT / "docs").rglob("*.md"):
        assert f": {page.relative_to(ROOT / 'docs').as_posix()}\n" in navigation, page


def long_lines(document: Path) -> list[str]:
    """Return the lines of prose over 120 characters; tables and indented diagrams may be longer."""
    lines = [line for line in prose(document).splitlines() if len(line) > 120]
    return [line for line in lines if not line.lstrip().startswith("|") and not line.startswith("    ")]


@by_name("document", LINKING, ids=name)
def test_lines_are_short(document: Path) -> None:
    assert long_lines(document) == []


def command_lines(document: Path) -> list[list[str]]:
    code = "\n".join(block.code for block in blocks(document) if not block.language).replace("\\\n", " ")
    lines = [shlex.split(line, comments=True) for line in code.splitlines() if line.startswith("snapshelf ")]
    return [line[1:] for line in lines]


@by_name(
    ("document", "arguments"),
    [(document, line) for document in LINKING for line in command_lines(document)],
    ids=lambda value: name(value) or " ".join(value),
)
def test_command_lines_are_understood(document: Path, arguments: list[str]) -> None:
    command, *options = arguments
    if command.startswith("--"):
        assert command in {"--help", "--version"}
    elif "--help" in options:
        assert (command in COMMANDS, options) == (True, ["--help"])
    else:
        found = COMMANDS[command]
        if hasattr(found, "commands"):
            command, *options = options
            found = found.commands[command]
        # Raises what the program itself would say of a wrong option or argument.
        found.make_context(command, options)


def flags(command: str) -> set[str]:
    found = COMMANDS[command]
    ones = getattr(found, "commands", {command: found}).values()
    return {
        flag
        for one in ones
        for parameter in one.make_context(command, [], resilient_parsing=True).command.params
        for flag in (*parameter.opts, *parameter.secondary_opts)
        if flag.startswith("-")
    }


def exported(room: str) -> list[str]:
    """Return the names that a module offers; docs name the package, its rooms and no module within them."""
    assert re.fullmatch(r"snapshelf(\.[a-z]\w*)?", room), f"{room} is private"
    return list(importlib.import_module(room).__all__)


@by_name("document", LINKING, ids=name)
def test_only_faces_of_rooms_are_imported(document: Path) -> None:
    text = document.read_text("utf-8")
    for room, several, single in re.findall(
        r"\bfrom (snapshelf[\w.]*) import (?:\(([^)]*)\)|([\w, ]+))", text
    ):
        names = [imported.split(" as ")[0].strip() for imported in (several or single).split(",")]
        assert {imported for imported in names if imported} <= {*exported(room)}, room
    assert not re.findall(r"\bsnapshelf(?:\.\w+)*\._\w+", text)
    for room, attribute in re.findall(r"\bsnapshelf\.([a-z_]+)\.(\w+)", text):
        if room in ROOMS:
            assert attribute in exported(f"snapshelf.{room}"), f"snapshelf.{room}.{attribute}"


@by_name("document", LINKING, ids=name)
def test_commands_in_prose_exist(document: Path) -> None:
    for code in codes(prose(document)):
        words = code.split()
        if words[0] == "snapshelf" and len(words) > 1 and not words[1].startswith("-"):
            assert words[1] in COMMANDS, code
            given = {word for word in words[2:] if word.startswith("-")}
            assert given <= flags(words[1]) | {"--help"}, code


def test_the_documents_have_what_is_checked() -> None:
    """Guards the checks of each document, which pass where there is nothing to check."""
    texts = [prose(document) for document in DOCUMENTS]
    assert sum(code.startswith("snapshelf ") for text in texts for code in codes(text)) > 50
    assert sum(len(re.findall(r"\]\([^)\s]+\)", text)) for text in texts) > 100
    assert sum(text.count("from snapshelf") for text in (page.read_text("utf-8") for page in DOCUMENTS)) > 10
    assert sum(block.language == "json" for document in DOCUMENTS for block in blocks(document)) > 5


def test_every_command_and_flag_is_documented() -> None:
    sections = re.split(
        r"^## `snapshelf ([\w-]+)`$", (ROOT / "docs/reference/cli.md").read_text("utf-8"), flags=re.MULTILINE
    )
    described = dict(zip(sections[1::2], sections[2::2], strict=True))
    assert described.keys() == COMMANDS.keys()
    for command, section in described.items():
        rows = " ".join(
            " ".join(codes(re.split(r"(?<!\\)\|", line)[1]))
            for line in section.splitlines()
            if line.startswith("| `")
        )
        assert set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", rows)) == flags(command), command


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder such as the documents speak of: a feed and its photos, a shelf, a query photo, an evaluation."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "photos").mkdir()
    (folder / "queries").mkdir()
    with (folder / "products.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["sku", "name", "price", "image"])
        for number, drawing in enumerate(draw_catalogue(count=6, seed=3), start=1163):
            drawing.photo(120).save(folder / "photos" / f"{number}.jpg")
            rows.writerow([number, drawing.title, f"¥{drawing.price}", f"{number}.jpg"])
    photo = (folder / "photos" / "1163.jpg").read_bytes()
    (folder / "query.jpg").write_bytes(photo)
    (folder / "queries" / "q2.jpg").write_bytes(photo)
    evaluation = [block.code for block in blocks(ROOT / "docs/howto/evaluate.md")]
    (folder / "queries.jsonl").write_text(next(code for code in evaluation if '"_id"' in code), "utf-8")
    (folder / "qrels.tsv").write_text(next(code for code in evaluation if "query-id" in code), "utf-8")
    with Shelf.open(folder / "my-shelf") as shelf:
        assert shelf.add(folder / "products.csv", photos=folder / "photos").added == 6
    return folder


@pytest.fixture(scope="module")
def shelf(shop: Path) -> Iterator[Shelf]:
    with Shelf.open(shutil.copytree(shop / "my-shelf", shop / "open-shelf")) as shelf:
        yield shelf


@by_name(
    ("document", "code"),
    [(path, block.code) for path in RUNNABLE for block in blocks(path) if block.language == "python"],
    ids=lambda value: name(value) or "",
)
def test_python_runs(
    document: Path,
    code: str,
    shop: Path,
    shelf: Shelf,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each block alone, as the reader of the document would have it: in the shop's folder, with a filled shelf."""
    monkeypatch.chdir(shop)
    names: dict[str, Any] = {"shelf": shelf}
    try:
        exec(compile(code, str(document), "exec"), names)  # noqa: S102
    finally:
        if names["shelf"] is not shelf:
            names["shelf"].close()
    assert ("print" in code) == bool(capsys.readouterr().out)


@by_name("document", DOCUMENTS, ids=name)
def test_json_is_json(document: Path) -> None:
    for block in blocks(document):
        if block.language == "json":
            one = block.code.startswith("{\n")
            for text in [block.code] if one else block.code.splitlines():
                assert isinstance(json.loads(text), dict)


def test_option_tables_are_those_of_the_models() -> None:
    check = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, encoding="utf-8"
    )
    assert check.returncode == 0, check.stderr


PYTHON_API = re.findall(r"^::: (\S+)$", (ROOT / "docs/reference/python.md").read_text("utf-8"), re.MULTILINE)


def test_the_python_reference_has_the_public_names() -> None:
    rooms = [entry.rpartition(".") for entry in PYTHON_API]
    for room, _, exported in rooms:
        assert exported in importlib.import_module(room).__all__, f"{room}.{exported}"
    assert {exported for room, _, exported in rooms if room == "snapshelf"} == {*snapshelf.__all__} - {
        "SnapshelfError"
    }


def anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@by_name("document", LINKING, ids=name)
def test_links_lead_somewhere(document: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(document)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), f"{link}: there is no such file"
        assert not anchor or anchor in anchors(target), f"{link}: there is no such heading"


COLUMNS = list(tables(ROOT / "docs/reference/catalogue.md", "| field | names that are recognised |"))


@by_name(("field", "names"), COLUMNS, ids=lambda value: value if len(value) < 20 else "")
def test_column_names_are_recognised(field: str, names: str, tmp_path: Path) -> None:
    field = field.strip("`")
    for column in codes(names):
        others = [needed for needed in ("id", "title") if needed != field]
        (tmp_path / "feed.csv").write_text(",".join([column, *others]) + "\n1,1,1\n", "utf-8")
        assert read_feed(tmp_path / "feed.csv").mapping.get(field) == column, column


def test_every_field_has_its_column_names() -> None:
    fields = {
        codes(row[0])[0]
        for row in tables(ROOT / "docs/reference/catalogue.md", "| field | what it is | rules |")
    }
    assert fields == set(Product.model_fields)
    assert {row[0].strip("`") for row in COLUMNS} == fields - {"attributes"} | {"currency"}


@by_name(("written", "read"), list(tables(ROOT / "docs/reference/catalogue.md", "| written | read as |")))
def test_prices_are_read_as_told(written: str, read: str) -> None:
    price = Price.model_validate(written.strip("`"))
    assert f"{price.amount} {price.currency}" == read


@by_name(("availability", "words"), list(tables(ROOT / "docs/reference/catalogue.md", "| field | written |")))
def test_availabilities_are_read_as_told(availability: str, words: str) -> None:
    for word in codes(words):
        product = Product.parse({"id": "1", "title": "A", "availability": word})
        assert product.availability == availability.strip("`")


def test_every_route_is_documented(shelf: Shelf) -> None:
    paths = create_app(shelf).openapi()["paths"]
    routes = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert routes == {row[0].strip("`") for row in tables(ROOT / "docs/reference/http.md", "| route | |")}


def test_every_metric_is_documented(shelf: Shelf) -> None:
    answer = TestClient(create_app(shelf)).get("/metrics").text
    kinds = dict(re.findall(r"^# TYPE (snapshelf_\w+) (\w+)$", answer, re.MULTILINE))
    described = tables(ROOT / "docs/reference/http.md", "| metric | kind | labels | |")
    told = {row[0].strip("`"): row[1] for row in described}
    assert {metric: kind for metric, kind in kinds.items() if not metric.endswith("_created")} == told
