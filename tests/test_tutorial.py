"""The tutorial, carried out as a reader does: its files are written, its commands run, its page opened."""

from __future__ import annotations

import json
import re
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

import pytest

TUTORIAL = Path(__file__).resolve().parents[1] / "docs/tutorial/search-box.md"
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PROGRAMS = {
    "python": [sys.executable],
    "snapshelf": [sys.executable, "-W", "error", "-c", "from snapshelf.cli import main; main()"],
}
_SERVERS = {"snapshelf serve": "/readyz", "python shop.py": "/"}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


class Shop(NamedTuple):
    """The shop at the end of the tutorial: its folder and address, and what each command printed, in order."""

    folder: Path
    address: str
    printed: list[tuple[str, str]]

    def outputs(self, command: str) -> list[str]:
        return [output for line, output in self.printed if line.startswith(command)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get(address: str) -> bytes:
    with urlopen(address, timeout=30) as response:  # noqa: S310
        return bytes(response.read())


def eventually(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition did not come true in time"
        time.sleep(0.25)


def answers(address: str) -> bool:
    try:
        return bool(get(address))
    except URLError:
        return False


def colours_of(order: str) -> list[str]:
    """Read the colours off the lines of ``order.py``."""
    return [line.split()[0] for line in order.splitlines()]


def colours(shop: Shop, shopper: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "order.py", "shoes", shopper],
        cwd=shop.folder,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return colours_of(done.stdout)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("tutorial")
    api, page = str(free_port()), str(free_port())
    text = TUTORIAL.read_text("utf-8").replace("8000", api).replace("8080", page)
    for name, code in re.findall(
        r"Save this as `([\w.]+)`:\n\n```\w+\n(.*?)^```$", text, re.MULTILINE | re.DOTALL
    ):
        (folder / name).write_text(code, "utf-8")
    with ExitStack() as running:
        printed = []
        for language, code in _BLOCK.findall(text):
            if language:
                continue
            for line in code.splitlines():
                program, *arguments = shlex.split(line)
                if program not in _PROGRAMS:  # pip, mkdir, cd
                    continue
                command = [*_PROGRAMS[program], *arguments]
                ready = next((path for start, path in _SERVERS.items() if line.startswith(start)), None)
                if ready is None:
                    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8")
                    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
                    printed.append((line, done.stdout))
                    continue
                port = api if program == "snapshelf" else page
                server = subprocess.Popen(
                    [*command, *(["--port", port] if program == "snapshelf" else [])],
                    cwd=folder,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                running.callback(server.wait)
                running.callback(server.terminate)
                eventually(lambda port=port, ready=ready: answers(f"http://127.0.0.1:{port}{ready}"))
        yield Shop(folder, f"http://127.0.0.1:{page}", printed)


def test_every_file_and_command_of_the_tutorial_works(shop: Shop) -> None:
    assert [line.split()[1] for line, _ in shop.printed] == [
        "catalogue.py",
        *("add", "search", "search"),
        *("order.py", "shoppers.py"),
        *("rank", "rank"),
        "order.py",
    ]
    assert "Red" in shop.outputs("snapshelf search")[0]
    assert "黑" in shop.outputs("snapshelf search")[1]


def test_clicks_and_training_change_the_order(shop: Shop) -> None:
    assert int(shop.outputs("python shoppers.py")[0].split()[0]) > 300
    before = colours_of(shop.outputs("python order.py")[0])
    # The server takes the promoted model up in the background.
    eventually(lambda: colours(shop, "shopper-0")[0] == "black")
    assert before[0] != "black"
    assert colours(shop, "shopper-2")[0] == "red"


def test_the_shop_forwards_what_shoppers_need_and_nothing_else(shop: Shop) -> None:
    assert json.loads(get(f"{shop.address}/v1/suggest?q=dre"))["suggestions"]
    for path in ("/v1/stats", "/v1/shoppers/shopper-0", "/products.csv", "/my-shelf/catalogue.sqlite"):
        with pytest.raises(URLError, match="404"):
            get(shop.address + path)


@pytest.mark.browser
def test_the_page_completes_searches_and_reports_clicks(shop: Shop) -> None:
    from tests.server.browser import chromium, expect

    with chromium() as browser:
        # A headless browser names itself a robot, whose events count for nothing.
        page = browser.new_page(user_agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(shop.address)
        page.locator("input").press_sequentially("dre")
        expect(page.locator("datalist option").first).to_be_attached()
        page.locator("input").fill("dress")
        page.locator("input").press("Enter")
        expect(page.locator("li img").first).to_be_visible()
        with page.expect_response("**/v1/events") as response:
            page.locator("li").nth(2).click()
        assert response.value.json()["accepted"] == 1
        assert complaints == []
