"""Exactness: titles that are what was typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from snapshelf.catalogue import Product
from snapshelf.language import Lexicon, normalise, tokenize

LOOKED_AT = 50
"""Best candidates whose titles are compared with the query."""

_SAME_WORDS, _SAME_TEXT = 0.2, 0.2
_SLACK = 0.34
"""Titles that are longer or shorter by more than this share cannot have the same words."""


def exactness(
    text: str, ids: Sequence[str], products: Mapping[str, Product], lexicon: Lexicon
) -> list[float]:
    """What each product gets for its title: 0.2 for the words of the query in any order, 0.4 for the very same text.

    It tells apart titles that differ by an ending or by a word's place, which neither vectors nor BM25 do.

    Parameters
    ----------
    text : str
        The query's words in normal form.
    ids : sequence of str
    products : mapping
        Id → product, where it is there.
    lexicon : Lexicon
    """
    wanted = sorted(tokenize(text, lexicon)) if text else []
    return [
        _of(text, wanted, products[id].title, lexicon) if wanted and id in products else 0.0 for id in ids
    ]


def _of(text: str, wanted: list[str], title: str, lexicon: Lexicon) -> float:
    if abs(len(title) - len(text)) > 2 + _SLACK * len(text) or _sorted_tokens(title, lexicon) != wanted:
        return 0.0
    return _SAME_WORDS + _SAME_TEXT * (normalise(title) == text)


@lru_cache(maxsize=16_384)
def _sorted_tokens(title: str, lexicon: Lexicon) -> list[str]:
    return sorted(tokenize(title, lexicon))
