"""What every answer has in common, and what those see who run the server."""

from __future__ import annotations

import logging
import re
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from snapshelf.errors import SnapshelfError
from snapshelf.recommend import MAX_RECOMMENDED
from snapshelf.search import MAX_BINS, MAX_K, MAX_RELATED, MAX_SUGGESTIONS, MAX_VALUES, SIGNALS
from snapshelf.server import create_app, serve
from snapshelf.shelf import Shelf
from tests.server.drawn_shop import base64_of, path_of, photo_of, problem, running

if TYPE_CHECKING:
    from pathlib import Path


def metric(client: httpx.Client, name: str, **labels: str) -> float:
    """Value of a sample; 0 where there is none yet."""
    inner = ",".join(f'{label}="{value}"' for label, value in labels.items())
    found = re.search(
        rf"^{re.escape(name + (f'{{{inner}}}' if labels else ''))} (\S+)$", client.get("/metrics").text, re.M
    )
    return float(found[1]) if found else 0.0


def test_health(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}
    assert client.get("/readyz").json() == {"status": "ready"}


def test_probes_and_robots_leave_no_trace(client: httpx.Client, shelf: Shelf) -> None:
    robot = {"user-agent": "Mozilla/5.0 (compatible; bingbot/2.0)"}
    words = "words of a crawler"
    first = client.post("/v1/search", json={"text": "red mug", "k": 1}).json()["query_id"]
    assert shelf.journal.impression(first) is not None
    before = shelf.journal.stats()
    for _ in range(3):
        assert client.get("/readyz").status_code == 200
    for shopper in (None, "crawled"):
        crawled = client.post("/v1/search", json={"text": words, "shopper": shopper}, headers=robot).json()
        listed = client.get("/v1/recommendations", params={"shopper": shopper or "x"}, headers=robot).json()
        assert crawled["hits"]
        assert shelf.journal.impression(crawled["query_id"]) is None
        assert shelf.journal.impression(listed["query_id"]) is None
    # What is kept is written in its order: after this impression those of the probes would be there too.
    last = client.post("/v1/search", json={"text": "red mug", "k": 1}).json()["query_id"]
    assert shelf.journal.impression(last) is not None
    assert shelf.journal.stats().impressions == before.impressions + 1
    assert not shelf.journal.profile("crawled")
    assert not {"ready", "hello", words} & dict(shelf.zero_results()).keys()


def test_no_trace_of_what_is_not_to_be_recorded(shelf: Shelf) -> None:
    for record in (True, False):
        words = f"lawn mower {record}".lower()
        shelf.search(text=words, understand=False, record=record)
        assert (words in dict(shelf.zero_results())) == record


def test_head_is_get_without_the_body(client: httpx.Client) -> None:
    examples = [path for each in client.get("/v1/examples").json() if (path := each["photo"])]
    page = client.get("/").text
    files = re.findall(r'(?:src|href)="(/?page/[^"#?]+)"', page)
    assert examples
    assert files
    for path in ("/", path_of("red-mug", "photo"), *examples, *files):
        whole, head = client.get(path), client.head(path)
        assert (whole.status_code, head.status_code) == (200, 200), path
        assert head.content == b""
        for name in ("content-length", "content-type", "etag", "cache-control"):
            assert head.headers.get(name) == whole.headers.get(name), (path, name)
    known = {"if-none-match": client.get(path_of("red-mug", "photo")).headers["etag"]}
    assert client.head(path_of("red-mug", "photo"), headers=known).status_code == 304
    assert client.head(path_of("nothing", "photo")).status_code == 404
    refused = client.put(path_of("red-mug", "photo"))
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


