"""The HTTP API and the web page of a shelf."""

from snapshelf.server.app import create_app
from snapshelf.server.serving import serve
from snapshelf.server.settings import Example, ExampleShopper, ServerSettings

__all__ = ["Example", "ExampleShopper", "ServerSettings", "create_app", "serve"]
