"""Ranking: statistics of the items, features, models, experiments, and the reranker that a shelf serves with."""

from snapshelf.ranking.cooccurrence import CoOccurrence
from snapshelf.ranking.experiments import Interleaved, assign, team_draft
from snapshelf.ranking.features import FEATURES, compute_features
from snapshelf.ranking.history import InteractionHistories, InteractionHistory, history_of
from snapshelf.ranking.item_table import ItemTable
from snapshelf.ranking.items import UNKNOWN, Items, term_counts
from snapshelf.ranking.live import ITEMS, LiveRanking, RankingName
from snapshelf.ranking.model_ranker import ModelRanker
from snapshelf.ranking.model_store import FOLDER, ModelStore, objections
from snapshelf.ranking.models import (
    FixedFormula,
    Gate,
    RankingExample,
    RankingModel,
    ScoringModel,
    Settings,
    normalised,
    train,
)
from snapshelf.ranking.ranker import CandidateTable, NoRanking, Ranker, RankingColumns
from snapshelf.ranking.refresh import refresh_statistics
from snapshelf.ranking.statistics import LONG, RECENT, Floats, ItemStatistics, count, count_histories
from snapshelf.ranking.training_data import TrainingSplit, candidates_of, training_split

__all__ = [
    "FEATURES",
    "FOLDER",
    "ITEMS",
    "LONG",
    "RECENT",
    "UNKNOWN",
    "CandidateTable",
    "CoOccurrence",
    "FixedFormula",
    "Floats",
    "Gate",
    "InteractionHistories",
    "InteractionHistory",
    "Interleaved",
    "ItemStatistics",
    "ItemTable",
    "Items",
    "LiveRanking",
    "ModelRanker",
    "ModelStore",
    "NoRanking",
    "Ranker",
    "RankingColumns",
    "RankingExample",
    "RankingModel",
    "RankingName",
    "ScoringModel",
    "Settings",
    "TrainingSplit",
    "assign",
    "candidates_of",
    "compute_features",
    "count",
    "count_histories",
    "history_of",
    "normalised",
    "objections",
    "refresh_statistics",
    "team_draft",
    "term_counts",
    "train",
    "training_split",
]
