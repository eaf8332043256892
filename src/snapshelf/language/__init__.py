"""Analysis of Chinese and English shop text: normalisation, BM25 terms, concepts, spelling, quantities, completion."""

from __future__ import annotations

from snapshelf.language.brands import BrandNames, bilingual_names
from snapshelf.language.codes import MIN_CODE_DIGITS, MIN_CODE_LENGTH, code_key, is_code
from snapshelf.language.completions import Completion, Completions
from snapshelf.language.correction import Change, Correction, correct, warm_up_correction, words_with_prefix
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
from snapshelf.language.units import Measure, measures
from snapshelf.language.vocabulary import Vocabulary
from snapshelf.language.word_forms import WordForms

__all__ = [
    "MIN_CODE_DIGITS",
    "MIN_CODE_LENGTH",
    "Alternatives",
    "BrandNames",
    "Change",
    "Completion",
    "Completions",
    "Concept",
    "Correction",
    "IndexTerms",
    "Lexicon",
    "Match",
    "Measure",
    "Quantity",
    "QuantityKind",
    "QueryWord",
    "Unit",
    "Vocabulary",
    "WordForms",
    "bilingual_names",
    "code_key",
    "correct",
    "index_terms",
    "is_code",
    "measures",
    "normalise",
    "quantities",
    "query_words",
    "search_terms",
    "split_units",
    "stem",
    "tokenize",
    "warm_up_correction",
    "words_with_prefix",
]
