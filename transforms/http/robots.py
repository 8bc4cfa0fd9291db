"""robots.txt, the Robots Exclusion Protocol (RFC 9309)."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urljoin

from protego import Protego

from transforms.http.target import parse_target

ROBOTS_MAX_AGE = timedelta(hours=24)
"""How long a robots.txt may be used without asking again (RFC 9309, section 2.4)."""

LARGEST = 500 * 1024
"""Bytes of robots.txt that are read (RFC 9309, section 2.5); the rest is ignored."""

_TOKEN = re.compile(r"[A-Za-z_-]+")
_USER_AGENT = re.compile(r"\s*user(?:-|\s+)?agent(?:\s*:|\s+|\s*$)(.*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RobotsFile:
    """What asking for robots.txt brought."""

    status: int | None
    """HTTP status after redirects; None when there was no answer."""
    body: bytes | None = field(default=None, repr=False)
    """The file, decompressed; None when there is none."""


def robots_url(url: str) -> str:
    """Return where the robots.txt of an address is (RFC 9309, section 2.3).

    Raises:
        ValueError: it is no absolute http or https address.
    """
    return urljoin(parse_target(url).url, "/robots.txt")


def may_fetch(robots: RobotsFile, url: str, agent: str) -> bool:
    """Say whether robots.txt lets us ask for an address.

    A client error, and a redirect that ends nowhere, mean that there are no rules; a server error
    and no answer mean that nothing may be asked for (RFC 9309, section 2.3.1).

    Args:
        robots: what asking for it brought.
        url: the address.
        agent: our product token, or the User-Agent that begins with it.
    """
    if robots.status is None or robots.status < 200 or robots.status >= 500:
        return False
    if robots.status >= 300:
        return True
    return _rules(robots, agent).can_fetch(url, _token(agent))


def crawl_delay(robots: RobotsFile, agent: str) -> float | None:
    """Return the seconds between two requests that robots.txt asks for.

    ``Crawl-delay`` is no part of RFC 9309, but Bing and Yandex made it common.

    Args:
        robots: what asking for it brought.
        agent: our product token, or the User-Agent that begins with it.
    """
    if robots.status is None or not 200 <= robots.status < 300:
        return None
    return _rules(robots, agent).crawl_delay(_token(agent))


def _token(agent: str) -> str:
    match = _TOKEN.match(agent.strip())
    return match[0].lower() if match else agent.strip().lower()


def _rules(robots: RobotsFile, agent: str) -> Protego:
    """Parse what concerns us.

    The parser keeps a list of rules for each name; a file of ten thousand names and ten thousand
    rules would be a hundred million of them. Names of others only end a group. And a name is the
    whole token: ``news`` does not speak of ``newsbeam`` (RFC 9309, section 2.2.1).
    """
    content = robots.body or b""
    if len(content) > LARGEST:
        content = content[:LARGEST].rpartition(b"\n")[0]
    ours = _token(agent)
    lines = content.decode("utf-8-sig", "replace").splitlines()
    rules: Protego = Protego.parse("\n".join(_addressed(line, ours) for line in lines))
    return rules


def _addressed(line: str, ours: str) -> str:
    line = line.partition("#")[0]
    match = _USER_AGENT.fullmatch(line)
    if match is None:
        return line
    name = match[1].strip()
    token = "*" if name.startswith("*") else _token(name)
    return f"User-agent: {token}" if token in ("*", ours) else "User-agent:"
