"""Text normalisation: a single form for all keyboards, script variants and encodings."""

from __future__ import annotations

import unicodedata
from functools import cache

from opencc import OpenCC


@cache
def _simplifier() -> OpenCC:
    return OpenCC("t2s")


def _without_controls(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c for c in text if c.isspace() or not unicodedata.category(c).startswith("C"))


def _fold(text: str) -> str:
    text = unicodedata.normalize("NFKC", _without_controls(text)).casefold()
    text = unicodedata.normalize("NFKC", text)
    return " ".join(_simplifier().convert(text).split())


def normalise(text: str) -> str:
    """Return the normal form of `text` for comparisons.

    Full-width and other compatibility characters become plain ones (Unicode NFKC), case is folded,
    Traditional Chinese becomes Simplified, control and other invisible characters go, and each run of
    white space becomes a single space; leading and trailing space goes.

    Parameters
    ----------
    text : str
        Any text, lone surrogates included.

    Returns
    -------
    str
        The normal form. It is a fixed point: ``normalise(normalise(text)) == normalise(text)``.

    Examples
    --------
    >>> normalise(" Ｎｉｋｅ  紅色運動鞋 ")
    'nike 红色运动鞋'
    """
    if text.isascii():
        return " ".join(_without_controls(text).lower().split())
    # One pass does not always reach a fixed point: 薴 is simplified to 苧 and that to 苎.
    while (folded := _fold(text)) != text:
        text = folded
    return text
