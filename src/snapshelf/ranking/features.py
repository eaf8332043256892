"""What the ranking knows of a candidate: the same function when it is trained and when it serves."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from snapshelf.events import CHANNELS
from snapshelf.ranking.history import InteractionHistory
from snapshelf.ranking.items import UNKNOWN, Items
from snapshelf.ranking.ranker import CandidateTable

Floats: TypeAlias = NDArray[np.float32]

_LATEST, _SESSION = 1.0, 8.0
"""Half-lives of the weight of past events, in events: what was done last, and this session."""
_LONG = 30.0
"""Half-life of long-term interest, in days."""
_DAY = 86_400.0
_HEAD = 20
"""Best candidates that say what a query is about."""


class Feature(NamedTuple):
    """A declared feature: its name, what it means in a line, and whether it needs the shopper."""

    name: str
    meaning: str
    personal: bool


_IMPERSONAL = {
    "relevance": "score of the search without the shopper, as a share of the best candidate's",
    "relevance_gap": "distance to the best candidate's score, in standard deviations of the scores",
    "relevance_rank": "ln(1 + rank) by that score",
    **{name: f"contribution {name!r} to that score" for name in CHANNELS},
    "popularity": "ln(1 + faded count of shoppers who took it), long half-life",
    "popularity_recent": "the same with the short half-life",
    "popularity_share": "share of the candidates that are less popular",
    "brand_popularity": "ln(1 + faded count of shoppers who took its brand)",
    "click_rate": "clicks per impression, pulled to the shop's mean where shown seldom",
    "freshness": "ln(1 + days since it came)",
    "price": "ln(price / median price of the candidates)",
    "category_share": "share of the best candidates that are in its category",
    "aisle_share": "share of the best candidates that are in its aisle",
    "query_entropy": "entropy, in nats, of the categories of the best candidates: 0 for a clear query",
    "matches": "ln(1 + number of candidates)",
}
_PERSONAL = {
    "together_latest": "co-occurrence with past items, the latest counting most (half-life 1 event)",
    "together_sum": "co-occurrence with past items (half-life 8 events)",
    "together_max": "strongest co-occurrence with a past item",
    "together_share": "together_sum as a share of the best candidate's",
    "taste_mean": "mean cosine with past items in the taste space (half-life 8 events)",
    "taste_max": "strongest cosine with a past item in the taste space",
    "basket_max": "strongest co-occurrence in one basket with a past item",
    "text_latest": "likeness of words with past items (half-life 1 event)",
    "text_mean": "mean likeness of words with past items (half-life 8 events)",
    "text_max": "strongest likeness of words with a past item",
    "photo_latest": "cosine of photos with past items (half-life 1 event)",
    "photo_mean": "mean cosine of photos with past items (half-life 8 events)",
    "photo_max": "strongest cosine of photos with a past item",
    "photo_long": "cosine of its photo with the long-term interest (half-life 30 days)",
    "photo_negative": "strongest cosine of photos with what was shown above a click and skipped, or returned",
    "category_affinity": "share of past events in its category",
    "aisle_affinity": "share of past events in its aisle",
    "brand_affinity": "share of past events of its brand",
    "brand_together": "co-occurrence of its brand with the brands of past items (half-life 8 events)",
    "colour_affinity": "share of past events of its colour",
    "price_fit": "distance of ln(price) to the mean of past items, in their standard deviations",
    "repeats": "ln(1 + times it was taken before)",
    "repeat_due": "days since it was taken last, as a share of the mean gap between takings",
    "funnel": "strongest event of this session: 1 click, 4 cart, 8 purchase",
    "closeness": "mean cosine of words between the best candidates and the past as a whole",
    "history_length": "ln(1 + number of past events)",
}
FEATURES: tuple[Feature, ...] = (
    *(Feature(name, meaning, False) for name, meaning in _IMPERSONAL.items()),
    *(Feature(name, meaning, True) for name, meaning in _PERSONAL.items()),
)
"""All declared features, in the order of the columns."""

NAMES = tuple(feature.name for feature in FEATURES)
_COLUMN = {name: place for place, name in enumerate(NAMES)}
IMPERSONAL = len(_IMPERSONAL)
"""The first columns, which need no shopper."""


def features_hash() -> str:
    """Fingerprint of the declaration: a model trained on other features must not be used."""
    declared = "\n".join(f"{feature.name}\t{feature.meaning}\t{feature.personal}" for feature in FEATURES)
    return hashlib.sha256(declared.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class _Request:
    """The input of the features: rows of the candidates instead of ids."""

    candidates: NDArray[np.intp]
    relevance: Floats
    past: InteractionHistory
    channels: Mapping[str, Floats]
    now: float | None


@dataclass(frozen=True)
class ItemStatistics:
    """What is known of the items from everybody's behaviour; all by row of `items`.

    Parameters
    ----------
    items : Items
    together, baskets : sparse array
        CSR, float32 (n, n): neighbours among a shopper's items and within one basket (`CoOccurrence.neighbours`).
    brands : sparse array
        CSR, float32 (brands, brands): neighbours among the brands of a shopper, by `Items.brand`.
    brand_popularity : ndarray
        float32 (brands,): faded count of the shoppers who took each brand.
    popularity, popularity_recent : ndarray
        float32 (n,): faded counts at two half-lives.
    click_rate : ndarray
        float32 (n,): smoothed clicks per impression, NaN where impressions are not known.
    taste : ndarray or None
        float32 (n, d): unit vectors in which items of like shoppers are close; zeros for an item that nobody had.
    impressions, clicks : ndarray or None
        float32 (n,): how often each was shown, and clicked after it was shown; None where that is not known.
    repeats : ndarray or None
        float32 (n,): share of the purchases of its category that were not a shopper's first of that item; None
        where times of purchases are not known.
    """

    items: Items
    together: sparse.csr_array
    baskets: sparse.csr_array
    brands: sparse.csr_array
    brand_popularity: Floats
    popularity: Floats
    popularity_recent: Floats
    click_rate: Floats
    taste: Floats | None = None
    impressions: Floats | None = None
    clicks: Floats | None = None
    repeats: Floats | None = None

    def features(self, table: CandidateTable, history: InteractionHistory, now: float | None) -> Floats:
        """Return the features of each candidate, float32 (n, len(FEATURES)); NaN where a value is unknown.

        Every candidate must be among `items`.
        """
        request = _Request(
            self.items.rows(table.ids),
            np.asarray(table.relevance, np.float32),
            history,
            {name: np.asarray(values, np.float32) for name, values in table.contributions.items()},
            now,
        )
        features = np.full((len(table), len(NAMES)), np.nan, np.float32)
        for columns in (self._impersonal(request), self._personal(request)):
            for name, values in columns.items():
                features[:, _COLUMN[name]] = values
        return features

    def _impersonal(self, request: _Request) -> dict[str, NDArray[Any] | float]:
        items, rows, score = self.items, request.candidates, request.relevance
        head = rows[_head(score)]
        best, spread = (float(score.max()), float(score.std())) if len(score) else (0.0, 0.0)
        popular = self.popularity[rows]
        price = items.log_price[rows]
        shares = _affinities([items.category, items.aisle], rows, head, np.ones(len(head), np.float32))
        return {
            "relevance": score / best if best > 0 else np.zeros_like(score),
            "relevance_gap": (best - score) / spread if spread > 0 else np.zeros_like(score),
            "relevance_rank": np.log(_mid_rank(score)).astype(np.float32),
            **request.channels,
            "popularity": np.log1p(popular),
            "popularity_recent": np.log1p(self.popularity_recent[rows]),
            "brand_popularity": np.log1p(self.brand_popularity[items.brand[rows]]),
            "popularity_share": 1 - _mid_rank(popular) / max(1, len(rows)),
            "click_rate": self.click_rate[rows],
            "freshness": _days(request.now, items.added[rows]),
            "price": price - _median(price),
            "category_share": shares[0],
            "aisle_share": shares[1],
            "query_entropy": _entropy(items.category[head]),
            "matches": float(np.log1p(len(rows))),
        }

    def _personal(self, request: _Request) -> dict[str, NDArray[Any] | float]:
        past, rows, items = request.past, request.candidates, self.items
        values: dict[str, NDArray[Any] | float] = {"history_length": float(np.log1p(len(past.rows)))}
        liked = past.weights > 0
        if not liked.any() or not len(rows):
            return values
        weights, taken, times = past.weights[liked], past.rows[liked], past.times[liked]
        latest, session = (weights * _fading(len(weights), half) for half in (_LATEST, _SESSION))
        both, mass = np.stack([latest, session]), session.sum()
        together = _between(self.together, taken, rows)
        together_latest, together_sum = both @ together
        text, length = _likeness(items.words, taken, rows, session)
        text_latest, text_session = both @ text
        names = ("category", "aisle", "brand", "colour")
        affinities = _affinities([getattr(items, name) for name in names], rows, taken, session)
        values |= {
            "together_latest": together_latest,
            "together_sum": together_sum,
            "together_max": together.max(axis=0),
            "together_share": together_sum / max(float(together_sum.max()), 1e-9),
            "basket_max": _between(self.baskets, taken, rows).max(axis=0),
            "text_latest": text_latest,
            "text_mean": text_session / mass,
            "text_max": text.max(axis=0),
            **{f"{name}_affinity": shares for name, shares in zip(names, affinities, strict=True)},
            "brand_together": self._near_brands(taken, rows, session),
            "price_fit": _price_fit(items.log_price, rows, taken),
            "closeness": float(text_session[_head(request.relevance)].mean()) / max(length, 1e-9),
        }
        if self.taste is not None:
            alike = self.taste[taken] @ self.taste[rows].T
            values |= {"taste_mean": session @ alike / mass, "taste_max": alike.max(axis=0)}
        if items.photos is not None:
            values |= _photos(items.photos, request, liked, both)
        values |= _repeats(request, rows, taken, times)
        if request.now is not None:
            recent = request.now - times < _DAY / 48
            values["funnel"] = float(weights[recent].max(initial=0))
        return values

    def _near_brands(self, taken: NDArray[np.intp], rows: NDArray[np.intp], session: Floats) -> Floats:
        brands, place = np.unique(self.items.brand[rows], return_inverse=True)
        near: Floats = session @ _between(self.brands, self.items.brand[taken], brands)
        return near[place]


def _photos(
    photos: NDArray[np.float16], request: _Request, liked: NDArray[np.bool_], both: Floats
) -> dict[str, NDArray[Any] | float]:
    past = request.past
    shown, own = photos[request.candidates].astype(np.float32), photos[past.rows[liked]].astype(np.float32)
    near = own @ shown.T
    latest, session = both @ near
    values: dict[str, NDArray[Any] | float] = {
        "photo_latest": latest,
        "photo_mean": session / both[1].sum(),
        "photo_max": near.max(axis=0),
    }
    if not liked.all():
        values["photo_negative"] = (photos[past.rows[~liked]].astype(np.float32) @ shown.T).max(axis=0)
    if request.now is not None:
        days = np.nan_to_num((request.now - past.times[liked]) / _DAY).clip(min=0)
        interest = (past.weights[liked] * 0.5 ** (days / _LONG)).astype(np.float32) @ own
        length = float(np.linalg.norm(interest))
        values["photo_long"] = shown @ (interest / np.float32(length) if length else interest)
    return values


def _head(score: Floats) -> NDArray[np.intp]:
    return np.argsort(-score, kind="stable")[:_HEAD]


def _fading(count: int, half_life: float) -> Floats:
    """Weights of past events by their place: 1 for the latest, half for each `half_life` events before."""
    return (0.5 ** (np.arange(count)[::-1] / half_life)).astype(np.float32)


def _entropy(codes: NDArray[np.int32]) -> float:
    """Entropy of the frequencies of codes, in nats."""
    shares = np.unique(codes, return_counts=True)[1] / max(1, len(codes))
    return float(-(shares * np.log(shares)).sum())


def _mid_rank(values: Floats) -> Floats:
    """Ranks from 1 for the largest, those of equal values averaged."""
    if not len(values):
        return values
    order = np.argsort(-values, kind="stable")
    ordered = values[order]
    first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    sizes = np.diff(first, append=len(values))
    ranks = np.empty(len(values), np.float32)
    ranks[order] = np.repeat(first + (sizes + 1) / 2, sizes)
    return ranks


def _median(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else np.nan


def _days(now: float | None, since: NDArray[np.float64]) -> Floats:
    # A product whose time lies in the future has just come.
    elapsed = np.full(len(since), np.nan) if now is None else (now - since) / _DAY
    return np.asarray(np.log1p(elapsed.clip(min=0)), dtype=np.float32)


def _affinities(
    columns: Sequence[NDArray[np.int32]], rows: NDArray[np.intp], taken: NDArray[np.intp], weights: Floats
) -> Floats:
    """Share of the weight of `taken` that has the code of each of `rows`, float32 (columns, rows); NaN for no code."""
    own = np.stack([codes[rows] for codes in columns])
    past = np.stack([codes[taken] for codes in columns])
    same = (own[:, :, None] == past[:, None, :]).astype(np.float32)
    return np.where(own == UNKNOWN, np.float32(np.nan), same @ (weights / weights.sum()))


def _price_fit(log_price: Floats, rows: NDArray[np.intp], taken: NDArray[np.intp]) -> Floats:
    paid = log_price[taken]
    paid = paid[~np.isnan(paid)]
    if not len(paid):
        return np.full(len(rows), np.nan, np.float32)
    # A shopper with one price, or always the same, is not sure to a cent.
    spread = float(np.hypot(paid.std(), 0.3))
    return np.asarray(np.abs(log_price[rows] - paid.mean()) / spread, dtype=np.float32)


def _repeats(
    request: _Request, rows: NDArray[np.intp], taken: NDArray[np.intp], times: NDArray[np.float64]
) -> dict[str, NDArray[Any] | float]:
    same = taken[None, :] == rows[:, None]
    count = same.sum(axis=1)
    due = np.full(len(rows), np.nan, np.float32)
    if request.now is not None:
        for place in np.flatnonzero(count >= 2):
            when = np.sort(times[same[place]])
            gap = (when[-1] - when[0]) / (len(when) - 1)
            if gap > 0:
                due[place] = max(request.now - when[-1], 0) / gap
    return {"repeats": np.log1p(count).astype(np.float32), "repeat_due": due}


def _between(near: sparse.csr_array, past: NDArray[Any], rows: NDArray[Any]) -> Floats:
    """Take ``near[past][:, rows]`` as a dense array; SciPy's own indexing costs more than all else here."""
    found = np.zeros((len(past), len(rows)), np.float32)
    lines, columns, values = _entries(near, past)
    place = _places(rows, columns, near.shape[1])
    held = np.flatnonzero(place != UNKNOWN)
    found[lines[held], place[held]] = values[held]
    return found


