"""The stages of the pipeline, each by itself on a small table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from snapshelf.catalogue import ProductName
from snapshelf.index import Equals
from snapshelf.query import Query
from snapshelf.ranking import CandidateTable, InteractionHistory, RankingColumns
from snapshelf.search import FirstPage, RankingAssignment, SearchPlan
from snapshelf.search.collapse import COUNTED_BEHIND, Collapsed, collapse_duplicates, collapse_variants
from snapshelf.search.diversify import diversify
from snapshelf.search.fusion import lexical_scale, score
from snapshelf.search.rerank import rerank
from snapshelf.search.retrieval import retrieve
from snapshelf.search.score_table import VISUAL, ScoreTable
from snapshelf.search.sort import by_score
from snapshelf.search.word_match import NO_RIGHTS
from tests.search.sample_shop import Shop, chip, unit, words


def table_of(scores: list[float], **columns: Any) -> ScoreTable:
    """A table of candidates a, b, c … with these scores."""
    count = len(scores)
    empty = {
        "window": np.zeros(count, np.int64),
        "visual": np.array(scores, np.float64),
        "title": np.zeros(count),
        "bm25": np.zeros(count),
        "tests": np.zeros((count, 0), bool),
        "words": np.zeros((count, 0), np.uint8),
        "written": np.zeros((count, 0), np.uint8),
        "codes": np.zeros(count, np.int64),
        "tier": np.full(count, NO_RIGHTS),
        "probability": np.full(count, np.nan),
        "groups": (None,) * count,
        "exactness": np.zeros(count),
        "reranked": np.zeros(count, bool),
        "draft": np.zeros(count, np.int64),
        "contributions": {VISUAL: np.array(scores, np.float64)},
    }
    ids = tuple(chr(ord("a") + number) for number in range(count))
    return ScoreTable(ids=ids, **{**empty, **columns})


def ids_of(table: ScoreTable, rows: np.ndarray) -> str:
    return "".join(table.ids[row] for row in rows)


class TestSort:
    def test_by_score_with_ties_by_id(self) -> None:
        table = table_of([0.1, 0.5, 0.5, 0.9])
        assert ids_of(table, by_score(table)) == "dbca"

    def test_later_windows_and_candidates_that_were_not_reranked_stay_behind(self) -> None:
        table = table_of(
            [0.9, 0.1, 0.2, 0.8],
            window=np.array([1, 0, 0, 0]),
            reranked=np.array([False, True, True, False]),
        )
        assert ids_of(table, by_score(table)) == "cbda"

    def test_the_draft_of_two_rankings_goes_before_the_score(self) -> None:
        table = table_of([0.9, 0.1, 0.2], reranked=np.ones(3, bool), draft=np.array([2, 0, 1]))
        assert ids_of(table, by_score(table)) == "bca"


class TestTable:
    def test_rows_are_taken_and_put_behind(self) -> None:
        table = table_of([0.1, 0.5, 0.3], groups=("x", None, "y"))
        taken = table.take(np.array([2, 0]))
        assert (taken.ids, taken.groups, taken.total.tolist()) == (("c", "a"), ("y", "x"), [0.3, 0.1])
        both = table.take(np.array([1])).extended(taken)
        assert (both.ids, both.total.tolist()) == (("b", "c", "a"), [0.5, 0.3, 0.1])
        assert both.rows(["a", "b"]).tolist() == [2, 0]

    def test_relevance_is_the_score_without_rules_and_ranking(self) -> None:
        parts = {VISUAL: 0.5, "lexical": 0.2, "rules": 1.0, "ranking": 2.0, "shopper": 4.0}
        table = table_of([0.0], contributions={name: np.array([value]) for name, value in parts.items()})
        assert table.total == pytest.approx([7.7])
        assert table.relevance == pytest.approx([0.7])


class TestRetrieval:
    def test_a_table_has_what_the_index_says(self, shop: Shop) -> None:
        shop.put(
            "a", unit(1), title="red hat", title_vector=unit(1, 1), group_id="g", price="5", brand="Acme"
        )
        shop.put("b", unit(0, 1), title="blue hat", price="7")
        red = chip("red", Equals("brand", "Acme"))
        plan = SearchPlan(words("red", unit(1), red))
        table, is_complete = retrieve(plan, shop.store)
        assert is_complete
        assert (table.ids, table.groups) == (("a", "b"), ("g", None))
        assert table.visual == pytest.approx([plan.query_vector.length, 0], abs=1e-5)
        assert table.title == pytest.approx([np.sqrt(0.5), 0], abs=1e-5)
        assert table.bm25[0] > table.bm25[1] == 0
        assert table.tests.tolist() == [[True, True], [False, False]]

    def test_a_later_window_brings_what_is_new(self, shop: Shop) -> None:
        for number in range(6):
            shop.put(f"p{number}", unit(1, number / 10), title=f"t{number}")
        plan = SearchPlan(Query(unit(1), None))
        first, is_complete = retrieve(plan, shop.store, width=2)
        assert (first.ids, is_complete) == (("p0", "p1"), False)
        second, _ = retrieve(plan, shop.store, width=5, number=1, known=first.ids)
        assert (second.ids, set(second.window)) == (("p2", "p3", "p4"), {1})


class TestFusion:
    def test_words_count_as_a_share_of_the_best_of_the_first_window_that_has_them(self) -> None:
        without, some, more = (table_of([0.0, 0.0], bm25=np.array(each)) for each in ([0, 0], [3, 1], [9, 0]))
        assert lexical_scale([without]) == 1
        assert lexical_scale([without, some, more]) == 3

    def test_a_score_is_the_sum_of_the_signals(self, shop: Shop) -> None:
        shop.put("a", unit(1), title="red hat")
        plan = SearchPlan(words("red", unit(1)))
        table, _ = retrieve(plan, shop.store)
        scored = score(table, plan, shop.corpus, lexical_scale([table]))
        assert scored.total == pytest.approx(sum(scored.contributions.values()))
        assert scored.contributions["lexical"] == pytest.approx([0.5 / 2.5])


class Lifts:
    """A ranker that lifts one product, and another one for whoever has a history."""

    def rerank(self, table: CandidateTable, history: InteractionHistory, now: float | None) -> RankingColumns:
        columns = RankingColumns.zeros(len(table))
        columns.ranking[list(table.ids).index("p3")] = 5
        if len(history.rows):
            columns.shopper[list(table.ids).index("p4")] = 7
        return columns


class TestRerank:
    def test_columns_are_added_to_the_best_candidates(self, shop: Shop) -> None:
        for number in range(5):
            shop.put(f"p{number}", unit(1, number / 10), title=f"t{number}")
        plan = SearchPlan(Query(unit(-0.2, 1), None))
        table, _ = retrieve(plan, shop.store)
        table = score(table, plan, shop.corpus, 1.0)
        history = InteractionHistory.of(np.array([0]))
        assignment = RankingAssignment(FirstPage("q", 0.0), Lifts(), history)
        moved = rerank(table, plan, assignment, shop.corpus)
        assert [table.ids[row] for row in by_score(moved)[:2]] == ["p4", "p3"]
        assert (moved.total - table.total).tolist() == pytest.approx([0, 0, 0, 5, 7])
        nobody = rerank(table, plan, replace(assignment, history=InteractionHistory.none()), shop.corpus)
        assert not nobody.contributions["shopper"].any()
        assert rerank(table, plan, RankingAssignment(FirstPage("q", 0.0)), shop.corpus) is table


class TestCollapse:
    def test_the_first_variant_stands_for_its_group(self) -> None:
        table = table_of([0.0] * 4, groups=("g", None, "g", "h"))
        collapsed = collapse_variants("cabd", table, lambda _: ())
        assert (collapsed.ids, collapsed.represented_by) == (("c", "b", "d"), {"a": "c"})

    def test_a_sold_out_variant_does_not_stand_for_its_group_while_an_equal_is_in_stock(self) -> None:
        groups = ("g", "h", "g", "g", "h")
        table = table_of([0.9, 0.8, 0.88, 0.87, 0.6], groups=groups)

        def collapsed(table: ScoreTable, *sold_out: str, **options: Any) -> Collapsed:
            return collapse_variants("abcde", table, lambda ids: {*sold_out} & {*ids}, **options)

        assert collapsed(table, "a").ids == ("c", "b")
        assert collapsed(table, "a", "c").represented_by == {"a": "d", "c": "d", "e": "b"}
        # None is in stock, or only what fits clearly less: the sold-out variant says what the shop would have.
        assert collapsed(table, "a", "c", "d").ids == ("a", "b")
        assert collapsed(table, "b").ids == ("a", "b")
        # Pinned, or from a later window.
        assert collapsed(table, "a", fixed={"a"}).ids == ("a", "b")
        assert collapsed(replace(table, window=np.array([0, 0, 1, 1, 1])), "a").ids == ("a", "b")

    def test_duplicates_are_counted_in_the_same_window_and_not_too_far_behind(self) -> None:
        count = COUNTED_BEHIND + 3
        ids = [f"p{number:03}" for number in range(count)]
        table = replace(table_of([0.0] * count), ids=tuple(ids))
        twins = {0, 5, COUNTED_BEHIND, COUNTED_BEHIND + 1}

        class Products:
            def names(self, ids: list[str]) -> dict[str, ProductName]:
                return {id: ProductName("twin" if int(id[1:]) in twins else id) for id in ids}

            def vectors(self, ids: list[str]) -> dict[str, np.ndarray]:
                return {id: unit(1)[None] for id in ids}

        for depth in (1, 7, count):
            collapsed = collapse_duplicates(ids, table, Products(), depth=depth)  # type: ignore[arg-type]
            assert collapsed.counts.get("p000") == 2
            assert collapsed.ids[:depth] == tuple(id for id in ids if int(id[1:]) not in twins - {0})[:depth]
        later = replace(table, window=np.array([0] * 6 + [1] * (count - 6)))
        collapsed = collapse_duplicates(ids, later, Products(), depth=count)  # type: ignore[arg-type]
        assert collapsed.counts["p000"] == 1
        assert len(collapsed.represented_by) == 3


class TestDiversify:
    def test_only_the_first_window_is_spread_and_pins_stay_in_front(self) -> None:
        table = table_of([0.5, 0.49, 0.48, 0.47, 0.1], window=np.array([0, 0, 0, 0, 1]))
        looks = {"a": unit(1), "b": unit(1), "c": unit(0, 1), "d": unit(1), "e": unit(0, 0, 1)}

        def vectors_of(ids: list[str]) -> dict[str, np.ndarray]:
            return {id: looks[id][None] for id in ids}

        assert diversify("abcde", table, 0.0, vectors_of, pinned={}) == list("abcde")
        assert diversify("abcde", table, 0.5, vectors_of, pinned={}) == list("acbde")
        assert diversify("dabce", table, 0.5, vectors_of, pinned={"d": 1}) == list("dacbe")
