from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from snapshelf.language import normalise


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  Nike\t Red \n Shoe ", "nike red shoe"),
        ("ＮＩＫＥ　Ｔ恤　５０％", "nike t恤 50%"),
        ("紅色連衣裙", "红色连衣裙"),
        ("褲子 手錶 襯衫 藍 綠 黃 鞋", "裤子 手表 衬衫 蓝 绿 黄 鞋"),
        ("STRASSE Straße", "strasse strasse"),
        ("e\u0301toile ÉTOILE", "étoile étoile"),
        ("zero\u200bwidth soft\u00adhyphen nul\x00l \ufeffbom", "zerowidth softhyphen null bom"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("\x00\u200b \u2028", ""),
        ("", ""),
    ],
)
def test_normal_form(text: str, expected: str) -> None:
    assert normalise(text) == expected


@given(
    st.text(st.characters())
    | st.text("紅薴乾隆著髮鬍鬚錶褲藍綠黃後裡麵ＴſŉßǅİΣ \u0301\u200d\u00ad\x1f\u3000")
)
@example("薴麻")  # simplifies in two steps
@example("İ\u0307")
def test_fixed_point_without_invisible_characters(text: str) -> None:
    normal = normalise(text)
    assert normalise(normal) == normal
    assert "  " not in normal
    assert normal == normal.strip()
    assert not any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} for c in normal)


@given(st.text(st.characters(max_codepoint=127)))
def test_ascii_is_treated_as_the_rest(text: str) -> None:
    assert f"{normalise(text)} é".strip() == normalise(f"{text} É")
