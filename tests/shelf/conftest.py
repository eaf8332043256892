"""A small feed of drawn products with their photos."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from snapshelf.demo import DemoProduct, draw_catalogue

COUNT = 40


@pytest.fixture(scope="session")
def drawings() -> list[DemoProduct]:
    return list(draw_catalogue(count=COUNT, seed=11))


@pytest.fixture(scope="session")
def feed(drawings: list[DemoProduct], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("feed")
    with (folder / "products.jsonl").open("w", encoding="utf-8") as lines:
        for drawing in drawings:
            image = f"{drawing.id}.jpg"
            drawing.photo().resize((96, 120)).save(folder / image, quality=90)
            row = {
                "id": drawing.id,
                "title": drawing.title_en,
                "price": "19.90 CNY",
                "image": image,
                "colour": drawing.colour,
                "title_zh": drawing.title_zh,
            }
            lines.write(json.dumps(row, ensure_ascii=False) + "\n")
    return folder / "products.jsonl"
