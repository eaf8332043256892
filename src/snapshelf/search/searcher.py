"""How the shelf answers a search: understand, restrict, order, count."""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from snapshelf.catalogue import Catalogue, Product
from snapshelf.encoders import Encoder
from snapshelf.errors import NotFoundError, QueryError, StorageError
from snapshelf.index import Equals, Filter, Ids, Not, Or, SearchIndex
from snapshelf.language import Lexicon, warm_up_correction
from snapshelf.query import (
    MAX_TEXT_LENGTH,
    CatalogueView,
    Note,
    Query,
    QueryInput,
    UnderstandingSettings,
    hard_filter,
    parse_filter,
    understand,
)
from snapshelf.search.facets import (
    Chosen,
    FacetField,
    count_facets,
    facet_fields,
    joined,
    read_choices,
)
from snapshelf.search.matched import matched_words
from snapshelf.search.paging import Page, page_token, query_digest, read_page_token
from snapshelf.search.personalisation import Personaliser, RankingAssignment
from snapshelf.search.pipeline import RankingOptions, Search
from snapshelf.search.relaxation import relaxed
from snapshelf.search.relevance import CALIBRATION, Calibration
from snapshelf.search.request import SearchRequest
from snapshelf.search.response import Hit, SearchResponse
from snapshelf.search.retrieval import GROUP
from snapshelf.search.rules.file import RuleFile
from snapshelf.search.rules.merchandising import Merchandising
from snapshelf.search.settings import SearchSettings
from snapshelf.search.sort import read_sort
from snapshelf.suggest import QueryLog, ShopVocabulary, Suggester, Suggestion

MAX_SUGGESTIONS = 50
"""Most completions of one prefix."""

_NOTHING = Note("nothing-matches", "no product matches what was asked for; take a condition or a choice away")

JUDGED = 10
"""Best hits by which a query is judged, whichever page is shown."""

_RELATED_BY = 24
"""Best hits that related queries are read from."""

_NEARLY = 0.5
"""Share of the cut-off from which a hit is close to a good match."""

SETTINGS = "search.yaml"
RULES = "rules.yaml"


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """A search that was understood, before anything is looked for.

    Parameters
    ----------
    ask : SearchRequest
    query : Query
        Its chips as they are followed: those that would have left nothing are soft.
    where : Filter or None
        That of `ask.where`.
    chosen : mapping
        Fact → chosen values.
    manner : RankingOptions
    base : Filter or None
        What has to hold, choices aside.
    total : int
        Products that match.
    notes : tuple of Note
    """

    ask: SearchRequest
    query: Query
    where: Filter | None
    chosen: Mapping[str, Chosen]
    manner: RankingOptions
    base: Filter | None
    total: int
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class RelevanceEstimate:
    """How likely hits are what was asked for; empty where that cannot be said.

    Parameters
    ----------
    relevance : mapping
        Id → probability.
    cut_off : float or None
        Below it a hit is no good match.
    named : bool
        Whether the query is the very title, number or photo of a product that was found.
    """

    relevance: Mapping[str, float] = field(default_factory=dict)
    cut_off: float | None = None
    named: bool = False

    @property
    def no_good_match(self) -> bool:
        """Whether not even the best reaches the cut-off, and none is what was asked for by name."""
        if self.cut_off is None or self.named:
            return False
        return max(self.relevance.values(), default=0.0) < self.cut_off

    def near_misses(self, hits: Sequence[Hit]) -> tuple[Hit, ...]:
        """Hits that were nearly good, where none is good."""
        if not self.no_good_match or self.cut_off is None:
            return ()
        return tuple(hit for hit in hits if (hit.relevance or 0.0) >= _NEARLY * self.cut_off)


