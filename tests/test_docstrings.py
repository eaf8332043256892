"""Docstrings of public names follow numpydoc and agree with the code."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from snapshelf import errors
from tests.test_public import ROOMS, SOURCE, exported

SECTIONS = (
    "Parameters",
    "Attributes",
    "Returns",
    "Yields",
    "Raises",
    "See Also",
    "Notes",
    "References",
    "Examples",
)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Docstring:
    """A docstring, taken apart into its summary and its sections."""

    text: str

    @property
    def summary(self) -> str:
        return self.text.split("\n", 1)[0]

    @property
    def sections(self) -> dict[str, str]:
        parts = re.split(r"^([A-Z][A-Za-z ]+)\n-{3,}$", self.text, flags=re.MULTILINE)
        return dict(zip(parts[1::2], parts[2::2], strict=True))

    def names(self, section: str) -> list[str]:
        """What a section describes: `a, b : int` are two names."""
        heads = re.findall(r"^(\S.*)$", self.sections.get(section, ""), flags=re.MULTILINE)
        return [name.strip("* ") for head in heads for name in head.split(" : ")[0].split(",")]


def definitions(room: str) -> Iterator[tuple[str, ast.stmt]]:
    """(place, definition) of the room's exported classes and functions, and of their public methods."""
    names = set(exported(room))
    for path in sorted((SOURCE / room).rglob("*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name in names:
                place = f"{path.relative_to(SOURCE)}:{node.lineno} {node.name}"
                yield place, node
                for method in node.body if isinstance(node, ast.ClassDef) else ():
                    if isinstance(method, FUNCTIONS) and not method.name.startswith("_"):
                        yield f"{place}.{method.name}", method


def parameters(node: ast.AST) -> list[str]:
    """Parameters of a function, or of a class: its `__init__`, or its fields."""
    if isinstance(node, FUNCTIONS):
        signature = node.args
        names = [
            argument.arg for argument in (*signature.posonlyargs, *signature.args, *signature.kwonlyargs)
        ]
        rest = [argument.arg for argument in (signature.vararg, signature.kwarg) if argument]
        return [name for name in (*names, *rest) if name not in ("self", "cls") and not name.startswith("_")]
    assert isinstance(node, ast.ClassDef)
    for member in node.body:
        if isinstance(member, FUNCTIONS) and member.name == "__init__":
            return parameters(member)
    return [
        member.target.id
        for member in node.body
        if isinstance(member, ast.AnnAssign)
        and isinstance(member.target, ast.Name)
        and not member.target.id.startswith("_")
        and "ClassVar" not in ast.unparse(member.annotation)
    ]


def raised(node: ast.AST) -> set[str]:
    """Errors that a function raises itself, and does not catch itself."""
    errors: set[str] = set()
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (*FUNCTIONS, ast.Lambda, ast.ClassDef)):
            continue
        match child:
            case ast.Raise(exc=ast.Call(func=ast.Name(id=name))) if name.endswith("Error"):
                errors.add(name)
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
                caught = {
                    name
                    for handler in handlers
                    if handler.type
                    for name in re.findall(r"\w+", ast.unparse(handler.type))
                }
                errors |= {name for part in body for name in raised_by(part)} - caught
                errors |= {name for part in (*handlers, *orelse, *final) for name in raised_by(part)}
                continue
        errors |= raised(child)
    return errors


def raised_by(statement: ast.AST) -> set[str]:
    """`raised`, of the statement itself, too."""
    return raised(ast.Module(body=[statement], type_ignores=[]))  # type: ignore[list-item]


def error_class(name: str) -> type[BaseException] | None:
    return getattr(errors, name, None) or getattr(builtins, name, None)


def problems(node: ast.stmt) -> Iterator[str]:
    assert isinstance(node, (*FUNCTIONS, ast.ClassDef))
    text = ast.get_docstring(node)
    if not text:
        yield "has no docstring"
        return
    if re.fullmatch(r"See `[\w.]+`\.", text):
        return  # that documentation holds
    docstring = Docstring(text)
    if not re.search(r"[.:?!][\"')`]*$", docstring.summary):
        yield "its summary is not a sentence on the first line"
    unknown = [name for name in docstring.sections if name not in SECTIONS]
    if unknown:
        yield f"unknown sections {unknown}"
    order = [SECTIONS.index(name) for name in docstring.sections if name in SECTIONS]
    if order != sorted(order):
        yield f"sections out of order: {list(docstring.sections)}"
    if "Parameters" in docstring.sections:
        documented, expected = docstring.names("Parameters"), parameters(node)
        if isinstance(node, ast.ClassDef) and not expected:
            return  # what a base class or a decorator declares
        if sorted(documented) != sorted(expected):
            missing = [name for name in expected if name not in documented]
            surplus = [name for name in documented if name not in expected]
            yield f"its parameters differ from the signature: missing {missing}, unknown {surplus}"
    if isinstance(node, FUNCTIONS):
        documented = [error for name in docstring.names("Raises") if (error := error_class(name))]
        undocumented = [
            name
            for name in sorted(raised(node))
            if not any(issubclass(error_class(name) or Exception, error) for error in documented)
        ]
        if undocumented:
            yield f"raises {undocumented}, which its Raises section does not have"


@pytest.mark.parametrize("room", ROOMS)
def test_docstrings_of_public_names_agree_with_the_code(room: str) -> None:
    found = [f"{place}: {problem}" for place, node in definitions(room) for problem in problems(node)]
    assert found == []


FIELD = "\n\n    Parameters\n    ----------\n    a : int\n    "
SHUFFLED = "\n\n    Raises\n    ------\n    E\n\n    Returns\n    -------\n    int\n    "


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("def f(a):\n    pass", "no docstring"),
        ('def f(a):\n    """Do it"""', "summary"),
        (f'def f(a, b):\n    """Do it.{FIELD}"""', r"missing \['b'\]"),
        (f'def f(b):\n    """Do it.{FIELD}"""', r"unknown \['a'\]"),
        (f'def f():\n    """Do it.{SHUFFLED}"""', "order"),
        (f'class C:\n    """A thing.{FIELD}"""\n    a: int\n    b: int', r"missing \['b'\]"),
        ('def f():\n    """Do it."""\n    if 1:\n        raise QueryError("no")', r"raises \['QueryError'\]"),
    ],
)
def test_the_check_notices(source: str, problem: str) -> None:
    (node,) = ast.parse(source).body
    assert re.search(problem, " ".join(problems(node)))


def test_the_check_reads_every_room() -> None:
    without = [room for room in ROOMS if room != "cli" and not list(definitions(room))]
    assert without == []
    assert Path(SOURCE, "cli").is_dir()