def test_the_description_names_the_limits_and_signals_of_the_code(client: httpx.Client, shelf: Shelf) -> None:
    description = client.get("/openapi.json").json()
    schemas, paths = description["components"]["schemas"], description["paths"]

    def largest(path: str, name: str) -> int:
        (parameter,) = [each for each in paths[path]["get"]["parameters"] if each["name"] == name]
        return parameter["schema"]["maximum"]

    search = paths["/v1/search"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    fields = schemas[search["$ref"].rpartition("/")[2]]["properties"]
    assert fields["k"]["maximum"] == MAX_K
    assert fields["related"]["maximum"] == MAX_RELATED
    assert largest("/v1/products/{id}/similar", "k") == MAX_K
    assert largest("/v1/suggest", "k") == MAX_SUGGESTIONS
    assert largest("/v1/recommendations", "k") == MAX_RECOMMENDED
    assert schemas["FacetRequestInput"]["properties"]["limit"]["maximum"] == MAX_VALUES
    assert schemas["FacetRequestInput"]["properties"]["bins"]["maximum"] == MAX_BINS
    # The limits hold where they are said: the next number is refused, the largest is not.
    for k, status in ((MAX_RECOMMENDED, 200), (MAX_RECOMMENDED + 1, 422)):
        assert client.get("/v1/recommendations", params={"k": k}).status_code == status
    contributions = schemas["Hit"]["properties"]["contributions"]["description"]
    assert all(f"`{signal.name}`:" in contributions for signal in SIGNALS)
    hits = shelf.search(photo=photo_of("mug", "red"), text="red mug", shopper="s").hits
    assert {name for hit in hits for name in hit.contributions} <= {signal.name for signal in SIGNALS}
    reasons = schemas["RecommendationReason"]["properties"]["kind"]["description"]
    assert all(f"`{each.reason.kind}`" in reasons for each in shelf.recommend(k=20))


def test_not_ready_without_its_shelf(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    shelf = Shelf.open(tmp_path / "shelf")
    with running(create_app(shelf)) as address, httpx.Client(base_url=address) as client:
        assert client.get("/readyz").status_code == 200  # an empty shelf is no reason to be unready
        shelf.close()
        caplog.set_level(logging.CRITICAL, "snapshelf.server")
        body = problem(client.get("/readyz"), 503, "not-ready")
        assert str(tmp_path) not in str(body)
        assert client.get("/healthz").status_code == 200


def test_stats(client: httpx.Client, shelf: Shelf) -> None:
    stats = client.get("/v1/stats").json()
    assert stats["products"] == shelf.stats().products
    assert stats["encoder"] == shelf.stats().encoder
    assert stats["bytes"] > 0


def test_stages_of_searches_are_measured(client: httpx.Client) -> None:
    stages = ("decode", "encode", "recall", "rank")
    before = {stage: metric(client, "snapshelf_search_stage_seconds_count", stage=stage) for stage in stages}
    client.post("/v1/search", json={"photo": base64_of(photo_of("mug", "red"))})
    after = {stage: metric(client, "snapshelf_search_stage_seconds_count", stage=stage) for stage in stages}
    assert after == {stage: count + 1 for stage, count in before.items()}


def test_requests_are_counted_by_route(client: httpx.Client) -> None:
    def count(route: str, status: str, method: str = "GET") -> float:
        return metric(client, "snapshelf_http_requests_total", method=method, route=route, status=status)

    found, missing, lost = (
        count("/v1/products/{id}", "200"),
        count("/v1/products/{id}", "404"),
        count("none", "404"),
    )
    for product_id in ("red-mug", "blue-mug"):
        client.get(path_of(product_id))
    client.get(path_of("nobody/home"))
    client.get("/wp-admin.php")
    assert count("/v1/products/{id}", "200") == found + 2
    assert count("/v1/products/{id}", "404") == missing + 1
    assert count("none", "404") == lost + 1
    assert (
        metric(client, "snapshelf_http_request_seconds_count", method="GET", route="/v1/products/{id}")
        >= found + 3
    )


def test_gauges(client: httpx.Client, shelf: Shelf) -> None:
    assert metric(client, "snapshelf_products") == shelf.stats().products
    assert metric(client, "snapshelf_http_requests_in_flight") == 1  # the request for the metrics itself
    assert metric(client, "process_resident_memory_bytes") > 0


def test_two_applications_count_for_themselves(client: httpx.Client, strict: httpx.Client) -> None:
    strict.get("/v1/stats")
    before = metric(client, "snapshelf_http_requests_total", method="GET", route="/v1/stats", status="200")
    strict.get("/v1/stats")
    assert (
        metric(client, "snapshelf_http_requests_total", method="GET", route="/v1/stats", status="200")
        == before
    )


def test_unknown_addresses_and_methods(client: httpx.Client) -> None:
    problem(client.get("/v2/search"), 404, "not-found")
    problem(client.get("/v1/products/"), 404, "not-found")
    problem(client.get("/page/../_app.py"), 404, "not-found")
    problem(client.get("/page/%2e%2e/_app.py"), 404, "not-found")
    for response, allowed in [
        (client.get("/v1/search"), {"POST"}),
        (client.delete("/v1/stats"), {"GET"}),
        (client.post(path_of("red-mug")), {"GET", "PUT", "DELETE"}),
        (client.post("/"), {"GET", "HEAD"}),
    ]:
        problem(response, 405, "method-not-allowed")
        assert set(response.headers["allow"].split(", ")) == allowed
    problem(client.post("/page/app.js"), 405, "method-not-allowed")


def test_crash_leaks_nothing(shelf: Shelf, caplog: pytest.LogCaptureFixture) -> None:
    app = create_app(shelf)

    @app.get("/crash")
    async def crash() -> None:
        raise ZeroDivisionError("the password is 1234")

    with running(app) as address, httpx.Client(base_url=address) as client:
        response = client.get("/crash")
        problem(response, 500, "internal")
        assert "1234" not in response.text
        assert response.headers["x-content-type-options"] == "nosniff"
        assert (
            metric(client, "snapshelf_http_requests_total", method="GET", route="/crash", status="500") == 1
        )
    assert "1234" in caplog.text


def test_client_that_leaves_is_no_crash(client: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    labels = {"method": "POST", "route": "/v1/search", "status": "499"}
    before = metric(client, "snapshelf_http_requests_total", **labels)
    with socket.create_connection((client.base_url.host, client.base_url.port), timeout=10) as connection:
        head = (
            "POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\nContent-Length: 1000\r\n\r\n"
        )
        connection.sendall(head.encode() + bytes(10))
    deadline = time.monotonic() + 10
    while metric(client, "snapshelf_http_requests_total", **labels) == before:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert caplog.text == ""


def test_security_headers(client: httpx.Client) -> None:
    for path in ("/", "/page/app.js", "/v1/stats", path_of("red-mug", "photo"), "/nowhere"):
        headers = client.get(path, headers={"Origin": "https://elsewhere.example"}).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in headers


def test_lying_length_does_no_harm(strict: httpx.Client) -> None:
    where = (strict.base_url.host, strict.base_url.port)
    head = "POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n"
    with socket.create_connection(where, timeout=10) as connection:
        connection.sendall(head.format(10**12).encode())  # refused before anything of it is sent
        assert connection.recv(1_000).startswith(b"HTTP/1.1 413")
    with socket.create_connection(where, timeout=10) as connection:
        connection.sendall(head.format(10).encode() + bytes(1_000_000))  # the rest is no part of the body
        assert connection.recv(1_000).startswith(b"HTTP/1.1 400")
    assert strict.get("/healthz").status_code == 200


def test_behind_a_proxy_with_a_prefix(shelf: Shelf) -> None:
    with running(create_app(shelf)) as address:
        app = create_app(shelf)
        app.root_path = "/shop"
        with running(app) as prefixed:
            hit = httpx.post(f"{prefixed}/v1/search", json={"text": "red mug"}).json()["hits"][0]
            assert hit["photo"] == "/shop/v1/products/red-mug/photo"
        assert (
            httpx.post(f"{address}/v1/search", json={"text": "red"})
            .json()["hits"][0]["photo"]
            .startswith("/v1/")
        )


def test_openapi_describes_what_there_is(client: httpx.Client) -> None:
    page = client.get("/openapi.json").json()
    assert page["openapi"].startswith("3.1")
    search = page["paths"]["/v1/search"]["post"]
    assert search["requestBody"]["content"].keys() == {"multipart/form-data", "image/*", "application/json"}
    assert page["paths"].keys() >= {
        "/v1/products/{id}",
        "/v1/products/{id}/similar",
        "/v1/products/{id}/photo",
        "/v1/products:import",
        "/v1/stats",
        "/v1/examples",
        "/healthz",
        "/readyz",
        "/metrics",
    }
    for operations in page["paths"].values():
        for operation in operations.values():
            assert "application/problem+json" in operation["responses"]["default"]["content"]
    references = set(re.findall(r'"\$ref": ?"#/components/schemas/(\w+)"', client.get("/openapi.json").text))
    assert references
    assert references <= page["components"]["schemas"].keys()


def test_port_in_use(shelf: Shelf, address: str) -> None:
    port = int(address.rpartition(":")[2])
    with pytest.raises(SnapshelfError, match=rf"{port}.*--port"):
        serve(shelf, "127.0.0.1", port)


def test_host_of_another_machine(shelf: Shelf) -> None:
    with pytest.raises(SnapshelfError, match=r"192\.0\.2\.1"):
        serve(shelf, "192.0.2.1", 0)
    with pytest.raises(SnapshelfError, match="no such host"):
        serve(shelf, "no such host", 0)


SERVE = """
import sys
from snapshelf import Shelf
from snapshelf.server import serve
with Shelf.open(sys.argv[1], serving=True) as shelf:
    serve(shelf, port=0, on_ready=lambda address: print(address, flush=True))
print("closed", flush=True)
"""


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_serve_ends_cleanly(tmp_path: Path, ending: signal.ItemStatistics) -> None:
    command = [sys.executable, "-c", SERVE, str(tmp_path / "shelf")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            address = process.stdout.readline().strip()
            assert httpx.get(f"{address}/readyz").status_code == 200
            assert "uvicorn" not in str(httpx.get(address).headers)
            process.send_signal(ending)
            output, errors = process.communicate(timeout=20)
        finally:
            process.kill()
    assert (output, errors, process.returncode) == ("closed\n", "", 0)
