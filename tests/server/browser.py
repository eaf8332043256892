"""A real Chromium that opens the page; importing this skips a module where there is none."""

from __future__ import annotations

import shutil
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if CHROMIUM is None:
    pytest.skip("Chromium is not installed", allow_module_level=True)

expect = sync_api.expect
expect.set_options(timeout=20_000)

CARDS = "#grid .card:not(.skeleton)"
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser without a window."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        yield browser
        browser.close()


@contextmanager
def visits(browser: Any, address: str, **usual: Any) -> Iterator[Callable[..., Any]]:
    """What opens the page; fails at the end when anything was written to the console as an error."""
    contexts, complaints = [], []

    def visit(path: str = "/", *, expect_errors: bool = False, at: str = address, **options: Any) -> Any:
        context = browser.new_context(
            **{
                "locale": "en-GB",
                "viewport": {"width": 1280, "height": 860},
                "base_url": at,
                **usual,
                **options,
            }
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if not expect_errors:
            page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        page.goto(path)
        expect(page.locator("#stats")).not_to_be_empty()
        return page

    yield visit
    for context in contexts:
        for page in context.pages:
            # An answer that a test changes may still be on its way.
            page.unroute_all(behavior="ignoreErrors")
        context.close()
    assert complaints == []


def wait_until(page: Any, expression: str) -> None:
    """Wait for JavaScript to be true; Playwright's own way needs eval, which the page forbids."""
    deadline = time.monotonic() + 20
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, expression
        time.sleep(0.02)
