"""Asking one feed: is it allowed, what goes out, what the answer means."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from schemas.feeds import FeedRequest, Poll, PollOutcome
from transforms.feeds.clock import Clock
from transforms.feeds.hosts import HostHeldError, Hosts, Passage
from transforms.feeds.plan import host_of_feed
from transforms.feeds.schedule import PollLimits, wants_validators
from transforms.http.errors import FetchError
from transforms.http.fetcher import Answer, Fetcher, FetchLimits
from transforms.http.headers import fresh_until, header, retry_after
from transforms.http.robots import (
    LARGEST,
    ROBOTS_MAX_AGE,
    RobotsFile,
    crawl_delay,
    may_fetch,
    robots_url,
)
from transforms.http.secrets import (
    credentials_in,
    fill,
    fill_address,
    hide,
    hide_in_document,
    public_url,
    split_credentials,
    values_in,
)
from transforms.http.target import server_of

AGENT = "newsbeam"
"""The name by which robots.txt calls us."""

_TOO_MANY = 429
_WAIT = (_TOO_MANY, 503)
_WAIT_SECONDS = 300.0
"""How long a host is left alone that says 429 and not until when."""

_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5"
)


@dataclass(frozen=True, slots=True)
class PollSettings:
    """How feeds are asked.

    Attributes:
        fetch: limits of one request, user agent and proxy.
        schedule: how often feeds may be asked.
        delay: seconds between two requests to one host.
        connections: how many requests may be under way at once.
        seconds: how long a run asks feeds.
        robots: whether robots.txt is obeyed where a feed does not say otherwise.
        archive: whether answers are kept in the lake.
    """

    fetch: FetchLimits = field(default_factory=FetchLimits)
    schedule: PollLimits = field(default_factory=PollLimits)
    delay: float = 1.0
    connections: int = 32
    seconds: float = 600.0
    robots: bool = True
    archive: bool = False


@dataclass(frozen=True, slots=True)
class _Address:
    url: str
    """With secrets: what is asked."""
    headers: Mapping[str, str]
    """Secrets, for this host alone."""
    secrets: frozenset[str]
    """Values out of the environment, not to be shown."""


class Asker:
    """Asks feeds; for many threads.

    Args:
        fetcher: makes the requests.
        settings: how.
        hosts: spares the hosts.
        clock: tells the time.
        environment: variables that addresses and headers may name.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        settings: PollSettings,
        hosts: Hosts,
        clock: Clock,
        environment: Mapping[str, str],
    ) -> None:
        self._fetcher = fetcher
        self._settings = settings
        self._hosts = hosts
        self._clock = clock
        self._environment = environment
        self._without_robots: dict[str, str] = {}

    def slow_down(self, requests: Iterable[FeedRequest]) -> None:
        """Obey the ``Crawl-delay`` of the robots.txt files that are remembered."""
        for host in {host_of_feed(request.settings, request.state) for request in requests}:
            state = self._hosts.state(host)
            if self._settings.robots and state.robots is not None:
                robots = RobotsFile(state.robots_status, state.robots)
                self._hosts.slow_down(host, crawl_delay(robots, AGENT))

    def ask(self, request: FeedRequest) -> tuple[Poll, Answer | None]:
        """Ask a feed; the answer is given when it is a document."""
        try:
            address = self._address(request)
        except ValueError as error:
            # A variable is missing, or what it means makes no address.
            return _poll(request, PollOutcome.FAILED, detail=str(error)), None
        try:
            refused = self._refused_by_robots(request, address.url)
        except HostHeldError as error:
            return deferred(request, str(error)), None
        if refused is not None:
            return refused, None
        poll, answer = self._fetch(request, address)
        return poll, _without(answer, address.secrets) if answer is not None else None

    def _address(self, request: FeedRequest) -> _Address:
        settings, moved_to = request.settings, request.state.moved_to
        written = settings.address.text
        configured, authorization = split_credentials(fill_address(written, self._environment))
        own = {name: fill(value.text, self._environment) for name, value in settings.headers}
        if authorization is not None:
            own.setdefault("Authorization", authorization)
        url = moved_to or configured
        texts = (written, *(value.text for _, value in settings.headers))
        secrets = frozenset().union(*(values_in(text, self._environment) for text in texts))
        secrets |= credentials_in(fill_address(written, self._environment))
        # Secrets were given for one host; a feed that has moved to another has to do without.
        return _Address(url, own if _origin(url) == _origin(configured) else {}, secrets)

    def _refused_by_robots(self, request: FeedRequest, url: str) -> Poll | None:
        wanted = request.settings.robots
        if not (self._settings.robots if wanted is None else wanted):
            return None
        host = server_of(url)
        state = self._hosts.state(host)
        asked_at = self._clock.now()
        if state.robots_at is None or asked_at - state.robots_at >= ROBOTS_MAX_AGE:
            failed = self._fetch_robots(host, url)
            state = self._hosts.state(host)
            if failed and state.robots_at is None:
                # RFC 9309, section 2.3.1.4: what cannot be had forbids all; it is asked for again.
                return _poll(request, PollOutcome.FAILED, asked_at=asked_at, detail=failed)
        # One that was had before is used when a new one cannot be had; the same section allows it.
        robots = RobotsFile(state.robots_status, state.robots)
        self._hosts.slow_down(host, crawl_delay(robots, AGENT))
        if may_fetch(robots, url, AGENT):
            return None
        detail = f"{public_url(robots_url(url))} forbids it"
        return _poll(request, PollOutcome.FORBIDDEN, detail=detail)

    def _fetch_robots(self, host: str, url: str) -> str:
        """Ask for robots.txt, once a run if it cannot be had; gives what went wrong."""
        if host in self._without_robots:
            return self._without_robots[host]
        passage = Passage(self._hosts)
        failed = ""
        try:
            with passage:
                answer = self._fetcher.fetch(robots_url(url), {}, {}, passage.go_to)
                self._hold(answer, self._clock.now())
        except FetchError as error:
            failed = error.detail
        except HostHeldError as error:
            if not passage.requests:
                raise
            failed = str(error)
        until = self._hosts.held_until(host)
        if until is not None:
            # It will be asked again; that it is busy says nothing of what it allows.
            raise HostHeldError(host, until)
        if not failed and (answer.status == _TOO_MANY or answer.status >= 500):
            failed = f"status {answer.status}"
        if failed:
            failed = f"{public_url(robots_url(url))} could not be had: {failed}"
            self._without_robots[host] = failed
            return failed
        body = answer.body[:LARGEST] if answer.status == 200 else None
        self._hosts.learn_robots(host, answer.status, body)
        return ""

    def _fetch(self, request: FeedRequest, address: _Address) -> tuple[Poll, Answer | None]:
        asked_at = self._clock.now()
        limits = self._settings.schedule
        conditional = wants_validators(request.settings, request.state, asked_at, limits)
        headers = {"Accept": _ACCEPT} | (_validators(request) if conditional else {})
        passage = Passage(self._hosts)
        try:
            with passage:
                answer = self._fetcher.fetch(
                    address.url, headers, address.headers, passage.go_to, address.secrets
                )
                now = self._clock.now()
                # Before the next in line goes to the host.
                retry_at = self._hold(answer, now)
        except FetchError as error:
            poll = _poll(
                request,
                PollOutcome.FAILED,
                asked_at=asked_at,
                status=error.status,
                detail=error.detail,
                requests=error.requests,
                conditional=conditional,
            )
            return poll, None
        except HostHeldError as error:
            if not passage.requests:
                return deferred(request, str(error)), None
            poll = _poll(
                request,
                PollOutcome.FAILED,
                asked_at=asked_at,
                detail=str(error),
                requests=passage.requests,
                conditional=conditional,
                retry_at=error.until,
            )
            return poll, None
        outcome, detail = _meaning(answer, conditional)
        poll = _poll(
            request,
            outcome,
            asked_at=asked_at,
            answered_at=now,
            status=answer.status,
            detail=detail,
            requests=answer.requests,
            bytes=len(answer.raw),
            conditional=conditional,
            etag=header(answer.headers, "etag"),
            last_modified=header(answer.headers, "last-modified"),
            moved_to=_moved_to(request, answer),
            fresh_until=fresh_until(answer.headers, now),
            retry_at=retry_at,
        )
        return poll, answer if outcome is PollOutcome.FETCHED else None

    def _hold(self, answer: Answer, now: datetime) -> datetime | None:
        """Leave a host alone that asks for it."""
        if answer.status not in _WAIT:
            return None
        until = retry_after(answer.headers, now)
        if until is not None:
            most = now + timedelta(seconds=self._settings.schedule.max_hold)
            until = min(until, most)
            self._hosts.hold(server_of(answer.url), until)
        elif answer.status == _TOO_MANY:
            self._hosts.hold(server_of(answer.url), now + timedelta(seconds=_WAIT_SECONDS))
        return until


