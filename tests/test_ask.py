"""Asking one feed: whole polls for every kind of answer, robots.txt, holds, redirects, secrets."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from clocks import START, FakeClock
from feeds import asked, limits_over, request_of, settings_of
from loopback import Loopback, answer, garbage, redirect, sequence

from schemas.feeds import FeedRequest, HostState, Poll, PollOutcome
from transforms.feeds.ask import Asker, PollSettings
from transforms.feeds.hosts import Hosts
from transforms.http.fetcher import Fetcher

FEED = b"<rss><channel><title>Quay</title></channel></rss>"
GOOD = answer(200, [("ETag", '"a"'), ("Last-Modified", "some day")], FEED)
QUAY = asked("http://quay.example/feed")
HOUR = timedelta(hours=1)


class Desk:
    """An asker over a server, and all that it needs."""

    def __init__(
        self, server: Loopback, *known: HostState, env: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        self.clock = FakeClock()
        settings = PollSettings(fetch=limits_over(server), **{"robots": False, **more})
        self.hosts = Hosts(known, settings.delay, self.clock)
        self.fetcher = Fetcher(settings.fetch)
        self.asker = Asker(self.fetcher, settings, self.hosts, self.clock, env or {})

    def ask(self, request: FeedRequest) -> Poll:
        poll, document = self.asker.ask(request)
        assert (document is not None) == (poll.outcome is PollOutcome.FETCHED)
        return poll


@pytest.fixture(name="desk")
def opened_desks():
    """Makes desks, and closes their connections."""
    made = []

    def make(*arguments, **more):
        made.append(Desk(*arguments, **more))
        return made[-1]

    yield make
    for one in made:
        one.fetcher.close()


def poll_of(request: FeedRequest, outcome: PollOutcome, **facts: Any) -> Poll:
    """The poll as it should be: the first request and the answer at once, unless told."""
    made = {"asked_at": START, "answered_at": START, "requests": 1}
    settings = request.settings
    url = request.state.moved_to or settings.url
    return Poll(settings.key, url, settings.name, outcome, **{**made, **facts})


def test_a_document(desk):
    said = [("ETag", 'W/"odd'), ("Last-Modified", "some day"), ("Cache-Control", "max-age=60")]
    with Loopback({"quay.example/feed": answer(200, said, FEED)}) as server:
        assert desk(server).ask(QUAY) == poll_of(
            QUAY,
            PollOutcome.FETCHED,
            status=200,
            bytes=len(FEED),
            etag='W/"odd',
            last_modified="some day",
            fresh_until=START + timedelta(seconds=60),
        )


def test_not_modified(desk):
    known = request_of(QUAY.settings, etag='"a"', last_modified="some day", probed_at=START)
    with Loopback({"quay.example/feed": answer(304, [("ETag", '"b"')])}) as server:
        assert desk(server).ask(known) == poll_of(
            known, PollOutcome.NOT_MODIFIED, status=304, conditional=True, etag='"b"'
        )
        (request,) = server.requests
    assert request.header("If-None-Match") == '"a"'
    assert request.header("If-Modified-Since") == "some day"


@pytest.mark.parametrize(
    ("status", "outcome", "detail"),
    [
        (304, PollOutcome.FAILED, "status 304"),
        (401, PollOutcome.FAILED, "status 401"),
        (404, PollOutcome.FAILED, "status 404"),
        (410, PollOutcome.GONE, "410 Gone"),
        (500, PollOutcome.FAILED, "status 500"),
        (503, PollOutcome.FAILED, "status 503"),
    ],
)
def test_answers_that_are_no_document(desk, status, outcome, detail):
    with Loopback({"quay.example/feed": answer(status)}) as server:
        asker = desk(server)
        assert asker.ask(QUAY) == poll_of(QUAY, outcome, status=status, detail=detail)
        assert asker.hosts.touched() == [HostState("quay.example", START)]


def test_no_answer(desk):
    with Loopback({"quay.example/feed": garbage}) as server:
        poll = desk(server).ask(QUAY)
    assert poll.detail
    due = poll_of(QUAY, PollOutcome.FAILED, detail=poll.detail, answered_at=None)
    assert poll == due


@pytest.mark.parametrize(
    ("environment", "detail"),
    [
        ({}, "the environment has no variable WORD"),
        ({"WORD": "s3cr3t\n"}, "the address has control characters"),
        ({"WORD": "s3cr3t" * 9999}, "the address is longer than 16384 characters"),
    ],
)
@pytest.mark.parametrize("robots", [True, False])
def test_a_variable_that_makes_no_address_costs_this_feed_alone(desk, environment, detail, robots):
    request = asked("http://quay.example/${WORD}/feed")
    with Loopback() as server:
        poll = desk(server, env=environment, robots=robots).ask(request)
        assert server.requests == []
    due = poll_of(request, PollOutcome.FAILED, detail=detail, requests=0)
    assert poll == replace(due, asked_at=None, answered_at=None)


def test_header_values_that_cannot_be_sent_are_not_shown(desk):
    request = asked("http://quay.example/feed", headers={"X-Token": "${WORD}"})
    with Loopback() as server:
        poll = desk(server, env={"WORD": "s3cr3t\n"}).ask(request)
        assert server.requests == []
    assert (poll.outcome, poll.requests) == (PollOutcome.FAILED, 0)
    assert "X-Token" in poll.detail
    assert "s3cr3t" not in repr(poll)


@pytest.mark.parametrize("status", [429, 503])
def test_a_robots_txt_that_asks_to_wait_holds_its_host(desk, status):
    wait = answer(status, [("Retry-After", "3600")])
    routes = {
        "quay.example/robots.txt": sequence(wait, answer(200, [], b"")),
        "quay.example/feed": GOOD,
    }
    with Loopback(routes) as server:
        asker = desk(server, robots=True)
        first = asker.ask(QUAY)
        again = asker.ask(asked("http://quay.example/other", robots=False))
        asker.clock.sleep(3600)
        later = asker.ask(QUAY)
        assert server.asked == [f"quay.example/{x}" for x in ("robots.txt", "robots.txt", "feed")]
    detail = "quay.example asked to wait until 2026-03-02 13:00:00 UTC"
    unasked = {"detail": detail, "asked_at": None, "answered_at": None, "requests": 0}
    assert first == poll_of(QUAY, PollOutcome.DEFERRED, **unasked)
    assert (again.outcome, again.detail) == (PollOutcome.DEFERRED, detail)
    assert later.outcome is PollOutcome.FETCHED


def test_a_robots_txt_behind_a_host_that_waits_is_none(desk):
    until = START + HOUR
    routes = {"quay.example/robots.txt": redirect("http://busy.example/robots.txt")}
    with Loopback(routes) as server:
        asker = desk(server, HostState("busy.example", hold_until=until), robots=True)
        poll = asker.ask(QUAY)
        assert server.asked == ["quay.example/robots.txt"]
    assert (poll.outcome, poll.requests) == (PollOutcome.FAILED, 0)
    assert poll.detail == (
        "http://quay.example/robots.txt could not be had: "
        "busy.example asked to wait until 2026-03-02 13:00:00 UTC"
    )


def test_a_redirect_to_a_host_that_waits_is_not_followed(desk):
    until = START + HOUR
    with Loopback({"quay.example/feed": redirect("http://busy.example/feed")}) as server:
        poll = desk(server, HostState("busy.example", hold_until=until)).ask(QUAY)
        assert server.asked == ["quay.example/feed"]
    detail = "busy.example asked to wait until 2026-03-02 13:00:00 UTC"
    due = poll_of(QUAY, PollOutcome.FAILED, detail=detail, answered_at=None, retry_at=until)
    assert poll == due


def test_the_host_at_the_end_of_redirects_is_the_one_that_is_held(desk):
    wait = answer(429, [("Retry-After", "600")])
    routes = {"quay.example/feed": redirect("http://busy.example/feed"), "busy.example/feed": wait}
    with Loopback(routes) as server:
        asker = desk(server)
        poll = asker.ask(QUAY)
    assert (poll.status, poll.retry_at) == (429, START + timedelta(seconds=600))
    assert asker.hosts.touched() == [
        HostState("busy.example", START, START + timedelta(seconds=600)),
        HostState("quay.example", START),
    ]


def test_429_without_a_time_holds_for_a_while_and_503_does_not(desk):
    routes = {"quay.example/feed": answer(429), "pier.example/feed": answer(503)}
    with Loopback(routes) as server:
        asker = desk(server)
        asker.ask(QUAY)
        asker.ask(asked("http://pier.example/feed"))
    assert asker.hosts.is_held("quay.example")
    assert not asker.hosts.is_held("pier.example")


@pytest.mark.parametrize("said", ["-5", "soon", "Mon, 02 Mar 2026 11:59:59 GMT", "0"])
def test_a_time_to_wait_that_is_over_or_none_holds_nobody(desk, said):
    with Loopback({"quay.example/feed": answer(503, [("Retry-After", said)])}) as server:
        asker = desk(server)
        asker.ask(QUAY)
    assert not asker.hosts.is_held("quay.example")


def test_a_feed_that_moved_to_a_host_that_forbids_it(desk):
    moved = request_of(QUAY.settings, moved_to="http://pier.example/feed")
    rules = answer(200, [], b"User-agent: *\nDisallow: /feed")
    with Loopback({"pier.example/robots.txt": rules, "pier.example/feed": GOOD}) as server:
        poll = desk(server, robots=True).ask(moved)
        assert server.asked == ["pier.example/robots.txt"]
    detail = "http://pier.example/robots.txt forbids it"
    unasked = {"detail": detail, "asked_at": None, "answered_at": None, "requests": 0}
    assert poll == poll_of(moved, PollOutcome.FORBIDDEN, **unasked)


@pytest.mark.parametrize(
    ("address", "moved_to"),
    [
        ("http://quay.example/feed", "http://pier.example/new"),
        ("http://quay.example/feed?api_key=s3cr3t", None),
        ("http://user:s3cr3t@quay.example/feed", None),
        ("http://quay.example/${WORD}", None),
    ],
)
def test_addresses_with_secrets_are_never_remembered(desk, address, moved_to):
    target = "http://pier.example/new"
    if "WORD" in address:
        target += "?word=s3cr3t"
    routes = {
        "quay.example/feed": redirect(target, 301),
        "quay.example/s3cr3t": redirect(target, 301),
        "pier.example/new": GOOD,
    }
    with Loopback(routes) as server:
        poll = desk(server, env={"WORD": "s3cr3t"}).ask(asked(address))
    # What has no secret in it could be remembered; it is left alone when the first had one.
    assert (poll.outcome, poll.moved_to) == (
        PollOutcome.FETCHED,
        moved_to,
    )
    assert "s3cr3t" not in repr(poll)


def test_secrets_are_dropped_where_a_feed_has_moved_to(desk):
    settings = settings_of("http://u:s3cr3t@quay.example/feed", headers={"X-Token": "${WORD}"})
    moved = request_of(settings, moved_to="http://pier.example/feed")
    here = request_of(settings, moved_to="http://quay.example/feed")
    routes = {"pier.example/feed": GOOD, "quay.example/feed": GOOD}
    with Loopback(routes) as server:
        asker = desk(server, env={"WORD": "t0k3n"})
        assert {asker.ask(moved).outcome, asker.ask(here).outcome} == {PollOutcome.FETCHED}
        away, home = server.requests
    assert (away.header("Authorization"), away.header("X-Token")) == (None, None)
    assert (home.header("Authorization"), home.header("X-Token")) == ("Basic dTpzM2NyM3Q=", "t0k3n")
