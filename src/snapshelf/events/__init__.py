"""Events: what shoppers did and were shown, the journal that keeps it, and the profile that follows from it."""

from snapshelf.events.event import EVENT_KINDS, SEARCH_WEIGHT, Event, EventKind, check_id
from snapshelf.events.impression import RELEVANCE_SIGNALS, RENAMED_SIGNALS, Impression, Team
from snapshelf.events.ingest import Line, ingest_events, json_lines, json_value
from snapshelf.events.interaction import GRADES, MAX_HISTORY, WEIGHTS, Interaction
from snapshelf.events.journal import START, Erased, EventNotice, Journal, JournalStats, Position, Receipt
from snapshelf.events.log import EventLog, parse_log, read_log
from snapshelf.events.parsers import parse_events, write_event
from snapshelf.events.profile import ProductPurchases, Profile, RecentInteraction, SearchedVector
from snapshelf.events.robots import is_robot
from snapshelf.events.settings import ShopperSettings
from snapshelf.events.sql_journal import SqlJournal
from snapshelf.events.traits import CatalogueTraits, ProductTraits, TraitsLookup, price_band

__all__ = [
    "EVENT_KINDS",
    "GRADES",
    "MAX_HISTORY",
    "RELEVANCE_SIGNALS",
    "RENAMED_SIGNALS",
    "SEARCH_WEIGHT",
    "START",
    "WEIGHTS",
    "CatalogueTraits",
    "Erased",
    "Event",
    "EventKind",
    "EventLog",
    "EventNotice",
    "Impression",
    "Interaction",
    "Journal",
    "JournalStats",
    "Line",
    "Position",
    "ProductPurchases",
    "ProductTraits",
    "Profile",
    "Receipt",
    "RecentInteraction",
    "SearchedVector",
    "ShopperSettings",
    "SqlJournal",
    "Team",
    "TraitsLookup",
    "check_id",
    "ingest_events",
    "is_robot",
    "json_lines",
    "json_value",
    "parse_events",
    "parse_log",
    "price_band",
    "read_log",
    "write_event",
]
