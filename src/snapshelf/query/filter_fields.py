"""The fields that a filter may name, and what they hold."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Literal, Protocol, TypeAlias, get_args

from snapshelf.catalogue import Availability
from snapshelf.errors import FilterError, QueryError

Kind: TypeAlias = Literal["id", "text", "number", "truth", "availability", "attribute"]

KINDS: Mapping[str, Kind] = {
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
"""The fields that every product may have."""

MOMENTS = frozenset({"added_at"})
"""Numbers that are seconds since 1970, and compare with dates too."""

AVAILABILITIES: tuple[str, ...] = get_args(Availability)
ATTRIBUTES = "attributes"
_OF_ATTRIBUTES = f"{ATTRIBUTES}."
_MOST_TEXTS = 1_000_000
"""Texts that one filter may compare, each comparison counted: a tenth of a second's work or two."""

_NAMED = 30
"""Fields that an error names where none is like the one that was asked for."""


class Fields(Protocol):
    """What is known of the products that are filtered; every store is one."""

    def fields(self) -> Collection[str]:
        """Names of the facts that products have; attributes as ``attributes.NAME``."""
        ...

    def texts(self, field: str, limit: int) -> Sequence[str]:
        """Different texts of a field, at most `limit` of them."""
        ...


class _NoSuchFieldError(QueryError):
    """A name that no field has."""

    def __init__(self, problem: str, hint: str) -> None:
        super().__init__(f"{problem}; {hint}")
        self.problem = problem
        self.hint = hint


def resolve_field(name: str, fields: Fields) -> tuple[str, Kind]:
    """Find the fact that a name means, and its kind; ``colour`` is short for ``attributes.colour``.

    Raises
    ------
    QueryError
        There is no such field.
    """
    return Known(fields).named(name)


class Known:
    """What one filter needs to know of the fields, asked for once."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._texts: dict[str, Sequence[str]] = {}
        self._left = _MOST_TEXTS

    @cached_property
    def attributes(self) -> dict[str, None]:
        """The attributes that there are, as ``attributes.NAME``, in order."""
        names = sorted(self._fields.fields())
        return dict.fromkeys(name for name in names if name.startswith(_OF_ATTRIBUTES))

    def resolve(self, name: str, start: int) -> tuple[str, Kind]:
        """Find the fact that a name means, and its kind; ``colour`` is short for ``attributes.colour``.

        Raises
        ------
        FilterError
            There is no such field.
        """
        try:
            return self.named(name)
        except _NoSuchFieldError as error:
            raise FilterError(error.problem, position=start + 1, hint=error.hint) from None

    def named(self, name: str) -> tuple[str, Kind]:
        """Find the fact that a name outside of a filter means, and its kind.

        Raises
        ------
        QueryError
            There is no such field.
        """
        if name in KINDS:
            return name, KINDS[name]
        for full in (name, f"{_OF_ATTRIBUTES}{name}"):
            if full in self.attributes:
                return full, "attribute"
        short = [full.removeprefix(_OF_ATTRIBUTES) for full in self.attributes]
        names = [*KINDS, *self.attributes, *short]
        folded = {each.casefold(): each for each in reversed(names)}
        near = difflib.get_close_matches(name[:200].casefold(), folded, n=3, cutoff=0.6)
        raise _NoSuchFieldError(
            f"there is no field {name[:80]!r}",
            f"did you mean {' or '.join(folded[each] for each in near)}?"
            if near
            else f"the fields are {', '.join([*KINDS, *short][:_NAMED])}{', …' * (len(KINDS) + len(short) > _NAMED)}",
        )

    def texts(self, field: str, start: int) -> Sequence[str]:
        """Different texts of a field.

        Raises
        ------
        FilterError
            The filter has asked for too many.
        """
        if field not in self._texts:
            self._texts[field] = self._fields.texts(field, _MOST_TEXTS + 1)
        self._left -= len(self._texts[field])
        if self._left < 0:
            raise FilterError(
                f"the filter compares too many texts of {field}; {_MOST_TEXTS:,} are the most",
                position=start + 1,
                hint='compare whole texts in quotes, as in brand = "Acme", or give fewer conditions',
            )
        return self._texts[field]
