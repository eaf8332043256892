"""Searches that know their shopper: what moves, what is kept of them, what chance and experiments do."""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from snapshelf.demo import DemoProduct
from snapshelf.errors import QueryError
from snapshelf.events import Event, EventKind
from snapshelf.ranking import InteractionHistories, ItemTable, ModelStore, count
from snapshelf.search import SearchResponse
from snapshelf.shelf import Shelf

COUNT = 40
BRANDS = ("Ahorn", "Birke")


@pytest.fixture(scope="module")
def kept(feed: Path, drawings: list[DemoProduct], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shelf of forty drawn products of two brands."""
    rows = [
        {
            "id": drawing.id,
            "title": f"{BRANDS[number % 2]} {drawing.title_en}",
            "brand": BRANDS[number % 2],
            "category": "Things",
            "price": "20 CNY",
            "image": f"{drawing.id}.jpg",
            "colour": drawing.colour,
        }
        for number, drawing in enumerate(drawings)
    ]
    file = feed.parent / "brands.jsonl"
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    folder = tmp_path_factory.mktemp("personal") / "shelf"
    with Shelf.open(folder) as shelf:
        assert shelf.add(file).added == COUNT
    return folder


@pytest.fixture
def folder(kept: Path) -> Iterator[Path]:
    """The shelf before anybody came."""
    yield kept
    for left in ("journal.db", "journal.db-wal", "journal.db-shm", "search.yaml", "shoppers.yaml"):
        (kept / left).unlink(missing_ok=True)
    for left in (kept / "ranking").glob("*"):
        left.unlink()


def ids(result: SearchResponse) -> list[str]:
    return [hit.product.id for hit in result]


def of_brand(shelf: Shelf, brand: str) -> list[str]:
    return sorted(hit.product.id for hit in shelf.search(text=brand, k=COUNT) if hit.product.brand == brand)


def event(shopper: str, product: str, kind: EventKind = "purchase") -> Event:
    return Event(event_id=uuid.uuid4().hex, shopper=shopper, kind=kind, at=time.time(), product=product)


def like(shelf: Shelf, shopper: str, products: list[str], kind: EventKind = "purchase") -> None:
    receipt = shelf.journal.append(event(shopper, product, kind) for product in products)
    assert receipt.accepted == len(products)


def counted(folder: Path, shelf: Shelf, shoppers: int = 30) -> None:
    """Let shoppers be faithful to a brand, and count it."""
    own = [of_brand(shelf, brand) for brand in BRANDS]
    shelf.journal.append(
        event(f"s{number}", own[number % 2][(number + step) % len(own[number % 2])])
        for number in range(shoppers)
        for step in range(4)
    )
    count_again(folder, shelf)


def count_again(folder: Path, shelf: Shelf) -> None:
    items = ItemTable.open(folder / "ranking" / "items.npz", shelf._catalogue).items
    log, now = shelf.journal.log(), time.time() + 1
    ModelStore(folder).save_statistics(
        count(items, InteractionHistories(items, log.interactions, now=now), log.impressions, until=now)
    )


def taste(result: SearchResponse, brand: str) -> float:
    """What the shopper's past adds to the products of a brand, in the mean."""
    return float(
        np.mean([hit.contributions.get("shopper", 0.0) for hit in result if hit.product.brand == brand])
    )


def adds_up(result: SearchResponse) -> None:
    for hit in result:
        assert hit.score == pytest.approx(sum(hit.contributions.values()), abs=1e-9)


BAG = {"text": "bag", "min_relevance": 0}
"""Everything that matches is ranked: the shop has only two bags."""
QUERY = {**BAG, "k": 10}


def test_where_nothing_was_counted_nothing_changes(folder: Path) -> None:
    with Shelf.open(folder) as shelf:
        usual = shelf.search(**QUERY)
        for shopper in (None, "new"):
            result = shelf.search(**QUERY, shopper=shopper)
            assert ids(result) == ids(usual)
            assert [hit.contributions for hit in result] == [hit.contributions for hit in usual]
            assert not any({"ranking", "shopper"} & hit.contributions.keys() for hit in result)
        assert not (folder / "ranking").exists() or not list((folder / "ranking").iterdir())


def test_the_very_next_search_knows_what_was_bought_though_nothing_was_counted(folder: Path) -> None:
    with Shelf.open(folder) as shelf:
        before = shelf.search(**QUERY, shopper="ann")
        like(shelf, "ann", of_brand(shelf, "Birke")[:3])
        after = shelf.search(**QUERY, shopper="ann")
        assert any("shopper" in hit.contributions for hit in after)
        adds_up(after)
        assert taste(after, "Birke") > taste(after, "Ahorn")
        assert ids(shelf.search(**QUERY, shopper="ann", personal=False)) == ids(before)
        assert ids(shelf.search(**QUERY, shopper="bob")) == ids(before)


def test_each_shopper_has_an_order_and_the_parts_add_up(folder: Path) -> None:
    with Shelf.open(folder) as shelf:
        counted(folder, shelf)
        everybody = shelf.search(**QUERY)
        assert any("ranking" in hit.contributions for hit in everybody)
        assert not any("shopper" in hit.contributions for hit in everybody)
        for brand, shopper in zip(BRANDS, ("s0", "s1"), strict=True):
            for options in (
                {},
                {"diversity": 0.4},
                {"collapse": False},
                {"where": 'brand = "Ahorn"'},
                {"mode": "photo-vectors"},
                {"sort": "price"},
                {"understand": False},
                {"liked": of_brand(shelf, "Birke")[:1]},
            ):
                adds_up(shelf.search(**QUERY, **options, shopper=shopper))
            own, (other,) = shelf.search(**BAG, k=COUNT, shopper=shopper), set(BRANDS) - {brand}
            assert taste(own, brand) > taste(own, other)
            assert ids(own)[:10] != ids(everybody)
        assert "shopper" in shelf.search(**QUERY, shopper="s0").hits[0].why
        reason = shelf.why_not(ids(everybody)[-1], **QUERY, shopper="s0")
        assert reason.score == pytest.approx(sum(reason.contributions.values()))
        assert {"ranking", "shopper"} & reason.contributions.keys()


def test_taste_changes_no_probability_and_no_verdict(folder: Path) -> None:
    with Shelf.open(folder) as shelf:
        usual = {hit.product.id: hit.relevance for hit in shelf.search(**BAG, k=COUNT)}
        verdict = shelf.search(text="submarine engine", k=3).no_good_match
        counted(folder, shelf)
        for hit in shelf.search(**BAG, k=COUNT, shopper="s0"):
            assert hit.relevance == pytest.approx(usual[hit.product.id])
        assert shelf.search(text="submarine engine", k=3, shopper="s0").no_good_match == verdict


@pytest.mark.parametrize("restarted", [False, True])
def test_pages_do_not_shift_though_the_profile_changes(folder: Path, restarted: bool) -> None:
    with Shelf.open(folder) as shelf:
        counted(folder, shelf)
        everything = ids(shelf.search(**BAG, k=COUNT, shopper="s0"))
        page = shelf.search(**BAG, k=4, shopper="s0")
        seen = ids(page)
        if not restarted:
            while page.next_page_token is not None:
                like(shelf, "s0", of_brand(shelf, "Birke")[len(seen) % 8 :][:3], "cart")
                page = shelf.search(**BAG, k=4, shopper="s0", page_token=page.next_page_token)
                seen += ids(page)
    if restarted:
        with Shelf.open(folder) as shelf:
            like(shelf, "s0", of_brand(shelf, "Birke")[:9], "cart")
            changed = ids(shelf.search(**BAG, k=COUNT, shopper="s0"))
            assert changed != everything
            page = shelf.search(**BAG, k=COUNT, shopper="s0", page_token=page.next_page_token)
            seen += ids(page)
            with pytest.raises(QueryError, match="another query"):
                shelf.search(
                    text="bag",
                    k=4,
                    shopper="s1",
                    page_token=shelf.search(**QUERY, shopper="s0").next_page_token,
                )
    assert seen == everything


def test_pages_do_not_shift_though_somebody_unknown_becomes_known(folder: Path) -> None:
    with Shelf.open(folder) as shelf:
        everything = ids(shelf.search(**BAG, k=COUNT, shopper="new"))
        page = shelf.search(**BAG, k=4, shopper="new")
        like(shelf, "new", of_brand(shelf, "Birke")[:5])
        assert ids(shelf.search(**BAG, k=COUNT, shopper="new")) != everything
        rest = shelf.search(**BAG, k=COUNT, shopper="new", page_token=page.next_page_token)
        assert ids(page) + ids(rest) == everything


def test_what_was_shown_is_kept_where_a_shelf_serves(folder: Path) -> None:
    with Shelf.open(folder) as shelf:
        assert shelf.journal.impression(shelf.search(**QUERY, shopper="ann").query_id) is None
    with Shelf.open(folder, serving=True) as shelf:
        counted(folder, shelf)
        first = shelf.search(**BAG, k=4, shopper="s0")
        second = shelf.search(**BAG, k=4, shopper="s0", page_token=first.next_page_token)
        assert first.query_id != second.query_id
        for result, start in ((first, 0), (second, 4)):
            shown = shelf.journal.impression(result.query_id)
            assert shown is not None
            assert (shown.shopper, shown.text, shown.start) == ("s0", "bag", start)
            assert list(shown.products) == ids(result)
            assert set(shown.contributions) >= {"text_image", "text_title", "lexical"}
            for place, hit in enumerate(result):
                rest = {"ranking", "shopper", "rules"}
                relevance = sum(value for name, value in hit.contributions.items() if name not in rest)
                assert shown.relevance[place] == pytest.approx(relevance, rel=1e-5)
            assert shown.propensities is not None
            assert all(0.97 < chance <= 1 or chance == 0.01 for chance in shown.propensities)
        looked_for = shelf.search(photo=shelf.photo(ids(first)[0]), k=1, shopper="new")
        for _ in range(100):
            if queries := shelf.journal.profile("new").queries:
                break
            time.sleep(0.05)
        cosine = float(queries[0].vector @ shelf._catalogue.vectors(ids(looked_for))[ids(looked_for)[0]][0])
        assert cosine > 0.9
        anonymous = shelf.journal.impression(shelf.search(**BAG).query_id)
        assert anonymous is not None
        assert anonymous.shopper == anonymous.query_id


def test_what_was_browsed_is_kept_as_shown_and_not_as_looked_for(folder: Path) -> None:
    experiment = "ranking: {experiment: {name: new, a: none, b: formula}}"
    (folder / "search.yaml").write_text(experiment)
    with Shelf.open(folder, serving=True) as shelf:
        counted(folder, shelf)
        page = shelf.search(where='brand = "Birke"', k=4, shopper="s0")
        shown = shelf.journal.impression(page.query_id)
        assert shown is not None
        assert (shown.shopper, shown.text, list(shown.products)) == ("s0", "", ids(page))
        assert (shown.relevance, shown.contributions, shown.propensities) == ((0.0,) * 4, {}, None)
        assert (shown.experiment, shown.variant) == (None, None)
        assert not any("shopper" in hit.contributions for hit in page)
        before = len(shelf.journal.profile("s0").queries)
        shelf.search(**BAG, shopper="s0")
        for _ in range(100):
            if len(shelf.journal.profile("s0").queries) > before:
                break
            time.sleep(0.05)
        assert len(shelf.journal.profile("s0").queries) == before + 1


def test_what_sells_comes_first(folder: Path) -> None:
    with Shelf.open(folder) as shelf:
        last = ids(shelf.search(k=COUNT))[-3:]
        assert not {*last} & {*ids(shelf.search(k=3))}
        like(shelf, "ann", [last[1]], "cart")
        like(shelf, "bob", [last[2]], "purchase")
        like(shelf, "eve", [last[0]], "view")
        count_again(folder, shelf)
    with Shelf.open(folder) as shelf:
        order = [last[2], last[1], last[0]]
        assert ids(shelf.search(k=3)) == order
        assert ids(shelf.search(where=f'brand = "{shelf.get(last[1]).brand}"', sort="bestselling", k=1)) == [
            next(id for id in order if shelf.get(id).brand == shelf.get(last[1]).brand)
        ]
        found = shelf.search(text="most popular thing", k=3)
        assert (found.sort, [chip.kind for chip in found.chips if chip.kind == "sort"]) == (
            "bestselling",
            ["sort"],
        )


def test_nothing_is_kept_where_that_is_not_wanted(folder: Path) -> None:
    with Shelf.open(folder, serving=True) as shelf:
        shelf.journal.consent("ann", given=False)
        assert shelf.journal.impression(shelf.search(**QUERY, shopper="ann").query_id) is None
        assert shelf.journal.impression(shelf.search(**QUERY, mode="photo-vectors").query_id) is None
    (folder / "search.yaml").write_text("ranking: {impressions: false}")
    with Shelf.open(folder, serving=True) as shelf:
        assert shelf.journal.impression(shelf.search(**QUERY, shopper="bob").query_id) is None


def test_chance_moves_neighbours_and_pages_agree_on_it(folder: Path) -> None:
    (folder / "search.yaml").write_text("ranking: {explore: 1}")
    with Shelf.open(folder, serving=True) as shelf:
        counted(folder, shelf)
        moved = Counter()
        for _ in range(25):
            page = shelf.search(**BAG, k=3)
            seen, chances = ids(page), list(shelf.journal.impression(page.query_id).propensities)
            while page.next_page_token is not None:
                page = shelf.search(**BAG, k=3, page_token=page.next_page_token)
                seen += ids(page)
                chances += shelf.journal.impression(page.query_id).propensities
            assert len(seen) == len(set(seen))
            rare = [place for place, chance in enumerate(chances) if chance < 0.5]
            assert rare == [] or (len(rare) == 2 and rare[1] == rare[0] + 1 < 10)
            moved[bool(rare)] += 1
        assert 4 <= moved[True] <= 21
    with Shelf.open(folder) as shelf:
        # Whoever is not serving leaves nothing to chance.
        assert len({tuple(ids(shelf.search(**QUERY))) for _ in range(12)}) == 1


def test_reasons_leave_nothing_to_chance_and_forgetting_reaches_later_pages(folder: Path) -> None:
    (folder / "search.yaml").write_text("ranking: {explore: 1}")
    with Shelf.open(folder, serving=True) as shelf:
        counted(folder, shelf)
        id = ids(shelf.search(**QUERY, shopper="s0"))[4]
        assert len({shelf.why_not(id, **QUERY, shopper="s0").rank for _ in range(12)}) == 1
        first = shelf.search(**BAG, k=3, shopper="s0")
        shelf.journal.forget("s0")
        rest = shelf.search(**BAG, k=COUNT, shopper="s0", page_token=first.next_page_token)
        assert not any("shopper" in hit.contributions for hit in rest)


def test_an_experiment_divides_the_shoppers(folder: Path) -> None:
    (folder / "search.yaml").write_text(
        "ranking: {explore: 0, experiment: {name: taste, a: none, b: formula, share: 0.5}}"
    )
    with Shelf.open(folder, serving=True) as shelf:
        counted(folder, shelf)
        variants = Counter()
        for number in range(30):
            result = shelf.search(**QUERY, shopper=f"s{number}")
            shown = shelf.journal.impression(result.query_id)
            assert shown.experiment == "taste"
            assert any("shopper" in hit.contributions for hit in result) == (shown.variant == "b")
            assert (
                shelf.journal.impression(shelf.search(**QUERY, shopper=f"s{number}").query_id).variant
                == shown.variant
            )
            variants[shown.variant] += 1
        assert variants.keys() == {"a", "b"}
        assert min(variants.values()) >= 7


def test_two_rankings_share_one_answer(folder: Path) -> None:
    (folder / "search.yaml").write_text(
        "ranking: {experiment: {name: draft, a: formula, b: none, interleave: true, share: 1}}"
    )
    with Shelf.open(folder, serving=True) as shelf:
        counted(folder, shelf)
        teams = Counter()
        for number in range(12):
            first = shelf.search(**BAG, k=5, shopper=f"s{number}")
            second = shelf.search(**BAG, k=5, shopper=f"s{number}", page_token=first.next_page_token)
            assert not set(ids(first)) & set(ids(second))
            for result in (first, second):
                shown = shelf.journal.impression(result.query_id)
                assert (shown.variant, shown.propensities) == ("interleaved", None)
                assert shown.interleaving_teams is not None
                for team, hit in zip(shown.interleaving_teams, result, strict=True):
                    assert ("ranking" in hit.contributions or "shopper" in hit.contributions) == (team != "b")
                teams.update(shown.interleaving_teams)
        assert teams["a"] == pytest.approx(teams["b"], rel=0.25)


def test_products_that_come_later_need_no_restart(folder: Path, drawings: list[DemoProduct]) -> None:
    with Shelf.open(folder, serving=True) as shelf:
        counted(folder, shelf)
        shelf.search(**QUERY, shopper="s0")
        drawing = drawings[0]
        old = shelf.get(drawing.id)
        new = old.model_copy(update={"id": "new", "title": f"Ahorn {old.title} anew"})
        shelf.put(new, [shelf.photo(drawing.id)])
        try:
            result = shelf.search(text="Ahorn", k=COUNT, shopper="s0", collapse=False)
            parts = {hit.product.id: hit.contributions for hit in result}
            assert {"ranking", "shopper"} <= parts["new"].keys()
        finally:
            shelf.remove("new")
        assert "new" not in ids(shelf.search(text="Ahorn", k=COUNT, shopper="s0", collapse=False))


@pytest.mark.parametrize("shopper", ["", "  ", "x" * 257, "a\x00b"])
def test_what_is_no_name_of_a_shopper_is_refused(folder: Path, shopper: str) -> None:
    with Shelf.open(folder) as shelf, pytest.raises(QueryError, match="shopper: it "):
        shelf.search(**QUERY, shopper=shopper)


def test_a_journal_or_counts_that_fail_are_no_reason_not_to_answer(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "shoppers.yaml").write_text("journal: nonsense://")
    (folder / "ranking").mkdir(exist_ok=True)
    (folder / "ranking" / "counts.npz").write_bytes(b"broken")
    with Shelf.open(folder, serving=True) as shelf:
        result = shelf.search(**QUERY, shopper="ann")
        assert len(result) == 10
        adds_up(result)
    assert "nonsense" in caplog.text
    assert "counts" in caplog.text
