"""What holds for a feed after any poll, whatever was known and whatever the server said."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from test_schedule import DAY, KEY, NOON, SECOND, SETTINGS, URL, after

from schemas.feeds import FeedReading, FeedState, Poll, PollOutcome
from schemas.records import FeedSchedule
from transforms.feeds.schedule import PollFacts, PollLimits, back_off
from transforms.feeds.skip_times import next_allowed

SOON = st.integers(-(10**5), 10**6).map(lambda seconds: NOON + timedelta(seconds=seconds))
KEYS = st.lists(st.integers(0, 30), max_size=20, unique=True).map(
    lambda found: tuple(sorted(found))
)
TAGS = st.none() | st.sampled_from(['"a"', '"b"'])
LIMITS = st.builds(
    lambda numbers, errors: PollLimits(*sorted(numbers), *sorted(errors)),
    st.lists(st.floats(60, 1e5), min_size=3, max_size=3),
    st.lists(st.floats(60, 1e5), min_size=2, max_size=2),
)
SCHEDULES = st.builds(
    FeedSchedule,
    st.none() | st.integers(1, 10**6),
    st.lists(st.integers(0, 23), max_size=24, unique=True).map(tuple),
    st.lists(st.integers(0, 6), max_size=7, unique=True).map(tuple),
)
# Each has its own spread.
FEED_KEYS = st.integers(0, 99).map(lambda number: f"{number:016x}")
PAST = st.integers(1, 10**6).map(lambda seconds: NOON - timedelta(seconds=seconds))
STATES = st.one_of(
    st.builds(FeedState, FEED_KEYS, st.just(URL)),
    st.builds(
        lambda key, answered, **known: FeedState(
            key, URL, answered_at=answered, asked_at=answered - SECOND, changed_at=answered, **known
        ),
        FEED_KEYS,
        PAST,
        etag=TAGS,
        last_modified=TAGS,
        next_due=st.just(NOON),
        interval=st.floats(0, 1e7),
        failures=st.integers(0, 5000),
        items=KEYS,
        contents=st.integers(0, 2),
        schedule=SCHEDULES,
        busiest=st.floats(0, 1e4),
        probed_at=st.none() | PAST,
        distrusted_at=st.none() | PAST,
    ),
)
POLLS = st.builds(
    lambda outcome, **known: Poll(KEY, URL, None, outcome, NOON, NOON + SECOND, **known),
    st.sampled_from(PollOutcome),
    etag=TAGS,
    last_modified=TAGS,
    conditional=st.booleans(),
    fresh_until=st.none() | SOON,
    retry_at=st.none() | SOON,
    moved_to=st.none() | st.just("https://quay.example/new"),
)
READINGS = st.builds(FeedReading, st.just(KEY), KEYS, st.integers(0, 2), SCHEDULES, st.booleans())
OPERATORS = st.none() | st.floats(1, 1e6)


@settings(deadline=None)
@given(STATES, POLLS, READINGS, LIMITS, OPERATORS)
def test_no_poll_is_earlier_than_a_lower_bound(state, poll, reading, limits, wanted):
    settings = replace(SETTINGS, interval=wanted)
    found, facts = after(state, poll, reading, settings, limits)
    assert facts.next_due == found.next_due
    due = found.next_due
    if poll.outcome is PollOutcome.DEFERRED or due is None:
        return
    when = NOON + SECOND
    bounds = [when + timedelta(seconds=limits.min_interval)]
    hints = []
    if poll.retry_at is not None:
        bounds.append(min(poll.retry_at, when + timedelta(seconds=limits.max_hold)))
    good = poll.outcome in (PollOutcome.FETCHED, PollOutcome.NOT_MODIFIED) and not found.failures
    if good and wanted is None:
        latest = when + timedelta(seconds=limits.max_interval)
        if found.schedule.ttl_seconds is not None:
            hints.append(min(when + timedelta(seconds=found.schedule.ttl_seconds), latest))
        if poll.fresh_until is not None:
            hints.append(min(poll.fresh_until, latest))
        assert next_allowed(due, found.schedule.skip_hours, found.schedule.skip_days) == due
    elif not good and poll.outcome is not PollOutcome.FORBIDDEN:
        bounds.append(when + timedelta(seconds=back_off(found.failures, limits)))
    if poll.outcome is not PollOutcome.FORBIDDEN:
        assert due >= max(bounds + hints)
    else:
        assert due >= when + DAY
    # Nor much later than the latest of what asks for patience, skipped days aside.
    if good and (wanted is not None or found.schedule.skip_hours == found.schedule.skip_days == ()):
        plain = max([when + timedelta(seconds=found.interval), *bounds, *hints])
        assert due <= plain + timedelta(seconds=0.1 * found.interval + 1e-3)


@settings(deadline=None)
@given(STATES, POLLS, READINGS, LIMITS)
def test_the_interval_stays_in_its_limits(state, poll, reading, limits):
    found, _ = after(state, poll, reading, limits=limits)
    if poll.outcome in (PollOutcome.FETCHED, PollOutcome.NOT_MODIFIED) and not found.failures:
        assert limits.min_interval <= found.interval <= limits.max_interval
    else:
        assert found.interval == state.interval


@settings(deadline=None)
@given(LIMITS, st.lists(st.integers(1, 10**6), min_size=2, max_size=2).map(sorted))
def test_back_off_never_gets_shorter_and_has_an_end(limits, failures):
    fewer, more = (back_off(count, limits) for count in failures)
    assert limits.min_interval <= fewer <= more
    assert more <= max(limits.max_error_interval, limits.min_interval)


@settings(deadline=None)
@given(STATES, READINGS, LIMITS, OPERATORS)
def test_what_was_deferred_changes_nothing(state, reading, limits, wanted):
    deferred = Poll(KEY, URL, None, PollOutcome.DEFERRED, detail="held", retry_at=NOON + DAY)
    found, facts = after(state, deferred, reading, replace(SETTINGS, interval=wanted), limits)
    assert found is state
    assert facts == PollFacts(next_due=state.next_due)


@settings(deadline=None)
@given(STATES, POLLS, READINGS, LIMITS, OPERATORS)
def test_the_same_arguments_give_the_same_answer(state, poll, reading, limits, wanted):
    settings = replace(SETTINGS, interval=wanted)
    before = repr((state, poll, reading, limits))
    found = after(state, poll, reading, settings, limits)
    again = after(replace(state), replace(poll), replace(reading), replace(settings), limits)
    assert found == again
    assert repr((state, poll, reading, limits)) == before


@settings(deadline=None)
@given(STATES, POLLS, READINGS)
def test_only_an_answer_that_was_read_moves_validators_and_items(state, poll, reading):
    found, _ = after(state, poll, reading)
    names = ("etag", "last_modified", "moved_to", "items", "contents", "answered_at", "probed_at")
    if poll.outcome is PollOutcome.FETCHED and reading.readable:
        assert (found.etag, found.last_modified) == (poll.etag, poll.last_modified)
        assert (found.items, found.contents) == (reading.items, reading.contents)
    elif poll.outcome is not PollOutcome.NOT_MODIFIED:
        assert [getattr(found, name) for name in names] == [getattr(state, name) for name in names]
