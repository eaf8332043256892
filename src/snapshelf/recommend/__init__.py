"""Recommendations: a list of products for each place of a shop where nothing was searched for."""

from snapshelf.recommend.next_item import NextItem
from snapshelf.recommend.recommender import (
    RECOMMENDATIONS,
    PurchaseHistory,
    Reason,
    Recommendable,
    RecommendationKind,
    RecommendationQuery,
    Recommended,
    Recommender,
)
from snapshelf.recommend.response import Recommendation, RecommendationReason, RecommendationResponse
from snapshelf.recommend.service import MAX_RECOMMENDED, REASONS, RecommendationRequest, RecommendationService

__all__ = [
    "MAX_RECOMMENDED",
    "REASONS",
    "RECOMMENDATIONS",
    "NextItem",
    "PurchaseHistory",
    "Reason",
    "Recommendable",
    "Recommendation",
    "RecommendationKind",
    "RecommendationQuery",
    "RecommendationReason",
    "RecommendationRequest",
    "RecommendationResponse",
    "RecommendationService",
    "Recommended",
    "Recommender",
]
