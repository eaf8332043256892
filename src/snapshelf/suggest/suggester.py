"""What to offer while a query is typed, and after it was answered."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Literal, TypeAlias

from snapshelf.catalogue import Product
from snapshelf.errors import StorageError
from snapshelf.index import document_terms
from snapshelf.language import (
    Completion,
    Completions,
    Concept,
    Lexicon,
    Match,
    normalise,
    search_terms,
    tokenize,
)
from snapshelf.suggest.query_log import QueryLog
from snapshelf.suggest.vocabulary import Phrase, ShopVocabulary, concepts_of, leaves_of

SuggestionKind: TypeAlias = Literal["query", "brand", "category", "phrase", "part", "title"]
"""An earlier query, or what the words are of the catalogue's products."""

Find: TypeAlias = Callable[[Mapping[str, float], int], Sequence[Product]]
"""Terms → the products that the words recall finds with them, at most so many."""

LEAST_TIMES = 3
"""Times that words must have been searched for before they are offered to others: what is rare may be private."""

_LEAST_PRODUCTS = 3
"""Products that the beginning or end of a title must be shared by, to be more than a part of one title."""

_WORTH = {"query": 3.0, "category": 2.0, "brand": 2.0, "phrase": 1.0, "part": 0.7, "title": 0.2}
"""What a kind multiplies the logarithm of its count by: of what all fits, the short and general is offered first."""

_QUERIES = 10_000
_AT_ONCE = 0.05
"""Seconds that making the index may take for a request to wait for it; a longer one is made beside."""

_QUERIES_EVERY = 600.0
"""Seconds after which new queries are taken into the index, while the catalogue stays as it is."""

_LOOKED_AT = 24
"""Hits that related queries are taken from."""

_SIBLINGS = 4
_FOUND_BY_WORDS = 5
_OFTEN, _SHARED = 0.05, 0.8
"""Part of the hits that a value must be on to be worth a query, and to be no news any more."""

