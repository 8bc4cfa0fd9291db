"""How hosts are spared: one request at a time to each, and a pause between two.

Every request passes :meth:`Passage.go_to`, those that follow a redirect and those for robots.txt
too: fifty feeds that redirect to one host wait for one another there, however long each takes.
"""

import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from schemas.feeds import HostState
from transforms.feeds.clock import Clock

_LOOK_EVERY_SECONDS = 0.2
_NEVER = datetime.min.replace(tzinfo=UTC)

MOST_CRAWL_DELAY = 300.0
"""Seconds; a longer ``Crawl-delay`` is taken for this."""


class HostHeldError(Exception):
    """A host that asked for no requests now; a redirect may lead to one.

    Args:
        host: which.
        until: when it may be asked again, UTC.
    """

    def __init__(self, host: str, until: datetime) -> None:
        super().__init__(f"{host} asked to wait until {until:%Y-%m-%d %H:%M:%S} UTC")
        self.until = until


class Hosts:
    """What is known of hosts while a run polls; for many threads.

    Args:
        known: what is remembered of them.
        delay: seconds between two requests to one host.
        clock: tells the time.
    """

    def __init__(self, known: Iterable[HostState], delay: float, clock: Clock) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._delay = delay
        self._states = {state.host: state for state in known}
        self._delays: dict[str, float] = {}
        self._last: dict[str, datetime] = {}
        self._touched: set[str] = set()
        self._busy: set[str] = set()

    def state(self, host: str) -> HostState:
        """What is known of a host now."""
        with self._lock:
            return self._states.get(host, HostState(host))

    def touched(self) -> list[HostState]:
        """The hosts of which more is known than before, by name."""
        with self._lock:
            return [self._states[host] for host in sorted(self._touched)]

    def free_at(self, host: str) -> datetime:
        """When the next request may go out."""
        with self._lock:
            return self._free_at(host)

    def pass_gate(self, host: str) -> None:
        """Return when a request may go out to a host; it must then be made.

        Raises:
            HostHeldError: the host asked for no requests now.
        """
        with self._lock:
            now = self._clock.now()
            until = self._states[host].hold_until if host in self._states else None
            if until is not None and until > now:
                raise HostHeldError(host, until)
            start = max(now, self._free_at(host))
            self._last[host] = start
            self._states[host] = replace(self._states.get(host, HostState(host)), asked_at=start)
            self._touched.add(host)
        if start > now:
            self._clock.sleep((start - now).total_seconds())

    def enter(self, host: str) -> None:
        """Return when no request to a host is under way; until :meth:`leave` none other is."""
        while True:
            with self._lock:
                if host not in self._busy:
                    self._busy.add(host)
                    return
            self._clock.sleep(_LOOK_EVERY_SECONDS)

    def leave(self, host: str) -> None:
        """Let others to a host."""
        with self._lock:
            self._busy.discard(host)

    def slow_down(self, host: str, delay: float | None) -> None:
        """Keep at least so many seconds between two requests to a host from now on."""
        if delay is not None:
            with self._lock:
                self._delays[host] = min(max(delay, 0.0), MOST_CRAWL_DELAY)

    def hold(self, host: str, until: datetime) -> None:
        """Make no request to a host before a time that it asked for."""
        with self._lock:
            state = self._states.get(host, HostState(host))
            latest = until if state.hold_until is None else max(until, state.hold_until)
            self._states[host] = replace(state, hold_until=latest)
            self._touched.add(host)

    def is_held(self, host: str) -> bool:
        """Did the host ask for no requests now?"""
        return self.held_until(host) is not None

    def held_until(self, host: str) -> datetime | None:
        """When the host may be asked again; None when it may be asked now."""
        with self._lock:
            state = self._states.get(host)
            until = state.hold_until if state else None
            return until if until is not None and until > self._clock.now() else None

    def learn_robots(self, host: str, status: int | None, body: bytes | None) -> None:
        """Remember a robots.txt that was just asked for."""
        with self._lock:
            self._states[host] = replace(
                self._states.get(host, HostState(host)),
                robots=body,
                robots_status=status,
                robots_at=self._clock.now(),
            )
            self._touched.add(host)

    def _free_at(self, host: str) -> datetime:
        if host not in self._last:
            state = self._states.get(host)
            asked_at = state.asked_at if state is not None else None
            # A last request in the future means that a clock was set back.
            self._last[host] = _NEVER if asked_at is None else min(asked_at, self._clock.now())
        delay = max(self._delay, self._delays.get(host, 0.0))
        last = self._last[host]
        return last if last == _NEVER else last + timedelta(seconds=delay)


class Passage:
    """The way of one fetch from host to host; a context manager. It is at one at a time.

    Args:
        hosts: that are spared.
    """

    def __init__(self, hosts: Hosts) -> None:
        self._hosts = hosts
        self._at: str | None = None
        self.requests = 0
        """That were let through."""

    def __enter__(self) -> "Passage":
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()

    def go_to(self, host: str) -> None:
        """Return when a request may go out to a host; it must then be made.

        Raises:
            HostHeldError: the host asked for no requests now.
        """
        self._leave()
        self._hosts.enter(host)
        self._at = host
        self._hosts.pass_gate(host)
        self.requests += 1

    def _leave(self) -> None:
        if self._at is not None:
            self._hosts.leave(self._at)
        self._at = None


def merged(one: HostState, other: HostState) -> HostState:
    """What two workers together know of a host."""
    newer = max(one, other, key=lambda state: _order(state.robots_at))
    return HostState(
        host=one.host,
        asked_at=max(one.asked_at, other.asked_at, key=_order),
        hold_until=max(one.hold_until, other.hold_until, key=_order),
        robots=newer.robots,
        robots_status=newer.robots_status,
        robots_at=newer.robots_at,
    )


def _order(moment: datetime | None) -> float:
    return moment.timestamp() if moment is not None else float("-inf")
