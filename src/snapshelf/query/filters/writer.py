"""Write conditions as the text of a filter that `parse_filter` reads."""

from __future__ import annotations

import re

from snapshelf.errors import QueryError
from snapshelf.index import And, Between, Equals, Filter, Has, HasWords, Ids, Not, OneOf, Or
from snapshelf.query.filters.fields import FIELD_KINDS

_ATTRIBUTES = "attributes."
_PLAIN = re.compile(r"[^\W\d]\w*")
_OPERATORS = ("AND", "OR", "NOT")
_ESCAPES = str.maketrans({'"': r"\"", "\\": r"\\", "*": r"\*", "\n": r"\n", "\t": r"\t"})
_SIGNS = {"at_least": ">=", "above": ">", "at_most": "<=", "below": "<"}


def write_filter(where: Filter) -> str:
    """Write conditions in the grammar of AIP-160, in the shortest form; an empty text if everything matches.

    Raises
    ------
    QueryError
        A condition asks for words: those are the text of a query, which the grammar of filters has no place for.

    Examples
    --------
    >>> from snapshelf.index import Between
    >>> from snapshelf.query import write_filter
    >>> write_filter(Between("price", at_least=50, at_most=100))
    'price >= 50 AND price <= 100'
    """
    match where:
        case Equals(field, value):
            return f"{_name(field)} = {_value(value)}"
        case OneOf(field, values):
            return f"{_name(field)} = {_choice([_value(value) for value in values])}"
        case Ids(ids):
            return f"id = {_choice([_value(id) for id in ids])}"
        case Between(field):
            bounds = {name: getattr(where, name) for name in _SIGNS}
            return " AND ".join(
                f"{_name(field)} {_SIGNS[name]} {_value(bound)}"
                for name, bound in bounds.items()
                if bound is not None
            )
        case Has(field):
            return f"{_name(field)}:*"
        case HasWords(words):
            raise QueryError(
                f"a condition on {len(words)} words cannot be written as a filter: ask for them as text"
            )
        case Not(part):
            return f"NOT ({write_filter(part)})" if isinstance(part, Not) else f"NOT {_grouped(part)}"
        case And(parts):
            return " AND ".join(_grouped(part) for part in parts)
        case Or(parts):
            return " OR ".join(_grouped(part) for part in parts)


def _grouped(part: Filter) -> str:
    written = write_filter(part)
    return f"({written})" if isinstance(part, And | Or | Between) else written


def _choice(values: list[str]) -> str:
    values = list(dict.fromkeys(values))
    return values[0] if len(values) == 1 else f"({' OR '.join(values)})"


def _name(field: str) -> str:
    if field in FIELD_KINDS:
        return field
    short = field.removeprefix(_ATTRIBUTES)
    if short in FIELD_KINDS or short == _ATTRIBUTES.rstrip("."):
        return f"{_ATTRIBUTES}{_quoted_unless_plain(short)}"
    return _quoted_unless_plain(short)


def _quoted_unless_plain(text: str) -> str:
    return text if _PLAIN.fullmatch(text) and text not in _OPERATORS else _quoted(text)


def _quoted(text: str) -> str:
    return f'"{text.translate(_ESCAPES)}"'


def _value(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    return repr(int(value)) if float(value).is_integer() else repr(float(value))
