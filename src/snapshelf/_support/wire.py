"""Values as JSON: one serialiser for Python, the command line and HTTP, and one declaration of each field."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, cast, get_args, get_origin, get_type_hints
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic.fields import FieldInfo

_DOCSTRING_WIDTH = 112

Declared = TypeVar("Declared", bound=type[Any])


def to_json(value: Any) -> dict[str, Any]:
    """Return a dataclass or model as plain values of JSON."""
    kind: Any = type(value)
    values: dict[str, Any] = _adapter(kind).dump_python(value, mode="json", by_alias=True)
    return values


def product_path(product_id: str) -> str:
    """Return the path under which HTTP serves a product."""
    return f"/v1/products/{quote(product_id, safe='')}"


def photo_path(product_id: str) -> str:
    """Return the path under which HTTP serves a product's photo."""
    return f"{product_path(product_id)}/photo"


def with_root(value: Any, root_path: str) -> Any:
    """Return a JSON value in which the paths of photos begin with `root_path`, the prefix of a reverse proxy."""
    if isinstance(value, list):
        return [with_root(item, root_path) for item in value]
    if not isinstance(value, dict) or not root_path:
        return value
    return {
        name: f"{root_path}{item}" if name == "photo" else with_root(item, root_path)
        for name, item in value.items()
    }


def documented(declared: Declared) -> Declared:
    """Add the declared fields to the docstring of a dataclass or model; its schema keeps the first paragraph."""
    summary, _, sections = inspect.cleandoc(declared.__doc__ or "").partition("\n\n")
    lines = [summary, "", "Parameters", "----------"]
    for name, kind, description in _declared_fields(declared):
        lines += [f"{name} : {kind}"]
        lines += [f"    {line}" for line in textwrap.wrap(description, _DOCSTRING_WIDTH)]
    declared.__doc__ = "\n".join([*lines, *(["", sections] if sections else [])])
    if is_dataclass(declared):
        own: ConfigDict = getattr(declared, "__pydantic_config__", ConfigDict())
        cast(Any, declared).__pydantic_config__ = ConfigDict(
            arbitrary_types_allowed=True,
            json_schema_extra=_with_description(summary),
            json_schema_serialization_defaults_required=True,
            **own,
        )
    return declared


def _with_description(summary: str) -> Callable[[dict[str, Any]], None]:
    def describe(schema: dict[str, Any]) -> None:
        schema["description"] = " ".join(summary.split())

    return describe


def _declared_fields(declared: type[Any]) -> Iterator[tuple[str, str, str]]:
    if issubclass(declared, BaseModel):
        for name, field in declared.model_fields.items():
            yield name, type_text(field.annotation), field.description or ""
        return
    hints = get_type_hints(declared, include_extras=True)
    for item in fields(declared):
        information = next(
            (part for part in _annotations(hints[item.name]) if isinstance(part, FieldInfo)), None
        )
        yield item.name, type_text(hints[item.name]), (information and information.description) or ""


def _annotations(kind: Any) -> tuple[Any, ...]:
    return get_args(kind)[1:] if get_origin(kind) is Annotated else ()


def type_text(kind: Any) -> str:
    """Return a type as numpydoc writes it: ``"str or None"``, ``"tuple of str"``, ``'{"full", "photo-vectors"}'``."""
    origin, members = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return type_text(members[0])
    if origin is Literal:
        return "{" + ", ".join(f'"{member}"' for member in members) + "}"
    if origin is tuple:
        return f"tuple of {type_text(members[0])}"
    if origin is not None and isinstance(origin, type) and len(members) == 2 and issubclass(origin, dict):
        return "mapping"
    if members and (origin is None or not isinstance(origin, type) or origin.__name__ == "UnionType"):
        return " or ".join(dict.fromkeys(type_text(member) for member in members))
    if kind is type(None):
        return "None"
    name = getattr(origin or kind, "__name__", str(kind))
    return {"Mapping": "mapping", "Image": "PIL.Image.Image", "Sequence": "sequence"}.get(name, name)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
