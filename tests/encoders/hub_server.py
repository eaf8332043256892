"""A model hub on this machine: it answers over HTTP as huggingface.co does, for folders that tests give it."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
_LARGE = (".onnx", ".onnx_data", ".safetensors", ".bin")
"""Files that the hub keeps apart from git, with a SHA-256, behind a redirect."""


@dataclass
class Hub:
    """What the server has and how it behaves.

    Parameters
    ----------
    address, elsewhere : str
        Of the hub, and of the store of large files that it redirects to.
    repositories : dict
        ``org/name`` → folder.
    breaks_after : dict
        Name of a file → bytes after which the connection is cut, once.
    damaged : set
        Names of files that arrive with one byte changed.
    gated : set
        Repositories that need a login.
    requests : list
        Method, path and Range header of each request.
    """

    address: str = ""
    elsewhere: str = ""
    repositories: dict[str, Path] = field(default_factory=dict)
    breaks_after: dict[str, int] = field(default_factory=dict)
    damaged: set[str] = field(default_factory=set)
    gated: set[str] = field(default_factory=set)
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)

    def downloads(self) -> list[tuple[str, str | None]]:
        """File and Range header of each download of content."""
        return [
            (path.rsplit("/", 1)[-1], content_range)
            for method, path, content_range in self.requests
            if method == "GET" and not path.startswith("/api/")
        ]


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    class Handler(_Handler):
        served = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    hub.address = f"http://127.0.0.1:{server.server_port}"
    hub.elsewhere = f"http://localhost:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    served: Hub

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.served.requests.append((self.command, path, self.headers.get("Range")))
        parts = path.strip("/").split("/")
        match parts:
            case ["api", "models", org, name, *revision]:
                self._listing(f"{org}/{name}", "/".join(revision[1:]))
            case ["stored", org, name, *file]:
                self._content(self.served.repositories[f"{org}/{name}"] / "/".join(file))
            case [org, name, "resolve", commit, *file]:
                self._resolve(f"{org}/{name}", commit, "/".join(file))
            case _:
                self._refuse(404, "NotFound")

    def _listing(self, name: str, revision: str) -> None:
        folder = self._allowed(name)
        if folder is None:
            return
        if revision not in {"", "main", "v1", COMMIT}:
            self._refuse(404, "RevisionNotFound")
            return
        siblings = []
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                content = path.read_bytes()
                about = {
                    "rfilename": str(path.relative_to(folder)),
                    "size": len(content),
                    "blobId": _git(content),
                }
                if path.name.endswith(_LARGE):
                    digest = hashlib.sha256(content).hexdigest()
                    about["lfs"] = {"sha256": digest, "size": len(content), "pointerSize": 134}
                siblings.append(about)
        listing = {
            "id": name,
            "modelId": name,
            "sha": COMMIT,
            "siblings": siblings,
            "tags": [],
            "private": False,
        }
        self._send(200, json.dumps(listing).encode(), {"Content-Type": "application/json"})

    def _resolve(self, name: str, commit: str, file: str) -> None:
        folder = self._allowed(name)
        if folder is None:
            return
        path = folder / file
        if not path.is_file():
            self._refuse(404, "EntryNotFound")
            return
        content = path.read_bytes()
        headers = {"X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        if path.name.endswith(_LARGE):
            digest = hashlib.sha256(content).hexdigest()
            headers |= {"X-Linked-Etag": f'"{digest}"', "X-Linked-Size": str(len(content))}
            self._send(302, b"", {**headers, "Location": f"{self.served.elsewhere}/stored/{name}/{file}"})
        else:
            self._content(path, {**headers, "ETag": f'"{_git(content)}"'})

    def _content(self, path: Path, headers: dict[str, str] | None = None) -> None:
        content = path.read_bytes()
        if path.name in self.served.damaged:
            content = bytes([content[0] ^ 1]) + content[1:]
        total, status, extra = len(content), 200, dict(headers or {})
        if content_range := self.headers.get("Range"):
            first = int(content_range.removeprefix("bytes=").split("-")[0])
            content, status = content[first:], 206
            extra["Content-Range"] = f"bytes {first}-{total - 1}/{total}"
        self._send(
            status,
            content,
            extra,
            cut=self.served.breaks_after.pop(path.name, None) if self._gets() else None,
        )

    def _allowed(self, name: str) -> Path | None:
        if name in self.served.gated:
            self._refuse(403, "GatedRepo")
        elif name not in self.served.repositories:
            self._refuse(404, "RepoNotFound")
        return self.served.repositories.get(name) if name not in self.served.gated else None

    def _refuse(self, status: int, code: str) -> None:
        self._send(status, b"{}", {"X-Error-Code": code, "X-Error-Message": code})

    def _gets(self) -> bool:
        return self.command == "GET"

    def _send(self, status: int, content: bytes, headers: dict[str, str], cut: int | None = None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self._gets():
            self.wfile.write(content[:cut])
        if cut is not None:
            self.wfile.flush()
            self.close_connection = True


def _git(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
