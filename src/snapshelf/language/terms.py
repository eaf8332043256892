"""Index terms of a text for lexical retrieval (BM25): words, Chinese segments and concepts."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from snapshelf.language.lexicon import Concept, Lexicon, Span
from snapshelf.language.normalisation import normalise
from snapshelf.language.tokens import ENGLISH_STOP_WORDS, Unit, split_units, stem
from snapshelf.language.units import measures

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_COMPOUND_GAPS = frozenset({"-", "‐", "&", "."})
# A longer compound is a list or an address, which nobody types as a single word.
_MAX_COMPOUND_LENGTH = 32

Alternatives: TypeAlias = tuple[tuple[str, ...], ...]
"""Ways of saying a word in index terms: a product has the word if it has all terms of any of them."""


@dataclass(frozen=True, slots=True)
class QueryWord:
    """A word of a query, and the index terms by which a product has it.

    Attributes
    ----------
    text : str
        The word as it stands in the normalised query.
    start, end : int
        Its position there.
    alternatives : tuple of tuple of str
        A product has the word if it has all terms of one of these: its stem, its concept, the parts of a compound,
        the character pairs of a Chinese word. At least one alternative, each with at least one term.
    """

    text: str
    start: int
    end: int
    alternatives: Alternatives


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
    """Return the tokens of `text` and a term for each measure and each concept that it names.

    Concept terms let 红色 match "Red": both texts have ``§colour/red``. Terms of measures let 65寸 match "65-inch".

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
        The tokens as `tokenize` gives them, then the distinct terms of measures and of concepts in order of mention.

    Examples
    --------
    >>> from snapshelf.language import search_terms
    >>> "dress" in search_terms("red dresses")
    True
    """
    lexicon = lexicon or Lexicon.bundled()
    normalised = normalise(text)
    units = split_units(normalised)
    spans = lexicon.segment(units)
    concepts = dict.fromkeys(concept for span in lexicon.named(spans, units) for concept in span.concepts)
    if ancestors:
        concepts |= dict.fromkeys(wider for concept in concepts for wider in lexicon.ancestors(concept))
    tokens = _tokens(units, spans)
    units_of_measure = dict.fromkeys(
        term for measure in measures(normalised) for term in measure.terms if term not in tokens
    )
    return [*tokens, *units_of_measure, *(concept.term for concept in concepts)]


def query_words(text: str, lexicon: Lexicon | None = None) -> list[QueryWord]:
    """Return the words of a query with the index terms of each, in order.

    A name of the lexicon is one word ("running shoes"). Stop words are left out unless nothing else is left.

    Parameters
    ----------
    text : str
        Any text.
    lexicon : Lexicon or None
        The bundled lexicon if None.

    Returns
    -------
    list of QueryWord
        Empty for a text without letters and digits. Positions index ``normalise(text)``.

    Examples
    --------
    >>> from snapshelf.language import query_words
    >>> [(word.text, word.alternatives) for word in query_words("the wd-40 sprays")]
    [('wd-40', (('wd40',), ('wd', '40'))), ('sprays', (('spray',),))]
    """
    lexicon = lexicon or Lexicon.bundled()
    normalised = normalise(text)
    units = split_units(normalised)
    spans = lexicon.segment(units)
    spans += lexicon.named(spans, units)
    pieces = list(_pieces(units, spans, latin_names=True, measured=_measured_spans(normalised, units)))
    return list(_query_words(normalised, pieces, keep_stop_words=False)) or list(
        _query_words(normalised, pieces, keep_stop_words=True)
    )


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
            words.append(_joined(piece.units))
    return words


class _Piece(NamedTuple):
    """Units that belong together; `following` is the unit after a compound of Latin words."""

    kind: Literal["name", "stop", "unknown", "latin", "measure"]
    units: list[Unit]
    following: Unit | None = None
    concepts: tuple[Concept, ...] = ()
    terms: tuple[str, ...] = ()


def _tokens(units: list[Unit], spans: list[Span]) -> list[str]:
    pieces = list(_pieces(units, spans))
    return list(_words(pieces, keep_stop_words=False)) or list(_words(pieces, keep_stop_words=True))


def _measured_spans(normalised: str, units: list[Unit]) -> dict[int, tuple[int, tuple[str, ...]]]:
    """Return first unit → unit after the last, and terms, of each measure."""
    starts = [unit.start for unit in units]
    spans = {}
    for measure in measures(normalised):
        first, last = bisect_left(starts, measure.start), bisect_left(starts, measure.end)
        if first < last and units[last - 1].end <= measure.end:
            spans[first] = (last, measure.terms)
    return spans


def _pieces(
    units: list[Unit],
    spans: list[Span],
    *,
    latin_names: bool = False,
    measured: Mapping[int, tuple[int, tuple[str, ...]]] = MappingProxyType({}),
) -> Iterator[_Piece]:
    """Split a text into Chinese names and stop words of the lexicon, unknown Chinese, and Latin compounds.

    With `latin_names`, English names of the lexicon are pieces too. Of several spans at a unit the last counts.
    Measures are pieces before all else.
    """
    cuts = {
        span.first: span
        for span in spans
        if any(unit.is_han for unit in units[span.first : span.last]) or (latin_names and span.concepts)
    }
    position = 0
    while position < len(units):
        first = position
        if first in measured:
            position, terms = measured[first]
            yield _Piece("measure", units[first:position], terms=terms)
            continue
        span = cuts.get(first)
        if span is not None:
            position = span.last
            kind: Literal["name", "stop"] = "name" if span.concepts else "stop"
            yield _Piece(kind, units[first:position], concepts=span.concepts)
            continue
        is_han = units[first].is_han
        gaps = {""} if is_han else _COMPOUND_GAPS
        position += 1
        while (
            position < len(units)
            and position not in cuts
            and position not in measured
            and units[position].is_han == is_han
            and units[position].gap in gaps
        ):
            position += 1
        run = units[first:position]
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
            yield _joined(piece.units)


def _query_words(text: str, pieces: list[_Piece], *, keep_stop_words: bool) -> Iterator[QueryWord]:
    for piece in pieces:
        is_han = any(unit.is_han for unit in piece.units)
        concepts = [(concept.term,) for concept in piece.concepts]
        if piece.kind == "stop" and not keep_stop_words:
            continue
        if piece.kind == "measure":
            yield _query_word(text, piece.units, [(term,) for term in piece.terms])
        elif piece.kind == "unknown":
            # Where an unknown run has its words nobody knows: each pair of characters counts.
            for characters in pairwise(piece.units) if len(piece.units) > 1 else [piece.units]:
                yield _query_word(text, characters, [(_joined(characters),)])
        elif is_han:
            yield _query_word(text, piece.units, [*concepts, (_joined(piece.units),)])
        elif concepts:
            yield _query_word(text, piece.units, [*concepts, *_latin_alternatives(piece)])
        elif keep_stop_words or piece.units[0].text not in ENGLISH_STOP_WORDS or len(piece.units) > 1:
            yield _query_word(text, piece.units, _latin_alternatives(piece))


def _query_word(text: str, units: Sequence[Unit], alternatives: Iterable[tuple[str, ...]]) -> QueryWord:
    start, end = units[0].start, units[-1].end
    return QueryWord(text[start:end], start, end, tuple(dict.fromkeys(alternatives)))


def _latin_alternatives(piece: _Piece) -> Iterator[tuple[str, ...]]:
    """Yield the joined form of a compound, and its parts together."""
    words = [unit.text for unit in piece.units]
    letter_leads = len(words[0]) == 1 and words[0].isalpha()
    joined = "".join(words)
    if len(words) > 1 and len(joined) <= _MAX_COMPOUND_LENGTH:
        yield (stem(joined),)
    if len(words) == 1 or not letter_leads:
        kept = [word for word in words if word not in ENGLISH_STOP_WORDS] or words
        yield tuple(dict.fromkeys(stem(word) for word in kept))


def _joined(units: Iterable[Unit]) -> str:
    return "".join(unit.text for unit in units)


def _bigrams(characters: list[Unit]) -> list[str]:
    return [a.text + b.text for a, b in pairwise(characters)] or [unit.text for unit in characters]


def _forms(piece: _Piece) -> Iterator[str]:
    run, following = [unit.text for unit in piece.units], piece.following
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
