"""Codes in texts: article numbers such as AB-1234, whose signs and case do not matter."""

from __future__ import annotations

import re

from snapshelf.language.normalisation import normalise

MIN_CODE_LENGTH, MIN_CODE_DIGITS = 4, 5
"""Least length of a code among words: with letters, and of digits alone; fewer digits may be a size or a year."""

_NEITHER_LETTER_NOR_DIGIT = re.compile(r"[\W_]+")
_DIGIT = re.compile(r"\d")


def code_key(text: str) -> str:
    """Return the form of a code for comparisons: its letters and digits in normal form.

    Examples
    --------
    >>> code_key("AB-12 34")
    'ab1234'
    """
    return _NEITHER_LETTER_NOR_DIGIT.sub("", normalise(text))


def is_code(text: str) -> bool:
    """Return whether a text can be told from words: it has a digit, and at least four characters or five digits.

    Examples
    --------
    >>> [is_code(text) for text in ("AB-12", "40063", "watch", "42", "2012")]
    [True, True, False, False, False]
    """
    key = code_key(text)
    return bool(_DIGIT.search(key)) and len(key) >= (MIN_CODE_DIGITS if key.isdigit() else MIN_CODE_LENGTH)
