"""Why a product is where it is, and which parts of a photo speak for it."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
from PIL import Image

from snapshelf.encoders import Vectors
from snapshelf.errors import NotFoundError, QueryError
from snapshelf.index import And, Equals, Filter
from snapshelf.query import decode_photo_input, hard_filter, write_filter
from snapshelf.search.corpus import GROUP, Corpus
from snapshelf.search.fusion import contributions_of, lexical_scale, score
from snapshelf.search.occlusion import occlusion_map
from snapshelf.search.paging import Page
from snapshelf.search.pipeline import EVERYTHING, RankedResults
from snapshelf.search.plan import SearchPlan
from snapshelf.search.request import SearchRequest, Side
from snapshelf.search.response import HeatMap, WhyNot, WhyNotKind
from snapshelf.search.retrieval import retrieve_product
from snapshelf.search.service import SearchService
from snapshelf.search.signals import Vector


def why_not(service: SearchService, id: str, request: SearchRequest) -> WhyNot:
    """See `Shelf.why_not`."""
    if service.catalogue.get(id) is None:
        raise NotFoundError(f"no product has the id {id!r}")
    plan = service.plan(request.model_copy(update={"page_token": None}))
    corpus = service.corpus.read_once()
    results = service.rank(plan, corpus, service.assign(request, Page(0)).settled, depth=EVERYTHING)
    contributions = contributions_of_any(results, corpus, id) or {}
    answer = WhyNot(
        id,
        "not recalled",
        "too many products fit better: it is not among the candidates that any signal brings",
        score=sum(contributions.values()) if contributions else None,
        contributions=contributions,
        lowest_shown_score=_lowest_shown_score(results, corpus, request.k),
    )
    if (kept_out := _kept_out(service, plan, id)) is not None:
        kind, text, failing = kept_out
        return replace(answer, kind=kind, text=text, failing=failing)
    within = results.plan.within
    if within is not None and not service.index.matches([id], within):
        return replace(
            answer,
            kind="not relevant",
            text="it is too unlikely to be what was asked for, so it does not belong to the result; with "
            "min_relevance 0 everything does",
        )
    if id in results.places:
        rank = results.places.index(id) + 1
        if rank <= request.k:
            return replace(answer, kind="shown", text=f"it is shown, at place {rank}", rank=rank)
        return replace(answer, kind="later page", text=f"it is a hit, but at place {rank}", rank=rank)
    duplicates = results.duplicates.represented_by
    if (variant := results.variants.represented_by.get(id)) is not None:
        represented_by = duplicates.get(variant, variant)
        text = f"its variant {represented_by!r} fits better and stands for it"
        return replace(answer, kind="variant", text=text, represented_by=represented_by)
    if (first := _listed_variant(service, results, id)) is not None:
        text = f"its variant {first!r} comes first in this order and stands for it"
        return replace(answer, kind="variant", text=text, represented_by=first)
    if (original := duplicates.get(id)) is not None:
        text = f"{original!r} has the same title and looks the same, and stands for it"
        return replace(answer, kind="duplicate", text=text, represented_by=original)
    return answer


def _listed_variant(service: SearchService, results: RankedResults, id: str) -> str | None:
    """Return the variant that a list shows of the product's group."""
    (fields,) = service.index.field_values([id], [GROUP])
    if not results.plan.is_listed or not results.plan.collapse or GROUP not in fields:
        return None
    group = service.index.matches(results.places, Equals(GROUP, str(fields[GROUP])))
    return min(group, default=None)


def contributions_of_any(results: RankedResults, corpus: Corpus, id: str) -> dict[str, float] | None:
    """Return the parts of the score of any product, a match or not; None if the index does not have it."""
    table, plan = results.table, results.plan
    if id not in table.row:
        product = retrieve_product(plan, corpus.index, id)
        if not len(product):
            return None
        table = score(product, plan, corpus, lexical_scale([table, product]))
    return contributions_of(table, table.rows([id]), plan, corpus)[0]


def _lowest_shown_score(results: RankedResults, corpus: Corpus, k: int) -> float | None:
    """Return the score of the last hit of the first page."""
    shown = results.places[:k]
    if not shown:
        return None
    rows = results.table.rows(shown[-1:])
    return sum(contributions_of(results.table, rows, results.plan, corpus)[0].values())


def _kept_out(
    service: SearchService, plan: SearchPlan, id: str
) -> tuple[WhyNotKind, str, tuple[str, ...]] | None:
    """Return kind, sentence and conditions that keep a product out of the hits, however well it fits."""

    def fails(condition: Filter | None) -> bool:
        return condition is not None and not service.index.matches([id], condition)

    def failure(kind: WhyNotKind, text: str, failing: list[str]) -> tuple[WhyNotKind, str, tuple[str, ...]]:
        return kind, f"{text} {', '.join(failing)}", tuple(failing)

    if id in plan.query.excluded_ids:
        return "excluded", "the query gives it as an example, and examples are no hits", ()
    if plan.where is not None and fails(plan.where):
        failing = [write_filter(part) for part in _conditions(plan.where) if fails(part)]
        return failure("filter", "it does not match the filter:", failing)
    if failing := [write_filter(choice.filter) for choice in plan.chosen.values() if fails(choice.filter)]:
        return failure("choice", "it does not have what was chosen:", failing)
    if fails(hard_filter(plan.query.chips)) and fails(plan.base):
        failing = [chip.where for chip in plan.query.chips if chip.hard and fails(chip.filter)]
        return failure("chip", "it does not have what was read from the words:", failing)
    if failing := [rule for rule, hidden in plan.rules.hidden.items() if not fails(hidden)]:
        return failure("rule", "it is hidden by the rule", failing)
    return None


def _conditions(where: Filter) -> list[Filter]:
    """Return what has to hold, condition by condition."""
    return [each for part in where.parts for each in _conditions(part)] if isinstance(where, And) else [where]


def heat_map(service: SearchService, id: str, side: Side, request: SearchRequest) -> HeatMap:
    """See `Shelf.heat_map`."""
    vectors = service.catalogue.vectors([id]).get(id)
    if vectors is None:
        raise NotFoundError(f"no product has the id {id!r}")
    photo = next(iter(request.all_photos), None)
    if side == "query":
        if photo is None:
            raise QueryError("the query has no photo to look at; ask for the product's side")
        image = decode_photo_input(photo)
        position, target = _nearest(vectors, service.encoder.encode_photos([image])[0])
    else:
        query = service.plan(request.model_copy(update={"page_token": None})).query_vector
        if not query.parts:
            raise QueryError(
                "nothing is searched for, so no part of a photo speaks for it; give words or a photo"
            )
        target = query.direction
        position, _ = _nearest(vectors, target)
        thumbnail = service.catalogue.thumbnail(id, position)
        if thumbnail is None:
            raise NotFoundError(f"product {id!r} has no photo to look at")
        image = Image.open(io.BytesIO(thumbnail)).convert("RGB")
    grid, fit = occlusion_map(service.encoder, image, target)
    return HeatMap(id, grid=grid, side=side, fit=fit, position=position)


def _nearest(vectors: Vectors, target: Vector) -> tuple[int, Vector]:
    position = int(np.argmax(vectors @ target))
    return position, vectors[position]
