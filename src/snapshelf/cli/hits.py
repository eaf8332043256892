"""Search results, for programs and for people."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from snapshelf.cli.console import Side, note, print_table

if TYPE_CHECKING:
    from snapshelf.catalogue import Product
    from snapshelf.search import FacetResult, Hit, SearchResponse, WhyNot


def result_json(result: "SearchResponse") -> dict[str, Any]:
    """Give a result as plain values, as the HTTP API answers it."""
    ranks = {hit.product.id: rank for rank, hit in enumerate(result.hits, start=1)}
    chips = [
        {
            name: getattr(chip, name)
            for name in ("text", "start", "end", "kind", "field", "where", "hard", "boost", "excluded")
        }
        | {"labels": dict(chip.labels)}
        for chip in result.chips
    ]
    return {
        "query_id": result.query_id,
        "total": result.total,
        "hits": [_hit_json(rank, hit) for rank, hit in enumerate(result.hits, start=1)],
        "facets": [asdict(facet) for facet in result.facets],
        "chips": chips,
        "searched_as": result.searched_as,
        "did_you_mean": result.did_you_mean,
        "related": list(result.related),
        "notes": [{"kind": one.kind, "text": one.text, "values": dict(one.values)} for one in result.notes],
        "next_page_token": result.next_page_token,
        "no_good_match": result.no_good_match,
        "cut_off": result.cut_off,
        "near_misses": [_hit_json(ranks[hit.product.id], hit) for hit in result.near_misses],
        "redirect": result.redirect,
        "timings_ms": {stage: seconds * 1_000 for stage, seconds in result.timings.items()},
    }


def _hit_json(rank: int, hit: "Hit") -> dict[str, Any]:
    return {
        "rank": rank,
        "id": hit.product.id,
        "score": hit.score,
        "relevance": hit.relevance,
        "contributions": dict(hit.contributions),
        "why": hit.why,
        "matched_terms": list(hit.matched_terms),
        "constraints": list(hit.constraints),
        "rules": list(hit.rules),
        "variants": hit.variants,
        "duplicates": hit.duplicates,
        "product": hit.product.model_dump(mode="json"),
    }


def print_hits(result: "SearchResponse", *, explain: bool = False) -> None:
    """Print the hits as a table, then the facets; what was understood goes beside the result."""
    for line in _told(result):
        note(line)
    columns: dict[str, Side] = {
        "#": "right",
        "score": "right",
        "id": "left",
        "title": "left",
        "price": "right",
        "why": "left",
    }
    if explain:
        columns |= {"relevance": "right", "words": "left", "facts": "left", "rules": "left"}
    rows = [
        (
            str(rank),
            f"{hit.score:.3f}",
            hit.product.id,
            hit.product.title,
            price(hit.product),
            hit.why,
            *(_explained(hit) if explain else ()),
        )
        for rank, hit in enumerate(result, start=1)
    ]
    print_table(columns, rows)
    for facet in result.facets:
        typer.echo()
        print_table({facet.field: "left", "products": "right"}, _facet_rows(facet))
    note(f"{len(rows)} hits of {result.total:,}: {times(result)}")
    if result.next_page_token:
        note(f"more with --page-token {result.next_page_token}")


def _told(result: "SearchResponse") -> Iterator[str]:
    if result.searched_as:
        yield f"showing results for: {result.searched_as} (as it is: --no-understand)"
    if result.did_you_mean:
        yield f"did you mean: {result.did_you_mean}"
    for chip in result.chips:
        use = "only" if chip.hard else "preferred"
        yield f"{use}: {chip.where} (read from {chip.text!r}; if not meant: --drop '{chip.where}')"
    for one in result.notes:
        yield f"note: {one.text}"
    if result.redirect:
        yield f"a rule sends this search to {result.redirect}"
    if result.no_good_match:
        close = ", ".join(hit.product.id for hit in result.near_misses)
        yield "no good match on this shelf" + (f"; the closest: {close}" if close else "")
    if result.related:
        yield f"related: {', '.join(result.related)}"


def _explained(hit: "Hit") -> tuple[str, str, str, str]:
    relevance = "" if hit.relevance is None else f"{hit.relevance:.0%}"
    return relevance, ", ".join(hit.matched_terms), ", ".join(hit.constraints), ", ".join(hit.rules)


def _facet_rows(facet: "FacetResult") -> list[tuple[str, str]]:
    if facet.kind == "values":
        return [(f"{one.value}{' (chosen)' if one.chosen else ''}", f"{one.count:,}") for one in facet.values]
    bars = zip(facet.edges, facet.edges[1:], facet.counts, strict=False)
    return [(f"{low:g} to {high:g}", f"{count:,}") for low, high, count in bars]


def print_why_not(answer: "WhyNot") -> None:
    """Print the reason in a sentence, and the parts of the score beneath."""
    typer.echo(answer.text)
    for name, value in answer.contributions.items():
        typer.echo(f"{name}\t{value:.3f}")
    if answer.score is not None:
        lowest = answer.lowest_shown_score
        beside = "" if lowest is None else f" (the last hit shown has {lowest:.3f})"
        typer.echo(f"score\t{answer.score:.3f}{beside}")


def times(result: "SearchResponse") -> str:
    """``"decode 1.2 ms, encode 5.0 ms, …"``."""
    return ", ".join(f"{stage} {seconds * 1_000:.1f} ms" for stage, seconds in result.timings.items())


def price(product: "Product") -> str:
    """``"1,299.00 CNY"``, or nothing."""
    return f"{product.price.amount:,f} {product.price.currency}" if product.price else ""
