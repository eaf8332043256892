"""Recommendations: a list of products for each place of a shop where nothing was searched for."""

from snapshelf.recommend.next_item import NextItem
from snapshelf.recommend.reasons import REASONS, RecommendationReason
from snapshelf.recommend.recommender import PurchaseHistory, RecommendationQuery, Recommended, Recommender
from snapshelf.recommend.request import (
    MAX_CART,
    MAX_RECOMMENDED,
    RECOMMENDATIONS,
    RecommendationKind,
    RecommendationOptions,
    RecommendationRequest,
)
from snapshelf.recommend.response import Recommendation, RecommendationResponse
from snapshelf.recommend.service import RecommendationService

__all__ = [
    "MAX_CART",
    "MAX_RECOMMENDED",
    "REASONS",
    "RECOMMENDATIONS",
    "NextItem",
    "PurchaseHistory",
    "Recommendation",
    "RecommendationKind",
    "RecommendationOptions",
    "RecommendationQuery",
    "RecommendationReason",
    "RecommendationRequest",
    "RecommendationResponse",
    "RecommendationService",
    "Recommended",
    "Recommender",
]
