"""Recommendations: a list of products for each place of a shop where nothing was searched for."""

from snapshelf.recommend.next_item import NextItem
from snapshelf.recommend.recommender import (
    RECOMMENDATIONS,
    Owned,
    Reason,
    Recommendable,
    RecommendationKind,
    Recommended,
    Recommender,
    Wish,
)
from snapshelf.recommend.response import Recommendation, RecommendationReason, Recommendations
from snapshelf.recommend.service import MAX_RECOMMENDED, REASONS, RecommendationAsk, Recommending

__all__ = [
    "MAX_RECOMMENDED",
    "REASONS",
    "RECOMMENDATIONS",
    "NextItem",
    "Owned",
    "Reason",
    "Recommendable",
    "Recommendation",
    "RecommendationAsk",
    "RecommendationKind",
    "RecommendationReason",
    "Recommendations",
    "Recommended",
    "Recommender",
    "Recommending",
    "Wish",
]
