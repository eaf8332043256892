"""Filters: a small closed language that every engine evaluates with exact membership."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Equals:
    """The fact equals the value, or is a list that contains it. Booleans are compared as 0/1."""

    field: str
    value: str | int | float | bool


@dataclass(frozen=True, slots=True)
class OneOf:
    """The fact equals one of the values, or is a list that contains one of them."""

    field: str
    values: tuple[str | int | float | bool, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """The fact is a number within the bounds; a bound that is ``None`` is open."""

    field: str
    at_least: float | None = None
    at_most: float | None = None
    above: float | None = None
    below: float | None = None


@dataclass(frozen=True, slots=True)
class Has:
    """The fact is there and not an empty list."""

    field: str


@dataclass(frozen=True, slots=True)
class Ids:
    """The record has one of these ids."""

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
