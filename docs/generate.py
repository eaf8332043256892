"""Write the tables of options in these documents from the models that declare the options.

``python docs/generate.py`` writes them between ``<!-- options: NAME -->`` and ``<!-- end of options -->``;
``python docs/generate.py --check`` writes nothing and exits with 1 where a document is stale.
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import openapi
from pydantic.fields import FieldInfo

from snapshelf._support.options import OptionsModel, describe, options_of
from snapshelf.cli.request_command import request_parameters
from snapshelf.recommend import RecommendationRequest
from snapshelf.search import SIGNALS, SearchRequest

DOCS = Path(__file__).parent
_TABLE = re.compile(r"(<!-- options: (?P<name>[\w ]+) -->\n).*?(<!-- end of options -->)", re.DOTALL)


def http_table(model: type[OptionsModel]) -> str:
    """Return the options that HTTP has, as a table."""
    rows = [
        (f"`{name}`", _default(field), describe(field))
        for name, field, option in options_of(model)
        if option.http
    ]
    return _table(("field", "default", ""), rows)


def python_table(model: type[OptionsModel]) -> str:
    """Return all options, as a table."""
    return _table(
        ("option", "default", ""),
        [(f"`{name}`", _default(field), describe(field)) for name, field, _ in options_of(model)],
    )


def cli_table(model: type[OptionsModel]) -> str:
    """Return the options that the command line has, as a table."""
    fields = model.model_fields
    rows = []
    for parameter in request_parameters(model):
        if parameter.is_argument:
            rows.append((f"`{parameter.metavar}`", _default(fields[parameter.name]), parameter.help))
            continue
        flags = [flag for spelling in parameter.flags for flag in spelling.split("/")]
        metavar = parameter.metavar or ("" if fields[parameter.name].annotation is bool else "VALUE")
        written = [f"`{flag} {metavar}`" if metavar and flag == flags[-1] else f"`{flag}`" for flag in flags]
        rows.append((", ".join(written), _default(fields[parameter.name]), parameter.help))
    return _table(("option", "default", ""), rows)


def signal_table() -> str:
    """Return the signals of a score, as a table."""
    rows = [
        (f"`{signal.name}`", signal.en, "" if signal.weight is None else f"{signal.weight:g}")
        for signal in SIGNALS
    ]
    return _table(("signal", "meaning", "default weight"), rows)


def openapi_section(parts: Iterable[str | openapi.Table]) -> str:
    """Return paragraphs and tables of the OpenAPI document as Markdown."""
    return "\n\n".join(
        textwrap.fill(part, 118, break_long_words=False, break_on_hyphens=False)
        if isinstance(part, str)
        else _table(part[0], part[1:])
        for part in parts
        if part and (isinstance(part, str) or len(part) > 1)
    )


TABLES: Mapping[str, Callable[[], str]] = {
    "search python": lambda: python_table(SearchRequest),
    "search http": lambda: http_table(SearchRequest),
    "search cli": lambda: cli_table(SearchRequest),
    "signals": signal_table,
    "recommendations http": lambda: http_table(RecommendationRequest),
    "recommendations cli": lambda: cli_table(RecommendationRequest),
    "routes": lambda: openapi_section(openapi.routes(openapi.document())),
    "schemas": lambda: openapi_section(openapi.schemas(openapi.document())),
}


def generated(text: str) -> str:
    """Return a document with its tables written anew."""
    return _TABLE.sub(lambda match: f"{match[1]}\n{TABLES[match['name']]()}\n\n{match[3]}", text)


def is_stale(document: Path, text: str, new: str) -> bool:
    """Return whether a document lacks what its tables would say now.

    How the OpenAPI document describes types depends on the release of FastAPI. So only the routes, parameters and
    fields of that page are compared.
    """
    if document.name == "openapi.md":
        return _names(text) != _names(new)
    return text != new


def _names(text: str) -> set[str]:
    return set(re.findall(r"^(?:### |\| )`([^`]+)`", text, re.MULTILINE))


def _default(field: FieldInfo) -> str:
    value: Any = field.get_default(call_default_factory=True)
    if value is None or value == () or value == {}:
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def main(arguments: list[str]) -> int:
    """Write the tables, or check them."""
    stale = []
    for document in sorted(DOCS.rglob("*.md")):
        text = document.read_text("utf-8")
        new = generated(text)
        if is_stale(document, text, new):
            stale.append(document)
        if new != text and "--check" not in arguments:
            document.write_text(new, "utf-8")
    if stale and "--check" in arguments:
        print(f"stale, run python docs/generate.py: {', '.join(map(str, stale))}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
