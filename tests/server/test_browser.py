"""The page in a real browser, against a real server and shelf."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from snapshelf.server import create_app
from snapshelf.shelf import Shelf
from tests.server.browser import CARDS, PHONE, chromium, expect, sync_api, visits, wait_until
from tests.server.drawn_shop import base64_of, draw, encoded, path_of, photo_of, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import httpx

pytestmark = pytest.mark.browser

PHOTOS = "#photos img"
TAGS = "#chips .tag:not(.read)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Callable[..., Any]]:
    with visits(browser, address) as visit:
        yield visit


def file_of(photo: bytes, name: str = "photo.jpg", kind: str = "image/jpeg") -> dict[str, Any]:
    return {"name": name, "mimeType": kind, "buffer": photo}


def search_words(page: Any, words: str) -> None:
    page.locator("#words").fill(words)
    page.locator("#words").press("Enter")
    see_hits(page)


def see_hits(page: Any) -> None:
    """Wait for the hits; for all of them also where they are no good match."""
    expect(page.locator("#results")).to_have_attribute("aria-busy", "false")
    expect(page.locator(CARDS).first).to_be_visible()
    if page.locator("#show-all").is_visible():
        page.locator("#show-all").click()


def choose_photo(page: Any, photo: bytes) -> None:
    with page.expect_file_chooser() as chooser:
        page.locator("#choose").click()
    chooser.value.set_files(file_of(photo))
    see_hits(page)


def titles(page: Any) -> list[str]:
    found: list[str] = page.locator(f"{CARDS} h3").all_inner_texts()
    return found


def carrying(page: Any, photo: bytes, kind: str = "image/jpeg") -> Any:
    """A DataTransfer with a file, as drops and pastes bring it."""
    return page.evaluate_handle(
        """([data, type]) => {
            const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], "photo", { type }));
            return transfer;
        }""",
        [base64_of(photo), kind],
    )


def overflows(page: Any) -> bool:
    wide: bool = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return wide


def test_home(visit: Callable[..., Any]) -> None:
    page = visit()
    expect(page.locator("h1")).to_have_text("Seen it? Find it.")
    expect(page.locator("#intro-text")).to_contain_text("15 products")
    expect(page.locator("#example-photos button")).to_have_count(2)
    expect(page.locator("#example-words button")).to_have_text(["green ball"])
    expect(page.locator("#results")).to_be_hidden()


def test_browsing(visit: Callable[..., Any]) -> None:
    page = visit()
    shop = page.locator("#shop")
    expect(shop.locator(".item:not(.skeleton)")).to_have_count(12)
    # "Home" is the category of everything, so it leads nowhere.
    expect(shop.locator("nav button")).to_have_text(["Bag5", "Ball5", "Mug5"])
    shop.locator("nav button", has_text="Mug").click()
    expect(page.locator(CARDS)).to_have_count(5)
    assert {title.split()[1] for title in titles(page)} == {"mug"}
    expect(page.locator("#results-title")).to_have_text("Mug")
    expect(page.locator("#results-meta")).to_contain_text("5 products")
    expect(page.locator(TAGS)).to_have_text(["Category: Mug"])
    expect(page.locator("#sort option").first).to_have_text("Featured")
    page.locator("#sort").select_option(label="Price: high to low")
    assert "sort=-price&is.category=Mug" in page.url
    page.locator("#facets [data-key='colour=red']").check()
    expect(page.locator(CARDS)).to_have_count(1)
    page.reload()
    expect(page.locator(CARDS)).to_have_count(1)
    page.go_back()
    expect(page.locator(CARDS)).to_have_count(5)
    # Words search the whole shop again or a part of it, as the filters say.
    search_words(page, "red")
    assert titles(page)[0] == "Red mug"
    page.locator(".brand").click()
    expect(page.locator("#browse-all")).to_have_text("Show all 15 products")
    page.locator("#browse-all").click()
    expect(page.locator(CARDS)).to_have_count(15)
    expect(page.locator("#results-title")).to_have_text("All products")
    expect(page.locator("#sort")).to_have_value("bestselling")
    page.locator("[data-language=zh]").click()
    expect(page.locator("#results-title")).to_have_text("全部商品")


def test_an_order_that_the_words_ask_for(visit: Callable[..., Any]) -> None:
    page = visit()
    search_words(page, "cheapest home under 500")
    expect(page.locator("#sort")).to_have_value("price")
    order = page.locator(".tag.read", has_text="cheapest first")
    expect(order).to_have_attribute("title", "Order, from “cheapest”")
    expect(page.locator(CARDS).first.locator(".price")).to_have_text("¥20.50")
    page.locator("#sort").select_option(label="Price: high to low")
    expect(page.locator(CARDS).first.locator(".price")).to_have_text("¥22.50")
    expect(order).to_have_count(0)
    page.go_back()
    expect(page.locator("#sort")).to_have_value("price")
    page.locator("#sort").select_option(label="Best match")
    expect(page.locator("#sort")).to_have_value("relevance")
    expect(order).to_have_count(0)
    page.go_back()
    order.locator(".remove").click()
    expect(page.locator("#sort")).to_have_value("relevance")
    expect(page.locator(".tag.dropped")).to_have_text("sort = price")


def test_words(visit: Callable[..., Any]) -> None:
    page = visit()
    search_words(page, "red mug")
    assert titles(page)[0] == "Red mug"
    card = page.locator(CARDS).first
    expect(card.locator(".brand-name")).to_have_text("Kiln & Co")
    expect(card.locator(".price")).to_have_text("¥20.50")
    expect(page.locator("#results-title")).to_have_text("“red mug”")
    # What belongs to the result is counted, and nothing else.
    expect(page.locator(CARDS)).to_have_count(1)
    expect(page.locator("#results-meta")).to_contain_text("1 product")
    expect(page.locator("#results-meta")).to_contain_text(re.compile(r"\d ms"))
    expect(page.locator("#live")).to_have_text("1 product")
    for image in page.locator(f"{CARDS} img").all()[:5]:
        assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0


def test_sold_out(visit: Callable[..., Any]) -> None:
    page = visit()
    search_words(page, "green ball")
    sold_out = page.locator(CARDS).filter(has_text="Green ball")
    expect(sold_out.locator(".badge")).to_have_text("Sold out")
    expect(page.locator(".badge:visible")).to_have_count(1)


def test_chosen_photo(visit: Callable[..., Any]) -> None:
    page = visit()
    choose_photo(page, photo_of("bag", "blue"))
    assert titles(page)[0] == "Blue bag"
    expect(page.locator(PHOTOS)).to_have_count(1)
    expect(page.locator("#results-title")).to_have_text("Similar to your photo")


def test_dropped_photo(visit: Callable[..., Any]) -> None:
    page = visit()
    transfer = carrying(page, photo_of("mug", "green"))
    page.dispatch_event("body", "dragover", {"dataTransfer": transfer})
    expect(page.locator("#drop")).to_have_class(re.compile("shown"))
    page.dispatch_event("body", "drop", {"dataTransfer": transfer})
    see_hits(page)
    expect(page.locator("#drop")).not_to_have_class(re.compile("shown"))
    assert titles(page)[0] == "Green mug"


def test_pasted_photo(visit: Callable[..., Any]) -> None:
    page = visit()
    transfer = carrying(page, encoded(draw("ball", "black"), "PNG"), "image/png")
    page.evaluate(
        """(clipboardData) => document.getElementById("words").dispatchEvent(
            new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }))""",
        transfer,
    )
    see_hits(page)
    assert titles(page)[0] == "Black ball"


def test_photo_taken_with_the_camera(visit: Callable[..., Any]) -> None:
    page = visit()
    page.locator("#take").click()
    expect(page.locator("#shutter")).to_be_enabled()
    page.locator("#shutter").click()
    expect(page.locator("#camera")).to_be_hidden()
    expect(page.locator(PHOTOS)).to_have_count(1)
    expect(page.locator(CARDS).first).to_be_visible()
    assert page.evaluate("document.getElementById('video').srcObject") is None


def test_camera_closed_without_a_photo(visit: Callable[..., Any]) -> None:
    page = visit()
    page.locator("#take").click()
    expect(page.locator("#shutter")).to_be_enabled()
    page.keyboard.press("Escape")
    expect(page.locator("#camera")).to_be_hidden()
    expect(page.locator(PHOTOS)).to_have_count(0)


def test_phone_without_https_takes_photos_through_its_camera_app(visit: Callable[..., Any]) -> None:
    page = visit(**PHONE)
    page.add_init_script("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
    page.reload()
    with page.expect_file_chooser() as chooser:
        page.locator("#take").click()
    assert chooser.value.element.get_attribute("capture") == "environment"
    chooser.value.set_files(file_of(photo_of("mug", "blue")))
    see_hits(page)
    assert titles(page)[0] == "Blue mug"


def test_photo_and_words(visit: Callable[..., Any]) -> None:
    page = visit()
    choose_photo(page, photo_of("bag", "red"))
    with page.expect_response("**/v1/search") as response:
        search_words(page, "blue")
    assert {"photo", "text_image"} <= response.value.json()["hits"][0]["contributions"].keys()
    expect(page.locator("#results-title")).to_have_text("Similar to your photo, with “blue”")
    page.get_by_label("Remove photo").click()
    expect(page.locator("#results-title")).to_have_text("“blue”")
    expect(page.locator(PHOTOS)).to_have_count(0)
    expect(page.locator("#words")).to_be_focused()


def test_large_photo_is_made_small_before_it_is_sent(visit: Callable[..., Any]) -> None:
    page = visit()
    large = encoded(draw("mug", "red", size=3_000).resize((3_000, 2_400)), "PNG")
    choose_photo(page, large)
    # The picture beside the words is what is sent.
    size = page.locator(PHOTOS).evaluate("image => [image.naturalWidth, image.naturalHeight]")
    assert size == [1024, 819]
    assert titles(page)[0] == "Red mug"


def test_similar(visit: Callable[..., Any]) -> None:
    page = visit()
    search_words(page, "yellow ball")
    page.locator(CARDS).filter(has_text="Yellow ball").locator(".more").click()
    expect(page.locator("#results-title")).to_have_text("Similar to Yellow ball")
    expect(page.locator(CARDS)).to_have_count(14)
    assert "Yellow ball" not in titles(page)
    page.reload()
    expect(page.locator("#results-title")).to_have_text("Similar to Yellow ball")


def test_why_adds_up_to_the_score(visit: Callable[..., Any]) -> None:
    page = visit()
    choose_photo(page, photo_of("bag", "red"))
    with page.expect_response("**/v1/search") as response:
        search_words(page, "blue bag")
    hits = response.value.json()["hits"]
    why = page.locator("#drawer .why")
    assert hits
    for index in range(min(3, len(hits))):
        page.locator(CARDS).nth(index).locator(".because").click()
        values = [float(text) for text in why.locator("li .value").all_inner_texts()]
        score = float(why.locator(".score .value").inner_text())
        assert len(values) == len(hits[index]["contributions"])
        assert round(sum(values), 3) == score == round(hits[index]["score"], 3)
        widths = [box.bounding_box()["width"] for box in why.locator(".bar").all()]
        assert [widths.index(width) for width in sorted(widths)] == [
            values.index(value) for value in sorted(values)
        ]
        expect(why).to_contain_text("Matching words:")
        page.keyboard.press("Escape")
    expect(why).to_contain_text("Similar photo")


def test_heat_map_over_both_photos(visit: Callable[..., Any]) -> None:
    page = visit()
    choose_photo(page, photo_of("bag", "red"))
    page.locator(CARDS).first.locator(".because").click()
    maps = page.locator("#maps canvas")
    expect(maps).to_have_count(2)
    expect(page.locator("#maps figcaption")).to_have_text(["Your photo", "This product"])
    painted = """canvas => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return new Set(data.filter((_, at) => at % 4 === 3)).size;
    }"""
    assert all(maps.nth(at).evaluate(painted) > 3 for at in range(2))
    page.keyboard.press("Escape")
    # From the photo, the map is asked for on demand.
    page.locator(CARDS).first.locator(".open").click()
    expect(page.locator("#maps canvas")).to_have_count(0)
    page.get_by_role("button", name="Show which parts of the photo matter").click()
    expect(page.locator("#maps canvas")).to_have_count(2)


def test_details(visit: Callable[..., Any]) -> None:
    page = visit()
    search_words(page, "black bag")
    page.locator(CARDS).filter(has_text="Black bag").locator(".open").click()
    drawer = page.locator("#drawer")
    expect(drawer.locator("h2")).to_have_text("Black bag")
    expect(drawer).to_contain_text("Home › Bag")
    expect(drawer).to_contain_text("7 in stock")
    expect(drawer).to_contain_text("A black bag for every day.")
    expect(drawer.locator("dt")).to_have_text(["Colour", "Rating"])
    link = drawer.locator("a")
    assert link.get_attribute("href") == "https://shop.example/black-bag"
    assert "noopener" in link.get_attribute("rel")
    drawer.locator(".primary").click()
    expect(drawer).to_be_hidden()
    expect(page.locator("#results-title")).to_have_text("Similar to Black bag")


def test_examples(visit: Callable[..., Any]) -> None:
    page = visit()
    page.locator("#example-words button").click()
    expect(page.locator("#words")).to_have_value("绿色 球")
    expect(page.locator(CARDS).first.locator("h3")).to_have_text("Green ball")
    page.locator(".brand").click()
    expect(page.locator("#examples")).to_be_visible()
    page.get_by_text("This bag, in blue").click()
    expect(page.locator("#results-title")).to_have_text("Similar to your photo, with “blue”")


def test_language(visit: Callable[..., Any]) -> None:
    page = visit()
    search_words(page, "red mug")
    page.locator("[data-language=zh]").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    assert titles(page)[0] == "红色马克杯"
    expect(page.locator(".go")).to_contain_text("搜索")
    expect(page.locator("#words")).to_have_attribute("placeholder", "描述商品，或添加照片")
    page.locator(CARDS).first.locator(".because").click()
    expect(page.locator("#drawer .why")).to_contain_text("得分")
    page.keyboard.press("Escape")
    wait_until(page, "!history.state.drawer.length")
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.locator(CARDS).first.locator("h3")).to_have_text("红色马克杯")
    page.locator("[data-language=en]").click()
    assert titles(page)[0] == "Red mug"


def test_language_of_the_browser(visit: Callable[..., Any]) -> None:
    page = visit(locale="zh-CN")
    expect(page.locator("h1")).to_have_text("看见了，就能找到。")
    expect(page.locator("#example-words button")).to_have_text(["绿色的球"])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_everything_has_a_name(visit: Callable[..., Any], language: str) -> None:
    page = visit()
    page.locator(f"[data-language={language}]").click()
    search_words(page, "red")
    page.locator(CARDS).first.locator(".open").click()
    nameless = page.evaluate(
        """[...document.querySelectorAll("button, a, input:not([hidden]), select, textarea, summary")]
            .filter((e) => !e.getAttribute("aria-label") && !e.textContent.trim() && !e.labels?.length)
            .map((e) => e.outerHTML)"""
    )
    assert nameless == []
    assert page.evaluate("[...document.images].every((image) => image.hasAttribute('alt'))")


def test_address_and_history(visit: Callable[..., Any]) -> None:
    page = visit("/?q=blue+mug")
    expect(page.locator(CARDS).first.locator("h3")).to_have_text("Blue mug")
    expect(page.locator("#words")).to_have_value("blue mug")
    choose_photo(page, photo_of("ball", "red"))
    page.locator("#words").fill("绿色")
    page.locator("#words").press("Enter")
    expect(page.locator("#results-title")).to_have_text("Similar to your photo, with “绿色”")
    assert page.url.endswith("?q=%E7%BB%BF%E8%89%B2")
    page.go_back()
    expect(page.locator("#results-title")).to_have_text("Similar to your photo, with “blue mug”")
    expect(page.locator(PHOTOS)).to_have_count(1)
    page.go_back()
    expect(page.locator("#results-title")).to_have_text("“blue mug”")
    expect(page.locator(PHOTOS)).to_have_count(0)
    page.go_forward()
    expect(page.locator(PHOTOS)).to_have_count(1)


def test_keyboard(visit: Callable[..., Any]) -> None:
    page = visit()
    focused = page.locator(":focus")
    page.keyboard.press("/")
    expect(page.locator("#words")).to_be_focused()
    page.keyboard.type("home /")
    expect(page.locator("#words")).to_have_value("home /")
    page.keyboard.press("Enter")
    cards = page.locator(f"{CARDS} .open")
    expect(cards.first).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.press("ArrowDown")
    expect(cards.nth(0)).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(cards.nth(1)).to_be_focused()
    page.keyboard.press("ArrowDown")
    first_row = page.evaluate(
        """(selector) => { const cards = [...document.querySelectorAll(selector)];
            return cards.filter((card) => card.offsetTop === cards[0].offsetTop).length; }""",
        CARDS,
    )
    expect(cards.nth(1 + first_row)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    expect(cards.nth(0)).to_be_focused()
    page.keyboard.press("End")
    expect(cards.last).to_be_focused()
    page.keyboard.press("Home")
    assert focused.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.locator("#drawer")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).to_be_hidden()
    expect(cards.nth(0)).to_be_focused()
    for _ in range(4):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#why")).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(page.locator(CARDS).first.locator(".because")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.locator("#words")).to_be_focused()


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_phone(visit: Callable[..., Any], locale: str) -> None:
    page = visit(**PHONE, locale=locale)
    assert not overflows(page)
    choose_photo(page, photo_of("bag", "red"))
    assert not overflows(page)
    search_words(page, "blue" * 40)
    page.locator(CARDS).first.locator(".because").click()
    expect(page.locator("#why")).to_be_in_viewport()
    assert not overflows(page)
    page.locator("#drawer [data-close]").click()
    tops = page.locator(CARDS).evaluate_all("cards => cards.map((card) => card.offsetTop)")
    assert tops[0] == tops[1] < tops[2]
    page.locator(CARDS).first.locator(".open").click()
    expect(page.locator("#drawer h2")).to_be_visible()
    assert not overflows(page)
    for button in page.locator(f"{CARDS} .tools button").all()[:2]:
        assert button.bounding_box()["height"] >= 40


@pytest.mark.parametrize("width", [320, 600, 721, 768, 1024, 1920])
def test_every_width(visit: Callable[..., Any], width: int) -> None:
    page = visit(viewport={"width": width, "height": 800})
    assert not overflows(page)
    choose_photo(page, photo_of("bag", "red"))
    assert not overflows(page)
    language = page.locator("[data-language=zh]").bounding_box()
    assert language["x"] + language["width"] <= width


def test_dark(visit: Callable[..., Any]) -> None:
    def brightness(page: Any, what: str) -> float:
        rgb = page.evaluate(f"getComputedStyle(document.body).{what}.match(/\\d+/g).map(Number)")
        return sum(rgb[:3]) / 765

    light, dark = visit(color_scheme="light"), visit(color_scheme="dark")
    assert brightness(light, "backgroundColor") > 0.9 > 0.3 > brightness(light, "color")
    assert brightness(dark, "backgroundColor") < 0.15 < 0.8 < brightness(dark, "color")


def test_less_motion(visit: Callable[..., Any]) -> None:
    page = visit(reduced_motion="reduce")
    search_words(page, "red")
    page.locator(CARDS).first.locator(".open").click()
    assert page.evaluate("document.getAnimations().length") == 0


def test_skeletons_until_the_answer_comes(visit: Callable[..., Any]) -> None:
    page = visit()
    held: list[Any] = []
    page.route("**/v1/search", lambda route: held.append(route))
    page.locator("#words").fill("red")
    page.locator("#words").press("Enter")
    expect(page.locator("#grid .skeleton").first).to_be_visible()
    expect(page.locator("#results")).to_have_attribute("aria-busy", "true")
    while not held:  # the test's own time limit ends this
        page.wait_for_timeout(10)
    held[0].continue_()
    expect(page.locator(CARDS).first).to_be_visible()
    expect(page.locator("#grid .skeleton")).to_have_count(0)


def test_only_the_last_of_two_searches_is_shown(visit: Callable[..., Any]) -> None:
    page = visit()
    held: list[Any] = []
    page.route("**/v1/search", lambda route: route.fallback() if held else held.append(route))
    page.locator("#words").fill("red mug")
    page.locator("#words").press("Enter")
    expect(page.locator("#grid .skeleton").first).to_be_visible()
    while not held:
        page.wait_for_timeout(10)
    search_words(page, "blue bag")
    with suppress(sync_api.Error):  # the page may have called the first one off already
        held[0].continue_()
    page.wait_for_load_state("networkidle")
    assert titles(page)[0] == "Blue bag"
    expect(page.locator("#results-title")).to_have_text("“blue bag”")


def test_empty_query_asks_for_one(visit: Callable[..., Any]) -> None:
    page = visit()
    page.locator(".go").click()
    expect(page.locator("#words")).to_be_focused()
    expect(page.locator("#live")).to_have_text("Type a few words or add a photo.")
    expect(page.locator("#results")).to_be_hidden()


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (file_of(b"words", "notes.txt", "text/plain"), "This file is not a photo."),
        (file_of(b"no photo", "broken.jpg"), "This photo cannot be read."),
    ],
)
def test_unusable_photo(visit: Callable[..., Any], file: dict[str, Any], message: str) -> None:
    page = visit(expect_errors=True)
    page.locator("#file").set_input_files(file)
    expect(page.locator("#notice")).to_contain_text(message)
    expect(page.locator("#live")).to_contain_text(message)
    if page.locator(PHOTOS).count():
        page.get_by_label("Remove photo").click()
    search_words(page, "red mug")
    assert titles(page)[0] == "Red mug"
    expect(page.locator("#notice")).to_be_hidden()


def test_server_gone(visit: Callable[..., Any]) -> None:
    page = visit(expect_errors=True)
    page.route("**/v1/search", lambda route: route.abort())
    page.locator("#words").fill("red")
    page.locator("#words").press("Enter")
    expect(page.locator("#notice")).to_contain_text("The server does not answer.")


def test_empty_shelf(visit: Callable[..., Any], tmp_path: Path) -> None:
    with Shelf.open(tmp_path / "shelf") as shelf, running(create_app(shelf)) as address:
        page = visit("/?q=anything", at=address)
        expect(page.locator("#notice")).to_contain_text("This shelf is empty")
        page.locator(".brand").click()
        expect(page.locator("#examples")).to_be_hidden()


def choose_value(page: Any, field: str, value: str) -> None:
    """Tick or untick a value of a facet, and wait for the new hits."""
    with page.expect_response("**/v1/search"):
        page.locator(f'.facet[data-field="{field}"] label').filter(has_text=value).locator("input").click()
    expect(page.locator("#results")).to_have_attribute("aria-busy", "false")


def counts(page: Any, field: str) -> dict[str, str]:
    rows = page.locator(f'.facet[data-field="{field}"] .values li')
    names, numbers = rows.locator(".name").all_inner_texts(), rows.locator(".number").all_inner_texts()
    return dict(zip(names, numbers, strict=True))


def test_facets_narrow_down_and_keep_their_siblings(visit: Callable[..., Any]) -> None:
    page = visit()
    search_words(page, "home")
    assert counts(page, "colour") == dict.fromkeys(("Red", "Blue", "Green", "Yellow", "Black"), "3")
    choose_value(page, "colour", "red")
    expect(page.locator(CARDS)).to_have_count(3)
    assert set(counts(page, "colour").values()) == {"3"}
    assert counts(page, "category")["Mug"] == "1"
    # Whoever chooses by keyboard goes on from where they were.
    expect(page.locator('[data-key="colour=red"]')).to_be_focused()
    choose_value(page, "colour", "blue")
    choose_value(page, "category", "Mug")
    assert sorted(titles(page)) == ["Blue mug", "Red mug"]
    expect(page.locator(TAGS)).to_have_text(["Colour: red", "Colour: blue", "Category: Mug"])
    page.reload()
    see_hits(page)
    expect(page.locator(CARDS)).to_have_count(2)
    page.locator(TAGS).filter(has_text="blue").locator(".remove").click()
    expect(page.locator(CARDS)).to_have_count(1)
    page.locator("#chips .clear").click()
    expect(page.locator(CARDS)).to_have_count(15)
    page.go_back()
    see_hits(page)
    expect(page.locator(CARDS)).to_have_count(1)


def test_slider(visit: Callable[..., Any]) -> None:
    page = visit()
    search_words(page, "home")
    price = page.locator('.facet[data-field="price"]')
    expect(price.locator(".bars span")).to_have_count(20)
    with page.expect_response("**/v1/search"):
        price.locator("input.low").press("ArrowRight")
    expect(page.locator(CARDS)).to_have_count(10)
    assert price.locator("input.low").get_attribute("aria-valuetext").startswith("¥20.6")
    expect(page.locator('[data-key="price:low"]')).to_be_focused()
    price.get_by_label("Price: maximum").last.fill("22")
    price.get_by_label("Price: maximum").last.press("Enter")
    expect(page.locator(CARDS)).to_have_count(5)
    assert {title.split()[1] for title in titles(page)} == {"ball"}
    expect(page.locator(TAGS)).to_have_text(["Price: ¥20.60 – ¥22"])
    assert "in.price=20.6..22" in page.url
    page.locator(f"{TAGS} .remove").click()
    expect(page.locator(CARDS)).to_have_count(15)


def test_sorting(visit: Callable[..., Any]) -> None:
    page = visit()
    search_words(page, "home under 500")
    page.locator("#sort").select_option(label="Price: low to high")
    expect(page.locator(CARDS).first.locator(".price")).to_have_text("¥20.50")
    page.locator("#sort").select_option(label="Top rated")
    expect(page.locator(CARDS).first.locator(".price")).to_have_text("¥22.50")
    assert "sort=rating" in page.url
    page.reload()
    expect(page.locator("#sort")).to_have_value("rating")


def test_more_of_it(visit: Callable[..., Any], put: Callable[..., httpx.Response]) -> None:
    for number in range(51):
        assert put(f"spare-{number}", title=f"Spare part {number:02}").status_code == 201
    page = visit("/?q=spare+part")
    expect(page.locator(CARDS)).to_have_count(48)
    expect(page.locator("#more-count")).to_have_text("48 of 51 products")
    page.locator("#more-button").click()
    expect(page.locator(CARDS)).to_have_count(51)
    expect(page.locator("#more")).to_be_hidden()
    expect(page.locator(f"{CARDS} .open").nth(48)).to_be_focused()
    assert len(set(titles(page))) == 51


def test_chips_of_what_was_read_from_the_words(visit: Callable[..., Any]) -> None:
    page = visit()
    search_words(page, "red mug under 21")
    price = page.locator(".tag.read:not(.soft)").filter(has_text="21")
    expect(price).to_have_count(1)
    assert {title.split()[1] for title in titles(page)} == {"mug"}
    page.locator("[data-language=zh]").click()
    expect(page.locator(".tag.soft").filter(has_text="红色")).to_have_count(1)
    page.locator("[data-language=en]").click()
    price.locator(".remove").click()
    expect(price).to_have_count(0)
    dropped = page.locator(".tag.dropped")
    expect(dropped).to_have_count(1)
    dropped.locator(".remove").click()
    expect(price).to_have_count(1)
    expect(page.locator(".tag.dropped")).to_have_count(0)


def test_a_preferred_fact_can_be_insisted_on(visit: Callable[..., Any]) -> None:
    page = visit()
    search_words(page, "red bag")
    page.locator(".tag.soft .what").filter(has_text="red").click()
    only = page.locator(".tag.only .what")
    expect(only).to_have_attribute("aria-pressed", "true")
    see_hits(page)
    assert {title.split()[0] for title in titles(page)} == {"Red"}
    assert "only=" in page.url
    page.reload()
    expect(only).to_have_attribute("aria-pressed", "true")
    only.click()
    expect(only).to_have_count(0)
    expect(page.locator(".tag.soft")).to_have_count(1)


def test_filter_in_writing(visit: Callable[..., Any]) -> None:
    page = visit(expect_errors=True)
    search_words(page, "home")
    page.locator("#expert summary").click()
    page.locator("#where").fill("in_stock AND colr = red")
    page.locator("#where").press("Enter")
    expect(page.locator("#where-error")).to_contain_text("At character 14: unknown field 'colr'")
    expect(page.locator("#where-error mark")).to_have_text("c")
    expect(page.locator("#where")).to_be_focused()
    assert page.locator("#where").evaluate("box => [box.selectionStart, box.selectionEnd]") == [13, 14]
    expect(page.locator(CARDS)).to_have_count(15)
    page.locator("#where").fill("colour = red AND price > 21")
    page.locator("#where").press("Enter")
    expect(page.locator("#where-error")).to_be_hidden()
    expect(page.locator(CARDS)).to_have_count(2)
    expect(page.locator(TAGS)).to_have_text(["colour = red AND price > 21"])
    page.goto("/?q=home&where=price+%3C")
    expect(page.locator("#notice")).to_contain_text("The filter is not valid")
    page.get_by_role("button", name="Clear filters").click()
    see_hits(page)
    expect(page.locator(CARDS)).to_have_count(15)


def test_nothing_left(visit: Callable[..., Any]) -> None:
    page = visit("/?q=home&where=price+%3E+900")
    expect(page.locator("#notice")).to_contain_text("Try removing some filters.")
    page.get_by_role("button", name="Clear filters").click()
    see_hits(page)
    expect(page.locator(CARDS)).to_have_count(15)


def test_suggestions(visit: Callable[..., Any]) -> None:
    page = visit()
    words, options = page.locator("#words"), page.locator("#suggestions [role=option]")
    words.press_sequentially("gre")
    expect(options.first).to_be_visible()
    expect(words).to_have_attribute("aria-expanded", "true")
    first = options.first.locator(".what").inner_text()
    words.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(words).to_have_value(first)
    expect(words).to_have_attribute("aria-activedescendant", "suggestion-0")
    words.press("ArrowUp")
    expect(words).to_have_value("gre")
    words.press("Escape")
    expect(page.locator("#suggestions")).to_be_hidden()
    expect(words).to_have_value("gre")
    words.press_sequentially("e")
    options.first.click()
    expect(page.locator(CARDS).first).to_be_visible()
    expect(page.locator("#suggestions")).to_be_hidden()
    assert "q=" in page.url


def test_suggestions_by_pinyin(visit: Callable[..., Any]) -> None:
    page = visit(locale="zh-CN")
    page.locator("#words").press_sequentially("shoutib")
    option = page.locator("#suggestions [role=option]").filter(has_text="手提包").first
    option.click()
    expect(page.locator("#results-title")).to_contain_text("手提包")


def answered(page: Any, **members: Any) -> None:
    """Let the real answers of the next searches say this as well."""

    def change(route: Any) -> None:
        response = route.fetch()
        route.fulfill(response=response, json={**response.json(), **members})

    page.route("**/v1/search", change)


def test_no_good_match(visit: Callable[..., Any]) -> None:
    page = visit()
    with page.expect_response("**/v1/search") as response:
        search_words(page, "red mug")
    answered(page, no_good_match=True, near_misses=response.value.json()["hits"][:2])
    page.locator("#words").fill("fridge")
    page.locator("#words").press("Enter")
    expect(page.locator("#notice")).to_contain_text("No good match")
    expect(page.locator("#notice")).to_contain_text("These products come closest.")
    expect(page.locator(CARDS)).to_have_count(2)
    page.locator("#show-all").click()
    expect(page.locator(CARDS)).to_have_count(15)
    expect(page.locator("#notice")).to_be_hidden()


def test_nothing_even_close(visit: Callable[..., Any]) -> None:
    page = visit()
    answered(page, no_good_match=True, near_misses=[])
    page.locator("#words").fill("fridge")
    page.locator("#words").press("Enter")
    expect(page.locator("#notice")).to_contain_text("These products may not be what you want.")
    expect(page.locator(CARDS)).to_have_count(8)


def test_messages_before_the_hits(visit: Callable[..., Any]) -> None:
    page = visit()
    notes = [{"kind": "relaxed", "text": "in English", "values": {"chip": "price < 5", "text": "under 5"}}]
    answered(
        page, searched_as="red mug", notes=notes, redirect="https://shop.example/mugs", related=["blue mug"]
    )
    search_words(page, "red mugg")
    messages = page.locator("#messages")
    expect(messages).to_contain_text("Showing results for")
    expect(messages).to_contain_text("No product matches “under 5” together with the rest")
    assert messages.locator("a").get_attribute("href") == "https://shop.example/mugs"
    page.locator("[data-language=zh]").click()
    expect(messages).to_contain_text("没有商品同时符合“under 5”")
    page.locator("[data-language=en]").click()
    with page.expect_request("**/v1/search") as request:
        messages.get_by_role("button", name="Search for “red mugg” instead").click()
    assert "understand" in request.value.post_data_buffer.decode(errors="replace")
    see_hits(page)
    page.get_by_role("button", name="blue mug", exact=True).click()
    expect(page.locator("#words")).to_have_value("blue mug")
    see_hits(page)


def test_redirect_that_is_no_address_is_no_link(visit: Callable[..., Any]) -> None:
    page = visit()
    answered(page, redirect="javascript:document.title='owned'", did_you_mean="red mug")
    search_words(page, "red mugg")
    expect(page.locator("#messages")).to_contain_text("Did you mean")
    expect(page.locator("#messages a")).to_have_count(0)


def test_corrected_words(visit: Callable[..., Any]) -> None:
    page = visit()
    search_words(page, "yelow ball")
    expect(page.locator("#messages")).to_contain_text("yellow")
    assert titles(page)[0] == "Yellow ball"


def test_several_photos(visit: Callable[..., Any]) -> None:
    page = visit()
    both = [file_of(photo_of("bag", "red"), "a.jpg"), file_of(photo_of("mug", "red"), "b.jpg")]
    page.locator("#file").set_input_files(both)
    expect(page.locator(PHOTOS)).to_have_count(2)
    expect(page.locator("#results-title")).to_have_text("Similar to your photos")
    see_hits(page)
    assert {"Red bag", "Red mug"} <= set(titles(page)[:4])
    with page.expect_file_chooser() as chooser:
        page.get_by_label("Add another photo").click()
    chooser.value.set_files(file_of(photo_of("ball", "blue")))
    expect(page.locator(PHOTOS)).to_have_count(3)
    page.get_by_label("Remove photo").first.click()
    expect(page.locator(PHOTOS)).to_have_count(2)


def test_like_and_not_like(visit: Callable[..., Any]) -> None:
    page = visit()
    search_words(page, "red")
    liked = titles(page)[0]
    page.get_by_label(f"More like this: {liked}").click()
    expect(page.locator(TAGS)).to_have_text(["like this"])
    see_hits(page)
    expect(page.locator(CARDS).filter(has_text=liked)).to_have_count(0)
    disliked = titles(page)[0]
    page.get_by_label(f"Less like this: {disliked}").click()
    expect(page.locator(TAGS)).to_have_text(["like this", "not like this"])
    see_hits(page)
    expect(page.locator(CARDS).filter(has_text=disliked)).to_have_count(0)
    page.reload()
    expect(page.locator(".tag.unlike")).to_have_count(1)
    page.locator(".tag.unlike .remove").click()
    see_hits(page)
    expect(page.locator(CARDS).filter(has_text=disliked)).to_have_count(1)


def test_without_some_words(visit: Callable[..., Any]) -> None:
    page = visit()
    choose_photo(page, photo_of("ball", "red"))
    page.locator("#expert summary").click()
    page.locator("#without").fill("ball")
    with page.expect_response("**/v1/search"):
        page.locator("#without").press("Enter")
    expect(page.locator(TAGS)).to_have_text(["without ball"])
    assert "without=ball" in page.url


def test_why_not(visit: Callable[..., Any]) -> None:
    page = visit("/?q=red&is.colour=red")
    page.locator("#why-not summary").click()
    page.locator("#why-not-id").fill("blue-mug")
    page.locator("#why-not-id").press("Enter")
    answer = page.locator("#why-not-answer")
    expect(answer).to_contain_text("It does not match your filters")
    values = [float(text) for text in answer.locator("li .value").all_inner_texts()]
    assert round(sum(values), 3) == float(answer.locator(".score .value").inner_text())


def test_refining_on_a_phone(visit: Callable[..., Any]) -> None:
    page = visit(**PHONE)
    search_words(page, "home")
    expect(page.locator("#refine")).to_be_hidden()
    page.locator("#refine-open").click()
    choose_value(page, "colour", "red")
    expect(page.locator("#refine")).to_be_visible()
    assert not overflows(page)
    page.get_by_role("button", name="Show 3 products").click()
    expect(page.locator("#refine")).to_be_hidden()
    expect(page.locator(CARDS)).to_have_count(3)
    expect(page.locator("#refine-count")).to_have_text("1")


def test_photos_stay_while_narrowing_down(visit: Callable[..., Any]) -> None:
    page = visit()
    search_words(page, "home")
    red = page.locator(f'{CARDS}[data-id="red-mug"] img')
    expect(page.locator(f'{CARDS}[data-id="red-mug"].shown')).to_have_count(1)
    red.evaluate("image => { image.marked = true; }")
    choose_value(page, "colour", "red")
    assert red.evaluate("image => image.marked")


def test_markup_in_a_product_stays_text(
    visit: Callable[..., Any], put: Callable[..., httpx.Response], client: httpx.Client
) -> None:
    nasty = "<img src=x onerror=document.title='owned'>"
    created = put("<b>&\"'", title=nasty, brand=nasty, description=nasty, attributes={nasty[:20]: nasty})
    assert created.status_code == 201
    page = visit()
    search_words(page, nasty)
    card = page.locator(CARDS).filter(has_text=nasty).first
    card.locator(".open").click()
    expect(page.locator("#drawer h2")).to_have_text(nasty)
    page.locator("#drawer .primary").click()
    expect(page.locator("#results-title")).to_have_text(f"Similar to {nasty}")
    assert page.title() != "owned"
    assert client.get(path_of("<b>&\"'")).status_code == 200


def test_back_closes_the_details(visit: Callable[..., Any]) -> None:
    page = visit()
    search_words(page, "red mug")
    drawer = page.locator("#drawer")
    with page.expect_response("**/v1/search"):
        search_words(page, "blue bag")
    searches: list[Any] = []
    page.on(
        "request", lambda request: searches.append(request) if request.url.endswith("/v1/search") else None
    )
    page.locator(f"{CARDS} .open").first.click()
    expect(drawer.locator("h2")).to_have_text("Blue bag")
    # A product beside it comes on top, and goes first.
    drawer.locator(".rack .item:not(.skeleton) .open").first.click()
    expect(drawer.locator("h2")).not_to_have_text("Blue bag")
    expect(drawer.locator("h2")).to_be_focused()
    page.go_back()
    expect(drawer.locator("h2")).to_have_text("Blue bag")
    page.go_back()
    expect(drawer).to_be_hidden()
    expect(page.locator("#results-title")).to_have_text("“blue bag”")
    expect(page.locator(f"{CARDS} .open").first).to_be_focused()
    page.go_forward()
    expect(drawer.locator("h2")).to_have_text("Blue bag")
    assert searches == []
    # Closed otherwise, it leaves no entry behind.
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    wait_until(page, "!history.state.drawer.length")
    page.go_back()
    expect(page.locator("#results-title")).to_have_text("“red mug”")


def test_back_from_similar_products_leads_to_the_product(visit: Callable[..., Any]) -> None:
    page = visit("/?q=black+bag")
    page.locator(f"{CARDS} .open").first.click()
    page.locator("#drawer .primary").click()
    expect(page.locator("#drawer")).to_be_hidden()
    expect(page.locator("#results-title")).to_have_text("Similar to Black bag")
    page.go_back()
    expect(page.locator("#drawer h2")).to_have_text("Black bag")
    expect(page.locator("#results-title")).to_have_text("“black bag”")
    page.locator("#drawer [data-close]").click()
    expect(page.locator("#drawer")).to_be_hidden()
    expect(page.locator("#results-title")).to_have_text("“black bag”")


def test_reload_closes_the_details(visit: Callable[..., Any]) -> None:
    page = visit("/?q=red+mug")
    page.locator(f"{CARDS} .open").first.click()
    expect(page.locator("#drawer")).to_be_visible()
    page.reload()
    see_hits(page)
    expect(page.locator("#drawer")).to_be_hidden()
    assert page.evaluate("history.state?.drawer ?? []") == []
    assert titles(page)[0] == "Red mug"


@pytest.mark.parametrize("size", [160, 2_000])
def test_photo_outlasts_a_reload(visit: Callable[..., Any], size: int) -> None:
    page = visit()
    large = encoded(draw("bag", "red", size=size), "PNG")
    choose_photo(page, large)
    search_words(page, "blue")
    before = titles(page)
    wait_until(page, "Object.keys(sessionStorage).some((key) => key.startsWith('photo.'))")
    page.reload()
    see_hits(page)
    expect(page.locator("#results-title")).to_have_text("Similar to your photo, with “blue”")
    expect(page.locator(PHOTOS)).to_have_count(1)
    assert page.locator(PHOTOS).evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    assert titles(page)[:3] == before[:3]
    assert page.evaluate("Object.values(sessionStorage).join('').length") < 250_000


@pytest.mark.parametrize(
    ("language", "words"), [("en", "could not be kept"), ("zh", "未能保留")], ids=["en", "zh"]
)
def test_photo_that_is_gone_is_missed(visit: Callable[..., Any], language: str, words: str) -> None:
    page = visit()
    page.locator(f"[data-language={language}]").click()
    choose_photo(page, photo_of("bag", "red"))
    wait_until(page, "Object.keys(sessionStorage).some((key) => key.startsWith('photo.'))")
    page.evaluate("sessionStorage.clear()")
    page.reload()
    expect(page.locator("#notice")).to_contain_text(words)
    expect(page.locator(PHOTOS)).to_have_count(0)
    # With words beside it, those are searched.
    choose_photo(page, photo_of("bag", "red"))
    search_words(page, "blue")
    page.evaluate("sessionStorage.clear()")
    page.reload()
    see_hits(page)
    expect(page.locator("#messages")).to_contain_text(words)
    expect(page.locator("#results-title")).to_have_text("“blue”")
    search_words(page, "red mug")
    expect(page.locator("#messages")).to_be_empty()


def test_a_full_storage_makes_room_for_the_latest_photo(visit: Callable[..., Any]) -> None:
    page = visit()
    page.evaluate("sessionStorage.setItem('photo.1.old', 'x'.repeat(5 * 1024 * 1024 - 100))")
    choose_photo(page, photo_of("bag", "red", size=800))
    wait_until(page, "!sessionStorage.getItem('photo.1.old')")
    page.reload()
    see_hits(page)
    expect(page.locator(PHOTOS)).to_have_count(1)


@pytest.mark.parametrize(("language", "label"), [("en", "Try again"), ("zh", "重试")])
def test_an_error_keeps_the_hits_and_can_be_tried_again(
    visit: Callable[..., Any], language: str, label: str
) -> None:
    page = visit(expect_errors=True)
    page.locator(f"[data-language={language}]").click()
    search_words(page, "home")
    shown = titles(page)
    page.route("**/v1/search", lambda route: route.abort())
    # Another search: the hits are said to be those of the last one.
    page.locator("#words").fill("mug")
    page.locator("#words").press("Enter")
    expect(page.locator("#notice")).to_be_visible()
    assert titles(page) == shown
    expect(page.locator("#results-title")).to_have_text("“home”")
    expect(page.locator("#words")).to_have_value("mug")
    page.unroute("**/v1/search")
    page.get_by_role("button", name=label).click()
    expect(page.locator("#results-title")).to_have_text("“mug”")
    see_hits(page)
    expect(page.locator("#notice")).to_be_hidden()
    assert all(title.endswith("mug" if language == "en" else "马克杯") for title in titles(page))
    # Narrowing down: what was not done is not shown as done.
    page.route(
        "**/v1/search", lambda route: route.fulfill(status=503, json={"type": "urn:snapshelf:problem:busy"})
    )
    box = page.locator('[data-key="colour=red"]')
    box.click()
    expect(page.locator("#notice")).to_be_visible()
    expect(page.locator(CARDS)).to_have_count(5)
    expect(box).not_to_be_checked()
    page.unroute("**/v1/search")
    page.get_by_role("button", name=label).click()
    expect(page.locator(CARDS)).to_have_count(1)
    expect(box).to_be_checked()


def test_a_page_that_does_not_come_can_be_tried_again(
    visit: Callable[..., Any], put: Callable[..., httpx.Response]
) -> None:
    for number in range(51):
        assert put(f"spare-{number}", title=f"Spare part {number:02}").status_code == 201
    page = visit("/?q=spare+part", expect_errors=True)
    expect(page.locator(CARDS)).to_have_count(48)
    page.route("**/v1/search", lambda route: route.abort())
    page.locator("#more-button").click()
    expect(page.locator("#more-error")).to_contain_text("The server does not answer.")
    expect(page.locator("#more-button")).to_have_text("Try again")
    expect(page.locator(CARDS)).to_have_count(48)
    page.unroute("**/v1/search")
    page.locator("#more-button").click()
    expect(page.locator(CARDS)).to_have_count(51)
    expect(page.locator("#more-error")).to_be_empty()


def test_skip_link_keeps_the_photo(visit: Callable[..., Any]) -> None:
    page = visit()
    choose_photo(page, photo_of("bag", "red"))
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#results")).to_be_focused()
    expect(page.locator(PHOTOS)).to_have_count(1)


def test_words_being_typed_outlast_a_change_of_language(visit: Callable[..., Any]) -> None:
    page = visit()
    search_words(page, "red")
    page.locator("#words").fill("red mug")
    page.locator("[data-language=zh]").click()
    expect(page.locator("#words")).to_have_value("red mug")