def _without(answer: Answer, secrets: frozenset[str]) -> Answer:
    """An answer without the secrets of its request: many servers repeat what they were asked.

    What is hidden is told at :func:`transforms.http.secrets.hide_in_document`.
    """
    if not secrets:
        return answer
    return replace(
        answer,
        headers=tuple((name, hide(value, secrets)) for name, value in answer.headers),
        body=hide_in_document(answer.body, secrets),
    )


def deferred(request: FeedRequest, detail: str) -> Poll:
    """What is said of a feed that was due and not asked."""
    return _poll(request, PollOutcome.DEFERRED, detail=detail)


def _poll(request: FeedRequest, outcome: PollOutcome, **facts: object) -> Poll:
    settings, url = request.settings, _public_address(request)
    return Poll(settings.key, url, settings.name, outcome, **facts)  # type: ignore[arg-type]


def _public_address(request: FeedRequest) -> str:
    return request.state.moved_to or request.settings.url


def _validators(request: FeedRequest) -> dict[str, str]:
    """Both, as they were given: RFC 9110, section 13.1, leaves the choice to the server."""
    state = request.state
    found = {"If-None-Match": state.etag, "If-Modified-Since": state.last_modified}
    return {name: value for name, value in found.items() if value is not None}


def _meaning(answer: Answer, conditional: bool) -> tuple[PollOutcome, str]:
    if answer.status == 200:
        return PollOutcome.FETCHED, ""
    if answer.status == 304 and conditional:
        return PollOutcome.NOT_MODIFIED, ""
    if answer.status == 410:
        return PollOutcome.GONE, "410 Gone"
    return PollOutcome.FAILED, f"status {answer.status}"


def _moved_to(request: FeedRequest, answer: Answer) -> str | None:
    """Where the feed has moved for good; an address with a secret is not written down."""
    settings = request.settings
    return answer.permanent_to if settings.address.text == settings.url else None


def _origin(url: str) -> tuple[str, str]:
    return urlsplit(url).scheme.lower(), server_of(url)


Ask = Callable[[FeedRequest], tuple[Poll, Answer | None]]
