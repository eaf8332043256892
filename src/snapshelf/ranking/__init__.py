"""Ranking: statistics of the items, features, models, experiments, and the reranker that a shelf serves with."""

from snapshelf.ranking.cooccurrence import CoOccurrence
from snapshelf.ranking.counts import count_histories
from snapshelf.ranking.experiments import Interleaved, assign, team_draft
from snapshelf.ranking.features import FEATURES, Feature, Floats, ItemStatistics, RankRequest, features_hash
from snapshelf.ranking.history import InteractionHistory, history_of
from snapshelf.ranking.item_table import ItemTable
from snapshelf.ranking.items import UNKNOWN, Items, term_counts
from snapshelf.ranking.live import ITEMS, LiveRanking, RankingName
from snapshelf.ranking.model_store import FOLDER, ModelStore, objections
from snapshelf.ranking.model_store import FOLDER as RANKING
from snapshelf.ranking.models import (
    FixedFormula,
    Gate,
    Ranker,
    RankingExample,
    RankingModel,
    Settings,
    normalised,
    shortened,
    train,
)
from snapshelf.ranking.reranker import Reranked, Reranker
from snapshelf.ranking.running import Refreshed, RunningCounts, refresh
from snapshelf.ranking.statistics_file import load_statistics, save_statistics
from snapshelf.ranking.training_data import (
    LONG,
    RECENT,
    InteractionHistories,
    TrainingSplit,
    count,
    label_impressions,
    request_of,
    training_split,
)

__all__ = [
    "FEATURES",
    "FOLDER",
    "ITEMS",
    "LONG",
    "RANKING",
    "RECENT",
    "UNKNOWN",
    "CoOccurrence",
    "Feature",
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
    "ModelStore",
    "RankRequest",
    "Ranker",
    "RankingExample",
    "RankingModel",
    "RankingName",
    "Refreshed",
    "Reranked",
    "Reranker",
    "RunningCounts",
    "Settings",
    "TrainingSplit",
    "assign",
    "count",
    "count_histories",
    "features_hash",
    "history_of",
    "label_impressions",
    "load_statistics",
    "normalised",
    "objections",
    "refresh",
    "request_of",
    "save_statistics",
    "shortened",
    "team_draft",
    "term_counts",
    "train",
    "training_split",
]
