"""Which feeds a round asks: whole plans, hosts as they are counted, and rates for a dry run."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.feeds import FeedRequest, FeedSettings, FeedState, HostState, Secret
from schemas.records import FeedSchedule
from transforms.feeds.plan import PollPlan, host_of_feed, plan_polls, requests_per_day
from transforms.feeds.schedule import PollLimits, due_at

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def feed(key: str, host: str = "quay.example", **known: object) -> FeedSettings:
    url = f"https://{host}/{key}"
    return FeedSettings(key, url, Secret(url), **known)


def state(of: FeedSettings, next_due: datetime | None, **known: object) -> FeedState:
    return FeedState(of.key, of.url, next_due=next_due, **known)


def plan(
    feeds: list[FeedSettings],
    states: list[FeedState] | None = None,
    hosts: list[HostState] | None = None,
    *,
    delay: float = 1.0,
    seconds: float = 60.0,
    most: int = 100,
) -> PollPlan:
    return plan_polls(
        feeds,
        {one.key: one for one in states or ()},
        {one.host: one for one in hosts or ()},
        NOW,
        delay=delay,
        seconds=seconds,
        most=most,
    )


A, B, C, D = feed("a"), feed("b"), feed("c"), feed("d", "dune.example")
QUAY = HostState("quay.example")


def test_a_whole_plan():
    overdue = state(A, NOW - HOUR, etag='"a"')
    due = state(B, NOW)
    later = state(C, NOW + HOUR)
    known = HostState("quay.example", asked_at=NOW - HOUR, robots=b"", hold_until=NOW - HOUR)
    assert plan([C, B, A, D], [overdue, due, later], [known]) == PollPlan(
        requests=(
            FeedRequest(D, FeedState("d", D.url), HostState("dune.example")),
            FeedRequest(A, overdue, known),
            FeedRequest(B, due, known),
        ),
        waiting=0,
        next_due=NOW + HOUR,
    )


def test_nothing_to_do():
    assert plan([]) == PollPlan((), 0, None)
    assert plan([A], [state(A, None, gone=True)]) == PollPlan((), 0, None)


def keys(of: PollPlan) -> str:
    return "".join(request.settings.key for request in of.requests)


def test_feeds_equally_overdue_come_by_key():
    assert keys(plan([C, B, A])) == "abc"


@pytest.mark.parametrize(
    ("delay", "seconds", "taken", "waiting"),
    [
        (20.0, 60.0, "abcd", 0),
        (30.0, 60.0, "abd", 1),
        (31.0, 60.0, "ad", 2),
        (61.0, 60.0, "ad", 2),
        (0.0, 60.0, "abcd", 0),
        (1.0, 0.0, "ad", 2),
    ],
)
def test_a_host_gets_as_many_as_fit_in_the_round(delay, seconds, taken, waiting):
    found = plan([A, B, C, D], delay=delay, seconds=seconds)
    assert (keys(found), found.waiting) == (taken, waiting)
    assert found.next_due == (NOW if waiting else None)


def test_the_most_of_a_round():
    found = plan([A, B, C, D], most=2)
    assert (keys(found), found.waiting, found.next_due) == ("ab", 2, NOW)
    assert plan([A], most=0) == PollPlan((), 1, NOW)


def test_a_host_on_hold_is_passed_over():
    held = replace(QUAY, hold_until=NOW + HOUR)
    found = plan([A, B, C, D], [state(C, NOW + 2 * HOUR)], [held])
    assert (keys(found), found.waiting, found.next_due) == ("d", 2, NOW + HOUR)
    found = plan([C], [state(C, NOW + 2 * HOUR)], [held])
    assert (found.waiting, found.next_due) == (0, NOW + 2 * HOUR)
    assert keys(plan([A], hosts=[replace(QUAY, hold_until=NOW)])) == "a"


def test_the_same_key_is_asked_once_as_first_configured():
    other = replace(A, name="other")
    found = plan([A, other, B])
    assert [request.settings for request in found.requests] == [A, B]
    assert requests_per_day([A, other], {}) == {"quay.example": 48.0}


def test_the_host_after_a_move_counts():
    moved = state(A, NOW, moved_to="https://dune.example/a")
    found = plan([A, D], [moved], [HostState("dune.example", hold_until=NOW + HOUR)])
    assert keys(found) == ""
    assert found.waiting == 2


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Quay.Example/feed", "quay.example"),
        ("https://quay.example:443/", "quay.example"),
        ("https://quay.example:80/", "quay.example:80"),
        ("http://quay.example:80/", "quay.example"),
        ("http://quay.example:443/", "quay.example:443"),
        ("http://quay.example:8080", "quay.example:8080"),
        ("HTTP://quay.example.:8080/x?y", "quay.example:8080"),
        ("https://ada:secret@quay.example/", "quay.example"),
        ("https://kühe.example/", "xn--khe-hoa.example"),
        ("http://127.0.0.1:8000/a", "127.0.0.1:8000"),
        ("http://[::1]:8000/a", "[::1]:8000"),
        ("http://[0:0::1]/a", "[::1]"),
        ("https://${HOST}/feed", "${host}"),
        ("https://ada:x@${HOST}:99/feed", "${host}:99"),
        ("quay", ""),
    ],
)
def test_hosts(url, host):
    settings = FeedSettings("a", url, Secret(url))
    assert host_of_feed(settings, None) == host
    moved = FeedState("a", "https://other.example/", moved_to=url)
    assert host_of_feed(replace(settings, url="https://other.example/"), moved) == host


def test_requests_a_day():
    feeds = [
        A,
        replace(B, interval=8640.0),
        replace(feed("e"), interval=1.0),
        C,
        D,
        feed("f", "dune.example"),
        feed("g", "ebb.example"),
    ]
    states = [
        state(B, NOW, interval=60.0),
        state(C, NOW, interval=43_200.0),
        state(feeds[5], NOW, interval=300.0, failures=3),
        state(feeds[6], None, gone=True, interval=300.0),
    ]
    rates = requests_per_day(feeds, {one.key: one for one in states}, PollLimits())
    assert rates == {
        "dune.example": 48 + 36.0,
        "ebb.example": 0.0,
        "quay.example": 48 + 10 + 288 + 2.0,
    }


HOSTS = ("quay.example", "dune.example", "ebb.example")
OFFSETS = st.integers(-100, 100).map(lambda minutes: NOW + timedelta(minutes=minutes))
FEEDS = st.lists(
    st.builds(feed, st.sampled_from("abcdefghijklmnop"), st.sampled_from(HOSTS)), max_size=30
)
STATES = st.dictionaries(
    st.sampled_from("abcdefghijkl"),
    st.builds(
        lambda next_due, gone: FeedState("x", "", next_due=next_due, gone=gone),
        st.none() | OFFSETS,
        st.booleans(),
    ),
).map(lambda found: {key: replace(one, key=key) for key, one in found.items()})
HELD = st.dictionaries(st.sampled_from(HOSTS), st.none() | OFFSETS).map(
    lambda found: {host: HostState(host, hold_until=until) for host, until in found.items()}
)


@settings(deadline=None)
@given(FEEDS, STATES, HELD, st.floats(0, 20), st.floats(0, 60), st.integers(0, 12))
def test_every_due_feed_is_taken_or_waits(feeds, states, hosts, delay, seconds, most):
    found = plan_polls(feeds, states, hosts, NOW, delay=delay, seconds=seconds, most=most)
    taken = [request.settings.key for request in found.requests]
    dues = {one.key: due_at(one, states.get(one.key)) for one in feeds}
    due = {key for key, at in dues.items() if at is not None and at <= NOW}
    assert len(set(taken)) == len(taken) <= most
    assert set(taken) <= due
    assert found.waiting == len(due) - len(taken)
    assert [(dues[key], key) for key in taken] == sorted((dues[key], key) for key in taken)
    by_host = Counter(request.host.host for request in found.requests)
    for host, count in by_host.items():
        held = hosts.get(host, HostState(host)).hold_until
        assert held is None or held <= NOW
        assert delay == 0 or count == 1 or count * delay <= seconds
    rest = {key for key, at in dues.items() if at is not None} - set(taken)
    assert (found.next_due is None) is (not rest)
    assert found.next_due is None or found.next_due >= NOW


def test_a_feed_is_not_asked_in_an_hour_it_wants_to_be_left_alone_in():
    # It became due before the hour began, and nobody came until now.
    skips = FeedSchedule(skip_hours=(12, 13))
    late = state(A, NOW - HOUR, schedule=skips)
    assert plan([A], [late]) == PollPlan((), 0, NOW + 2 * HOUR)
    mine = replace(A, interval=3600.0)
    assert [one.settings for one in plan([mine], [late]).requests] == [mine]


def test_the_longest_due_come_first_whatever_hours_they_skip():
    skips = FeedSchedule(skip_hours=(3,))
    states = [state(A, NOW - HOUR, schedule=skips), state(B, NOW - 2 * HOUR, schedule=skips)]
    assert [one.settings for one in plan([A, B], states).requests] == [B, A]
