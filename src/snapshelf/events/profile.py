"""The profile of a shopper: bounded, folded event by event, and rebuilt from the events at any time."""

from __future__ import annotations

import bisect
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic_core import from_json, to_json

from snapshelf.events.event import EVENT_KINDS, SEARCH_WEIGHT, Event, EventKind
from snapshelf.events.impression import Impression
from snapshelf.events.interaction import MAX_HISTORY, WEIGHTS
from snapshelf.events.traits import ProductTraits

Vector: TypeAlias = NDArray[np.float32]

MOST_QUERIES = 10
"""Latest searches whose vector is kept."""
_MOST_VALUES = 24
"""Values kept per field: those with the strongest affinity."""
_MOST_BOUGHT = 50
"""Products whose purchases are kept: those bought last."""
_SESSION = 8.0
"""Half-life of the session's interest, in events."""
_LONG = 30.0
"""Half-life of the long-term interest and of the affinities, in days."""
_DAY = 86_400.0
_MIN_AFFINITY = 1e-3
"""Affinity below which a value is dropped."""
_ROBOT_SECONDS = 60.0
"""A shopper does not make `MAX_HISTORY` interactions in so short a time."""
_COARSE = 900.0
"""Midnight of any time zone is a multiple of so many seconds."""

_AFFINITY_FIELDS = ("category", "brand", "price", "colour")
_KIND = {kind: code for code, kind in enumerate(EVENT_KINDS)}
_HEAD = struct.Struct("<BIHHB")
"""Format, bytes of JSON, events of the ring, dimension, and queries."""
_FORMAT = 1


class RecentInteraction(NamedTuple):
    """A recent interaction: the product, the kind, Unix seconds."""

    product: str
    kind: EventKind
    at: float


class SearchedVector(NamedTuple):
    """A recent search: Unix seconds, and the query vector, float32 (d,), unit norm."""

    at: float
    vector: Vector


@dataclass(frozen=True, slots=True)
class ProductPurchases:
    """Purchases of a product.

    Parameters
    ----------
    count : int
    first, last : float
        Unix seconds.
    """

    count: int
    first: float
    last: float

    @property
    def mean_gap(self) -> float | None:
        """Mean seconds between purchases; None for a single purchase."""
        return (self.last - self.first) / (self.count - 1) if self.count > 1 else None


