"""How a record lies in Qdrant Edge.

A point's id is the record's row in the table of facts. Its payload is ``{"id": "4711", "facts": {"price": 10.5}}``,
what the table is made from again where no file of it can be used. The engine itself never looks into it.
"""

from __future__ import annotations

import math
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import qdrant_edge as edge

from snapshelf.errors import SearchIndexError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapshelf.index.columns import StoredFact


def index_of(term: str) -> int:
    """A term's index in sparse vectors: the first 32 bits of its BLAKE2b hash.

    Two terms that share an index are one term to the engine; among 100,000 terms one such pair is to be
    expected.
    """
    return int.from_bytes(blake2b(term.encode(), digest_size=4).digest(), "big")


def by_index(terms: Mapping[str, float]) -> dict[int, float]:
    """Weights of terms by their indices.

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
    """Weights by index as a sparse vector."""
    return edge.SparseVector(list(weights), list(weights.values()))


def payload(id: str, facts: Mapping[str, StoredFact]) -> dict[str, object]:
    """Payload of a point with these facts."""
    return {"id": id, "facts": dict(facts)}


def facts_in(payload: Mapping[str, Any]) -> dict[str, StoredFact]:
    """Facts of a payload that the engine gives back: numbers as floats, lists as tuples."""
    return {field: _read(fact) for field, fact in payload["facts"].items()}


def _read(fact: str | float | list[str]) -> StoredFact:
    if isinstance(fact, str):
        return fact
    return tuple(fact) if isinstance(fact, list) else float(fact)
