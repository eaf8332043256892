"""Fields that a filter may name, and the kinds of their values."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Literal, Protocol, TypeAlias, get_args

from snapshelf.catalogue import Availability
from snapshelf.errors import FilterError, QueryError

FieldKind: TypeAlias = Literal["id", "text", "number", "truth", "availability", "attribute"]

FIELD_KINDS: Mapping[str, FieldKind] = {
    "id": "id",
    "brand": "text",
    "category": "text",
    "price": "number",
    "currency": "text",
    "availability": "availability",
    "in_stock": "truth",
    "stock": "number",
    "group_id": "text",
    "added_at": "number",
}
"""Fields of every product; all others are attributes."""

TIMESTAMP_FIELDS = frozenset({"added_at"})
"""Numeric fields in seconds since 1970; they compare with dates too."""

AVAILABILITY_VALUES: tuple[str, ...] = get_args(Availability)
ATTRIBUTES = "attributes"
_ATTRIBUTE_PREFIX = f"{ATTRIBUTES}."
_MAX_COMPARED_TEXTS = 1_000_000
"""Maximum number of text comparisons of a filter: about 0.1 to 0.2 seconds of work."""

_MAX_LISTED_FIELDS = 30
"""Maximum number of fields that an error lists when no field has a similar name."""


class Fields(Protocol):
    """Reads the fields of the products; every search index satisfies it."""

    def fields(self) -> Collection[str]:
        """Return the names of the fields that products have; attributes as ``attributes.NAME``."""
        ...

    def texts(self, field: str, limit: int) -> Sequence[str]:
        """Return the distinct texts of a field, at most `limit`."""
        ...


class _UnknownFieldError(QueryError):
    """No field has this name."""

    def __init__(self, problem: str, hint: str) -> None:
        super().__init__(f"{problem}; {hint}")
        self.problem = problem
        self.hint = hint


def resolve_field(name: str, fields: Fields) -> tuple[str, FieldKind]:
    """Return the full name and the kind of a field; ``colour`` is short for ``attributes.colour``.

    Raises
    ------
    QueryError
        The field is unknown.
    """
    return FieldResolver(fields).resolve_name(name)


class FieldResolver:
    """Resolves field names and reads field texts for a filter, each at most once."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._texts: dict[str, Sequence[str]] = {}
        self._comparisons_left = _MAX_COMPARED_TEXTS

    @cached_property
    def attributes(self) -> dict[str, None]:
        """Attributes of the catalogue as ``attributes.NAME``, in alphabetical order."""
        names = sorted(self._fields.fields())
        return dict.fromkeys(name for name in names if name.startswith(_ATTRIBUTE_PREFIX))

    def resolve(self, name: str, start: int) -> tuple[str, FieldKind]:
        """Return the full name and the kind of a field; ``colour`` is short for ``attributes.colour``.

        Raises
        ------
        FilterError
            The field is unknown.
        """
        try:
            return self.resolve_name(name)
        except _UnknownFieldError as error:
            raise FilterError(error.problem, position=start + 1, hint=error.hint) from None

    def resolve_name(self, name: str) -> tuple[str, FieldKind]:
        """Return the full name and the kind of a field that is named outside of a filter.

        Raises
        ------
        QueryError
            The field is unknown.
        """
        if name in FIELD_KINDS:
            return name, FIELD_KINDS[name]
        for full in (name, f"{_ATTRIBUTE_PREFIX}{name}"):
            if full in self.attributes:
                return full, "attribute"
        short = [full.removeprefix(_ATTRIBUTE_PREFIX) for full in self.attributes]
        names = [*FIELD_KINDS, *self.attributes, *short]
        folded = {each.casefold(): each for each in reversed(names)}
        near = difflib.get_close_matches(name[:200].casefold(), folded, n=3, cutoff=0.6)
        if near:
            hint = f"did you mean {' or '.join(folded[each] for each in near)}?"
        else:
            listed = [*FIELD_KINDS, *short]
            more = ", …" if len(listed) > _MAX_LISTED_FIELDS else ""
            hint = f"the fields are {', '.join(listed[:_MAX_LISTED_FIELDS])}{more}"
        raise _UnknownFieldError(f"unknown field {name[:80]!r}", hint)

    def texts(self, field: str, start: int) -> Sequence[str]:
        """Return the distinct texts of a field.

        Raises
        ------
        FilterError
            The filter compares too many texts.
        """
        if field not in self._texts:
            self._texts[field] = self._fields.texts(field, _MAX_COMPARED_TEXTS + 1)
        self._comparisons_left -= len(self._texts[field])
        if self._comparisons_left < 0:
            raise FilterError(
                f"the filter compares too many texts of {field}; the maximum is {_MAX_COMPARED_TEXTS:,}",
                position=start + 1,
                hint='compare whole texts in quotes, as in brand = "Acme", or use fewer conditions',
            )
        return self._texts[field]
