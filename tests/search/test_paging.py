"""Page tokens belong to one query, and to us."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshelf.errors import QueryError
from snapshelf.search import FirstPage, Page, SearchRequest, page_token, query_digest
from snapshelf.search.paging import read_page_token

QUERY = query_digest(SearchRequest(text="red dress", photo=b"photo"))


first_pages = st.none() | st.builds(
    FirstPage, st.binary(min_size=16, max_size=16).map(bytes.hex), st.floats(0, 1e11)
)


@given(st.builds(Page, st.integers(0, 2**32 - 1), first_pages))
def test_a_token_comes_back(page: Page) -> None:
    assert read_page_token(page_token(page, QUERY), QUERY) == page


def test_another_query_is_refused() -> None:
    with pytest.raises(QueryError, match="another query"):
        read_page_token(
            page_token(Page(10), QUERY), query_digest(SearchRequest(text="red dres", photo=b"photo"))
        )


@given(st.text(max_size=60))
def test_nothing_else_is_a_token(text: str) -> None:
    with pytest.raises(QueryError, match="is invalid; pass next_page_token"):
        read_page_token(text, QUERY)


@pytest.mark.parametrize("first", [None, FirstPage("0f" * 16, 1.7e9)])
def test_a_token_that_was_changed_is_refused(first: FirstPage | None) -> None:
    token = page_token(Page(10, first), QUERY)
    for place in range(len(token)):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        with pytest.raises(QueryError):
            read_page_token(changed, QUERY)
