"""Filters: a small closed language that every engine evaluates with exact membership."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Equals:
    """The field equals the value, or is a list that contains it. Booleans are compared as 0/1."""

    field: str
    value: str | int | float | bool


@dataclass(frozen=True, slots=True)
class OneOf:
    """The field equals any of the values, or is a list that contains any of them."""

    field: str
    values: tuple[str | int | float | bool, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """The field is a number within the bounds; a bound that is ``None`` is open."""

    field: str
    at_least: float | None = None
    at_most: float | None = None
    above: float | None = None
    below: float | None = None


@dataclass(frozen=True, slots=True)
class Has:
    """The record has the field, and not as an empty list."""

    field: str


@dataclass(frozen=True, slots=True)
class Ids:
    """The id of the record is among these."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class And:
    """Every part matches; without parts everything does."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part matches; without parts nothing does."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not match."""

    part: Filter


Filter: TypeAlias = Equals | OneOf | Between | Has | Ids | And | Or | Not
