"""Describe the routes and the schemas of the OpenAPI document in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from snapshelf.server import create_app

Table = list[tuple[str, ...]]


def document() -> dict[str, Any]:
    """Return the OpenAPI document, which is the same for every shelf."""
    return create_app(None).openapi()  # type: ignore[arg-type]


def routes(api: Mapping[str, Any]) -> Iterator[str | Table]:
    """Return headings, paragraphs and tables of the routes: parameters, bodies, answers."""
    schemas = api["components"]["schemas"]
    for path, methods in api["paths"].items():
        for method, route in methods.items():
            yield f"### `{method.upper()} {path}`"
            yield _line(route.get("description", ""))
            content = route.get("requestBody", {}).get("content", {})
            fields = {
                name for media in content.values() for name in _fields(media.get("schema", {}), schemas)
            }
            parameters = route.get("parameters", [])
            if parameters and {parameter["name"] for parameter in parameters} <= fields:
                yield "When the body is an image, the other fields of the body are parameters of the address."
            elif parameters:
                yield [
                    ("parameter", "in", "type", ""),
                    *(
                        (f"`{each['name']}`", each["in"], _type(each["schema"]), _text(each, each["schema"]))
                        for each in parameters
                    ),
                ]
            if content:
                yield [("body", "type"), *_media(content)]
            yield [
                ("answer", "media type", "type"),
                *(
                    (status, *row)
                    for status, answer in route["responses"].items()
                    for row in (list(_media(answer.get("content", {}))) or [("", "")])
                ),
            ]


def schemas(api: Mapping[str, Any]) -> Iterator[str | Table]:
    """Return headings, paragraphs and tables of the bodies and answers."""
    for name, schema in sorted(api["components"]["schemas"].items()):
        yield f"### `{name}`"
        yield _line(schema.get("description", ""))
        required = schema.get("required", ())
        yield [
            ("field", "type", "required", "default", ""),
            *(
                (
                    f"`{field}`",
                    _type(kind),
                    "yes" if field in required else "",
                    _value(kind.get("default")),
                    _text(kind),
                )
                for field, kind in schema.get("properties", {}).items()
            ),
        ]


def _media(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for media, described in content.items():
        yield f"`{media}`", _type(described.get("schema", {}))


def _fields(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> set[str]:
    if "$ref" in schema:
        schema = schemas[_name(schema)]
    return set(schema.get("properties", ()))


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return f"[{_name(schema)}](#{_name(schema).lower()})"
    if members := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(dict.fromkeys(_type(member) for member in members))
    if values := schema.get("enum"):
        return " or ".join(f"`{value}`" for value in values)
    if "const" in schema:
        return f"`{schema['const']}`"
    kind = schema.get("type", "")
    if kind == "array":
        return f"list of {_type(schema.get('items', {})) or 'values'}"
    if properties := schema.get("properties"):
        return f"fields {', '.join(f'`{name}`' for name in properties)}"
    if schema.get("format") == "binary":
        return "bytes"
    return str(kind)


def _text(*descriptions: Mapping[str, Any]) -> str:
    text = next((each["description"] for each in descriptions if each.get("description")), "")
    low, high = descriptions[-1].get("minimum"), descriptions[-1].get("maximum")
    bounds = f" {low:,} to {high:,}." if low is not None and high is not None else ""
    return f"{_line(text)}{bounds}".strip()


def _name(schema: Mapping[str, Any]) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def _value(value: object) -> str:
    if value in (None, [], {}):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _line(text: str) -> str:
    return " ".join(text.split())
