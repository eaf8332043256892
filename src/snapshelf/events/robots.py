"""Robots: crawlers and scripts that identify themselves."""

from __future__ import annotations

import re

# Without HTTP libraries: a shop's own server sends events with them.
_ROBOT = re.compile(
    r"bot\b|bot[/_ -]|crawl|spider|slurp|headless|phantomjs|lighthouse|pagespeed|pingdom|uptime|monitor"
    r"|facebookexternalhit|preview|archiver|scrapy|selenium|puppeteer|playwright",
    re.IGNORECASE,
)


def is_robot(user_agent: str | None) -> bool:
    """Return whether a user agent identifies itself as a robot."""
    return user_agent is not None and _ROBOT.search(user_agent) is not None
