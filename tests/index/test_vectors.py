"""Vectors in files by themselves: what a store's contract cannot see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from snapshelf.errors import StorageError
from snapshelf.index.vectors import FurtherVectors, Vectors

if TYPE_CHECKING:
    from pathlib import Path

D = 3
QUERY = np.array([1.0, 2.0, 0.5], np.float32)


def random(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).standard_normal((*shape, D)).astype(np.float32)


def test_scores_are_dot_products_in_any_order(folder: Path) -> None:
    vectors, made = Vectors(folder / "v", D), random(3_000)
    for row, vector in enumerate(made):
        vectors.put(row, vector if row % 7 else None)
    rows = np.random.default_rng(0).permutation(3_000)[:1_700]
    expected = np.where(rows % 7, made[rows] @ QUERY, np.nan)
    np.testing.assert_allclose(vectors.scores(rows, QUERY), expected, rtol=1e-5)
    assert len(vectors.scores(rows[:0], QUERY)) == 0


def test_what_is_written_is_in_the_file_at_once(folder: Path) -> None:
    first = Vectors(folder / "v", D)
    first.put(2_000, QUERY)
    second = Vectors(folder / "v", D)
    assert len(second) == len(first) > 2_000
    assert second.scores(np.array([2_000, 0]), QUERY).tolist() == [5.25, 0.0]
    first.put(2_000, None)
    assert np.isnan(second.scores(np.array([2_000]), QUERY)).all()
    first.close()
    second.close()


def test_a_file_that_cannot_be_written_is_said(folder: Path) -> None:
    with pytest.raises(StorageError, match="v cannot be written"):
        Vectors(folder / "none" / "v", D)


def test_any_history_of_further_vectors(folder: Path) -> None:
    vectors = FurtherVectors(folder / "v.f32", D)
    draw = np.random.default_rng(5)
    held: dict[int, np.ndarray] = {}
    for step in range(120):
        if step % 40 == 30:
            vectors.flush()
            vectors.close()
            vectors = FurtherVectors(folder / "v.f32", D)
        rows = draw.permutation(400)[:9].tolist()
        if step % 4 == 3:
            vectors.remove(rows)
            held = {row: several for row, several in held.items() if row not in rows}
        else:
            put = {row: draw.standard_normal((row % 5, D)).astype(np.float32) for row in rows}
            vectors.put(put)
            held |= put
        asked = draw.permutation(500)[:200]
        scores = draw.standard_normal(200).astype(np.float32)
        expected = [
            max([float(score), *(held[row] @ QUERY).tolist()]) if row in held else float(score)
            for row, score in zip(asked.tolist(), scores, strict=True)
        ]
        vectors.raise_to(scores, asked, QUERY)
        np.testing.assert_allclose(scores, expected, rtol=1e-5)
    # Places are used again: there were never more vectors than one place for each, and room to grow.
    most = 400 * 4
    assert (folder / "v.f32").stat().st_size <= most * 4 * D
