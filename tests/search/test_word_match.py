"""Words have rights: a product with the rare words of a query is never behind a product with none of them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snapshelf.index import Ids, TermPlace
from snapshelf.language import query_words
from snapshelf.query import Query
from snapshelf.search import Calibration, Curve, Merchandising, Weights
from snapshelf.search.rules.merchandising import Shift
from snapshelf.search.word_match import (
    ALL_WORDS,
    EXACT_CODE,
    NO_RIGHTS,
    RARE_WORDS,
    WRITTEN,
    WordStatistics,
)
from tests.search.sample_shop import Shop, unit, words

_RARE = ("zebra", "copper", "kettle", "velvet")
_COMMON = ("bag", "case")


@st.composite
def shops(draw: st.DrawFn) -> tuple[dict[str, tuple[str, str]], str, list[float]]:
    """Titles and descriptions of products, a query, and weights of the signals."""
    titles: dict[str, tuple[str, str]] = {}
    for number in range(draw(st.integers(2, 14))):
        chosen = draw(st.lists(st.sampled_from(_RARE + _COMMON), max_size=3, unique=True))
        described = draw(st.sampled_from(("", *_RARE)))
        titles[f"p{number:02}"] = (" ".join(["thing", *chosen]), described)
    query = " ".join(draw(st.lists(st.sampled_from(_RARE + _COMMON + ("unheard",)), min_size=1, max_size=3)))
    weights = draw(st.lists(st.sampled_from((0.1, 1.0, 30.0)), min_size=4, max_size=4))
    return titles, query, weights


def _named(title: str, word: str) -> bool:
    return word in title.split()


@given(shops(), st.integers(0, 1 << 16), st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_product_with_all_rare_words_is_never_behind_one_with_none(
    shop: Shop, made: tuple[dict[str, tuple[str, str]], str, list[float]], seed: int, buried: bool
) -> None:
    titles, text, weights = made
    shop.store.delete(list(shop.products))
    shop.products.clear()
    random = np.random.default_rng(seed)
    for id, (title, description) in titles.items():
        shop.put(id, unit(*random.normal(size=3)), title=title, description=description)
    query = words(text, unit(*random.normal(size=3)))
    frequencies = dict(
        zip(text.split(), shop.store.frequencies([word.alternatives for word in query.words]), strict=False)
    )
    rare = [word for word in dict.fromkeys(text.split()) if 0 < frequencies[word] <= max(3, len(titles) / 10)]
    rules = (
        Merchandising(shifts=(Shift("bury", Ids(tuple(titles)[:3]), -5.0),)) if buried else Merchandising()
    )
    places = shop.search(
        query,
        weights=Weights(
            text_image=weights[0], text_title=weights[1], lexical=weights[2], constraints=weights[3]
        ),
        rules=rules,
        collapse=False,
        windows=(3, 6, 1000),
    ).places
    if not rare:
        return
    with_all = [all(_named(titles[id][0], word) for word in rare) for id in places]
    with_none = [not any(_named(titles[id][0], word) for word in rare) for id in places]
    for first, second in itertools.combinations(range(len(places)), 2):
        assert not (with_none[first] and with_all[second]), (places, text, titles)
    assert set(places) == set(titles)


def test_a_photo_takes_the_rights_away(shop: Shop) -> None:
    shop.put("like", unit(1), title="plain thing")
    shop.put("named", unit(0, 1), title="zebra thing")
    asked = words("zebra", unit(0, 0, 1))
    assert shop.top(asked, 2)[0] == "named"
    assert (
        shop.top(Query(unit(1), asked.text, asked.terms, asked.words), 2, weights=Weights(photo=9.0))[0]
        == "like"
    )


def test_tiers_and_coverage() -> None:
    known = np.array([50, 2, 0])
    statistics = WordStatistics(tuple(query_words("red zebra unheard")), known, known, 100)
    places = np.array(
        [
            [TermPlace.ATTRIBUTE, TermPlace.NAME, 0],
            [0, TermPlace.NAME, 0],
            [TermPlace.NAME, TermPlace.TEXT, 0],
            [0, 0, 0],
        ],
        np.uint8,
    )
    nothing = np.zeros(4, np.int64)
    inflected = np.zeros_like(places)
    assert statistics.tiers(places, places, nothing).tolist() == [WRITTEN, RARE_WORDS, NO_RIGHTS, NO_RIGHTS]
    assert statistics.tiers(places, inflected, nothing).tolist()[0] == ALL_WORDS
    codes = np.array([0, 0, 3, 1])
    assert statistics.tiers(places, places, codes).tolist() == [WRITTEN, RARE_WORDS, EXACT_CODE, RARE_WORDS]
    assert not statistics.all_known
    coverage = statistics.coverage(places)
    assert coverage[0] > coverage[1] > coverage[2] > coverage[3] == 0
    assert coverage[0] < 1  # a word that nobody has counts, too
    two = WordStatistics(statistics.words[:2], known[:2], known[:2], 100)
    assert two.coverage(places[:1, :2]) == pytest.approx(1)


def test_a_word_as_it_is_written_comes_before_its_other_forms(shop: Shop) -> None:
    for number in range(30):
        shop.put(f"capris{number}", unit(1, number / 9), title=f"Striped capris {number}")
    shop.put("capri", unit(-1), title="Isle of capri sandal", title_vector=unit(-1))
    asked = words("capri", unit(1))
    assert shop.top(asked, 3, windows=(5, 10, 1000))[0] == "capri"
    assert len(shop.search(asked, collapse=False).places) == 31


def test_the_result_set_is_counted_over_the_whole_shop(shop: Shop) -> None:
    for number in range(40):
        shop.put(f"w{number:02}", unit(1, number), title=f"copper kettle {number}")
        shop.put(f"n{number:02}", unit(number, 1), title=f"velvet case {number}")
    covered = Curve(
        usual=(0.0, 0.0, 0.0),
        weights=(*(0.0,) * 2, 20.0, *(0.0,) * 15),
        intercept=-10.0,
        cut_off=0.5,
        member=0.5,
    )
    calibration = Calibration(fingerprint="any", fitted_on="a test", curves={"words": covered})
    results = shop.search(
        words("kettle", unit(1)), calibration=calibration, depth=10, windows=(5, 6, 7), collapse=False
    )
    assert results.assessment.has_good_match
    assert shop.store.count(results.plan.result) == 40
    assert all(id.startswith("w") for id in results.places)
    everything = shop.search(
        words("kettle", unit(1)), calibration=calibration, windows=(5, 6, 1000), collapse=False
    )
    assert len(everything.places) == 40
    unknown = shop.search(words("unheard", unit(1)), calibration=calibration, depth=10)
    assert not unknown.assessment.has_good_match
    assert len(unknown.places) >= 10
    assert shop.store.count(unknown.plan.result) == 0
    asked = shop.search(words("kettle", unit(1)), calibration=calibration, min_relevance=0.0)
    assert len(asked.places) == 80
