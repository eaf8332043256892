"""Chinese and English shop text: normal form, words for BM25, concepts, corrections, quantities, completions."""

from __future__ import annotations

from snapshelf.language.completions import Completion, Completions
from snapshelf.language.correction import Change, Correction, correct, prepare_correction
from snapshelf.language.lexicon import Concept, Lexicon, Match
from snapshelf.language.normalisation import normalise
from snapshelf.language.quantity import Quantity, QuantityKind, quantities
from snapshelf.language.terms import search_terms, tokenize
from snapshelf.language.vocabulary import Vocabulary

__all__ = [
    "Change",
    "Completion",
    "Completions",
    "Concept",
    "Correction",
    "Lexicon",
    "Match",
    "Quantity",
    "QuantityKind",
    "Vocabulary",
    "correct",
    "normalise",
    "prepare_correction",
    "quantities",
    "search_terms",
    "tokenize",
]
