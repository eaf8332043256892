"""The small parts: diversity, relaxation, sorting, matched words, heat maps, settings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from snapshelf.catalogue import Product
from snapshelf.errors import QueryError, ShelfError
from snapshelf.index import Between, Equals
from snapshelf.language import Lexicon
from snapshelf.search import SearchSettings, Sort, Weights
from snapshelf.search.diversify import diversified
from snapshelf.search.matched_terms import matched_terms
from snapshelf.search.occlusion import occlusion_map
from snapshelf.search.relaxation import relaxed
from snapshelf.search.sort import read_sort
from tests.search.sample_shop import DIMENSION, Shop, chip, unit, words


def test_diversity_is_maximal_marginal_relevance() -> None:
    random = np.random.default_rng(3)
    vectors = [unit(*random.normal(size=DIMENSION)) for _ in range(20)]
    likeness = np.stack(vectors) @ np.stack(vectors).T
    scores = random.random(20).tolist()
    for diversity in (0.0, 0.3, 0.7, 1.0):
        taken = [int(np.argmax(scores))]
        while len(taken) < 20:
            gains = {
                place: (1 - diversity) * scores[place]
                - diversity * max(float(vectors[place] @ vectors[other]) for other in taken)
                for place in range(20)
                if place not in taken
            }
            taken.append(max(gains, key=lambda place: (gains[place], -place)))
        assert diversified(scores, likeness, diversity) == taken
    assert diversified(scores, likeness, 0.0) == np.argsort(-np.array(scores), kind="stable").tolist()
    assert diversified([], np.zeros((0, 0), np.float32), 0.5) == []


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    for id, colour, price in (("a", "red", 10), ("b", "red", 90), ("c", "blue", 20), ("d", "blue", 30)):
        shop.put(id, unit(1), attributes={"colour": colour}, price=str(price))
    return shop


def test_chips_give_way_one_by_one_and_filters_never(stocked: Shop) -> None:
    red = chip('colour = "red"', Equals("attributes.colour", "red"), hard=True)
    cheap = chip("price < 15", Between("price", below=15), hard=True, kind="price")
    soft = chip('brand = "x"', Equals("brand", "x"))
    count = stocked.store.count

    assert relaxed([red, soft, cheap], None, count) == ((red, soft, cheap), ())
    kept, notes = relaxed([red, soft, cheap], Equals("attributes.colour", "blue"), count)
    # Without "red" none of the blue ones is below 15 either: both give way.
    assert [one.hard for one in kept] == [False, False, False]
    assert {note.values["chip"] for note in notes} == {red.where, cheap.where}
    kept, notes = relaxed([red, cheap], Between("price", at_least=20), count)
    assert [(one.where, one.hard) for one in kept] == [(red.where, True), (cheap.where, False)]
    assert [(note.kind, note.values["chip"]) for note in notes] == [("relaxed", cheap.where)]
    kept, notes = relaxed([red, cheap], Between("price", above=1_000), count)
    assert ([one.hard for one in kept], notes) == ([True, True], ())


def test_sorting_is_by_numbers(stocked: Shop) -> None:
    assert read_sort(None, stocked.store) is read_sort("relevance", stocked.store) is None
    assert read_sort("price", stocked.store) == Sort("price")
    assert read_sort("-price", stocked.store) == Sort("price", descending=True)
    assert read_sort("newest", stocked.store) == Sort("added_at", descending=True)
    assert read_sort("rating", stocked.store) == Sort("attributes.rating", descending=True)
    assert read_sort("colour", stocked.store) == Sort("attributes.colour")
    for wrong, problem in (
        ("prise", "did you mean price"),
        ("brand", "holds no numbers"),
        ("", "unknown field"),
    ):
        with pytest.raises(QueryError, match=problem):
            read_sort(wrong, stocked.store)


@pytest.mark.parametrize(
    ("text", "title", "matched"),
    [
        ("red dresses for women", "Summer Dress, red", ("red", "dresses")),
        ("红色连衣裙", "A red dress", ("红色", "连衣裙")),
        ("red dress", "红色长裙连衣裙", ("red", "dress")),
        ("nike air 97", "Nike Air Max 97", ("nike", "air", "97")),
        ("blue", "Red hat", ()),
    ],
)
def test_matched_words_are_said_as_they_were_typed(text: str, title: str, matched: tuple[str, ...]) -> None:
    product = Product(id="p", title=title)
    assert matched_terms(words(text, unit(1)), product, Lexicon.bundled()) == matched


class Redness:
    """Sees only how red the middle third of a photo's left half is: what a heat map must find."""

    def encode_photos(self, photos: Sequence[Image.Image]) -> np.ndarray:
        rows = []
        for photo in photos:
            pixels = np.asarray(photo, np.float32)
            height, width = pixels.shape[:2]
            seen = pixels[height // 3 : 2 * height // 3, : width // 2]
            red = float((seen[..., 0] - seen[..., 1]).mean()) / 255
            rows.append(unit(max(red, 0.0), 1.0))
        return np.stack(rows) if rows else np.zeros((0, DIMENSION), np.float32)


def test_a_heat_map_finds_what_the_fit_hangs_on() -> None:
    photo = Image.new("RGB", (140, 280), "white")
    ImageDraw.Draw(photo).ellipse((10, 110, 60, 170), fill="red")
    grid, fit = occlusion_map(Redness(), photo, unit(1))  # type: ignore[arg-type]
    assert grid.shape == (7, 4)
    assert grid.dtype == np.float32
    assert (grid.min(), grid.max()) == (0, 1)
    assert fit > 0
    row, column = np.unravel_index(np.argmax(grid), grid.shape)
    assert (row, column) in {(2, 0), (2, 1), (3, 0), (3, 1), (4, 0), (4, 1)}
    assert grid[:, 3].max() == grid[0].max() == grid[6].max() == 0


def test_a_heat_map_of_nothing_is_cold() -> None:
    grid, _ = occlusion_map(Redness(), Image.new("RGB", (30, 10), "white"), unit(1))  # type: ignore[arg-type]
    assert grid.shape == (2, 7)
    assert not grid.any()


def test_settings_are_read_or_refused(tmp_path: Path) -> None:
    file = tmp_path / "search.yaml"
    assert SearchSettings.load(file) == SearchSettings()
    file.write_text(
        "weights: {photo: 2, lexical: 1}\nunderstanding: {constraints: {colour: hard}}\nlog_queries: false\n"
    )
    settings = SearchSettings.load(file)
    assert settings.weights == Weights(photo=2, lexical=1)
    assert settings.understanding.mode("colour") == "hard"
    assert not settings.log_queries
    for wrong, problem in (
        ("weights: {foto: 1}", "weights.foto"),
        ("weights: {words: 1}", "weights: 'words' is called 'lexical' now; rename the key"),
        ("colour: hard", "colour"),
        ("understanding: {constraints: {colour: maybe}}", "understanding.constraints.colour"),
        ("weights: {photo: -1}", "the weight of photo is -1"),
        ("[", "cannot be read as YAML"),
    ):
        file.write_text(wrong)
        with pytest.raises(ShelfError, match=problem):
            SearchSettings.load(file)
