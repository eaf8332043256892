"""How the shelf answers a search: understand, restrict, order, count."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias, TypedDict

from PIL import Image

from snapshelf._results import Hit, SearchResult
from snapshelf.catalogue import Catalogue
from snapshelf.encoders import Encoder
from snapshelf.errors import NotFoundError, QueryError
from snapshelf.language import Lexicon
from snapshelf.query import (
    Knowledge,
    Note,
    PhotoInput,
    Query,
    Request,
    Understanding,
    parse_filter,
    understand,
    within,
)
from snapshelf.search import (
    GROUP,
    Chosen,
    FacetKind,
    FacetRequest,
    Manner,
    Merchandising,
    Mode,
    Range,
    RuleFile,
    Search,
    SearchSettings,
    Weights,
    count_facets,
    facet_kinds,
    joined,
    matched_words,
    page_token,
    query_digest,
    read_choices,
    read_page_token,
    read_sort,
    relaxed,
)
from snapshelf.store import Equals, Filter, Ids, Not, Or, Store

MAX_K = 1_000
"""Most hits of one search."""

MAX_RELATED = 20
"""Most further queries proposed with one search."""

SETTINGS = "search.yaml"
RULES = "rules.yaml"

Side: TypeAlias = Literal["product", "query"]
"""Whose photo a heat map lies over."""


class SearchOptions(TypedDict, total=False):
    """The options of `Shelf.search`, for what explains a search."""

    photo: PhotoInput | None
    photos: Sequence[PhotoInput]
    text: str | None
    without: str | None
    liked: Sequence[str]
    disliked: Sequence[str]
    k: int
    where: str | Filter | None
    mode: Mode
    weights: Weights | None
    sort: str | None
    facets: Sequence[str | FacetRequest]
    choices: Mapping[str, Sequence[str] | Range] | None
    page_token: str | None
    diversity: float
    collapse: bool
    understand: bool
    drop: Sequence[str]
    rules: bool
    related: int
    explain: bool


@dataclass(frozen=True, slots=True)
class Ask:
    """A search as it was asked for; see `Shelf.search`."""

    photo: PhotoInput | None = None
    photos: Sequence[PhotoInput] = ()
    text: str | None = None
    without: str | None = None
    liked: Sequence[str] = ()
    disliked: Sequence[str] = ()
    k: int = 10
    where: str | Filter | None = None
    mode: Mode = "full"
    weights: Weights | None = None
    sort: str | None = None
    facets: Sequence[str | FacetRequest] = ()
    choices: Mapping[str, Sequence[str] | Range] | None = None
    page_token: str | None = None
    diversity: float = 0.0
    collapse: bool = True
    understand: bool = True
    drop: Sequence[str] = ()
    rules: bool = True
    related: int = 0
    explain: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.k <= MAX_K:
            raise QueryError(f"k is {self.k}; it must be between 1 and {MAX_K}")
        if not 0 <= self.diversity <= 1:
            raise QueryError(f"diversity is {self.diversity}; it must be between 0 and 1")
        if not 0 <= self.related <= MAX_RELATED:
            raise QueryError(f"related is {self.related}; it must be between 0 and {MAX_RELATED}")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A search that was understood, before anything is looked for.

    Parameters
    ----------
    ask : Ask
    query : Query
        Its chips as they are followed: those that would have left nothing are soft.
    where : Filter or None
        That of `ask.where`.
    chosen : mapping
        Fact → chosen values.
    manner : Manner
    base : Filter or None
        What has to hold, choices aside.
    total : int
        Products that match.
    notes : tuple of Note
    """

    ask: Ask
    query: Query
    where: Filter | None
    chosen: Mapping[str, Chosen]
    manner: Manner
    base: Filter | None
    total: int
    notes: tuple[Note, ...]


