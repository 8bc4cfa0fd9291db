"""What would become of a feed list if it were polled now: the facts of ``newsbeam feeds``."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.feeds import FeedSettings, FeedState, HostState
from transforms.feeds.ask import AGENT, PollSettings
from transforms.feeds.hosts import MOST_CRAWL_DELAY
from transforms.feeds.listed import VARIABLE
from transforms.feeds.plan import host_of_feed, requests_per_day
from transforms.feeds.schedule import due_at
from transforms.http.robots import ROBOTS_MAX_AGE, RobotsFile, crawl_delay, may_fetch, robots_url

WHEN = {
    "now": "it is due",
    "later": "it is not due yet, or its host asked to wait",
    "never": "its server said that it is gone (410)",
    "forbidden": "robots.txt does not allow it",
    "unset": "a variable of the environment that it needs is not set",
}
"""What can be said of a feed's next request."""

ROBOTS = {
    "allowed": "robots.txt allows it",
    "forbidden": "robots.txt forbids it, or could not be had",
    "unknown": "robots.txt is asked before the feed is",
    "ignored": "robots.txt is not obeyed for it",
}
"""What can be said of a feed and its host's robots.txt."""


@dataclass(frozen=True, slots=True)
class FeedOutlook:
    """One feed."""

    url: str
    """Public."""
    host: str
    name: str | None
    """The name of the source by the list."""
    when: str
    """A key of :data:`WHEN`."""
    due: datetime | None
    """When ``when`` is ``later``."""
    interval: float
    """Seconds between two polls at the present pace."""
    interval_from: str
    """``list``, ``pace`` (found from the feed's own items), or ``default``."""
    robots: str
    """A key of :data:`ROBOTS`."""
    missing: tuple[str, ...]
    """Variables of the environment that it needs and that are not set."""
    moved_to: str | None
    """Where permanent redirects have led."""
    failures: int
    """Polls in a row without a good answer."""
    status: int | None
    """HTTP status of the last answer."""
    detail: str
    """What went wrong last; empty when nothing did."""
    answered_at: datetime | None
    """The last good answer."""
    days_silent: float | None
    """Days since then."""
    changed_at: datetime | None
    """The last answer with a new item."""


@dataclass(frozen=True, slots=True)
class HostOutlook:
    """One host."""

    host: str
    feeds: int
    due: int
    """Of them, how many would be asked now."""
    requests_per_day: float
    """At the present pace; redirects and robots.txt not counted."""
    delay: float
    """Seconds between two requests to it."""
    round_seconds: float
    """The pauses between the requests that are due, robots.txt among them when it is."""
    hold_until: datetime | None
    """It asked for no requests before; None when that is over."""
    robots_status: int | None
    """HTTP status of its robots.txt; None when it was not asked for or there was no answer."""
    robots_at: datetime | None
    """When its robots.txt was asked for."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """A whole list."""

    feeds: tuple[FeedOutlook, ...]
    """By what comes first, then by address."""
    hosts: tuple[HostOutlook, ...]
    """The busiest first, then by name."""


def outlook(
    feeds: Sequence[FeedSettings],
    states: Mapping[str, FeedState],
    hosts: Mapping[str, HostState],
    environment: Collection[str],
    settings: PollSettings,
    now: datetime,
) -> Outlook:
    """Say what would be asked when; nothing is asked.

    Args:
        feeds: the list.
        states: what a lake remembers, by key.
        hosts: the same, by :func:`~transforms.feeds.plan.host_of_feed`.
        environment: names of the variables that are set.
        settings: how the run would ask.
        now: aware, UTC.
    """
    rows = []
    for feed in feeds:
        state = states.get(feed.key)
        host = host_of_feed(feed, state)
        known = hosts.get(host) or HostState(host)
        rows.append(
            _feed(feed, state or FeedState(feed.key, feed.url), known, environment, settings, now)
        )
    rows.sort(key=lambda row: (tuple(WHEN).index(row.when), row.due or now, row.url))
    rates = requests_per_day(feeds, states, settings.schedule)
    by_host: defaultdict[str, list[FeedOutlook]] = defaultdict(list)
    for row in rows:
        by_host[row.host].append(row)
    found = [
        _host(hosts.get(host) or HostState(host), mine, rates.get(host, 0.0), settings, now)
        for host, mine in by_host.items()
    ]
    found.sort(key=lambda host: (-host.requests_per_day, host.host))
    return Outlook(tuple(rows), tuple(found))


def _feed(
    feed: FeedSettings,
    state: FeedState,
    host: HostState,
    environment: Collection[str],
    settings: PollSettings,
    now: datetime,
) -> FeedOutlook:
    missing = tuple(name for name in variables_of(feed) if name not in environment)
    robots = _robots(feed, state, host, settings)
    when, due = _when(feed, state, host, settings, now)
    if when != "never" and missing:
        when, due = "unset", None
    elif when == "now" and robots == "forbidden" and _fresh(host, now):
        when, due = "forbidden", None
    if feed.interval is not None:
        interval, said_by = max(feed.interval, settings.schedule.min_interval), "list"
    elif state.interval:
        interval, said_by = state.interval, "pace"
    else:
        interval, said_by = settings.schedule.default_interval, "default"
    silent = (now - state.answered_at).total_seconds() / 86_400 if state.answered_at else None
    return FeedOutlook(
        url=feed.url,
        host=host.host,
        name=feed.name,
        when=when,
        due=due,
        interval=interval,
        interval_from=said_by,
        robots=robots,
        missing=missing,
        moved_to=state.moved_to,
        failures=state.failures,
        status=state.status,
        detail=state.detail,
        answered_at=state.answered_at,
        days_silent=silent,
        changed_at=state.changed_at,
    )


def variables_of(feed: FeedSettings) -> tuple[str, ...]:
    """Names of the variables of the environment that a feed's address and headers need, sorted."""
    texts = (feed.address.text, *(value.text for _, value in feed.headers))
    return tuple(sorted({name for text in texts for name in VARIABLE.findall(text)}))


