"""The files of the page: complete, offline, and the same in both languages."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import snapshelf.server

if TYPE_CHECKING:
    import httpx

PAGE = Path(snapshelf.server.__file__).parent / "page"
STRINGS = json.loads((PAGE / "strings.json").read_text("utf-8"))
SOURCES = {
    path.relative_to(PAGE).as_posix(): path.read_text("utf-8") for path in PAGE.rglob("*") if path.is_file()
}
MODULES = {name for name in SOURCES if name.endswith(".js")}
CODE = "\n".join(text for name, text in SOURCES.items() if name.endswith((".js", ".html")))


def test_page_and_all_its_files_are_served(client: httpx.Client) -> None:
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    referred = set(re.findall(r'(?:href|src)="(page/[^"]+)"', page.text))
    assert referred >= {"page/app.js", "page/style.css", "page/favicon.svg"}
    for file in referred | {f"page/{name}" for name in SOURCES}:
        response = client.get(f"/{file}")
        assert response.status_code == 200, file
        assert response.headers["cache-control"] == "no-cache"
        known = {"If-None-Match": response.headers["etag"]}
        assert client.get(f"/{file}", headers=known).status_code == 304
    assert client.head("/").status_code == 200


def test_page_loads_all_modules_at_once() -> None:
    """Otherwise a module would be asked for when the module that imports it has come."""
    assert set(re.findall(r'rel="modulepreload" href="page/([^"]+)"', SOURCES["index.html"])) == MODULES


def test_modules_import_only_downwards() -> None:
    rooms = ["browser", "api", "state", "views"]
    # The language is part of the state, and a filter is part of a query.
    known = {("browser", "state/store.js"), ("api", "state/query.js")}
    assert {name.partition("/")[0] for name in MODULES} == {*rooms, "app.js"}
    for name in MODULES - {"app.js"}:
        room = name.partition("/")[0]
        for imported in re.findall(r'\bfrom "([^"]+)";', SOURCES[name]):
            target = (PAGE / name).parent.joinpath(imported).resolve().relative_to(PAGE).as_posix()
            assert (room, target) in known or rooms.index(room) >= rooms.index(target.partition("/")[0]), name


def test_nothing_comes_from_elsewhere() -> None:
    assert SOURCES.keys() > {"index.html", "style.css", "strings.json"}
    for name, text in SOURCES.items():
        addresses = set(re.findall(r"""https?://[^\s"'/]+[^\s"']*|(?<=["'(])//[^"')]+""", text))
        assert addresses <= {"http://www.w3.org/2000/svg"}, name


def test_content_security_policy_can_be_kept() -> None:
    assert not re.search(r"<(?:style|script)(?![^>]*\bsrc=)[^>]*>|\son\w+=|\sstyle=", SOURCES["index.html"])


def test_both_languages_have_the_same_keys() -> None:
    assert STRINGS.keys() == {"en", "zh"}
    assert list(STRINGS["en"]) == list(STRINGS["zh"])
    assert all(text.strip() for strings in STRINGS.values() for text in strings.values())


@pytest.mark.parametrize("key", STRINGS["en"])
def test_placeholders_are_the_same(key: str) -> None:
    # A value may have a Chinese form, which ends in _zh.
    holes = [set(re.findall(r"\{(\w+?)(?:_zh)?\}", STRINGS[language][key])) for language in ("en", "zh")]
    assert holes[0] == holes[1]


def used_keys() -> set[str]:
    in_code = re.findall(r"""\b(?:t|known)\((?:[^"'()]*\? )?"([\w.-]+)"(?: : "([\w.-]+)")?""", CODE)
    in_html = re.findall(r'data-i18n="([\w.-]+)"', CODE)
    in_attributes = [
        pair.partition(":")[2]
        for pairs in re.findall(r'data-i18n-attr="([^"]+)"', CODE)
        for pair in pairs.split(";")
    ]
    counted = [
        f"{key}.{form}" for key in re.findall(r'\bcounted\("([\w.]+)"', CODE) for form in ("one", "other")
    ]
    plain = {key for pair in in_code for key in pair if key}
    return plain | set(in_html) | set(in_attributes) | set(counted)


def test_every_text_that_the_page_asks_for_exists() -> None:
    assert len(used_keys()) > 30
    assert used_keys() <= STRINGS["en"].keys()


def test_every_text_is_asked_for() -> None:
    families = tuple(re.findall(r"`([\w-]+(?:\.[\w-]+)*\.)\$\{", CODE))
    named = used_keys() | {key for key in STRINGS["en"] if f'"{re.sub("[.](one|other)$", "", key)}"' in CODE}
    assert {key for key in STRINGS["en"].keys() - named if not key.startswith(families)} == set()
