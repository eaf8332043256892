"""Shoppers: what they did, what that says of them, and the order of results that follows from it."""

from snapshelf.shoppers._cooccurrence import CoOccurrence
from snapshelf.shoppers._counts import count_histories
from snapshelf.shoppers._events import EVENT_KINDS, SEARCH_WEIGHT, Event, EventKind, check_id
from snapshelf.shoppers._experiments import Interleaved, Team, assign, team_draft
from snapshelf.shoppers._features import FEATURES, Feature, Floats, Past, RankRequest, Signals, features_hash
from snapshelf.shoppers._item_table import ItemTable
from snapshelf.shoppers._items import UNKNOWN, Items, term_counts
from snapshelf.shoppers._journal import START, Erased, Journal, JournalStats, Position, Receipt, Remark
from snapshelf.shoppers._kept import load_signals, save_signals
from snapshelf.shoppers._learning import (
    GRADES,
    WEIGHTS,
    Deed,
    Histories,
    Lessons,
    Shown,
    count,
    judge,
    lessons,
    request_of,
)
from snapshelf.shoppers._live import ITEMS, LiveRanking, RankingName
from snapshelf.shoppers._log import ShopLog, parse_log, read_log
from snapshelf.shoppers._next import NextItem
from snapshelf.shoppers._profile import Bought, Profile, Recent, Sought
from snapshelf.shoppers._ranker import (
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
from snapshelf.shoppers._recommend import (
    RECOMMENDATIONS,
    Owned,
    Reason,
    Recommendable,
    RecommendationKind,
    Recommended,
    Recommender,
    Wish,
)
from snapshelf.shoppers._reranker import Reranked, Reranker
from snapshelf.shoppers._robots import is_robot
from snapshelf.shoppers._running import Refreshed, RunningCounts, refresh
from snapshelf.shoppers._settings import ShopperSettings
from snapshelf.shoppers._shapes import parse_events, write_event
from snapshelf.shoppers._shelved import FOLDER as RANKING
from snapshelf.shoppers._shelved import ShelfRanking, objections
from snapshelf.shoppers._sql_journal import SqlJournal
from snapshelf.shoppers._telling import Line, json_lines, json_value, tell
from snapshelf.shoppers._traits import CatalogueTraits, Traits, TraitsOf, price_band

__all__ = [
    "EVENT_KINDS",
    "FEATURES",
    "GRADES",
    "ITEMS",
    "RANKING",
    "RECOMMENDATIONS",
    "SEARCH_WEIGHT",
    "START",
    "UNKNOWN",
    "WEIGHTS",
    "Bought",
    "CatalogueTraits",
    "CoOccurrence",
    "Deed",
    "Erased",
    "Event",
    "EventKind",
    "Feature",
    "FixedFormula",
    "Floats",
    "Gate",
    "Histories",
    "Interleaved",
    "ItemTable",
    "Items",
    "Journal",
    "JournalStats",
    "Judged",
    "Lessons",
    "Line",
    "LiveRanking",
    "NextItem",
    "Owned",
    "Past",
    "Position",
    "Profile",
    "RankRequest",
    "Ranker",
    "RankingModel",
    "RankingName",
    "Reason",
    "Receipt",
    "Recent",
    "Recommendable",
    "RecommendationKind",
    "Recommended",
    "Recommender",
    "Refreshed",
    "Remark",
    "Reranked",
    "Reranker",
    "RunningCounts",
    "Settings",
    "ShelfRanking",
    "ShopLog",
    "ShopperSettings",
    "Shown",
    "Signals",
    "Sought",
    "SqlJournal",
    "Team",
    "Traits",
    "TraitsOf",
    "Wish",
    "assign",
    "check_id",
    "count",
    "count_histories",
    "features_hash",
    "is_robot",
    "json_lines",
    "json_value",
    "judge",
    "lessons",
    "load_signals",
    "normalised",
    "objections",
    "parse_events",
    "parse_log",
    "price_band",
    "read_log",
    "refresh",
    "request_of",
    "save_signals",
    "shortened",
    "team_draft",
    "tell",
    "term_counts",
    "train",
    "write_event",
]