class SearchService:
    """Answers the searches of one shelf.

    Parameters
    ----------
    folder : Path
        The shelf's; its rules and settings are in it.
    catalogue : Catalogue
    store : SearchIndex
    encoder : Encoder
    lexicon : Lexicon
    settings : SearchSettings
    words : ShopVocabulary
    queries : QueryLog
    personal : Personaliser
    """

    def __init__(
        self,
        folder: Path,
        catalogue: Catalogue,
        store: SearchIndex,
        encoder: Encoder,
        lexicon: Lexicon,
        settings: SearchSettings,
        words: ShopVocabulary,
        queries: QueryLog,
        personal: Personaliser,
    ) -> None:
        self.catalogue = catalogue
        self.store = store
        self.encoder = encoder
        self.personal = personal
        self._lexicon = lexicon
        self._settings = settings
        self._words = words
        self._queries = queries
        self._suggester = Suggester(words, lexicon, queries)
        self.rules = RuleFile(folder / RULES, lexicon)
        own = folder / CALIBRATION
        self._calibration = Calibration.load(own if own.is_file() else None)
        self._catalogue_view = CatalogueView(
            store, photo_vectors=catalogue.vectors, lexicon=lexicon, vocabulary=words.vocabulary
        )

    def warm_up(self) -> None:
        """Begin to make what the first completion and the first correction need, beside everything else."""
        self._suggester.prepare()
        self.personal.prepare()
        threading.Thread(
            target=warm_up_correction,
            args=(self._words.vocabulary, self._lexicon),
            name="snapshelf-corrections",
            daemon=True,
        ).start()

    def changed(self) -> None:
        """Look at the products anew when the next query comes."""
        self._catalogue_view = self._catalogue_view.refreshed()
        self.personal.live.changed()
        self.rules.forget_filters()

    def search(self, ask: SearchRequest) -> SearchResponse:
        """See `Shelf.search`."""
        prepared, digest = self.prepare(ask), query_digest(ask)
        page = Page(0) if ask.page_token is None else read_page_token(ask.page_token, digest)
        return self._answer(prepared, page, digest, self.turn(ask, page))

    def similar(self, id: str, k: int, where: str | Filter | None) -> SearchResponse:
        """See `Shelf.similar`."""
        ask = SearchRequest.of(None, {"k": k, "where": where})
        vectors = self.catalogue.vectors([id]).get(id)
        if vectors is None:
            raise NotFoundError(f"no product has the id {id!r}")
        (facts,) = self.store.facts([id], [GROUP])
        group = facts.get(GROUP)
        # Its variants are the same product in another colour or size.
        itself: Filter = Ids((id,)) if group is None else Or((Ids((id,)), Equals(GROUP, str(group))))
        restricted = joined(self._filter(ask), Not(itself))
        prepared = self._restricted(ask, Query(vectors[0], None), restricted, Merchandising())
        return self._answer(prepared, Page(0), query_digest(ask))

    def prepare(self, ask: SearchRequest) -> SearchPlan:
        """Understand a search, and find out what matches."""
        request = QueryInput(ask.all_photos, ask.text, ask.without, ask.liked, ask.disliked)
        where = self._filter(ask)  # before the encoder's work
        plain = ask.mode != "full" or not ask.understand
        settings = UnderstandingSettings.plain() if plain else self._settings.understanding
        query = understand(self.encoder, request, self._catalogue_view, settings, dismissed=ask.dismissed)
        follows = ask.rules and ask.mode == "full"
        rules = self.rules.applying(query.normalised, self.store) if follows else Merchandising()
        return self._restricted(ask, query, where, rules)

    def _filter(self, ask: SearchRequest) -> Filter | None:
        return parse_filter(ask.where, self.store) if isinstance(ask.where, str) else ask.where

    def _restricted(
        self, ask: SearchRequest, query: Query, where: Filter | None, rules: Merchandising
    ) -> SearchPlan:
        chosen = read_choices(ask.facet_filters, self.store)
        choices = [choice.filter for choice in chosen.values()]
        outside = Not(Ids(tuple(sorted(query.excluded_ids)))) if query.excluded_ids else None
        left = joined(where, outside, rules.left)
        collapse = ask.collapse and ask.mode == "full"
        group = GROUP if collapse else None
        sort = read_sort(ask.sort, self.store)
        # Sorting forgets how well a product fits, so what was said has to hold.
        said = query.chips if sort is None else [replace(chip, hard=True) for chip in query.chips]
        chips, relaxations = relaxed(
            said, joined(left, *choices), lambda within: self.store.count(within, group)
        )
        base = joined(left, hard_filter(chips))
        everything = joined(base, *choices)
        manner = RankingOptions(
            within=everything,
            mode=ask.mode,
            weights=ask.weights or self._settings.weights,
            sort=sort,
            diversity=ask.diversity,
            collapse=collapse,
            merchandising=rules,
        )
        total = self.store.count(everything, group)
        nothing = () if total else (_NOTHING,)
        return SearchPlan(
            ask=ask,
            query=replace(query, chips=chips),
            where=where,
            chosen=chosen,
            manner=manner,
            base=base,
            total=total,
            notes=(*query.notes, *rules.notes, *relaxations, *nothing),
        )

    def start(self, prepared: SearchPlan, turn: RankingAssignment | None = None) -> Search:
        """Bring the candidates of an understood search; without a turn in the order of the query alone."""
        manner = prepared.manner
        if turn is not None and turn.ranking is not None:
            manner = replace(manner, ranking=replace(turn.ranking, calibration=self._fitting_calibration))
        return Search(self.store, self.catalogue, prepared.query, manner, self._lexicon)

    def turn(self, ask: SearchRequest, page: Page) -> RankingAssignment:
        """Say how a search, or a later page of it, is ordered."""
        return self.personal.turn(ask.shopper, personal=ask.personal, first=page.first, explores=ask.record)

    def facet_fields(self) -> dict[str, FacetField]:
        """See `Shelf.facet_fields`."""
        return facet_fields(self.store)

    def suggest(self, prefix: str, k: int, language: Literal["en", "zh"] | None) -> list[Suggestion]:
        """See `Shelf.suggest`."""
        if not 1 <= k <= MAX_SUGGESTIONS:
            raise QueryError(f"k is {k}; it must be between 1 and {MAX_SUGGESTIONS}")
        return self._suggester.suggest(prefix[:MAX_TEXT_LENGTH], k, language)

    def _related(self, search: Search, best: Sequence[str], k: int) -> tuple[str, ...]:
        def find(terms: Mapping[str, float], count: int) -> list[Product]:
            ids = [found.id for found in self.store.matching(terms, count)]
            return list(self.catalogue.get_many(ids).values())

        products = [search.product(id) for id in best]
        return tuple(self._suggester.related(search.query.normalised or None, products, find, k))

    def _answer(
        self, prepared: SearchPlan, page: Page, digest: bytes, turn: RankingAssignment | None = None
    ) -> SearchResponse:
        ask, query, skip = prepared.ask, prepared.query, page.skip
        search = self.start(prepared, turn)
        # One more than is shown tells whether there is another page.
        places = search.top(max(skip + ask.k + 1, JUDGED, _RELATED_BY if ask.related else 0))
        shown = places[skip : skip + ask.k]
        judgement = self._judge(search, search.best(JUDGED), shown)
        hits = self._hits(prepared, search, shown, judgement)
        facets_from = time.perf_counter()
        facets = count_facets(
            self.store,
            ask.facets,
            prepared.base,
            prepared.chosen,
            distinct=prepared.manner.collapse,
            lexicon=self._lexicon,
        )
        timings = {**query.timings, **search.timings, "facets": time.perf_counter() - facets_from}
        if ask.record:
            self._log(ask, query, 0 if judgement.no_good_match else len(hits))
        # The first page has the id that decides what is left to chance; later ones have their own.
        query_id = turn.first.query_id if turn is not None and not skip else uuid.uuid4().hex
        if turn is not None and ask.record:
            self.personal.shown(turn, search, query_id, ask, skip, hits)
        # Of a shopper who is not known yet something may be known by the next page.
        pinned = turn is not None and (turn.ranking is not None or ask.shopper is not None)
        first = turn.first if turn is not None and pinned else None
        more = page_token(Page(skip + ask.k, first), digest) if len(places) > skip + ask.k else None
        return SearchResponse(
            query_id=query_id,
            hits=hits,
            timings=timings,
            total=prepared.total,
            facets=facets,
            chips=query.chips,
            searched_as=query.correction.text if query.correction and query.correction.sure else None,
            did_you_mean=query.correction.text if query.correction and not query.correction.sure else None,
            related=self._related(search, places[:_RELATED_BY], ask.related) if ask.related else (),
            notes=prepared.notes,
            next_page_token=more,
            no_good_match=judgement.no_good_match,
            cut_off=judgement.cut_off,
            near_misses=judgement.near_misses(hits),
            redirect=prepared.manner.merchandising.redirect,
            evidence=search.evidence(shown) if ask.explain and shown else None,
        )

    @property
    def _fitting_calibration(self) -> Calibration | None:
        """The calibration, if it is of the encoder in use."""
        return self._calibration if self._calibration.fingerprint == self.encoder.fingerprint else None

    def _judge(self, search: Search, best: Sequence[str], shown: Sequence[str]) -> RelevanceEstimate:
        """Say how likely each hit is what was asked for, by the first hits of the query and the hits themselves."""
        if search.manner.mode != "full" or self._fitting_calibration is None:
            return RelevanceEstimate()
        judged = [*best, *(id for id in shown if id not in best)]
        relevance = self._calibration.relevance(search.evidence(judged)) if judged else None
        if relevance is None:
            return RelevanceEstimate()
        # In another order the first hits are not the best ones, so they cannot say that there is no good one.
        cut_off = self._calibration.cut_off(search.query.kind) if search.manner.sort is None else None
        return RelevanceEstimate(
            dict(zip(judged, relevance.tolist(), strict=True)), cut_off, search.asks_for_one(best)
        )

    def _log(self, ask: SearchRequest, query: Query, good: int) -> None:
        """Count the words of a first page; words with a photo or a filter say nothing alone."""
        narrowed = (
            ask.where is not None or ask.facet_filters or ask.page_token is not None or ask.mode != "full"
        )
        if query.kind == "words" and not narrowed:
            # A log that cannot be written is no reason not to answer.
            with contextlib.suppress(StorageError):
                self._queries.note(query.normalised, good)

    def _hits(
        self, prepared: SearchPlan, search: Search, ids: Sequence[str], judgement: RelevanceEstimate
    ) -> tuple[Hit, ...]:
        sizes = self.store.group_sizes(ids, prepared.manner.within) if prepared.manner.collapse else {}
        alike = Counter(search.alike.values())
        explain = prepared.ask.explain
        return tuple(
            Hit(
                rank=rank,
                product=one.product,
                score=one.score,
                contributions=one.contributions,
                relevance=judgement.relevance.get(one.product.id),
                variants=max(0, sizes.get(one.product.id, 1) - 1),
                duplicates=alike[one.product.id],
                matched_terms=matched_words(prepared.query, one.product, self._lexicon) if explain else (),
                constraints=one.facts,
                rules=one.rules,
            )
            for rank, one in enumerate(search.ranked(ids), 1)
        )
