"""Why a product is where it is, and which parts of a photo speak for it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PIL import Image

from snapshelf.encoders import Vectors
from snapshelf.errors import NotFoundError, QueryError
from snapshelf.index import And, Filter
from snapshelf.query import decode_photo_input, hard_filter, write_filter
from snapshelf.search.occlusion import occlusion_map
from snapshelf.search.paging import Page
from snapshelf.search.request import SearchRequest, Side
from snapshelf.search.response import HeatMap, WhyNot, WhyNotKind
from snapshelf.search.searcher import SearchPlan, SearchService
from snapshelf.search.signals import QueryVector, Vector

_EVERYTHING = 1_000_000
"""More places than any search has."""


def why_not(searcher: SearchService, id: str, ask: SearchRequest) -> WhyNot:
    """See `Shelf.why_not`."""
    if searcher.catalogue.get(id) is None:
        raise NotFoundError(f"no product has the id {id!r}")
    prepared = searcher.prepare(ask.model_copy(update={"page_token": None}))
    search = searcher.start(prepared, searcher.turn(prepared.ask, Page(0)).settled)
    shown = search.top(ask.k)
    contributions = search.parts_of_any(id) or {}
    answer = WhyNot(
        id,
        "not recalled",
        "too many products fit better: it is not among the candidates that any signal brings",
        score=sum(contributions.values()) if contributions else None,
        contributions=contributions,
        lowest_shown_score=search.ranked(shown[-1:])[0].score if shown else None,
    )
    if (kept_out := _kept_out(searcher, prepared, id)) is not None:
        kind, text, failing = kept_out
        return replace(answer, kind=kind, text=text, failing=failing)
    places = search.top(_EVERYTHING)
    if id in places:
        rank = places.index(id) + 1
        if rank <= ask.k:
            return replace(answer, kind="shown", text=f"it is shown, at place {rank}", rank=rank)
        return replace(answer, kind="later page", text=f"it is found, but at place {rank}", rank=rank)
    if (shown_variant := search.variants.get(id)) is not None:
        instead = search.alike.get(shown_variant, shown_variant)
        text = f"its variant {instead!r} fits better and stands for it"
        return replace(answer, kind="variant", text=text, represented_by=instead)
    if (instead := search.alike.get(id, "")) != "":
        text = f"{instead!r} has the same title and looks the same, and stands for it"
        return replace(answer, kind="duplicate", text=text, represented_by=instead)
    return answer


def _kept_out(
    searcher: SearchService, prepared: SearchPlan, id: str
) -> tuple[WhyNotKind, str, tuple[str, ...]] | None:
    """What keeps a product out of the result, however well it fits."""

    def fails(condition: Filter | None) -> bool:
        return condition is not None and not searcher.store.matches([id], condition)

    def told(kind: WhyNotKind, text: str, failing: Sequence[str]) -> tuple[WhyNotKind, str, tuple[str, ...]]:
        return kind, f"{text} {', '.join(failing)}", tuple(failing)

    if id in prepared.query.excluded_ids:
        return "excluded", "the query gives it as an example, and examples are no hits", ()
    if prepared.where is not None and fails(prepared.where):
        failing = [write_filter(part) for part in _conditions(prepared.where) if fails(part)]
        return told("filter", "it does not match the filter:", failing)
    if failing := [
        write_filter(choice.filter) for choice in prepared.chosen.values() if fails(choice.filter)
    ]:
        return told("choice", "it does not have what was chosen:", failing)
    if fails(hard_filter(prepared.query.chips)):
        failing = [chip.where for chip in prepared.query.chips if chip.hard and fails(chip.filter)]
        return told("chip", "it does not have what was read from the words:", failing)
    hidden = prepared.manner.merchandising.hidden
    if failing := [rule for rule, what in hidden.items() if not fails(what)]:
        return told("rule", "it is hidden by the rule", failing)
    return None


def _conditions(where: Filter) -> list[Filter]:
    """What has to hold, condition by condition."""
    return [each for part in where.parts for each in _conditions(part)] if isinstance(where, And) else [where]


def heat_map(searcher: SearchService, id: str, side: Side, ask: SearchRequest) -> HeatMap:
    """See `Shelf.heat_map`."""
    vectors = searcher.catalogue.vectors([id]).get(id)
    if vectors is None:
        raise NotFoundError(f"no product has the id {id!r}")
    photo = next(iter(ask.all_photos), None)
    if side == "query":
        if photo is None:
            raise QueryError("the query has no photo to look at; ask for the product's side")
        image = decode_photo_input(photo)
        position, target = _nearest(vectors, searcher.encoder.encode_photos([image])[0])
    else:
        prepared = searcher.prepare(ask.model_copy(update={"page_token": None}))
        weights = prepared.manner.weights.of(prepared.query, prepared.manner.mode)
        direction = QueryVector.of(prepared.query, weights, prepared.manner.mode).direction
        position, _ = _nearest(vectors, direction)
        target = direction
        thumbnail = searcher.catalogue.thumbnail(id, position)
        if thumbnail is None:
            raise NotFoundError(f"product {id!r} has no photo to look at")
        image = Image.open(io.BytesIO(thumbnail)).convert("RGB")
    grid, fit = occlusion_map(searcher.encoder, image, target)
    return HeatMap(id, grid=grid, side=side, fit=fit, position=position)


def _nearest(vectors: Vectors, target: Vector) -> tuple[int, Vector]:
    position = int(np.argmax(vectors @ target))
    return position, vectors[position]
