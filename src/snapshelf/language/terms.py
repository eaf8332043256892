"""Index terms of a text for lexical retrieval (BM25): words, Chinese segments and concepts."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

from snapshelf.language.lexicon import Lexicon, Span
from snapshelf.language.normalisation import normalise
from snapshelf.language.tokens import ENGLISH_STOP_WORDS, Unit, split_units, stem

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMPOUND_GAPS = frozenset({"-", "‐", "&", "."})
# A longer compound is a list or an address, which nobody types as a single word.
_MAX_COMPOUND_LENGTH = 32


def tokenize(text: str, lexicon: Lexicon | None = None) -> list[str]:
    """Return the BM25 tokens of `text`; documents and queries use the same analysis.

    English words are stemmed (Snowball). A compound gives its joined form and its parts ("wd-40":
    ``wd40``, ``wd``, ``40``), but no parts where a single letter leads: a t-shirt is no shirt. Chinese is
    cut by forward maximum matching against the lexicon; what the lexicon does not know becomes
    character bigrams. Stop words are dropped unless nothing else is left.

    Parameters
    ----------
    text : str
        Any text.
    lexicon : Lexicon or None
        The lexicon whose names are Chinese words; the bundled lexicon if None.

    Returns
    -------
    list of str
        The tokens in order, repeats included; empty for a text without letters and digits.
    """
    units = split_units(normalise(text))
    return _tokens(units, (lexicon or Lexicon.bundled()).segment(units))


def search_terms(text: str, *, ancestors: bool = False, lexicon: Lexicon | None = None) -> list[str]:
    """Return the tokens of `text` and a term for each concept that it names.

    Concept terms let 红色 match "Red": both texts have ``§colour/red``.

    Parameters
    ----------
    text : str
        Any text.
    ancestors : bool
        Add the wider concepts too. For documents only: a query for shoes then matches sneakers, but a query for
        sneakers does not match all shoes.
    lexicon : Lexicon or None
        The bundled lexicon if None.

    Returns
    -------
    list of str
        The tokens as `tokenize` gives them, then the distinct concept terms in order of mention.

    Examples
    --------
    >>> from snapshelf.language import search_terms
    >>> "dress" in search_terms("red dresses")
    True
    """
    lexicon = lexicon or Lexicon.bundled()
    units = split_units(normalise(text))
    spans = lexicon.segment(units)
    concepts = dict.fromkeys(concept for span in lexicon.named(spans, units) for concept in span.concepts)
    if ancestors:
        concepts |= dict.fromkeys(wider for concept in concepts for wider in lexicon.ancestors(concept))
    return _tokens(units, spans) + [concept.term for concept in concepts]


def surface_words(text: str, lexicon: Lexicon | None = None) -> list[str]:
    """Return the surface words of `text`: not stemmed, unknown Chinese not split into bigrams."""
    normalised = normalise(text)
    chunks = normalised.split(" ")
    if normalised.isascii() and all(len(chunk) > 1 and chunk.isalpha() for chunk in chunks):
        return [
            word for word in chunks if word not in ENGLISH_STOP_WORDS
        ]  # Most titles; three times as fast.
    units = split_units(normalised)
    # The lexicon segments only Chinese.
    spans = [] if normalised.isascii() else (lexicon or Lexicon.bundled()).segment(units)
    words: list[str] = []
    for piece in _pieces(units, spans):
        if piece.kind == "latin":
            words += [word for word in _forms(piece) if word not in ENGLISH_STOP_WORDS]
        elif piece.kind != "stop":
            words.append("".join(piece.units))
    return words


class _Piece(NamedTuple):
    """Units that belong together; `following` is the unit after a compound of Latin words."""

    kind: Literal["name", "stop", "unknown", "latin"]
    units: list[str]
    following: Unit | None = None


def _tokens(units: list[Unit], spans: list[Span]) -> list[str]:
    pieces = list(_pieces(units, spans))
    return list(_words(pieces, keep_stop_words=False)) or list(_words(pieces, keep_stop_words=True))


def _pieces(units: list[Unit], spans: list[Span]) -> Iterator[_Piece]:
    """Split a text into Chinese names and stop words of the lexicon, unknown Chinese, and Latin compounds."""
    chinese = {s.first: s for s in spans if any(unit.is_han for unit in units[s.first : s.last])}
    position = 0
    while position < len(units):
        first = position
        span = chinese.get(first)
        if span is not None:
            position = span.last
            yield _Piece("name" if span.concepts else "stop", [unit.text for unit in units[first:position]])
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
            yield _Piece("unknown", run)
        else:
            yield _Piece("latin", run, units[position] if position < len(units) else None)


def _words(pieces: list[_Piece], *, keep_stop_words: bool) -> Iterator[str]:
    for piece in pieces:
        if piece.kind == "unknown":
            yield from _bigrams(piece.units)
        elif piece.kind == "latin":
            for word in _forms(piece):
                if keep_stop_words or word not in ENGLISH_STOP_WORDS:
                    yield stem(word)
        elif piece.kind == "name" or keep_stop_words:
            yield "".join(piece.units)


def _bigrams(characters: list[str]) -> list[str]:
    return [a + b for a, b in pairwise(characters)] or characters


def _forms(piece: _Piece) -> Iterator[str]:
    run, following = piece.units, piece.following
    letter_leads = len(run[0]) == 1 and run[0].isalpha()
    if len(run) == 1 or not letter_leads:
        yield from run
    if len(run) > 1:
        joined = "".join(run)
        if len(joined) <= _MAX_COMPOUND_LENGTH:
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
