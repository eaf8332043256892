"""An option that a subclass of `SearchRequest` declares is in HTTP, on the command line, in page tokens and in docs."""

import importlib
import json
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from pydantic import Field
from typer.testing import CliRunner

from snapshelf._support.options import Option
from snapshelf.cli.options import DEFAULT_SHELF, JsonOption, ShelfOption
from snapshelf.cli.request_command import add_request_command
from snapshelf.errors import QueryError
from snapshelf.search import SearchRequest, query_digest
from snapshelf.server.bodies import parse_texts
from snapshelf.server.models import SearchBody, SearchForm
from snapshelf.server.openapi import search_body
from snapshelf.server.problems import ProblemError

ROOT = Path(__file__).resolve().parents[2]


class MoreRequest(SearchRequest):
    """A search with two options more: one that decides the order, one that does not."""

    novelty: Annotated[float, Field(ge=0, le=1, description="How much new products are preferred.")] = 0.0
    tags: Annotated[
        tuple[str, ...],
        Field(description="Names of the search in reports."),
        Option(flags=("--tag",), metavar="NAME", decides_order=False),
    ] = ()


class MoreForm(SearchForm, MoreRequest):
    """As a form."""


class MoreBody(SearchBody, MoreForm):
    """As JSON."""


def test_the_model_refuses_what_is_out_of_range() -> None:
    with pytest.raises(QueryError, match="novelty is 2; it must be between 0 and 1"):
        MoreRequest(novelty=2)


def test_page_tokens_know_it() -> None:
    plain = query_digest(MoreRequest(text="red"))
    assert query_digest(MoreRequest(text="red", novelty=0.5)) != plain
    assert query_digest(MoreRequest(text="red", tags=("summer",))) == plain


def test_http_describes_and_parses_it() -> None:
    page = search_body(MoreForm, MoreBody)
    parameters = {
        parameter["name"]: parameter["schema"] for parameter in page["parameters"] if "schema" in parameter
    }
    assert (parameters["novelty"]["minimum"], parameters["novelty"]["maximum"]) == (0, 1)
    form = page["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]
    assert form["tags"]["items"] == {"type": "string"}
    assert (
        "How much new products are preferred."
        in MoreBody.model_json_schema()["properties"]["novelty"]["description"]
    )
    written = parse_texts(MoreForm, [("text", "red"), ("novelty", "0.5"), ("tags", "a"), ("tags", "b")])
    sent = MoreBody.model_validate_json('{"text": "red", "novelty": 0.5, "tags": ["a", "b"]}')
    assert (written.novelty, written.tags) == (sent.novelty, sent.tags) == (0.5, ("a", "b"))
    with pytest.raises(ProblemError, match="novelty"):
        parse_texts(MoreForm, [("novelty", "2")])


def test_the_command_line_has_it() -> None:
    app = typer.Typer()

    def look(shelf: ShelfOption = DEFAULT_SHELF, as_json: JsonOption = False, **options: Any) -> None:
        """Look."""
        typer.echo(json.dumps({"shelf": str(shelf), **options}))

    add_request_command(app, look, lambda: MoreRequest)
    app.command()(lambda: None)
    result = CliRunner().invoke(
        app, ["look", "--novelty", "0.5", "--tag", "a", "--tag", "b", "--text", "red"]
    )
    assert result.exit_code == 0, result.output
    options = json.loads(result.stdout)
    assert {name: options[name] for name in ("novelty", "tags", "text")} == {
        "novelty": 0.5,
        "tags": ["a", "b"],
        "text": "red",
    }
    shown = CliRunner().invoke(app, ["look", "--help"], env={"COLUMNS": "200"}).stdout
    assert "How much new products are preferred, 0 to 1." in shown


def test_the_tables_of_the_docs_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "docs")
    generate = importlib.import_module("generate")
    row = "| `novelty` | `0.0` | How much new products are preferred, 0 to 1. |"
    assert row in generate.http_table(MoreRequest)
    assert row in generate.python_table(MoreRequest)
    assert "| `--tag NAME` |  | Names of the search in reports. May be repeated. |" in generate.cli_table(
        MoreRequest
    )
