"""Hosts are spared: no two requests at once, none too soon after another, none while held."""

import threading
from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from clocks import START, FakeClock
from hypothesis import given
from hypothesis import strategies as st

from schemas.feeds import FeedRequest, FeedSettings, FeedState, HostState, Poll, PollOutcome, Secret
from transforms.feeds.hosts import HostHeldError, Hosts
from transforms.feeds.poll import poll_all, shard_of

SHARED = "shared.example"


def request(number: int, host: int) -> FeedRequest:
    url = f"http://host{host}.example/{number}"
    key = f"{number:016x}"
    settings = FeedSettings(key, url, Secret(url))
    return FeedRequest(settings, FeedState(key, url), HostState(f"host{host}.example"))


class Log:
    """Asks nobody, and notes when it would have; some feeds redirect to one host."""

    def __init__(self, hosts: Hosts, clock: FakeClock) -> None:
        self._hosts = hosts
        self._clock = clock
        self._lock = threading.Lock()
        self._at_work: set[str] = set()
        self.starts: defaultdict[str, list[datetime]] = defaultdict(list)
        self.overlaps = 0

    def ask(self, request: FeedRequest) -> tuple[Poll, None]:
        settings = request.settings
        number = int(settings.key, 16)
        host = request.host.host
        with self._lock:
            self.overlaps += host in self._at_work
            self._at_work.add(host)
        outcome = PollOutcome.FAILED
        try:
            self._pass(host)
            if number % 3 == 0:
                self._pass(SHARED)
            if number % 7 == 0:
                self._hosts.hold(host, self._clock.now() + timedelta(hours=1))
        except HostHeldError:
            outcome = PollOutcome.DEFERRED
        with self._lock:
            self._at_work.discard(host)
        return Poll(settings.key, settings.url, None, outcome), None

    def _pass(self, host: str) -> None:
        self._hosts.pass_gate(host)
        with self._lock:
            self.starts[host].append(self._clock.now())


@given(
    feeds=st.lists(st.tuples(st.integers(1, 999), st.integers(0, 5)), max_size=30, unique=True),
    delay=st.sampled_from([0.0, 0.5, 1.0, 30.0]),
    crawl_delay=st.sampled_from([0.0, 7.0]),
    ago=st.sampled_from([None, 0.0, 0.4, 100.0, -50.0]),
    connections=st.integers(1, 5),
)
def test_no_host_is_asked_too_soon_or_twice_at_once(feeds, delay, crawl_delay, ago, connections):
    clock = FakeClock()
    asked_at = None if ago is None else START - timedelta(seconds=ago)
    known = [HostState(f"host{n}.example", asked_at) for n in range(6)]
    hosts = Hosts(known, delay, clock)
    hosts.slow_down("host1.example", crawl_delay)
    log = Log(hosts, clock)
    requests = [request(*feed) for feed in feeds]
    polls = [
        (asked, poll)
        for asked, poll, _ in poll_all(requests, log.ask, hosts, clock, connections, lambda: False)
    ]
    # Every request ends in one place.
    assert sorted(asked.settings.key for asked, _ in polls) == sorted(
        one.settings.key for one in requests
    )
    assert all(asked.settings.key == poll.key for asked, poll in polls)
    assert log.overlaps == 0
    for host, starts in log.starts.items():
        least = timedelta(seconds=max(delay, crawl_delay if host == "host1.example" else 0.0))
        times = sorted(starts)
        if host != SHARED and asked_at is not None:
            times = [min(asked_at, START), *times]
        assert all(b - a >= least for a, b in pairwise(times)), host
    held = {f"host{host}.example" for number, host in feeds if number % 7 == 0}
    deferred = {asked.host.host for asked, poll in polls if poll.outcome is PollOutcome.DEFERRED}
    assert deferred <= held


def test_what_is_left_when_it_is_stopped_is_deferred():
    clock = FakeClock()
    hosts = Hosts((), 1.0, clock)
    log = Log(hosts, clock)
    stopped = iter([False, False])
    requests = [request(number, number % 2) for number in (1, 2, 4, 5)]
    polls = list(poll_all(requests, log.ask, hosts, clock, 8, lambda: next(stopped, True)))
    details = [poll.detail for _, poll, _ in polls if poll.outcome is PollOutcome.DEFERRED]
    assert len(polls) == 4
    assert details
    assert set(details) == {"the run was stopped"}


def test_a_fault_in_asking_is_no_poll():
    clock = FakeClock()

    def ask(_: FeedRequest) -> tuple[Poll, None]:
        raise RuntimeError("a defect")

    with pytest.raises(RuntimeError, match="a defect"):
        list(poll_all([request(1, 1)], ask, Hosts((), 1.0, clock), clock, 2, lambda: False))


def test_a_held_host_is_told_of_and_not_asked():
    clock = FakeClock()
    until = START + timedelta(minutes=1)
    hosts = Hosts([HostState("a.example", hold_until=until)], 1.0, clock)
    with pytest.raises(HostHeldError, match=r"a\.example asked to wait until 2026-03-02 12:01:00"):
        hosts.pass_gate("a.example")
    assert hosts.touched() == []
    clock.sleep(60)
    hosts.pass_gate("a.example")
    assert hosts.touched() == [HostState("a.example", until, until)]


def test_a_hold_is_never_shortened():
    hosts = Hosts((), 1.0, FakeClock())
    late = START + timedelta(hours=2)
    hosts.hold("a.example", late)
    hosts.hold("a.example", START + timedelta(hours=1))
    assert hosts.state("a.example") == HostState("a.example", hold_until=late)


def test_feeds_of_a_host_have_one_shard():
    shards = {shard_of(request(number, host), 7) for number in range(20) for host in (3,)}
    assert len(shards) == 1
    moved = replace(request(1, 3).state, moved_to="http://host4.example/1")
    there = replace(request(1, 3), state=moved)
    assert shard_of(there, 7) == shard_of(request(9, 4), 7)
