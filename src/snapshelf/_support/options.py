"""Options that are declared once, as fields of a model; HTTP, the command line, page tokens and docs read them."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from typing import Annotated, Any, Literal, Self, TypeAlias, Union, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic.fields import FieldInfo

from snapshelf.errors import QueryError

OptionShape: TypeAlias = Literal["value", "list", "object"]
"""Whether an option is a single value, may be repeated, or is an object of JSON."""

ADVICE = "advice"
"""Type of a validation error whose message says what to do."""

_EXPECTED = {
    "tuple_type": "give a list",
    "dict_type": "give names with their values",
    "string_type": "give a text",
    "bytes_type": "give a path, the bytes of a file, or a PIL image",
}
"""What to give, by Pydantic's type of an error whose own words name a type of Python."""

_MAX_SHOWN = 60
"""Characters of a wrong value that a message repeats."""


@dataclass(frozen=True, slots=True)
class Option:
    """What a field says of itself beside its type, bounds, default and description.

    Parameters
    ----------
    flags : tuple of str
        Spellings on the command line; by default ``--name``, or ``--name/--no-name`` for a switch that is on.
    metavar : str or None
        What the command line's help calls the value.
    argument : bool
        Whether the command line takes it without a flag.
    decides_order : bool
        Whether another value gives other hits or another order, so that a page token does not go over to it.
    http, cli : bool
        Whether HTTP and the command line have it.
    """

    flags: tuple[str, ...] = ()
    metavar: str | None = None
    argument: bool = False
    decides_order: bool = True
    http: bool = True
    cli: bool = True


class OptionsModel(BaseModel):
    """A request whose fields are its options.

    Raises
    ------
    QueryError
        An option is unknown, of the wrong type or out of range; the message names each. Its cause is the
        `pydantic.ValidationError`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    @model_validator(mode="wrap")
    @classmethod
    def _refuse(cls, data: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(data)
        except ValidationError as error:
            raise QueryError(_message(cls, data, error)) from error

    @classmethod
    def of(cls, request: Self | None, options: Mapping[str, object]) -> Self:
        """Return a request with options over it.

        Raises
        ------
        QueryError
            An option cannot be used, or the request is something else.
        """
        if request is None:
            return cls.model_validate(dict(options))
        if not isinstance(request, cls):
            raise QueryError(
                f"{_shown(request)} is no {cls.__name__}; give keywords, as in text='red dress', or such a request"
            )
        return type(request).model_validate({**dict(request), **options}) if options else request


def option_of(field: FieldInfo) -> Option:
    """Return what a field says of itself as an option."""
    return next((item for item in field.metadata if isinstance(item, Option)), Option())


def options_of(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo, Option]]:
    """Return the options of a model, in the order of their declaration."""
    for name, field in model.model_fields.items():
        yield name, field, option_of(field)


def shape_of(field: FieldInfo) -> OptionShape:
    """Return how an option is written where values are texts, such as in forms and on the command line."""
    kind = plain_type(field)
    if get_origin(kind) is tuple:
        return "list"
    return "object" if get_origin(kind) is dict or is_dataclass(kind) else "value"


def plain_type(field: FieldInfo) -> Any:
    """Return the type of an option without ``| None`` and without what annotates it."""
    kind: Any = field.annotation
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) in (Union, types.UnionType):
        members = [member for member in get_args(kind) if member is not type(None)]
        kind = members[0] if len(members) == 1 else kind
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    return kind


def bounds_of(field: FieldInfo) -> tuple[float | None, float | None]:
    """Return the least and the largest value of an option; None where there is no bound."""
    low = next((item.ge for item in field.metadata if isinstance(item, Ge)), None)
    high = next((item.le for item in field.metadata if isinstance(item, Le)), None)
    return low, high  # type: ignore[return-value]


def describe(field: FieldInfo) -> str:
    """Return the description of an option with its bounds."""
    text, (low, high) = field.description or "", bounds_of(field)
    if low is None or high is None:
        return text
    return f"{text.removesuffix('.')}, {low:,} to {high:,}."


def _message(model: type[BaseModel], data: object, error: ValidationError) -> str:
    problems: dict[str, tuple[int, str]] = {}
    for details in error.errors(include_url=False):
        name = str(details["loc"][0]) if details["loc"] else ""
        # Each member of a union has its error; the deepest says most.
        depth = len(details["loc"])
        if name not in problems or depth > problems[name][0]:
            problems[name] = depth, _problem(model, name, _place(data, details["loc"]), details)
    return "; ".join(problem for _, problem in problems.values())


def _place(data: Any, loc: tuple[int | str, ...]) -> str:
    """Return where in the data an error is; Pydantic's names of a union's members are left out."""
    place = list(loc[:1])
    value: Any = data.get(loc[0]) if isinstance(data, Mapping) and loc else None
    for part in loc[1:]:
        if isinstance(part, int) or (isinstance(value, Mapping) and part in value):
            place.append(part)
            is_container = isinstance(value, Mapping | list | tuple)
            value = value[part] if is_container else None
    return ".".join(map(str, place))


def _problem(model: type[BaseModel], name: str, place: str, details: Mapping[str, Any]) -> str:
    value, kind = details["input"], details["type"]
    if kind == "extra_forbidden":
        similar = difflib.get_close_matches(name, model.model_fields, 1)
        return f"unknown option {name!r}; " + (
            f"did you mean {similar[0]}?" if similar else f"there are: {', '.join(model.model_fields)}"
        )
    if kind == ADVICE:
        return f"{place}: {details['msg']}"
    if kind == "literal_error":
        return f"{place} is {_shown(value)}; it must be {details['ctx']['expected']}"
    low, high = bounds_of(model.model_fields[name]) if place in model.model_fields else (None, None)
    if low is not None and high is not None:
        return f"{place} is {_shown(value)}; it must be between {low} and {high}"
    advice = _EXPECTED.get(kind, details["msg"])
    return f"{place} is {_shown(value)}: {advice}" if name else str(advice)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"
