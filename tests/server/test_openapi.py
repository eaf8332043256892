"""The server keeps to its own OpenAPI page, whatever is sent to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings

from snapshelf.server import create_app
from snapshelf.shelf import Shelf
from tests.server.drawn_shop import base64_of, path_of, photo_of, running

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

schemathesis = pytest.importorskip("schemathesis", reason="Schemathesis is not installed")
checks = pytest.importorskip("schemathesis.specs.openapi.checks")
httpx = pytest.importorskip("httpx")


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with (
        Shelf.open(tmp_path_factory.mktemp("schema") / "shelf") as shelf,
        running(create_app(shelf)) as address,
    ):
        body = {"title": "Red mug", "photos": [base64_of(photo_of("mug", "red"))]}
        # The id that the page gives as its example, so that some requests find something.
        assert httpx.put(f"{address}{path_of('D-17')}", json=body).status_code == 201
        yield schemathesis.openapi.from_url(f"{address}/openapi.json")


def test_answers_conform(api: Any) -> None:
    operations = [found.ok() for found in api.exclude(path="/v1/products:import").get_all_operations()]
    assert len(operations) > 10
    for operation in operations:

        @given(case=operation.as_strategy())
        @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
        def check(case: Any) -> None:
            case.call_and_validate(
                checks=[
                    schemathesis.checks.not_a_server_error,
                    checks.status_code_conformance,
                    checks.content_type_conformance,
                    checks.response_schema_conformance,
                ]
            )

        check()
