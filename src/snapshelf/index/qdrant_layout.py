"""How a record is stored in Qdrant Edge.

A point's id is the record's row in the table of fields. Its payload is
``{"id": "4711", "facts": {"price": 10.5}, "terms": "…"}``, from which the tables are made again if their file cannot be
used. ``terms`` holds, in base64, the code (uint32), the weight (float32) and the place (uint8) of each of the record's
terms, little-endian. The engine itself never looks into a payload.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import qdrant_edge as edge

from snapshelf.errors import SearchIndexError
from snapshelf.index.field_columns import stored_value
from snapshelf.index.lexical import by_code, term_code
from snapshelf.index.protocol import TermPlace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from snapshelf.index.field_columns import StoredValue
    from snapshelf.index.protocol import Record


_PLACES = [*map(int, TermPlace)]
_TERM = np.dtype([("code", "<u4"), ("weight", "<f4"), ("place", "u1")])


class PreparedRecord(NamedTuple):
    """A record as it is stored: unit vectors float32 (m, d) and (d,), terms by their codes, fields."""

    id: str
    photos: NDArray[np.float32]
    title: NDArray[np.float32] | None
    terms: Mapping[int, float]
    places: Mapping[int, int]
    fields: dict[str, StoredValue]

    def vectors(self) -> dict[str, edge.NamedVector]:
        """Return the vectors in the engine's form."""
        first, *further = self.photos.tolist()
        vectors: dict[str, edge.NamedVector] = {"photo": first}
        if further:
            vectors["photos"] = further
        if self.title is not None:
            vectors["title"] = self.title.tolist()
        return vectors

    def payload(self) -> dict[str, object]:
        """Return the payload in the engine's form."""
        return {"id": self.id, "facts": self.fields, "terms": self._packed_terms()}

    def _packed_terms(self) -> str:
        terms = np.empty(len(self.terms), _TERM)
        terms["code"] = list(self.terms)
        terms["weight"] = list(self.terms.values())
        terms["place"] = [self.places.get(code, TermPlace.TEXT) for code in self.terms]
        return b64encode(terms.tobytes()).decode()


def prepare(record: Record, dimension: int) -> PreparedRecord:
    """Check a record and convert it.

    Raises
    ------
    SearchIndexError
        A vector, a weight, a place or a field value cannot be used; see `SearchIndex.upsert`.
    """
    photos = unit_vectors(record.photos, dimension, f"the photos of product {record.id!r}")
    title = None
    if record.title is not None:
        (title,) = unit_vectors(np.atleast_2d(record.title), dimension, f"the title of product {record.id!r}")
    values = ((field, stored_value(field, value)) for field, value in record.fields.items())
    fields = {field: value for field, value in values if value is not None}
    return PreparedRecord(record.id, photos, title, by_code(record.terms), _places_by_code(record), fields)


def unit_vectors(vectors: NDArray[np.float32], dimension: int, owner: str) -> NDArray[np.float32]:
    """Normalise the rows of float32 (m, d) in float64, where no float32 overflows.

    Parameters
    ----------
    vectors : ndarray
    dimension : int
    owner : str
        What has the vectors, for messages.

    Raises
    ------
    SearchIndexError
        The shape is wrong, or a vector is zero or not finite.
    """
    rows = np.asarray(vectors, np.float64)
    if rows.ndim != 2 or len(rows) == 0 or rows.shape[1] != dimension:
        raise SearchIndexError(f"{owner}: vectors of the shape {rows.shape}, not (m, {dimension}) with m ≥ 1")
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not (np.isfinite(lengths) & (lengths > 0)).all():
        raise SearchIndexError(f"{owner}: a vector is zero or not finite")
    unit: NDArray[np.float32] = (rows / lengths).astype(np.float32)
    return unit


def _places_by_code(record: Record) -> dict[int, int]:
    places: dict[int, int] = {}
    for term, place in record.places.items():
        if place not in _PLACES:
            raise SearchIndexError(
                f"the term {term!r} of product {record.id!r} stands at {place!r}; places are {_PLACES}"
            )
        code = term_code(term)
        places[code] = max(int(place), places.get(code, 0))
    return places


def fields_in(payload: Mapping[str, Any]) -> dict[str, StoredValue]:
    """Read the fields in a payload: numbers as floats, lists as tuples."""
    return {field: _read(value) for field, value in payload["facts"].items()}


def _read(value: str | float | list[str]) -> StoredValue:
    if isinstance(value, str):
        return value
    return tuple(value) if isinstance(value, list) else float(value)


def terms_in(payload: Mapping[str, Any]) -> tuple[dict[int, float], dict[int, int]]:
    """Read the terms in a payload by their codes: weights, and places."""
    terms = np.frombuffer(b64decode(payload["terms"]), _TERM)
    codes: list[int] = terms["code"].tolist()
    return dict(zip(codes, terms["weight"].tolist(), strict=True)), dict(
        zip(codes, terms["place"].tolist(), strict=True)
    )
