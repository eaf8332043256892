"""Page tokens belong to one query, and to us."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshelf.errors import QueryError
from snapshelf.search import page_token, query_digest, read_page_token

QUERY = query_digest(["red dress", None, b"photo"])


@given(st.integers(0, 2**32 - 1))
def test_a_token_comes_back(skip: int) -> None:
    assert read_page_token(page_token(skip, QUERY), QUERY) == skip


def test_another_query_is_refused() -> None:
    with pytest.raises(QueryError, match="another query"):
        read_page_token(page_token(10, QUERY), query_digest(["red dres", None, b"photo"]))


@given(st.text(max_size=60))
def test_nothing_else_is_a_token(text: str) -> None:
    with pytest.raises(QueryError, match="none of ours"):
        read_page_token(text, QUERY)


def test_a_token_that_was_changed_is_refused() -> None:
    token = page_token(10, QUERY)
    for place in range(len(token)):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        with pytest.raises(QueryError):
            read_page_token(changed, QUERY)


def test_digests_tell_the_parts_apart() -> None:
    assert query_digest(["ab", "c"]) != query_digest(["a", "bc"])
    assert query_digest([b"1"]) != query_digest(["1"])
