"""Who is no shopper: crawlers and scripts that say so."""

from __future__ import annotations

import re

# Names of HTTP libraries are not among them: a shop's own server tells events with one.
_ROBOT = re.compile(
    r"bot\b|bot[/_ -]|crawl|spider|slurp|headless|phantomjs|lighthouse|pagespeed|pingdom|uptime|monitor"
    r"|facebookexternalhit|preview|archiver|scrapy|selenium|puppeteer|playwright",
    re.IGNORECASE,
)


def is_robot(user_agent: str | None) -> bool:
    """Say whether a user agent calls itself a robot."""
    return user_agent is not None and _ROBOT.search(user_agent) is not None
