"""Conditions in writing, for people."""

from __future__ import annotations

from snapshelf.store import And, Between, Equals, Filter, Has, Ids, Not, OneOf, Or

_LISTED = 5
_BOUNDS = {"at_least": ">=", "at_most": "<=", "above": ">", "below": "<"}


def written(where: Filter) -> str:
    """Write a filter in the grammar that filters are read in; long lists are cut short with an ellipsis."""
    match where:
        case Equals(field, value):
            return f"{_name(field)} = {_value(value)}"
        case OneOf(field, values):
            return f"{_name(field)} = {_choice([_value(value) for value in values])}"
        case Ids(ids):
            return f"id = {_choice([_value(id) for id in ids])}"
        case Has(field):
            return f"{_name(field)}:*"
        case Between(field):
            bounds = [
                f"{_name(field)} {sign} {bound:.15g}"
                for name, sign in _BOUNDS.items()
                if (bound := getattr(where, name)) is not None
            ]
            return " AND ".join(bounds) or f"{_name(field)}:*"
        case And(parts):
            return " AND ".join(_within(part) for part in parts) or "everything"
        case Or(parts):
            return f"({' OR '.join(_within(part) for part in parts)})" if parts else "nothing"
        case Not(part):
            return f"NOT {_within(part)}"


def conditions(where: Filter) -> list[Filter]:
    """What has to hold, condition by condition."""
    if not isinstance(where, And):
        return [where]
    return [condition for part in where.parts for condition in conditions(part)]


def _within(part: Filter) -> str:
    text = written(part)
    return f"({text})" if isinstance(part, And) and len(part.parts) > 1 else text


def _name(field: str) -> str:
    return field.removeprefix("attributes.")


def _value(value: str | float) -> str:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value).lower() if isinstance(value, bool) else f"{value:.15g}"


def _choice(values: list[str]) -> str:
    if len(values) == 1:
        return values[0]
    shown = values[:_LISTED] + ["…"] * (len(values) > _LISTED)
    return f"({' OR '.join(shown)})"
