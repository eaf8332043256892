"""Other forms of words that a shop's texts have: inflections in the shop's languages, compounds, other spellings."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from functools import cached_property
from itertools import pairwise, product
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from snapshelf.language.languages import Language, latin_languages, of_script, stem_in, telling_words
from snapshelf.language.pinyin import is_chinese

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshelf.language.vocabulary import Vocabulary

_MAX_DRIFT = 0.02
_SMALL = 2_000
_MIN_SHARE = 0.002
_MIN_TELLING = 2.0
_MIN_STEM_LENGTH = 3
_MIN_PART_LENGTH = 3
_MIN_COMPOUND_LENGTH = 7
_MIN_SPELLING_LENGTH = 5
_MIN_UNKNOWN_MODIFIER_LENGTH, _MIN_UNKNOWN_HEAD_LENGTH = 4, 5
_ENDINGS = ("", "e", "n", "en", "er", "s", "es", "r", "or", "ar", "a", "t", "et")
_MAX_WORD_LENGTH = 40
_MAX_FORMS = 24
_UMLAUTS = (("ae", "a"), ("oe", "o"), ("ue", "u"))


class WordForms:
    """Other forms of the words of a vocabulary, read from the vocabulary itself.

    Languages are those that the shop's texts are in, all texts together: a title of three words tells too little. An
    inflection is a word of the shop with the same stem in any of them. A compound is split where its first part is a
    word of the shop, alone or before other words.

    Parameters
    ----------
    vocabulary : Vocabulary
        The words of the shop.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._frequencies: dict[str, int] = dict(vocabulary)
        self._size, self._version = len(self._frequencies), vocabulary.version
        self.languages = _languages_of(self._frequencies, vocabulary.texts)
        self.stop_words = frozenset(word for language in self.languages for word in language.stop_words)
        self._joins = tuple(dict.fromkeys(join for language in self.languages for join in language.joins))
        self._by_stem: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._by_head: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._pairs = frozenset(
            first + second
            for word in self._frequencies
            if is_chinese(word)
            for first, second in pairwise(word)
        )
        self._modifiers = {word for language in self.languages for word in language.modifiers}
        if self.languages:
            words = [word for word in self._frequencies if _is_word(word)]
            for word in words:
                for language in self._languages_for(word):
                    self._by_stem[language.code, stem_in(language, word)].append(word)
        if self._joins:
            self._split([word for word in words if word.isascii()])

    @classmethod
    def of(cls, vocabulary: Vocabulary) -> WordForms:
        """Return the forms of a vocabulary; made anew when 2 % of its words have changed, of a small one any."""
        forms = _forms.get(vocabulary)
        if forms is None or forms._is_outdated(vocabulary):
            forms = _forms[vocabulary] = cls(vocabulary)
        return forms

    def _is_outdated(self, vocabulary: Vocabulary) -> bool:
        if self._size <= _SMALL:
            return vocabulary.version != self._version
        return abs(len(vocabulary) - self._size) > _MAX_DRIFT * self._size

    def forms(self, word: str) -> list[str]:
        """Return the words of the shop that are other forms of `word`, the most frequent first.

        Parameters
        ----------
        word : str
            A word as `Unit.text` has it.

        Returns
        -------
        list of str
            At most 24: inflections ("zapatos" for "zapato"), compounds with this head ("trinkflasche" for
            "flasche"), and, where the shop does not have the word, its other spelling ("mueller" for "muller").
        """
        if not _is_word(word):
            return []
        inflections = set(self._inflections(word))
        compounds = {
            compound
            for language in self._compounding()
            for compound in self._by_head.get((language.code, stem_in(language, word)), ())
        }
        if not inflections and not compounds and word not in self._frequencies:
            compounds = set(self._ending_in(word))
            inflections = set(self._other_spellings(word))
        return self._most_frequent(inflections | compounds - {word})

    def parts(self, word: str) -> list[tuple[str, str]]:
        """Return the ways to say a compound by two words of the shop: ("power", "bank") for "powerbank".

        Where the shop has the compound, it is split in languages that write compounds as single words.
        """
        if not _is_word(word):
            return []
        is_known = word in self._frequencies
        if is_known and not self._joins:
            return []
        return [
            (modifier, head)
            for beginning, end in _cuts(word)
            if (modifier := self._modifier(beginning)) and modifier in self._frequencies
            for head in self._most_frequent({end, *self._inflections(end)} & self._frequencies.keys())[:3]
        ]

    def joined(self, first: str, second: str) -> list[str]:
        """Return the compounds of the shop that two words make: "powerbank" for "power", "bank"."""
        if not (_is_word(first) and _is_word(second)):
            return []
        compounds = {first + join + second for join in self._joins or ("",)} & self._frequencies.keys()
        with_head = (
            compound
            for language in self._compounding()
            for compound in self._by_head.get((language.code, stem_in(language, second)), ())
        )
        compounds |= {compound for compound in with_head if compound.startswith(first)}
        return self._most_frequent(compounds)

    def chinese_pairs(self, characters: str, *, after_word: bool, before_word: bool) -> list[int]:
        """Return where in Chinese characters the pairs begin that belong to words.

        A pair that no word of the shop has, between two that some have, is the end of a word and the beginning of the
        next: 米空 in 小米空气.

        Parameters
        ----------
        characters : str
        after_word, before_word : bool
            Other Chinese goes before and follows.
        """
        inside = [first + second in self._pairs for first, second in pairwise(characters)]
        known = [after_word and any(inside), *inside, before_word and any(inside)]
        return [
            place
            for place, is_known in enumerate(inside)
            if is_known or not (known[place] and known[place + 2])
        ]

    def _compounding(self) -> Iterator[Language]:
        return (language for language in self.languages if language.joins)

    def _languages_for(self, word: str) -> Iterator[Language]:
        """Yield the languages in whose script a word is written."""
        if len(word) < _MIN_STEM_LENGTH:
            return
        own = of_script(word)
        for language in self.languages:
            if own is language or (own is None and word.isascii() and not language.script):
                yield language

    def _inflections(self, word: str) -> Iterator[str]:
        for language in self._languages_for(word):
            root = stem_in(language, word)
            if len(root) < _MIN_STEM_LENGTH:
                continue
            yield from (form for form in self._by_stem.get((language.code, root), ()) if form != word)
            # Stemmers strip some endings in one form only (elbise, elbiseler).
            yield from (form for form in self._by_stem.get((language.code, word), ()) if form != word)
            if root != word and root in self._frequencies:
                yield root

    def _split(self, words: list[str]) -> None:
        heads: dict[str, set[str]] = defaultdict(set)
        for word in words:
            for beginning, head in _cuts(word):
                if head in self._frequencies:
                    heads[beginning].add(head)
        # What stands before several words is a word too, as "Trink" is.
        self._modifiers |= {beginning for beginning, ends in heads.items() if len(ends) > 1}
        for word in words:
            for beginning, head in _cuts(word):
                if self._modifier(beginning):
                    for language in self._compounding():
                        self._by_head[language.code, stem_in(language, head)].append(word)

    def _modifier(self, beginning: str) -> str | None:
        """Return the word that begins a compound, with or without letters that join it to the head."""
        for join in self._joins or ("",):
            word = beginning.removesuffix(join)
            if (
                word + join == beginning
                and len(word) >= _MIN_PART_LENGTH
                and (word in self._frequencies or word in self._modifiers)
                and word not in self.stop_words
            ):
                return word
        return None

    def _ending_in(self, word: str) -> Iterator[str]:
        """Yield words of the shop that end in a word that the shop does not have alone, in any inflection."""
        if not self._joins or len(word) < _MIN_UNKNOWN_HEAD_LENGTH:
            return
        roots = {word, *(stem_in(language, word) for language in self._compounding())}
        for ending in {root + ending for root in roots for ending in _ENDINGS}:
            backwards = ending[::-1]
            for place in range(bisect_left(self._reversed, backwards), len(self._reversed)):
                if not self._reversed[place].startswith(backwards):
                    break
                known = self._reversed[place][::-1]
                beginning = known.removesuffix(ending)
                if len(beginning) >= _MIN_UNKNOWN_MODIFIER_LENGTH and not any(
                    self._modifier(shorter) for shorter, _ in _cuts(known) if len(shorter) < len(beginning)
                ):
                    yield known

    @cached_property
    def _reversed(self) -> list[str]:
        return sorted(word[::-1] for word in self._frequencies if word.isascii() and _is_word(word))

    def _other_spellings(self, word: str) -> Iterator[str]:
        """Yield words of the shop with umlauts spelt out, or not: both are typed without them."""
        if len(word) < _MIN_SPELLING_LENGTH:
            return
        choices: list[tuple[str, ...]] = []
        position = 0
        while position < len(word):
            pair = word[position : position + 2]
            spelt = next((letter for spelt_out, letter in _UMLAUTS if spelt_out == pair), None)
            if spelt is not None:
                choices.append((pair, spelt))
                position += 2
                continue
            letter = word[position]
            choices.append((letter, letter + "e") if letter in "aou" else (letter,))
            position += 1
        if sum(len(ways) > 1 for ways in choices) <= 4:
            for ways in product(*choices):
                other = "".join(ways)
                if other != word and other in self._frequencies:
                    yield other

    def _most_frequent(self, words: set[str]) -> list[str]:
        return sorted(words, key=lambda word: (-self._frequencies.get(word, 0), word))[:_MAX_FORMS]


