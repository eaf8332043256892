"""The rooms of the package: no circle, no reach into another room, tests beside what they test."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from tests.test_public import ROOMS, exported

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "src" / "snapshelf"
SHARED = {"_support", "errors"}
"""Rooms whose modules every room may import by path."""


def module_of(file: Path) -> str:
    """Name of a module: ``search.request``; a package is named without ``__init__``."""
    parts = file.relative_to(SOURCES).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {module_of(file): file for file in sorted(SOURCES.rglob("*.py"))}
PACKAGES = {module for module, file in FILES.items() if file.name == "__init__.py"}


def imported(file: Path) -> Iterator[tuple[str, frozenset[str], bool]]:
    """Yield each import of the package's own modules: the module, the names, and whether it is for types alone."""

    def within(node: ast.AST, typing_only: bool) -> Iterator[tuple[str, frozenset[str], bool]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
                for each in child.body:
                    yield from within(ast.Module([each], []), True)
                continue
            if isinstance(child, ast.ImportFrom) and child.level == 0 and child.module:
                package, _, module = child.module.partition(".")
                if package == "snapshelf":
                    yield module, frozenset(alias.name for alias in child.names), typing_only
            elif isinstance(child, ast.Import):
                for alias in child.names:
                    package, _, module = alias.name.partition(".")
                    if package == "snapshelf":
                        yield module, frozenset(), typing_only
            yield from within(child, typing_only)

    return within(ast.parse(file.read_text("utf-8")), False)


@cache
def imports() -> Mapping[str, frozenset[str]]:
    """Module → the modules that it imports from, also inside functions and for types alone."""
    edges: dict[str, set[str]] = {module: set() for module in FILES}
    for module, file in FILES.items():
        for target, names, _ in imported(file):
            # What is imported from a package may be a module of it, unless its face exports that name.
            public = set(exported(target)) if target in PACKAGES & set(ROOMS) else set()
            submodules = {f"{target}.{name}".lstrip(".") for name in names - public} & FILES.keys()
            edges[module] |= submodules
            if target in FILES and (names - {name.rpartition(".")[2] for name in submodules} or not names):
                edges[module].add(target)
    return {module: frozenset(targets - {module}) for module, targets in edges.items()}


def room_of(module: str) -> str:
    return module.partition(".")[0]


def circles(edges: Mapping[str, frozenset[str]]) -> list[list[str]]:
    """Strongly connected components of more than one node [1]_.

    .. [1] R. Tarjan, "Depth-first search and linear graph algorithms", 1972.
    """
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    components: list[list[str]] = []

    def visit(node: str) -> None:
        order[node] = low[node] = len(order)
        stack.append(node)
        for target in sorted(edges[node]):
            if target not in order:
                visit(target)
                low[node] = min(low[node], low[target])
            elif target in stack:
                low[node] = min(low[node], order[target])
        if low[node] == order[node]:
            at = stack.index(node)
            component = stack[at:]
            del stack[at:]
            if len(component) > 1:
                components.append(sorted(component))

    for node in edges:
        if node not in order:
            visit(node)
    return components


def test_circles_are_recognised() -> None:
    edges = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set()}
    assert circles({node: frozenset(targets) for node, targets in edges.items()}) == [["b", "c"]]


def test_the_graph_of_imports_is_complete() -> None:
    """Guards the tests below: an empty graph would pass them all."""
    graph = imports()
    assert len(graph) > 200
    assert sum(map(len, graph.values())) > 2 * len(graph)
    assert "errors" in graph["_support.sql"]
    assert "catalogue" in graph["shelf.facade"]


def without_faces() -> dict[str, frozenset[str]]:
    """The imports, less those of a package that a module lies in: the face imports its modules anyway."""
    return {
        module: frozenset(target for target in targets if not f"{module}.".startswith(f"{target}."))
        for module, targets in imports().items()
    }


def test_no_module_imports_itself_by_way_of_others() -> None:
    assert circles(without_faces()) == []


def test_no_module_imports_the_face_of_its_own_package() -> None:
    inner = {
        (module, target)
        for module, targets in imports().items()
        for target in targets
        if target in PACKAGES - {""} and module.startswith(f"{target}.")
    }
    assert inner == set()


def test_neither_rooms_nor_folders_form_a_circle() -> None:
    for package in sorted(PACKAGES):
        inside = f"{package}." if package else ""
        children: dict[str, set[str]] = {}

        def child_of(module: str, inside: str = inside) -> str | None:
            return module.removeprefix(inside).partition(".")[0] if module.startswith(inside) else None

        for module, targets in imports().items():
            if module and (child := child_of(module)):
                others = {each for target in targets if target and (each := child_of(target))}
                children.setdefault(child, set()).update(others - {child})
        assert circles({child: frozenset(others) for child, others in children.items()}) == [], package


def test_there_are_at_most_twenty_two_rooms() -> None:
    rooms = {room_of(module) for module in FILES} - {""} | {"benchmarks"}
    assert len(rooms) <= 22, sorted(rooms)


def test_only_faces_are_imported_across_rooms() -> None:
    reaching = sorted(
        f"{module} → {target}"
        for module, targets in imports().items()
        for target in targets
        if "." in target and room_of(target) not in SHARED | {room_of(module)}
    )
    assert reaching == []


def test_no_module_is_named_by_a_verb_or_hidden_at_the_top() -> None:
    loose = [
        file.name
        for file in SOURCES.iterdir()
        if file.is_file() and re.fullmatch(r"_?\w+ing\.py|_[a-z]\w*\.py", file.name)
    ]
    assert loose == []
    private = sorted(module for module in FILES if re.search(r"\._[a-z]", module))
    assert private == []


def test_tests_mirror_the_rooms() -> None:
    rooms = {room_of(module).lstrip("_") for module in FILES} - {"", "__main__", "errors"}
    folders = {path.name for path in (ROOT / "tests").iterdir() if (path / "__init__.py").exists()}
    assert folders - {"benchmarks"} == rooms
