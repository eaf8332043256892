"""Rules of a shop: read, matched to queries, refused where they contradict each other, kept in a file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from snapshelf.errors import RuleError
from snapshelf.index import Equals, Filter, Ids, OneOf
from snapshelf.language import Lexicon
from snapshelf.search import Rules
from snapshelf.search.rules.file import RuleFile
from snapshelf.search.rules.merchandising import conditions
from tests.search.sample_shop import Shop, unit

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def names(rules: Rules, text: str, moment: datetime = NOON) -> list[str]:
    return [rule.name for rule in rules.applying(text, moment)]


def test_rules_for_pages_that_are_browsed(shop: Shop, tmp_path: Path) -> None:
    shop.put("A", unit(1), category=["Chairs"], attributes={"colour": "red"})
    text = """
    - {name: front, page: front, pin: [A]}
    - {name: chairs, page: 'category = "Chairs"', pin: [B]}
    - {name: red chairs, page: 'category = "Chairs" AND colour = "red"', boost: {where: in_stock}}
    - {name: words, words: chairs, pin: [C]}
    - {name: anywhere, bury: {where: NOT in_stock}}
    """
    (tmp_path / "rules.yaml").write_text(text, "utf-8")
    file = RuleFile(tmp_path / "rules.yaml", Lexicon.bundled())
    chairs = Equals("category", "Chairs")

    def pins(page: frozenset[Filter] | None, words: str = "") -> tuple[list[str], int]:
        applied = file.applying(words, shop.store, page)
        return [rule for _, rule in applied.pins.values()], len(applied.shifts)

    assert pins(conditions(None)) == (["front"], 1)
    assert pins(conditions(chairs)) == (["chairs"], 1)
    assert pins(conditions(OneOf("category", ("Chairs",)), Equals("attributes.colour", "red"))) == (
        ["chairs"],
        2,
    )
    assert pins(conditions(OneOf("category", ("Chairs", "Lamps")))) == ([], 1)
    assert pins(None, "chairs") == (["words"], 1)
    assert pins(None) == ([], 1)
    with pytest.raises(RuleError, match="a page is browsed without words"):
        Rules.parse("- {name: both, page: front, words: red, pin: [A]}")
    with pytest.raises(RuleError, match="contradict each other: both pin a product at place 1"):
        Rules.parse("- {name: a, page: front, pin: [A]}\n- {name: b, page: front, pin: [B]}")


def test_phrases_are_found_in_either_language_and_any_order() -> None:
    rules = Rules.parse(
        """
        - {name: any, hide: [x]}
        - {name: red dress, words: red dress, hide: [x]}
        - {name: two, words: [silk scarf, 丝巾], hide: [x]}
        - {name: brand, words: zorblax pro, hide: [x]}
        - {name: exact, exactly: 连衣裙, hide: [x]}
        """
    )
    assert names(rules, "") == ["any"]
    assert names(rules, "long RED summer dresses") == ["any", "red dress"]
    assert names(rules, "the dress in red") == ["any", "red dress"]
    assert names(rules, "红色连衣裙") == ["any", "red dress"]
    assert names(rules, "dress") == ["any"]
    assert names(rules, "连衣裙") == ["any", "exact"]
    assert names(rules, "新款丝巾") == ["any", "two"]
    assert names(rules, "pro cover for zorblax") == ["any", "brand"]
    assert names(rules, "zorblax") == ["any"]


def test_a_window_includes_its_beginning_and_not_its_end() -> None:
    rules = Rules.parse(
        "[{name: sale, since: 2026-05-01T12:00:00, until: 2026-05-01T14:00:00+01:00, hide: [x]}]"
    )
    assert names(rules, "", NOON) == ["sale"]
    assert names(rules, "", NOON - timedelta(seconds=1)) == []
    assert names(rules, "", NOON + timedelta(hours=1)) == []


@pytest.mark.parametrize(
    ("one", "other", "problem"),
    [
        ("pin: [a]", "pin: [b]", "both pin a product at place 1"),
        ("pin: [a]", "pin: {3: a}", "pin the product 'a' at the places 1 and 3"),
        ("pin: [a]", "hide: [a, b]", "'one' pins the product 'a', which 'other' hides"),
        ("hide: [a]", "pin: {7: a}", "'other' pins the product 'a', which 'one' hides"),
        ("boost: {where: in_stock}", "bury: {where: in_stock, by: 2}", "'one' boosts what 'other' buries"),
        ("redirect: /a", "redirect: https://b.example/", "redirect to /a and https://b.example/"),
    ],
)
def test_contradictions_name_both_rules(one: str, other: str, problem: str) -> None:
    def parse(first: str, second: str) -> Rules:
        return Rules.parse(f"- {{name: one, {first}, {one}}}\n- {{name: other, {second}, {other}}}\n")

    for first, second in (
        ("words: [coat, red dress]", "words: 红色连衣裙"),
        ("words: dress", "words: red dress"),
        ("words: dress", "exactly: red dress"),
        ("until: 2026-06-01", "words: x1, since: 2026-05-01"),
    ):
        with pytest.raises(RuleError, match="'one' and 'other' contradict each other") as raised:
            parse(first, second)
        assert problem in str(raised.value)
    for first, second in (
        ("words: dress", "words: coat"),
        ("exactly: dress", "exactly: red dress"),
        ("exactly: dress", "words: red dress"),
        ("until: 2026-05-01", "since: 2026-05-01"),
    ):
        assert len(parse(first, second)) == 2


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- [", "not valid YAML"),
        ("rules: 3", "must be a list"),
        ("other: []", "must be a list"),
        ("- just words", "rule number 1"),
        ("- {hide: [x]}", "rule number 1, name"),
        ("- {name: idle}", "'idle': it does nothing"),
        ("- {name: a, hides: [x]}", "'a', hides"),
        ("- {name: a, hide: [x]}\n- {name: a, hide: [y]}", "two rules named 'a'"),
        ("- {name: a, boost: {where: in_stock, by: -1}}", "boost.by"),
        ("- {name: a, boost: {where: in_stock, by: .nan}}", "boost.by"),
        ("- {name: a, pin: {0: x}}", "'a', pin"),
        ("- {name: a, pin: [99]}", "99 is a number; put the id in quotes"),
        ("- {name: a, hide: [0012]}", "10 is a number; put the id in quotes"),
        ("- {name: a, pin: [x, x]}", "pins the same product at two places"),
        ("- {name: a, redirect: 'javascript:alert(1)'}", "'a', redirect"),
        ("- {name: a, words: '!?', hide: [x]}", "has no word in it"),
        ("- {name: a, since: 2026-05-02, until: 2026-05-01, hide: [x]}", "ends before it begins"),
        ("- {name: a, since: tomorrow, hide: [x]}", "'a', since"),
    ],
)
def test_rules_that_cannot_be_are_refused_with_their_name(text: str, problem: str) -> None:
    with pytest.raises(RuleError, match=r"^rules\.yaml: ") as raised:
        Rules.parse(text)
    assert problem in str(raised.value)


def test_no_rules_are_fine() -> None:
    for text in ("", "[]", "rules:", "rules: []", "# nothing yet"):
        assert len(Rules.parse(text)) == 0


@pytest.fixture
def file(tmp_path: Path, shop: Shop) -> RuleFile:
    shop.put("a", unit(1), brand="Acme")
    return RuleFile(tmp_path / "rules.yaml", Lexicon.bundled())


def test_a_file_is_written_checked_and_read_again(file: RuleFile, shop: Shop, tmp_path: Path) -> None:
    assert file.read() == ""
    text = (
        "- {name: acme, boost: {where: 'brand = \"Acme\"', by: 0.3}, hide: [z], pin: [a], redirect: /sale}\n"
    )
    file.write(text, shop.store)
    assert file.read() == text
    applied = file.applying("anything", shop.store)
    (shift,) = applied.shifts
    assert (shift.rule, shift.filter, shift.by) == ("acme", Equals("brand", "Acme"), 0.3)
    assert (applied.hidden, applied.pins, applied.redirect) == (
        {"acme": Ids(("z",))},
        {1: ("a", "acme")},
        "/sale",
    )
    for bad in ("- {name: b, hide: 'colr = 3'}", "- {name: b, bury: {where: '('}}", "- {name: idle}"):
        with pytest.raises(RuleError, match=r"rules\.yaml: rule '(b|idle)'"):
            file.write(bad, shop.store)
    assert file.read() == text
    assert [path.name for path in tmp_path.iterdir()] == ["rules.yaml"]


def test_a_file_broken_by_hand_leaves_the_rules_before_it(file: RuleFile, shop: Shop, tmp_path: Path) -> None:
    file.write("- {name: old, redirect: /old}", shop.store)
    assert file.applying("x1", shop.store).redirect == "/old"
    (tmp_path / "rules.yaml").write_text("- {name: broken,,", "utf-8")
    broken = file.applying("x1", shop.store)
    assert broken.redirect == "/old"
    (note,) = broken.notes
    assert note.kind == "broken-rules"
    (tmp_path / "rules.yaml").unlink()
    assert file.applying("x1", shop.store).redirect is None


def test_a_rule_whose_field_is_gone_is_left_out_and_says_so(
    file: RuleFile, shop: Shop, tmp_path: Path
) -> None:
    (tmp_path / "rules.yaml").write_text(
        "- {name: gone, hide: 'season = summer', redirect: /r}\n- {name: stays, bury: {where: 'brand:*'}}\n",
        "utf-8",
    )
    applied = file.applying("x1", shop.store)
    assert [shift.rule for shift in applied.shifts] == ["stays"]
    assert applied.hidden == {}
    assert [(note.kind, note.values) for note in applied.notes] == [("ignored-rule", {"rule": "gone"})]
    shop.put("b", unit(1), attributes={"season": "summer"})
    file.forget_filters()
    assert list(file.applying("x1", shop.store).hidden) == ["gone"]


def test_what_is_named_in_vain_is_said_with_its_line_and_kept(file: RuleFile, shop: Shop) -> None:
    text = (
        "rules:\n"
        "  - name: new\n"
        "    words: hat\n"
        "    pin: {1: a, 3: soon}\n"
        "  - {name: old, hide: [a, gone]}\n"
        "  - name: filters\n"
        "    boost:\n"
        "      where: 'brand = \"Acme\" AND id = (a OR later)'\n"
        "    bury: {where: 'NOT id = never'}\n"
    )
    with pytest.raises(RuleError, match="which 'old' hides"):
        file.write(text, shop.store)
    text = text.replace("{1: a, ", "{")
    warnings = file.write(text, shop.store)
    assert file.read() == text
    assert [(warning.rule, warning.line) for warning in warnings] == [
        ("new", 4), ("old", 5), ("filters", 8), ("filters", 9)
    ]  # fmt: skip
    assert [warning.message for warning in warnings][:2] == [
        "rules.yaml, line 4: rule 'new' pins the id 'soon', which no product has",
        "rules.yaml, line 5: rule 'old' hides the id 'gone', which no product has",
    ]
    assert "boosts the id 'later'" in warnings[2].message
    assert "buries the id 'never'" in warnings[3].message
    assert file.warnings(shop.store) == [warning.message for warning in warnings]
    for id in ("soon", "gone", "later", "never"):
        shop.put(id, unit(1))
    assert file.warnings(shop.store) == []


def test_warnings_of_a_file_written_by_hand(file: RuleFile, shop: Shop, tmp_path: Path) -> None:
    assert file.warnings(shop.store) == []
    (tmp_path / "rules.yaml").write_text("- {name: b,\n   hide: 'colr = 3'}\n", "utf-8")
    (warning,) = file.warnings(shop.store)
    assert warning.startswith("rules.yaml, line 2: rule 'b' is not followed: ")
    (tmp_path / "rules.yaml").write_text("- {name: broken,,", "utf-8")
    (warning,) = file.warnings(shop.store)
    assert "not valid YAML" in warning


def test_what_is_visible_everywhere_are_rules_without_words(file: RuleFile, shop: Shop) -> None:
    assert file.visible(shop.store) is None
    shop.put("b", unit(1), brand="Best")
    shop.put("c", unit(1))
    file.write(
        "- {name: hats, words: hat, hide: [c]}\n- {name: recalled, hide: 'brand = Best'}\n", shop.store
    )
    assert shop.store.scroll(file.visible(shop.store)) == ["a", "c"]
    assert shop.store.scroll(file.applying("red hat", shop.store).left) == ["a"]


def test_of_two_for_one_place_the_earlier_has_it(file: RuleFile, shop: Shop) -> None:
    file.write(
        "- {name: one, words: red, pin: [a, b], redirect: /one}\n"
        "- {name: two, words: dress, pin: [c, a, d], redirect: /two}\n",
        shop.store,
    )
    applied = file.applying("red dress", shop.store)
    assert applied.pins == {1: ("a", "one"), 2: ("b", "one"), 3: ("d", "two")}
    assert applied.redirect == "/one"
