"""The server of the polling trial: it stands for a proxy, so it plays any number of hosts.

It notes every request, and what it knows of its own answers: what it gave, what it asked for.
"""

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from benchmarks.trial_feeds import Feed, make_feeds
from benchmarks.trial_kinds import KINDS, Reply, Visit

from clocks import START, FakeClock  # isort: skip
from loopback import Behaviour, Exchange, Loopback, Request, answer, redirect  # isort: skip

ROBOTS_BROKEN = timedelta(hours=2)
CRAWL_DELAY = 20.0
Validators = tuple[str | None, str | None]


@dataclass(slots=True)
class Asked:
    """A request, by the fake clock."""

    number: int
    round: int
    at: datetime
    host: str
    path: str
    feed: Feed | None
    sent: Validators
    connection: int
    reply: Reply | None = None
    ended: datetime | None = None
    """When the answer began to go out; no time passes while it does."""
    editions: dict[str, int] = field(default_factory=dict)
    """Items that it delivered, and which edition of each."""

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{self.host}{self.path}"

    @property
    def status(self) -> int | None:
        """Of the answer; None when there is no usable one."""
        return self.reply.status if self.reply else None

    @property
    def delivered(self) -> bool:
        """Whether the answer was complete and a feed."""
        return bool(self.reply and self.reply.delivers)

    @property
    def crawl_delay(self) -> float:
        """That its host asks for in its robots.txt."""
        return CRAWL_DELAY if number_of(self.host) % 10 == 3 else 0.0


def number_of(host: str) -> int:
    """The number in a host's name."""
    return int("".join(filter(str.isdigit, host)) or "0")


class World(Loopback):
    """The server.

    Args:
        feeds: how many.
        hosts: on how many names.
        clock: by which items appear.
        until: no item appears later.
    """

    def __init__(self, feeds: int, hosts: int, clock: FakeClock, until: datetime) -> None:
        super().__init__()
        self._clock = clock
        self._note = threading.Lock()
        self._working: Counter[str] = Counter()
        self.round = 0
        self.log: list[Asked] = []
        self.feeds = list(make_feeds(feeds, hosts, list(KINDS), START, until))

    def _behaviour(self, request: Request) -> Behaviour:
        with self._note:
            asked = Asked(
                number=len(self.log),
                round=self.round,
                at=self._clock.now(),
                host=request.host,
                path=request.path,
                feed=self._feed_of(request),
                sent=(request.header("If-None-Match"), request.header("If-Modified-Since")),
                connection=request.connection,
            )
            self.log.append(asked)
            reply = asked.reply = self._reply(request, asked)
            if asked.feed is not None and reply.delivers:
                asked.editions = asked.feed.editions(asked.at)

        def behave(exchange: Exchange) -> None:
            self._pass_time(reply.seconds)
            asked.ended = self._clock.now()
            reply.behaviour(exchange)

        return behave

    def _feed_of(self, request: Request) -> Feed | None:
        number = request.path.rpartition("feed")[2]
        return self.feeds[int(number)] if number.isdigit() else None

    def _reply(self, request: Request, asked: Asked) -> Reply:
        feed = asked.feed
        if feed is None:
            return _robots(request, asked.at)
        if feed.last_round != asked.round:
            feed.last_round = asked.round
            feed.visits += 1
        visit = Visit(feed, request, asked.at, START, feed.visits, asked.url == feed.url)
        return KINDS[feed.kind](visit)

    def _pass_time(self, seconds: float) -> None:
        """Let the fake clock go on, for the client's thread that waits."""
        if seconds:
            thread = threading.current_thread()
            name, thread.name = thread.name, "poll server"
            self._clock.sleep(seconds)
            thread.name = name


def _robots(request: Request, now: datetime) -> Reply:
    """robots.txt: one host in ten has none, one redirects, one is broken at first, one is slow."""
    kind = number_of(request.host) % 10
    if request.path not in ("/robots.txt", "/rules.txt") or kind == 5:
        return Reply(answer(404), 404)
    if kind == 7 and now < START + ROBOTS_BROKEN:
        return Reply(answer(500), 500)
    if kind == 1 and request.path == "/robots.txt":
        to = f"http://{request.host}/rules.txt"
        return Reply(redirect(to, 301), 301, location=to)
    delay = f"Crawl-delay: {CRAWL_DELAY:g}\n" if kind == 3 else ""
    text = f"User-agent: *\nDisallow: /private/\n{delay}"
    return Reply(answer(200, [("Content-Type", "text/plain")], text.encode()), 200)
