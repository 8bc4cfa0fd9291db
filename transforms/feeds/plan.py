"""Which feeds a round asks, and which have to wait."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from schemas.feeds import FeedRequest, FeedSettings, FeedState, HostState
from transforms.feeds.schedule import DEFAULT_LIMITS, PollLimits, back_off, due_at
from transforms.feeds.skip_times import next_allowed
from transforms.text.urls import host_of

_DAY = 86_400.0
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class PollPlan:
    """One round."""

    requests: tuple[FeedRequest, ...]
    """Feeds to be asked, the most overdue first."""
    waiting: int
    """Feeds that are due and not in this round."""
    next_due: datetime | None
    """When the first of all other feeds may be asked, not before now; None when there is none."""


def plan_polls(
    feeds: Sequence[FeedSettings],
    states: Mapping[str, FeedState],
    hosts: Mapping[str, HostState],
    now: datetime,
    *,
    delay: float,
    seconds: float,
    most: int,
    limits: PollLimits = DEFAULT_LIMITS,
) -> PollPlan:
    """Choose the feeds of one round: the most overdue first, feeds equally overdue by key.

    Args:
        feeds: all that are configured; of those with the same key the first counts.
        states: by the feeds' keys.
        hosts: by :func:`host_of_feed`.
        now: aware.
        delay: seconds between two requests to one host.
        seconds: how long a round may take; a host is given no more feeds than fit in it, and one
            at least.
        most: feeds in all.
        limits: of the run.
    """
    due: list[tuple[datetime, str, FeedSettings, HostState]] = []
    later: list[datetime] = []
    waiting = 0
    for key, settings in _first_by_key(feeds).items():
        state = states.get(key)
        at = due_at(settings, state, limits)
        if at is None:
            continue
        if state is not None and settings.interval is None:
            # It may have become due just before an hour in which it wants to be left alone.
            schedule = state.schedule
            allowed = next_allowed(max(at, now), schedule.skip_hours, schedule.skip_days)
            at = allowed if allowed > now else at
        host = host_of_feed(settings, state)
        known = hosts.get(host) or HostState(host)
        allowed = at if known.hold_until is None else max(at, known.hold_until)
        if allowed <= now:
            due.append((at, key, settings, known))
        else:
            later.append(allowed)
            waiting += at <= now
    per_host = max(1.0, seconds / delay) if delay > 0 else math.inf
    asked: Counter[str] = Counter()
    requests: list[FeedRequest] = []
    for _, key, settings, known in sorted(due, key=lambda one: one[:2]):
        if len(requests) >= most or asked[known.host] + 1 > per_host:
            waiting += 1
            later.append(now)
            continue
        asked[known.host] += 1
        state = states.get(key) or FeedState(key, settings.url)
        requests.append(FeedRequest(settings, state, known))
    return PollPlan(tuple(requests), waiting, min(later, default=None))


def _first_by_key(feeds: Sequence[FeedSettings]) -> dict[str, FeedSettings]:
    return {feed.key: feed for feed in reversed(feeds)}


def host_of_feed(settings: FeedSettings, state: FeedState | None) -> str:
    """Return the host that is asked for a feed, as :attr:`schemas.feeds.HostState.host` has it.

    A name of other letters is written as IDNA 2008 has it. What is no address of the web, such as
    one whose host is a variable, is kept as written, in lower case.
    """
    url = (state.moved_to if state is not None else None) or settings.url
    host = host_of(url)
    if host is None:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    parts = urlsplit(url.strip())
    bare = f"[{host}]" if ":" in host else host
    if parts.port is None or parts.port == _PORTS.get(parts.scheme):
        return bare
    return f"{bare}:{parts.port}"


def requests_per_day(
    settings: Sequence[FeedSettings],
    states: Mapping[str, FeedState],
    limits: PollLimits = DEFAULT_LIMITS,
) -> dict[str, float]:
    """Return how many requests a day each host would get at the present pace, by host.

    Redirects, robots.txt and what feeds and servers put off are not in it. A feed that was never
    asked counts with the default interval; one that fails with its back-off.
    """
    found: dict[str, float] = {}
    for feed in _first_by_key(settings).values():
        state = states.get(feed.key)
        host = host_of_feed(feed, state)
        found[host] = found.get(host, 0.0) + _rate(feed, state, limits)
    return dict(sorted(found.items()))


def _rate(settings: FeedSettings, state: FeedState | None, limits: PollLimits) -> float:
    if state is not None and state.gone:
        return 0.0
    if state is not None and state.failures:
        return _DAY / back_off(state.failures, limits)
    if settings.interval is not None:
        return _DAY / max(settings.interval, limits.min_interval)
    return _DAY / (
        state.interval if state is not None and state.interval else limits.default_interval
    )
