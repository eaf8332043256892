"""Ten products that profiles can take note of, and events with them."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snapshelf.events import Event, Impression, ProductTraits

SPACE = "encoder 1"
DIMENSION = 16
_AGO = time.time() - 3_600


def vector_of(product: str) -> NDArray[np.float32]:
    made = np.random.default_rng(int(product[1:])).normal(size=DIMENSION).astype(np.float32)
    return made / np.linalg.norm(made)


WARES = {
    f"p{n}": ProductTraits(vector_of(f"p{n}"), f"Shop > kind {n}", f"brand {n % 3}", f"{n}–{n + 1}", "red")
    for n in range(10)
}


def traits(ids: Collection[str]) -> Mapping[str, ProductTraits]:
    return {id: WARES[id] for id in ids if id in WARES}


def event(event_id: str, **fields: Any) -> Event:
    return Event(
        **{"event_id": event_id, "shopper": "ann", "kind": "click", "at": _AGO, "product": "p1", **fields}
    )


def shown(query_id: str, **fields: Any) -> Impression:
    products = fields.get("products", ("p1", "p2", "p3"))
    relevance = tuple(1 / (rank + 1) for rank in range(len(products)))
    known = {"shopper": "ann", "at": _AGO, "products": products, "relevance": relevance}
    return Impression(query_id, **{**known, **fields})
