"""When a feed is asked again, and with what: a pure function of what is known and what came.

The pace of a feed is that of :mod:`transforms.feeds.pace`, or its operator's interval. It is never
asked earlier than it wants to be: ``ttl`` and the syndication module, Cache-Control and Expires,
``skipHours`` and ``skipDays``. An operator's interval goes before these, for they are hints (RSS
2.0 calls them so, and a cache may always ask early). Nothing goes before Retry-After and
:attr:`PollLimits.min_interval`.

No clock and no chance: the same arguments give the same answer.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import xxhash

from schemas.feeds import FeedReading, FeedRequest, FeedSettings, FeedState, Poll, PollOutcome
from transforms.feeds.pace import DEFAULT_LIMITS, PollLimits, busiest_pace, next_interval
from transforms.feeds.skip_times import next_allowed

__all__ = [
    "DEFAULT_LIMITS",
    "NEVER_ASKED",
    "PollFacts",
    "PollLimits",
    "back_off",
    "due_at",
    "is_due",
    "next_state",
    "wants_validators",
]

_JITTER = 0.1
_DOUBLINGS = 40
# RFC 9309, section 2.4: a robots.txt is used for no more than 24 hours.
_ROBOTS_AGAIN = 86_400.0
_HOUR = 3600.0
_GOOD = (PollOutcome.FETCHED, PollOutcome.NOT_MODIFIED)
NEVER_ASKED = datetime.min.replace(tzinfo=UTC)
"""When a feed that was never asked is due."""


@dataclass(frozen=True, slots=True)
class PollFacts:
    """What a poll showed that is worth telling."""

    new_items: int | None = None
    """Items that the answer before did not have; all of the first answer's. None when nothing was
    read."""
    gap_since: datetime | None = None
    """No item of the answer before was left: items published between that answer and this one may
    have been missed. None when there is no gap."""
    distrusted: bool = False
    """The validators were seen to lie by this poll."""
    next_due: datetime | None = None
    """The earliest time of the next request; None for a feed that is gone."""


def next_state(
    request: FeedRequest,
    poll: Poll,
    reading: FeedReading | None,
    limits: PollLimits,
    now: datetime | None = None,
) -> tuple[FeedState, PollFacts]:
    """Return what is remembered of a feed after a poll.

    Args:
        request: what was to be asked and what was known before.
        poll: what became of it.
        reading: what its document said; None when there was none. A document that was fetched and
            not read is a failure, and its validators are not kept: a 304 would hide it.
        limits: of the run.
        now: the time of the round. It stands in where the poll has no time because no request was
            made; without it such a feed stays due.
    """
    state = request.state
    if poll.outcome is PollOutcome.DEFERRED:
        return state, PollFacts(next_due=state.next_due)
    when = poll.answered_at or poll.asked_at or now
    told = replace(
        state,
        asked_at=poll.asked_at or state.asked_at,
        status=poll.status,
        outcome=poll.outcome.value,
        detail=poll.detail,
    )
    facts = PollFacts()
    if poll.outcome is PollOutcome.GONE:
        told = replace(told, gone=True, next_due=None)
    elif poll.outcome is PollOutcome.FORBIDDEN:
        told = _put_off(told, poll, when, _ROBOTS_AGAIN, limits)
    elif poll.outcome is PollOutcome.NOT_MODIFIED and when is not None:
        told = _unchanged(told, request.settings, poll, when, limits)
        facts = PollFacts(new_items=0)
    elif (
        poll.outcome is PollOutcome.FETCHED
        and when is not None
        and reading is not None
        and reading.readable
    ):
        told, facts = _changed(told, request.settings, poll, reading, when, limits)
    else:
        told = _failed(told, poll, when, limits)
    return told, replace(facts, next_due=told.next_due)


def _changed(
    state: FeedState,
    settings: FeedSettings,
    poll: Poll,
    reading: FeedReading,
    when: datetime,
    limits: PollLimits,
) -> tuple[FeedState, PollFacts]:
    known = frozenset(state.items)
    new = sum(key not in known for key in reading.items)
    gap = bool(known) and 0 < len(reading.items) == new
    lied = _lied(state, poll, reading)
    # What a liar said since the last look without validators counts for nothing.
    since = (lied and state.probed_at) or state.answered_at
    facts = PollFacts(new, since if gap else None, lied)
    busiest = busiest_pace(state.busiest, since, when, new, limits)
    state = replace(
        state,
        moved_to=poll.moved_to or state.moved_to,
        etag=poll.etag,
        last_modified=poll.last_modified,
        distrusted_at=when if lied else state.distrusted_at,
        interval=_interval(settings, state, when, new, len(reading.items), busiest, limits),
        answered_at=when,
        changed_at=when if new else state.changed_at,
        probed_at=state.probed_at if poll.conditional else when,
        failures=0,
        items=reading.items,
        contents=reading.contents,
        schedule=reading.schedule,
        busiest=busiest,
    )
    return _scheduled(state, settings, poll, when, limits), facts


def _unchanged(
    state: FeedState, settings: FeedSettings, poll: Poll, when: datetime, limits: PollLimits
) -> FeedState:
    # RFC 9111, section 4.3.4: what a 304 gives anew takes the place of what was stored.
    busiest = busiest_pace(state.busiest, state.answered_at, when, 0, limits)
    state = replace(
        state,
        moved_to=poll.moved_to or state.moved_to,
        etag=poll.etag if poll.etag is not None else state.etag,
        last_modified=poll.last_modified if poll.last_modified is not None else state.last_modified,
        interval=_interval(settings, state, when, 0, len(state.items), busiest, limits),
        answered_at=when,
        failures=0,
        busiest=busiest,
    )
    return _scheduled(state, settings, poll, when, limits)


def _failed(state: FeedState, poll: Poll, when: datetime | None, limits: PollLimits) -> FeedState:
    detail = poll.detail
    if not detail and poll.outcome is PollOutcome.FETCHED:
        detail = "the answer could not be read"
    state = replace(state, failures=state.failures + 1, detail=detail)
    return _put_off(state, poll, when, back_off(state.failures, limits), limits)


def back_off(failures: int, limits: PollLimits) -> float:
    """Seconds until a feed is asked again after so many failures in a row, at least one."""
    doubled = limits.error_interval * 2.0 ** min(failures - 1, _DOUBLINGS)
    return max(min(doubled, limits.max_error_interval), limits.min_interval)


def _lied(state: FeedState, poll: Poll, reading: FeedReading) -> bool:
    """Tell whether the same validator stood for two contents.

    A Last-Modified counts only where there is no ETag, as it does for a server (RFC 9110, section
    13.2.2).
    """
    if state.contents is None or state.contents == reading.contents:
        return False
    if state.etag is not None or poll.etag is not None:
        return state.etag == poll.etag
    return poll.last_modified is not None and state.last_modified == poll.last_modified


def _interval(
    settings: FeedSettings,
    state: FeedState,
    when: datetime,
    new: int,
    items: int,
    busiest: float,
    limits: PollLimits,
) -> float:
    """Seconds between polls after an answer; the state is the one before it."""
    if settings.interval is not None:
        return max(settings.interval, limits.min_interval)
    return next_interval(state, when, new, items, busiest, limits)


def _scheduled(
    state: FeedState, settings: FeedSettings, poll: Poll, when: datetime, limits: PollLimits
) -> FeedState:
    """The state with the time of the next request after a good answer."""
    floor = max(_after(when, limits.min_interval), _hold(poll, when, limits))
    spread = _spread(state.key, when)
    if settings.interval is not None:
        return replace(state, next_due=_due(when, state.interval, floor, spread))
    latest = _after(when, limits.max_interval)
    if state.schedule.ttl_seconds is not None:
        floor = max(floor, min(_after(when, state.schedule.ttl_seconds), latest))
    if poll.fresh_until is not None:
        floor = max(floor, min(poll.fresh_until, latest))
    due = _due(when, state.interval, floor, spread)
    allowed = next_allowed(due, state.schedule.skip_hours, state.schedule.skip_days)
    if allowed > due:
        # At most six minutes: still in the allowed hour.
        allowed = _after(allowed, abs(spread) * min(state.interval, _HOUR))
    return replace(state, next_due=allowed)


def _put_off(
    state: FeedState, poll: Poll, when: datetime | None, seconds: float, limits: PollLimits
) -> FeedState:
    """The state with the time of the next request after no good answer."""
    if when is None:
        return state
    floor = max(_after(when, seconds), _hold(poll, when, limits))
    return replace(state, next_due=_due(when, seconds, floor, _spread(state.key, when)))


def _hold(poll: Poll, when: datetime, limits: PollLimits) -> datetime:
    """The earliest time that Retry-After allows; the time of the answer without one."""
    return when if poll.retry_at is None else min(poll.retry_at, _after(when, limits.max_hold))


def _due(when: datetime, seconds: float, floor: datetime, spread: float) -> datetime:
    """The time so many seconds later, spread a little, and never before the floor."""
    plain = max(_after(when, seconds), floor)
    due = _after(plain, seconds * spread)
    return due if due >= floor else _after(plain, seconds * abs(spread))


def _spread(key: str, when: datetime) -> float:
    """A share of the interval, from -0.1 to 0.1, so that feeds of one list do not march in step."""
    minute = int(when.timestamp()) // 60
    digest: int = xxhash.xxh3_64_intdigest(f"{key} {minute}".encode())
    return _JITTER * (digest / (1 << 63) - 1)


def _after(when: datetime, seconds: float) -> datetime:
    return when + timedelta(seconds=seconds)


def due_at(
    settings: FeedSettings, state: FeedState | None, limits: PollLimits = DEFAULT_LIMITS
) -> datetime | None:
    """Return from when on a feed is due; None for one that is gone.

    An operator's interval that is new since the last answer counts at once when it is shorter.
    """
    if state is None:
        return NEVER_ASKED
    if state.gone:
        return None
    if state.next_due is None:
        return NEVER_ASKED
    if settings.interval is None or state.asked_at is None:
        return state.next_due
    wanted = max(settings.interval, limits.min_interval)
    # A failure's back-off and a robots.txt are not the operator's to shorten.
    if wanted == state.interval or state.failures or state.outcome not in _GOOD:
        return state.next_due
    return min(state.next_due, _after(state.asked_at, wanted))


def is_due(
    settings: FeedSettings,
    state: FeedState | None,
    now: datetime,
    limits: PollLimits = DEFAULT_LIMITS,
) -> bool:
    """Tell whether a feed is to be asked now."""
    due = due_at(settings, state, limits)
    return due is not None and due <= now


def wants_validators(
    settings: FeedSettings, state: FeedState, now: datetime, limits: PollLimits
) -> bool:
    """Tell whether ETag and Last-Modified are sent with the next request.

    Some servers answer 304 whatever has changed, so once in :attr:`PollLimits.probe_interval` a
    feed is asked without them, and not trusted for a while when that look shows something else
    under the same validator.
    """
    if not settings.conditional or (state.etag is None and state.last_modified is None):
        return False
    if state.distrusted_at is not None and _seconds(state.distrusted_at, now) < (
        limits.distrust_seconds
    ):
        return False
    return state.probed_at is not None and (_seconds(state.probed_at, now) <= limits.probe_interval)


def _seconds(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds()
