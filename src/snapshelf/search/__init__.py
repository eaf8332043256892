"""Recall → fuse → order → count → explain."""

from snapshelf.search._calibration import CALIBRATION, Calibration, Curve, Evidence, QueryKind
from snapshelf.search._candidates import Products
from snapshelf.search._documents import record, records_fingerprint
from snapshelf.search._facets import (
    MAX_BINS,
    MAX_VALUES,
    Chosen,
    FacetChoice,
    FacetField,
    FacetKind,
    FacetRequest,
    FacetResult,
    Range,
    count_facets,
    facet_fields,
    joined,
    read_choices,
)
from snapshelf.search._fusion import CONTRIBUTIONS, Looks, Mode, Vector, Weights
from snapshelf.search._heat_map import occlusion_map
from snapshelf.search._matched import matched_words
from snapshelf.search._merchandising import Merchandising, check_filters
from snapshelf.search._pages import FirstPage, Page, page_token, query_digest, read_page_token
from snapshelf.search._ranking import Ranking
from snapshelf.search._recall import GROUP
from snapshelf.search._relaxation import relaxed
from snapshelf.search._rule_file import RuleFile
from snapshelf.search._rules import Rule, Rules
from snapshelf.search._search import WINDOWS, Manner, Ranked, Search, Sort
from snapshelf.search._settings import Experiment, RankingSettings, SearchSettings
from snapshelf.search._shopwords import ShopWords
from snapshelf.search._sort import read_sort
from snapshelf.search._suggest import Suggester, Suggestion

__all__ = [
    "CALIBRATION",
    "CONTRIBUTIONS",
    "GROUP",
    "MAX_BINS",
    "MAX_VALUES",
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
    "Looks",
    "Manner",
    "Merchandising",
    "Mode",
    "Page",
    "Products",
    "QueryKind",
    "Range",
    "Ranked",
    "Ranking",
    "RankingSettings",
    "Rule",
    "RuleFile",
    "Rules",
    "Search",
    "SearchSettings",
    "ShopWords",
    "Sort",
    "Suggester",
    "Suggestion",
    "Vector",
    "Weights",
    "check_filters",
    "count_facets",
    "facet_fields",
    "joined",
    "matched_words",
    "occlusion_map",
    "page_token",
    "query_digest",
    "read_choices",
    "read_page_token",
    "read_sort",
    "record",
    "records_fingerprint",
    "relaxed",
]
