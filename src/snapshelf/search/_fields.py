"""Fields as facets, choices and sorting name them."""

from __future__ import annotations

from snapshelf.errors import FilterError, QueryError
from snapshelf.query import Fields
from snapshelf.query._filter_fields import Kind as FieldKind
from snapshelf.query._filter_fields import Known

__all__ = ["FieldKind", "resolve_field"]


def resolve_field(name: str, fields: Fields) -> tuple[str, FieldKind]:
    """Find the fact that a name means, and its kind; ``colour`` is short for ``attributes.colour``.

    Raises
    ------
    QueryError
        There is no such field.
    """
    try:
        return Known(fields).resolve(name, 0)
    except FilterError as error:
        raise QueryError(f"there is no field {name[:80]!r}; {error.hint}") from error
