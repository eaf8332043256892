"""The package speaks the terms of the field: former names stay out of ``src``; see ``docs/glossary.md``."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import snapshelf

SOURCE = Path(snapshelf.__file__).parent
MODULES = sorted(SOURCE.rglob("*.py"))

CLASSES = {
    "Ask", "Wish", "Manner", "Turn", "Looks", "Moves", "Deed", "Shown", "Told", "Lessons", "Past", "Owned", "Folder",
    "Judgement", "JudgedSet", "Recalled", "ShopWords", "ShelfRanking", "Searcher", "Recommending", "Store",
    "StoreError", "EdgeStore", "ProcessStore", "Knowledge",
}  # fmt: skip
"""Former class names, with the names that replaced them in the glossary and the CHANGELOG."""

IDENTIFIERS = {
    "one", "found", "told", "those", "made", "aisle", "hasty", "rival", "patient", "alike", "instead",
    "standing",
}  # fmt: skip
"""Former names of variables, attributes, parameters and functions: a variable has the noun of its value."""

PROSE = re.compile(r"\bone\b|\bfound\b|\btold\b")
MOST_PROSE = 170
"""A tenth of what the package had. Plain English needs some: "at least one", "not found"."""


LIBRARIES = {"one"}
"""Attributes of libraries that are allowed: ``Result.one()`` of SQLAlchemy."""


def identifiers(tree: ast.AST) -> Iterator[str]:
    """Names that a module binds, reads or passes."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name):
                yield from {name} - LIBRARIES
            case ast.Name(id=name) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.keyword(arg=str(name)) | ast.alias(asname=str(name)):
                yield name
            case ast.alias(name=name):
                yield from name.split(".")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_former_names_stay_out(path: Path) -> None:
    names = {name.lstrip("_") for name in identifiers(ast.parse(path.read_text("utf-8")))}
    assert not names & (CLASSES | IDENTIFIERS), "see docs/glossary.md for the terms"


def test_filler_words_stay_rare_in_prose() -> None:
    counts = Counter(
        {str(path.relative_to(SOURCE)): len(PROSE.findall(path.read_text("utf-8"))) for path in MODULES}
    )
    assert counts.total() <= MOST_PROSE, counts.most_common(10)


def test_former_names_are_caught() -> None:
    tree = ast.parse("from a import Deed\nfor one in b.told(alike=1):\n    found: int = one")
    assert {"Deed", "one", "told", "alike", "found"} <= set(identifiers(tree))
