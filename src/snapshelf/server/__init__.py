"""The HTTP API and the web page of a shelf."""

from snapshelf.server._app import create_app
from snapshelf.server._serve import serve
from snapshelf.server._settings import Example, ExampleShopper, ServerSettings

__all__ = ["Example", "ExampleShopper", "ServerSettings", "create_app", "serve"]
