"""The features of a candidate. A feature is one entry of `FEATURES`: training and serving read the same table."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from snapshelf.events import RELEVANCE_SIGNALS
from snapshelf.ranking.feature_input import FeatureInput
from snapshelf.ranking.history import InteractionHistory
from snapshelf.ranking.ranker import CandidateTable
from snapshelf.ranking.statistics import Floats, ItemStatistics

Values: TypeAlias = NDArray[Any] | float | None
"""Values of a feature: (n,), or the same for all candidates; None where they are unknown."""

_LONG = 30.0
"""Half-life of long-term interest, in days."""
_SESSION_SECONDS = 1_800.0
_DAY = 86_400.0


class Feature(NamedTuple):
    """A feature of a candidate.

    Parameters
    ----------
    name : str
    meaning : str
        In a line, as ``snapshelf rank explain`` prints it.
    needs : {"candidates", "history", "liked"}
        ``"candidates"`` sees no shopper. ``"history"`` also sees the history, and ``"liked"`` is computed only where
        the history has a liked product; these two are personal.
    compute : callable
    """

    name: str
    meaning: str
    needs: Literal["candidates", "history", "liked"]
    compute: Callable[[FeatureInput], Values]

    @property
    def personal(self) -> bool:
        """Whether it needs the shopper."""
        return self.needs != "candidates"


def _relevance(search: FeatureInput) -> Values:
    return search.relevance / search.best if search.best > 0 else 0.0


def _relevance_gap(search: FeatureInput) -> Values:
    return (search.best - search.relevance) / search.spread if search.spread > 0 else 0.0


def _contribution(signal: str) -> Callable[[FeatureInput], Values]:
    return lambda search: search.table.contributions.get(signal)


def _freshness(search: FeatureInput) -> Values:
    if search.now is None:
        return None
    # A product with a time in the future is new.
    return np.asarray(np.log1p(((search.now - search.items.added[search.rows]) / _DAY).clip(min=0)))


def _price(search: FeatureInput) -> Values:
    known = search.log_price[~np.isnan(search.log_price)]
    return search.log_price - float(np.median(known)) if len(known) else None


def _query_entropy(search: FeatureInput) -> Values:
    categories = search.items.category[search.rows[search.head]]
    shares = np.unique(categories, return_counts=True)[1] / max(1, len(categories))
    return float(-(shares * np.log(shares)).sum())


def _photo_long(search: FeatureInput) -> Values:
    liked, candidates = search.liked_photos, search.candidate_photos
    if liked is None or candidates is None or search.now is None:
        return None
    days = np.nan_to_num((search.now - search.liked_times) / _DAY).clip(min=0)
    interest = (search.liked_weights * 0.5 ** (days / _LONG)).astype(np.float32) @ liked
    length = float(np.linalg.norm(interest))
    return candidates @ (interest / np.float32(length) if length else interest)


def _photo_negative(search: FeatureInput) -> Values:
    photos, candidates = search.items.photos, search.candidate_photos
    if photos is None or candidates is None or search.is_liked.all():
        return None
    disliked = photos[search.history.rows[~search.is_liked]].astype(np.float32)
    return np.asarray((disliked @ candidates.T).max(axis=0))


def _price_fit(search: FeatureInput) -> Values:
    paid = search.items.log_price[search.liked]
    paid = paid[~np.isnan(paid)]
    if not len(paid):
        return None
    # A shopper with one price, or always the same, is not sure to a cent.
    spread = float(np.hypot(paid.std(), 0.3))
    return np.asarray(np.abs(search.log_price - paid.mean()) / spread)


def _repeat_due(search: FeatureInput) -> Values:
    if search.now is None:
        return None
    due = np.full(len(search.rows), np.nan, np.float32)
    for place in np.flatnonzero(search.is_repeat.sum(axis=1) >= 2):
        times = np.sort(search.liked_times[search.is_repeat[place]])
        gap = (times[-1] - times[0]) / (len(times) - 1)
        if gap > 0:
            due[place] = max(search.now - times[-1], 0) / gap
    return due


def _funnel(search: FeatureInput) -> Values:
    if search.now is None:
        return None
    is_recent = search.now - search.liked_times < _SESSION_SECONDS
    return float(search.liked_weights[is_recent].max(initial=0))


def _mid_rank(values: Floats) -> Floats:
    """Ranks from 1 for the largest; equal values share the mean of their ranks."""
    if not len(values):
        return values
    order = np.argsort(-values, kind="stable")
    ordered = values[order]
    first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    sizes = np.diff(first, append=len(values))
    ranks = np.empty(len(values), np.float32)
    ranks[order] = np.repeat(first + (sizes + 1) / 2, sizes)
    return ranks


def _row(matrix: Floats | None, place: int) -> Values:
    return None if matrix is None else matrix[place]


def _max(matrix: Floats | None) -> Values:
    return None if matrix is None else matrix.max(axis=0)


# fmt: off
FEATURES: tuple[Feature, ...] = (
    # ---- without the shopper: these columns come first ----
    Feature("relevance", "score of the search without the shopper, as a share of the best candidate's",
            "candidates", _relevance),
    Feature("relevance_gap", "distance to the best candidate's score, in standard deviations of the scores",
            "candidates", _relevance_gap),
    Feature("relevance_rank", "ln(1 + rank) by that score",
            "candidates", lambda s: np.log(_mid_rank(s.relevance))),
    *(Feature(signal, f"contribution {signal!r} to that score", "candidates", _contribution(signal))
      for signal in RELEVANCE_SIGNALS),
    Feature("popularity", "ln(1 + faded count of shoppers who took it), long half-life",
            "candidates", lambda s: np.log1p(s.popularity)),
    Feature("popularity_recent", "the same with the short half-life",
            "candidates", lambda s: np.log1p(s.statistics.popularity_recent[s.rows])),
    Feature("popularity_share", "share of the candidates that are less popular",
            "candidates", lambda s: 1 - _mid_rank(s.popularity) / max(1, len(s.rows))),
    Feature("brand_popularity", "ln(1 + faded count of shoppers who took its brand)",
            "candidates", lambda s: np.log1p(s.statistics.brand_popularity[s.items.brand[s.rows]])),
    Feature("click_rate", "clicks per impression, pulled to the shop's mean where shown seldom",
            "candidates", lambda s: s.statistics.click_rate[s.rows]),
    Feature("freshness", "ln(1 + days since it came)",
            "candidates", _freshness),
    Feature("price", "ln(price / median price of the candidates)",
            "candidates", _price),
    Feature("category_share", "share of the best candidates that are in its category",
            "candidates", lambda s: s.head_shares["category"]),
    Feature("parent_category_share", "share of the best candidates that are in its parent category",
            "candidates", lambda s: s.head_shares["parent_category"]),
    Feature("query_entropy", "entropy, in nats, of the categories of the best candidates: 0 for a clear query",
            "candidates", _query_entropy),
    Feature("matches", "ln(1 + number of candidates)",
            "candidates", lambda s: float(np.log1p(len(s.rows)))),
    # ---- with the shopper ----
    Feature("together_latest", "co-occurrence with past items, the latest counting most (half-life 1 event)",
            "liked", lambda s: s.together_sums[0]),
    Feature("together_sum", "co-occurrence with past items (half-life 8 events)",
            "liked", lambda s: s.together_sums[1]),
    Feature("together_max", "strongest co-occurrence with a past item",
            "liked", lambda s: s.together.max(axis=0)),
    Feature("together_share", "together_sum as a share of the best candidate's",
            "liked", lambda s: s.together_sums[1] / max(float(s.together_sums[1].max()), 1e-9)),
    Feature("taste_mean", "mean cosine with past items in the taste space (half-life 8 events)",
            "liked", lambda s: None if s.taste is None else s.session @ s.taste / s.session_mass),
    Feature("taste_max", "strongest cosine with a past item in the taste space",
            "liked", lambda s: _max(s.taste)),
    Feature("basket_max", "strongest co-occurrence in one basket with a past item",
            "liked", lambda s: s.baskets.max(axis=0)),
    Feature("text_latest", "cosine of texts with past items (half-life 1 event)",
            "liked", lambda s: s.text_sums[0]),
    Feature("text_mean", "mean cosine of texts with past items (half-life 8 events)",
            "liked", lambda s: s.text_sums[1] / s.session_mass),
    Feature("text_max", "strongest cosine of texts with a past item",
            "liked", lambda s: s.text.max(axis=0)),
    Feature("photo_latest", "cosine of photos with past items (half-life 1 event)",
            "liked", lambda s: _row(s.photo_sums, 0)),
    Feature("photo_mean", "mean cosine of photos with past items (half-life 8 events)",
            "liked", lambda s: None if s.photo_sums is None else s.photo_sums[1] / s.session_mass),
    Feature("photo_max", "strongest cosine of photos with a past item",
            "liked", lambda s: _max(s.photo)),
    Feature("photo_long", "cosine of its photo with the long-term interest (half-life 30 days)",
            "liked", _photo_long),
    Feature("photo_negative", "strongest cosine of photos with a product that was skipped above a click, or returned",
            "liked", _photo_negative),
    Feature("category_affinity", "share of past events in its category",
            "liked", lambda s: s.affinities["category"]),
    Feature("parent_category_affinity", "share of past events in its parent category",
            "liked", lambda s: s.affinities["parent_category"]),
    Feature("brand_affinity", "share of past events of its brand",
            "liked", lambda s: s.affinities["brand"]),
    Feature("brand_together", "co-occurrence of its brand with the brands of past items (half-life 8 events)",
            "liked", lambda s: s.brand_together),
    Feature("colour_affinity", "share of past events of its colour",
            "liked", lambda s: s.affinities["colour"]),
    Feature("price_fit", "distance of ln(price) to the mean of past items, in their standard deviations",
            "liked", _price_fit),
    Feature("repeats", "ln(1 + times it was taken before)",
            "liked", lambda s: np.log1p(s.is_repeat.sum(axis=1))),
    Feature("repeat_due", "days since it was taken last, as a share of the mean gap between takings",
            "liked", _repeat_due),
    Feature("funnel", "strongest event of this session: 1 click, 4 cart, 8 purchase",
            "liked", _funnel),
    Feature("closeness", "mean cosine of texts between the best candidates and the past as a whole",
            "liked", lambda s: float(s.text_sums[1][s.head].mean()) / max(s.text_length, 1e-9)),
    Feature("history_length", "ln(1 + number of past events)",
            "history", lambda s: float(np.log1p(len(s.history.rows)))),
)
# fmt: on
"""All features, in the order of the columns."""

NAMES = tuple(feature.name for feature in FEATURES)
IMPERSONAL = sum(not feature.personal for feature in FEATURES)
"""Number of the first columns, which need no shopper."""


def features_hash() -> str:
    """Fingerprint of the declaration: a model that was trained on other features must not be used."""
    declared = "\n".join(f"{feature.name}\t{feature.meaning}\t{feature.personal}" for feature in FEATURES)
    return hashlib.sha256(declared.encode()).hexdigest()[:16]


def compute_features(
    statistics: ItemStatistics, table: CandidateTable, history: InteractionHistory, now: float | None
) -> Floats:
    """Compute the features of each candidate.

    Parameters
    ----------
    statistics : ItemStatistics
    table : CandidateTable
        Every candidate must be among the items of the statistics.
    history : InteractionHistory
    now : float or None
        Unix seconds of the request; None where time is unknown.

    Returns
    -------
    ndarray
        float32 (n, len(FEATURES)), in the order of `FEATURES`; NaN where a value is unknown.
    """
    search = FeatureInput(statistics, table, history, now)
    features = np.full((len(table), len(FEATURES)), np.nan, np.float32)
    for column, feature in enumerate(FEATURES):
        if feature.needs == "liked" and not search.has_liked:
            continue
        if (values := feature.compute(search)) is not None:
            features[:, column] = values
    return features