def _likeness(
    words: sparse.csr_array, past: NDArray[np.intp], rows: NDArray[np.intp], weights: Floats
) -> tuple[Floats, float]:
    """Cosines between past items and candidates, float32 (m, n), and the length of the weighted past."""
    past_lines, past_terms, past_values = _entries(words, past)
    lines, terms, values = _entries(words, rows)
    # A term is told by the place of one of its entries in the past.
    past_place = _places(past_terms, past_terms, words.shape[1])
    place = _places(past_terms, terms, words.shape[1])
    held = np.flatnonzero(place != UNKNOWN)
    # Columns are the terms that both have: the others add nothing to a product.
    shared = np.zeros(len(past_terms), bool)
    shared[place[held]] = True
    column = np.cumsum(shared) - 1
    kept = np.flatnonzero(shared[past_place])
    of_past = np.zeros((len(past), int(shared.sum())), np.float32)
    of_past[past_lines[kept], column[past_place[kept]]] = past_values[kept]
    of_rows = np.zeros((of_past.shape[1], len(rows)), np.float32)
    of_rows[column[place[held]], lines[held]] = values[held]
    whole = np.bincount(past_place, weights[past_lines] * past_values)
    return of_past @ of_rows, float(np.linalg.norm(whole))


def _entries(
    matrix: sparse.csr_array, rows: NDArray[Any]
) -> tuple[NDArray[np.intp], NDArray[np.int32], Floats]:
    """Return line (place in `rows`), column and value of all entries of some rows."""
    starts = matrix.indptr[rows]
    counts = matrix.indptr[rows + 1] - starts
    lines = np.repeat(np.arange(len(rows)), counts)
    entries = np.arange(len(lines)) + np.repeat(starts - np.cumsum(counts) + counts, counts)
    return lines, matrix.indices[entries], matrix.data[entries]


_scratch = threading.local()


def _places(known: NDArray[Any], asked: NDArray[Any], size: int) -> NDArray[np.int32]:
    """Where each of `asked` is in `known`, all below `size`; `UNKNOWN` for those that are not there.

    A table over all numbers answers in one look each, which is several times faster than a search; it is kept
    for the next call of the thread, so that a large shop costs no more than a small one.
    """
    table: NDArray[np.int32] = getattr(_scratch, "table", np.zeros(0, np.int32))
    if len(table) < size:
        table = _scratch.table = np.full(size, UNKNOWN, np.int32)
    table[known] = np.arange(len(known), dtype=np.int32)
    found: NDArray[np.int32] = table[asked]
    table[known] = UNKNOWN
    return found
