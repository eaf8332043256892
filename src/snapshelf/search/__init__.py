"""Search: from a request over a plan and a table of scored candidates to a response."""

from snapshelf.search.assignment import RankingAssignment
from snapshelf.search.corpus import Corpus, Products
from snapshelf.search.diversify import diversified
from snapshelf.search.explain import heat_map, why_not
from snapshelf.search.facet_fields import FacetField, FacetSetting, FacetSettings, facet_fields
from snapshelf.search.facet_values import FacetValues
from snapshelf.search.facets import FacetChoice, FacetFilter, FacetResult, joined
from snapshelf.search.paging import FirstPage, Page, page_token, query_digest
from snapshelf.search.personalisation import Personaliser
from snapshelf.search.pipeline import RankedResults, rank_candidates, search
from snapshelf.search.plan import WINDOWS, SearchPlan
from snapshelf.search.relevance import CALIBRATION, Calibration, Curve, Evidence, evidence_of, scaled
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
from snapshelf.search.rules.merchandising import Merchandising
from snapshelf.search.rules.rule import Rule, Rules
from snapshelf.search.rules.warnings import RuleWarning
from snapshelf.search.service import MAX_SUGGESTIONS, SETTINGS, SearchService
from snapshelf.search.settings import Experiment, RankingSettings, SearchSettings
from snapshelf.search.signals import SIGNALS, WEIGHTED, Mode, Weights
from snapshelf.search.sort import Sort, by_score, is_rating
from snapshelf.search.tuning import PRIOR, Prior, Tuning, raw_weights
from snapshelf.search.word_match import NO_RIGHTS, most_of_rare

__all__ = [
    "CALIBRATION",
    "MAX_BINS",
    "MAX_K",
    "MAX_RELATED",
    "MAX_SUGGESTIONS",
    "MAX_VALUES",
    "NO_RIGHTS",
    "PRIOR",
    "SETTINGS",
    "SIGNALS",
    "WEIGHTED",
    "WINDOWS",
    "Calibration",
    "Corpus",
    "Curve",
    "Evidence",
    "Experiment",
    "FacetChoice",
    "FacetField",
    "FacetFilter",
    "FacetKind",
    "FacetRequest",
    "FacetResult",
    "FacetSetting",
    "FacetSettings",
    "FacetValues",
    "FirstPage",
    "HeatMap",
    "Hit",
    "Merchandising",
    "Mode",
    "Page",
    "Personal",
    "Personaliser",
    "Prior",
    "Products",
    "Range",
    "RankedResults",
    "RankingAssignment",
    "RankingSettings",
    "Record",
    "Rule",
    "RuleWarning",
    "Rules",
    "SearchOptions",
    "SearchPlan",
    "SearchRequest",
    "SearchResponse",
    "SearchService",
    "SearchSettings",
    "Shopper",
    "Side",
    "Sort",
    "Tuning",
    "Weights",
    "Where",
    "WhyNot",
    "by_score",
    "diversified",
    "evidence_of",
    "facet_fields",
    "heat_map",
    "is_rating",
    "joined",
    "most_of_rare",
    "page_token",
    "query_digest",
    "rank_candidates",
    "raw_weights",
    "scaled",
    "search",
    "why_not",
]
