"""Search: from a request over a plan and a table of scored candidates to a response."""

from snapshelf.search.candidates import Products
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
from snapshelf.search.matched import matched_words
from snapshelf.search.occlusion import occlusion_map
from snapshelf.search.paging import FirstPage, Page, page_token, query_digest, read_page_token
from snapshelf.search.personalisation import Personaliser
from snapshelf.search.pipeline import WINDOWS, Ranked, RankingOptions, Search, Sort
from snapshelf.search.relaxation import relaxed
from snapshelf.search.relevance import CALIBRATION, Calibration, Curve, Evidence, QueryKind
from snapshelf.search.request import (
    MAX_BINS,
    MAX_K,
    MAX_RELATED,
    MAX_VALUES,
    FacetKind,
    FacetRequest,
    Range,
    SearchOptions,
    SearchRequest,
    Side,
)
from snapshelf.search.rerank import Ranking
from snapshelf.search.response import HeatMap, Hit, SearchResponse, WhyNot
from snapshelf.search.retrieval import GROUP
from snapshelf.search.rules.file import RuleFile
from snapshelf.search.rules.merchandising import Merchandising, check_filters
from snapshelf.search.rules.rule import Rule, Rules
from snapshelf.search.searcher import (
    MAX_SUGGESTIONS,
    SETTINGS,
    SearchService,
)
from snapshelf.search.settings import Experiment, RankingSettings, SearchSettings
from snapshelf.search.signals import CONTRIBUTIONS, Mode, QueryVector, Vector, Weights
from snapshelf.search.sort import read_sort

__all__ = [
    "CALIBRATION",
    "CONTRIBUTIONS",
    "GROUP",
    "MAX_BINS",
    "MAX_K",
    "MAX_RELATED",
    "MAX_SUGGESTIONS",
    "MAX_VALUES",
    "SETTINGS",
    "WINDOWS",
    "Calibration",
    "Chosen",
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
    "Personaliser",
    "Products",
    "QueryKind",
    "QueryVector",
    "Range",
    "Ranked",
    "Ranking",
    "RankingOptions",
    "RankingSettings",
    "Rule",
    "RuleFile",
    "Rules",
    "Search",
    "SearchOptions",
    "SearchRequest",
    "SearchResponse",
    "SearchService",
    "SearchSettings",
    "Side",
    "Sort",
    "Vector",
    "Weights",
    "WhyNot",
    "check_filters",
    "count_facets",
    "diversified",
    "facet_fields",
    "heat_map",
    "joined",
    "matched_words",
    "occlusion_map",
    "page_token",
    "query_digest",
    "read_choices",
    "read_page_token",
    "read_sort",
    "relaxed",
    "why_not",
]
