"""How a record lies in Qdrant Edge, and how a filter asks for it: the two must agree.

The payload of a point is::

    {
        "id": "4711",
        "text": {"brand": "Acme", "colours": ["red", "blue"]},
        "number": {"price": 10.5},
        "fields": ['text."brand"', 'text."colours"', 'number."price"'],
    }

Text and numbers lie apart because a payload index has one type. `fields` lists the JSON paths that are there; it
always has an index, every other path gets one when a filter first needs it: a catalogue may have hundreds of
fields, and an index costs about 9 files, 10 fsyncs and 7 MB of address space.
"""

from __future__ import annotations

import math
import uuid
from hashlib import blake2b
from typing import TYPE_CHECKING, TypeAlias, assert_never
from urllib.parse import unquote

import qdrant_edge as edge

from snapshelf.errors import StoreError
from snapshelf.store._filters import And, Between, Equals, Filter, Has, Ids, Not, OneOf, Or

if TYPE_CHECKING:
    from collections.abc import Mapping, Set

    from snapshelf.store._protocol import Fact

StoredFact: TypeAlias = str | float | list[str]

_PRODUCTS = uuid.UUID("1f6b6a3e-8f0c-4f64-9a53-5d1f0a7c2b91")
_NOTHING = edge.Filter(must=[edge.HasIdCondition(set())])
# The engine's JSON paths have no escape inside quotes.
_IN_PATH = str.maketrans({"%": "%25", '"': "%22", "\\": "%5C"})


def point_id(id: str) -> edge.PointId:
    """Name-based UUID (version 5, RFC 9562) of a product's id: the engine takes no free text."""
    return uuid.uuid5(_PRODUCTS, id)


def sparse(terms: Mapping[str, float]) -> edge.SparseVector:
    """Terms as a sparse vector: a term's index is the first 32 bits of its BLAKE2b hash.

    Two terms that share an index are one term to the engine; among 100,000 terms one such pair is to be
    expected.
    """
    weights: dict[int, float] = {}
    for term, weight in terms.items():
        if not (math.isfinite(weight) and weight > 0):
            raise StoreError(f"the weight of the term {term!r} is {weight}; weights are finite and above 0")
        index = int.from_bytes(blake2b(term.encode(), digest_size=4).digest(), "big")
        weights[index] = weights.get(index, 0.0) + weight
    return edge.SparseVector(list(weights), list(weights.values()))


def stored_facts(facts: Mapping[str, Fact]) -> dict[str, StoredFact | None]:
    """Facts as they are kept: keys that fit into a path, numbers as floats, ``None`` for an empty list."""
    return {field.translate(_IN_PATH): _stored(field, fact) for field, fact in facts.items()}


def payload(id: str, facts: Mapping[str, StoredFact | None]) -> dict[str, object]:
    """Payload of a point with these stored facts."""
    text = {key: fact for key, fact in facts.items() if isinstance(fact, str | list)}
    number = {key: fact for key, fact in facts.items() if isinstance(fact, float)}
    fields = [_path("text", key) for key in text] + [_path("number", key) for key in number]
    return {"id": id, "text": text, "number": number, "fields": fields}


def text_path(field: str) -> str:
    """Path of a field's texts."""
    return _path("text", field.translate(_IN_PATH))


def field_of(path: str) -> str:
    """Field that a path belongs to."""
    return unquote(path.partition('"')[2].removesuffix('"'))


def has_path(*paths: str) -> edge.Filter:
    """Condition that a record has one of the paths."""
    return _equal_to("fields", list(paths))


def index_of(path: str) -> edge.KeywordIndexParams | edge.FloatIndexParams:
    """Kind of index that a path needs."""
    return edge.FloatIndexParams() if path.startswith("number.") else edge.KeywordIndexParams()


def paths_of(where: Filter | None) -> set[str]:
    """Paths whose values a filter compares."""
    match where:
        case Equals(field, value):
            return paths_of(OneOf(field, (value,)))
        case OneOf(field, values):
            return {text_path(field) if isinstance(value, str) else _number_path(field) for value in values}
        case Between(field):
            return {_number_path(field)}
        case And(parts) | Or(parts):
            return set().union(*map(paths_of, parts))
        case Not(part):
            return paths_of(part)
        case _:
            return set()


def condition(where: Filter, known: Set[str]) -> edge.Filter:
    """Translate a filter. Of the paths it compares, no record has one that is not known."""
    match where:
        case Equals(field, value):
            return condition(OneOf(field, (value,)), known)
        case OneOf(field, values):
            texts = [value for value in values if isinstance(value, str)]
            numbers = [_number(value) for value in values if not isinstance(value, str)]
            options: list[edge.ConditionType] = []
            if text_path(field) in known:
                options.append(_equal_to(text_path(field), texts))
            if _number_path(field) in known:
                options.extend(_within(field, gte=number, lte=number) for number in numbers)
            return edge.Filter(should=options) if options else _NOTHING
        case Between(field, at_least, at_most, above, below):
            if _number_path(field) not in known:
                return _NOTHING
            bounds = {"gte": at_least, "lte": at_most, "gt": above, "lt": below}
            return _within(field, **{k: _number(bound) for k, bound in bounds.items() if bound is not None})
        case Has(field):
            return has_path(text_path(field), _number_path(field))
        case Ids(ids):
            return edge.Filter(must=[edge.HasIdCondition({point_id(id) for id in ids})])
        case And(parts):
            return edge.Filter(must=[condition(part, known) for part in parts])
        case Or(parts):
            return edge.Filter(should=[condition(part, known) for part in parts]) if parts else _NOTHING
        case Not(part):
            return edge.Filter(must_not=[condition(part, known)])
        case _:
            assert_never(where)


def _stored(field: str, fact: Fact) -> StoredFact | None:
    match fact:
        case None | str():
            return fact
        case int() | float():
            number = _number(fact)
            if not math.isfinite(number):
                raise StoreError(f"the fact {field!r} is {fact}; numbers have to be finite")
            return number
        case _:
            values = list(fact)
            if not all(isinstance(value, str) for value in values):
                raise StoreError(f"the fact {field!r} is {fact!r}; a list may hold text only")
            return values or None


def _number(value: float) -> float:
    """Round to 15 significant digits, the most that survive the engine's JSON unchanged."""
    try:
        return float(f"{value:.15g}") + 0.0  # no negative zero
    except OverflowError:  # an integer beyond all floats
        return math.inf if value > 0 else -math.inf


def _path(kind: str, key: str) -> str:
    return f'{kind}."{key}"'


def _number_path(field: str) -> str:
    return _path("number", field.translate(_IN_PATH))


def _equal_to(path: str, values: list[str]) -> edge.Filter:
    return edge.Filter(must=[edge.FieldCondition(path, match=edge.MatchAny(values))])


def _within(field: str, **bounds: float) -> edge.Filter:
    if any(map(math.isnan, bounds.values())):
        return _NOTHING  # no number compares with NaN, and the engine panics at it
    return edge.Filter(must=[edge.FieldCondition(_number_path(field), range=edge.RangeFloat(**bounds))])
