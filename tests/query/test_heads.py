"""Which of the kinds in a query is the thing itself, and which only describes it."""

from __future__ import annotations

import pytest

from snapshelf.language import Lexicon, normalise
from snapshelf.query.heads import roles

LEXICON = Lexicon.bundled()


def kinds(text: str) -> dict[str, str]:
    text = normalise(text)
    matches = LEXICON.find(text)
    spans = sorted({(match.start, match.end) for match in matches if match.concept.kind == "category"})
    others = [(match.start, match.end) for match in matches if (match.start, match.end) not in spans]
    return {
        text[start:end]: role
        for (start, end), role in zip(spans, roles(text, spans, others, LEXICON), strict=True)
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("watch", {"watch": "head"}),
        ("black watch", {"watch": "head"}),
        ("watch black 42", {"watch": "head"}),
        ("phone case for men", {"phone case": "head"}),
        ("dress shoes", {"dress shoes": "head"}),
        ("kitchen table", {"kitchen": "modifier", "table": "head"}),
        ("chair for kitchen table", {"chair": "head", "kitchen": "modifier", "table": "modifier"}),
        ("backpack with laptop sleeve", {"backpack": "head", "laptop sleeve": "modifier"}),
        ("shirt and trousers", {"shirt": "head", "trousers": "head"}),
        ("shoes for women, bag", {"shoes": "head", "bag": "head"}),
        ("a pair of shoes", {"shoes": "head"}),
        ("knife set", {"knife": "head"}),
        ("looking for a watch", {"watch": "head"}),
        ("in green backpack", {"backpack": "head"}),
        ("红色的连衣裙", {"连衣裙": "head"}),
        ("连衣裙女夏", {"连衣裙": "head"}),
        ("手机充电器", {"手机": "modifier", "充电器": "head"}),
        ("手机和平板", {"手机": "head", "平板": "head"}),
    ],
)
def test_the_head_is_known(text: str, expected: dict[str, str]) -> None:
    assert kinds(text) == expected


@pytest.mark.parametrize("text", ["watch zorblax", "zorblax for watch", "空调管", "手机支座"])
def test_beside_an_unknown_noun_a_kind_may_be_either(text: str) -> None:
    assert set(kinds(text).values()) == {"unsure"}
