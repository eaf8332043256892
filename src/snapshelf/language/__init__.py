"""Analysis of Chinese and English shop text: normalisation, BM25 terms, concepts, spelling, quantities, completion."""

from __future__ import annotations

from snapshelf.language.completions import Completion, Completions
from snapshelf.language.correction import Change, Correction, correct, warm_up_correction
from snapshelf.language.lexicon import Concept, Lexicon, Match
from snapshelf.language.normalisation import normalise
from snapshelf.language.quantity import Quantity, QuantityKind, quantities
from snapshelf.language.terms import (
    Alternatives,
    IndexTerms,
    QueryWord,
    index_terms,
    query_words,
    search_terms,
    tokenize,
)
from snapshelf.language.tokens import Unit, split_units, stem
from snapshelf.language.units import Measure, MeasureKind, measures
from snapshelf.language.vocabulary import Vocabulary

__all__ = [
    "Alternatives",
    "Change",
    "Completion",
    "Completions",
    "Concept",
    "Correction",
    "IndexTerms",
    "Lexicon",
    "Match",
    "Measure",
    "MeasureKind",
    "Quantity",
    "QuantityKind",
    "QueryWord",
    "Unit",
    "Vocabulary",
    "correct",
    "index_terms",
    "measures",
    "normalise",
    "quantities",
    "query_words",
    "search_terms",
    "split_units",
    "stem",
    "tokenize",
    "warm_up_correction",
]