def _cuts(word: str) -> Iterator[tuple[str, str]]:
    """Yield the ways to cut a word in two, neither part too short."""
    if len(word) >= _MIN_COMPOUND_LENGTH:
        for at in range(_MIN_PART_LENGTH, len(word) - _MIN_PART_LENGTH + 1):
            yield word[:at], word[at:]


def _is_word(text: str) -> bool:
    return text.isalpha() and len(text) <= _MAX_WORD_LENGTH


def _languages_of(frequencies: dict[str, int], texts: int) -> tuple[Language, ...]:
    """Return the languages, other than English and Chinese, that texts with these words are in."""
    least = max(2.0, _MIN_SHARE * texts)
    # A word of several languages is shared between them.
    kinds: dict[Language, float] = defaultdict(float)
    mentions: dict[Language, float] = defaultdict(float)
    for word, sharing in telling_words().items():
        if times := frequencies.get(word, 0):
            for language in sharing:
                kinds[language] += 1 / len(sharing)
                mentions[language] += times / len(sharing)
    latin = [each for each in latin_languages() if kinds[each] >= _MIN_TELLING and mentions[each] >= least]
    of_other_scripts: dict[Language, int] = defaultdict(int)
    for word, times in frequencies.items():
        if (own := of_script(word)) is not None:
            of_other_scripts[own] += times
    return (*latin, *(language for language, times in of_other_scripts.items() if times >= 2))


_forms: WeakKeyDictionary[Vocabulary, WordForms] = WeakKeyDictionary()
