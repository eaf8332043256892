"""Suggestions: completions, related queries, the shop's vocabulary and the log of queries."""

from snapshelf.suggest.query_log import QueryLog
from snapshelf.suggest.suggester import LexicalSearch, Suggester, Suggestion
from snapshelf.suggest.vocabulary import ShopVocabulary

__all__ = ["LexicalSearch", "QueryLog", "ShopVocabulary", "Suggester", "Suggestion"]
