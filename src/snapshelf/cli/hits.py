"""Search responses as tables."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from snapshelf.cli.console import Side, note, print_table

if TYPE_CHECKING:
    from snapshelf.catalogue import Product
    from snapshelf.search import FacetResult, Hit, SearchResponse, WhyNot


def print_hits(response: "SearchResponse", *, explain: bool = False) -> None:
    """Print the hits as a table, then the facets; what was understood goes beside the response."""
    for line in _notices(response):
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
        columns |= {"relevance": "right", "matched terms": "left", "constraints": "left", "rules": "left"}
    rows = [
        (
            str(hit.rank),
            f"{hit.score:.3f}",
            hit.product.id,
            hit.product.title,
            price(hit.product),
            hit.why,
            *(_explained(hit) if explain else ()),
        )
        for hit in response
    ]
    print_table(columns, rows)
    for facet in response.facets:
        typer.echo()
        print_table({facet.field: "left", "products": "right"}, _facet_rows(facet))
    note(f"{len(rows)} hits of {response.total:,}: {times(response)}")
    if response.next_page_token:
        note(f"more with --page-token {response.next_page_token}")


def _notices(response: "SearchResponse") -> Iterator[str]:
    if response.searched_as:
        yield f"showing results for: {response.searched_as} (as it is: --no-understand)"
    if response.did_you_mean:
        yield f"did you mean: {response.did_you_mean}"
    for chip in response.chips:
        use = "order" if chip.kind == "sort" else "only" if chip.hard else "preferred"
        yield f"{use}: {chip.where} (read from {chip.text!r}; if not meant: --drop '{chip.where}')"
    for notice in response.notes:
        yield f"note: {notice.text}"
    if response.redirect:
        yield f"a rule sends this search to {response.redirect}"
    if response.no_good_match:
        close = ", ".join(hit.product.id for hit in response.near_misses)
        yield "no good match on this shelf" + (f"; the closest: {close}" if close else "")
    if response.related:
        yield f"related: {', '.join(response.related)}"


def _explained(hit: "Hit") -> tuple[str, str, str, str]:
    relevance = "" if hit.relevance is None else f"{hit.relevance:.0%}"
    return relevance, ", ".join(hit.matched_terms), ", ".join(hit.constraints), ", ".join(hit.rules)


def _facet_rows(facet: "FacetResult") -> list[tuple[str, str]]:
    if facet.kind == "values":
        return [
            (f"{choice.value}{' (chosen)' if choice.chosen else ''}", f"{choice.count:,}")
            for choice in facet.values
        ]
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


def times(response: "SearchResponse") -> str:
    """``"decode 1.2 ms, encode 5.0 ms, …"``."""
    return ", ".join(f"{stage} {seconds * 1_000:.1f} ms" for stage, seconds in response.timings.items())


def price(product: "Product") -> str:
    """``"1,299.00 CNY"``, or nothing."""
    return f"{product.price.amount:,f} {product.price.currency}" if product.price else ""