_SAID_BEFORE = ("colour", "material", "pattern", "gender", "style", "usage", "occasion")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Words to search for.

    Parameters
    ----------
    text : str
    kind : {"query", "brand", "category", "phrase", "part", "title"}
        An earlier query; a brand; a category; a value or brand with a category; a part of several titles; a title.
    language : str
        ``"en"``, ``"zh"``, or empty where they belong to both, as brands do.
    """

    text: str
    kind: SuggestionKind
    language: str


class Suggester:
    """Completes queries and proposes related ones, from what the shop has and what was searched for before.

    Its index of phrases is made when it is first asked, and again after a change: at once where that takes no time,
    else beside, while the old one goes on answering. It may be used from several threads.

    Parameters
    ----------
    words : ShopVocabulary
    lexicon : Lexicon
        The shop's.
    log : QueryLog or None
        Earlier queries that found something; those asked three times or more are offered.
    """

    def __init__(self, words: ShopVocabulary, lexicon: Lexicon, log: QueryLog | None = None) -> None:
        self._words = words
        self._lexicon = lexicon
        self._log = log
        self._making = threading.Lock()
        self._index: _Index | None = None

    def prepare(self) -> None:
        """Begin to make the index, so that the first who types need not wait for it; returns at once."""
        self._make_beside()

    def suggest(
        self, prefix: str, k: int = 8, language: Literal["en", "zh"] | None = None
    ) -> list[Suggestion]:
        """Complete what is being typed; Chinese may be typed in pinyin or by initials.

        Parameters
        ----------
        prefix : str
        k : int
            Most suggestions.
        language : {"en", "zh"} or None
            Suggestions in the other language come last.

        Returns
        -------
        list of Suggestion
            Best first, no two of the same words.
        """
        typed = normalise(prefix)
        if not typed:
            return []
        index = self._current()
        found = index.find(typed, k, language)
        if not found and (cut := self._last_word(typed)):
            # Nothing begins like this, but what is being typed may be a category after words that the shop knows.
            found = [
                Suggestion(typed[:cut] + each.text, "phrase", each.language)
                for each in index.find(typed[cut:], k, language)
                if each.kind == "category"
            ]
        return found

    def _last_word(self, typed: str) -> int:
        """Where the last word begins, if all before it is known; else 0."""
        head, _, _ = typed.rpartition(" ")
        if head and all(word in self._words.vocabulary for word in head.split()):
            return len(head) + 1
        ends = [match.end for match in self._lexicon.find(typed) if match.end < len(typed)]
        return max(ends, default=0) if not typed.isascii() else 0

    def related(self, text: str | None, hits: Sequence[Product], find: Find, k: int = 6) -> list[str]:
        """Propose further queries: narrower ones, those of a value or a brand that many hits have, neighbours.

        Each has a product with all of its words.

        Parameters
        ----------
        text : str or None
            The query's words; None or blank for a photo alone.
        hits : sequence of Product
            What it found, best first.
        find : callable
            Asks the index for products by terms.
        k : int
            Most proposals.
        """
        query = _Asked(normalise(text or ""), self._lexicon)
        shown = [_Shown(product, self._lexicon) for product in hits[:_LOOKED_AT]]
        sources = (self._narrower(query, shown), self._values(query, shown), self._brands(query, shown))
        seen = {query.key}
        found: list[str] = []
        among_hits = (each for each in chain.from_iterable(zip_longest(*sources)) if each)
        beside = (each for each in self._siblings(query) if self._exists(each, find))
        for each in chain((one for one in among_hits if self._is_met(one, shown)), beside):
            key = _key(each, self._lexicon)
            if key not in seen:
                seen.add(key)
                found.append(each)
            if len(found) == k:
                break
        return found

    def _narrower(self, query: _Asked, shown: Sequence[_Shown]) -> Iterator[str]:
        counts = Counter(leaf for one in shown for leaf in one.leaves)
        if not query.categories:
            yield from (query.after(leaf.label(query.language)) for leaf, _ in counts.most_common())
        for match in query.categories:
            narrower = set(self._lexicon.descendants(match.concept))
            for concept, _ in counts.most_common():
                if concept in narrower:
                    yield query.with_another(match, concept)

    def _values(self, query: _Asked, shown: Sequence[_Shown]) -> Iterator[str]:
        """Values that some of the hits have, and the query says nothing of their kind."""
        asked = {match.concept.kind for match in query.matches}
        counts = Counter(
            concept
            for one in shown
            for concept in one.concepts
            if concept.kind in _SAID_BEFORE and concept.kind not in asked
        )
        for concept, times in counts.most_common():
            if _OFTEN <= times / len(shown) <= _SHARED:
                yield query.before(concept.label(query.language), _subject(query, shown))

    def _brands(self, query: _Asked, shown: Sequence[_Shown]) -> Iterator[str]:
        counts = Counter(one.brand for one in shown if one.brand)
        if any(normalise(brand) in query.text for brand in counts):
            return
        for brand, times in counts.most_common():
            if times / len(shown) <= _SHARED:
                yield f"{brand} {_subject(query, shown)}".strip()

    def _siblings(self, query: _Asked) -> Iterator[str]:
        for match in query.categories:
            ancestors = self._lexicon.ancestors(match.concept)
            siblings = [
                each
                for each in (self._lexicon.descendants(ancestors[0]) if ancestors else ())
                if each != match.concept
                and each.parent == match.concept.parent
                and not self._lexicon.are_apart(each, match.concept)
            ]
            yield from (query.with_another(match, each) for each in siblings[:_SIBLINGS])

    def _is_met(self, text: str, shown: Iterable[_Shown]) -> bool:
        """Whether a product has all the words of a text; the concepts that it names may have other names there."""
        normal = normalise(text)
        matches = self._lexicon.find(normal)
        names = {word for each in matches for word in tokenize(normal[each.start : each.end], self._lexicon)}
        terms = {word for word in tokenize(normal, self._lexicon) if word not in names}
        terms |= {match.concept.term for match in matches}
        return any(terms <= one.terms for one in shown)

    def _exists(self, text: str, find: Find) -> bool:
        terms = dict.fromkeys(search_terms(text, lexicon=self._lexicon), 1.0)
        return self._is_met(
            text, (_Shown(product, self._lexicon) for product in find(terms, _FOUND_BY_WORDS))
        )

    def _current(self) -> _Index:
        """The index, made anew where it is older than what it is made from."""
        index = self._index
        if index is None or (self._is_old(index) and index.seconds <= _AT_ONCE):
            with self._making:
                if self._index is None or self._is_old(self._index):
                    self._index = self._made()
                return self._index
        if self._is_old(index):
            self._make_beside()
        return index

    def _make_beside(self) -> None:
        if not self._making.acquire(blocking=False):
            return

        def make() -> None:
            # The log may be closed meanwhile, with all else.
            with suppress(StorageError):
                self._index = self._made()
            self._making.release()

        threading.Thread(target=make, name="snapshelf-suggest", daemon=True).start()

    def _is_old(self, index: _Index) -> bool:
        return index.version != self._words.version or (
            self._log is not None and time.monotonic() - index.made > _QUERIES_EVERY
        )

    def _made(self) -> _Index:
        version = self._words.version
        queries = self._log.popular(_QUERIES, LEAST_TIMES) if self._log is not None else []
        return _Index(self._words.phrases(), queries, version, self._lexicon)


class _Index:
    """Phrases and queries by how they may be typed."""

    def __init__(
        self,
        phrases: Sequence[tuple[Phrase, int]],
        queries: Sequence[tuple[str, int]],
        version: int,
        lexicon: Lexicon,
    ) -> None:
        start = time.monotonic()
        self._lexicon = lexicon
        self._kinds: dict[str, SuggestionKind] = {}
        weighed: dict[str, Completion] = {}
        said: Iterable[tuple[str, SuggestionKind, str, int]] = chain(
            (
                (*phrase, times)
                for phrase, times in phrases
                if phrase.kind != "part" or times >= _LEAST_PRODUCTS
            ),
            ((text, "query", "", times) for text, times in queries),
        )
        for text, kind, language, times in said:
            weight = _WORTH[kind] * math.log1p(times)
            if text not in weighed or weighed[text].weight < weight:
                weighed[text] = Completion(text, weight, language)
                self._kinds[text] = kind
        self._completions = Completions.of(weighed.values())
        self.version = version
        self.made = time.monotonic()
        self.seconds = self.made - start

    def find(self, typed: str, k: int, language: str | None) -> list[Suggestion]:
        found: dict[frozenset[str], Suggestion] = {}
        for each in self._completions.find(typed, 4 * k, language):
            if normalise(each.text) != typed:
                key = _key(each.text, self._lexicon)
                found.setdefault(key, Suggestion(each.text, self._kinds[each.text], each.language))
            if len(found) == k:
                break
        return list(found.values())


class _Asked:
    """A query as related ones are made of it."""

    def __init__(self, text: str, lexicon: Lexicon) -> None:
        self.text = text
        self.matches = lexicon.find(text)
        self.categories = [match for match in self.matches if match.concept.kind == "category"]
        self.language = "zh" if any("\u3400" <= character <= "\u9fff" for character in text) else "en"
        self.key = _key(text, lexicon)

    def before(self, label: str, subject: str) -> str:
        """A value with what is sought: before a category, as both languages have it, else behind."""
        if self.text and not self.categories:
            return self.after(label)
        return f"{label}{subject}" if self.language == "zh" else f"{label} {subject}".strip()

    def after(self, label: str) -> str:
        """The query with one more word."""
        return f"{self.text} {label}".strip()

    def with_another(self, match: Match, concept: Concept) -> str:
        """The query with another concept in the place of one."""
        return self.text[: match.start] + concept.label(self.language) + self.text[match.end :]


class _Shown:
    """A hit, with what it says."""

    def __init__(self, product: Product, lexicon: Lexicon) -> None:
        self.brand = product.brand
        self.concepts = concepts_of(product, lexicon)
        self.leaves = leaves_of(self.concepts, lexicon)
        self.terms = document_terms(product, lexicon).keys()


def _subject(query: _Asked, shown: Sequence[_Shown]) -> str:
    """What is sought: the words, or without any the category that most hits have, which a photo of it found."""
    counts = Counter(leaf for one in shown for leaf in one.leaves)
    return query.text or next((leaf.label(query.language) for leaf, _ in counts.most_common(1)), "")


def _key(text: str, lexicon: Lexicon) -> frozenset[str]:
    """Equal for texts of the same words, whatever their order and endings."""
    return frozenset(tokenize(text, lexicon))
