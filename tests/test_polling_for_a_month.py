"""Feeds of known rhythms, polled for thirty days: what is missed, and what it costs."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
import xxhash

from schemas.feeds import (
    FeedReading,
    FeedRequest,
    FeedSettings,
    FeedState,
    HostState,
    Poll,
    PollOutcome,
    Secret,
)
from schemas.records import FeedSchedule
from transforms.feeds.schedule import DEFAULT_LIMITS, PollFacts, next_state, wants_validators

START = datetime(2026, 3, 2, tzinfo=UTC)
MONTH = timedelta(days=30)
BEFORE = START - timedelta(days=70)
URL = "https://quay.example/feed"


@dataclass(frozen=True)
class Publisher:
    """A server whose feed holds the latest items; items are numbered as they are published."""

    published: tuple[datetime, ...]
    window: int
    honest: bool = True
    """Otherwise its ETag never changes."""
    schedule: FeedSchedule = field(default_factory=FeedSchedule)

    def answer(self, state: FeedState, now: datetime, conditional: bool) -> Poll:
        etag = f'"{self.count(now)}"' if self.honest else '"1"'
        same = conditional and etag == state.etag
        return Poll(
            key=state.key,
            url=URL,
            source=None,
            outcome=PollOutcome.NOT_MODIFIED if same else PollOutcome.FETCHED,
            asked_at=now,
            answered_at=now + timedelta(seconds=1),
            conditional=conditional,
            etag=etag,
        )

    def count(self, now: datetime) -> int:
        return bisect_right(self.published, now)

    def reading(self, key: str, now: datetime) -> FeedReading:
        count = self.count(now)
        items = tuple(range(max(0, count - self.window), count))
        contents = xxhash.xxh3_64_intdigest(repr(items).encode())
        return FeedReading(key, items, contents, self.schedule)


@dataclass
class Month:
    requests: int = 0
    bodies: int = 0
    """Answers that were a document."""
    lost: int = 0
    """Items that were published in the month and in no answer."""
    gaps: list[tuple[datetime, datetime]] = field(default_factory=list)
    """What the polls themselves say may be missing."""
    lies: int = 0
    lost_at: list[datetime] = field(default_factory=list)


def poll_for_a_month(publisher: Publisher, interval: float | None = None) -> Month:
    settings = FeedSettings("00000000000000ff", URL, Secret(URL), interval=interval)
    state = FeedState(settings.key, URL)
    month = Month()
    seen: set[int] = set()
    now = START
    while now < START + MONTH:
        conditional = wants_validators(settings, state, now, DEFAULT_LIMITS)
        poll = publisher.answer(state, now, conditional)
        reading = None
        month.requests += 1
        if poll.outcome is PollOutcome.FETCHED:
            month.bodies += 1
            reading = publisher.reading(settings.key, now)
            seen.update(reading.items)
        request = FeedRequest(settings, state, HostState("quay.example"))
        state, facts = next_state(request, poll, reading, DEFAULT_LIMITS)
        note(month, poll, facts)
        assert state.next_due is not None
        now = state.next_due
    latest = max(seen)
    missed = [
        time
        for number, time in enumerate(publisher.published)
        if time > START and number < latest and number not in seen
    ]
    month.lost, month.lost_at = len(missed), missed
    return month


def note(month: Month, poll: Poll, facts: PollFacts) -> None:
    month.lies += facts.distrusted
    if facts.gap_since is not None and poll.answered_at is not None:
        month.gaps.append((facts.gap_since, poll.answered_at))


def every(hours: float, start: datetime = START - timedelta(days=3)) -> tuple[datetime, ...]:
    step = timedelta(hours=hours)
    count = int((START + MONTH - start) / step)
    return tuple(start + number * step for number in range(count))


def at_work(times: Iterable[datetime]) -> tuple[datetime, ...]:
    return tuple(time for time in times if time.weekday() < 5 and 8 <= time.hour < 18)


def bursts(items: int, minutes: float, hours: float) -> tuple[datetime, ...]:
    """So many items within so many minutes, every so many hours."""
    return tuple(
        begin + number * timedelta(minutes=minutes / items)
        for begin in every(hours)
        for number in range(items)
    )


# Items a feed of this rhythm holds for long enough that none need be missed.
RHYTHMS = {
    "five an hour": (Publisher(every(1 / 5), 20), 1440, 1440),
    "one an hour": (Publisher(every(1), 20), 1440, 736),
    "one a day": (Publisher(every(24), 10), 298, 51),
    "one a week": (Publisher(every(7 * 24, BEFORE), 10), 79, 23),
    "ten an hour at work": (Publisher(at_work(every(1 / 10)), 20), 1248, 658),
    "fifteen in an hour, daily": (Publisher(bursts(15, 60, 24), 20), 993, 85),
    "forty in two hours, daily": (Publisher(bursts(40, 120, 24), 20), 1430, 271),
    "fifteen at once, daily": (Publisher(bursts(15, 0, 24), 20), 1687, 58),
    "five an hour, every hour please": (
        Publisher(every(1 / 5), 20, schedule=FeedSchedule(3600)),
        717,
        717,
    ),
}


@pytest.mark.parametrize("name", RHYTHMS)
def test_nothing_is_missed(name):
    publisher, requests, bodies = RHYTHMS[name]
    month = poll_for_a_month(publisher)
    assert (month.lost, month.gaps, month.lies) == (0, [], 0)
    assert (month.requests, month.bodies) == (requests, bodies)


def test_an_operators_interval():
    month = poll_for_a_month(Publisher(every(1 / 5), 20), interval=7200.0)
    assert (month.lost, month.requests) == (0, 360)


def within_a_gap(month: Month) -> bool:
    """Whether all that was missed was published within what the polls call a gap."""
    begins = [since for since, _ in month.gaps]
    for time in month.lost_at:
        place = bisect_right(begins, time) - 1
        if place < 0 or time > month.gaps[place][1]:
            return False
    return True


def test_a_fast_feed_is_missed_until_its_pace_is_known():
    month = poll_for_a_month(Publisher(every(1 / 60), 20))
    assert (month.lost, len(month.gaps)) == (11, 1)
    assert month.gaps[0][0] == START + timedelta(seconds=1)
    assert within_a_gap(month)


def test_a_feed_too_fast_for_any_poll_is_missed_and_it_is_said():
    month = poll_for_a_month(Publisher(every(1 / 300), 20))
    assert month.lost > 50_000
    assert len(month.gaps) == month.requests - 1
    assert within_a_gap(month)


def test_a_server_that_lies_is_found_out_in_a_day():
    month = poll_for_a_month(Publisher(every(1 / 5), 20, honest=False))
    assert month.lies == month.bodies - 1
    assert month.requests - month.bodies == 26
    assert month.lost == 103
    assert within_a_gap(month)
    ((since, until),) = month.gaps
    assert since == START + timedelta(seconds=1)
    assert until < START + timedelta(hours=27)
    slow = poll_for_a_month(Publisher(every(2), 20, honest=False))
    assert (slow.lost, slow.gaps) == (0, [])
