"""A store that is right because it is too simple to be wrong: everything in a dict, every query a scan."""

from __future__ import annotations

import functools
import itertools
import math
import pickle
import threading
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from snapshelf.errors import SearchIndexError
from snapshelf.index import (
    And,
    Between,
    ByNumber,
    ByRank,
    ByTests,
    Candidate,
    Equals,
    Facet,
    FacetValue,
    Has,
    HasWords,
    Histogram,
    Ids,
    Not,
    OneOf,
    Or,
    Record,
    ScoredCandidates,
    TakeTurns,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from snapshelf.index import Alternatives, FieldValue, Filter, Kind, SortKey


def alone(method: Callable[..., Any]) -> Callable[..., Any]:
    """One call at a time: a scan must not see half of a write."""

    @functools.wraps(method)
    def locked(self: ReferenceIndex, *args: Any, **kwargs: Any) -> Any:
        with self._lock:
            return method(self, *args, **kwargs)

    return locked


class ReferenceIndex:
    """The `SearchIndex` protocol over NumPy in float64."""

    def __init__(self, path: Path, dimension: int) -> None:
        self._file = path.with_suffix(".pickle")
        self.dimension = dimension
        self.version = 0
        self._records: dict[str, Record] = {}
        self._closed = False
        self._lock = threading.RLock()
        if self._file.exists():
            self.version, self._records = pickle.loads(self._file.read_bytes())  # noqa: S301

    @alone
    def upsert(self, records: Sequence[Record]) -> None:
        self._check_open()
        for record in records:
            self._check_record(record)
        for record in records:
            facts = {field: fact for field, fact in record.fields.items() if values(fact)}
            title = None if record.title is None else np.array(record.title)
            self._records[record.id] = Record(
                record.id, np.array(record.photos), dict(record.terms), facts, title, dict(record.places)
            )

    @alone
    def delete(self, ids: Sequence[str]) -> None:
        self._check_open()
        for id in ids:
            self._records.pop(id, None)

    @alone
    def nearest(
        self, vector: NDArray[np.float32], k: int, where: Filter | None = None, *, using: str = "photo"
    ) -> list[Candidate]:
        self._check_vectors(np.atleast_2d(vector))
        scored = ((id, self.similarity(vector, id, using)) for id in self._matches(where))
        return self._best(k, [(id, score) for id, score in scored if score is not None])

    def similarity(self, vector: NDArray[np.float32], id: str, using: str = "photo") -> float | None:
        record = self._records[id]
        if using == "title":
            return None if record.title is None else cosine(vector, record.title)
        return max(cosine(vector, photo) for photo in record.photos)

    @alone
    def matching(self, terms: Mapping[str, float], k: int, where: Filter | None = None) -> list[Candidate]:
        self._check_terms(terms)
        found = [id for id in self._matches(where) if self._records[id].terms.keys() & terms.keys()]
        return self._best(k, [(id, self.relevance(terms, id)) for id in found])

    def relevance(self, terms: Mapping[str, float], id: str) -> float:
        document = self._records[id].terms
        return sum(weight * self._idf(term) * document.get(term, 0.0) for term, weight in terms.items())

    @alone
    def retrieve(
        self,
        k: int,
        where: Filter | None = None,
        *,
        photo: NDArray[np.float32] | None = None,
        title: NDArray[np.float32] | None = None,
        terms: Mapping[str, float] | None = None,
        also: Sequence[str] = (),
        tests: Sequence[Filter] = (),
        fields: Sequence[str] = (),
        words: Sequence[Alternatives] = (),
    ) -> ScoredCandidates:
        matching = self._matches(where)
        found = set(also) & set(matching)
        for vector, using in ((photo, "photo"), (title, "title")):
            if vector is not None:
                found |= {id for id, _ in self.nearest(vector, k, where, using=using)}
        found |= {id for id, _ in self.matching(terms or {}, k, where)}
        ids = sorted(found)
        records = [self._records[id] for id in ids]
        titles = [None if title is None else self.similarity(title, id, "title") for id in ids]
        return ScoredCandidates(
            tuple(ids),
            None if photo is None else np.array([self.similarity(photo, id) for id in ids], np.float32),
            None if title is None else np.array(titles, np.float32),
            np.array([self.relevance(terms or {}, id) for id in ids], np.float64),
            np.array([[matches(test, record) for test in tests] for record in records], bool).reshape(
                len(ids), len(tests)
            ),
            tuple(self.field_values(ids, fields)),
            np.array([[place_of(word, record) for word in words] for record in records], np.uint8).reshape(
                len(ids), len(words)
            ),
        )

    @alone
    def matches(self, ids: Sequence[str], where: Filter) -> set[str]:
        return set(ids) & set(self._matches(where))

    @alone
    def field_values(self, ids: Sequence[str], fields: Sequence[str]) -> list[dict[str, FieldValue]]:
        self._check_open()
        return [
            {
                field: kept(record.fields[field])
                for field in fields
                if (record := self._records.get(id)) and field in record.fields
            }
            for id in ids
        ]

    @alone
    def photos(self, ids: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        self._check_open()
        return {
            id: (photos / np.linalg.norm(photos, axis=1, keepdims=True)).astype(np.float32)
            for id in ids
            if id in self._records
            for photos in [self._records[id].photos.astype(np.float64)]
        }

    @alone
    def idf(self, terms: Collection[str]) -> dict[str, float]:
        self._check_open()
        return {term: self._idf(term) for term in terms}

    @alone
    def frequencies(self, words: Sequence[Alternatives], place: int = 1) -> list[int]:
        return [
            sum(place_of(word, self._records[id]) >= place for id in self._matches(None)) for word in words
        ]

    @alone
    def count(self, where: Filter | None = None, distinct: str | None = None) -> int:
        return len({self._group(id, distinct) for id in self._matches(where)})

    @alone
    def facet(
        self, field: str, where: Filter | None = None, *, limit: int = 100, distinct: str | None = None
    ) -> Facet:
        groups: dict[str | float | None, set[Any]] = {}
        for id in self._matches(where):
            for value in values(self._records[id].fields.get(field)) or [None]:
                groups.setdefault(value, set()).add(self._group(id, distinct))
        missing = groups.pop(None, set())
        counted = [FacetValue(value, len(those)) for value, those in groups.items() if value is not None]
        counted.sort(key=lambda each: (-each.count, isinstance(each.value, str), each.value))
        return Facet(tuple(counted[:limit]), len(counted), len(missing))

    @alone
    def histogram(
        self,
        field: str,
        where: Filter | None = None,
        *,
        bins: int = 20,
        edges: Sequence[float] | None = None,
        distinct: str | None = None,
    ) -> Histogram:
        if bins < 1 or (edges is not None and (len(edges) < 2 or sorted(set(edges)) != list(edges))):
            raise SearchIndexError("no bins, or edges that do not ascend")
        numbers = {
            id: value
            for id in self._matches(where)
            for value in values(self._records[id].fields.get(field))
            if isinstance(value, float)
        }
        if not numbers:
            return Histogram(None, None, tuple(edges or ()), (0,) * (len(edges or "-") - 1))
        low, high = min(numbers.values()), max(numbers.values())
        if edges is None:
            edges = [low, high] if low == high else np.linspace(low, high, bins + 1).tolist()
        counts = []
        for lower, upper in itertools.pairwise(edges):
            inside = [
                id
                for id, number in numbers.items()
                if lower <= number < upper or number == upper == edges[-1]
            ]
            counts.append(len({self._group(id, distinct) for id in inside}))
        return Histogram(low, high, tuple(edges), tuple(counts))

    @alone
    def group_sizes(
        self, ids: Sequence[str], where: Filter | None = None, field: str = "group_id"
    ) -> dict[str, int]:
        groups = [self._group(id, field) for id in self._matches(where)]
        return {id: groups.count(self._group(id, field)) for id in ids if id in self._records}

    @alone
    def scroll(self, where: Filter | None = None, *, after: str | None = None, limit: int = 100) -> list[str]:
        return [id for id in sorted(self._matches(where)) if after is None or id > after][:limit]

    @alone
    def ordered(
        self,
        where: Filter | None = None,
        by: Sequence[SortKey] = (),
        *,
        distinct: str | None = None,
        limit: int = 100,
    ) -> list[str]:
        ordered = self._ordered(sorted(self._matches(where)), list(by))
        firsts: dict[Any, str] = {}
        for id in ordered:
            firsts.setdefault(self._group(id, distinct), id)
        return list(firsts.values())[:limit]

    def _ordered(self, ids: list[str], by: list[SortKey]) -> list[str]:
        """Sort ids, which are in the order of the ids, and then those that are equal by the further keys."""
        if not by:
            return ids
        key, *others = by
        places = self._places(ids, key)
        classes: dict[Any, list[str]] = {}
        for id in ids:
            classes.setdefault(places[id], []).append(id)
        return [id for place in sorted(classes) for id in self._ordered(classes[place], others)]

    def _places(self, ids: list[str], key: SortKey) -> Mapping[str, Any]:
        match key:
            case ByNumber(field, descending, step):
                sign = -1 if descending else 1
                numbers = {id: values(self._records[id].fields.get(field)) for id in ids}
                return {
                    id: sign * (number[0] if step is None else math.floor(number[0] / step))
                    if number and isinstance(number[0], float)
                    else math.inf
                    for id, number in numbers.items()
                }
            case ByRank(ranked):
                return {id: ranked.index(id) if id in ranked else len(ranked) for id in ids}
            case ByTests(tests):
                return {
                    id: -sum(weight for where, weight in tests if matches(where, self._records[id]))
                    for id in ids
                }
            case TakeTurns(fields):
                return self._turns(ids, list(fields))

    def _turns(self, ids: list[str], fields: list[str]) -> Mapping[str, tuple[int, int]]:
        """Turn, and the number of records of the value less than nothing, so that more come first."""
        if not fields:
            return dict.fromkeys(ids, (0, 0))
        field, *others = fields
        by_value: dict[Any, list[str]] = {}
        for id in ids:
            by_value.setdefault(kept(self._records[id].fields.get(field)), []).append(id)
        turns = {}
        for those in by_value.values():
            inner = self._turns(those, others)
            own = sorted(those, key=lambda id: (inner[id], id))
            turns |= {id: (turn, -len(those)) for turn, id in enumerate(own)}
        return turns

    @alone
    def fields(self) -> list[str]:
        self._check_open()
        return sorted({field for record in self._records.values() for field in record.fields})

    @alone
    def field_kinds(self) -> Mapping[str, Kind]:
        self._check_open()
        return {field: self._kind(field) for field in self.fields()}

    def _kind(self, field: str) -> Kind:
        facts = [record.fields[field] for record in self._records.values() if field in record.fields]
        numbers = [isinstance(fact, int | float) for fact in facts]
        if any(numbers):
            return "number" if all(numbers) else "mixed"
        return "text" if all(isinstance(fact, str) for fact in facts) else "list"

    @alone
    def texts(self, field: str, limit: int) -> list[str]:
        self._check_open()
        facts = [record.fields.get(field) for record in self._records.values()]
        return sorted({value for fact in facts for value in values(fact) if isinstance(value, str)})[:limit]

    def clear(self) -> None:
        self._check_open()
        self._records = {}
        self.version = 0
        self._file.unlink(missing_ok=True)

    def optimise(self) -> None:
        self._check_open()

    def flush(self, version: int) -> None:
        self._check_open()
        self.version = version
        self._file.write_bytes(pickle.dumps((version, self._records)))

    def close(self) -> None:
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _matches(self, where: Filter | None) -> list[str]:
        self._check_open()
        return [id for id, record in dict(self._records).items() if matches(where, record)]

    def _group(self, id: str, field: str | None) -> Any:
        fact = self._records[id].fields.get(field) if field else None
        return ("alone", id) if fact is None else kept(fact)

    def _idf(self, term: str) -> float:
        total = len(self._records)
        having = sum(term in record.terms for record in self._records.values())
        return math.log(1 + (total - having + 0.5) / (having + 0.5))

    def _best(self, k: int, scored: list[tuple[str, float]]) -> list[Candidate]:
        ordered = sorted(scored, key=lambda pair: (-pair[1], pair[0]))
        return [Candidate(id, score) for id, score in ordered[:k]]

    def _check_open(self) -> None:
        if self._closed:
            raise SearchIndexError("closed")

    def _check_record(self, record: Record) -> None:
        self._check_vectors(record.photos)
        if record.title is not None:
            self._check_vectors(np.atleast_2d(record.title))
        self._check_terms(record.terms)
        if not set(record.places.values()) <= {1, 2, 3}:
            raise SearchIndexError("a place that there is not")
        for fact in record.fields.values():
            if not all(isinstance(value, str) or math.isfinite(value) for value in values(fact)):
                raise SearchIndexError("a number that is not finite")
            if not isinstance(fact, str | int | float | None) and not all(isinstance(v, str) for v in fact):
                raise SearchIndexError("a list of something else than text")

    def _check_vectors(self, vectors: NDArray[np.float32]) -> None:
        if vectors.ndim != 2 or vectors.shape[0] == 0 or vectors.shape[1] != self.dimension:
            raise SearchIndexError("wrong shape")
        if not np.isfinite(vectors).all() or not vectors.any(axis=1).all():
            raise SearchIndexError("zero or not finite")

    def _check_terms(self, terms: Mapping[str, float]) -> None:
        if not all(math.isfinite(weight) and weight > 0 for weight in terms.values()):
            raise SearchIndexError("a weight that is not finite or not above 0")


def cosine(one: NDArray[Any], other: NDArray[Any]) -> float:
    one, other = one.astype(np.float64), other.astype(np.float64)
    return float(np.sum(one * other) / math.sqrt(np.sum(one * one)) / math.sqrt(np.sum(other * other)))


def kept(fact: FieldValue) -> FieldValue:
    """A fact as a store gives it back."""
    if isinstance(fact, int | float):
        return values(fact)[0]
    return fact if fact is None or isinstance(fact, str) else tuple(fact)


def values(fact: FieldValue) -> list[str | float]:
    """What a fact can be equal to; numbers as floats of 15 significant digits."""
    if fact is None:
        return []
    if isinstance(fact, int | float):
        return [float(f"{fact:.15g}")]
    return [fact] if isinstance(fact, str) else list(dict.fromkeys(fact))


def place_of(word: Alternatives, record: Record) -> int:
    """The best alternative's least place; 0 without all terms of any."""
    return max(
        (
            min(record.places.get(term, 1) if term in record.terms else 0 for term in terms)
            for terms in word
            if terms
        ),
        default=0,
    )


def matches(where: Filter | None, record: Record) -> bool:
    match where:
        case None:
            return True
        case Equals(field, value):
            return values(value)[0] in values(record.fields.get(field))
        case OneOf(field, options):
            return any(matches(Equals(field, option), record) for option in options)
        case Has(field):
            return bool(values(record.fields.get(field)))
        case Between(field):
            numbers = [value for value in values(record.fields.get(field)) if isinstance(value, float)]
            return any(_is_within(where, number) for number in numbers)
        case Ids(ids):
            return record.id in ids
        case HasWords(words, weights, at_least, place):
            pairs = zip(words, weights, strict=True)
            return sum(weight for word, weight in pairs if place_of(word, record) >= place) >= at_least
        case And(parts):
            return all(matches(part, record) for part in parts)
        case Or(parts):
            return any(matches(part, record) for part in parts)
        case Not(part):
            return not matches(part, record)


def _is_within(where: Between, number: float) -> bool:
    at_least, at_most, above, below = (
        None if bound is None else values(bound)[0]
        for bound in (where.at_least, where.at_most, where.above, where.below)
    )
    return (
        (at_least is None or number >= at_least)
        and (at_most is None or number <= at_most)
        and (above is None or number > above)
        and (below is None or number < below)
    )
