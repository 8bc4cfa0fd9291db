"""Asking many feeds: as many hosts at once as there are connections, each host one at a time."""

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from heapq import heapify, heappop, heappush

import xxhash

from schemas.feeds import FeedRequest, Poll
from transforms.feeds.ask import Ask, deferred
from transforms.feeds.clock import Clock
from transforms.feeds.hosts import Hosts
from transforms.feeds.plan import host_of_feed
from transforms.http.fetcher import Answer

LOOK_EVERY_SECONDS = 1.0
"""How often, while nothing else happens, it is asked whether to stop."""

Polled = tuple[FeedRequest, Poll, Answer | None]


def poll_all(
    requests: Sequence[FeedRequest],
    ask: Ask,
    hosts: Hosts,
    clock: Clock,
    connections: int,
    stopped: Callable[[], bool],
    seconds: float = math.inf,
) -> Iterator[Polled]:
    """Ask feeds, and give what became of each as it comes.

    Args:
        requests: the feeds; those of one host are asked in this order.
        ask: asks one, in a thread of its own.
        hosts: says when a host may be asked.
        clock: tells the time.
        connections: how many may be asked at once.
        stopped: whether to ask no more; those left over are deferred.
        seconds: after so many no more are asked either.
    """
    line = _Line(requests, hosts)
    began = clock.now()
    busy: dict[Future[tuple[Poll, Answer | None]], tuple[str, FeedRequest]] = {}
    with ThreadPoolExecutor(connections, thread_name_prefix="poll") as pool:
        while line or busy:
            is_late = (clock.now() - began).total_seconds() > seconds
            if stopped() or is_late:
                why = "the time for feeds was over" if is_late else "the run was stopped"
                for request in line.give_up():
                    yield request, deferred(request, why), None
            while len(busy) < connections and (host := line.next_host(clock.now())) is not None:
                if hosts.is_held(host):
                    for request in line.leave(host):
                        yield request, deferred(request, "the host asked to wait"), None
                else:
                    request = line.take(host)
                    busy[pool.submit(ask, request)] = host, request
            pause = line.pause(clock.now()) if len(busy) < connections else LOOK_EVERY_SECONDS
            if busy:
                clock.wait(busy, pause)
            elif line:
                clock.sleep(pause)
            for future in [future for future in busy if future.done()]:
                host, request = busy.pop(future)
                line.come_back(host)
                yield request, *future.result()


def shard_of(request: FeedRequest, shards: int) -> int:
    """Which of so many workers asks a feed: all feeds of a host have the same."""
    host = host_of_feed(request.settings, request.state)
    shard: int = xxhash.xxh3_64_intdigest(host.encode()) % shards
    return shard


class _Line:
    """Feeds that wait to be asked: a queue a host, and the hosts by when they may be asked."""

    def __init__(self, requests: Sequence[FeedRequest], hosts: Hosts) -> None:
        self._hosts = hosts
        self._queues: dict[str, deque[FeedRequest]] = {}
        for request in requests:
            host = host_of_feed(request.settings, request.state)
            self._queues.setdefault(host, deque()).append(request)
        self._free = [self._entry(host) for host in self._queues]
        heapify(self._free)

    def __bool__(self) -> bool:
        return bool(self._queues)

    def next_host(self, now: datetime) -> str | None:
        """Take the host out that may be asked now and has the most left to ask."""
        while self._free and self._free[0][0] <= now:
            host = heappop(self._free)[2]
            # A redirect from elsewhere may have come to this host meanwhile.
            if self._hosts.free_at(host) <= now:
                return host
            heappush(self._free, self._entry(host))
        return None

    def take(self, host: str) -> FeedRequest:
        """The next feed of a host that was taken out."""
        return self._queues[host].popleft()

    def leave(self, host: str) -> Sequence[FeedRequest]:
        """Give up the feeds of a host that was taken out."""
        return self._queues.pop(host)

    def give_up(self) -> list[FeedRequest]:
        """Give up all feeds."""
        left = [request for host in sorted(self._queues) for request in self._queues[host]]
        self._queues.clear()
        self._free.clear()
        return left

    def come_back(self, host: str) -> None:
        """Put a host in again whose feed was asked."""
        if self._queues.get(host):
            heappush(self._free, self._entry(host))
        else:
            self._queues.pop(host, None)

    def pause(self, now: datetime) -> float:
        """Seconds until the next host may be asked, or until it should be looked up again."""
        if not self._free:
            return LOOK_EVERY_SECONDS
        return min(max((self._free[0][0] - now).total_seconds(), 0.0), LOOK_EVERY_SECONDS)

    def _entry(self, host: str) -> tuple[datetime, int, str]:
        return self._hosts.free_at(host), -len(self._queues[host]), host