def _when(
    feed: FeedSettings, state: FeedState, host: HostState, settings: PollSettings, now: datetime
) -> tuple[str, datetime | None]:
    due = due_at(feed, state, settings.schedule)
    if due is None:
        return "never", None
    if host.hold_until is not None:
        due = max(due, host.hold_until)
    return ("now", None) if due <= now else ("later", due)


def _robots(feed: FeedSettings, state: FeedState, host: HostState, settings: PollSettings) -> str:
    if not _obeys(feed, settings):
        return "ignored"
    if host.robots_at is None:
        return "unknown"
    file = RobotsFile(host.robots_status, host.robots)
    return "allowed" if may_fetch(file, state.moved_to or feed.url, AGENT) else "forbidden"


def _obeys(feed: FeedSettings, settings: PollSettings) -> bool:
    return settings.robots if feed.robots is None else feed.robots


def _fresh(host: HostState, now: datetime) -> bool:
    return host.robots_at is not None and now - host.robots_at < ROBOTS_MAX_AGE


def _host(
    host: HostState,
    feeds: Sequence[FeedOutlook],
    rate: float,
    settings: PollSettings,
    now: datetime,
) -> HostOutlook:
    due = [feed for feed in feeds if feed.when == "now"]
    obeyed = any(feed.robots != "ignored" for feed in feeds)
    asked = crawl_delay(RobotsFile(host.robots_status, host.robots), AGENT) if obeyed else None
    delay = max(settings.delay, min(asked or 0.0, MOST_CRAWL_DELAY))
    first = not _fresh(host, now) and any(feed.robots != "ignored" for feed in due)
    held = host.hold_until is not None and host.hold_until > now
    return HostOutlook(
        host=host.host,
        feeds=len(feeds),
        due=len(due),
        requests_per_day=rate,
        delay=delay,
        round_seconds=max(0, len(due) + first - 1) * delay,
        hold_until=host.hold_until if held else None,
        robots_status=host.robots_status,
        robots_at=host.robots_at,
    )


def robots_wanted(
    feeds: Sequence[FeedSettings],
    states: Mapping[str, FeedState],
    hosts: Mapping[str, HostState],
    settings: PollSettings,
    now: datetime,
) -> dict[str, str]:
    """Give the addresses of the robots.txt that a round would have to ask for, by host."""
    wanted: dict[str, str] = {}
    for feed in feeds:
        state = states.get(feed.key)
        host = host_of_feed(feed, state)
        gone = state is not None and state.gone
        if gone or not _obeys(feed, settings) or _fresh(hosts.get(host) or HostState(host), now):
            continue
        url = (state.moved_to if state is not None else None) or feed.url
        wanted.setdefault(host, robots_url(url))
    return dict(sorted(wanted.items()))
