"""Ranking: statistics of the items, features, models, experiments, and the reranker that a shelf serves with."""

from snapshelf.ranking.cooccurrence import CoOccurrence
from snapshelf.ranking.counts import count_histories
from snapshelf.ranking.experiments import Interleaved, assign, team_draft
from snapshelf.ranking.features import FEATURES, Feature, Floats, RankRequest, Signals, features_hash
from snapshelf.ranking.history import Past, past_of
from snapshelf.ranking.item_table import ItemTable
from snapshelf.ranking.items import UNKNOWN, Items, term_counts
from snapshelf.ranking.live import ITEMS, LiveRanking, RankingName
from snapshelf.ranking.model_store import FOLDER, ShelfRanking, objections
from snapshelf.ranking.model_store import FOLDER as RANKING
from snapshelf.ranking.models import (
    FixedFormula,
    Gate,
    Judged,
    Ranker,
    RankingModel,
    Settings,
    normalised,
    shortened,
    train,
)
from snapshelf.ranking.reranker import Reranked, Reranker
from snapshelf.ranking.running import Refreshed, RunningCounts, refresh
from snapshelf.ranking.statistics_file import load_signals, save_signals
from snapshelf.ranking.training_data import (
    LONG,
    RECENT,
    Histories,
    Lessons,
    count,
    judge,
    lessons,
    request_of,
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
    "Histories",
    "Interleaved",
    "ItemTable",
    "Items",
    "Judged",
    "Lessons",
    "LiveRanking",
    "Past",
    "RankRequest",
    "Ranker",
    "RankingModel",
    "RankingName",
    "Refreshed",
    "Reranked",
    "Reranker",
    "RunningCounts",
    "Settings",
    "ShelfRanking",
    "Signals",
    "assign",
    "count",
    "count_histories",
    "features_hash",
    "judge",
    "lessons",
    "load_signals",
    "normalised",
    "objections",
    "past_of",
    "refresh",
    "request_of",
    "save_signals",
    "shortened",
    "team_draft",
    "term_counts",
    "train",
]
