"""From a text to the terms of the words index: words, Chinese segments and concepts."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from snapshelf.language._lexicon import Lexicon, Span
from snapshelf.language._normalise import normalise
from snapshelf.language._words import ENGLISH_STOP_WORDS, Unit, split_units, stem

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMPOUND_GAPS = frozenset({"-", "‐", "&", "."})
# A longer joined form is a list or an address, which nobody types as one word.
_LONGEST_COMPOUND = 32


def tokenize(text: str) -> list[str]:
    """Return the words of `text` for BM25; documents and queries are treated alike.

    English words are stemmed (Snowball). A compound gives its joined form and its parts ("wd-40":
    ``wd40``, ``wd``, ``40``), but no parts where a single letter leads: a t-shirt is no shirt. Chinese is
    cut by forward maximum matching against the bundled lexicon; what the lexicon does not know becomes
    character bigrams. Stop words are dropped unless nothing else is left.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    list of str
        The tokens in order, repeats included; empty for a text without letters and digits.
    """
    units = split_units(normalise(text))
    return _tokens(units, Lexicon.bundled().segment(units))


def search_terms(text: str, *, ancestors: bool = False) -> list[str]:
    """Return the tokens of `text` and one term for each concept it names.

    The concept terms let 红色 find "Red": both texts have ``§colour/red``.

    Parameters
    ----------
    text : str
        Any text.
    ancestors : bool
        Add the wider concepts too. Meant for documents only, so that a query for shoes finds sneakers
        and one for sneakers does not find all shoes.

    Returns
    -------
    list of str
        The tokens as `tokenize` gives them, then the distinct concept terms in order of mention.
    """
    lexicon = Lexicon.bundled()
    units = split_units(normalise(text))
    spans = lexicon.segment(units)
    concepts = dict.fromkeys(concept for span in lexicon.named(spans) for concept in span.concepts)
    if ancestors:
        concepts |= dict.fromkeys(wider for concept in concepts for wider in lexicon.ancestors(concept))
    return _tokens(units, spans) + [concept.term for concept in concepts]


def _tokens(units: list[Unit], spans: list[Span]) -> list[str]:
    chinese = {s.first: s for s in spans if any(unit.is_han for unit in units[s.first : s.last])}
    return list(_walk(units, chinese, keep_stop_words=False)) or list(
        _walk(units, chinese, keep_stop_words=True)
    )


def _walk(units: list[Unit], chinese: dict[int, Span], *, keep_stop_words: bool) -> Iterator[str]:
    position = 0
    while position < len(units):
        first = position
        span = chinese.get(first)
        if span is not None:
            position = span.last
            if span.concepts or keep_stop_words:
                yield "".join(unit.text for unit in units[first:position])
            continue
        is_han = units[first].is_han
        gaps = {""} if is_han else _COMPOUND_GAPS
        position += 1
        while (
            position < len(units)
            and position not in chinese
            and units[position].is_han == is_han
            and units[position].gap in gaps
        ):
            position += 1
        run = [unit.text for unit in units[first:position]]
        if is_han:
            yield from _bigrams(run)
            continue
        following = units[position] if position < len(units) else None
        for word in _forms(run, following):
            if keep_stop_words or word not in ENGLISH_STOP_WORDS:
                yield stem(word)


def _bigrams(characters: list[str]) -> list[str]:
    return [a + b for a, b in pairwise(characters)] or characters


def _forms(run: list[str], following: Unit | None) -> Iterator[str]:
    letter_leads = len(run[0]) == 1 and run[0].isalpha()
    if len(run) == 1 or not letter_leads:
        yield from run
    if len(run) > 1:
        joined = "".join(run)
        if len(joined) <= _LONGEST_COMPOUND:
            yield joined
    elif (
        letter_leads
        and run[0] not in ENGLISH_STOP_WORDS
        and following is not None
        and following.gap == " "
        and not following.is_han
        and following.text not in ENGLISH_STOP_WORDS
    ):
        yield run[0] + following.text  # "t shirt" is also written "tshirt" and "t-shirt"
