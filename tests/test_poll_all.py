"""Many feeds at once: hosts behind redirects, holds, the order in which feeds and answers come."""

import threading
from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise

from clocks import FakeClock
from feeds import asked
from hypothesis import given, settings
from hypothesis import strategies as st
from loopback import Behaviour, Exchange, Loopback, answer
from polled import Lake, feed, paths

from benchmarks.lakes import contents_of
from schemas.feeds import FeedRequest, Poll, PollOutcome
from transforms.feeds.hosts import HostHeldError, Hosts, Passage
from transforms.feeds.poll import poll_all
from transforms.http.secrets import feed_key

SHARED = "shared.example"
DELAY = 2.0


class Road:
    """Asks nobody: each feed goes from host to host, and stays at each for its time."""

    def __init__(self, hosts: Hosts, clock: FakeClock, ways: dict[str, list[tuple[str, float]]]):
        self._hosts = hosts
        self._clock = clock
        self._ways = ways
        self._lock = threading.Lock()
        self.visits: defaultdict[str, list[tuple[datetime, datetime]]] = defaultdict(list)

    def ask(self, request: FeedRequest) -> tuple[Poll, None]:
        url = request.settings.url
        with Passage(self._hosts) as passage:
            for host, seconds in [(request.host.host, 1.0), *self._ways[url]]:
                passage.go_to(host)
                came = self._clock.now()
                self._clock.sleep(seconds)
                with self._lock:
                    self.visits[host].append((came, self._clock.now()))
        return Poll(request.settings.key, url, None, PollOutcome.FAILED), None


@settings(max_examples=40)
@given(
    ways=st.lists(
        st.tuples(
            st.integers(0, 4),
            st.lists(
                st.tuples(
                    st.sampled_from([SHARED, "host0.example", "host1.example"]),
                    st.sampled_from([0.0, 0.3, 1.0, 9.0]),
                ),
                max_size=3,
            ),
        ),
        max_size=14,
    ),
    connections=st.integers(1, 6),
)
def test_a_host_is_never_visited_by_two_or_too_soon_whatever_leads_there(ways, connections):
    clock = FakeClock()
    hosts = Hosts((), DELAY, clock)
    led = {f"http://host{host}.example/{n}": way for n, (host, way) in enumerate(ways)}
    road = Road(hosts, clock, led)
    requests = [asked(url) for url in led]
    polls = list(poll_all(requests, road.ask, hosts, clock, connections, lambda: False))
    assert sorted(poll.key for _, poll, _ in polls) == sorted(r.settings.key for r in requests)
    for visits in road.visits.values():
        for (came, left), (next_came, _) in pairwise(sorted(visits)):
            assert left <= next_came
            assert next_came - came >= timedelta(seconds=DELAY)


def test_a_hold_defers_the_others_of_its_host_and_nobody_else():
    clock = FakeClock()
    hosts = Hosts((), 1.0, clock)

    def ask(request):
        host = request.host.host
        try:
            with Passage(hosts) as passage:
                passage.go_to(host)
                if host == "busy.example":
                    hosts.hold(host, clock.now() + timedelta(hours=1))
        except HostHeldError:
            raise AssertionError("a held host was gone to") from None
        return Poll(request.settings.key, request.settings.url, None, PollOutcome.FAILED), None

    requests = [asked(f"http://{h}.example/{n}") for h in ("busy", "quay") for n in range(5)]
    polls = [poll for _, poll, _ in poll_all(requests, ask, hosts, clock, 4, lambda: False)]
    ends = {poll.url: poll.outcome for poll in polls}
    assert ends == {
        request.settings.url: PollOutcome.DEFERRED
        if "busy" in request.settings.url and not request.settings.url.endswith("/0")
        else PollOutcome.FAILED
        for request in requests
    }
    details = {poll.detail for poll in polls if poll.outcome is PollOutcome.DEFERRED}
    assert details == {"the host asked to wait"}


def waits_for(event: threading.Event, then: Behaviour) -> Behaviour:
    def behave(exchange: Exchange) -> None:
        assert event.wait(20)
        then(exchange)

    return behave


def tells(event: threading.Event, first: Behaviour) -> Behaviour:
    def behave(exchange: Exchange) -> None:
        first(exchange)
        event.set()

    return behave


def test_it_does_not_matter_which_answer_comes_first(tmp_path):
    """The same stories under the same guids: which row is the duplicate must not depend on it."""
    body = feed(1, 2, 3, text="Forty barrels were counted at the gate of the harbour this morning.")
    lakes = []
    for first, last in (("a", "b"), ("b", "a")):
        came = threading.Event()
        routes = {
            f"{first}.example/feed": tells(came, answer(200, [("ETag", '"1"')], body)),
            f"{last}.example/feed": waits_for(came, answer(200, [("ETag", '"1"')], body)),
            "c.example/feed": answer(500),
        }
        folder = tmp_path / first
        folder.mkdir()
        with Loopback(routes) as world:
            lake = Lake(folder, "", "--robots=ignore", "--proxy", world.url, "--archive")
            lake.list.write_text("\n".join(f"http://{x}.example/feed" for x in "abc"))
            lake.poll()
        lakes.append(lake)
    one, other = lakes
    assert one.polls() == other.polls()
    assert [row["outcome"] for row in one.polls()] == ["fetched", "fetched", "failed"]
    assert contents_of(one.path) == contents_of(other.path)
    assert one.states() == other.states()


def test_feeds_of_a_host_are_asked_the_longest_due_first(tmp_path):
    """Else a host that lets few through before it asks to wait gives the same ones each time."""
    with Loopback({f"/{n}": answer(200, [], feed(n)) for n in range(4)}) as server:
        lake = Lake(tmp_path, "", "--robots=ignore")
        urls = sorted((f"{server.url}/{n}" for n in range(4)), key=feed_key)
        for url in urls[:2]:
            lake.list.write_text(url)
            lake.poll()
            lake.later(hours=1)
        lake.list.write_text("\n".join(urls))
        lake.poll()
        asked_for = [server.url + path for path in paths(server.requests)[2:]]
    assert asked_for == [*urls[2:], *urls[:2]]
