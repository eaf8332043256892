"""Chinese and English shop text: normal form, words for BM25, concepts, corrections, quantities, completions."""

from __future__ import annotations

from snapshelf.language._completions import Completion, Completions
from snapshelf.language._correct import Change, Correction, correct, prepare_correction
from snapshelf.language._lexicon import Concept, Lexicon, Match
from snapshelf.language._normalise import normalise
from snapshelf.language._quantities import Quantity, QuantityKind, quantities
from snapshelf.language._terms import search_terms, tokenize
from snapshelf.language._vocabulary import Vocabulary

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
