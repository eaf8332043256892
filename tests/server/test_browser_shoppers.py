"""The page for different shoppers, in a real browser."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import pytest

from snapshelf.catalogue import Product
from snapshelf.events import Event
from snapshelf.ranking import InteractionHistories, ModelStore, count
from snapshelf.server import ExampleShopper, create_app
from snapshelf.shelf import Shelf
from tests.server.browser import CARDS, PHONE, chromium, expect, visits
from tests.server.drawn_shop import COLOURS, photo_of, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.browser

AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"
KINDS = {"cap": "帽子", "scarf": "围巾", "bag": "手提包"}
"""Kinds that are worn together: a look has only those."""
ITEMS = "#for-you .item:not(.skeleton)"
TASTES = {
    # What is opened as Vera counts; nothing is opened as the others, so they stay as they are.
    "rosa": ("Rosa", "小红", "red"),
    "bluto": ("Bluto", "小蓝", "blue"),
    "vera": ("Vera", "小绿", "green"),
}
SHOPPERS = [
    ExampleShopper(
        id=id, name_en=en, name_zh=zh, likes_en=f"everything {colour}", likes_zh=COLOURS[colour][0]
    )
    for id, (en, zh, colour) in TASTES.items()
]


def event(shopper: str, number: int, product: str, kind: str = "click") -> Event:
    return Event(f"{shopper}-{number}-{kind}", shopper, kind, time.time() - 4_000 + number, product)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    folder: Path = tmp_path_factory.mktemp("shoppers") / "shelf"
    with Shelf.open(folder, serving=True) as shelf:
        for kind, kind_zh in KINDS.items():
            for colour, (colour_zh, _) in COLOURS.items():
                fields = {
                    "id": f"{colour}-{kind}",
                    "title": f"{colour.title()} {kind}",
                    "category": ["Accessories", kind.title(), "All"],
                    "price": "20.50 CNY",
                    "stock": 7,
                    "attributes": {
                        "title_en": f"{colour.title()} {kind}",
                        "title_zh": f"{colour_zh}{kind_zh}",
                        "colour": colour,
                    },
                }
                shelf.put(Product.parse(fields), [photo_of(kind, colour)])
        # Everybody is faithful to a colour; Rosa and Bluto have not seen the bags yet.
        events = []
        for number in range(30):
            colour = list(COLOURS)[number % len(COLOURS)]
            for place, kind in enumerate(KINDS):
                events.append(event(f"crowd{number}", place, f"{colour}-{kind}"))
                events.append(event(f"crowd{number}", 10 + place, f"{colour}-{kind}", "purchase"))
        for shopper, (_, _, colour) in TASTES.items():
            events += [event(shopper, 0, f"{colour}-cap"), event(shopper, 1, f"{colour}-scarf")]
        assert shelf.journal.append(events).accepted == len(events)
        signals = shelf._personal.live.statistics()
        assert signals is not None
        log, now = shelf.journal.log(), time.time()
        counted = count(
            signals.items,
            InteractionHistories(signals.items, log.interactions, now=now),
            log.impressions,
            until=now,
        )
        ModelStore(folder).save_statistics(counted)
        shelf._personal.live.statistics()  # a search does not wait for counts that are still being read
        yield shelf


@pytest.fixture(scope="module")
def address(shelf: Shelf) -> Iterator[str]:
    with running(create_app(shelf, shoppers=SHOPPERS)) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Callable[..., Any]]:
    # Events of a browser that says it is a machine's are a robot's.
    with visits(browser, address, user_agent=AGENT) as open_page:

        def visit(path: str = "/", **options: Any) -> Any:
            page = open_page(path, **options)
            expect(page.locator("#who-open")).to_have_attribute("aria-label", re.compile(": |："))
            return page

        yield visit


def become(page: Any, name: str) -> None:
    page.locator("#who-open").click()
    page.locator("#who-choices label").filter(has_text=name).first.click()
    expect(page.locator("#who-name")).to_have_text(name)
    page.locator("#who [data-close]").first.click()


def settled(page: Any) -> list[str]:
    expect(page.locator("#results")).to_have_attribute("aria-busy", "false")
    expect(page.locator(CARDS).first).to_be_visible()
    found: list[str] = page.locator(f"{CARDS} h3").all_inner_texts()
    return found


def rack(page: Any) -> list[str]:
    expect(page.locator("#for-you")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator(ITEMS).first).to_be_visible()
    found: list[str] = page.locator(f"{ITEMS} h4").all_inner_texts()
    return found


def overflows(page: Any) -> bool:
    wide: bool = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return wide


def test_nobody_sees_what_many_like_and_leaves_no_trace(visit: Callable[..., Any], shelf: Shelf) -> None:
    page = visit()
    before = shelf.journal.stats().events
    expect(page.locator("#who-name")).to_have_text("Guest")
    expect(page.locator("#for-you-title")).to_have_text("Trending")
    assert len(rack(page)) >= 8
    page.locator(f"{ITEMS} .open").first.click()
    expect(page.locator("#drawer")).to_be_visible()
    expect(page.locator("#drawer .act")).to_have_count(0)
    assert shelf.journal.stats().events == before


def test_the_same_query_is_ordered_for_whom_it_is(visit: Callable[..., Any]) -> None:
    page = visit()
    page.locator("#words").fill("bag")
    page.locator("#words").press("Enter")
    orders = {}
    for shopper in SHOPPERS[:2]:
        settled(page)
        with page.expect_response("**/v1/search"):
            become(page, shopper.name_en)
        orders[shopper.id] = [title for title in settled(page) if title.endswith("bag")]
    assert orders["rosa"][0] == "Red bag"
    assert orders["bluto"][0] == "Blue bag"


def test_why_says_what_the_shopper_did_to_it(visit: Callable[..., Any]) -> None:
    page = visit()
    become(page, "Vera")
    page.locator("#words").fill("bag")
    page.locator("#words").press("Enter")
    settled(page)
    page.locator(CARDS).filter(has_text="Green bag").locator(".because").click()
    why = page.locator("#why")
    expect(why).to_contain_text("This shopper")
    expect(why).to_contain_text("This shopper’s history moves it up.")
    expect(why).to_contain_text("Vera often chooses: green")
    values = [float(one.get_attribute("value")) for one in why.locator("li .value").all()]
    assert sum(values) == pytest.approx(float(why.locator(".score .value").get_attribute("value")), abs=1e-6)
    page.locator("#drawer [data-close]").first.click()
    page.locator("[data-language=zh]").click()
    page.locator(CARDS).filter(has_text="绿色手提包").locator(".because").click()
    expect(page.locator("#why")).to_contain_text("这位顾客的历史行为让它更靠前。")
    expect(page.locator("#why")).to_contain_text("小绿常选：green")


def test_for_you_is_for_whom_it_is_and_says_why(visit: Callable[..., Any]) -> None:
    page = visit()
    become(page, "Bluto")
    expect(page.locator("#for-you-title")).to_have_text("Recommended for Bluto")
    assert rack(page)[0] == "Blue bag"
    expect(page.locator(f"{ITEMS} .reason").first).to_contain_text("Blue")
    page.locator("[data-language=zh]").click()
    expect(page.locator("#for-you-title")).to_have_text("为小蓝推荐")
    assert rack(page)[0] == "蓝色手提包"
    expect(page.locator(f"{ITEMS} .reason").first).to_contain_text("蓝色")
    # It is remembered on the next visit.
    page.reload()
    expect(page.locator("#who-name")).to_have_text("小蓝")
    become(page, "小红")
    expect(page.locator("#for-you-title")).to_have_text("为小红推荐")
    assert rack(page)[0] == "红色手提包"


def test_a_product_has_what_is_like_it_and_what_goes_with_it(visit: Callable[..., Any]) -> None:
    page = visit()
    page.locator(f"{ITEMS} .open").first.click()
    drawer = page.locator("#drawer")
    title = drawer.locator("h2").inner_text()
    racks = drawer.locator(".rack")
    expect(racks.filter(has_text="Similar products").locator(".item:not(.skeleton)").first).to_be_visible()
    look = racks.filter(has_text="Complete the look").locator(".item:not(.skeleton)")
    expect(look.first).to_be_visible()
    # One of each other kind, of the same colour.
    assert look.count() == 2
    assert {one.split()[0] for one in look.locator("h4").all_inner_texts()} == {title.split()[0]}
    look.first.locator(".open").click()
    expect(drawer.locator("h2")).not_to_have_text(title)
    expect(drawer.locator("#why")).to_contain_text("Goes with")


def test_what_i_do_is_told_with_its_place_and_known_at_once(visit: Callable[..., Any], shelf: Shelf) -> None:
    page = visit()
    become(page, "Me")
    page.locator("#words").fill("green cap")
    page.locator("#words").press("Enter")
    settled(page)
    with page.expect_response("**/v1/events") as response:
        page.locator(f"{CARDS} .open").first.click()
    sent = response.value.request.post_data_json
    assert response.value.json()["accepted"] == 1
    assert sent["action_name"] == "click"
    assert sent["event_attributes"] == {"object": {"object_id": "green-cap"}, "position": {"ordinal": 1}}
    shown = shelf.journal.impression(sent["query_id"])
    assert shown is not None
    assert shown.products[0] == "green-cap"
    with page.expect_response("**/v1/events") as response:
        page.locator("#drawer .act").filter(has_text="Add to cart").click()
    assert response.value.request.post_data_json["action_name"] == "cart"
    expect(page.locator("#drawer .act").first).to_have_text("In cart")
    expect(page.locator("#drawer .act").first).to_be_disabled()
    with page.expect_response("**/v1/events"):
        page.locator("#drawer .act").filter(has_text="Buy now").click()
    page.locator("#drawer [data-close]").first.click()
    page.locator(".brand").click()
    assert any(title.startswith("Green") for title in rack(page)[:2])
    assert "Green cap" not in rack(page)

    # What is known of me, and that it can be forgotten.
    page.locator("#who-open").click()
    known = page.locator("#who-known")
    expect(known).to_contain_text(re.compile(r"\d interactions"))
    expect(known).to_contain_text("green")
    me = sent["client_id"]
    assert [one.kind for one in shelf.journal.profile(me).recent] == ["click", "cart", "purchase"]
    page.locator("#who-forget").click()
    expect(known).to_have_text("The profile has been deleted.")
    assert shelf.journal.profile(me).events == 0
    assert page.evaluate("localStorage.getItem('shopper')") != me


def test_the_switch_by_keyboard(visit: Callable[..., Any]) -> None:
    page = visit()
    page.locator("#who-open").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#who input:checked")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#who-name")).to_have_text("Rosa")
    expect(page.locator("#who input:checked")).to_be_focused()
    expect(page.locator("#who-known")).to_contain_text(re.compile(r"\d+ interactions"))
    page.keyboard.press("Escape")
    expect(page.locator("#who")).to_be_hidden()
    expect(page.locator("#who-open")).to_be_focused()
    assert rack(page)[0] == "Red bag"


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
def test_on_a_phone_nothing_is_wider_than_the_screen(visit: Callable[..., Any], language: str) -> None:
    page = visit(locale=language, **PHONE)
    assert not overflows(page)
    become(page, "Vera" if language == "en-GB" else "小绿")
    rack(page)
    assert not overflows(page)
    page.locator("#who-open").click()
    expect(page.locator("#who-known dl")).to_be_visible()
    assert not overflows(page)
    page.locator("#who [data-close]").first.click()
    page.locator("#words").fill("bag")
    page.locator("#words").press("Enter")
    settled(page)
    assert not overflows(page)
    page.locator(f"{CARDS} .open").first.click()
    expect(page.locator("#drawer .rack .item:not(.skeleton)").first).to_be_visible()
    assert not overflows(page)


def test_nothing_jumps_when_the_rack_comes(visit: Callable[..., Any]) -> None:
    page = visit("/")
    rack(page)
    height = page.locator("#for-you").bounding_box()["height"]
    page.route("**/v1/recommendations*", lambda route: (time.sleep(0.5), route.continue_()))
    page.reload()
    expect(page.locator("#for-you .skeleton").first).to_be_visible()
    assert page.locator("#for-you").bounding_box()["height"] == pytest.approx(height, abs=1)
    rack(page)
    assert page.locator("#for-you").bounding_box()["height"] == pytest.approx(height, abs=1)


def test_a_server_that_does_not_recommend_leaves_the_page_as_it_was(visit: Callable[..., Any]) -> None:
    page = visit(expect_errors=True)
    page.route("**/v1/recommendations*", lambda route: route.abort())
    page.reload()
    expect(page.locator("#stats")).not_to_be_empty()
    expect(page.locator("#for-you")).to_be_hidden()
    page.locator("#words").fill("red cap")
    page.locator("#words").press("Enter")
    assert settled(page)[0] == "Red cap"
