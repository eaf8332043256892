"""Chinese and English shop text: normal form, words for BM25, and the concepts that both languages name."""

from __future__ import annotations

from snapshelf.language._lexicon import Concept, Lexicon, Match
from snapshelf.language._normalise import normalise
from snapshelf.language._terms import search_terms, tokenize

__all__ = ["Concept", "Lexicon", "Match", "normalise", "search_terms", "tokenize"]
