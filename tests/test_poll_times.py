"""When the next poll is: what puts a feed off, what its operator wants, and when it is due."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from test_schedule import DAY, FRESH, HOUR, KNOWN, NOON, SECOND, SETTINGS, after, poll, reading

from schemas.feeds import PollOutcome
from transforms.feeds.schedule import DEFAULT_LIMITS, back_off, due_at, is_due
from transforms.feeds.skip_times import next_allowed

MONDAY_3 = datetime(2026, 3, 2, 3, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "days", "allowed"),
    [
        ((), (), MONDAY_3),
        ((2, 4), (), MONDAY_3),
        ((3,), (), datetime(2026, 3, 2, 4, tzinfo=UTC)),
        ((3, 4, 6), (), datetime(2026, 3, 2, 5, tzinfo=UTC)),
        (tuple(range(3, 24)), (), datetime(2026, 3, 3, 0, tzinfo=UTC)),
        ((), (0,), datetime(2026, 3, 3, 0, tzinfo=UTC)),
        ((0, 1), (0, 1), datetime(2026, 3, 4, 2, tzinfo=UTC)),
        ((), (0, 1, 2, 3, 4, 5), datetime(2026, 3, 8, 0, tzinfo=UTC)),
        (tuple(range(24)), (), MONDAY_3),
        ((), tuple(range(7)), MONDAY_3),
        (tuple(range(24)), (0,), datetime(2026, 3, 3, 0, tzinfo=UTC)),
    ],
)
def test_hours_and_days_to_skip(hours, days, allowed):
    assert next_allowed(MONDAY_3, hours, days) == allowed


BOUNDS = {
    "nothing": ({}, {}, 0.9, 1.1),
    "ttl": ({}, {"ttl_seconds": 5 * 3600}, 5, 5.1),
    "a ttl that is shorter": ({}, {"ttl_seconds": 60}, 0.9, 1.1),
    "a long ttl": ({}, {"ttl_seconds": 10**7}, 24, 24.1),
    "Cache-Control": ({"fresh_until": NOON + 5 * HOUR}, {}, 5 - 1 / 3600, 5.1),
    "a long Cache-Control": ({"fresh_until": NOON + 99 * DAY}, {}, 24, 24.1),
    "Retry-After": ({"retry_at": NOON + 5 * HOUR}, {}, 5 - 1 / 3600, 5.1),
    "a long Retry-After": ({"retry_at": NOON + 99 * DAY}, {}, 24, 24.1),
    "skipHours": ({}, {"skip_hours": (12, 13, 14, 15)}, 4 - 1 / 3600, 4.1),
    "skipDays": ({}, {"skip_days": (0, 1)}, 36 - 1 / 3600, 36.1),
    "all of them": (
        {"fresh_until": NOON + 3 * HOUR, "retry_at": NOON + 4 * HOUR},
        {"ttl_seconds": 7200, "skip_hours": (16, 17)},
        6 - 1 / 3600,
        6.1,
    ),
}


@pytest.mark.parametrize("name", BOUNDS)
@pytest.mark.parametrize("number", range(6))
def test_what_puts_a_feed_off(name, number):
    said, schedule, least, most = BOUNDS[name]
    known = replace(KNOWN, key=f"{number:016x}")
    state, _ = after(known, poll(**said), reading(*KNOWN.items[2:], 11, 12, **schedule))
    assert state.interval == 3600.0
    assert state.next_due is not None
    assert least <= (state.next_due - NOON - SECOND) / HOUR <= most


def test_an_operators_interval_goes_before_all_that_the_feed_asks_for():
    settings = replace(SETTINGS, interval=600.0)
    state, _ = after(
        KNOWN,
        poll(fresh_until=NOON + DAY),
        reading(1, ttl_seconds=7200, skip_hours=(12,)),
        settings,
    )
    assert state.interval == 600.0
    assert state.next_due is not None
    assert 540 <= (state.next_due - NOON - SECOND).total_seconds() <= 660


@pytest.mark.parametrize(("wanted", "interval"), [(5.0, 300.0), (1e6, 1e6)])
def test_an_operators_interval_keeps_to_the_shortest_only(wanted, interval):
    settings = replace(SETTINGS, interval=wanted)
    state, _ = after(KNOWN, poll(), reading(1), settings)
    assert state.interval == interval
    state, _ = after(state, poll(retry_at=NOON + 9 * HOUR), reading(1), settings)
    assert state.next_due is not None
    assert state.next_due >= NOON + 9 * HOUR


@pytest.mark.parametrize(
    ("known", "interval", "due"),
    [
        ({}, None, NOON),
        ({"next_due": None}, None, datetime.min.replace(tzinfo=UTC)),
        ({"gone": True}, None, None),
        ({}, 600.0, NOON - HOUR + timedelta(minutes=10)),
        ({}, 1.0, NOON - HOUR + timedelta(minutes=5)),
        ({}, 7200.0, NOON),
        ({"interval": 600.0}, 600.0, NOON),
        ({"failures": 1}, 600.0, NOON),
        ({"outcome": "forbidden"}, 600.0, NOON),
        ({"asked_at": None}, 600.0, NOON),
    ],
)
def test_due(known, interval, due):
    settings = replace(SETTINGS, interval=interval)
    state = replace(KNOWN, **known)
    assert due_at(settings, state) == due
    if due is not None and due.year > 1:
        assert is_due(settings, state, due)
        assert not is_due(settings, state, due - SECOND)


def test_a_new_feed_is_due_and_one_that_is_gone_never():
    assert is_due(SETTINGS, None, NOON)
    assert is_due(SETTINGS, FRESH, NOON)
    assert not is_due(SETTINGS, replace(KNOWN, gone=True), NOON + 1000 * DAY)


def test_feeds_of_one_list_do_not_march_in_step():
    dues = []
    for number in range(200):
        state, _ = after(replace(KNOWN, key=f"{number:016x}"), poll(PollOutcome.NOT_MODIFIED))
        assert state.next_due is not None
        dues.append((state.next_due - NOON - SECOND).total_seconds() / state.interval)
    assert 0.9 <= min(dues) < 0.92
    assert 1.08 < max(dues) <= 1.1
    assert 0.98 < sum(dues) / len(dues) < 1.02


def test_back_off_doubles():
    hours = [back_off(failures, DEFAULT_LIMITS) / 600 for failures in range(1, 11)]
    assert hours == [1, 2, 4, 8, 16, 32, 64, 128, 144, 144]
