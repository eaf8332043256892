"""Recommendations of a served shelf while its products are being read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from snapshelf.catalogue import Catalogue, Entry, Product
from snapshelf.events import SqlJournal
from snapshelf.index import QdrantEdgeIndex, Record
from snapshelf.language import Lexicon
from snapshelf.ranking import LiveRanking
from snapshelf.recommend import RecommendationRequest, RecommendationService
from snapshelf.search import Personaliser, RankingSettings

COUNT = 60


@pytest.fixture
def personal(tmp_path: Path) -> Iterator[Personaliser]:
    with (
        Catalogue.open(tmp_path / "catalogue.sqlite") as catalogue,
        SqlJournal.open(tmp_path / "j.db") as journal,
    ):
        products = [Product(id=f"p{number}", title=f"lamp {number % 7}") for number in range(COUNT)]
        catalogue.put([Entry(product, ()) for product in products])
        personal = Personaliser(tmp_path, catalogue, RankingSettings(), lambda: journal, serving=True)
        # So few products would be read by the request itself.
        personal.live = LiveRanking(tmp_path, catalogue, blocking=False, read_at_once=10)
        yield personal


@pytest.fixture
def service(tmp_path: Path, personal: Personaliser) -> Iterator[RecommendationService]:
    index = QdrantEdgeIndex.open(tmp_path / "index", dimension=4)
    index.upsert(
        [
            Record(f"p{number}", np.eye(4, dtype=np.float32)[:1], fields={"in_stock": number % 2 == 0})
            for number in range(COUNT)
        ]
    )
    with Catalogue.open(tmp_path / "catalogue.sqlite") as catalogue:
        yield RecommendationService(catalogue, index, personal, lambda: None, Lexicon.bundled())
    index.close()


def test_a_request_does_not_wait_for_products_that_are_being_read(
    service: RecommendationService, personal: Personaliser
) -> None:
    started = time.monotonic()
    first = service.recommend(RecommendationRequest(kind="trending"))
    assert time.monotonic() - started < 5
    assert len(first) == 0
    for _ in range(500):
        if personal.live.statistics() is not None:
            break
        time.sleep(0.02)
    response = service.recommend(RecommendationRequest(kind="trending", k=COUNT))
    assert {recommendation.product.id for recommendation in response} == {
        f"p{number}" for number in range(0, COUNT, 2)
    }
