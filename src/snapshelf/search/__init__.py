"""Search: from a request over a plan and a table of scored candidates to a response."""

from snapshelf.search.assignment import RankingAssignment
from snapshelf.search.corpus import GROUP, Corpus, Products
from snapshelf.search.diversify import diversified
from snapshelf.search.explain import heat_map, why_not
from snapshelf.search.facets import (
    Chosen,
    FacetChoice,
    FacetField,
    FacetResult,
    count_facets,
    facet_fields,
    joined,
    read_choices,
)
from snapshelf.search.hits import hits_of
from snapshelf.search.matched import matched_words
from snapshelf.search.occlusion import occlusion_map
from snapshelf.search.paging import FirstPage, Page, page_token, query_digest, read_page_token
from snapshelf.search.personalisation import Personaliser
from snapshelf.search.pipeline import RankedResults, search
from snapshelf.search.plan import WINDOWS, SearchPlan
from snapshelf.search.relaxation import relaxed
from snapshelf.search.relevance import CALIBRATION, Calibration, Curve, Evidence
from snapshelf.search.request import (
    MAX_BINS,
    MAX_K,
    MAX_RELATED,
    MAX_VALUES,
    FacetKind,
    FacetRequest,
    Personal,
    Range,
    Record,
    SearchOptions,
    SearchRequest,
    Shopper,
    Side,
    Where,
)
from snapshelf.search.response import HeatMap, Hit, SearchResponse, WhyNot
from snapshelf.search.rules.file import RuleFile
from snapshelf.search.rules.merchandising import Merchandising, check_filters
from snapshelf.search.rules.rule import Rule, Rules
from snapshelf.search.service import MAX_SUGGESTIONS, SETTINGS, SearchService
from snapshelf.search.settings import Experiment, RankingSettings, SearchSettings
from snapshelf.search.signals import SIGNALS, WEIGHTED, Mode, Signal, Weights
from snapshelf.search.sort import Sort, read_sort

__all__ = [
    "CALIBRATION",
    "GROUP",
    "MAX_BINS",
    "MAX_K",
    "MAX_RELATED",
    "MAX_SUGGESTIONS",
    "MAX_VALUES",
    "SETTINGS",
    "SIGNALS",
    "WEIGHTED",
    "WINDOWS",
    "Calibration",
    "Chosen",
    "Corpus",
    "Curve",
    "Evidence",
    "Experiment",
    "FacetChoice",
    "FacetField",
    "FacetKind",
    "FacetRequest",
    "FacetResult",
    "FirstPage",
    "HeatMap",
    "Hit",
    "Merchandising",
    "Mode",
    "Page",
    "Personal",
    "Personaliser",
    "Products",
    "Range",
    "RankedResults",
    "RankingAssignment",
    "RankingSettings",
    "Record",
    "Rule",
    "RuleFile",
    "Rules",
    "SearchOptions",
    "SearchPlan",
    "SearchRequest",
    "SearchResponse",
    "SearchService",
    "SearchSettings",
    "Shopper",
    "Side",
    "Signal",
    "Sort",
    "Weights",
    "Where",
    "WhyNot",
    "check_filters",
    "count_facets",
    "diversified",
    "facet_fields",
    "heat_map",
    "hits_of",
    "joined",
    "matched_words",
    "occlusion_map",
    "page_token",
    "query_digest",
    "read_choices",
    "read_page_token",
    "read_sort",
    "relaxed",
    "search",
    "why_not",
]
