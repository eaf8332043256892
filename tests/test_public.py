"""The public faces: what each room exports, who uses it, and how it is documented."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

import snapshelf

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "snapshelf"
ROOMS = sorted(
    init.parent.name for init in SOURCE.glob("*/__init__.py") if not init.parent.name.startswith("_")
)
PUBLIC = [
    "AddReport", "Chip", "FacetChoice", "FacetRequest", "FacetResult", "HeatMap", "Hit", "Note", "Price",
    "Product", "Range", "Recommendation", "RecommendationReason", "RecommendationResponse", "RowError",
    "SearchResponse", "Shelf", "ShelfStats", "SnapshelfError", "WhyNot", "errors",
]  # fmt: skip


def exported(room: str) -> list[str]:
    """`__all__` of a room, without importing it: training needs PyTorch."""
    for node in ast.parse((SOURCE / room / "__init__.py").read_text("utf-8")).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=value):
                return list(ast.literal_eval(value))
    raise AssertionError(f"{room} declares no __all__")


@cache
def imports() -> list[tuple[str, str, str]]:
    """(room, "benchmarks" or "tests.ROOM" that imports, module, name) of every import from Snapshelf."""
    names = []
    for folder in (SOURCE, ROOT / "benchmarks", ROOT / "tests"):
        for path in folder.rglob("*.py"):
            room = {"benchmarks": "benchmarks", "tests": "tests."}.get(folder.name, "")
            if folder.name != "benchmarks":
                room += path.relative_to(folder).parts[0]
            tree = ast.parse(path.read_text("utf-8"))
            for node in ast.walk(tree):
                match node:
                    case ast.ImportFrom(module=str(module), names=aliases) if module.startswith("snapshelf"):
                        names += [(room, module, alias.name) for alias in aliases]
                    # `from snapshelf import training`, then `training.coco_examples`
                    case ast.Attribute(value=ast.Name(id=module), attr=name) if module in ROOMS:
                        names.append((room, f"snapshelf.{module}", name))
    return names


@cache
def code_of_docs() -> str:
    """Code blocks and code spans of the documentation, and the program's entry points."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    scripts = re.findall(r"snapshelf\.cli:(\w+)", (ROOT / "pyproject.toml").read_text("utf-8"))
    text = "\n".join(page.read_text("utf-8") for page in pages)
    return "\n".join([*re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL), *scripts])


def annotations(thing: object) -> str:
    """Source text of everything that a user sees of a class or function: bases, fields, signatures, raises."""
    try:
        tree = ast.parse(inspect.cleandoc("\n" + inspect.getsource(thing)))  # type: ignore[arg-type]
    except (TypeError, OSError):
        return ""
    parts = [ast.get_docstring(tree.body[0]) or ""] if isinstance(tree.body[0], ast.ClassDef) else []
    for node in ast.walk(tree):
        match node:
            case ast.AnnAssign(annotation=annotation):
                parts.append(ast.unparse(annotation))
            case ast.FunctionDef(name=name, args=arguments, returns=returns) if not name.startswith("_") or (
                name == "__init__"
            ):
                parts += [ast.unparse(arguments), ast.unparse(returns) if returns else ""]
                parts.append(ast.get_docstring(node) or "")
            case ast.ClassDef(bases=bases):
                parts += [ast.unparse(base) for base in bases]
    return "\n".join(parts)


def importable(room: str) -> ModuleType:
    if room == "training":
        pytest.importorskip("torch", reason="training needs snapshelf[train]")
    return importlib.import_module(f"snapshelf.{room}")


def test_the_package_exports_exactly_these_names() -> None:
    assert snapshelf.__all__ == PUBLIC
    assert set(dir(snapshelf)) == set(PUBLIC)
    for name in PUBLIC:
        assert getattr(snapshelf, name) is not None
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        snapshelf.nothing_of_the_kind  # noqa: B018


@pytest.mark.parametrize("room", ROOMS)
def test_a_face_exports_its_own_public_names(room: str) -> None:
    names, module = exported(room), importable(room)
    assert len(set(names)) == len(names)
    for name in names:
        assert not name.startswith("_"), f"snapshelf.{room} exports the private {name}"
        thing = getattr(module, name)
        assert not isinstance(thing, ModuleType), f"snapshelf.{room} exports the module {name}"
        home = getattr(thing, "__module__", "")
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert home.startswith(f"snapshelf.{room}."), f"snapshelf.{room}.{name} belongs to {home}"


@pytest.mark.parametrize("room", ROOMS)
def test_every_exported_name_is_used_outside_its_room(room: str) -> None:
    """By another room or its tests, a benchmark, the docs or the package; or by the interface of such a name."""
    names, module = set(exported(room)), importable(room)
    used = {
        name
        for user, source, name in imports()
        if user not in (room, f"tests.{room}") and source == f"snapshelf.{room}"
    }
    used |= set(PUBLIC) | {name for name in names if re.search(rf"\b{name}\b", code_of_docs())}
    reached = names & used
    frontier = list(reached)
    while frontier:
        text = annotations(getattr(module, frontier.pop()))
        more = {name for name in names - reached if re.search(rf"\b{name}\b", text)}
        reached |= more
        frontier += more
    assert names - reached == set(), f"snapshelf.{room} exports names that nothing outside of it uses"


@pytest.mark.parametrize("room", ROOMS)
def test_public_things_are_documented(room: str) -> None:
    module = importable(room)
    for name in exported(room):
        thing = getattr(module, name)
        if not (inspect.isclass(thing) or inspect.isfunction(thing)):
            continue
        assert thing.__doc__, f"{room}.{name} has no docstring"
        if inspect.isclass(thing):
            for method, value in vars(thing).items():
                if inspect.isfunction(value) and not method.startswith("_"):
                    assert value.__doc__, f"{room}.{name}.{method} has no docstring"


def test_every_error_descends_from_the_root() -> None:
    assert len(snapshelf.errors.__all__) > 1
    for name in snapshelf.errors.__all__:
        assert issubclass(getattr(snapshelf.errors, name), snapshelf.SnapshelfError)


def test_the_package_loads_no_runtime_before_it_is_needed() -> None:
    heavy = ("onnxruntime", "sqlalchemy", "fastapi", "torch")
    code = f"import sys, snapshelf; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
