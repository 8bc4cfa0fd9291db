"""A world of feeds that misbehave, played by one server, and what is true of it.

Items appear by a fake clock. The server answers for every host name, for it is the client's proxy;
it notes each request and, independently of newsbeam, which items it has delivered: those of every
answer that was complete and was a feed.
"""

import gzip
import threading
import zlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from clocks import START, FakeClock
from loopback import (
    Behaviour,
    Loopback,
    Request,
    answer,
    big,
    chunked,
    drip,
    redirect,
    reset,
    stall,
    truncate,
)

WINDOW = 20
RHYTHMS = (1_200, 3_600, 10_800, 43_200)
"""Seconds between two items."""
BURST_AFTER = timedelta(hours=4)
SHARED = "shared.example"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the server saw it."""

    at: datetime
    host: str
    path: str
    feed: int | None
    status: int
    validators: tuple[str | None, str | None]


@dataclass(slots=True)
class Feed:
    """A feed and what the server has done for it."""

    number: int
    host: str
    kind: str
    rhythm: int
    visits: int = 0
    delivered: set[str] = field(default_factory=set)
    given: list[tuple[str | None, str | None]] = field(default_factory=list)
    """Validators of the answers so far."""

    @property
    def path(self) -> str:
        private = "/private" if self.kind == "forbidden" else ""
        return f"{private}/feed{self.number}"

    @property
    def url(self) -> str:
        return f"http://{self.host}{self.path}"

    @property
    def burst(self) -> int:
        """Items that come all at once."""
        return 3 * WINDOW if self.kind == "burst" else 0

    def count(self, now: datetime) -> int:
        """Items that were published by then."""
        passed = now - START
        burst = self.burst if passed >= BURST_AFTER else 0
        return WINDOW + int(passed.total_seconds()) // self.rhythm + burst

    def appeared(self, item: int) -> datetime:
        """When an item was published; those of the first window were there from the start."""
        steady = WINDOW + int(BURST_AFTER.total_seconds()) // self.rhythm
        if self.burst and steady <= item < steady + self.burst:
            return START + BURST_AFTER
        steps = item - WINDOW + 1 - (self.burst if item >= steady else 0)
        return START + timedelta(seconds=max(steps, 0) * self.rhythm)

    def items(self, now: datetime) -> range:
        return range(self.count(now) - WINDOW, self.count(now))

    def guid(self, item: int) -> str:
        return f"{self.number}-{item}"


class World(Loopback):
    """The server.

    Args:
        feeds: how many.
        hosts: on how many host names.
        clock: by which items appear.
    """

    def __init__(self, feeds: int, hosts: int, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock
        self._note = threading.Lock()
        self.log: list[Asked] = []
        kinds = list(KINDS)
        self.feeds = [
            Feed(
                number,
                f"host{number % hosts}.example",
                kinds[(number // hosts + number) % len(kinds)],
                RHYTHMS[number // 3 % len(RHYTHMS)],
            )
            for number in range(feeds)
        ]

    def listed(self) -> str:
        """All feeds as a list."""
        return "\n".join(feed.url for feed in self.feeds)

    def _behaviour(self, request: Request) -> Behaviour:
        now = self._clock.now()
        host = request.host
        feed, behaviour, status = self._choose(request, host, now)
        with self._note:
            validators = request.header("If-None-Match"), request.header("If-Modified-Since")
            self.log.append(
                Asked(now, host, request.path, feed.number if feed else None, status, validators)
            )
        return behaviour

    def _choose(
        self, request: Request, host: str, now: datetime
    ) -> tuple[Feed | None, Behaviour, int]:
        if request.path == "/robots.txt":
            return None, *robots_of(host, now)
        number = request.path.rpartition("feed")[2]
        if not number.isdigit():
            return None, answer(404), 404
        feed = self.feeds[int(number)]
        with self._note:
            # A redirect's second request is the same visit.
            feed.visits += host == feed.host and request.path == feed.path
        return feed, *KINDS[feed.kind](Visit(self, feed, request, now))


@dataclass(frozen=True, slots=True)
class Visit:
    """A request for a feed."""

    world: World
    feed: Feed
    request: Request
    now: datetime

    @property
    def hours(self) -> float:
        return (self.now - START).total_seconds() / 3600

    @property
    def is_at_home(self) -> bool:
        """Under the address of the list, not where a redirect led."""
        return self.request.host == self.feed.host and self.request.path == self.feed.path

    def every(self, number: int) -> bool:
        return self.feed.visits % number == 0

    def tag(self) -> str:
        return f'"{self.feed.number}-{self.feed.count(self.now)}-{self.edition()}"'

    def edition(self) -> int:
        return int(self.hours // 3) if self.feed.kind == "edits" else 0

    def document(self, head: str = "") -> str:
        entries = []
        for item in self.feed.items(self.now):
            edited = f" Edition {self.edition()}." if self.feed.kind == "edits" else ""
            entries.append(
                f"<item><guid isPermaLink='false'>{self.feed.guid(item)}</guid><title>Café number "
                f"{item} of feed {self.feed.number} opens its doors</title><description>Word "
                f"w{item}x{self.feed.number} is in no other text.{edited}</description></item>"
            )
        site = f"<title>Feed {self.feed.number}</title><link>http://{self.feed.host}/</link>"
        return f"<rss version='2.0'><channel>{site}{head}{''.join(entries)}</channel></rss>"

    def serve(
        self,
        *,
        etag: bool = True,
        modified: bool = True,
        tag: str | None = None,
        head: str = "",
        headers: tuple[tuple[str, str], ...] = (),
        code: Callable[[bytes, list[tuple[str, str]]], Behaviour] | None = None,
        encoding: str = "utf-8",
    ) -> tuple[Behaviour, int]:
        """The feed, or 304."""
        tag = tag or self.tag()
        stamp = f"as of {tag}"
        given = (tag if etag else None, stamp if modified else None)
        said = [("ETag", tag)] if etag else []
        said += [("Last-Modified", stamp)] if modified else []
        said += headers
        self.feed.given.append(given)
        wanted = (self.request.header("If-None-Match"), self.request.header("If-Modified-Since"))
        if (etag and wanted[0] == tag) or (not etag and modified and wanted[1] == stamp):
            return answer(304, said), 304
        said += [("Content-Type", f"application/rss+xml; charset={encoding}")]
        body = self.document(head).encode(encoding, "xmlcharrefreplace")
        self.feed.delivered |= {self.feed.guid(item) for item in self.feed.items(self.now)}
        return (code(body, said) if code else answer(200, said, body)), 200


def robots_of(host: str, now: datetime) -> tuple[Behaviour, int]:
    """Every host forbids /private; one in ten is slow, one in ten has no robots.txt for a while."""
    digits = "".join(filter(str.isdigit, host)) or "0"
    if int(digits) % 10 == 7 and now < START + timedelta(hours=2):
        return answer(500), 500
    delay = "Crawl-delay: 20\n" if int(digits) % 10 == 3 else ""
    text = f"User-agent: *\nDisallow: /private/\n{delay}"
    return answer(200, [("Content-Type", "text/plain")], text.encode()), 200


Kind = Callable[[Visit], tuple[Behaviour, int]]


def _then(often: int, fault: Callable[[Visit], tuple[Behaviour, int]]) -> Kind:
    """A fault now and then, else the feed."""
    return lambda visit: fault(visit) if visit.every(often) else visit.serve()


def _moved(status: int, to: Callable[[Visit], str]) -> Kind:
    def play(visit: Visit) -> tuple[Behaviour, int]:
        return (redirect(to(visit), status), status) if visit.is_at_home else visit.serve()

    return play


def _zlib(body: bytes, said: list[tuple[str, str]]) -> Behaviour:
    return answer(200, [*said, ("Content-Encoding", "deflate")], zlib.compress(body))


def _gzip(body: bytes, said: list[tuple[str, str]]) -> Behaviour:
    packed = gzip.compress(body, mtime=0)
    return answer(200, [*said, ("Content-Encoding", "gzip")], packed)


def _chunks(body: bytes, said: list[tuple[str, str]]) -> Behaviour:
    return chunked(body[:100], body[100:], headers=said)


def _charsets(visit: Visit) -> tuple[Behaviour, int]:
    names = ("utf-8", "iso-8859-1", "utf-16", "windows-1252")
    return visit.serve(encoding=names[visit.feed.visits % 4], etag=False, modified=False)


def _busy(visit: Visit) -> tuple[Behaviour, int]:
    if 1 <= visit.hours % 6 < 1.5:
        return answer(429, [("Retry-After", "1800")]), 429
    return visit.serve()


def _closed(visit: Visit) -> tuple[Behaviour, int]:
    if 2 <= visit.hours % 6 < 2.5:
        until = visit.now + timedelta(minutes=40)
        return answer(503, [("Retry-After", f"{until:%a, %d %b %Y %H:%M:%S} GMT")]), 503
    return visit.serve()


def _half(visit: Visit) -> bytes:
    return visit.document().encode()[:-60]


_ZEROS = gzip.compress(bytes(64 << 20), mtime=0)

KINDS: dict[str, Kind] = {
    "honest": lambda visit: visit.serve(),
    "etag": lambda visit: visit.serve(modified=False),
    "modified": lambda visit: visit.serve(etag=False),
    "bare": lambda visit: visit.serve(etag=False, modified=False),
    "liar": lambda visit: visit.serve(tag='"always the same"'),
    "moved": _moved(301, lambda visit: f"/new{visit.feed.path}"),
    "moved host": _moved(308, lambda visit: f"http://other-{visit.feed.host}{visit.feed.path}"),
    "detour": _moved(302, lambda visit: f"/detour{visit.feed.path}"),
    "shared": _moved(307, lambda visit: f"http://{SHARED}{visit.feed.path}"),
    "circle": _then(3, lambda visit: (redirect(visit.request.path, 302), 302)),
    "gone": lambda visit: (answer(410), 410) if visit.hours >= 3 else visit.serve(),
    "busy": _busy,
    "closed": _closed,
    "broken": lambda v: (answer(500, [], b"no"), 500) if 1 <= v.hours % 4 < 2 else v.serve(),
    "stall": _then(4, lambda visit: (stall(b"HTTP/1.1 200 "), 0)),
    "drip": _then(4, lambda visit: (drip(b"HTTP/1.1 200 Slow\r\nX-Filler: ", 0.05), 0)),
    "truncated": _then(3, lambda visit: (truncate(_half(visit), 60), 0)),
    "reset": _then(3, lambda visit: (reset(_half(visit)), 0)),
    "huge": lambda visit: (big(100 << 20), 0),
    "bomb": lambda visit: (answer(200, [("Content-Encoding", "gzip")], _ZEROS), 0),
    "gzip": lambda visit: visit.serve(code=_gzip),
    "deflate": lambda visit: visit.serve(code=_zlib),
    "chunked": lambda visit: visit.serve(code=_chunks),
    "charsets": _charsets,
    "aged": lambda visit: visit.serve(headers=(("Cache-Control", "max-age=5400"),)),
    "ttl": lambda visit: visit.serve(head="<ttl>90</ttl>"),
    "page": _then(5, lambda visit: (answer(200, [], b"<html>Please wait</html>"), 0)),
    "empty": _then(5, lambda visit: (answer(200), 0)),
    "burst": lambda visit: visit.serve(),
    "edits": lambda visit: visit.serve(),
    "forbidden": lambda visit: visit.serve(),
}


def by_host(log: list[Asked]) -> dict[str, list[Asked]]:
    """Requests by host, in their order."""
    hosts: defaultdict[str, list[Asked]] = defaultdict(list)
    for asked in log:
        hosts[asked.host].append(asked)
    return hosts
