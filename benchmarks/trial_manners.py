"""Whether a client behaved in the polling trial, by the server's log alone.

An answer obliges within its round, and later when its round was committed: what a run that was
killed has learned is forgotten.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from benchmarks.trial_feeds import Feed
from benchmarks.trial_kinds import skips
from benchmarks.trial_world import Asked, Validators, World

DAY = timedelta(days=1)
LEAST = timedelta(minutes=5)
"""Between two polls of a feed, whatever happens."""
_PERMANENT = (301, 308)


@dataclass(slots=True)
class Known:
    """What a client must remember of a feed."""

    url: str
    validators: Validators = (None, None)
    failures: int = 0
    not_before: datetime | None = None
    gone: bool = False
    read: bool = False
    distrusted: bool = False


@dataclass(slots=True)
class Manners:
    """What was found."""

    beyond: list[str] = field(default_factory=list)
    """Requests that should not have been made, a line each."""
    again: int = 0
    """Requests sent a second time because a connection had closed."""
    lured: int = 0
    """Redirects into paths that robots.txt forbids, followed."""


def visits_of(world: World) -> dict[int, dict[int, list[Asked]]]:
    """The requests for each feed, by feed and round."""
    visits: dict[int, dict[int, list[Asked]]] = defaultdict(lambda: defaultdict(list))
    for asked in world.log:
        if asked.feed is not None:
            visits[asked.feed.number][asked.round].append(asked)
    return visits


def manners(world: World, committed: Collection[int], delay: float) -> Manners:
    """Look through the log.

    Args:
        world: the server.
        committed: the rounds whose runs were committed.
        delay: seconds between two requests to a host.
    """
    found = Manners()
    hosts: dict[str, list[Asked]] = defaultdict(list)
    for asked in world.log:
        hosts[asked.host].append(asked)
        found.lured += asked.path.startswith("/private") and _kind(asked) == "lured"
    for host in sorted(hosts):
        found.beyond += _host(host, hosts[host], committed, delay)
    for number, rounds in sorted(visits_of(world).items()):
        found.beyond += _feed(world.feeds[number], rounds, committed, found)
    return found


def _kind(asked: Asked) -> str:
    return asked.feed.kind if asked.feed else ""


def _host(
    host: str, log: list[Asked], committed: Collection[int], delay: float
) -> Iterator[str]:
    robots: Asked | None = None
    held: list[tuple[Asked, datetime]] = []
    for one, other in pairwise([None, *log]):
        assert other is not None
        if robots is not None and robots.round != other.round and robots.round not in committed:
            robots = None
        held = [h for h in held if h[0].round == other.round or h[0].round in committed]
        slow = other.crawl_delay if robots is not None and robots.status == 200 else 0.0
        if one is not None:
            if (other.at - one.at).total_seconds() < max(delay, slow) - 1e-6:
                yield f"too soon: {other.url} {other.at - one.at} after {one.path} {_kinds(one, other)}"
            if one.ended is not None and other.at < one.ended:
                yield f"under way together: {other.url} and {one.path} {_kinds(one, other)}"
        for by, until in held:
            if other.at < until:
                yield f"held: {other.url} at {other.at}, {by.path} said {until} {_kinds(by, other)}"
        if other.reply and other.reply.hold_until:
            held.append((other, other.reply.hold_until))
        if other.path == "/robots.txt":
            if robots is not None and other.at - robots.at < DAY:
                yield f"robots.txt of {host} {other.at - robots.at} after the last"
            robots = other
        elif other.path != "/rules.txt":
            yield from _robots(robots, other)
        if other.path == "/rules.txt" and robots is not None:
            robots.reply = other.reply


def _kinds(one: Asked, other: Asked) -> str:
    return f"(round {other.round}; {_kind(one) or 'robots'}, {_kind(other) or 'robots'})"


def _robots(robots: Asked | None, asked: Asked) -> Iterator[str]:
    """A feed's own address, not where its redirects lead."""
    if _kind(asked) == "forbidden":
        yield f"forbidden: {asked.url}"
    if asked.feed is None or asked.url != asked.feed.url:
        return
    if robots is None:
        yield f"robots.txt not asked before {asked.url}"
    elif asked.at - robots.at > DAY + timedelta(minutes=1):
        yield f"robots.txt too old for {asked.url}"
    elif robots.status is None or robots.status >= 500:
        yield f"robots.txt could not be had, and yet {asked.url}"


def _feed(
    feed: Feed, rounds: dict[int, list[Asked]], committed: Collection[int], found: Manners
) -> Iterator[str]:
    known = Known(feed.url)
    said = f"feed {feed.number} ({feed.kind})"
    for number, visit in sorted(rounds.items()):
        yield from (f"{said}, round {number}: {line}" for line in _visit(known, visit, found))
        if number in committed:
            learn(known, visit)


def _visit(known: Known, visit: list[Asked], found: Manners) -> Iterator[str]:
    first = visit[0]
    if known.gone:
        yield "asked after 410"
    if first.url != known.url:
        yield f"asked at {first.url}, known is {known.url}"
    if known.not_before is not None and first.at < known.not_before:
        yield f"asked {known.not_before - first.at} too early"
    assert first.feed is not None
    if known.read and skips(first.feed.kind, first.at):
        yield f"asked at {first.at}, an hour to be skipped"
    for asked in visit:
        if asked.sent not in ((None, None), known.validators):
            yield f"sent {asked.sent}, given was {known.validators}"
        if known.distrusted and asked.sent != (None, None):
            yield "sent validators that were seen to lie"
    for one, other in pairwise(visit):
        if one.url == other.url and (one.reply is None or one.reply.location is None):
            found.again += 1
        elif one.reply is None or other.url != one.reply.location:
            yield f"{other.url} was asked after {one.url}"


def learn(known: Known, visit: list[Asked]) -> None:
    """Remember what a visit of a committed round said."""
    last = visit[-1]
    reply = last.reply
    assert reply is not None
    end = last.ended or last.at
    if reply.status == 410:
        known.gone = True
        return
    if not (reply.delivers or reply.status == 304):
        known.failures += 1
        waits = timedelta(seconds=min(600.0 * 2.0 ** (known.failures - 1), DAY.total_seconds()))
        known.not_before = max(end + waits, reply.hold_until or end)
        return
    known.failures, known.read = 0, True
    hops = [asked.reply for asked in visit[:-1] if asked.reply and asked.reply.location]
    if hops and all(hop.status in _PERMANENT for hop in hops):
        known.url = last.url
    known.validators = reply.given
    known.not_before = max(end + LEAST, reply.not_before or end)
