"""Heads of noun phrases: which of the kinds that a query names is the thing itself, and which only describes it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple, TypeAlias

from snapshelf.language import Lexicon, split_units

Role: TypeAlias = Literal["head", "modifier", "unsure"]
"""What a kind is in a query: the thing that is asked for, a description of it, or one of the two."""

Range: TypeAlias = tuple[int, int]
"""Start and end of a name in a text."""

_Link: TypeAlias = Literal["start", "list", "conjunction", "preposition", "of"]

_PREPOSITION_WORDS = "at by for from in inside on to under with without w"
_CONJUNCTION_WORDS = "and or nor plus 和 与 及 或"
_REQUEST_WORDS = """
anything best buy cheap find gift gifts good great help need nice ones people present presents search searching shop
something stuff
"""
_COUNT_WORDS = "pack packs pair pairs set sets"
_MEASURE_WORDS = """
bottle bottles box boxes bunch can cans carton case cases cup cups dozen jar jars kind kinds lot lots piece pieces sort
sorts tube tubes type types
"""

_PREPOSITIONS = frozenset(_PREPOSITION_WORDS.split())
_CONJUNCTIONS = frozenset(_CONJUNCTION_WORDS.split())
_LIST_MARK = re.compile(r"[,;、，；。|/+]")
_NO_NOUNS = frozenset(_REQUEST_WORDS.split()) | _PREPOSITIONS | _CONJUNCTIONS | {"of"}
_COUNTED = frozenset(_COUNT_WORDS.split())
_MEASURES = _COUNTED | frozenset(_MEASURE_WORDS.split())
"""Nouns before "of" that count a thing: the head of "a pair of shoes" is "shoes"."""


class _Item(NamedTuple):
    """A word of a phrase: the number of a kind, or None for an unknown word."""

    kind: int | None
    text: str


class _Phrase(NamedTuple):
    """The nouns of a phrase in order, and what links it to the phrase before."""

    link: _Link
    nouns: list[_Item]


def roles(text: str, kinds: Sequence[Range], properties: Sequence[Range], lexicon: Lexicon) -> list[Role]:
    """Return the role of each kind that a query names.

    The head of an English phrase is its last noun before a preposition ("phone case for men"), the head of a Chinese
    phrase is its last noun (手机壳). A kind before an unknown word may be either ("watch strap", "watch waterproof").

    Parameters
    ----------
    text : str
        The query in normal form.
    kinds : sequence of (int, int)
        Spans of the names of kinds, in order and without overlaps.
    properties : sequence of (int, int)
        Spans of other known names: colours, brands, sizes, prices.
    lexicon : Lexicon
        Its stop words are no nouns.
    """
    result: list[Role] = ["modifier"] * len(kinds)
    has_head = has_unknown_head = describes = False
    phrases = _phrases(text, kinds, properties, lexicon) if kinds else ()
    for phrase, following in pairwise([*phrases, _Phrase("start", [])]):
        if phrase.link == "list":
            has_head = has_unknown_head = describes = False
        if phrase.link in ("of", "preposition"):
            describes = has_head or has_unknown_head
        is_measure = following.link == "of" and all(noun.text in _MEASURES for noun in phrase.nouns)
        if is_measure or not phrase.nouns:
            continue
        last = max((at for at, noun in enumerate(phrase.nouns) if noun.kind is not None), default=None)
        if last is not None and not (describes and has_head):
            is_last = all(noun.text in _COUNTED for noun in phrase.nouns[last + 1 :])
            result[phrase.nouns[last].kind or 0] = "head" if is_last and not describes else "unsure"
        if not describes:
            has_head = has_head or last is not None
            has_unknown_head = has_unknown_head or last is None
    return result


def _phrases(
    text: str, kinds: Sequence[Range], properties: Sequence[Range], lexicon: Lexicon
) -> Iterator[_Phrase]:
    units = split_units(text)
    stop_words = {
        place
        for span in lexicon.segment(units)
        if not span.concepts
        for place in range(span.first, span.last)
    }
    link: _Link = "start"
    nouns: list[_Item] = []
    is_empty = True
    for place, unit in enumerate(units):
        kind, known = _covering(kinds, unit.start), _covering(properties, unit.start)
        new = _link(unit.text, unit.gap, is_name=kind is not None or known is not None)
        if new is not None:
            if not is_empty:
                yield _Phrase(link, nouns)
                link, nouns, is_empty = new, [], True
            elif link != "list":
                link = new
        if kind is not None:
            is_empty = False
            if not any(noun.kind == kind for noun in nouns):
                nouns.append(_Item(kind, unit.text))
        elif known is not None or any(letter.isdigit() for letter in unit.text):
            is_empty = False
        elif place not in stop_words and unit.text not in _NO_NOUNS:
            is_empty = False
            nouns.append(_Item(None, unit.text))
    if not is_empty:
        yield _Phrase(link, nouns)


def _link(word: str, gap: str, *, is_name: bool) -> _Link | None:
    if _LIST_MARK.search(gap):
        return "list"
    if is_name:
        return None
    if word in _CONJUNCTIONS:
        return "conjunction"
    if word == "of":
        return "of"
    return "preposition" if word in _PREPOSITIONS else None


def _covering(spans: Sequence[Range], at: int) -> int | None:
    return next((number for number, (start, end) in enumerate(spans) if start <= at < end), None)
