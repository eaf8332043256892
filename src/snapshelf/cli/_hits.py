"""Search results, for programs and for people."""

from typing import TYPE_CHECKING, Any

from snapshelf.cli._console import note, print_table

if TYPE_CHECKING:
    from snapshelf import Product, SearchResult


def result_json(result: "SearchResult") -> dict[str, Any]:
    """Give a result as plain values, as the HTTP API answers it."""
    return {
        "query_id": result.query_id,
        "hits": [
            {
                "rank": rank,
                "id": hit.product.id,
                "score": hit.score,
                "contributions": dict(hit.contributions),
                "why": hit.why,
                "product": hit.product.model_dump(mode="json"),
            }
            for rank, hit in enumerate(result, start=1)
        ],
        "timings_ms": {stage: seconds * 1_000 for stage, seconds in result.timings.items()},
    }


def print_hits(result: "SearchResult") -> None:
    """Print the hits as a table."""
    rows = [
        (str(rank), f"{hit.score:.3f}", hit.product.id, hit.product.title, price(hit.product), hit.why)
        for rank, hit in enumerate(result, start=1)
    ]
    print_table(
        {"#": "right", "score": "right", "id": "left", "title": "left", "price": "right", "why": "left"}, rows
    )
    note(f"{len(rows)} hits: {times(result)}")


def times(result: "SearchResult") -> str:
    """``"decode 1.2 ms, encode 5.0 ms, …"``."""
    return ", ".join(f"{stage} {seconds * 1_000:.1f} ms" for stage, seconds in result.timings.items())


def price(product: "Product") -> str:
    """``"1,299.00 CNY"``, or nothing."""
    return f"{product.price.amount:,f} {product.price.currency}" if product.price else ""
