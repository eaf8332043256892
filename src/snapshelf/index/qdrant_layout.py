"""How a record is stored in Qdrant Edge.

A point's id is the record's row in the table of fields. Its payload is ``{"id": "4711", "facts": {"price": 10.5}}``,
from which the table is made again if its file cannot be used. The engine itself never looks into it.
"""

from __future__ import annotations

import math
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import qdrant_edge as edge

from snapshelf.errors import SearchIndexError
from snapshelf.index.field_columns import stored_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from snapshelf.index.field_columns import StoredValue
    from snapshelf.index.protocol import Record


class PreparedRecord(NamedTuple):
    """A record as it is stored: unit vectors float32 (m, d) and (d,), weights of terms by their indices, fields."""

    id: str
    photos: NDArray[np.float32]
    title: NDArray[np.float32] | None
    terms: Mapping[int, float]
    fields: dict[str, StoredValue]

    def vectors(self) -> dict[str, edge.NamedVector]:
        """Return the vectors in the engine's form."""
        first, *further = self.photos.tolist()
        vectors: dict[str, edge.NamedVector] = {"photo": first, "words": sparse(self.terms)}
        if further:
            vectors["photos"] = further
        if self.title is not None:
            vectors["title"] = self.title.tolist()
        return vectors


def prepare(record: Record, dimension: int) -> PreparedRecord:
    """Check a record and convert it.

    Raises
    ------
    SearchIndexError
        A vector, a weight or a field value cannot be used; see `SearchIndex.upsert`.
    """
    photos = unit_vectors(record.photos, dimension, f"the photos of product {record.id!r}")
    title = None
    if record.title is not None:
        (title,) = unit_vectors(np.atleast_2d(record.title), dimension, f"the title of product {record.id!r}")
    values = ((field, stored_value(field, value)) for field, value in record.fields.items())
    fields = {field: value for field, value in values if value is not None}
    return PreparedRecord(record.id, photos, title, by_index(record.terms), fields)


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


def index_of(term: str) -> int:
    """Return a term's index in sparse vectors: the first 32 bits of its BLAKE2b hash.

    Two terms that share an index are the same term to the engine; among 100,000 terms expect a single such pair.
    """
    return int.from_bytes(blake2b(term.encode(), digest_size=4).digest(), "big")


def by_index(terms: Mapping[str, float]) -> dict[int, float]:
    """Return the weights of terms by their indices.

    Raises
    ------
    SearchIndexError
        A weight is not finite or not above 0.
    """
    weights: dict[int, float] = {}
    for term, weight in terms.items():
        if not (math.isfinite(weight) and weight > 0):
            raise SearchIndexError(
                f"the weight of the term {term!r} is {weight}; weights are finite and above 0"
            )
        index = index_of(term)
        weights[index] = weights.get(index, 0.0) + weight
    return weights


def sparse(weights: Mapping[int, float]) -> edge.SparseVector:
    """Make a sparse vector of weights by index."""
    return edge.SparseVector(list(weights), list(weights.values()))


def payload(id: str, fields: Mapping[str, StoredValue]) -> dict[str, object]:
    """Make the payload of a point."""
    return {"id": id, "facts": dict(fields)}


def fields_in(payload: Mapping[str, Any]) -> dict[str, StoredValue]:
    """Read the fields in a payload: numbers as floats, lists as tuples."""
    return {field: _read(value) for field, value in payload["facts"].items()}


def _read(value: str | float | list[str]) -> StoredValue:
    if isinstance(value, str):
        return value
    return tuple(value) if isinstance(value, list) else float(value)


def terms_in(point: edge.Record) -> dict[int, float]:
    """Read the terms of a point: index → weight."""
    terms = point.vector.get("words") if isinstance(point.vector, dict) else None
    return dict(zip(terms.indices, terms.values, strict=True)) if isinstance(terms, edge.SparseVector) else {}
