"""Slips of the keyboard and pinyin, put right with the words that the shop has."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, groupby
from typing import TYPE_CHECKING, Literal, NamedTuple
from weakref import WeakKeyDictionary, proxy

from snapshelf.language.lexicon import Lexicon
from snapshelf.language.normalisation import normalise
from snapshelf.language.pinyin import PinyinWords, is_chinese
from snapshelf.language.spelling import Speller
from snapshelf.language.tokens import ENGLISH_STOP_WORDS, Unit, split_units, stem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshelf.language.vocabulary import Vocabulary

_LONGEST_TEXT = 200
"""Characters of a text beyond which nothing is corrected: it is no query that was typed."""
_SHORTEST = 4
_TWO_SLIPS_FROM = 8
_SHORTEST_PART = 3
_LONGEST_PINYIN = 40
_MOST_CHINESE_WORDS = 20_000
_LEXICON_FREQUENCY = 0.5
_OTHER_FIRST_LETTER = 0.1
_SURE_RATIO = 5.0
_SURE_FREQUENCY = 2
_SURE_SHARE_SHORT = 5e-4  # of the shop's texts: many words are one slip from a short one
_LONG = 6
_LONGEST_ENDING = 5
_TOLERATED = 0.02
_SHOPPERS_WORDS = """
about above affordable around available below best between bigger brand budget buy cheap cheaper cheapest colour colours
color colors cost deal delivery discount dollars euros expensive find free give good great help high higher inches just
less like litre litres longer lower maximum minimum more most much need nice offer online only order over pounds popular
price prices priced quality rating recommend reduced review reviews sale search shipping shop shorter show similar size
sizes smaller store than under very want within without yuan
"""
_KNOWN_ANYWHERE = ENGLISH_STOP_WORDS | frozenset(_SHOPPERS_WORDS.split())


@dataclass(frozen=True, slots=True)
class Change:
    """A word put right.

    Attributes
    ----------
    start, end : int
        Where it was in the normalised text.
    before, after : str
        What was there and what is there now.
    kind : str
        ``"typo"`` or ``"pinyin"``.
    """

    start: int
    end: int
    before: str
    after: str
    kind: Literal["typo", "pinyin"]


@dataclass(frozen=True, slots=True)
class Correction:
    """A text put right.

    Attributes
    ----------
    text : str
        The whole text as corrected, in normal form.
    changes : tuple[Change, ...]
        What was changed, in order; at least one.
    sure : bool
        Search for the corrected text at once; otherwise ask "did you mean".
    """

    text: str
    changes: tuple[Change, ...]
    sure: bool


def correct(text: str, vocabulary: Vocabulary, lexicon: Lexicon | None = None) -> Correction | None:
    """Put right the words of `text` that neither the shop nor the lexicon knows.

    A Latin word of four letters or more becomes the most frequent known word one slip away (a letter left out, put
    in or exchanged, two neighbours swapped), one of eight or more also a word two slips away, or two known
    words that were run together. Pinyin, with or without spaces and tones, becomes Chinese where it
    covers the words whole. Words that exist, in whatever inflection, words with digits, and words next to a
    number are left alone, and so is a text that would come to name a concept which the lexicon keeps apart from
    one that it names now.

    Parameters
    ----------
    text : str
        A query.
    vocabulary : Vocabulary
        The shop's words.
    lexicon : Lexicon or None
        The bundled one by default.

    Returns
    -------
    Correction or None
        None where there is nothing to put right.
    """
    return _corrector(vocabulary, lexicon or Lexicon.bundled()).correct(normalise(text))


def prepare_correction(vocabulary: Vocabulary, lexicon: Lexicon | None = None) -> None:
    """Make now what the first call of `correct` would make, which takes it half a second or more.

    Parameters
    ----------
    vocabulary : Vocabulary
    lexicon : Lexicon or None
        The bundled one by default.
    """
    _corrector(vocabulary, lexicon or Lexicon.bundled()).prepare()


def _corrector(vocabulary: Vocabulary, lexicon: Lexicon) -> _Corrector:
    corrector = _correctors.get(vocabulary)
    if corrector is None or corrector.is_outdated(vocabulary, lexicon):
        corrector = _correctors[vocabulary] = _Corrector(vocabulary, lexicon)
    return corrector


class _Candidate(NamedTuple):
    """What a word may have been meant to be."""

    weight: float
    text: str
    sure: bool


class _Corrector:
    """What correcting needs of a vocabulary, as it was when this was made."""

    def __init__(self, vocabulary: Vocabulary, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        # Weak, as the vocabulary is what keeps this alive.
        self._vocabulary = proxy(vocabulary)
        self._size = len(vocabulary)
        self._texts = vocabulary.texts
        self._frequencies: dict[str, float] = dict(vocabulary)
        for concept in lexicon.concepts():
            for names in concept.names.values():
                for name in names:
                    for unit in split_units(normalise(name)):
                        self._frequencies.setdefault(unit.text, _LEXICON_FREQUENCY)

    def is_outdated(self, vocabulary: Vocabulary, lexicon: Lexicon) -> bool:
        """Whether so many words have come or gone that it is worth making anew; words that exist are known at once."""
        return lexicon is not self.lexicon or abs(len(vocabulary) - self._size) > _TOLERATED * self._size

    def prepare(self) -> None:
        """Make what is otherwise made when it is first needed."""
        _ = self._speller, self._pinyin

    @cached_property
    def _speller(self) -> Speller:
        return Speller(self._frequencies)

    @cached_property
    def _pinyin(self) -> PinyinWords:
        chinese = [
            (times, word) for word, times in self._frequencies.items() if is_chinese(word) and len(word) > 1
        ]
        weights = {word: times for times, word in sorted(chinese, reverse=True)[:_MOST_CHINESE_WORDS]}
        for concept in self.lexicon.concepts():
            for rank, name in enumerate(map(normalise, concept.names.get("zh", ()))):
                if is_chinese(name):
                    weights[name] = weights.get(name, 0.0) + _LEXICON_FREQUENCY / (1 + rank)
        return PinyinWords(weights)

    def correct(self, text: str) -> Correction | None:
        if text.isdigit() or len(text) > _LONGEST_TEXT:
            return None
        changes: list[tuple[Change, bool]] = []
        for run in _runs(split_units(text)):
            if not all(self._knows(unit.text) for unit in run):
                changes += self._changes(run, text)
        if not changes:
            return None
        corrected, end = "", 0
        for change, _ in changes:
            corrected += text[end : change.start] + change.after
            end = change.end
        corrected += text[end:]
        if self._comes_too_close(text, corrected):
            return None
        return Correction(corrected, tuple(change for change, _ in changes), all(sure for _, sure in changes))

    def _changes(self, run: list[Unit], text: str) -> Iterator[tuple[Change, bool]]:
        first = 0
        while first < len(run):
            last, candidate = self._as_pinyin(run, first)
            kind: Literal["typo", "pinyin"] = "pinyin"
            if candidate is None:
                last, candidate, kind = first + 1, self._as_typo(run[first].text), "typo"
            if candidate is not None:
                start, end = run[first].start, run[last - 1].end
                yield Change(start, end, text[start:end], candidate.text, kind), candidate.sure
            first = last

    def _knows(self, word: str) -> bool:
        """Whether the word exists, in whatever inflection."""
        if word in self._frequencies or word in self._vocabulary or word in _KNOWN_ANYWHERE:
            return True
        root = stem(word)
        longest = len(root) + _LONGEST_ENDING
        return any(
            len(known) <= longest and stem(known) == root for known in self._speller.beginning_with(root)
        )

    def _as_typo(self, word: str) -> _Candidate | None:
        if len(word) < _SHORTEST or self._knows(word):
            return None
        candidates = sorted(self._slips(word, 1), reverse=True)
        if candidates:
            best = candidates[0]
            other = max((c.weight for c in candidates[1:] if stem(c.text) != stem(best.text)), default=0.0)
            enough = max(_SURE_FREQUENCY, _SURE_RATIO * other)
            if len(word) < _LONG:
                enough = max(enough, _SURE_SHARE_SHORT * self._texts)
            return best._replace(sure=best.sure and best.weight >= enough)
        parts = self._run_together(word)
        if parts is not None or len(word) < _TWO_SLIPS_FROM:
            return parts
        best_of_two = max(self._slips(word, 2), default=None)
        return best_of_two and best_of_two._replace(sure=False)

    def _slips(self, word: str, distance: int) -> Iterator[_Candidate]:
        """Known words near `word`; the first letter is rarely wrong, unless it was swapped with the second."""
        for near in self._speller.near(word, distance):
            if len(near.word) >= _SHORTEST_PART:
                begins_alike = near.word[0] == word[0] or near.word[:2] == word[1::-1]
                share = 1.0 if begins_alike else _OTHER_FIRST_LETTER
                yield _Candidate(self._frequencies[near.word] * share, near.word, sure=begins_alike)

    def _run_together(self, word: str) -> _Candidate | None:
        """Two known words between which the space is missing."""
        cuts = ((word[:at], word[at:]) for at in range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1))
        return max(
            (
                _Candidate(min(self._frequencies[a], self._frequencies[b]), f"{a} {b}", sure=False)
                for a, b in cuts
                if a in self._frequencies and b in self._frequencies
            ),
            default=None,
        )

    def _as_pinyin(self, run: list[Unit], first: int) -> tuple[int, _Candidate | None]:
        """The longest stretch of units from `first` that is pinyin as a whole, and what it means."""
        ends = list(accumulate(len(unit.text) for unit in run[first:]))
        letters = "".join(unit.text for unit in run[first:])[:_LONGEST_PINYIN]
        meanings = self._pinyin.beginnings(letters)
        for last in range(len(run), first, -1):
            end = ends[last - first - 1]
            meaning = meanings.get(end)
            if (
                meaning is None
                or end < _SHORTEST
                or len("".join(meaning.words)) == 1
                or all(self._knows(unit.text) for unit in run[first:last])
            ):
                continue
            challenger = last == first + 1 and next(self._slips(letters[:end], 1), None) is not None
            return last, _Candidate(
                meaning.weight, "".join(meaning.words), sure=meaning.sure and not challenger
            )
        return first, None

    def _comes_too_close(self, before: str, after: str) -> bool:
        now = {match.concept for match in self.lexicon.find(before)}
        then = {match.concept for match in self.lexicon.find(after)}
        return any(self.lexicon.are_apart(lost, gained) for lost in now - then for gained in then - now)


_correctors: WeakKeyDictionary[Vocabulary, _Corrector] = WeakKeyDictionary()


def _is_plain(unit: Unit) -> bool:
    # What had an apostrophe is shorter now ("she's"), and no word to judge.
    return unit.text.isascii() and unit.text.isalpha() and len(unit.text) == unit.end - unit.start


def _runs(units: list[Unit]) -> Iterator[list[Unit]]:
    """Stretches of Latin words without digits; a word beside a number belongs to it ("wd 40") and is in none."""
    numbers = {i for i, unit in enumerate(units) if any(c.isdigit() for c in unit.text)}
    beside = {j for i in numbers for j in (i - 1, i + 1) if 0 <= j < len(units)}
    words = [
        (i, unit) for i, unit in enumerate(units) if i not in numbers and i not in beside and _is_plain(unit)
    ]
    for _, run in groupby(enumerate(words), key=lambda item: item[1][0] - item[0]):
        yield [unit for _, (_, unit) in run]