@dataclass(frozen=True, eq=False)
class Profile:
    """The profile of a shopper.

    The interests are sums of unit vectors of the encoder's space, so a product without any event can be near them.
    An event counts by its weight (`WEIGHTS`; 0.3 for a search). See
    ``docs/concepts/events.md`` for how they fade.

    Parameters
    ----------
    shopper : str
    space : str
        Fingerprint of the encoder that made the vectors.
    events : int
        Events folded in so far.
    at : float
        Unix seconds of the latest event; the affinities and the long interests are as of then. 0 for none.
    recent : tuple of RecentInteraction
        The latest 100 events with a product, oldest first.
    queries : tuple of SearchedVector
        The latest 10 searches whose vector is known, oldest first.
    session, long, negative : ndarray or None
        float32 (d,): interest of this session (half-life 8 events), of the last months (30 days), and in skipped,
        removed and returned products (30 days); None without any.
    category, brand, price, colour : mapping
        Value → affinity (half-life 30 days), strongest first; prices by band, see `price_band`.
    bought : mapping
        Product → purchases of it, the latest last.
    """

    shopper: str
    space: str = ""
    events: int = 0
    at: float = 0.0
    recent: tuple[RecentInteraction, ...] = ()
    queries: tuple[SearchedVector, ...] = ()
    session: Vector | None = None
    long: Vector | None = None
    negative: Vector | None = None
    category: Mapping[str, float] = field(default_factory=dict)
    brand: Mapping[str, float] = field(default_factory=dict)
    price: Mapping[str, float] = field(default_factory=dict)
    colour: Mapping[str, float] = field(default_factory=dict)
    bought: Mapping[str, ProductPurchases] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether the profile has any event."""
        return self.events > 0

    def interests(self) -> dict[str, Vector]:
        """Return the non-zero interests as unit vectors, by name: session, long, negative."""
        return {
            name: vector / np.float32(length)
            for name in ("session", "long", "negative")
            if (vector := getattr(self, name)) is not None and (length := float(np.linalg.norm(vector))) > 0
        }

    @property
    def looks_automated(self) -> bool:
        """Whether the latest 100 events took less than a minute, as those of a robot do."""
        if len(self.recent) < MAX_HISTORY:
            return False
        first, last = self.recent[0].at, self.recent[-1].at
        # A log that knows the day only has all events of a day at one moment.
        return last - first < _ROBOT_SECONDS and not (first == last and first % _COARSE == 0)

    def to_json(self) -> dict[str, Any]:
        """Return the profile as JSON values, for the shopper who asks for it."""
        return {
            "shopper": self.shopper,
            "space": self.space,
            "events": self.events,
            "at": self.at,
            "recent": [event._asdict() for event in self.recent],
            "queries": [{"at": query.at, "vector": _rounded(query.vector)} for query in self.queries],
            "interests": {name: _rounded(vector) for name, vector in self.interests().items()},
            **{name: dict(getattr(self, name)) for name in _AFFINITY_FIELDS},
            "bought": {
                product: {**asdict(purchases), "mean_gap": purchases.mean_gap}
                for product, purchases in self.bought.items()
            },
        }

    def to_bytes(self) -> bytes:
        """Serialise the profile for `from_bytes`: a few thousand bytes, whatever the number of events."""
        known = {
            **{name: dict(getattr(self, name)) for name in _AFFINITY_FIELDS},
            "bought": {
                product: (purchases.count, purchases.first, purchases.last)
                for product, purchases in self.bought.items()
            },
            "recent": [event.product for event in self.recent],
            "space": self.space,
            "events": self.events,
            "at": self.at,
        }
        head = to_json(known)
        vectors = [vector for vector in (self.session, self.long, self.negative) if vector is not None]
        size = len(vectors[0]) if vectors else len(self.queries[0].vector) if self.queries else 0
        nothing = np.zeros(size, np.float32)
        parts = [
            _HEAD.pack(_FORMAT, len(head), len(self.recent), size, len(self.queries)),
            head,
            np.array([event.at for event in self.recent], "<f8").tobytes(),
            bytes(_KIND[event.kind] for event in self.recent),
            *(
                (nothing if vector is None else vector).astype("<f4").tobytes()
                for vector in (self.session, self.long, self.negative)
            ),
            np.array([query.at for query in self.queries], "<f8").tobytes(),
            *(_small(query.vector) for query in self.queries),
        ]
        return b"".join(parts)

    @classmethod
    def from_bytes(cls, shopper: str, data: bytes) -> Profile:
        """Deserialise a profile of `to_bytes`.

        Raises
        ------
        ValueError
            The data is damaged or of another version; rebuild the profile from the events.
        """
        if data[:1] != bytes([_FORMAT]) or len(data) < _HEAD.size:
            raise ValueError(f"no profile of format {_FORMAT}")
        _, length, events, size, queries = _HEAD.unpack_from(data)
        known = from_json(data[_HEAD.size : _HEAD.size + length])
        place = _HEAD.size + length

        def take(kind: str, count: int) -> NDArray[Any]:
            nonlocal place
            values = np.frombuffer(data, kind, count, place)
            place += values.nbytes
            return values

        times, kinds = take("<f8", events).tolist(), take("u1", events).tolist()
        session, long, negative = (
            vector if vector.any() else None
            for vector in (take("<f4", size).astype(np.float32) for _ in range(3))
        )
        searched_at = take("<f8", queries).tolist()
        return cls(
            shopper=shopper,
            space=known["space"],
            events=known["events"],
            at=known["at"],
            recent=tuple(map(RecentInteraction, known["recent"], map(EVENT_KINDS.__getitem__, kinds), times)),  # type: ignore[arg-type]
            queries=tuple(SearchedVector(at, _large(take("<f4", 1), take("i1", size))) for at in searched_at),
            session=session,
            long=long,
            negative=negative,
            bought={product: ProductPurchases(*numbers) for product, numbers in known["bought"].items()},
            **{name: known[name] for name in _AFFINITY_FIELDS},
        )


def fold(
    profile: Profile,
    events: Iterable[Event],
    traits: Mapping[str, ProductTraits],
    shown: Callable[[str], Impression | None],
) -> Profile:
    """Fold events into a profile, in the order given.

    Parameters
    ----------
    profile : Profile
    events : iterable of Event
        New events of this shopper. A late event takes its place by its time.
    traits : mapping
        Traits of the products that `products_of` names; unknown products are left out.
    shown : callable
        Query id → impression: the products above a clicked product were skipped.
    """
    folded = _Fold(profile, traits)
    for event in events:
        folded.add(event, shown)
    return folded.done()


def products_of(
    profile: Profile, events: Iterable[Event], shown: Callable[[str], Impression | None]
) -> set[str]:
    """Return the products whose traits `fold` needs."""
    needed = {event.product for event in profile.recent}
    for event in events:
        if event.product is not None:
            needed.add(event.product)
            needed.update(_above(event, shown))
    return needed


def _above(event: Event, shown: Callable[[str], Impression | None]) -> Sequence[str]:
    """Return the products above the clicked product (Joachims et al., "click > skip above", SIGIR 2005)."""
    if event.kind != "click" or event.query_id is None or event.product is None:
        return ()
    search = shown(event.query_id)
    if search is None or event.product not in search.products:
        return ()
    return search.products[: search.products.index(event.product)]


class _Fold:
    """A profile while events are folded into it."""

    def __init__(self, profile: Profile, traits: Mapping[str, ProductTraits]) -> None:
        self._before = profile
        self._traits = traits
        self._events = profile.events
        self._at = profile.at
        self._recent = list(profile.recent)
        self._queries = list(profile.queries)
        self._session = profile.session
        self._long = profile.long
        self._negative = profile.negative
        self._affinities = {name: dict(getattr(profile, name)) for name in _AFFINITY_FIELDS}
        self._bought = dict(profile.bought)

    def add(self, event: Event, shown: Callable[[str], Impression | None]) -> None:
        late = event.at < self._at
        self._advance(event.at)
        self._events += 1
        traits = self._traits.get(event.product, _NOTHING) if event.product is not None else _NOTHING
        vector = event.vector if event.kind == "search" else traits.vector
        if event.kind == "search":
            if vector is not None:
                bisect.insort(self._queries, SearchedVector(event.at, vector), key=_time)
                del self._queries[:-MOST_QUERIES]
        elif event.product is not None:
            bisect.insort(self._recent, RecentInteraction(event.product, event.kind, event.at), key=_time)
            del self._recent[:-MAX_HISTORY]
        self._take_interest(event, vector, late)
        faded = event.weight * 0.5 ** ((self._at - event.at) / (_LONG * _DAY))
        for name in _AFFINITY_FIELDS:
            if value := getattr(traits, name):
                own = self._affinities[name]
                own[value] = own.get(value, 0.0) + faded
        self._skip(event, shown)
        self._buy(event)

    def done(self) -> Profile:
        """Return the profile."""
        strongest = {
            name: dict(
                sorted(
                    ((value, round(much, 4)) for value, much in own.items() if abs(much) >= _MIN_AFFINITY),
                    key=lambda pair: -abs(pair[1]),
                )[:_MOST_VALUES]
            )
            for name, own in self._affinities.items()
        }
        bought = dict(sorted(self._bought.items(), key=lambda pair: pair[1].last)[-_MOST_BOUGHT:])
        return Profile(
            shopper=self._before.shopper,
            space=self._before.space,
            events=self._events,
            at=self._at,
            recent=tuple(self._recent),
            queries=tuple(self._queries),
            session=self._session,
            long=self._long,
            negative=self._negative,
            bought=bought,
            **strongest,
        )

    def _advance(self, at: float) -> None:
        """Apply the decay by time until `at`."""
        if at > self._at:
            faded = 0.5 ** ((at - self._at) / (_LONG * _DAY))
            self._at = at
            self._long = None if self._long is None else self._long * np.float32(faded)
            self._negative = None if self._negative is None else self._negative * np.float32(faded)
            for own in self._affinities.values():
                for value in own:
                    own[value] *= faded

    def _take_interest(self, event: Event, vector: Vector | None, late: bool) -> None:
        if event.kind == "search" and vector is None:
            return
        if late:
            self._session = self._session_again()
        else:
            self._session = _sum(self._session, 0.5 ** (1 / _SESSION), vector, event.weight)
        if vector is not None:
            faded = event.weight * 0.5 ** ((self._at - event.at) / (_LONG * _DAY))
            self._long = _sum(self._long, 1.0, vector, faded)
            if faded < 0:
                self._negative = _sum(self._negative, 1.0, vector, -faded)

    def _session_again(self) -> Vector | None:
        """Rebuild the session's interest from the latest events, after a late event."""
        weighted = [(event.at, WEIGHTS[event.kind], self._vector(event.product)) for event in self._recent]
        weighted += [(query.at, SEARCH_WEIGHT, query.vector) for query in self._queries]
        session: Vector | None = None
        for _, weight, vector in sorted(weighted, key=lambda entry: entry[0]):
            session = _sum(session, 0.5 ** (1 / _SESSION), vector, weight)
        return session

    def _vector(self, product: str) -> Vector | None:
        return self._traits.get(product, _NOTHING).vector

    def _skip(self, event: Event, shown: Callable[[str], Impression | None]) -> None:
        above = _above(event, shown)
        if not above:
            return
        liked = {past.product for past in self._recent if WEIGHTS[past.kind] > 0}
        faded = -WEIGHTS["skip"] * 0.5 ** ((self._at - event.at) / (_LONG * _DAY))
        for product in above:
            if product not in liked and (vector := self._vector(product)) is not None:
                self._negative = _sum(self._negative, 1.0, vector, faded)

    def _buy(self, event: Event) -> None:
        if event.product is None or event.kind not in ("purchase", "return"):
            return
        known = self._bought.get(event.product)
        if event.kind == "purchase":
            self._bought[event.product] = (
                ProductPurchases(1, event.at, event.at)
                if known is None
                else ProductPurchases(known.count + 1, min(known.first, event.at), max(known.last, event.at))
            )
        elif known is not None and known.count > 1:
            self._bought[event.product] = ProductPurchases(known.count - 1, known.first, known.last)
        elif known is not None:
            del self._bought[event.product]


_NOTHING = ProductTraits()


def _time(entry: RecentInteraction | SearchedVector) -> float:
    return entry.at


def _sum(so_far: Vector | None, faded: float, vector: Vector | None, weight: float) -> Vector | None:
    if vector is None:
        return None if so_far is None else so_far * np.float32(faded)
    weighted = vector * np.float32(weight)
    return weighted if so_far is None else so_far * np.float32(faded) + weighted


def _rounded(vector: Vector) -> list[float]:
    return [round(number, 4) for number in vector.tolist()]


def _small(vector: Vector) -> bytes:
    """Quantise a unit vector to a byte per number, after its largest absolute value."""
    largest = float(np.abs(vector).max(initial=0)) or 1.0
    return struct.pack("<f", largest) + bytes(np.rint(vector / largest * 127).astype("i1").tobytes())


def _large(largest: NDArray[Any], numbers: NDArray[Any]) -> Vector:
    return np.asarray(numbers.astype(np.float32) * (largest[0] / 127), dtype=np.float32)
