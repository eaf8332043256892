"""Exactness: titles that are what was typed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from snapshelf.catalogue import ProductName
from snapshelf.language import Lexicon, normalise, tokenize

LOOKED_AT = 50
"""Best candidates whose titles are compared with the query."""

SAME_STEMS, SAME_WORDS, SAME = 0.2, 0.3, 0.4
"""What a title gets that has the words of the query in any order, up to inflection; as they are written; and the very
same text."""
_MODEL_NUMBER = re.compile(r"(?=[a-z0-9._/-]*\d)(?=[a-z0-9._/-]*[a-z])[a-z0-9._/-]{4,}|\d{5,}")
"""A word of Latin letters and digits, or many digits."""
_SLACK = 0.34
"""Titles that are longer or shorter by more than this share cannot have the same words."""


def exactness(
    text: str, ids: Sequence[str], names: Mapping[str, ProductName], lexicon: Lexicon
) -> list[float]:
    """Score the titles of products: `SAME_STEMS`, `SAME_WORDS` or `SAME`, or 0.

    This separates titles that differ by an ending or by a word's place, which neither vectors nor BM25 do.

    Parameters
    ----------
    text : str
        The query's words in normal form.
    ids : sequence of str
    names : mapping
        Id → title and brand; products that are missing get 0.
    lexicon : Lexicon
    """
    wanted = sorted(tokenize(text, lexicon)) if text else []
    return [_of(text, wanted, names[id].title, lexicon) if wanted and id in names else 0.0 for id in ids]


def _of(text: str, wanted: list[str], title: str, lexicon: Lexicon) -> float:
    if abs(len(title) - len(text)) > 2 + _SLACK * len(text) or _sorted_tokens(title, lexicon) != wanted:
        return 0.0
    written = normalise(title)
    if written == text:
        return SAME
    return SAME_WORDS if sorted(written.split()) == sorted(text.split()) else SAME_STEMS


def names_model(text: str, read: Iterable[tuple[int, int]], titles: Iterable[str]) -> bool:
    """Whether the words contain a model number that is in a title.

    Parameters
    ----------
    text : str
        The query's words in normal form.
    read : iterable of (int, int)
        Spans that were read as something else: "500ml" is no model number.
    titles : iterable of str
        Of the best candidates.
    """
    spans = list(read)
    numbers = {
        _plain(match[0])
        for match in _MODEL_NUMBER.finditer(text)
        if not any(match.start() < end and start < match.end() for start, end in spans)
    }
    return bool(numbers) and any(
        _plain(match[0]) in numbers for title in titles for match in _MODEL_NUMBER.finditer(normalise(title))
    )


def _plain(number: str) -> str:
    return re.sub(r"[^a-z0-9]", "", number)


@lru_cache(maxsize=16_384)
def _sorted_tokens(title: str, lexicon: Lexicon) -> list[str]:
    return sorted(tokenize(title, lexicon))
