"""Commands whose parameters are built from the fields of a request."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, get_args, get_origin

import typer
from typer.core import TyperCommand

from snapshelf.cli.console import reported
from snapshelf.cli.option_values import read_facet_filters, read_facets, read_weights

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from snapshelf._support.options import OptionsModel

Reader: TypeAlias = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class RequestParameter:
    """An option of a request on the command line.

    Parameters
    ----------
    name : str
        Of the request's field.
    flags : tuple of str
        As in ``("--where", "-w")`` or ``("--rules/--no-rules",)``.
    metavar : str or None
    is_argument : bool
        Whether it comes without a flag.
    help : str
    kind : type
        What Typer reads: ``list[str]`` for what may be repeated.
    default : object
    read : callable
        From what Typer reads to the option's value.
    """

    name: str
    flags: tuple[str, ...]
    metavar: str | None
    is_argument: bool
    help: str
    kind: Any
    default: Any
    read: Reader

    @property
    def parameter(self) -> inspect.Parameter:
        """The parameter of a command."""
        text = self.help.replace("`", "")
        option = (
            typer.Argument(metavar=self.metavar, help=text)
            if self.is_argument
            else typer.Option(*self.flags, metavar=self.metavar, help=text)
        )
        kind = self.kind if self.default is not None else self.kind | None
        return inspect.Parameter(
            self.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=self.default,
            annotation=Annotated[kind, option],
        )


def request_parameters(model: type[OptionsModel]) -> Iterator[RequestParameter]:
    """Return the options of a request that the command line has, in the order of their declaration."""
    from snapshelf._support.options import describe, options_of, shape_of

    for name, field, option in options_of(model):
        if not option.cli:
            continue
        repeated = shape_of(field) != "value"
        # The words of an argument are checked by the request, which says what there is.
        kind, read = (str, _as_it_is) if option.argument else _reading(field)
        text = describe(field)
        flag = f"--{name.replace('_', '-')}"
        switch = f"{flag}/--no-{flag.removeprefix('--')}" if field.default is True else flag
        yield RequestParameter(
            name=name,
            flags=option.flags or (switch,),
            metavar=option.metavar,
            is_argument=option.argument,
            help=f"{text} May be repeated." if repeated else text,
            kind=kind,
            default=None if repeated else field.default,
            read=read,
        )


def add_request_command(
    app: typer.Typer, command: Callable[..., None], request: Callable[[], type[OptionsModel]]
) -> None:
    """Add a command that has its own parameters and those of a request.

    Parameters
    ----------
    app : typer.Typer
    command : callable
        Takes its own parameters, ``shelf`` and ``as_json`` among them, and the options of the request that are
        given, as keywords.
    request : callable
        Returns the model of the request, which is loaded when the command runs, not with the program.
    """

    class RequestCommand(TyperCommand):
        def make_context(self, *arguments: Any, **more: Any) -> Any:
            return _build(command, request()).make_context(*arguments, **more)

    app.command(_name(command), cls=RequestCommand, help=inspect.getdoc(command))(lambda: None)


def _build(command: Callable[..., None], model: type[OptionsModel]) -> Any:
    parameters = {parameter.name: parameter for parameter in request_parameters(model)}

    def run(**values: Any) -> None:
        with reported(values["as_json"]):
            command(
                **{
                    name: parameters[name].read(value) if name in parameters else value
                    for name, value in values.items()
                    if name not in parameters or value is not None
                }
            )

    signature = inspect.signature(command)
    own = [each for each in signature.parameters.values() if each.kind is not each.VAR_KEYWORD]
    merged = [each.replace(kind=each.KEYWORD_ONLY) for each in own]
    of_the_shelf = next(place for place, each in enumerate(merged) if each.name == "shelf")
    merged[of_the_shelf:of_the_shelf] = [parameter.parameter for parameter in parameters.values()]
    run.__signature__ = inspect.Signature(merged)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in merged}
    built = typer.Typer(add_completion=False, rich_markup_mode="markdown")
    built.command(_name(command), help=inspect.getdoc(command))(run)
    return typer.main.get_command(built)


def _name(command: Callable[..., None]) -> str:
    return command.__name__.replace("_", "-")


def _reading(field: FieldInfo) -> tuple[Any, Reader]:
    """Return the type that Typer reads for an option, and how its value is made of that."""
    from snapshelf._support.options import plain_type
    from snapshelf.search import FacetRequest, Weights

    kind = plain_type(field)
    members = _members(kind)
    if get_origin(kind) is dict:
        return list[str], read_facet_filters
    if kind is Weights:
        return list[str], read_weights
    if get_origin(kind) is tuple:
        if FacetRequest in members:
            return list[str], read_facets
        return (list[Path] if Path in members else list[str]), tuple
    if get_origin(kind) is Literal or kind in (bool, int, float):
        return kind, _as_it_is
    return str, _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def _members(kind: Any) -> set[Any]:
    parts = get_args(kind) if get_origin(kind) is not Literal else ()
    return {kind} | {member for part in parts for member in _members(part)}