class Searcher:
    """Answers the searches of one shelf.

    Parameters
    ----------
    folder : Path
        The shelf's; its rules and settings are in it.
    catalogue : Catalogue
    store : Store
    encoder : Encoder
    lexicon : Lexicon or None
        The bundled one by default.
    """

    def __init__(
        self,
        folder: Path,
        catalogue: Catalogue,
        store: Store,
        encoder: Encoder,
        lexicon: Lexicon | None = None,
    ) -> None:
        self.catalogue = catalogue
        self.store = store
        self.encoder = encoder
        self.lexicon = lexicon or Lexicon.bundled()
        self._settings = SearchSettings.load(folder / SETTINGS)
        self.rules = RuleFile(folder / RULES, self.lexicon)
        self.changed()

    def changed(self) -> None:
        """Look at the products anew when the next query comes."""
        self._knowledge = Knowledge(self.store, vectors_of=self.catalogue.vectors, lexicon=self.lexicon)
        self.rules.forget_filters()

    def search(self, ask: Ask) -> SearchResult:
        """See `Shelf.search`."""
        return self._answer(self.prepare(ask))

    def similar(self, id: str, k: int, where: str | Filter | None) -> SearchResult:
        """See `Shelf.similar`."""
        ask = Ask(k=k, where=where)
        vectors = self.catalogue.vectors([id]).get(id)
        if vectors is None:
            raise NotFoundError(f"no product has the id {id!r}")
        (facts,) = self.store.facts([id], [GROUP])
        group = facts.get(GROUP)
        # Its variants are the same product in another colour or size.
        itself: Filter = Ids((id,)) if group is None else Or((Ids((id,)), Equals(GROUP, str(group))))
        restricted = joined(self._filter(ask), Not(itself))
        return self._answer(self._restricted(ask, Query(vectors[0], None), restricted, Merchandising()))

    def prepare(self, ask: Ask) -> Prepared:
        """Understand a search, and find out what matches."""
        photos = (*(() if ask.photo is None else (ask.photo,)), *ask.photos)
        request = Request(photos, ask.text, ask.without, tuple(ask.liked), tuple(ask.disliked))
        where = self._filter(ask)  # before the encoder's work
        plain = ask.mode != "full" or not ask.understand
        settings = Understanding.plain() if plain else self._settings.understanding
        query = understand(self.encoder, request, self._knowledge, settings, drop=ask.drop)
        follows = ask.rules and ask.mode == "full"
        rules = self.rules.applying(query.normalised, self.store) if follows else Merchandising()
        return self._restricted(ask, query, where, rules)

    def _filter(self, ask: Ask) -> Filter | None:
        return parse_filter(ask.where, self.store) if isinstance(ask.where, str) else ask.where

    def _restricted(self, ask: Ask, query: Query, where: Filter | None, rules: Merchandising) -> Prepared:
        chosen = read_choices(ask.choices or {}, self.store)
        choices = [choice.filter for choice in chosen.values()]
        outside = Not(Ids(tuple(sorted(query.excluded)))) if query.excluded else None
        left = joined(where, outside, rules.left)
        collapse = ask.collapse and ask.mode == "full"
        group = GROUP if collapse else None
        chips, relaxations = relaxed(
            query.chips, joined(left, *choices), lambda within: self.store.count(within, group)
        )
        base = joined(left, within(chips))
        everything = joined(base, *choices)
        manner = Manner(
            within=everything,
            mode=ask.mode,
            weights=ask.weights or self._settings.weights,
            sort=read_sort(ask.sort, self.store),
            diversity=ask.diversity,
            collapse=collapse,
            merchandising=rules,
        )
        return Prepared(
            ask=ask,
            query=replace(query, chips=chips),
            where=where,
            chosen=chosen,
            manner=manner,
            base=base,
            total=self.store.count(everything, group),
            notes=(*query.notes, *rules.notes, *relaxations),
        )

    def start(self, prepared: Prepared) -> Search:
        """Bring the candidates of an understood search."""
        return Search(self.store, self.catalogue, prepared.query, prepared.manner)

    def facet_fields(self) -> dict[str, FacetKind]:
        """See `Shelf.facet_fields`."""
        return {name.removeprefix("attributes."): kind for name, kind in facet_kinds(self.store).items()}

    def _answer(self, prepared: Prepared) -> SearchResult:
        ask = prepared.ask
        digest = _digest(ask)
        skip = 0 if ask.page_token is None else read_page_token(ask.page_token, digest)
        search = self.start(prepared)
        # One more than is shown tells whether there is another page.
        places = search.top(skip + ask.k + 1)
        hits = self._hits(prepared, search, places[skip : skip + ask.k])
        start = time.perf_counter()
        facets = count_facets(
            self.store, ask.facets, prepared.base, prepared.chosen, distinct=prepared.manner.collapse
        )
        timings = {**prepared.query.timings, **search.timings, "facets": time.perf_counter() - start}
        return SearchResult(
            query_id=uuid.uuid4().hex,
            hits=hits,
            timings=timings,
            total=prepared.total,
            facets=facets,
            chips=prepared.query.chips,
            notes=prepared.notes,
            next_page_token=page_token(skip + ask.k, digest) if len(places) > skip + ask.k else None,
            redirect=prepared.manner.merchandising.redirect,
        )

    def _hits(self, prepared: Prepared, search: Search, ids: Sequence[str]) -> tuple[Hit, ...]:
        sizes = self.store.group_sizes(ids, prepared.manner.within) if prepared.manner.collapse else {}
        alike = list(search.alike.values())
        return tuple(
            Hit(
                product=one.product,
                score=one.score,
                contributions=one.contributions,
                variants=max(0, sizes.get(one.product.id, 1) - 1),
                alike=alike.count(one.product.id),
                matched=matched_words(prepared.query, one.product, self.lexicon)
                if prepared.ask.explain
                else (),
                facts=one.facts,
                rules=one.rules,
            )
            for one in search.ranked(ids)
        )


def _digest(ask: Ask) -> bytes:
    """Tell apart what gives other hits, or the same in another order."""
    photos = [_photo_digest(photo) for photo in (ask.photo, *ask.photos) if photo is not None]
    choices = sorted(
        (name, given if isinstance(given, Range) else tuple(given))
        for name, given in (ask.choices or {}).items()
    )
    examples = (tuple(ask.liked), tuple(ask.disliked))
    switches = (ask.mode, ask.weights, ask.sort, ask.diversity, ask.collapse, ask.understand, ask.rules)
    return query_digest(
        (*photos, ask.text, ask.without, examples, ask.where, choices, switches, sorted(ask.drop))
    )


def _photo_digest(photo: PhotoInput) -> bytes:
    if isinstance(photo, Image.Image):
        data = repr((photo.size, photo.mode)).encode() + photo.tobytes()
    else:
        data = photo if isinstance(photo, bytes) else Path(photo).read_bytes()
    return hashlib.blake2b(data, digest_size=16).digest()
