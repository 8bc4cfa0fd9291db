"""What is remembered of a feed after a poll: whole states first, then one rule at a time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

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
from transforms.feeds.schedule import (
    DEFAULT_LIMITS,
    PollFacts,
    PollLimits,
    is_due,
    next_state,
    wants_validators,
)

KEY = "00000000000000ff"
URL = "https://quay.example/feed"
SETTINGS = FeedSettings(KEY, URL, Secret(URL))
# A Monday.
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
FRESH = FeedState(KEY, URL)
KNOWN = FeedState(
    key=KEY,
    url=URL,
    etag='"a"',
    last_modified="Mon, 02 Mar 2026 10:00:00 GMT",
    next_due=NOON,
    interval=3600.0,
    asked_at=NOON - HOUR,
    answered_at=NOON - HOUR + SECOND,
    changed_at=NOON - 2 * HOUR,
    probed_at=NOON - HOUR + SECOND,
    status=200,
    outcome="fetched",
    items=tuple(range(1, 11)),
    contents=7,
)


def poll(outcome: PollOutcome = PollOutcome.FETCHED, **known: object) -> Poll:
    times = {"asked_at": NOON, "answered_at": NOON + SECOND}
    return Poll(KEY, URL, None, outcome, **{**times, **known})


def reading(*items: int, contents: int = 8, **schedule: object) -> FeedReading:
    return FeedReading(KEY, items, contents, FeedSchedule(**schedule))


def after(
    state: FeedState,
    poll: Poll,
    reading: FeedReading | None = None,
    settings: FeedSettings = SETTINGS,
    limits: PollLimits = DEFAULT_LIMITS,
) -> tuple[FeedState, PollFacts]:
    return next_state(
        FeedRequest(settings, state, HostState("quay.example")), poll, reading, limits
    )


def test_the_first_answer():
    state, facts = after(
        FRESH,
        poll(status=200, etag='"b"', moved_to="https://quay.example/new"),
        reading(3, 5, ttl_seconds=60, skip_hours=(1,)),
    )
    assert state == FeedState(
        key=KEY,
        url=URL,
        moved_to="https://quay.example/new",
        etag='"b"',
        next_due=state.next_due,
        interval=1800.0,
        asked_at=NOON,
        answered_at=NOON + SECOND,
        changed_at=NOON + SECOND,
        probed_at=NOON + SECOND,
        status=200,
        outcome="fetched",
        items=(3, 5),
        contents=8,
        schedule=FeedSchedule(60, (1,)),
    )
    assert facts == PollFacts(2, None, False, state.next_due)
    assert state.next_due is not None
    assert abs(state.next_due - (NOON + timedelta(minutes=30))) <= timedelta(minutes=3) + SECOND


def test_an_answer_that_is_new_in_part():
    state, facts = after(
        replace(KNOWN, failures=2, detail="timed out", moved_to="https://quay.example/new"),
        poll(status=200, conditional=True, etag='"b"'),
        reading(*range(3, 13)),
    )
    assert state == replace(
        KNOWN,
        moved_to="https://quay.example/new",
        etag='"b"',
        last_modified=None,
        next_due=state.next_due,
        asked_at=NOON,
        answered_at=NOON + SECOND,
        changed_at=NOON + SECOND,
        items=tuple(range(3, 13)),
        contents=8,
        busiest=1.0,
    )
    assert facts == PollFacts(2, None, False, state.next_due)


def test_validators_that_are_given_no_longer_are_forgotten():
    state, _ = after(KNOWN, poll(), reading(1))
    assert (state.etag, state.last_modified) == (None, None)
    state, _ = after(KNOWN, poll(PollOutcome.NOT_MODIFIED, last_modified="later"))
    assert (state.etag, state.last_modified) == ('"a"', "later")


def test_not_modified():
    state, facts = after(
        replace(KNOWN, failures=1, schedule=FeedSchedule(7200)),
        poll(
            PollOutcome.NOT_MODIFIED,
            status=304,
            conditional=True,
            etag='"c"',
            moved_to="https://quay.example/new",
        ),
    )
    assert state == replace(
        KNOWN,
        moved_to="https://quay.example/new",
        etag='"c"',
        next_due=state.next_due,
        asked_at=NOON,
        answered_at=NOON + SECOND,
        status=304,
        outcome="not_modified",
        schedule=FeedSchedule(7200),
    )
    assert facts == PollFacts(0, None, False, state.next_due)
    assert state.next_due is not None
    assert state.next_due >= NOON + 2 * HOUR


@pytest.mark.parametrize(
    ("outcome", "read", "detail"),
    [
        (PollOutcome.FAILED, None, "timed out"),
        (
            PollOutcome.FETCHED,
            FeedReading(KEY, (), 0, FeedSchedule(), readable=False),
            "the answer could not be read",
        ),
        (PollOutcome.FETCHED, None, "the answer could not be read"),
    ],
)
def test_a_failure_changes_nothing_that_was_learnt(outcome, read, detail):
    failed = poll(
        outcome,
        status=500,
        detail="timed out" if outcome is PollOutcome.FAILED else "",
        etag='"b"',
        last_modified="x",
        moved_to="https://quay.example/new",
        fresh_until=NOON + DAY,
    )
    state, facts = after(replace(KNOWN, failures=2), failed, read)
    assert state == replace(
        KNOWN,
        next_due=state.next_due,
        asked_at=NOON,
        status=500,
        outcome=outcome.value,
        detail=detail,
        failures=3,
    )
    assert facts == PollFacts(None, None, False, state.next_due)
    assert state.next_due is not None
    assert 2400 <= (state.next_due - NOON - SECOND).total_seconds() <= 2640


def test_gone():
    state, facts = after(KNOWN, poll(PollOutcome.GONE, status=410))
    assert state == replace(
        KNOWN, next_due=None, asked_at=NOON, status=410, outcome="gone", gone=True
    )
    assert facts == PollFacts()


def test_forbidden_by_robots():
    forbidden = Poll(KEY, URL, None, PollOutcome.FORBIDDEN, detail="robots.txt")
    state, facts = next_state(
        FeedRequest(SETTINGS, KNOWN, HostState("quay.example")),
        forbidden,
        None,
        DEFAULT_LIMITS,
        NOON,
    )
    assert state == replace(
        KNOWN, next_due=state.next_due, status=None, outcome="forbidden", detail="robots.txt"
    )
    assert facts == PollFacts(next_due=state.next_due)
    assert state.next_due is not None
    assert NOON + DAY <= state.next_due <= NOON + 1.1 * DAY


@pytest.mark.parametrize("outcome", [PollOutcome.FORBIDDEN, PollOutcome.FAILED])
def test_without_any_time_a_feed_stays_due(outcome):
    state, _ = after(FRESH, Poll(KEY, URL, None, outcome))
    assert state.next_due is None
    assert is_due(SETTINGS, state, NOON)


@pytest.mark.parametrize(
    ("before", "now", "gap"),
    [
        ((1, 2), (3, 4), True),
        ((1, 2), (2, 3), False),
        ((1, 2), (), False),
        ((), (1, 2), False),
        ((1,), (2,), True),
    ],
)
def test_gaps(before, now, gap):
    state, facts = after(replace(KNOWN, items=before), poll(etag='"b"'), reading(*now))
    assert facts.gap_since == (KNOWN.answered_at if gap else None)
    if gap:
        assert state.interval <= KNOWN.interval / 2


def test_a_gap_of_a_server_that_lied_begins_with_the_last_look():
    looked = replace(KNOWN, probed_at=NOON - DAY)
    _, facts = after(looked, poll(etag='"a"'), reading(21, 22))
    assert facts.distrusted
    assert facts.gap_since == NOON - DAY


@pytest.mark.parametrize(
    ("old", "new", "contents", "lied"),
    [
        ({"etag": "a"}, {"etag": "a"}, 8, True),
        ({"etag": "a"}, {"etag": "a"}, 7, False),
        ({"etag": "a"}, {"etag": "b"}, 8, False),
        ({"last_modified": "x"}, {"last_modified": "x"}, 8, True),
        ({"last_modified": "x"}, {"last_modified": "y"}, 8, False),
        ({"last_modified": "x"}, {}, 8, False),
        ({"etag": "a", "last_modified": "x"}, {"etag": "b", "last_modified": "x"}, 8, False),
        ({"etag": "a", "last_modified": "x"}, {"last_modified": "x"}, 8, False),
        ({}, {}, 8, False),
        ({"etag": "a", "contents": None}, {"etag": "a"}, 8, False),
    ],
)
def test_validators_that_lie(old, new, contents, lied):
    known = replace(KNOWN, **{"etag": None, "last_modified": None, **old})
    state, facts = after(known, poll(**new), reading(1, 2, contents=contents))
    assert facts.distrusted is lied
    assert state.distrusted_at == (NOON + SECOND if lied else None)


@pytest.mark.parametrize(
    ("known", "conditional", "wanted"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"etag": None}, True, True),
        ({"etag": None, "last_modified": None}, True, False),
        ({"distrusted_at": NOON - 30 * DAY + SECOND}, True, False),
        ({"distrusted_at": NOON - 30 * DAY}, True, True),
        ({"probed_at": NOON - DAY}, True, True),
        ({"probed_at": NOON - DAY - SECOND}, True, False),
        ({"probed_at": None}, True, False),
    ],
)
def test_when_validators_are_sent(known, conditional, wanted):
    settings = replace(SETTINGS, conditional=conditional)
    assert wants_validators(settings, replace(KNOWN, **known), NOON, DEFAULT_LIMITS) is wanted


@pytest.mark.parametrize(("conditional", "probed_at"), [(True, NOON - DAY), (False, NOON + SECOND)])
def test_a_look_is_an_answer_to_a_request_without_validators(conditional, probed_at):
    looked = replace(KNOWN, probed_at=NOON - DAY)
    state, _ = after(looked, poll(conditional=conditional), reading(1))
    assert state.probed_at == probed_at


@pytest.mark.parametrize(
    ("items", "new", "silent", "interval"),
    [
        # Nothing new: slower, up to a tenth of the silence.
        (20, 0, 48 * HOUR, 4680.0),
        (20, 0, 11 * HOUR, 3960.0),
        (20, 0, HOUR, 3600.0),
        # A few: the interval that brings three, or a fifth.
        (20, 1, 48 * HOUR, 4680.0),
        (20, 3, 48 * HOUR, 3600.0),
        (20, 4, 48 * HOUR, 2700.0),
        (20, 9, 48 * HOUR, 2520.0),
        (20, 10, 48 * HOUR, 2520.0),
        (10, 2, 48 * HOUR, 3600.0),
        (4, 1, 48 * HOUR, 2880.0),
        # More than half.
        (20, 11, 48 * HOUR, 1800.0),
        (4, 3, 48 * HOUR, 1800.0),
        (1, 1, 48 * HOUR, 1800.0),
    ],
)
def test_the_pace(items, new, silent, interval):
    known = replace(KNOWN, items=tuple(range(items)), changed_at=NOON + SECOND - silent)
    state, facts = after(known, poll(), reading(*range(new, new + items)))
    assert facts.new_items == new
    assert state.interval == pytest.approx(interval)


def test_a_busy_feed_is_not_forgotten_in_a_quiet_week():
    busy = replace(KNOWN, items=tuple(range(20)), changed_at=NOON - 7 * DAY, busiest=12.0)
    state, _ = after(
        replace(busy, answered_at=NOON - 7 * DAY), poll(PollOutcome.NOT_MODIFIED, answered_at=NOON)
    )
    assert state.busiest == 6.0
    # Half of twenty at six an hour.
    assert state.interval == pytest.approx(3600 * 1.3)
    state, _ = after(replace(busy, interval=9e4), poll(PollOutcome.NOT_MODIFIED))
    assert state.interval == pytest.approx(3600 * 10 / 12, rel=0.01)


def test_what_is_published_in_one_go_is_not_asked_for_ever_faster():
    known = replace(KNOWN, interval=300.0, answered_at=NOON - 300 * SECOND)
    state, _ = after(known, poll(answered_at=NOON), reading(*range(11, 21)))
    # Nine more in half an hour, and not in five minutes.
    assert state.busiest == 18.0
