"""Ids of shoppers, sessions, products, queries and events: one rule for every entrance.

An id belongs to the shop and is kept as it is, spaces of any script included; nothing is normalised. It has 1 to 256
characters, a product's 1 to 128. It is not blank, and has no control character and no half of a surrogate pair, which
databases and logs cannot keep. White space around a product's id is taken off, for feeds have it by accident.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, TypeAlias

IdKind: TypeAlias = Literal["shopper", "session", "product", "query", "event"]
"""Whose id it is."""

MAX_ID_LENGTH = 256
"""Characters of the id of a shopper, session, query or event."""

MAX_PRODUCT_ID_LENGTH = 128
"""Characters of a product's id."""

WITHOUT_CONTROLS = r"^[^\x00-\x1f\x7f]*$"
"""Texts without control characters, as a pattern for schemas."""

_LONGEST: Mapping[IdKind, int] = {
    "shopper": MAX_ID_LENGTH,
    "session": MAX_ID_LENGTH,
    "product": MAX_PRODUCT_ID_LENGTH,
    "query": MAX_ID_LENGTH,
    "event": MAX_ID_LENGTH,
}
_UNUSABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def id_problem(kind: IdKind, value: object) -> str | None:
    """Say what is wrong with an id and what to do; None for a good id.

    Parameters
    ----------
    kind : {"shopper", "session", "product", "query", "event"}
    value : object
        The id, for a product after `product_id`.
    """
    if not isinstance(value, str) or not value.strip():
        return "it is missing"
    longest = _LONGEST[kind]
    if len(value) > longest:
        return f"it has {len(value)} characters; at most {longest} may be"
    if unusable := _UNUSABLE.search(value):
        return f"it holds the character U+{ord(unusable[0]):04X}; take it out"
    return None


def product_id(text: str) -> str:
    """Return a product's id without the white space around it."""
    return text.strip()
